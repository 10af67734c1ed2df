//! The MP table: which processors, buses, interrupt controllers, timers and I/O links there are.
//!
//! Layout: e2k-machine.md §12.1, specification 4, so that readers that align entries and readers that do not agree; the
//! number of entries stands in `oemcount`, where they are counted. Left out: interrupt assignments of PCI functions, which
//! software finds by the pin and slot.

use elnic_soc::SYSTEM_TIMER_INPUT;

use super::Handover;

/// Bytes of the floating structure, padded so that the table behind it is aligned.
const FLOATING: usize = 32;
/// Bytes of the table's header.
const HEADER: usize = 44;
/// Bytes set aside for all of it.
pub(super) const LENGTH: usize = 0x1000;
const SPECIFICATION: u8 = 4;

/// Bytes under construction, little-endian.
#[derive(Default)]
struct Entry(Vec<u8>);

impl Entry {
    fn of(kind: u8) -> Self {
        Self(vec![kind])
    }

    fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn half(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn word(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn double(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
}

fn entries(board: &Handover) -> Vec<Entry> {
    let plan = board.machine.plan;
    let io_controller = board.processors;
    let epic = board.machine.hub.epic;
    let timer_clock = if epic { u32::try_from(board.timer_clock()).unwrap_or(0) } else { 0 };
    let mut entries: Vec<Entry> = (0..board.processors)
        .map(|number| {
            // Enabled; the first boots. No features; the timer's clock with EPIC.
            let flags = if number == 0 { 3 } else { 1 };
            let entry = Entry::of(0).byte(number).byte(0x14).byte(flags);
            entry.word(0).word(0).word(timer_clock).word(0)
        })
        .collect();
    let bus = Entry(b"\x01\x00PCI   ".to_vec());
    let controller =
        Entry::of(2).byte(io_controller).byte(0x11).byte(1).word(0).double(plan.io_apic.base);
    // An edge of the timer at its input.
    let timer_input = Entry::of(3)
        .byte(0)
        .half(0b0101)
        .byte(0)
        .byte(0)
        .byte(io_controller)
        .byte(SYSTEM_TIMER_INPUT.number());
    let timer = Entry::of(5).byte(1).byte(1).byte(1).word(0).double(plan.system_timer.base);
    let memory = plan.pci_memory;
    let link = Entry::of(7)
        .byte(1)
        .half(board.machine.hub.version.into())
        .word(0)
        .word(0)
        .word(0)
        .half(0)
        .half(255)
        .word(io_controller.into())
        .double(memory.base)
        .double(memory.base + memory.size - 1);
    entries.extend([bus, controller, timer_input, timer, link]);
    entries
}

/// What must be added for all bytes to sum to 0.
fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte))
}

/// The floating structure and the table, to lie at `address`.
pub(super) fn table(board: &Handover, address: u64) -> Vec<u8> {
    let entries = entries(board);
    let length: usize = HEADER + entries.iter().map(|entry| entry.0.len()).sum::<usize>();
    let (physical, spec) = (address + FLOATING as u64, SPECIFICATION);
    let floating = Entry(b"_MP_".to_vec()).word(0).double(physical);
    let mut floating = floating.byte(1).byte(spec).byte(0).byte(0).word(0).0;
    floating[18] = checksum(&floating);
    let header = Entry(b"PCMP".to_vec()).half(length as u16).byte(spec).byte(0);
    let mut table = header.0;
    table.extend(b"ELNIC   E2K         ");
    let rest = Entry(table).word(0).half(0).half(entries.len() as u16);
    let mut table = rest.word(board.machine.plan.local_apic.base as u32).word(0).0;
    table.extend(entries.into_iter().flat_map(|entry| entry.0));
    table[7] = checksum(&table);
    floating.resize(FLOATING, 0);
    floating.extend(table);
    floating
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Handover {
        let machine = crate::MachineModel::named("e8c").unwrap();
        Handover { processors: 2, ..Handover::new(machine) }
    }

    fn number(bytes: &[u8], at: usize, count: usize) -> u64 {
        bytes[at..at + count].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    #[test]
    fn both_structures_sum_to_nothing_and_lead_to_each_other() {
        let bytes = table(&board(), 0x1000);
        assert_eq!((&bytes[..4], number(&bytes, 8, 8)), (&b"_MP_"[..], 0x1020));
        let sum = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        assert_eq!(sum(&bytes[..24]), 0);
        let table = &bytes[FLOATING..];
        assert_eq!((&table[..4], number(table, 4, 2)), (&b"PCMP"[..], table.len() as u64));
        assert_eq!(sum(table), 0);
        assert!(bytes.len() <= LENGTH);
    }

    #[test]
    fn a_reader_that_walks_the_entries_finds_each() {
        let bytes = table(&board(), 0);
        let table = &bytes[FLOATING..];
        assert_eq!(number(table, 0x24, 4), 0xfee0_0000, "local controllers");
        let mut at = HEADER;
        let mut kinds = Vec::new();
        for _ in 0..number(table, 0x22, 2) {
            let kind = table[at];
            match kind {
                2 => assert_eq!(number(table, at + 8, 8), 0xfec0_0000),
                5 => assert_eq!(number(table, at + 8, 8), 0x8000_2000),
                7 => assert_eq!(number(table, at + 24, 8), 0x8000_0000),
                _ => {}
            }
            kinds.push(kind);
            at += [20, 8, 16, 8, 8, 16, 24, 40][usize::from(kind)];
        }
        assert_eq!(kinds, [0, 0, 1, 2, 3, 5, 7]);
        assert_eq!(at, table.len());
    }
}
