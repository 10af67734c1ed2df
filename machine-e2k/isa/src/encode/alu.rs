//! Operation with operands → ALS and ALES.

use super::{in_range, register};
use crate::syllable::{Ales, Als};
use crate::{
    AauRegister, AluInstruction, ArrayAddress, Destination, EncodeError, Format, Kind, Literal,
    Literals, Place, Source,
};

/// The byte of an operand that a format does not use.
const UNUSED: u8 = 0xc0;

pub(super) fn words(
    channel: u8,
    instruction: &AluInstruction,
    literals: &Literals,
) -> Result<(Als, Option<Ales>), EncodeError> {
    let AluInstruction { operation, .. } = *instruction;
    if !operation.channels.contains(channel) {
        let (mnemonic, allowed) = (operation.mnemonic, operation.channels);
        return Err(EncodeError::WrongChannel { channel, mnemonic, allowed });
    }
    let place = Place::Als(channel);
    let [first, second, third] = operation.src;
    let mut als = Als(0);
    als.set_cop(operation.opcode);
    als.set_spec(instruction.speculative);
    let select = operation.select;
    als.set_src1(select.src1.unwrap_or(UNUSED));
    als.set_src2(if second == Kind::Absent {
        UNUSED
    } else {
        source2(place, instruction.src2, literals)?
    });
    als.set_dst(match (operation.format.stores(), operation.dst) {
        (true, _) => datum(place, instruction.src3)?,
        (false, Kind::Absent) => UNUSED,
        _ => destination(place, instruction.dst)?,
    });
    if let Some(relation) = select.compare {
        als.set_compare(relation);
    }
    match instruction.src1 {
        Source::Array(address) if first == Kind::ArrayAddress => {
            array_address(place, &mut als, address)?
        }
        Source::Aau(register) if first == Kind::AauRegister => {
            aau_register(place, &mut als, register)?
        }
        _ if matches!(first, Kind::Absent | Kind::ArrayAddress | Kind::AauRegister) => {
            absent(place, "src1", first, instruction.src1)?;
        }
        given => als.set_src1(source1(place, given)?),
    }
    if let Destination::Aau(register) = instruction.dst {
        aau_register(place, &mut als, register)?;
    }
    let low = match (select.low, third) {
        (Some(low), _) => low,
        (None, Kind::Absent) => UNUSED,
        (None, _) if operation.format == Format::Alopf3 => UNUSED,
        (None, _) => source3(place, instruction.src3, literals)?,
    };
    let ales = operation.extension.map(|extension| {
        let mut ales = Ales(0);
        ales.set_opc2(extension);
        ales.set_low(low);
        ales
    });
    Ok((als, ales))
}

/// A source that the format does not have must not be given, one that it has must.
fn absent(
    place: Place,
    field: &'static str,
    kind: Kind,
    source: Source,
) -> Result<(), EncodeError> {
    match (kind, source) {
        (Kind::Absent, Source::Absent) => Ok(()),
        (Kind::Absent, _) => Err(operand(place, field, "anything in this format")),
        _ => Err(operand(place, field, "this operand")),
    }
}

fn operand(place: Place, field: &'static str, what: &'static str) -> EncodeError {
    EncodeError::Operand { place, field, what }
}

fn source1(place: Place, source: Source) -> Result<u8, EncodeError> {
    match source {
        Source::Register(given) => register(place, "src1", given),
        Source::Constant(value) => Ok(0xc0 | in_range(place, "src1 constant", value, 31)?),
        Source::Immediate(value) => Ok(value),
        Source::State(state) => Ok(state.0),
        Source::Literal(_) => Err(operand(place, "src1", "a literal")),
        Source::Absent => Err(operand(place, "src1", "nothing")),
        Source::Aau(_) | Source::Array(_) => Err(operand(place, "src1", "an array operand")),
    }
}

fn source2(place: Place, source: Source, literals: &Literals) -> Result<u8, EncodeError> {
    match source {
        Source::Register(given) => register(place, "src2", given),
        Source::Constant(value) => Ok(0xc0 | in_range(place, "src2 constant", value, 15)?),
        Source::Literal(literal) => literal_byte(place, literal, literals),
        Source::Absent => Err(operand(place, "src2", "nothing")),
        _ => Err(operand(place, "src2", "this operand")),
    }
}

fn source3(place: Place, source: Source, literals: &Literals) -> Result<u8, EncodeError> {
    match source {
        Source::Register(given) => register(place, "src3", given),
        Source::Literal(literal) => literal_byte(place, literal, literals),
        Source::Immediate(value) => Ok(value),
        Source::Constant(_) => Err(operand(place, "src3", "a constant")),
        _ => Err(operand(place, "src3", "this operand")),
    }
}

fn datum(place: Place, source: Source) -> Result<u8, EncodeError> {
    match source {
        Source::Register(given) => register(place, "store datum", given),
        Source::Constant(_) | Source::Literal(_) => {
            Err(operand(place, "store datum", "a constant"))
        }
        _ => Err(operand(place, "store datum", "this operand")),
    }
}

fn literal_byte(place: Place, literal: Literal, literals: &Literals) -> Result<u8, EncodeError> {
    let highest = match literal {
        Literal::Half { .. } => 1,
        Literal::Word(_) => 3,
        Literal::Double(_) => 2,
    };
    let (Literal::Half { word, .. } | Literal::Word(word) | Literal::Double(word)) = literal;
    in_range(place, "literal word", word, highest)?;
    let needed = literal.words_needed();
    if needed > literals.count {
        return Err(EncodeError::MissingLiteral {
            place,
            word: needed - 1,
            present: literals.count,
        });
    }
    Ok(literal.to_byte())
}

pub(super) fn destination(place: Place, destination: Destination) -> Result<u8, EncodeError> {
    match destination {
        Destination::Register(given) => register(place, "dst", given),
        Destination::Empty => Ok(0xdf),
        Destination::EmptyHigh => Ok(0xde),
        Destination::Predicate(number) => in_range(place, "predicate", number, 31),
        Destination::ControlTransfer(register) => Ok(0xd0 | register.number()),
        Destination::Trap(register) => Ok(register as u8),
        Destination::State(state) => Ok(state.0),
        // The bits of the register are filled in afterwards.
        Destination::Aau(_) => Ok(0),
        Destination::Absent => Err(operand(place, "dst", "nothing")),
    }
}

fn array_address(place: Place, als: &mut Als, address: ArrayAddress) -> Result<(), EncodeError> {
    als.set_aad(in_range(place, "aad", address.descriptor, 31)?);
    als.set_ind(in_range(place, "aasti", address.index, 15)?);
    als.set_incr(in_range(place, "aaincr", address.increment, 7)?);
    als.set_am(address.advance);
    let literal =
        address.literal.map(|word| in_range(place, "literal word", word, 2)).transpose()?;
    als.set_lt(literal.map_or(0, |word| word + 1));
    als.set_aas_bit(false);
    Ok(())
}

fn aau_register(place: Place, als: &mut Als, register: AauRegister) -> Result<(), EncodeError> {
    let (descriptor, index) = if register.file.numbered_by_descriptor() {
        (in_range(place, "register number", register.number, 31)?, 0)
    } else {
        (0, in_range(place, "register number", register.number, 15)?)
    };
    als.set_aad(descriptor);
    als.set_ind(index);
    als.set_aau_file(register.file as u8);
    als.set_aau_unused(0);
    Ok(())
}
