//! ELF images: 64-bit, little-endian, machine 175, loaded at physical addresses.
//!
//! Source: e2k-machine.md §2.4 and §2.6. All ranges come from the file and are checked before anything is copied.

use elnic_memory::GuestRam;
use object::LittleEndian;
use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

/// `e_machine` of e2k.
const EM_MCST_ELBRUS: u16 = 175;

/// Why an image cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It is no ELF file at all, or damaged.
    #[error("the image is no 64-bit little-endian ELF file: {0}")]
    NotElf(String),
    /// It is for another machine.
    #[error(
        "the image is for ELF machine {found}, not for e2k ({EM_MCST_ELBRUS}){}",
        if *.found == 49 { "; 49 is what e2k toolchains before 2012 wrote" } else { "" }
    )]
    Machine {
        /// `e_machine` found.
        found: u16,
    },
    /// Nothing in it is to be loaded.
    #[error("the image has no loadable segment")]
    NothingToLoad,
    /// A segment reaches beyond the file.
    #[error("segment {index} of the image lies outside the file: {why}")]
    Truncated {
        /// Which program header.
        index: usize,
        /// What the reader says.
        why: String,
    },
    /// A segment takes less memory than it has in the file.
    #[error(
        "segment {index} of the image has {file:#x} bytes in the file but only {memory:#x} in memory"
    )]
    Shrinks {
        /// Which program header.
        index: usize,
        /// Bytes in the file.
        file: u64,
        /// Bytes in memory.
        memory: u64,
    },
    /// A segment does not fit RAM.
    #[error(
        "segment {index} of the image takes {size:#x} bytes at {address:#x}, which is not RAM: low RAM ends at {ram_end:#x}"
    )]
    NotRam {
        /// Which program header.
        index: usize,
        /// Where it wants to lie.
        address: u64,
        /// Its length in memory.
        size: u64,
        /// End of low RAM.
        ram_end: u64,
    },
    /// The first bundle would lie where nothing was loaded, or askew.
    #[error("the entry point {entry:#x} of the image is {why}")]
    Entry {
        /// The entry point.
        entry: u64,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// An image in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) entry: u64,
    pub(crate) start: u64,
    /// First byte after all segments.
    pub(crate) end: u64,
}

struct Segment<'a> {
    address: u64,
    size: u64,
    bytes: &'a [u8],
}

/// Checks the image, then copies it.
pub(crate) fn load(image: &[u8], ram: &mut GuestRam) -> Result<Loaded, ElfError> {
    let not_elf = |error: object::Error| ElfError::NotElf(error.to_string());
    let header = FileHeader64::<LittleEndian>::parse(image).map_err(not_elf)?;
    let endian = header.endian().map_err(not_elf)?;
    let found = header.e_machine(endian).0;
    if found != EM_MCST_ELBRUS {
        return Err(ElfError::Machine { found });
    }
    let headers = header.program_headers(endian, image).map_err(not_elf)?;
    let mut segments = Vec::new();
    for (index, program) in headers.iter().enumerate() {
        if program.p_type(endian) == PT_LOAD && program.p_memsz(endian) > 0 {
            segments.push(segment(index, program, image, ram)?);
        }
    }
    let start = segments.iter().map(|segment| segment.address).min();
    let start = start.ok_or(ElfError::NothingToLoad)?;
    let end = segments.iter().map(|segment| segment.address + segment.size).max().unwrap_or(start);
    let entry = header.e_entry(endian);
    let refuse = |why| Err(ElfError::Entry { entry, why });
    if !entry.is_multiple_of(8) {
        return refuse("no multiple of 8");
    }
    let inside = |segment: &Segment<'_>| {
        entry.checked_sub(segment.address).is_some_and(|offset| offset < segment.size)
    };
    if !segments.iter().any(inside) {
        return refuse("outside every segment");
    }
    for segment in &segments {
        // Checked to be RAM; memory after the file's bytes is zero because RAM is.
        ram.copy_in(segment.address, segment.bytes);
    }
    Ok(Loaded { entry, start, end })
}

