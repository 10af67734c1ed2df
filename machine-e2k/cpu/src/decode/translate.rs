//! [`elnic_isa::Bundle`] to [`Bundle`].

use elnic_contract::Size;
use elnic_isa::{
    AluInstruction, Control0, Control1, ControlCondition, Destination, Kind, Literals, Op,
    QualifierSource, Register, Source, Stub,
};

use super::bundle::{
    Action, Advances, ArrayAccess, Bundle, Class, Guard, Limits, Logic, LogicStep, Move, Operand,
    Operation, Prepare, Resize, Setup, Target, Transfer, Width,
};
use super::order::arrange;
use crate::alu::{combined, compare, divide, field, float, integer, multiply, packed, shift};
use crate::config::Config;
use crate::exception::ExceptionKind;
use crate::state::registers::{TAG_BOTH, TAG_LOW};
use crate::trap::{Reason, Trap};

/// The compact form of `bundle`, which is `length` bytes long.
///
/// # Errors
/// Combinations that are no bundle although each syllable is in order.
pub(crate) fn translate(
    bundle: &elnic_isa::Bundle,
    length: u8,
    config: &Config,
) -> Result<Bundle, Trap> {
    let mut operations = Vec::new();
    for (channel, instruction) in (0..6).zip(&bundle.alu) {
        if let Some(instruction) = instruction {
            operations.push(operation(bundle, channel, instruction));
        }
    }
    check_grouping(&operations)?;

    let (transfer, condition) = transfer(bundle)?;
    let setup = setup(bundle, config);
    let stub = bundle.transfer();
    let advances = Advances { alc: stub.alc, abn: stub.abn, abp: stub.abp };
    let resizes = setup.as_ref().is_some_and(|setup| setup.resize.is_some());
    let memory = operations.iter().any(|operation| operation.loads() || operation.stores())
        || setup.is_some()
        || matches!(transfer, Transfer::Call(..) | Transfer::CallDirect(..) | Transfer::Through(_));
    let moves = setup.as_ref().map_or(&[][..], |setup| &setup.moves);
    let limits = limits(&operations, moves);
    let plain = operations.iter().all(Operation::is_plain);
    let direct = (plain || !resizes) && arrange(&mut operations);
    Ok(Bundle {
        operations: operations.into(),
        direct,
        memory,
        loop_mode: bundle.loop_mode,
        length,
        cycles: 1 + bundle.nop,
        limits,
        transfer,
        condition,
        advances: (advances != Advances::default()).then_some(advances),
        setup: setup.map(Box::new),
    })
}

/// A store on channel 2 excludes a load on 3, one on 5 a load on 0 (e2k-isa.md §8.1).
fn check_grouping(operations: &[Operation]) -> Result<(), Trap> {
    let on = |channel, stores: bool| {
        operations.iter().any(|operation| {
            operation.channel == channel
                && if stores { operation.stores() } else { operation.loads() }
        })
    };
    if on(2, true) && on(3, false) || on(5, true) && on(0, false) {
        return Err(Trap::new(
            ExceptionKind::IllegalOpcode,
            Reason::Text("a store on channel 2 with a load on 3, or on 5 with a load on 0"),
        ));
    }
    Ok(())
}

/// One above the highest register numbers.
fn limits(operations: &[Operation], moves: &[Move]) -> Limits {
    let (mut read, mut written, mut based) = (0, 0, 0);
    let targets = operations.iter().map(|operation| operation.target);
    for target in targets.chain(moves.iter().map(|array_move| array_move.target)) {
        match target {
            Target::Window(number) => written = written.max(u16::from(number) + 1),
            Target::Based(number) => based = based.max(u16::from(number) + 1),
            _ => {}
        }
    }
    for operation in operations {
        for source in operation.sources {
            match source {
                Operand::Window(number) => read = read.max(u16::from(number) + 1),
                Operand::Based(number) => based = based.max(u16::from(number) + 1),
                Operand::Global(_) | Operand::Constant(_) => {}
            }
        }
    }
    Limits::new(read, written, based)
}

