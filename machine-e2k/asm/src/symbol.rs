//! Symbols: labels, assigned values, common blocks and numeric local labels.
//!
//! Source: gas manual, "Symbols". Names that begin with `.L` and numeric labels stay out of the image's table.

use std::collections::HashMap;
use std::rc::Rc;

use crate::expression::Expression;
use crate::section::Location;
use crate::source::Line;

/// Index of a symbol in its [`SymbolTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SymbolId(usize);

/// What a symbol stands for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A place.
    Label(Location),
    /// What `.set` or `=` assigned.
    Assigned(Expression),
    /// A block of the common area: size and alignment in bytes.
    Common(u64, u64),
}

/// `.local`, `.global`, `.weak`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Seen by this program only.
    Local,
    /// Seen by others.
    Global,
    /// As global, and 0 if never defined.
    Weak,
}

/// What `.type` says of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolType {
    /// Nothing.
    None,
    /// `#function`.
    Function,
    /// `#object`.
    Object,
}

/// A symbol.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    /// Its name; numeric labels have one that no source can write.
    pub(crate) name: Rc<str>,
    /// What it stands for, once that is known.
    pub(crate) value: Option<Value>,
    /// Who sees it.
    pub(crate) binding: Binding,
    /// What it is.
    pub(crate) kind: SymbolType,
    /// What `.size` said, and where.
    pub(crate) size: Option<(Expression, Line, usize)>,
    /// The line that defined it.
    pub(crate) defined: Option<Line>,
    /// The line and byte offset of its first use.
    pub(crate) used: Option<(Line, usize)>,
}

/// All symbols of a program.
#[derive(Debug, Default)]
pub(crate) struct SymbolTable {
    symbols: Vec<Symbol>,
    names: HashMap<Rc<str>, SymbolId>,
    /// The latest definition and the next one to come of each numeric label.
    numeric: HashMap<u64, (Option<SymbolId>, Option<SymbolId>)>,
}

impl SymbolTable {
    /// The symbol called `name`, which comes into being by being named.
    pub(crate) fn named(&mut self, name: &str) -> SymbolId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let name: Rc<str> = name.into();
        let id = self.add(Rc::clone(&name));
        self.names.insert(name, id);
        id
    }

    /// The symbol called `name` if it was ever named.
    pub(crate) fn find(&self, name: &str) -> Option<SymbolId> {
        self.names.get(name).copied()
    }

    fn add(&mut self, name: Rc<str>) -> SymbolId {
        self.symbols.push(Symbol {
            name,
            value: None,
            binding: Binding::Local,
            kind: SymbolType::None,
            size: None,
            defined: None,
            used: None,
        });
        SymbolId(self.symbols.len() - 1)
    }

    /// Defines numeric label `number` once more.
    pub(crate) fn numeric_definition(&mut self, number: u64) -> SymbolId {
        let (_, coming) = self.numeric.get(&number).copied().unwrap_or_default();
        let id = coming.unwrap_or_else(|| self.add(format!("{number}:").into()));
        self.numeric.insert(number, (Some(id), None));
        id
    }

    /// The symbol `Nf` (the next definition) or `Nb` (the latest one, if there is one) means.
    pub(crate) fn numeric_reference(&mut self, number: u64, forward: bool) -> Option<SymbolId> {
        let (latest, coming) = self.numeric.get(&number).copied().unwrap_or_default();
        if !forward {
            return latest;
        }
        let id = coming.unwrap_or_else(|| self.add(format!("{number}:").into()));
        self.numeric.insert(number, (latest, Some(id)));
        Some(id)
    }

    /// The symbol `id`.
    pub(crate) fn get(&self, id: SymbolId) -> Option<&Symbol> {
        self.symbols.get(id.0)
    }

    /// The symbol `id`, to be changed.
    pub(crate) fn get_mut(&mut self, id: SymbolId) -> Option<&mut Symbol> {
        self.symbols.get_mut(id.0)
    }

    /// All symbols in the order of their first mention.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.symbols.iter().enumerate().map(|(index, symbol)| (SymbolId(index), symbol))
    }

    /// Names that have a value, for suggestions.
    pub(crate) fn known_names(&self) -> impl Iterator<Item = &str> {
        self.symbols
            .iter()
            .filter(|symbol| symbol.value.is_some() && !symbol.is_numeric())
            .map(|symbol| &*symbol.name)
    }
}

impl Symbol {
    /// Whether this is a definition of a numeric label.
    pub(crate) fn is_numeric(&self) -> bool {
        self.name.ends_with(':')
    }

    /// Whether it stays out of the image's table.
    pub(crate) fn is_hidden(&self) -> bool {
        self.is_numeric() || self.name.starts_with(".L")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_labels_look_back_and_ahead() {
        let mut table = SymbolTable::default();
        assert_eq!(table.numeric_reference(1, false), None);
        let ahead = table.numeric_reference(1, true);
        let first = table.numeric_definition(1);
        assert_eq!(ahead, Some(first));
        assert_eq!(table.numeric_reference(1, false), Some(first));
        let second = table.numeric_reference(1, true);
        assert_ne!(second, Some(first));
        assert_eq!(second, Some(table.numeric_definition(1)));
    }

    #[test]
    fn a_name_means_one_symbol() {
        let mut table = SymbolTable::default();
        assert_eq!(table.named("a"), table.named("a"));
        assert_ne!(table.named("a"), table.named("b"));
        assert_eq!(table.find("c"), None);
    }
}
