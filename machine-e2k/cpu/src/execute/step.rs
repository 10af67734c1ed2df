//! One bundle: everything is read before anything is written (e2k-isa.md §7.1).
//!
//! First comes what can fail without having changed anything a program can see: bounds, room on the stacks, the target of the transfer. Then
//! the operations, in sequence where that comes to the same, else all evaluated before the first result is written. Last comes control:
//! targets, bases, counters, the transfer. What few bundles do stands in [`super::rare`].

use super::bounds::check_bounds;
use super::context::Context;
use super::rare;
use super::transfer::Flow;
use crate::bus::Bus;
use crate::decode::{Action, Bundle, Effect, Effort, Operation, Resize, Setup};
use crate::exception::ExceptionKind;
use crate::state::registers::{LARGEST_WINDOW, TAG_DIAGNOSTIC};
use crate::trap::{Reason, Trap};

/// Executes `bundle`, which stands at `ip`.
#[inline(always)]
pub(super) fn step<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    match bundle.effort {
        Effort::Plain => {
            if !cx.is_inside(bundle.limits) {
                check_bounds(cx, bundle)?;
            }
            if bundle.several {
                several(cx, bundle, 0, 0)?;
            } else {
                for operation in &bundle.operations {
                    execute(cx, operation, 0, 0)?;
                }
            }
            cx.state.ip = cx.state.ip.wrapping_add(bundle.length.into());
            Ok(())
        }
        Effort::Transfer => with_transfer(cx, bundle),
        Effort::Setup => with_setup(cx, bundle),
        Effort::Rare => rare::step(cx, bundle),
    }
}

/// Bundles that look at predicates, rotate or transfer.
#[inline(always)]
fn with_transfer<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    if !cx.is_inside(bundle.limits) {
        check_bounds(cx, bundle)?;
    }
    let (predicates, stages) = if bundle.guarded { asked(cx) } else { (0, 0) };
    let taken = cx.is_taken(bundle.condition);
    let target = if taken {
        match cx.jump_target(bundle.transfer) {
            Some(target) => target,
            None => return with_setup(cx, bundle),
        }
    } else {
        cx.state.ip.wrapping_add(bundle.length.into())
    };
    if bundle.several {
        several(cx, bundle, predicates, stages)?;
    } else if bundle.direct {
        direct(cx, bundle, predicates, stages)?;
    } else {
        parallel(cx, bundle, predicates, stages)?;
    }
    cx.advance(bundle, taken);
    cx.state.ip = target;
    Ok(())
}

/// The predicates and the stages of the pipeline, by name.
#[inline]
pub(super) fn asked<B: Bus>(cx: &Context<'_, B>) -> (u32, u32) {
    (cx.state.rotation.predicates(cx.state.predicates.values), cx.state.lsr.stages())
}

/// Bundles that change windows or targets, calls and returns.
fn with_setup<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    if !cx.is_inside(bundle.limits) || bundle.setup.resize.is_some() {
        check_bounds(cx, bundle)?;
    }
    let (predicates, stages) = asked(cx);
    let taken = cx.is_taken(bundle.condition);
    check_setup(cx, bundle.setup)?;
    let flow = if taken { cx.plan(bundle.transfer)? } else { Flow::Next };
    operate(cx, bundle, predicates, stages)?;
    set_up(cx, bundle.setup);
    cx.advance(bundle, taken);
    cx.go(flow, cx.state.ip.wrapping_add(bundle.length.into()));
    Ok(())
}

/// The operations of `bundle`, and its `setwd` between their evaluation and their results.
#[inline]
pub(super) fn operate<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    if bundle.several {
        several(cx, bundle, predicates, stages)
    } else if bundle.direct && cx.cellar.is_none() {
        if let Some(new) = bundle.setup.resize {
            resize(cx, new);
        }
        direct(cx, bundle, predicates, stages)
    } else {
        parallel(cx, bundle, predicates, stages)
    }
}

/// One after the other.
#[inline(always)]
fn direct<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    for operation in &bundle.operations {
        if is_allowed(cx, operation, predicates, stages) {
            execute(cx, operation, predicates, stages)?;
        }
    }
    Ok(())
}

/// Loads, of which any may fail, then the rest. No result is visible before the last load has succeeded; where stores may fail too, or accesses
/// are left out, everything is evaluated first.
#[inline]
fn several<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    if cx.checked || cx.cellar.is_some() {
        return parallel(cx, bundle, predicates, stages);
    }
    let mut values = [0; 4];
    let mut loaded = 0_u8;
    let loads = bundle.operations.iter().take_while(|operation| operation.is_simple_load());
    let mut count = 0;
    for (number, operation) in loads.take(values.len()).enumerate() {
        if is_allowed(cx, operation, predicates, stages) {
            values[number] = match operation.action {
                Action::Load(size) => cx.load(operation, size, 0)?,
                _ => cx.evaluate(operation, predicates, stages)?,
            };
            loaded |= 1 << number;
        }
        count += 1;
    }
    let (loads, others) = bundle.operations.split_at(count);
    for (number, (operation, value)) in loads.iter().zip(values).enumerate() {
        if loaded >> number & 1 != 0 {
            cx.write(operation, value);
        }
    }
    for operation in others {
        if is_allowed(cx, operation, predicates, stages) {
            execute(cx, operation, predicates, stages)?;
        }
    }
    Ok(())
}