fn operation(bundle: &elnic_isa::Bundle, channel: u8, instruction: &AluInstruction) -> Operation {
    let isa = instruction.operation;
    let sources = [instruction.src1, instruction.src2, instruction.src3]
        .map(|source| operand(source, &bundle.literals));
    let guard = guard(bundle, channel, false);
    Operation {
        action: action(bundle, channel, instruction),
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
        tagged: [isa.src[0], isa.src[1], isa.src[2]].map(|kind| match kind {
            Kind::Single => TAG_LOW,
            _ => TAG_BOTH,
        }),
        guard,
        merge: self::guard(bundle, channel, true),
        name: isa.mnemonic,
    }
}

fn target(destination: Destination) -> Target {
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

fn action(bundle: &elnic_isa::Bundle, channel: u8, instruction: &AluInstruction) -> Action {
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
        (_, Destination::ControlTransfer(_)) if matches!(op, Op::Movtd) => return Action::Prepare,
        _ => {}
    }
    if let Some((first, second)) = combined::stages(isa) {
        return Action::Combined(first, second);
    }
    let binary = integer::binary(op)
        .or_else(|| shift::binary(op))
        .or_else(|| field::binary(op))
        .or_else(|| multiply::binary(op));
    let ternary = integer::ternary(op).or_else(|| field::ternary(op));
    match op {
        Op::Adds | Op::Addd => Action::Add,
        Op::Subs | Op::Subd => Action::Sub,
        Op::Merges | Op::Merged | Op::Pmrgp | Op::Qpmrgp => Action::Merge,
        Op::Getsp => Action::GetStack,
        Op::Gettags | Op::Gettagd => Action::GetTag,
        Op::Puttags | Op::Puttagd => Action::PutTag,
        _ => None
            .or(binary.map(Action::Binary))
            .or(ternary.map(Action::Ternary))
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
    let scale = match instruction.operation.op {
        Op::Staab => 0,
        Op::Staah => 1,
        Op::Staaw => 2,
        Op::Staad => 3,
        Op::Staaqp => 4,
        Op::Aaurw | Op::Aaurwd => {
            return match instruction.dst {
                Destination::Aau(register) => Action::WriteAau(register),
                _ => Action::Unimplemented,
            };
        }
        Op::Aaurr | Op::Aaurrd => {
            return match instruction.src1 {
                Source::Aau(register) => Action::ReadAau(register),
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
    Action::StoreArray(ArrayAccess {
        descriptor: address.descriptor & 0x1f,
        index: address.index & 0xf,
        increment: address.advance.then_some(address.increment & 7),
        advances,
        scale,
    })
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

fn memory_action(op: Op, channel: u8, instruction: &AluInstruction) -> Option<Action> {
    // The second slot of a register pair moves the upper half.
    let half = instruction
        .operation
        .pair(channel)
        .map_or(0, |(_, second)| if second == channel { 8 } else { 0 });
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
        _ => return None,
    })
}

fn transfer(bundle: &elnic_isa::Bundle) -> Result<(Transfer, ControlCondition), Trap> {
    let stub = bundle.transfer();
    let register = stub.register.map(|register| register.number() - 1);
    let transfer = match (bundle.control1, register, bundle.control0) {
        (Some(Control1::Call { wbs }), Some(register), _) => Transfer::Call(register, wbs),
        (Some(Control1::Call { .. }), None, _) => {
            return Err(Trap::new(
                ExceptionKind::IllegalOpcode,
                Reason::Text("a call names no control transfer register"),
            ));
        }
        (Some(Control1::Icall { wbs }), _, Some(Control0::IcallTarget(target))) => {
            Transfer::CallDirect(target, wbs)
        }
        (Some(Control1::Hcall { .. }), _, _) => Transfer::Unimplemented("hcall"),
        (_, Some(register), _) => Transfer::Through(register),
        (_, None, Some(Control0::Ibranch(target))) => Transfer::Branch(target),
        (_, None, Some(Control0::Done { .. })) => Transfer::Done,
        (_, None, Some(Control0::Iret)) => Transfer::Unimplemented("iret"),
        (_, None, Some(Control0::Hret)) => Transfer::Unimplemented("hret"),
        (_, None, Some(Control0::Glaunch)) => Transfer::Unimplemented("glaunch"),
        _ => Transfer::None,
    };
    let condition =
        if transfer == Transfer::None { ControlCondition::Never } else { stub.condition };
    Ok((transfer, condition))
}

fn setup(bundle: &elnic_isa::Bundle, config: &Config) -> Option<Setup> {
    let mut setup = Setup::default();
    let mut any = control1(bundle, config, &mut setup);
    setup.prepare = match bundle.control0 {
        Some(Control0::Disp(register, target)) => {
            Some(Prepare::Disp(register.number() - 1, target))
        }
        Some(Control0::Ldisp(target)) => Some(Prepare::Ldisp(target)),
        Some(Control0::Sdisp(register, entry)) => {
            Some(Prepare::Sdisp(register.number() - 1, entry))
        }
        Some(Control0::Return) => Some(Prepare::Return),
        _ => None,
    };
    setup.logic = logic(bundle);
    setup.moves = moves(bundle);
    setup.start_prefetch = bundle.transfer().bap;
    any |= !setup.moves.is_empty() || setup.start_prefetch;
    let stub = bundle.transfer();
    setup.abg = stub.abg;
    setup.unimplemented = match (bundle.stub, bundle.control0) {
        _ if setup.unimplemented.is_some() => setup.unimplemented,
        (Some(Stub::Descriptor { .. }), _) => Some("invts/flushts"),
        (_, Some(Control0::Puttsd(_))) => Some("puttsd"),
        (_, Some(Control0::Gettsd(_))) => Some("gettsd"),
        _ if stub.recovery_point.is_some() => Some("srp/crp/slrp"),
        _ => None,
    };
    any |= setup.prepare.is_some() || setup.logic.is_some() || setup.unimplemented.is_some();
    any |= setup.abg != elnic_isa::GlobalRotation::default();
    any.then_some(setup)
}

fn moves(bundle: &elnic_isa::Bundle) -> Vec<Move> {
    let moves = (0..).zip(&bundle.array_moves);
    let moves = moves.filter_map(|(channel, array_move)| {
        let array_move = array_move.as_ref()?;
        Some(Move {
            channel,
            format: array_move.format,
            big_endian: array_move.big_endian,
            area: array_move.area & 0x1f,
            offset: array_move.index,
            advance: array_move.advance,
            target: target(array_move.dst),
        })
    });
    moves.collect()
}

/// CS1; whether it asks for anything.
fn control1(bundle: &elnic_isa::Bundle, config: &Config, setup: &mut Setup) -> bool {
    match bundle.control1 {
        Some(Control1::Window(window)) => {
            let elnic_isa::WindowSize { wsz, nfx, dbl, .. } = window.size;
            setup.resize = Some(Resize { size: 2 * u16::from(wsz), fx: !nfx, dbl });
            setup.setbn = window.setbn;
            setup.setbp = window.setbp;
            setup.settr = window.settr;
        }
        Some(Control1::Base { setbn, setbp }) => {
            setup.setbn = setbn;
            setup.setbp = setbp;
        }
        Some(Control1::Setei(index)) => setup.setei = Some(index),
        Some(Control1::Setsft) => setup.setsft = true,
        Some(Control1::Wait(wait)) if wait.trap() || wait.has(12) => setup.wait = wait,
        Some(Control1::Flush(flush)) => setup.flush = flush,
        Some(Control1::Vfbg(_)) => setup.unimplemented = Some("vfbg"),
        Some(Control1::SetMas([mas0, mas2, mas3, mas5]))
            if config.simulator_halt && bundle.alu.iter().all(Option::is_none) =>
        {
            let code = [mas0, mas2, mas3, mas5]
                .iter()
                .fold(0, |code, mas| code << 7 | u32::from(mas.0 & 0x7f));
            setup.halt = Some(code);
        }
        _ => return false,
    }
    true
}

fn logic(bundle: &elnic_isa::Bundle) -> Option<Logic> {
    let mut logic = Logic::default();
    for (number, syllable) in (0_u8..).zip(&bundle.predicate_logic) {
        let Some(syllable) = syllable else { continue };
        if let Some(elements) = logic.elements.chunks_exact_mut(2).nth(usize::from(number)) {
            for (element, source) in elements.iter_mut().zip(syllable.elements) {
                *element = Some(source);
            }
        }
        logic.steps.push(LogicStep { result: 4 + number, combination: syllable.combination });
    }
    // Without a committed result nothing of it can be seen.
    logic.steps.iter().any(|step| step.combination.commit.is_some()).then_some(logic)
}
