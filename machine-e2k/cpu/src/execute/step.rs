//! One bundle: everything is read before anything is written (e2k-isa.md §7.1).
//!
//! First comes what can fail without having changed anything a program can see: bounds, diagnostic values, room on the stacks, the target of
//! the transfer. Then the operations, in sequence where that comes to the same, else all evaluated before the first result is written. Last
//! comes control: predicate logic, bases, counters, the transfer.

use elnic_isa::ControlCondition;

use super::context::Context;
use super::logic::Results;
use super::transfer::Flow;
use crate::bus::Bus;
use crate::decode::{Action, Bundle, Operand, Operation, Setup, Target};
use crate::exception::ExceptionKind;
use crate::processor::Stop;
use crate::state::control::Ctpr;
use crate::state::number;
use crate::state::registers::{LARGEST_WINDOW, TAG_DIAGNOSTIC};
use crate::state::window::GlobalRotation;
use crate::trap::{Reason, Trap};

/// Executes `bundle`, which stands at `ip`.
#[inline(always)]
pub(super) fn step<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    if bundle.setup.is_some() || cx.tags || depends_on_store(bundle.condition) {
        return step_with_setup(cx, bundle);
    }
    cx.length = bundle.length.into();
    if !cx.is_inside(bundle.limits) {
        check_bounds(cx, bundle, None)?;
    }
    let predicates = cx.state.rotation.predicates(cx.state.predicates.values);
    let stages = cx.state.lsr.stages();
    let taken = cx.is_taken(bundle.condition, predicates)?;
    let flow = if taken { cx.plan(bundle.transfer)? } else { Flow::Next };
    if bundle.direct {
        direct(cx, bundle, predicates, stages)?;
    } else {
        parallel(cx, bundle, predicates, stages)?;
    }
    cx.advance(bundle, taken);
    let next = cx.state.ip.wrapping_add(bundle.length.into());
    cx.go(flow, next);
    Ok(())
}

/// The same for bundles that do more than operate and transfer.
fn step_with_setup<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    let setup = bundle.setup.as_deref();
    cx.length = bundle.length.into();
    let resizes = setup.is_some_and(|setup| setup.resize.is_some());
    if resizes || !cx.is_inside(bundle.limits) {
        check_bounds(cx, bundle, setup)?;
    }
    let predicates = cx.state.rotation.predicates(cx.state.predicates.values);
    let stages = cx.state.lsr.stages();
    if cx.tags {
        cx.check_tags(bundle, predicates, stages)?;
    }
    let late = depends_on_store(bundle.condition);
    let mut taken = late || cx.is_taken(bundle.condition, predicates)?;
    let mut logic = Results::default();
    let mut prepared = None;
    let mut moved = [(0, 0); 4];
    let mut program = None;
    if let Some(setup) = setup {
        before(cx, setup)?;
        if let Some(program) = &setup.logic {
            let invalid = cx.state.rotation.predicates(cx.state.predicates.invalid);
            logic = cx.evaluate_logic(program, predicates, invalid)?;
        }
        prepared = setup.prepare.map(|prepare| cx.prepared(prepare));
        if !setup.moves.is_empty() {
            moved = cx.evaluate_moves(&setup.moves)?;
        }
        program = if setup.start_prefetch { Some(cx.read_program()?) } else { None };
    }
    let flow = if taken { cx.plan(bundle.transfer) } else { Ok(Flow::Next) };
    // A transfer that depends on a store of this bundle may still not happen.
    let flow = if late { flow } else { Ok(flow?) };
    if bundle.direct {
        if let Some(setup) = setup {
            resize(cx, setup);
        }
        direct(cx, bundle, predicates, stages)?;
    } else {
        parallel(cx, bundle, predicates, stages)?;
    }
    if late {
        taken = cx.state.mlock;
    }
    let flow = if taken { flow? } else { Flow::Next };
    if let Some(setup) = setup {
        cx.commit_moves(&setup.moves, moved);
        if let Some(program) = program {
            cx.state.aau.areas = program;
        }
        after(cx, setup, logic, prepared);
    }
    cx.advance(bundle, taken);
    let next = cx.state.ip.wrapping_add(bundle.length.into());
    cx.go(flow, next);
    cx.window_changed();
    Ok(())
}

