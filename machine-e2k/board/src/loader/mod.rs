//! Puts a program into memory and says where it starts.

mod bootblock;
mod elf;
mod mp_table;

use elnic_disasm::Symbols;
use elnic_memory::{FIRMWARE_SIZE, GuestRam};

pub use elf::ElfError;
use elnic_contract::MacAddr;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Address of the first bundle.
    pub entry: u64,
    /// Physical address of the boot block, if there is one.
    pub bootblock: Option<u64>,
}

/// What firmware would tell a kernel about the board.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handover {
    pub(crate) machine: &'static MachineModel,
    /// Processors that run.
    pub(crate) processors: u8,
    /// Address of the first network interface.
    pub(crate) mac: Option<MacAddr>,
}

/// Why a program could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The image is no usable ELF.
    #[error(transparent)]
    Elf(#[from] ElfError),
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
    match program {
        Program::None => Ok(None),
        Program::Firmware(image) => {
            let fits = !image.is_empty() && image.len() as u64 <= FIRMWARE_SIZE;
            let base = board.machine.plan.firmware.base;
            fits.then(|| ram.copy_in(base, image))
                .flatten()
                .ok_or(LoadError::FirmwareSize(image.len()))?;
            Ok(Some(Start { entry: base, bootblock: None }))
        }
        Program::Kernel { image, append, initrd } => {
            let loaded = elf::load(image, ram)?;
            let bootblock = if append.is_some() || initrd.is_some() {
                let append = append.as_deref().unwrap_or_default();
                Some(bootblock::place(&loaded, board, append, initrd.as_deref(), ram)?)
            } else {
                None
            };
            Ok(Some(Start { entry: loaded.entry, bootblock }))
        }
    }
}
