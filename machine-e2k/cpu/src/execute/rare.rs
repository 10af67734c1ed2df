//! Bundles that do what few bundles do, or that run where tags are kept.

use elnic_isa::ControlCondition;

use super::bounds::check_bounds;
use super::context::Context;
use super::logic::Results;
use super::step::{asked, check_setup, operate, parallel, set_up};
use super::transfer::Flow;
use crate::bus::Bus;
use crate::decode::{Bundle, Rare, Target};
use crate::exception::ExceptionKind;
use crate::processor::Stop;
use crate::state::control::{Ctpr, CtprTag};
use crate::state::number;
use crate::state::window::GlobalRotation;
use crate::trap::{Reason, Trap};

/// Executes `bundle`, whatever it does.
pub(super) fn step<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    if !cx.is_inside(bundle.limits) || bundle.setup.resize.is_some() {
        check_bounds(cx, bundle)?;
    }
    let (predicates, stages) = asked(cx);
    (cx.poison, cx.doubted) = (0, 0);
    if cx.tags {
        cx.check_tags(bundle, predicates, stages)?;
    }
    // `%MLOCK` and local conditions are about this bundle, so they are known only after it.
    let late = matches!(
        bundle.condition,
        ControlCondition::MemoryLock
            | ControlCondition::MemoryLockOrTrap(_)
            | ControlCondition::MemoryLockOrLocal(_)
            | ControlCondition::Local(_)
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
    if cx.doubted == 0 {
        operate(cx, bundle, predicates, stages)?;
    } else {
        parallel(cx, bundle, predicates, stages)?;
    }
    if late {
        taken = holds_afterwards(cx, bundle, logic);
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

/// A condition that asks for what the bundle did.
fn holds_afterwards<B: Bus>(cx: &Context<'_, B>, bundle: &Bundle, logic: Results) -> bool {
    let mlock = cx.state.mlock;
    match bundle.condition {
        ControlCondition::MemoryLockOrTrap(mask) => {
            let trapped = |number: u8| cx.poison >> COMPARING[usize::from(number)] & 1 != 0;
            mlock || (0..4).any(|number| mask >> number & 1 != 0 && trapped(number))
        }
        ControlCondition::MemoryLockOrLocal(bits) => mlock || local_holds(cx, bundle, logic, bits),
        ControlCondition::Local(bits) => local_holds(cx, bundle, logic, bits),
        _ => mlock,
    }
}

/// Channels that compare, as local conditions number them.
const COMPARING: [u8; 4] = [0, 1, 3, 4];

/// One comparison of this bundle, one of two, or a result of its predicate logic (e2k-isa.md §4.3).
fn local_holds<B: Bus>(cx: &Context<'_, B>, bundle: &Bundle, logic: Results, bits: u8) -> bool {
    let negated = |number: u8| bits >> number & 1 != 0;
    let compared = |number: u8| {
        let channel = COMPARING[usize::from(number & 3)];
        bundle.operations.iter().any(|operation| match operation.target {
            Target::Predicate(target) if operation.channel == channel => {
                let place = cx.state.rotation.predicate(target & 31);
                cx.state.predicates.values >> (place & 31) & 1 != 0
            }
            _ => false,
        })
    };
    match bits >> 3 & 3 {
        0 => compared(bits >> 1) != negated(0),
        1 => {
            let first = if negated(2) { 2 } else { 0 };
            compared(first) != negated(1) || compared(first + 1) != negated(0)
        }
        2 => (logic.steps >> (bits >> 1 & 3) & 1 != 0) != negated(0),
        _ => false,
    }
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

/// The register of type descriptors.
fn types<B: Bus>(cx: &mut Context<'_, B>, rare: &Rare) {
    let register = usize::from(number::TSD);
    if let Some(target) = rare.puttsd {
        cx.state.system[register] = target.target(cx.state.ip);
    }
    if let Some(ctpr) = rare.gettsd {
        let target = cx.state.system[register];
        *cx.ctpr_mut(ctpr) = Ctpr::prepared(CtprTag::Disp, 0, 0, target);
    }
    let holds = |(predicate, value): (u8, bool)| {
        let place = cx.state.rotation.predicate(predicate & 31);
        (cx.state.predicates.values >> (place & 31) & 1 != 0) == value
    };
    if rare.invalidate.is_some_and(|asked| asked.is_none_or(holds)) {
        cx.state.system[register] = 0;
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
    types(cx, rare);
    if let Some(point) = rare.recovery_point {
        let ip = cx.state.ip;
        let clears = point == elnic_isa::RecoveryPoint::Clear;
        cx.state.system[usize::from(number::RPR_LO)] = if clears { 0 } else { ip };
        cx.state.system[usize::from(number::RPR_HI)] = 0;
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
