//! Accesses relative to descriptors, and operations on array pointers (e2k-isa.md §8.5, §8.7).

use elnic_contract::Size;
use elnic_isa::{AluInstruction, Op, Operation};

use crate::decode::action::{Action, Part, Pointer, Segment};
use crate::state::number;

/// Name of a descriptor in a mnemonic, numbers of its words, whether it has access rights.
const SEGMENTS: &[(&str, Segment)] = &[
    ("gd", Segment::State { lo: number::GD_LO, hi: number::GD_HI, rights: true }),
    ("cud", Segment::State { lo: number::CUD_LO, hi: number::CUD_HI, rights: false }),
    ("ap", Segment::Pointer),
    ("cs", Segment::State { lo: 0x35, hi: 0x34, rights: false }),
    ("ds", Segment::State { lo: 0x37, hi: 0x36, rights: false }),
    ("es", Segment::State { lo: 0x39, hi: 0x38, rights: false }),
    ("fs", Segment::State { lo: 0x3b, hi: 0x3a, rights: false }),
    ("gs", Segment::State { lo: 0x3d, hi: 0x3c, rights: false }),
    ("ss", Segment::State { lo: 0x3f, hi: 0x3e, rights: false }),
];

fn part(suffix: &str, half: u8) -> Option<Part> {
    Some(match suffix {
        "b" => Part::Plain(Size::Byte),
        "h" => Part::Plain(Size::Half),
        "w" => Part::Plain(Size::Word),
        "d" => Part::Plain(Size::Double),
        "q" => Part::Half(half),
        "qp" => Part::Quad,
        "mqp" => Part::Masked,
        _ => return None,
    })
}

/// A load or store relative to a descriptor; `half` is the offset of this slot of a register pair.
pub(super) fn access(isa: &Operation, half: u8) -> Option<Action> {
    let (rest, stores) = match isa.mnemonic.strip_prefix("ld") {
        Some(rest) => (rest, false),
        None => (isa.mnemonic.strip_prefix("st")?, true),
    };
    SEGMENTS.iter().find_map(|(name, segment)| {
        let part = part(rest.strip_prefix(name)?, half)?;
        Some(if stores {
            Action::StoreRelative(*segment, part)
        } else {
            Action::LoadRelative(*segment, part)
        })
    })
}

/// An operation that makes a pointer or takes one apart.
pub(super) fn pointer(channel: u8, instruction: &AluInstruction) -> Option<Action> {
    let isa = instruction.operation;
    let high = isa.pair(channel).is_some_and(|(_, second)| second == channel);
    let pointer = match isa.op {
        Op::Cudtoap => Pointer::Descriptor { lo: number::CUD_LO, hi: number::CUD_HI },
        Op::Gdtoap => Pointer::Descriptor { lo: number::GD_LO, hi: number::GD_HI },
        Op::Aptoap => Pointer::Moved,
        Op::Aptoapb => Pointer::Rebased,
        Op::Getsap => Pointer::Stack,
        Op::Getva => return Some(Action::PointerAddress),
        _ => return None,
    };
    Some(Action::MakePointer(pointer, high))
}
