//! Puts a program into memory and says where it starts.

mod bootblock;
mod device_tree;
mod elf;
mod image;
mod mp_table;
mod system;

use elnic_disasm::Symbols;
use elnic_memory::{FIRMWARE_SIZE, GuestRam};

pub use elf::ElfError;
use elnic_contract::{ClockHz, MacAddr};
pub use image::EntryMode;
use image::Kernel;
use serde::{Deserialize, Serialize};
pub use system::SystemImage;

use crate::models::MachineModel;

/// What the machine starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Program {
    /// Nothing: there is only RAM. Such a machine cannot run; tests and debuggers fill it themselves.
    #[default]
    None,
    /// An ELF image at its physical addresses.
    Kernel {
        /// The image.
        image: Vec<u8>,
        /// What the boot block says as command line.
        append: Option<String>,
        /// What lies in memory as initial RAM disk.
        initrd: Option<Vec<u8>>,
    },
    /// A raw image in firmware RAM, started at its first byte.
    Firmware(Vec<u8>),
}

impl Program {
    /// The labels of its image; a raw image has none.
    pub(crate) fn symbols(&self) -> Symbols {
        match self {
            Self::Kernel { image, .. } => Symbols::of_elf(image),
            Self::Firmware(_) | Self::None => Symbols::default(),
        }
    }
}

/// Where a program starts and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Address of the first bundle.
    pub entry: u64,
    /// Physical address of the boot block, if there is one.
    pub bootblock: Option<u64>,
    /// The system that every processor enters there, if it is one.
    pub system: Option<SystemImage>,
}

/// What firmware would tell a kernel about the board.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    pub(crate) machine: &'static MachineModel,
    /// How the kernel is entered.
    pub(crate) entry: EntryMode,
    /// A device tree to hand over instead of the board's own.
    pub(crate) dtb: Option<Vec<u8>>,
    /// Serial number of the machine.
    pub(crate) serial: u64,
    /// The processors' clock.
    pub(crate) clock: ClockHz,
    /// Processors that run.
    pub(crate) processors: u8,
    /// Address of the first network interface.
    pub(crate) mac: Option<MacAddr>,
}

impl Handover {
    /// A board with one processor and nothing else to tell.
    #[cfg(test)]
    pub(crate) fn new(machine: &'static MachineModel) -> Self {
        let clock = crate::MachineConfig::new(machine).cpu.clock;
        let (entry, dtb, serial) = (EntryMode::Auto, None, 0);
        Self { machine, entry, dtb, serial, clock, processors: 1, mac: None }
    }
}

/// Why a program could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The image is no usable ELF.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// An image with a header has no ELF entry.
    #[error(
        "entry=elf: the image has a boot header and no ELF entry; entry=scall12 and entry=offset0 go with it"
    )]
    NoElfEntry,
    /// The entry lies behind the image.
    #[error("the kernel is entered at offset {offset:#x}, but its image has {size:#x} bytes")]
    EntryOutside {
        /// Offset of the entry.
        offset: u64,
        /// Bytes of the image.
        size: u64,
    },
    /// A raw kernel does not fit where it goes.
    #[error(
        "a kernel of {size:#x} bytes does not fit at {base:#x}: low RAM ends at {ram_end:#x}, and the address is a multiple of 8"
    )]
    RawOutside {
        /// Where it goes.
        base: u64,
        /// Its bytes.
        size: u64,
        /// First byte after low RAM.
        ram_end: u64,
    },
    /// The given device tree is none.
    #[error("the device tree does not begin with d00dfeed, or is shorter or longer than it says")]
    DeviceTree,
    /// The board's own device tree could not be made.
    #[error("the device tree cannot be made: {0}")]
    TreeWriter(#[from] vm_fdt::Error),
    /// There is nobody to read a device tree or to be entered in another way.
    #[error("{0} is for a kernel: with firmware there is nobody to take it")]
    NoKernel(&'static str),
    /// The firmware image has no bytes, or too many.
    #[error("a firmware image of {0} bytes is outside 1 to {FIRMWARE_SIZE}")]
    FirmwareSize(usize),
    /// The command line does not fit its field.
    #[error("a command line of {0} bytes does not fit the boot block: at most {max}", max = bootblock::LONG_COMMAND_LINE - 1)]
    CommandLine(usize),
    /// RAM disk and boot block do not fit beside the kernel.
    #[error(
        "an initial RAM disk of {size} bytes and the boot block do not fit between the kernel's end at {kernel_end:#x} and the end of low RAM at {ram_end:#x}"
    )]
    NoRoom {
        /// Bytes of the RAM disk.
        size: u64,
        /// First byte after the kernel.
        kernel_end: u64,
        /// First byte after low RAM.
        ram_end: u64,
    },
}

/// Loads `program` into `ram`; `None` if there is nothing to start.
///
/// # Errors
/// The image is none, or does not fit.
pub(crate) fn load(
    program: &Program,
    board: &Handover,
    ram: &mut GuestRam,
) -> Result<Option<Start>, LoadError> {
    if !matches!(program, Program::Kernel { .. }) {
        if board.dtb.is_some() {
            return Err(LoadError::NoKernel("a device tree"));
        }
        if board.entry != EntryMode::Auto {
            return Err(LoadError::NoKernel("an entry"));
        }
    }
    match program {
        Program::None => Ok(None),
        Program::Firmware(image) => {
            let fits = !image.is_empty() && image.len() as u64 <= FIRMWARE_SIZE;
            let base = board.machine.plan.firmware.base;
            fits.then(|| ram.copy_in(base, image))
                .flatten()
                .ok_or(LoadError::FirmwareSize(image.len()))?;
            Ok(Some(Start { entry: base, bootblock: None, system: None }))
        }
        Program::Kernel { image, append, initrd } => {
            let Kernel { loaded, is_system } = image::load(image, board.entry, ram)?;
            let told = append.is_some() || initrd.is_some() || board.dtb.is_some();
            if !told && !is_system {
                return Ok(Some(Start { entry: loaded.entry, bootblock: None, system: None }));
            }
            let append = append.as_deref().unwrap_or_default();
            let initrd = initrd.as_deref().unwrap_or_default();
            let placed = bootblock::place(&loaded, board, append, initrd, is_system, ram)?;
            let size = loaded.end - loaded.start;
            let system = SystemImage { base: loaded.start, size, stacks: placed.stacks };
            let system = is_system.then_some(system);
            Ok(Some(Start { entry: loaded.entry, bootblock: Some(placed.block), system }))
        }
    }
}