/// Whether `condition` is known only after the stores of the bundle.
const fn depends_on_store(condition: ControlCondition) -> bool {
    matches!(condition, ControlCondition::MemoryLock | ControlCondition::MemoryLockOrTrap(_))
}

/// The operations one after the other.
#[inline(always)]
fn direct<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    for operation in &bundle.operations {
        if operation.guarded && !operation.guard.allows(predicates, stages) {
            continue;
        }
        let [src1, src2, _] = operation.sources;
        // The frequent ones here, so that they need no call.
        match operation.action {
            Action::Add => {
                let value = cx.read(src1).wrapping_add(cx.read(src2));
                cx.write(operation, value);
            }
            Action::Sub => {
                let value = cx.read(src1).wrapping_sub(cx.read(src2));
                cx.write(operation, value);
            }
            Action::Binary(function) => {
                let value = function(cx.read(src1), cx.read(src2));
                cx.write(operation, value);
            }
            Action::Compare(relation) => {
                let value = relation(cx.read(src1), cx.read(src2));
                cx.write_predicate(operation, value);
            }
            _ => one(cx, operation, bundle.loop_mode, predicates, stages)?,
        }
    }
    Ok(())
}

/// One of the less frequent operations.
fn one<B: Bus>(
    cx: &mut Context<'_, B>,
    operation: &Operation,
    loop_mode: bool,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    let value = cx.evaluate(operation, predicates, stages)?;
    if loop_mode && operation.stores() && cx.loop_suppresses_store() {
        return Ok(());
    }
    cx.commit(operation, value)
}

/// The operations where order matters: evaluate all, store, then write registers by channel.
fn parallel<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    let mut values = [0; 6];
    let mut executed = 0_u8;
    for (number, operation) in bundle.operations.iter().enumerate().take(values.len()) {
        if !operation.guarded || operation.guard.allows(predicates, stages) {
            values[number] = cx.evaluate(operation, predicates, stages)?;
            executed |= 1 << number;
        }
    }
    let all = bundle.operations.iter().zip(values).enumerate();
    let all = all.filter(|(number, _)| executed >> number & 1 != 0);
    if bundle.memory {
        for (_, (operation, value)) in all.clone().filter(|(_, (operation, _))| operation.stores())
        {
            if !bundle.loop_mode || !cx.loop_suppresses_store() {
                cx.commit(operation, value)?;
            }
        }
    }
    if let Some(setup) = &bundle.setup {
        resize(cx, setup);
    }
    for (_, (operation, value)) in all.filter(|(_, (operation, _))| !operation.stores()) {
        cx.commit(operation, value)?;
    }
    Ok(())
}

/// Register numbers against the window: sources against the old one, results against the new one.
fn check_bounds<B: Bus>(
    cx: &Context<'_, B>,
    bundle: &Bundle,
    setup: Option<&Setup>,
) -> Result<(), Trap> {
    let state = &*cx.state;
    let size = state.window.size;
    let new = setup.and_then(|setup| setup.resize).map_or(size, |resize| resize.size);
    bundle.operations.iter().try_for_each(|operation| outside(cx, operation, size, new))
}

