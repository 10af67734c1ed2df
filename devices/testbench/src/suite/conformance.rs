//! Registers behave as their table says: reset values, masks by mode, byte lanes, holes.
//!
//! Generated from the table, so it proves that table and device agree, not that the table is right. Excluded is only what
//! the table itself excludes: volatile fields, and the values of registers whose reads are hooked.

use elnic_contract::{Entry, Mode, Register, Size};
use elnic_registers::Masks;
use elnic_script::Place;

use super::strategies::{element_offset, sampled_elements};
use crate::Bench;

/// Checks every register of the table and every hole in it.
///
/// # Panics
/// A register behaves in another way.
pub fn registers_behave_as_their_table_says(entry: &'static Entry) {
    let fresh = || Bench::with(entry, &[]);
    let mut bench = fresh();
    holes_are_empty(entry, &mut bench);
    for row in entry.model.registers {
        for element in sampled_elements(row) {
            Probe::new(entry, row, element).check(&fresh);
        }
    }
}

/// Where no register stands nothing answers, or (for a device that decodes its whole region) zeros do and writes are
/// lost. A region without any register of its own is a further window onto the
/// others, and what it shows is the model's affair.
fn holes_are_empty(entry: &'static Entry, bench: &mut Bench) {
    let before = bench.saved();
    for (number, region) in (0_u8..).zip(entry.model.regions) {
        if !entry.model.registers.iter().any(|row| row.region == number) {
            continue;
        }
        let mut decoded = vec![false; usize::try_from(region.size).expect("a region fits memory")];
        for row in entry.model.registers.iter().filter(|row| row.region == number) {
            for element in 0..row.count {
                let start = element_offset(row, element) as usize;
                decoded[start..start + usize::from(row.width)].fill(true);
            }
        }
        for (offset, _) in decoded.iter().enumerate().filter(|(_, decoded)| !**decoded) {
            let place = Place { region: number, offset: offset as u64 };
            let empty = bench.peek(place, Size::Byte).is_none_or(|value| value == 0);
            assert!(empty, "nothing stands at {place:x?}, but something shows");
            let answer = bench.read(place, Size::Byte);
            assert!(
                matches!(answer, Err(_) | Ok(0)),
                "nothing stands at {place:x?}, but {answer:x?}"
            );
            let taken = bench.write(place, Size::Byte, 0xff);
            assert_eq!(taken.is_ok(), answer.is_ok(), "{place:x?} is read and written alike");
        }
    }
    assert_eq!(bench.saved(), before, "writes to where nothing stands changed the state");
    let beyond = Place { region: entry.model.regions.len() as u8, offset: 0 };
    assert!(bench.read(beyond, Size::Byte).is_err(), "there is no region {beyond:x?}");
}

/// One element of one register.
struct Probe {
    name: String,
    row: &'static Register,
    place: Place,
    size: Size,
    masks: Masks,
    /// Bits whose value the table vouches for.
    stable: u64,
    /// Bits that start something when written 1.
    starts: u64,
}

impl Probe {
    fn new(entry: &'static Entry, row: &'static Register, element: u16) -> Self {
        let size = Size::from_bytes(row.width).expect("a register has an access's width");
        let volatile = row.mask_of(|field| field.volatile);
        Self {
            name: format!("{}: {}[{element}]", entry.model.name, row.name),
            row,
            place: Place { region: row.region, offset: element_offset(row, element) },
            size,
            masks: Masks::of(row),
            stable: if row.read_hook { 0 } else { !volatile },
            starts: row.mask_of(|field| matches!(field.mode, Mode::Sc | Mode::W1s)),
        }
    }

    fn patterns(&self) -> Vec<u64> {
        let mut patterns = vec![u64::MAX, 0, 0xaaaa_aaaa_aaaa_aaaa, 0x5555_5555_5555_5555];
        patterns.extend((0..self.size.bits()).map(|bit| 1 << bit));
        patterns.into_iter().map(|pattern| pattern & self.size.mask()).collect()
    }

    fn check(&self, fresh: &dyn Fn() -> Bench) {
        let mut bench = fresh();
        let first = match bench.read(self.place, self.size) {
            Ok(value) => value,
            Err(fault) => panic!("{}: refuses a read of its own width: {fault}", self.name),
        };
        self.matches("after reset", first, self.row.reset);
        if self.masks.read_clears != 0 {
            let again = bench.read(self.place, self.size).expect("it was read before");
            self.matches("after a read", again, self.row.reset & !self.masks.read_clears);
        }
        for pattern in self.patterns() {
            self.write(fresh, pattern & !self.starts, 0, self.size);
            // What a written 1 starts is the model's affair; that it is survived is ours.
            let mut bench = fresh();
            let _ = bench.write(self.place, self.size, pattern);
            let _ = bench.read(self.place, self.size);
        }
        for (size, bytes) in [(Size::Byte, 1_u64), (Size::Half, 2), (Size::Word, 4)] {
            if size < self.size {
                for at in (0..u64::from(self.row.width)).step_by(bytes as usize) {
                    self.write(fresh, size.mask(), at, size);
                    self.write(fresh, 0, at, size);
                }
            }
        }
    }

    /// Writes `value` in a piece of the register and looks at the whole.
    fn write(&self, fresh: &dyn Fn() -> Bench, value: u64, at: u64, size: Size) {
        let mut bench = fresh();
        let state = bench.saved();
        let place = Place { offset: self.place.offset + at, ..self.place };
        let shift = at * 8;
        let (raw, lanes) = (value << shift, size.mask() << shift);
        let raw = raw & !self.starts;
        if bench.write(place, size, raw >> shift).is_err() {
            // A register need not decode every width; refusing must then change nothing.
            assert!(size < self.size, "{}: refuses a write of its own width", self.name);
            assert_eq!(bench.saved(), state, "{}: a refused write changed the state", self.name);
            return;
        }
        let expected = self.masks.write(self.row.reset, raw, lanes);
        let what = format!("after writing {raw:#x} (lanes {lanes:#x})");
        // A read is no hook's business here: peek at hooked registers would show what the hook last left.
        let shown = bench.read(self.place, self.size).expect("it was read before");
        self.matches(&what, shown, expected);
    }

    fn matches(&self, when: &str, shown: u64, stored: u64) {
        let expected = stored & self.masks.readable;
        let vouched = self.stable & self.size.mask();
        assert_eq!(
            shown & vouched,
            expected & vouched,
            "{} {when}: shows {shown:#x}, its table says {expected:#x} in the bits {vouched:#x}",
            self.name
        );
    }
}
