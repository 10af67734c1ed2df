//! What a function decodes, set or not: what `info pci` shows.

use crate::bar::BarKind;
use crate::{PciFunction, Space};

/// Number that the expansion ROM has among the base address registers.
const ROM_NUMBER: u8 = 6;

/// A range of addresses that a function has a register for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// Number of its base address register; 6 for the expansion ROM.
    pub number: u8,
    /// In which address space.
    pub space: Space,
    /// Its address has 64 bits.
    pub wide: bool,
    /// Reading it has no effect.
    pub prefetchable: bool,
    /// Length in bytes.
    pub size: u64,
    /// First address, while the function answers to it.
    pub base: Option<u64>,
}

impl PciFunction {
    /// Everything the function could answer to, ascending by number.
    pub fn decoders(&self) -> impl Iterator<Item = Decoder> + '_ {
        let base_of = |window| {
            self.mappings().find(|mapping| mapping.window == window).map(|mapping| mapping.base)
        };
        let bars = self.bars.iter().map(move |bar| Decoder {
            number: bar.slot,
            space: bar.space(),
            wide: matches!(bar.kind, BarKind::Memory64 { .. }),
            prefetchable: bar.kind == BarKind::Memory64 { prefetchable: true },
            size: bar.size,
            base: base_of(bar.window),
        });
        let rom = self.rom.iter().map(move |rom| Decoder {
            number: ROM_NUMBER,
            space: Space::Memory,
            wide: false,
            prefetchable: false,
            size: rom.size(),
            base: base_of(crate::Window::Rom),
        });
        bars.chain(rom)
    }
}