/// The register of `operation` that is outside its window, as an exception.
#[cold]
fn outside<B: Bus>(
    cx: &Context<'_, B>,
    operation: &Operation,
    size: u16,
    new: u16,
) -> Result<(), Trap> {
    let rotation = cx.state.rotation;
    let window = |number: u8, limit: u16| {
        (u16::from(number) >= limit).then_some(Reason::Register { file: 'r', number, limit })
    };
    let based = |number: u8, limit: u16| {
        let inside = u16::from(number) < rotation.ring() && rotation.based(number) < limit;
        (!inside).then_some(Reason::Register { file: 'b', number, limit: rotation.ring() })
    };
    let source = operation.sources.iter().find_map(|source| match *source {
        Operand::Window(number) => window(number, size),
        Operand::Based(number) => based(number, size),
        Operand::Global(_) | Operand::Constant(_) => None,
    });
    let target = match operation.target {
        Target::Window(number) => window(number, new),
        Target::Based(number) => based(number, new),
        _ => None,
    };
    match source.or(target) {
        Some(reason) => {
            Err(Trap::on_channel(ExceptionKind::WindowBounds, operation.channel, reason))
        }
        None => Ok(()),
    }
}

/// What of `setup` can fail or has to happen first.
fn before<B: Bus>(cx: &mut Context<'_, B>, setup: &Setup) -> Result<(), Trap> {
    if let Some(what) = setup.unimplemented {
        return Err(Trap::unimplemented(what));
    }
    if setup.setsft {
        return Err(Trap::new(ExceptionKind::SoftwareTrap, Reason::Text("setsft")));
    }
    if let Some(resize) = setup.resize {
        let smallest = cx.state.window.previous;
        if resize.size > LARGEST_WINDOW || resize.size < smallest {
            return Err(Trap::new(
                ExceptionKind::IllegalOpcode,
                Reason::Resize { size: resize.size, smallest, largest: LARGEST_WINDOW },
            ));
        }
        cx.reserve(resize.size)?;
    }
    if setup.flush.flushr || setup.flush.flushc {
        cx.flush(setup.flush.flushr, setup.flush.flushc)?;
    }
    Ok(())
}

/// `setwd`.
fn resize<B: Bus>(cx: &mut Context<'_, B>, setup: &Setup) {
    let Some(resize) = setup.resize else { return };
    let old = cx.state.window.size;
    let window = &mut cx.state.window;
    (window.size, window.fx, window.dbl) = (resize.size, resize.fx, resize.dbl);
    if cx.tags {
        for number in old..resize.size {
            let cell = cx.state.window_cell(number);
            cx.state.registers.set_tag(cell, TAG_DIAGNOSTIC);
        }
    }
}

/// What of `setup` takes effect with the next bundle.
fn after<B: Bus>(
    cx: &mut Context<'_, B>,
    setup: &Setup,
    logic: Results,
    prepared: Option<(u8, Ctpr)>,
) {
    if let Some((register, ctpr)) = prepared {
        cx.state.ctpr[usize::from(register % 3)] = ctpr;
    }
    for name in (0..32).filter(|name| logic.written >> name & 1 != 0) {
        let number = cx.state.rotation.predicate(name);
        let bit = |bits: u32| bits >> name & 1 != 0;
        cx.state.predicates.set(number, bit(logic.values), bit(logic.invalid));
    }
    if let Some(kind) = setup.settr {
        cx.state.system[usize::from(number::TR)] = kind.into();
    }
    if let Some(index) = setup.setei {
        cx.state.system[usize::from(number::EIR)] = index.into();
    }
    let rotation = &mut cx.state.rotation;
    if let Some(base) = setup.setbn {
        (rotation.rbs, rotation.rsz) = (base.rbs, base.rsz);
        rotation.rcur = base.rcur % (base.rsz + 1);
    }
    if let Some(psz) = setup.setbp {
        (rotation.psz, rotation.pcur) = (psz, 0);
    }
    let globals = cx.state.global_rotation;
    let turn = u8::from(setup.abg.increment).wrapping_sub(u8::from(setup.abg.decrement));
    cx.state.global_rotation =
        GlobalRotation { cur: globals.cur.wrapping_add(turn) & 7, ..globals };
    if setup.wait.0 != 0 {
        cx.stop = Some(Stop::Idle);
    }
    if let Some(code) = setup.halt {
        cx.stop = Some(Stop::Halted { code });
    }
}
