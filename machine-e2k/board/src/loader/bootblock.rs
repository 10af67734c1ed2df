//! The boot block: how firmware tells a kernel its command line, RAM disk and banks of memory.
//!
//! Layout: e2k-machine.md §2.3, version 1, and version 2 on boards with EPIC. It is made only when there is something to
//! tell, lies at the end of low RAM below stacks, MP table, device tree and RAM disk, and its physical address is in `%r1`
//! at entry, where the handover of §2.2 has it. Left out: timing information, dump and control points.

use elnic_memory::{GuestRam, HIGH_BASE, LOW_LIMIT, PAGE};

use super::elf::Loaded;
use super::system::STACKS;
use super::{Handover, LoadError, device_tree, mp_table};

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
    pub(super) const NUM_OF_BUSY: usize = 0x02c;
    pub(super) const NUM_OF_NODES: usize = 0x02e;
    pub(super) const MP_TABLE_BASE: usize = 0x030;
    pub(super) const SERIAL_BASE: usize = 0x038;
    pub(super) const NODES_MAP: usize = 0x040;
    pub(super) const MACH_SERIALN: usize = 0x048;
    pub(super) const MAC_ADDR: usize = 0x050;
    pub(super) const COMMAND_LINE: usize = 0x058;
    pub(super) const NODES_MEM: usize = 0x0d8;
    pub(super) const BUSY: usize = 0x2d8;
    pub(super) const MB_NAME: usize = 0x520;
    pub(super) const BIOS_SIGNATURE: usize = 0x538;
    pub(super) const BOOT_VER: usize = 0x540;
    pub(super) const CHIPSET_TYPE: usize = 0x5c1;
    pub(super) const CPU_TYPE: usize = 0x5c2;
    pub(super) const LONG_COMMAND_LINE: usize = 0x5c3;
    pub(super) const DEVTREE: usize = 0xd68;
    pub(super) const BOOTBLOCK_VER: usize = 0xf5b;
    pub(super) const X86_MARKER: usize = 0xffe;
}

fn put(block: &mut [u8; SIZE], offset: usize, bytes: &[u8]) {
    for (target, byte) in block.iter_mut().skip(offset).zip(bytes) {
        *target = *byte;
    }
}

/// Where everything lies: at the end of low RAM, in this order.
pub(super) struct Places {
    pub(super) block: u64,
    /// Stacks of all processors.
    pub(super) stacks: u64,
    table: u64,
    tree: u64,
    disk: u64,
}

impl Places {
    /// Places for so many bytes of stacks, device tree and RAM disk.
    fn find(
        kernel: &Loaded,
        [stacks, tree, disk]: [u64; 3],
        ram_end: u64,
    ) -> Result<Self, LoadError> {
        let no_room = LoadError::NoRoom { size: disk, kernel_end: kernel.end, ram_end };
        let below = |end: u64, bytes: u64| end.checked_sub(bytes.checked_next_multiple_of(PAGE)?);
        let places = || {
            let disk = below(ram_end, disk)?;
            let tree = below(disk, tree)?;
            let table = below(tree, mp_table::LENGTH as u64)?;
            let stacks = below(table, stacks)?;
            Some(Self { block: below(stacks, SIZE as u64)?, stacks, table, tree, disk })
        };
        places().filter(|places| places.block >= kernel.end).ok_or(no_room)
    }
}

/// Banks of RAM without that of firmware: start and length.
fn banks(ram: &GuestRam) -> Vec<(u64, u64)> {
    let low = ram.layout().size().min(LOW_LIMIT);
    let banks = [(0, low), (HIGH_BASE, ram.layout().size() - low)];
    banks.into_iter().filter(|(_, length)| *length > 0).collect()
}

/// The device tree to hand over: the given one, or for a system the board's own.
fn tree(
    board: &Handover,
    append: &str,
    disk: Option<(u64, u64)>,
    is_system: bool,
    ram: &GuestRam,
) -> Result<Vec<u8>, LoadError> {
    if let Some(given) = &board.dtb {
        let header = given.first_chunk::<8>().ok_or(LoadError::DeviceTree)?;
        let [magic, length] = [&header[..4], &header[4..]]
            .map(|word| word.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)));
        if magic != 0xd00d_feed || length != given.len() as u64 {
            return Err(LoadError::DeviceTree);
        }
        return Ok(given.clone());
    }
    if !is_system {
        return Ok(Vec::new());
    }
    Ok(device_tree::tree(board, &device_tree::Told { append, disk, banks: &banks(ram) })?)
}

