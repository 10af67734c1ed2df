//! The boot block: how firmware tells a kernel its command line, RAM disk and banks of memory.
//!
//! Layout: e2k-machine.md §2.3, version 1. It is made only when there is something to tell, lies below the RAM disk at
//! the end of low RAM with the MP table between them, and its physical address is in `%r1` at entry, where the handover of
//! §2.2 has it. Left out: the device tree, timing information, version 2 (boards with EPIC).

use elnic_memory::{GuestRam, HIGH_BASE, LOW_LIMIT, PAGE};

use super::elf::Loaded;
use super::{Handover, LoadError, mp_table};

const SIZE: usize = 0x1000;
const SIGNATURE: u16 = 0x8086;
const X86_MARKER: u16 = 0xaa55;
/// Bytes of the command line's field, the closing zero included.
const COMMAND_LINE: usize = 128;
/// Bytes of the field for a longer one.
pub(super) const LONG_COMMAND_LINE: usize = 512;
/// What stands in the first field when the second is used.
const SEE_LONG_COMMAND_LINE: &str = "KERNEL_ARGS_STRING_EX";
/// `chipset_type` of every hub there is.
const CHIPSET_IOHUB: u8 = 2;
/// `mach_flags`: the I/O hub is an IOHUB, and messages are delivered.
const FLAGS: u16 = 4 | 0x20;

/// Offsets in the block.
mod at {
    pub(super) const SIGNATURE: usize = 0x000;
    pub(super) const NUM_OF_BANKS: usize = 0x007;
    pub(super) const KERNEL_BASE: usize = 0x008;
    pub(super) const KERNEL_SIZE: usize = 0x010;
    pub(super) const RAMDISK_BASE: usize = 0x018;
    pub(super) const RAMDISK_SIZE: usize = 0x020;
    pub(super) const NUM_OF_CPUS: usize = 0x028;
    pub(super) const MACH_FLAGS: usize = 0x02a;
    pub(super) const NUM_OF_NODES: usize = 0x02e;
    pub(super) const MP_TABLE_BASE: usize = 0x030;
    pub(super) const SERIAL_BASE: usize = 0x038;
    pub(super) const NODES_MAP: usize = 0x040;
    pub(super) const MAC_ADDR: usize = 0x050;
    pub(super) const COMMAND_LINE: usize = 0x058;
    pub(super) const NODES_MEM: usize = 0x0d8;
    pub(super) const BIOS_SIGNATURE: usize = 0x538;
    pub(super) const CHIPSET_TYPE: usize = 0x5c1;
    pub(super) const CPU_TYPE: usize = 0x5c2;
    pub(super) const LONG_COMMAND_LINE: usize = 0x5c3;
    pub(super) const BOOTBLOCK_VER: usize = 0xf5b;
    pub(super) const X86_MARKER: usize = 0xffe;
}

fn put(block: &mut [u8; SIZE], offset: usize, bytes: &[u8]) {
    for (target, byte) in block.iter_mut().skip(offset).zip(bytes) {
        *target = *byte;
    }
}

/// Where boot block, MP table and RAM disk lie: at the end of low RAM, in this order.
struct Places {
    block: u64,
    table: u64,
    disk: u64,
}

impl Places {
    fn find(kernel: &Loaded, table: usize, disk: usize, ram_end: u64) -> Result<Self, LoadError> {
        let size = disk as u64;
        let no_room = LoadError::NoRoom { size, kernel_end: kernel.end, ram_end };
        let below = |end: u64, bytes: usize| end.checked_sub((bytes as u64).next_multiple_of(PAGE));
        let places = below(ram_end, disk).and_then(|disk| {
            let table = below(disk, table)?;
            Some(Self { block: below(table, SIZE)?, table, disk })
        });
        places.filter(|places| places.block >= kernel.end).ok_or(no_room)
    }
}

/// Writes RAM disk, MP table and boot block; says where the block is.
pub(super) fn place(
    kernel: &Loaded,
    board: &Handover,
    append: &str,
    initrd: Option<&[u8]>,
    ram: &mut GuestRam,
) -> Result<u64, LoadError> {
    let disk = initrd.unwrap_or_default();
    let ram_end = ram.layout().size().min(LOW_LIMIT);
    let places = Places::find(kernel, mp_table::LENGTH, disk.len(), ram_end)?;
    let mut block = block(kernel, board, append, ram)?;
    put(&mut block, at::MP_TABLE_BASE, &places.table.to_le_bytes());
    if !disk.is_empty() {
        put(&mut block, at::RAMDISK_BASE, &places.disk.to_le_bytes());
        put(&mut block, at::RAMDISK_SIZE, &(disk.len() as u64).to_le_bytes());
    }
    let table = mp_table::table(board, places.table);
    let parts = [(places.disk, disk), (places.table, &table[..]), (places.block, &block[..])];
    let written = parts
        .into_iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .try_for_each(|(at, bytes)| ram.copy_in(at, bytes));
    let no_room = LoadError::NoRoom { size: disk.len() as u64, kernel_end: kernel.end, ram_end };
    written.map(|()| places.block).ok_or(no_room)
}

