//! Names for addresses.

use std::collections::BTreeMap;

use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSymbol as _, SymbolKind};

use crate::Options;

/// Labels by address; several names of one address: the first added wins.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    by_address: BTreeMap<u64, String>,
}

/// Whether symbols of this kind name code.
pub(crate) fn names_code(kind: SymbolKind) -> bool {
    matches!(kind, SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown)
}

impl Symbols {
    /// The labels of the executable ELF file `data`; none if it is no such file or was stripped of them.
    #[must_use]
    pub fn of_elf(data: &[u8]) -> Self {
        let mut symbols = Self::default();
        if let Ok(file) = ElfFile64::<Endianness>::parse(data) {
            let labels = file
                .symbols()
                .filter(|symbol| names_code(symbol.kind()) && symbol.section_index().is_some());
            for symbol in labels {
                if let Some(name) = symbol.name().ok().filter(|name| !name.is_empty()) {
                    symbols.add(symbol.address(), name);
                }
            }
        }
        symbols
    }

    /// Adds a label.
    pub fn add(&mut self, address: u64, name: impl Into<String>) {
        self.by_address.entry(address).or_insert_with(|| name.into());
    }

    /// The label at exactly `address`.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<&str> {
        self.by_address.get(&address).map(String::as_str)
    }

    /// The nearest label at or before `address`, with the distance.
    #[must_use]
    pub fn before(&self, address: u64) -> Option<(&str, u64)> {
        let (start, name) = self.by_address.range(..=address).next_back()?;
        Some((name, address - start))
    }

    /// `name` or `name+0x10`; nothing where no label comes before.
    #[must_use]
    pub fn describe(&self, address: u64) -> Option<String> {
        let (name, offset) = self.before(address)?;
        Some(if offset == 0 { name.to_owned() } else { format!("{name}+{offset:#x}") })
    }
}

/// A branch target: its address, with a name where there is one.
pub(crate) fn target(address: u64, options: &Options<'_>) -> String {
    match options.symbols.and_then(|symbols| symbols.describe(address)) {
        Some(name) => format!("{address:#x} <{name}>"),
        None => format!("{address:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_by_the_label_before_them() {
        let mut symbols = Symbols::default();
        symbols.add(0x100, "start");
        symbols.add(0x200, "loop");
        symbols.add(0x200, "alias");
        assert_eq!(symbols.describe(0xff), None);
        assert_eq!(symbols.describe(0x108).as_deref(), Some("start+0x8"));
        assert_eq!(symbols.describe(0x200).as_deref(), Some("loop"));
    }
}
