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
    // All that are outside are named, and the lowest of them is described.
    let mut channels = 0;
    let mut lowest: Option<(u8, Reason)> = None;
    for operation in &bundle.operations {
        let Some(reason) = outside(cx, operation, size, new) else { continue };
        channels |= 1 << operation.channel;
        if lowest.as_ref().is_none_or(|(channel, _)| operation.channel < *channel) {
            lowest = Some((operation.channel, reason));
        }
    }
    match lowest {
        Some((_, reason)) => Err(Trap::on_channels(ExceptionKind::WindowBounds, channels, reason)),
        None => Ok(()),
    }
}

/// The register of `operation` that is outside its window.
#[cold]
fn outside<B: Bus>(
    cx: &Context<'_, B>,
    operation: &Operation,
    size: u16,
    new: u16,
) -> Option<Reason> {
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
    source.or(target)
}
