//! Finds mistakes in a table of registers.

use elnic_contract::{Field, Model, Register};

use crate::Masks;
use crate::lanes::find;

/// A mistake in a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{register}: {what}")]
pub struct TableProblem {
    /// The row.
    pub register: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// All mistakes in the table of `model`: order, overlap, alignment, fields and reset values.
pub fn check(model: &Model) -> Vec<TableProblem> {
    let mut problems = Vec::new();
    let mut complain = |row: &Register, what: String| {
        problems.push(TableProblem { register: row.name, what });
    };
    let table = model.registers;
    for (row, next) in table.iter().zip(table.iter().skip(1)) {
        if (row.region, row.offset) >= (next.region, next.offset) {
            complain(next, format!("stands behind {} but not above it", row.name));
        }
    }
    for (index, row) in table.iter().enumerate() {
        if table.iter().take(index).any(|other| other.name == row.name) {
            complain(row, "its name is taken".to_owned());
        }
        if row.offset.checked_rem(u32::from(row.width)) != Some(0) {
            complain(
                row,
                format!("offset {:#x} is not aligned to {} bytes", row.offset, row.width),
            );
        }
        for element in 0..row.count {
            let distance = u64::from(row.stride).saturating_mul(u64::from(element));
            let start = u64::from(row.offset).saturating_add(distance);
            for byte in 0..row.width {
                let offset = start.saturating_add(u64::from(byte));
                if find(table, row.region, offset) != Some((index, element, byte)) {
                    complain(row, format!("byte {byte} of element {element} decodes elsewhere"));
                }
            }
            match model.regions.get(usize::from(row.region)) {
                Some(region) if start.saturating_add(u64::from(row.width)) <= region.size => {}
                Some(region) => complain(row, format!("reaches beyond {}", region.name)),
                None => complain(row, format!("there is no region {}", row.region)),
            }
        }
        for problem in field_problems(row) {
            complain(row, problem);
        }
    }
    problems
}

fn field_problems(row: &Register) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = 0;
    let mut highest: Option<&Field> = None;
    for field in row.fields {
        if field.mask() & seen != 0 {
            problems.push(format!("field {} overlaps another", field.name));
        }
        if highest.is_some_and(|other| other.lo > field.lo) {
            problems.push(format!("field {} is out of order", field.name));
        }
        if u16::from(field.lo).saturating_add(u16::from(field.bits))
            > u16::from(row.width).saturating_mul(8)
        {
            problems.push(format!("field {} is wider than the register", field.name));
        }
        seen |= field.mask();
        highest = Some(field);
    }
    let is_memory = row.count >= crate::MEMORY_ELEMENTS;
    let plain =
        row.reset == 0 && row.stride == u16::from(row.width) && Masks::of(row).reserved == 0;
    if is_memory && !plain {
        problems
            .push("a large array resets to zero and has no gaps and no reserved bits".to_owned());
    }
    if row.reset & Masks::of(row).reserved != 0 {
        problems.push(format!("reset value {:#x} sets reserved bits", row.reset));
    }
    problems
}