fn segment<'a>(
    index: usize,
    program: &impl ProgramHeader<Endian = LittleEndian, Word = u64>,
    image: &'a [u8],
    ram: &GuestRam,
) -> Result<Segment<'a>, ElfError> {
    let (file, size) = (program.p_filesz(LittleEndian), program.p_memsz(LittleEndian));
    if file > size {
        return Err(ElfError::Shrinks { index, file, memory: size });
    }
    let bytes = program.data(LittleEndian, image).map_err(|()| ElfError::Truncated {
        index,
        why: format!(
            "{file:#x} bytes at offset {:#x} of a file of {:#x}",
            program.p_offset(LittleEndian),
            image.len()
        ),
    })?;
    let address = program.p_paddr(LittleEndian);
    if !ram.contains(address, size) {
        let ram_end = ram.layout().size().min(elnic_memory::LOW_LIMIT);
        return Err(ElfError::NotRam { index, address, size, ram_end });
    }
    Ok(Segment { address, size, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::Size;
    use elnic_memory::RamLayout;
    use proptest::prelude::*;

    fn ram() -> GuestRam {
        GuestRam::new(RamLayout::new(4 << 20).unwrap()).unwrap()
    }

    /// A file of one segment: header, one program header, `bytes`.
    fn image(machine: u16, entry: u64, address: u64, memory: u64, bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend(2_u16.to_le_bytes());
        file.extend(machine.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for word in [entry, 64, 0] {
            file.extend(word.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, 1, 64, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        for word in [1_u32, 7] {
            file.extend(word.to_le_bytes());
        }
        let length = bytes.len() as u64;
        for word in [120, address, address, length, memory, 4096] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
        file
    }

    #[test]
    fn a_segment_goes_to_its_physical_address() {
        let mut ram = ram();
        let file = image(175, 0x10_0008, 0x10_0000, 0x2000, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let loaded = load(&file, &mut ram).unwrap();
        assert_eq!(loaded, Loaded { entry: 0x10_0008, start: 0x10_0000, end: 0x10_2000 });
        assert_eq!(ram.load(0x10_0000, Size::Double), Some(0x0807_0605_0403_0201));
    }

    #[test]
    fn what_cannot_be_loaded_is_refused_with_its_reason() {
        let eight = [0; 8];
        let cases = [
            (image(62, 0x10_0000, 0x10_0000, 8, &eight), "ELF machine 62"),
            (image(49, 0x10_0000, 0x10_0000, 8, &eight), "before 2012"),
            (image(175, 0x10_0000, 0x10_0000, 4 << 20, &eight), "low RAM ends at 0x400000"),
            (image(175, 0x10_0000, u64::MAX - 8, 64, &eight), "not RAM"),
            (image(175, 0x10_0000, 0x10_0000, 4, &eight), "only 0x4 in memory"),
            (image(175, 0x10_0004, 0x10_0000, 8, &eight), "no multiple of 8"),
            (image(175, 0x20_0000, 0x10_0000, 8, &eight), "outside every segment"),
            (image(175, 0x10_0000, 0x10_0000, 0, &[]), "no loadable segment"),
            (image(175, 0, 0, 8, &eight)[..100].to_vec(), "no 64-bit little-endian ELF"),
            (image(175, 0, 0, 8, &eight)[..124].to_vec(), "outside the file"),
            (b"garbage".to_vec(), "no 64-bit little-endian ELF"),
            (Vec::new(), "no 64-bit little-endian ELF"),
        ];
        for (file, wanted) in cases {
            let error = load(&file, &mut ram()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error} / {wanted}");
        }
    }

    #[test]
    fn a_refused_image_leaves_memory_alone() {
        let mut ram = ram();
        let file = image(175, 0x20_0000, 0x10_0000, 8, &[0xff; 8]);
        load(&file, &mut ram).unwrap_err();
        assert_eq!(ram.load(0x10_0000, Size::Double), Some(0));
    }

    proptest! {
        #[test]
        fn a_damaged_image_never_panics(
            at in 0_usize..128,
            bytes in prop::collection::vec(any::<u8>(), 1..16),
            length in 0_usize..140,
        ) {
            let mut file = image(175, 0x10_0000, 0x10_0000, 16, &[0; 16]);
            for (offset, byte) in bytes.iter().enumerate() {
                if let Some(target) = file.get_mut(at + offset) {
                    *target = *byte;
                }
            }
            file.truncate(length.max(at));
            let _ = load(&file, &mut ram());
        }
    }
}
