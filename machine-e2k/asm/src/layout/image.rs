//! The finished program: sections with their bytes, symbols, entry.

use super::{Known, Output, value};
use crate::diagnostic::{Problem, Reporter};
use crate::expression::NoAddresses;
use crate::section::Sections;
use crate::source::SourceMap;
use crate::symbol::{Binding, SymbolTable, SymbolType, Value};
use crate::{Section, Symbol};

/// A finished program.
#[derive(Debug)]
pub(crate) struct Image {
    /// Where execution begins.
    pub(crate) entry: u64,
    /// The sections of the image in the order of their addresses.
    pub(crate) outputs: Vec<OutputRecord>,
    /// The same with their bytes, for callers.
    pub(crate) sections: Vec<Section>,
    /// What the symbol table of the file says.
    pub(crate) records: Vec<SymbolRecord>,
    /// The same for callers.
    pub(crate) symbols: Vec<Symbol>,
}

/// A section as the file describes it.
#[derive(Debug)]
pub(crate) struct OutputRecord {
    /// Its name.
    pub(crate) name: String,
    /// Address of its first byte.
    pub(crate) address: u64,
    /// Bytes it takes in memory.
    pub(crate) size: u64,
    /// Its alignment.
    pub(crate) align: u64,
    /// Its kind.
    pub(crate) kind: super::Kind,
}

/// A symbol as the file describes it.
#[derive(Debug)]
pub(crate) struct SymbolRecord {
    /// The symbol for callers.
    pub(crate) symbol: Symbol,
    /// Who sees it.
    pub(crate) binding: Binding,
    /// What it is.
    pub(crate) kind: SymbolType,
    /// Index in [`Image::outputs`]; `None`: a plain value.
    pub(crate) output: Option<usize>,
}

impl Image {
    /// Joins the bytes of the sections.
    pub(super) fn new(
        entry: u64,
        outputs: &[Output],
        sections: &Sections,
        records: Vec<SymbolRecord>,
    ) -> Self {
        let finished = outputs
            .iter()
            .map(|output| {
                let size = usize::try_from(output.size).unwrap_or(0);
                let mut bytes = vec![0; size];
                for (id, distance) in &output.parts {
                    let part = sections.get(*id).map_or(&[][..], |section| &section.bytes);
                    let start = usize::try_from(*distance).unwrap_or(usize::MAX);
                    let end = start.saturating_add(part.len());
                    if let Some(target) = bytes.get_mut(start..end) {
                        target.copy_from_slice(part);
                    }
                }
                Section { name: output.name.clone(), address: output.address, bytes }
            })
            .collect();
        let described = outputs
            .iter()
            .map(|output| OutputRecord {
                name: output.name.clone(),
                address: output.address,
                size: output.size,
                align: output.align,
                kind: output.kind,
            })
            .collect();
        let symbols = records.iter().map(|record| record.symbol.clone()).collect();
        Self { entry, outputs: described, sections: finished, records, symbols }
    }
}

/// The symbols of the image, local ones first.
pub(super) fn symbols(
    symbols: &SymbolTable,
    known: &Known,
    outputs: &[Output],
    sections: &Sections,
    map: &SourceMap,
    reporter: &mut Reporter,
) -> Vec<SymbolRecord> {
    let mut records = Vec::new();
    for (id, symbol) in symbols.iter() {
        let Some(kind) = &symbol.value else { continue };
        if symbol.is_hidden() {
            continue;
        }
        let Some(address) = value(symbols, known, id) else { continue };
        let size = symbol.size.as_ref().and_then(|(expression, line, offset)| {
            let size = expression.evaluate(symbols, known).ok();
            if size.is_none() {
                let message = format!("the size of '{}' has no value", symbol.name);
                reporter.warning(map, line, Problem::at(*offset, message));
            }
            size.and_then(|size| u64::try_from(size.number).ok())
        });
        let section = match kind {
            Value::Label(location) => Some(location.section),
            Value::Assigned(expression) => {
                expression.evaluate(symbols, &NoAddresses).ok().and_then(|value| value.section)
            }
            Value::Common(..) => None,
        };
        let common = matches!(kind, Value::Common(..));
        let output = outputs.iter().position(|output| match section {
            Some(section) => output.parts.iter().any(|(part, _)| *part == section),
            None => common && output.name == ".bss",
        });
        // Labels in empty sections belong to none of the image.
        let name = output
            .and_then(|index| outputs.get(index))
            .map(|output| output.name.clone())
            .or_else(|| section.and_then(|id| sections.get(id)).map(|s| s.name.to_string()));
        let size = match kind {
            Value::Common(size, _) => *size,
            _ => size.unwrap_or(0),
        };
        records.push(SymbolRecord {
            symbol: Symbol {
                name: symbol.name.to_string(),
                value: address,
                size,
                global: symbol.binding != Binding::Local,
                section: name,
            },
            binding: symbol.binding,
            kind: symbol.kind,
            output,
        });
    }
    records.sort_by_key(|record| record.binding != Binding::Local);
    records
}
