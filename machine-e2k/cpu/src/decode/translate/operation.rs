//! Operations: operands, guards, and which function does the work.

use elnic_contract::Size;
use elnic_isa::{
    AluInstruction, Destination, IsaVersion, Kind, Literals, Op, QualifierSource, Register, Source,
    StateRegister,
};

use super::protected;
use crate::alu::{
    combined, compare, divide, field, flags, float, integer, multiply, packed, shift,
};
use crate::decode::action::{Action, ArrayAccess, Class, Operation};
use crate::decode::operand::{Guard, Operand, Target, Width};
use crate::state::number;
use crate::state::registers::{TAG_BOTH, TAG_LOW};

/// The operation on `channel`.
pub(super) fn operation(
    bundle: &elnic_isa::Bundle,
    length: u8,
    channel: u8,
    instruction: &AluInstruction,
    version: IsaVersion,
) -> Operation {
    let isa = instruction.operation;
    let sources = [instruction.src1, instruction.src2, instruction.src3]
        .map(|source| operand(source, &bundle.literals));
    let guard = guard(bundle, channel, false);
    let action = match action(bundle, channel, instruction, version) {
        Action::ReadState(StateRegister(number::NIP)) => Action::ReadNext(length),
        action => action,
    };
    let mut tagged = [isa.src[0], isa.src[1], isa.src[2]].map(|kind| match kind {
        // Pointers have tags of their own.
        Kind::Quad => 0,
        Kind::Single => TAG_LOW,
        _ => TAG_BOTH,
    });
    if matches!(action, Action::StoreRecovery | Action::StoreRecoveryQuad) {
        // It is there to store what is no number.
        tagged[2] = 0;
    }
    Operation {
        action,
        effect: action.effect(),
        sources,
        target: target(instruction.dst),
        width: match isa.dst {
            Kind::Single => Width::Single,
            Kind::Extended => Width::Extended,
            Kind::QuadPacked => Width::Quad,
            _ => Width::Double,
        },
        channel,
        speculative: instruction.speculative,
        guarded: !guard.is_always(),
        mas: bundle.mas(channel),
        class: class(isa),
        tagged,
        guard,
        merge: self::guard(bundle, channel, true),
        name: isa.mnemonic,
    }
}

/// Where `ibranchd` or `icalld` lead, and the shift of the window of a call.
pub(super) fn computed_target(bundle: &elnic_isa::Bundle) -> Option<(Operand, Option<u8>)> {
    let instruction = bundle.alu[0].as_ref()?;
    let target = operand(instruction.src2, &bundle.literals);
    match (instruction.operation.op, instruction.src1) {
        (Op::Ibranchd, _) => Some((target, None)),
        (Op::Icalld, Source::Immediate(wbs)) => Some((target, Some(wbs & 0x7f))),
        _ => None,
    }
}

/// Where a result goes.
pub(super) fn target(destination: Destination) -> Target {
    match destination {
        Destination::Register(Register::Window(number)) => Target::Window(number & 0x3f),
        Destination::Register(Register::Based(number)) => Target::Based(number & 0x7f),
        Destination::Register(Register::Global(number)) => Target::Global(number & 0x1f),
        Destination::Predicate(number) => Target::Predicate(number & 0x1f),
        Destination::ControlTransfer(register) => Target::Ctpr(register.number() - 1),
        _ => Target::Nothing,
    }
}

fn operand(source: Source, literals: &Literals) -> Operand {
    match source {
        Source::Register(Register::Window(number)) => Operand::Window(number & 0x3f),
        Source::Register(Register::Based(number)) => Operand::Based(number & 0x7f),
        Source::Register(Register::Global(number)) => Operand::Global(number & 0x1f),
        Source::Constant(value) | Source::Immediate(value) => Operand::Constant(value.into()),
        Source::Literal(literal) => Operand::Constant(literals.value(literal).unwrap_or_default()),
        // The literal of an array address is its displacement.
        Source::Array(address) => {
            let word = address.literal.map(elnic_isa::Literal::Word);
            Operand::Constant(word.and_then(|word| literals.value(word)).unwrap_or_default())
        }
        Source::Absent | Source::State(_) | Source::Aau(_) => Operand::Constant(0),
    }
}

/// All qualifiers of `channel`: those of its merge, or those of the operation itself.
fn guard(bundle: &elnic_isa::Bundle, channel: u8, merge: bool) -> Guard {
    let mut guard = Guard::default();
    let terms = bundle
        .qualifiers
        .iter()
        .flatten()
        .filter(|qualifier| qualifier.merge == merge)
        .filter_map(|qualifier| qualifier.term(channel));
    terms.for_each(|term| add_term(&mut guard, term));
    guard
}

fn add_term(guard: &mut Guard, term: elnic_isa::Term) {
    let (condition, number) = match term.source {
        QualifierSource::Predicate(number) => (&mut guard.predicates, number),
        QualifierSource::Prologue(number) => (&mut guard.stages, number),
    };
    let mask = if term.negated { &mut condition.unwanted } else { &mut condition.wanted };
    *mask |= 1 << (number & 31);
}

