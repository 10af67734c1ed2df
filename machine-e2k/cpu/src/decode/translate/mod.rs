//! [`elnic_isa::Bundle`] to [`Bundle`].

mod control;
mod operation;
mod protected;

use super::action::{Action, Operation};
use super::bundle::{Bundle, Effort, Limits, Paths};
use super::control::{Advances, Move, Setup, Transfer};
use super::operand::{Operand, Target};
use super::order::arrange;
use crate::config::{Config, Tags};
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// The compact form of `bundle`, which is `length` bytes long.
///
/// # Errors
/// Combinations that are no bundle although each syllable is in order.
pub(crate) fn translate(
    bundle: &elnic_isa::Bundle,
    length: u8,
    config: &Config,
    paths: Paths,
) -> Result<Bundle, Trap> {
    let instructions = (0..).zip(&bundle.alu);
    let mut operations: Vec<Operation> = instructions
        .filter_map(|(channel, instruction)| {
            instruction
                .as_ref()
                .map(|it| operation::operation(bundle, length, channel, it, config.isa))
        })
        .collect();
    check_grouping(&operations)?;
    check_preparation(&operations)?;
    check_logic(bundle)?;

    let (transfer, condition) = control::transfer(bundle)?;
    let setup = control::setup(bundle);
    let rare = control::rare(bundle, config);
    let advances = Advances::new(&bundle.transfer());
    let memory = rare.is_some()
        || operations.iter().any(|operation| operation.loads() || operation.stores());
    let limits = limits(&operations, rare.as_ref().map_or(&[][..], |rare| &rare.moves));
    let plain = operations.iter().all(Operation::is_plain);
    let guarded = operations.iter().any(Operation::asks);
    let loop_stores = bundle.loop_mode && operations.iter().any(Operation::stores);
    let general = paths == Paths::General;
    let direct =
        !general && !loop_stores && (plain || setup.resize.is_none()) && arrange(&mut operations);
    let risky = operations.iter().filter(|operation| !operation.is_plain()).count();
    let effort = if general
        || config.tags == Tags::On
        || rare.is_some()
        || control::depends_on_store(condition)
    {
        Effort::Rare
    } else if setup != Setup::default() || !transfer.may_jump() {
        Effort::Setup
    } else if transfer == Transfer::None && advances == Advances::default() && direct && !guarded {
        Effort::Plain
    } else {
        Effort::Transfer
    };
    Ok(Bundle {
        operations: operations.into(),
        limits,
        effort,
        direct,
        several: direct && risky > 1,
        guarded,
        memory,
        loop_stores,
        length,
        cycles: 1 + bundle.nop,
        condition,
        transfer,
        advances,
        setup,
        rare: rare.map(Box::new),
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

/// `movtd` and `getpl` to a control transfer register take no qualifier.
fn check_preparation(operations: &[Operation]) -> Result<(), Trap> {
    let prepares = |operation: &&Operation| matches!(operation.action, Action::Prepare);
    match operations.iter().filter(prepares).find(|operation| operation.guarded) {
        Some(operation) => Err(Trap::on_channel(
            ExceptionKind::IllegalOpcode,
            operation.channel,
            Reason::Text("a control transfer register is prepared under a predicate"),
        )),
        None => Ok(()),
    }
}

/// What a step of the predicate logic takes exists when it runs: `@p0` and `@p1` for the first, `@p0` to `@p4` for the second, `@p0` to `@p5`
/// for the third (e2k-isa.md §5.2). Two steps do not write one predicate.
fn check_logic(bundle: &elnic_isa::Bundle) -> Result<(), Trap> {
    let refuse = |text| Err(Trap::new(ExceptionKind::IllegalOpcode, Reason::Text(text)));
    let mut written = 0_u32;
    for (syllable, known) in bundle.predicate_logic.iter().zip([2, 5, 6]) {
        let Some(syllable) = syllable else { continue };
        let combination = syllable.combination;
        if combination.first.number >= known || combination.second.number >= known {
            return refuse("predicate logic takes a local predicate that is not there yet");
        }
        if let Some(number) = combination.commit {
            let bit = 1 << (number & 31);
            if written & bit != 0 {
                return refuse("two steps of the predicate logic write one predicate");
            }
            written |= bit;
        }
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