/// Writes RAM disk, device tree, MP table and boot block; says where block and stacks are.
pub(super) fn place(
    kernel: &Loaded,
    board: &Handover,
    append: &str,
    disk: &[u8],
    is_system: bool,
    ram: &mut GuestRam,
) -> Result<Places, LoadError> {
    let ram_end = ram.layout().size().min(LOW_LIMIT);
    let size = disk.len() as u64;
    let at_disk = ram_end.saturating_sub(size.next_multiple_of(PAGE));
    let told_disk = (size > 0).then_some((at_disk, at_disk + size));
    let tree = tree(board, append, told_disk, is_system, ram)?;
    let stacks = if is_system { u64::from(board.processors) * STACKS } else { 0 };
    let places = Places::find(kernel, [stacks, tree.len() as u64, size], ram_end)?;
    let mut block = block(kernel, board, append, ram)?;
    put(&mut block, at::MP_TABLE_BASE, &places.table.to_le_bytes());
    if !disk.is_empty() {
        put(&mut block, at::RAMDISK_BASE, &places.disk.to_le_bytes());
        put(&mut block, at::RAMDISK_SIZE, &size.to_le_bytes());
    }
    if !tree.is_empty() {
        put(&mut block, at::DEVTREE, &places.tree.to_le_bytes());
    }
    // What firmware keeps: this block, stacks, tables.
    put(&mut block, at::NUM_OF_BUSY, &1_u16.to_le_bytes());
    put(&mut block, at::BUSY, &places.block.to_le_bytes());
    put(&mut block, at::BUSY + 8, &(places.disk - places.block).to_le_bytes());
    let table = mp_table::table(board, places.table);
    let parts = [
        (places.disk, disk),
        (places.tree, &tree[..]),
        (places.table, &table[..]),
        (places.block, &block[..]),
    ];
    let written = parts
        .into_iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .try_for_each(|(at, bytes)| ram.copy_in(at, bytes));
    let no_room = LoadError::NoRoom { size, kernel_end: kernel.end, ram_end };
    written.map(|()| places).ok_or(no_room)
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
    for (index, (start, length)) in banks(ram).into_iter().enumerate() {
        put(&mut block, at::NUM_OF_BANKS, &[index as u8 + 1]);
        put(&mut block, at::NODES_MEM + index * 16, &start.to_le_bytes());
        put(&mut block, at::NODES_MEM + index * 16 + 8, &length.to_le_bytes());
    }
    put(&mut block, at::MACH_SERIALN, &board.serial.to_le_bytes());
    let name = format!("elnic {}", board.machine.name);
    put(&mut block, at::MB_NAME, &name.as_bytes()[..name.len().min(15)]);
    put(&mut block, at::BOOT_VER, concat!("elnic ", env!("CARGO_PKG_VERSION")).as_bytes());
    put(&mut block, at::BIOS_SIGNATURE, b"E2KBIOS");
    put(&mut block, at::CPU_TYPE, &[board.machine.cpu_type]);
    if board.machine.hub.epic {
        // Version 2 has neither chipset nor reserved words where these stand; the kernel's target is not ours to say.
        put(&mut block, at::BOOTBLOCK_VER, &[2]);
    } else {
        put(&mut block, at::CHIPSET_TYPE, &[CHIPSET_IOHUB]);
        put(&mut block, at::BOOTBLOCK_VER, &[1]);
    }
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
        Handover { mac, serial: 0x1234, ..Handover::new(machine) }
    }

    #[test]
    fn the_block_says_what_and_where() {
        let mut ram = ram();
        let block =
            place(&KERNEL, &board("e8c"), "console=ttyS0", b"disk", false, &mut ram).unwrap().block;
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
        for (name, cpu_type) in
            [("e2s", 3), ("e8c", 7), ("e1c+", 8), ("e8c2", 9), ("e16c", 0xb), ("e2c3", 0xc)]
        {
            let mut ram = ram();
            let block = place(&KERNEL, &board(name), "", &[], false, &mut ram).unwrap().block;
            assert_eq!(ram.load(block + 0x5c2, Size::Byte), Some(cpu_type), "{name}");
            let version = if cpu_type > 9 { 2 } else { 1 };
            assert_eq!(ram.load(block + 0xf5b, Size::Byte), Some(version), "{name}");
        }
    }

    #[test]
    fn a_system_gets_stacks_and_a_device_tree_and_is_told_what_is_busy() {
        let mut ram = ram();
        let board = Handover { processors: 4, ..board("e16c") };
        let places = place(&KERNEL, &board, "quiet", b"disk", true, &mut ram).unwrap();
        let word = |offset| ram.load(places.block + offset, Size::Double).unwrap();
        assert_eq!(word(0x28) & 0xffff, 4, "processors");
        assert_eq!(word(0x48), 0x1234, "serial number");
        assert_eq!(word(0x2d8), places.block);
        assert_eq!(word(0x2d8) + word(0x2e0), word(0x18), "busy up to the RAM disk");
        assert_eq!(places.stacks, places.block + 0x1000);
        let tree = word(0xd68);
        assert_eq!(ram.load(tree, Size::Word), Some(0xedfe_0dd0));
        assert!(tree >= places.stacks + 4 * STACKS);
    }

    #[test]
    fn a_given_device_tree_is_handed_over_and_what_is_none_refused() {
        let mut ram = ram();
        let mut dtb = 0xd00d_feed_u32.to_be_bytes().to_vec();
        dtb.extend(12_u32.to_be_bytes());
        dtb.extend([1, 2, 3, 4]);
        let with = |dtb: &[u8]| Handover { dtb: Some(dtb.to_vec()), ..board("e8c") };
        let places = place(&KERNEL, &with(&dtb), "", &[], false, &mut ram).unwrap();
        let at = ram.load(places.block + 0xd68, Size::Double).unwrap();
        assert_eq!(ram.load(at + 8, Size::Word), Some(0x0403_0201));
        for bad in [&dtb[..8], &dtb[..3], &[0; 12]] {
            let placed = place(&KERNEL, &with(bad), "", &[], false, &mut ram);
            assert!(matches!(placed, Err(LoadError::DeviceTree)), "{bad:?}");
        }
    }

    #[test]
    fn a_long_command_line_has_a_field_of_its_own() {
        let mut ram = ram();
        let line = "y".repeat(511);
        let block = place(&KERNEL, &board("e8c"), &line, &[], false, &mut ram).unwrap().block;
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
        let refused = |line: &str, disk: &[u8]| {
            let placed = place(&KERNEL, &board("e8c"), line, disk, false, &mut ram());
            placed.map(|_| ()).unwrap_err().to_string()
        };
        let error = refused("", &big);
        assert!(error.contains("1048576 bytes") && error.contains("0x180000"), "{error}");
        let long = "x".repeat(512);
        let error = refused(&long, &[]);
        assert!(error.contains("at most 511"), "{error}");
    }
}
