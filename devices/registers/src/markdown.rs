//! The register table as a page of documentation.

use std::fmt::Write as _;

use elnic_contract::{Field, Mode, Model, Register};

const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Rw => "RW",
        Mode::Ro => "RO",
        Mode::Wo => "WO",
        Mode::Rc => "RC",
        Mode::W1c => "W1C",
        Mode::W1s => "W1S",
        Mode::Sc => "SC",
        Mode::RcW1c => "RC/W1C",
        Mode::Reserved => "reserved",
        Mode::NotModelled => "not modelled",
    }
}

fn bits(field: &Field) -> String {
    if field.bits == 1 {
        field.lo.to_string()
    } else {
        format!("{}:{}", field.lo.saturating_add(field.bits).saturating_sub(1), field.lo)
    }
}

fn offsets(row: &Register) -> String {
    if row.count == 1 {
        return format!("{:05x}", row.offset);
    }
    let last = u32::from(row.count.saturating_sub(1)).saturating_mul(u32::from(row.stride));
    format!("{:05x}–{:05x} step {}", row.offset, row.offset.saturating_add(last), row.stride)
}

/// The page `docs/registers/NAME.md` of `model`.
pub fn markdown(model: &Model) -> String {
    let mut page = format!("# {}\n\n{}.\n\n", model.name, model.summary);
    // Writing to a String cannot fail.
    let _ = writeln!(page, "Generated from the register table; do not edit.\n");
    for source in model.sources {
        let _ = writeln!(page, "- Source: {source}");
    }
    let unmodelled: Vec<String> = model
        .registers
        .iter()
        .flat_map(|row| {
            let fields = row.fields.iter().filter(|field| field.mode == Mode::NotModelled);
            fields.map(|field| format!("`{}.{}`: {}", row.name, field.name, field.about))
        })
        .collect();
    let _ = writeln!(page, "\n## Not modelled\n");
    if unmodelled.is_empty() {
        let _ = writeln!(page, "Nothing.");
    }
    for line in unmodelled {
        let _ = writeln!(page, "- {line}");
    }
    for (number, region) in model.regions.iter().enumerate() {
        let _ = writeln!(page, "\n## {} ({} bytes)\n", region.name, region.size);
        for row in model.registers.iter().filter(|row| usize::from(row.region) == number) {
            let _ = writeln!(
                page,
                "### {} `{}`\n\n{} bytes, reset `{:#x}`. {} ({})\n",
                offsets(row),
                row.name,
                row.width,
                row.reset,
                row.about,
                row.source
            );
            let _ = writeln!(page, "| bits | field | access | |\n|---|---|---|---|");
            for field in row.fields {
                let volatile = if field.volatile { ", hardware changes it" } else { "" };
                let mode = mode_name(field.mode);
                let _ = writeln!(
                    page,
                    "| {} | {} | {mode}{volatile} | {} |",
                    bits(field),
                    field.name,
                    field.about
                );
            }
            page.push('\n');
        }
    }
    page
}
