//! `mova` and the array prefetch instructions.

use elnic_isa::{ArrayPrefetch, Bundle, Indexing, Kind, MoveFormat, PrefetchSlot};

use crate::alu;

pub(crate) fn moves(lines: &mut Vec<String>, bundle: &Bundle) {
    for (channel, array_move) in bundle.array_moves.iter().enumerate() {
        let Some(array_move) = array_move else { continue };
        let suffix = MoveFormat::ALL
            .into_iter()
            .find(|(format, _)| *format == array_move.format)
            .map_or("", |(_, suffix)| suffix);
        let kind = match array_move.format {
            MoveFormat::Quad | MoveFormat::QuadPacked => Kind::Quad,
            _ => Kind::Double,
        };
        lines.push(format!(
            "mova{suffix},{channel} area = {}, ind = {}, am = {}, be = {}, {}",
            array_move.area,
            array_move.index,
            u8::from(array_move.advance),
            u8::from(array_move.big_endian),
            alu::destination(array_move.dst, kind, false).unwrap_or_default(),
        ));
    }
}

/// The two slots of an array prefetch instruction, one a line.
#[must_use]
pub fn disassemble_prefetch(instruction: &ArrayPrefetch) -> [String; 2] {
    [slot("ct", &instruction.first), slot("dpl", &instruction.second)]
}

fn slot(flag: &str, slot: &PrefetchSlot) -> String {
    let PrefetchSlot { dcd, fmt, mrng, descriptor, asz, abs, disp, .. } = *slot;
    let start = format!("apb {flag}={}", u8::from(slot.flag));
    if fmt == 0 {
        return format!("{start}, fmt=0");
    }
    let (si, indexing) = match slot.indexing {
        Indexing::Register { increment, index } => ("", format!("incr={increment}, ind={index}")),
        Indexing::Area { big_endian, advance, area } => {
            let (be, am) = (u8::from(big_endian), u8::from(advance));
            (", si=1", format!("be={be}, am={am}, area={area}"))
        }
    };
    format!(
        "{start}{si}, dcd={dcd}, fmt={fmt}, mrng={mrng}, d={descriptor}, {indexing}, asz={asz}, abs={abs}, disp={disp:#x}"
    )
}
