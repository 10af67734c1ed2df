//! Bundles that do what few bundles do, or that run where tags are kept.

use elnic_isa::ControlCondition;

use super::bounds::check_bounds;
use super::context::Context;
use super::logic::Results;
use super::step::{asked, check_setup, operate, set_up};
use super::transfer::Flow;
use crate::bus::Bus;
use crate::decode::{Bundle, Rare};
use crate::exception::ExceptionKind;
use crate::processor::Stop;
use crate::state::number;
use crate::state::window::GlobalRotation;
use crate::trap::{Reason, Trap};

/// Executes `bundle`, whatever it does.
pub(super) fn step<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    if !cx.is_inside(bundle.limits) || bundle.setup.resize.is_some() {
        check_bounds(cx, bundle)?;
    }
    let (predicates, stages) = asked(cx);
    if cx.tags {
        cx.check_tags(bundle, predicates, stages)?;
    }
    // `%MLOCK` is about the accesses of this bundle, so it is known only after them.
    let late = matches!(
        bundle.condition,
        ControlCondition::MemoryLock | ControlCondition::MemoryLockOrTrap(_)
    );
    cx.state.mlock &= !late;
    let mut taken = late || cx.is_taken(bundle.condition);
    check_setup(cx, bundle.setup)?;
    let rare = bundle.rare.as_deref();
    let logic = rare.map_or(Ok(Results::default()), |rare| before(cx, rare, predicates))?;
    let (moved, program) = match rare {
        Some(rare) if !rare.moves.is_empty() || rare.start_prefetch => {
            let moved = cx.evaluate_moves(&rare.moves)?;
            let program = rare.start_prefetch.then(|| cx.read_program()).transpose()?;
            (moved, program)
        }
        _ => Default::default(),
    };
    let flow = if taken { cx.plan(bundle.transfer) } else { Ok(Flow::Next) };
    let flow = if late { flow } else { Ok(flow?) };
    operate(cx, bundle, predicates, stages)?;
    if late {
        taken = cx.state.mlock;
    }
    let flow = if taken { flow? } else { Flow::Next };
    if let Some(rare) = rare {
        cx.commit_moves(&rare.moves, moved);
        if let Some(program) = program {
            cx.state.aau.areas = program;
        }
        after(cx, rare, logic);
    }
    set_up(cx, bundle.setup);
    cx.advance(bundle, taken);
    cx.go(flow, cx.state.ip.wrapping_add(bundle.length.into()));
    Ok(())
}

/// What can fail or has to happen first; the results of the predicate logic.
fn before<B: Bus>(cx: &mut Context<'_, B>, rare: &Rare, predicates: u32) -> Result<Results, Trap> {
    if let Some(what) = rare.unimplemented {
        return Err(Trap::unimplemented(what));
    }
    if rare.setsft {
        return Err(Trap::new(ExceptionKind::SoftwareTrap, Reason::Text("setsft")));
    }
    cx.flush(rare.flush.flushr, rare.flush.flushc)?;
    match &rare.logic {
        Some(logic) => {
            let invalid = cx.state.rotation.predicates(cx.state.predicates.invalid);
            cx.evaluate_logic(logic, predicates, invalid)
        }
        None => Ok(Results::default()),
    }
}

/// What takes effect with the next bundle.
fn after<B: Bus>(cx: &mut Context<'_, B>, rare: &Rare, logic: Results) {
    for name in (0..32).filter(|name| logic.written >> name & 1 != 0) {
        let number = cx.state.rotation.predicate(name);
        let bit = |bits: u32| bits >> name & 1 != 0;
        cx.state.predicates.set(number, bit(logic.values), bit(logic.invalid));
    }
    if let Some(kind) = rare.settr {
        cx.state.system[usize::from(number::TR)] = kind.into();
    }
    if let Some(index) = rare.setei {
        cx.state.system[usize::from(number::EIR)] = index.into();
    }
    let globals = cx.state.global_rotation;
    let turn = u8::from(rare.abg.increment).wrapping_sub(u8::from(rare.abg.decrement));
    cx.state.global_rotation =
        GlobalRotation { cur: globals.cur.wrapping_add(turn) & 7, ..globals };
    if rare.idle {
        cx.stop = Some(Stop::Idle);
    }
    if let Some(code) = rare.halt {
        cx.stop = Some(Stop::Halted { code });
    }
}