/// The block without the addresses of what lies beside it.
fn block(
    kernel: &Loaded,
    board: &Handover,
    append: &str,
    ram: &GuestRam,
) -> Result<[u8; SIZE], LoadError> {
    let mut block = [0; SIZE];
    put(&mut block, at::SIGNATURE, &SIGNATURE.to_le_bytes());
    put(&mut block, at::KERNEL_BASE, &kernel.start.to_le_bytes());
    put(&mut block, at::KERNEL_SIZE, &(kernel.end - kernel.start).to_le_bytes());
    put(&mut block, at::NUM_OF_CPUS, &u16::from(board.processors).to_le_bytes());
    put(&mut block, at::MACH_FLAGS, &FLAGS.to_le_bytes());
    put(&mut block, at::NUM_OF_NODES, &1_u16.to_le_bytes());
    put(&mut block, at::SERIAL_BASE, &(board.machine.plan.console.base + 2).to_le_bytes());
    put(&mut block, at::NODES_MAP, &1_u64.to_le_bytes());
    if let Some(mac) = board.mac {
        put(&mut block, at::MAC_ADDR, &mac.0);
    }
    match append.len() {
        ..COMMAND_LINE => put(&mut block, at::COMMAND_LINE, append.as_bytes()),
        COMMAND_LINE..LONG_COMMAND_LINE => {
            put(&mut block, at::COMMAND_LINE, SEE_LONG_COMMAND_LINE.as_bytes());
            put(&mut block, at::LONG_COMMAND_LINE, append.as_bytes());
        }
        length => return Err(LoadError::CommandLine(length)),
    }
    let low = ram.layout().size().min(LOW_LIMIT);
    let banks = [(0, low), (HIGH_BASE, ram.layout().size() - low)];
    let banks = banks.into_iter().filter(|(_, length)| *length > 0);
    for (index, (start, length)) in banks.enumerate() {
        put(&mut block, at::NUM_OF_BANKS, &[index as u8 + 1]);
        put(&mut block, at::NODES_MEM + index * 16, &start.to_le_bytes());
        put(&mut block, at::NODES_MEM + index * 16 + 8, &length.to_le_bytes());
    }
    put(&mut block, at::BIOS_SIGNATURE, b"E2KBIOS");
    put(&mut block, at::CHIPSET_TYPE, &[CHIPSET_IOHUB]);
    put(&mut block, at::CPU_TYPE, &[board.machine.cpu_type]);
    put(&mut block, at::BOOTBLOCK_VER, &[1]);
    put(&mut block, at::X86_MARKER, &X86_MARKER.to_le_bytes());
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::Size;
    use elnic_memory::RamLayout;

    const KERNEL: Loaded = Loaded { entry: 0x10_0000, start: 0x10_0000, end: 0x18_0000 };

    fn ram() -> GuestRam {
        GuestRam::new(RamLayout::new(2 << 20).unwrap()).unwrap()
    }

    fn board(name: &str) -> Handover {
        let machine = crate::MachineModel::named(name).unwrap();
        let mac = Some("52:54:00:12:34:56".parse().unwrap());
        Handover { machine, processors: 1, mac }
    }

    #[test]
    fn the_block_says_what_and_where() {
        let mut ram = ram();
        let block =
            place(&KERNEL, &board("e8c"), "console=ttyS0", Some(b"disk"), &mut ram).unwrap();
        assert_eq!(block, (2 << 20) - 0x3000);
        let word = |offset| ram.load(block + offset, Size::Double).unwrap();
        assert_eq!(word(0x08), KERNEL.start);
        assert_eq!(word(0x10), 0x8_0000);
        assert_eq!(word(0x18), (2 << 20) - 0x1000);
        assert_eq!(word(0x20), 4);
        assert_eq!(word(0x30), (2 << 20) - 0x2000, "the MP table");
        assert_eq!(word(0x50), 0x5634_1200_5452, "the MAC address");
        assert_eq!(word(0x58), u64::from_le_bytes(*b"console="));
        assert_eq!(word(0xe0), 2 << 20);
        assert_eq!(word(0xff8) >> 48, 0xaa55);
        let disk = ram.load((2 << 20) - 0x1000, Size::Word);
        assert_eq!(disk, Some(u64::from(u32::from_le_bytes(*b"disk"))));
        assert_eq!(
            ram.load((2 << 20) - 0x2000, Size::Word),
            Some(u64::from(u32::from_le_bytes(*b"_MP_")))
        );
    }

    #[test]
    fn the_block_names_the_board_s_processor() {
        for (name, cpu_type) in [("e2s", 3), ("e8c", 7), ("e1c+", 8), ("e8c2", 9)] {
            let mut ram = ram();
            let block = place(&KERNEL, &board(name), "", None, &mut ram).unwrap();
            assert_eq!(ram.load(block + 0x5c2, Size::Byte), Some(cpu_type), "{name}");
        }
    }

    #[test]
    fn a_long_command_line_has_a_field_of_its_own() {
        let mut ram = ram();
        let line = "y".repeat(511);
        let block = place(&KERNEL, &board("e8c"), &line, None, &mut ram).unwrap();
        let text = |offset, length| {
            let mut bytes = vec![0; length];
            ram.copy_out(block + offset, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(text(0x58, 22), "KERNEL_ARGS_STRING_EX\0");
        assert_eq!(text(0x5c3, 512), line + "\0");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let big = vec![0; 1 << 20];
        let error =
            place(&KERNEL, &board("e8c"), "", Some(&big), &mut ram()).unwrap_err().to_string();
        assert!(error.contains("1048576 bytes") && error.contains("0x180000"), "{error}");
        let long = "x".repeat(512);
        let error = place(&KERNEL, &board("e8c"), &long, None, &mut ram()).unwrap_err().to_string();
        assert!(error.contains("at most 511"), "{error}");
    }
}
