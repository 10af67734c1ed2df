//! Values in the datasheet's words.

use std::fmt::Write as _;

use elnic_contract::Register;

fn field_value(field: &elnic_contract::Field, value: u64) -> u64 {
    (value & field.mask()).checked_shr(u32::from(field.lo)).unwrap_or(0)
}

/// `value` of `register` with its non-zero fields: `STATUS = 0x00000083 FD=1 LU=1 SPEED=2`.
pub fn describe(register: &Register, value: u64) -> String {
    let digits = usize::from(register.width).saturating_mul(2);
    let mut text =
        format!("{} = {value:#0width$x}", register.name, width = digits.saturating_add(2));
    for field in register.fields {
        let bits = field_value(field, value);
        if bits != 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, " {}={bits:#x}", field.name);
        }
    }
    text
}

/// The fields in which two values of `register` differ: `LU 0x0 -> 0x1`.
pub fn differences(register: &Register, before: u64, after: u64) -> Vec<String> {
    let changed = register.fields.iter().filter(|field| (before ^ after) & field.mask() != 0);
    changed
        .map(|field| {
            let (was, is) = (field_value(field, before), field_value(field, after));
            format!("{} {was:#x} -> {is:#x}", field.name)
        })
        .collect()
}
