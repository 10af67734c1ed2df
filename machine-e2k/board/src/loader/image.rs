//! Kernel images: ELF, `image.boot` with its header, raw; and where each is entered.
//!
//! Formats and entries: e2k-machine.md §2.2 to §2.5. An `image.boot` is 64 KiB with a stage for x86 and a boot block at 0x100,
//! then the kernel as it lies in memory.

use elnic_memory::GuestRam;

use super::LoadError;
use super::elf::{self, Loaded};

/// How a kernel is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryMode {
    /// An ELF image where it says; an `image.boot` through the gate of system call 12.
    #[default]
    Auto,
    /// Where the ELF image says, by the first processor alone.
    Elf,
    /// Through the gate of system call 12, as Linux, by every processor.
    Scall12,
    /// At the first byte, as Embox, by every processor.
    Offset0,
}

/// Offset of the gate of system call 12.
const GATE_12: u64 = 12 * 0x800;
/// Bytes before the kernel in an `image.boot`.
const AREA_1: usize = 0x1_0000;
/// Where its boot block stands.
const HEADER: usize = 0x100;
const SIGNATURES: [u16; 3] = [0x8086, 0xe200, 0x20e2];
/// Where a raw image goes that does not say where: 16 MiB, where MCST's firmware puts kernels.
const RAW_BASE: u64 = 0x100_0000;

/// A kernel in memory, and where to enter it.
pub(super) struct Kernel {
    pub(super) loaded: Loaded,
    /// It is entered as a system, by every processor.
    pub(super) is_system: bool,
}

fn number(image: &[u8], at: usize, bytes: usize) -> Option<u64> {
    let field = image.get(at..at.checked_add(bytes)?)?;
    Some(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// What an `image.boot` says: base, and the kernel's bytes.
fn boot_image(image: &[u8]) -> Option<(u64, &[u8])> {
    let signature = u16::try_from(number(image, HEADER, 2)?).ok()?;
    let marker = number(image, HEADER + 0xffe, 2)?;
    let kernel = image.get(AREA_1..).filter(|kernel| !kernel.is_empty())?;
    if !SIGNATURES.contains(&signature) || marker != 0xaa55 {
        return None;
    }
    let base = number(image, HEADER + 8, 8)?;
    Some((if base == 0 { RAW_BASE } else { base }, kernel))
}

/// Loads `image` and finds its entry.
pub(super) fn load(image: &[u8], mode: EntryMode, ram: &mut GuestRam) -> Result<Kernel, LoadError> {
    let is_elf = image.starts_with(b"\x7fELF");
    let (loaded, system) = match (boot_image(image), mode) {
        (Some((base, kernel)), _) if !is_elf => {
            if mode == EntryMode::Elf {
                return Err(LoadError::NoElfEntry);
            }
            (raw(base, kernel, ram)?, mode)
        }
        (_, EntryMode::Scall12 | EntryMode::Offset0) if !is_elf => {
            (raw(RAW_BASE, image, ram)?, mode)
        }
        _ => {
            let loaded = elf::load(image, ram)?;
            (loaded, if mode == EntryMode::Auto { EntryMode::Elf } else { mode })
        }
    };
    let offset = match system {
        EntryMode::Elf => return Ok(Kernel { loaded, is_system: false }),
        EntryMode::Offset0 => 0,
        EntryMode::Auto | EntryMode::Scall12 => GATE_12,
    };
    let entry = loaded.start + offset;
    if entry >= loaded.end {
        let size = loaded.end - loaded.start;
        return Err(LoadError::EntryOutside { offset, size });
    }
    Ok(Kernel { loaded: Loaded { entry, ..loaded }, is_system: true })
}

fn raw(base: u64, bytes: &[u8], ram: &mut GuestRam) -> Result<Loaded, LoadError> {
    let size = bytes.len() as u64;
    let low_end = ram.layout().size().min(elnic_memory::LOW_LIMIT);
    let outside = LoadError::RawOutside { base, size, ram_end: low_end };
    if !base.is_multiple_of(8) || base.checked_add(size).is_none_or(|end| end > low_end) {
        return Err(outside);
    }
    ram.copy_in(base, bytes).ok_or(outside)?;
    Ok(Loaded { entry: base, start: base, end: base + size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::Size;
    use elnic_memory::RamLayout;

    fn ram() -> GuestRam {
        GuestRam::new(RamLayout::new(32 << 20).unwrap()).unwrap()
    }

    fn image_boot(base: u64) -> Vec<u8> {
        let mut image = vec![0; AREA_1];
        image[HEADER..HEADER + 2].copy_from_slice(&0x8086_u16.to_le_bytes());
        image[HEADER + 8..HEADER + 16].copy_from_slice(&base.to_le_bytes());
        image[HEADER + 0xffe..HEADER + 0x1000].copy_from_slice(&[0x55, 0xaa]);
        image.extend((0..0x8000_u32).map(|byte| byte as u8));
        image
    }

    #[test]
    fn an_image_with_a_header_goes_where_it_says_and_is_entered_by_a_system_call() {
        for (base, wanted) in [(0, RAW_BASE), (0x40_0000, 0x40_0000)] {
            let mut ram = ram();
            let kernel = load(&image_boot(base), EntryMode::Auto, &mut ram).unwrap();
            assert!(kernel.is_system);
            assert_eq!((kernel.loaded.start, kernel.loaded.entry), (wanted, wanted + 0x6000));
            assert_eq!(kernel.loaded.end, wanted + 0x8000);
            assert_eq!(ram.load(wanted + 5, Size::Byte), Some(5));
        }
        let kernel = load(&image_boot(0), EntryMode::Offset0, &mut ram()).unwrap();
        assert_eq!(kernel.loaded.entry, RAW_BASE);
    }

    #[test]
    fn a_raw_image_needs_to_be_told_how_it_is_entered() {
        let raw = [1; 0x7000];
        assert!(matches!(load(&raw, EntryMode::Auto, &mut ram()), Err(LoadError::Elf(_))));
        let kernel = load(&raw, EntryMode::Scall12, &mut ram()).unwrap();
        assert_eq!(kernel.loaded.entry, RAW_BASE + 0x6000);
    }

    #[test]
    fn what_cannot_be_entered_so_is_refused() {
        let refused =
            |image: &[u8], mode| load(image, mode, &mut ram()).map(|_| ()).unwrap_err().to_string();
        assert!(refused(&image_boot(0), EntryMode::Elf).contains("no ELF entry"));
        assert!(refused(&[1; 0x6000], EntryMode::Scall12).contains("0x6000"));
        let outside = refused(&image_boot(31 << 20 | 0xf_f000), EntryMode::Auto);
        assert!(outside.contains("0x1fff000") && outside.contains("0x2000000"), "{outside}");
        assert!(refused(&image_boot(u64::MAX - 7), EntryMode::Auto).contains("low RAM"));
    }
}