fn action(
    bundle: &elnic_isa::Bundle,
    channel: u8,
    instruction: &AluInstruction,
    version: IsaVersion,
) -> Action {
    let isa = instruction.operation;
    let op = isa.op;
    if let Some(memory) = memory_action(op, channel, instruction) {
        return memory;
    }
    match (instruction.src1, instruction.dst) {
        (Source::Array(_), _) | (_, Destination::Aau(_)) | (Source::Aau(_), _) => {
            return array_action(bundle, channel, instruction);
        }
        (Source::State(register), _) => return Action::ReadState(register),
        (_, Destination::State(register)) => return Action::WriteState(register),
        (_, Destination::ControlTransfer(_))
            if matches!(op, Op::Movtd | Op::Movtcd | Op::Movtrd | Op::Movtrcd | Op::Getpl) =>
        {
            return Action::Prepare;
        }
        (_, Destination::Trap(register)) => return Action::WriteTrapRegister(register as u8),
        _ => {}
    }
    if let Some((first, second)) = combined::stages(isa) {
        return Action::Combined(first, second);
    }
    let binary = integer::binary(op)
        .or_else(|| shift::binary(op))
        .or_else(|| field::binary(op, version))
        .or_else(|| multiply::binary(op));
    let ternary = integer::ternary(op).or_else(|| field::ternary(op));
    match op {
        Op::Adds | Op::Addd => Action::Add,
        Op::Subs | Op::Subd => Action::Sub,
        Op::Merges | Op::Merged | Op::Pmrgp | Op::Qpmrgp => Action::Merge,
        Op::Getsp => Action::GetStack,
        Op::Gettags | Op::Gettagd => Action::GetTag,
        Op::Puttags | Op::Puttagd | Op::Puttagqp => Action::PutTag,
        Op::Getpl => Action::Binary(|_, b| b),
        Op::Ibranchd | Op::Icalld => Action::Target,
        Op::Gettc => Action::ReadTrapRegister,
        Op::Invtc => Action::InvalidateTrapRegister,
        _ => None
            .or(binary.map(Action::Binary))
            .or(ternary.map(Action::Ternary))
            .or_else(|| protected::pointer(channel, instruction))
            .or_else(|| flags::operation(isa.mnemonic).map(Action::Ternary))
            .or_else(|| compare::relation(op).map(Action::Compare))
            .or_else(|| divide::division(op).map(Action::Divide))
            .or_else(|| packed::operation(op).map(Action::Packed))
            .or_else(|| packed::relation(op).map(Action::ComparePacked))
            .or_else(|| float::operation(op).map(|(function, unit)| Action::Float(function, unit)))
            .or_else(|| {
                float::comparison(op).map(|(function, unit)| Action::CompareFloat(function, unit))
            })
            .or_else(|| float::stages(isa).map(Action::FloatCombined))
            .or_else(|| isa.truth_table().map(Action::TruthTable))
            .unwrap_or(Action::Unimplemented),
    }
}

/// Stores through descriptors and accesses to registers of the array access unit.
fn array_action(bundle: &elnic_isa::Bundle, channel: u8, instruction: &AluInstruction) -> Action {
    let high = half(instruction.operation, channel) != 0;
    let scale = match instruction.operation.op {
        Op::Staab | Op::Ldaab => 0,
        Op::Staah | Op::Ldaah => 1,
        Op::Staaw | Op::Ldaaw => 2,
        Op::Staad | Op::Ldaad => 3,
        Op::Staaq | Op::Ldaaq | Op::Staaqp | Op::Ldaaqp => 4,
        Op::Aaurw | Op::Aaurwd | Op::Aaurwq => {
            return match instruction.dst {
                Destination::Aau(register) => Action::WriteAau(register, high),
                _ => Action::Unimplemented,
            };
        }
        Op::Aaurr | Op::Aaurrd | Op::Aaurrq => {
            return match instruction.src1 {
                Source::Aau(register) => Action::ReadAau(register, high),
                _ => Action::Unimplemented,
            };
        }
        _ => return Action::Unimplemented,
    };
    let Source::Array(address) = instruction.src1 else { return Action::Unimplemented };
    let mut advances = Guard::default();
    if let Some(term) = bundle.increment_condition(channel) {
        add_term(&mut advances, term);
    }
    let isa = instruction.operation;
    let access = ArrayAccess {
        descriptor: address.descriptor & 0x1f,
        index: address.index & 0xf,
        increment: address.advance.then_some(address.increment & 7),
        half: half(isa, channel),
        whole: matches!(isa.op, Op::Staaqp | Op::Ldaaqp),
        advances,
        scale,
    };
    if isa.mnemonic.starts_with("ld") {
        Action::LoadArray(access)
    } else {
        Action::StoreArray(access)
    }
}

