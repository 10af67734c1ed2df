//! An operation on the channel it was given: operands in their final form, halves of register pairs.
//!
//! Source: ISA notes 2.4: an operation on register pairs stands on two channels, the even register on the first, the odd
//! one on the second.

use elnic_isa::{AluInstruction, Destination, Kind, Literal, Operation, Register, Source};

use super::draft::{Alu, Second};
use super::place::Placement;

/// The operation for one of its channels.
///
/// # Errors
/// If it has no place for a literal, which cannot happen.
pub(super) fn instruction(
    alu: &Alu,
    channel: u8,
    index: usize,
    channels: usize,
    placement: &Placement,
) -> Result<AluInstruction, String> {
    let row = alu.rows.iter().copied().find(|row| row.channels.contains(channel));
    let operation: &'static Operation = row.ok_or("no encoding for this channel")?;
    let literal = |request: usize| placement.literal(request).ok_or("a literal has no place");
    let src2 = match alu.src2 {
        Second::Ready(source) => source,
        Second::Literal(request) => Source::Literal(literal(request)?),
    };
    let mut src1 = alu.src1;
    if let (Source::Array(address), Some(request)) = (&mut src1, alu.array_literal)
        && let Literal::Word(word) = literal(request)?
    {
        address.literal = Some(word);
    }
    let mut result = AluInstruction {
        operation,
        speculative: alu.speculative,
        src1,
        src2,
        src3: alu.src3,
        dst: alu.dst,
    };
    if channels == 2 {
        let odd = index == 1;
        // The address of a load is the same for both halves.
        let [first, second, third] = operation.src;
        if first == Kind::Quad && !operation.memory {
            result.src1 = half_of_source(result.src1, odd);
        }
        if second == Kind::Quad {
            result.src2 = half_of_source(result.src2, odd);
        }
        if third == Kind::Quad {
            result.src3 = half_of_source(result.src3, odd);
        }
        if operation.dst == Kind::Quad {
            result.dst = match result.dst {
                Destination::Register(register) => {
                    Destination::Register(half_of_pair(register, odd))
                }
                Destination::Empty if !odd => Destination::EmptyHigh,
                other => other,
            };
        }
    }
    Ok(result)
}

fn half_of_source(source: Source, odd: bool) -> Source {
    match source {
        Source::Register(register) => Source::Register(half_of_pair(register, odd)),
        other => other,
    }
}

/// The even or odd register of the pair a register belongs to.
pub(super) fn half_of_pair(register: Register, odd: bool) -> Register {
    let half = |number: u8| number & !1 | u8::from(odd);
    match register {
        Register::Based(number) => Register::Based(half(number)),
        Register::Window(number) => Register::Window(half(number)),
        Register::Global(number) => Register::Global(half(number)),
    }
}
