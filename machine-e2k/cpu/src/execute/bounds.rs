//! Registers that are outside the window (e2k-isa.md §3.2-3.3).

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Bundle, Operand, Operation, Target};
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// Register numbers against the window: sources against the old one, results against the new one.
pub(super) fn check_bounds<B: Bus>(cx: &Context<'_, B>, bundle: &Bundle) -> Result<(), Trap> {
    let state = &*cx.state;
    let size = state.window.size;
    let new = bundle.setup.resize.map_or(size, |resize| resize.size);
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
