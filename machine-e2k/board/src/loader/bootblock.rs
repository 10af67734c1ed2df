//! The boot block: how firmware tells a kernel its command line, RAM disk and banks of memory.
//!
//! Layout: e2k-machine.md §2.3, version 1. It is made only when there is something to tell, lies below the RAM disk at
//! the end of low RAM, and its physical address is in `%r1` at entry, where the handover of §2.2 has it. Left out: the MP
//! table, the device tree, timing information.

use elnic_memory::{GuestRam, HIGH_BASE, LOW_LIMIT, PAGE};

use super::LoadError;
use super::elf::Loaded;

const SIZE: usize = 0x1000;
const SIGNATURE: u16 = 0x8086;
const X86_MARKER: u16 = 0xaa55;
/// Bytes of the command line's field, the closing zero included.
pub(super) const COMMAND_LINE: usize = 128;
/// `mach_flags`: the I/O hub is an IOHUB.
const FLAG_IOHUB: u16 = 4;
/// `cpu_type` of Elbrus-8C.
const CPU_TYPE_E8C: u8 = 7;
/// `chipset_type`: IOHUB.
const CHIPSET_IOHUB: u8 = 2;

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
    pub(super) const SERIAL_BASE: usize = 0x038;
    pub(super) const NODES_MAP: usize = 0x040;
    pub(super) const COMMAND_LINE: usize = 0x058;
    pub(super) const NODES_MEM: usize = 0x0d8;
    pub(super) const BIOS_SIGNATURE: usize = 0x538;
    pub(super) const CHIPSET_TYPE: usize = 0x5c1;
    pub(super) const CPU_TYPE: usize = 0x5c2;
    pub(super) const BOOTBLOCK_VER: usize = 0xf5b;
    pub(super) const X86_MARKER: usize = 0xffe;
}

fn put(block: &mut [u8; SIZE], offset: usize, bytes: &[u8]) {
    for (target, byte) in block.iter_mut().skip(offset).zip(bytes) {
        *target = *byte;
    }
}

/// Writes RAM disk and boot block; says where the block is.
pub(super) fn place(
    kernel: &Loaded,
    append: &str,
    initrd: Option<&[u8]>,
    ram: &mut GuestRam,
) -> Result<u64, LoadError> {
    if append.len() >= COMMAND_LINE {
        return Err(LoadError::CommandLine(append.len()));
    }
    let initrd = initrd.unwrap_or_default();
    let ram_end = ram.layout().size().min(LOW_LIMIT);
    let size = initrd.len() as u64;
    let no_room = LoadError::NoRoom { size, kernel_end: kernel.end, ram_end };
    let ramdisk = ram_end.checked_sub(size.next_multiple_of(PAGE));
    let block_at = ramdisk.and_then(|ramdisk| ramdisk.checked_sub(SIZE as u64));
    let (Some(ramdisk), Some(block_at)) = (ramdisk, block_at.filter(|at| *at >= kernel.end)) else {
        return Err(no_room);
    };
    let mut block = [0; SIZE];
    put(&mut block, at::SIGNATURE, &SIGNATURE.to_le_bytes());
    put(&mut block, at::KERNEL_BASE, &kernel.start.to_le_bytes());
    put(&mut block, at::KERNEL_SIZE, &(kernel.end - kernel.start).to_le_bytes());
    if !initrd.is_empty() {
        put(&mut block, at::RAMDISK_BASE, &ramdisk.to_le_bytes());
        put(&mut block, at::RAMDISK_SIZE, &size.to_le_bytes());
    }
    put(&mut block, at::NUM_OF_CPUS, &1_u16.to_le_bytes());
    put(&mut block, at::MACH_FLAGS, &FLAG_IOHUB.to_le_bytes());
    put(&mut block, at::NUM_OF_NODES, &1_u16.to_le_bytes());
    put(&mut block, at::SERIAL_BASE, &(elnic_soc::map::CONSOLE.base + 2).to_le_bytes());
    put(&mut block, at::NODES_MAP, &1_u64.to_le_bytes());
    put(&mut block, at::COMMAND_LINE, append.as_bytes());
    let banks = [(0, ram_end), (HIGH_BASE, ram.layout().size() - ram_end)];
    let banks = banks.into_iter().filter(|(_, length)| *length > 0);
    for (index, (start, length)) in banks.enumerate() {
        put(&mut block, at::NUM_OF_BANKS, &[index as u8 + 1]);
        put(&mut block, at::NODES_MEM + index * 16, &start.to_le_bytes());
        put(&mut block, at::NODES_MEM + index * 16 + 8, &length.to_le_bytes());
    }
    put(&mut block, at::BIOS_SIGNATURE, b"E2KBIOS");
    put(&mut block, at::CHIPSET_TYPE, &[CHIPSET_IOHUB]);
    put(&mut block, at::CPU_TYPE, &[CPU_TYPE_E8C]);
    put(&mut block, at::BOOTBLOCK_VER, &[1]);
    put(&mut block, at::X86_MARKER, &X86_MARKER.to_le_bytes());
    let disk = if initrd.is_empty() { Some(()) } else { ram.copy_in(ramdisk, initrd) };
    let placed = disk.and_then(|()| ram.copy_in(block_at, &block));
    placed.map(|()| block_at).ok_or(no_room)
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

    #[test]
    fn the_block_says_what_and_where() {
        let mut ram = ram();
        let block = place(&KERNEL, "console=ttyS0", Some(b"disk"), &mut ram).unwrap();
        assert_eq!(block, (2 << 20) - 0x2000);
        let word = |offset| ram.load(block + offset, Size::Double).unwrap();
        assert_eq!(word(0x08), KERNEL.start);
        assert_eq!(word(0x10), 0x8_0000);
        assert_eq!(word(0x18), (2 << 20) - 0x1000);
        assert_eq!(word(0x20), 4);
        assert_eq!(word(0x58), u64::from_le_bytes(*b"console="));
        assert_eq!(word(0xe0), 2 << 20);
        assert_eq!(word(0xff8) >> 48, 0xaa55);
        let disk = ram.load((2 << 20) - 0x1000, Size::Word);
        assert_eq!(disk, Some(u64::from(u32::from_le_bytes(*b"disk"))));
    }

    #[test]
    fn a_command_line_alone_is_enough() {
        let mut ram = ram();
        let block = place(&KERNEL, "quiet", None, &mut ram).unwrap();
        assert_eq!(block, (2 << 20) - 0x1000);
        assert_eq!(ram.load(block + 0x18, Size::Double), Some(0), "no RAM disk");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let big = vec![0; 1 << 20];
        let error = place(&KERNEL, "", Some(&big), &mut ram()).unwrap_err().to_string();
        assert!(error.contains("1048576 bytes") && error.contains("0x180000"), "{error}");
        let long = "x".repeat(128);
        let error = place(&KERNEL, &long, None, &mut ram()).unwrap_err().to_string();
        assert!(error.contains("at most 127"), "{error}");
    }
}