/// One operation. The frequent ones stand here, so that they need no call.
#[inline(always)]
fn execute<B: Bus>(
    cx: &mut Context<'_, B>,
    operation: &Operation,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    let [src1, src2, src3] = &operation.sources;
    match operation.action {
        Action::Add => cx.write(operation, cx.read(src1).wrapping_add(cx.read(src2))),
        Action::Sub => cx.write(operation, cx.read(src1).wrapping_sub(cx.read(src2))),
        Action::Binary(function) => cx.write(operation, function(cx.read(src1), cx.read(src2))),
        Action::Compare(relation) => {
            cx.write_predicate(operation, relation(cx.read(src1), cx.read(src2)));
        }
        Action::Load(size) => {
            let value = cx.load(operation, size, 0)?;
            cx.write(operation, value);
        }
        Action::Store(size) if operation.mas.0 == 0 && !cx.checked => {
            let address = cx.read(src1).wrapping_add(cx.read(src2));
            return cx.store_directly(operation, address, size, cx.read(src3));
        }
        _ => {
            let value = cx.evaluate(operation, predicates, stages)?;
            return finish(cx, operation, value);
        }
    }
    Ok(())
}

/// Whether `operation` executes.
#[inline(always)]
fn is_allowed<B: Bus>(
    cx: &mut Context<'_, B>,
    operation: &Operation,
    predicates: u32,
    stages: u32,
) -> bool {
    if !operation.guarded || operation.guard.allows(predicates, stages) {
        return true;
    }
    cx.pass_over(operation, predicates, stages);
    false
}

/// Evaluate all, store, then write registers by channel.
pub(super) fn parallel<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    let remainder = cx.state.lsr.strmd;
    let result = evaluate_then_write(cx, bundle, predicates, stages);
    if result.is_err() {
        cx.state.lsr.strmd = remainder;
    }
    result
}

fn evaluate_then_write<B: Bus>(
    cx: &mut Context<'_, B>,
    bundle: &Bundle,
    predicates: u32,
    stages: u32,
) -> Result<(), Trap> {
    let mut values = [0; 6];
    let mut executed = 0_u8;
    for (number, (operation, value)) in bundle.operations.iter().zip(&mut values).enumerate() {
        if bundle.loop_stores && operation.stores() && cx.state.lsr.suppresses_store() {
            continue;
        }
        if cx.is_doubted(operation) || is_allowed(cx, operation, predicates, stages) {
            match cx.evaluate(operation, predicates, stages) {
                Ok(result) => {
                    *value = cx.doubt(operation, result);
                    executed |= 1 << number;
                }
                Err(trap) => cx.leave_out(operation, trap, 0)?,
            }
        }
    }
    if bundle.memory {
        for (number, (operation, value)) in bundle.operations.iter().zip(values).enumerate() {
            if executed >> number & 1 != 0 && operation.stores() {
                executed &= !(1 << number);
                if cx.holds_back(operation, value) {
                    continue;
                }
                if let Err(trap) = finish(cx, operation, value) {
                    cx.leave_out(operation, trap, value)?;
                }
            }
        }
    }
    if let Some(new) = bundle.setup.resize {
        resize(cx, new);
    }
    for (number, (operation, value)) in bundle.operations.iter().zip(values).enumerate() {
        if executed >> number & 1 != 0 {
            finish(cx, operation, value)?;
        }
    }
    Ok(())
}

/// Makes the result of `operation` visible.
fn finish<B: Bus>(cx: &mut Context<'_, B>, operation: &Operation, value: u64) -> Result<(), Trap> {
    match operation.effect {
        Effect::Register => cx.write(operation, value),
        Effect::Predicate => cx.write_predicate(operation, value != 0),
        Effect::Memory | Effect::Other => return cx.commit(operation, value),
    }
    Ok(())
}

/// Whether `setwd` is possible; makes room for it.
pub(super) fn check_setup<B: Bus>(cx: &mut Context<'_, B>, setup: Setup) -> Result<(), Trap> {
    let Some(Resize { size, .. }) = setup.resize else { return Ok(()) };
    let smallest = cx.state.window.previous;
    if size > LARGEST_WINDOW || size < smallest {
        return Err(Trap::new(
            ExceptionKind::IllegalOpcode,
            Reason::Resize { size, smallest, largest: LARGEST_WINDOW },
        ));
    }
    cx.reserve(size)
}

/// `setwd`.
fn resize<B: Bus>(cx: &mut Context<'_, B>, new: Resize) {
    let old = cx.state.window.size;
    let window = &mut cx.state.window;
    (window.size, window.fx, window.dbl) = (new.size, new.fx, new.dbl);
    if cx.tags {
        for number in old..new.size {
            let cell = cx.state.window_cell(number);
            cx.state.registers.set_tag(cell, TAG_DIAGNOSTIC);
        }
    }
    cx.window_changed();
}

/// Targets and bases, at the end of the bundle.
pub(super) fn set_up<B: Bus>(cx: &mut Context<'_, B>, setup: Setup) {
    if let Some(prepare) = setup.prepare {
        let (register, ctpr) = cx.prepared(prepare);
        *cx.ctpr_mut(register) = ctpr;
    }
    if let Some(base) = setup.setbn {
        let rotation = &mut cx.state.rotation;
        (rotation.rbs, rotation.rsz) = (base.rbs, base.rsz);
        rotation.rcur = base.rcur % (base.rsz + 1);
        cx.window_changed();
    }
    if let Some(psz) = setup.setbp {
        (cx.state.rotation.psz, cx.state.rotation.pcur) = (psz, 0);
    }
}