/// How long its result takes.
fn class(isa: &elnic_isa::Operation) -> Class {
    match isa.op {
        Op::Muls | Op::Muld | Op::Umulx | Op::Smulx | Op::Umulhd | Op::Smulhd => Class::Multiply,
        op if divide::division(op).is_some() => Class::Divide,
        _ if isa.mnemonic.starts_with("ld") => Class::Load,
        _ if isa.mnemonic.starts_with("fcmp") && isa.dst == Kind::Predicate => Class::FloatCompare,
        _ if isa.dst == Kind::Predicate => Class::Compare,
        _ if isa.mnemonic.contains("div") || isa.mnemonic.contains("sqrt") => Class::FloatDivide,
        _ if isa.mnemonic.starts_with('f') => Class::Float,
        _ if isa.mnemonic.starts_with('p') && isa.extension.is_some() => Class::Packed,
        _ if isa.mnemonic.starts_with("qp") => Class::Packed,
        _ => Class::Integer,
    }
}

/// The second slot of a register pair moves the upper half: offset of that of `channel`.
fn half(isa: &elnic_isa::Operation, channel: u8) -> u8 {
    let is_second = isa.pair(channel).is_some_and(|(_, second)| second == channel);
    if is_second { 8 } else { 0 }
}

fn memory_action(op: Op, channel: u8, instruction: &AluInstruction) -> Option<Action> {
    let half = half(instruction.operation, channel);
    Some(match op {
        Op::Ldb => Action::Load(Size::Byte),
        Op::Ldh => Action::Load(Size::Half),
        Op::Ldw => Action::Load(Size::Word),
        Op::Ldd => Action::Load(Size::Double),
        Op::Ldq => Action::LoadHalf(half),
        Op::Ldqp => Action::LoadQuad,
        Op::Stb => Action::Store(Size::Byte),
        Op::Sth => Action::Store(Size::Half),
        Op::Stw => Action::Store(Size::Word),
        Op::Std => Action::Store(Size::Double),
        Op::Stq => Action::StoreHalf(half),
        Op::Stqp => Action::StoreQuad,
        Op::Stmqp => Action::StoreMasked,
        Op::Ldrd => Action::LoadRecovery,
        Op::Strd => Action::StoreRecovery,
        Op::Ldrqp => Action::LoadRecoveryQuad,
        Op::Strqp => Action::StoreRecoveryQuad,
        _ => return protected::access(instruction.operation, half),
    })
}

#[cfg(test)]
mod tests {
    use elnic_isa::{AauFile, AauRegister, ArrayAddress, Format, IsaVersion, Operation as Row};

    use super::*;

    /// What the public sources name without saying what it does.
    const UNKNOWN: &[&str] =
        &["vfsi", "vfbgv", "modbgv", "mkfsw", "qpcheckd", "qpcheckq", "qpchecks"];

    /// Object descriptors, which version 3 did away with, and of which there is no description either.
    fn is_of_objects(mnemonic: &str) -> bool {
        mnemonic.starts_with("ldod")
            || mnemonic.starts_with("stod")
            || matches!(mnemonic, "cast" | "getsod" | "gettd" | "odtoap" | "tdtomp")
    }

    fn instruction(row: &'static Row) -> AluInstruction {
        let register = Source::Register(Register::Window(0));
        let aau = AauRegister { file: AauFile::Aad, number: 0 };
        let array =
            ArrayAddress { descriptor: 0, index: 0, increment: 0, advance: false, literal: None };
        let src1 = match row.format {
            Format::Alopf10 | Format::Alopf19 => Source::Array(array),
            Format::Alopf16 => Source::State(StateRegister(0)),
            Format::AauRead => Source::Aau(aau),
            _ => register,
        };
        let dst = match row.format {
            Format::Alopf15 => Destination::State(StateRegister(0)),
            Format::AauWrite => Destination::Aau(aau),
            _ if row.mnemonic.starts_with("puttc") || row.mnemonic.starts_with("puttst") => {
                Destination::Trap(elnic_isa::TrapRegister::Tc)
            }
            _ => Destination::Register(Register::Window(0)),
        };
        AluInstruction {
            operation: row,
            speculative: false,
            src1,
            src2: register,
            src3: register,
            dst,
        }
    }

    #[test]
    fn every_operation_of_versions_2_to_6_does_something() {
        let mut lacking: Vec<&str> = Row::all()
            .iter()
            .filter(|row| row.until >= IsaVersion::V2 && row.since <= IsaVersion::V6)
            .filter(|row| {
                let channel = row.channels.iter().next().expect("a channel");
                let action = action(
                    &elnic_isa::Bundle::default(),
                    channel,
                    &instruction(row),
                    IsaVersion::V6,
                );
                matches!(action, Action::Unimplemented)
            })
            .map(|row| row.mnemonic)
            .filter(|mnemonic| !is_of_objects(mnemonic))
            .collect();
        lacking.sort_unstable();
        lacking.dedup();
        let mut expected = UNKNOWN.to_vec();
        expected.sort_unstable();
        assert_eq!(lacking, expected);
    }
}
