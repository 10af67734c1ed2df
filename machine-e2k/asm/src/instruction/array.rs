//! The array access unit: `mova`, `incr` and the prefetch program (`fapb`).
//!
//! Source: ISA notes 1.3, 1.5, 2.7, 8.9; gas's e2k port.

use elnic_isa::{ArrayMove, Destination, Indexing, MoveFormat, PrefetchSlot, Register, Source};

use super::{Reader, address, register};
use crate::diagnostic::Problem;

/// The move called `mnemonic` (`movaw`), if it is one.
pub(super) fn move_format(mnemonic: &str) -> Option<MoveFormat> {
    let suffix = mnemonic.strip_prefix("mova")?;
    MoveFormat::ALL.into_iter().find(|(_, known)| *known == suffix).map(|(format, _)| format)
}

/// Reads `movaw,CH area=, ind=, am=, be=, dst`.
pub(super) fn read_move(
    reader: &mut Reader<'_, '_, '_>,
    format: MoveFormat,
    offset: usize,
) -> Result<(), Problem> {
    reader.cursor.expect(",")?;
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let channel = reader.cursor.run(|c| c.is_ascii_digit()).parse::<u8>();
    let Some(channel) = channel.ok().filter(|channel| *channel < 4) else {
        return Err(Problem::at(at, "mova needs a channel 0..3 of the array unit"));
    };
    let mut array_move = ArrayMove {
        format,
        big_endian: false,
        area: 0,
        index: 0,
        advance: false,
        dst: Destination::Empty,
    };
    loop {
        if let Some(area) = reader.try_setting("area", 0..=31)? {
            array_move.area = small(area);
        } else if let Some(index) = reader.try_setting("ind", 0..=31)? {
            array_move.index = small(index);
        } else if let Some(advance) = reader.try_setting("am", 0..=1)? {
            array_move.advance = advance != 0;
        } else if let Some(big_endian) = reader.try_setting("be", 0..=1)? {
            array_move.big_endian = big_endian != 0;
        } else {
            break;
        }
        reader.cursor.expect(",")?;
    }
    array_move.dst = destination(reader)?;
    reader.draft.stub();
    if format != MoveFormat::Quad {
        return put(reader, channel, array_move, offset);
    }
    // Both halves of a register pair: the second half is eight bytes on, in big-endian order the first.
    let (first, second) = (channel & !1, channel | 1);
    let (near, far) = (array_move, ArrayMove { index: (array_move.index + 8) & 31, ..array_move });
    let (low, high) = if array_move.big_endian { (far, near) } else { (near, far) };
    put(reader, first, ArrayMove { dst: half(array_move.dst, false), ..low }, offset)?;
    put(reader, second, ArrayMove { dst: half(array_move.dst, true), ..high }, offset)
}

/// One half of a register pair.
fn half(destination: Destination, odd: bool) -> Destination {
    match destination {
        Destination::Register(register) => {
            Destination::Register(super::operation::half_of_pair(register, odd))
        }
        Destination::Empty if !odd => Destination::EmptyHigh,
        other => other,
    }
}

fn destination(reader: &mut Reader<'_, '_, '_>) -> Result<Destination, Problem> {
    let start = reader.cursor.offset();
    if register::name(&mut reader.cursor) == Some("empty") {
        return Ok(Destination::Empty);
    }
    reader.cursor.seek(start);
    let found: Option<Register> = register::general(&mut reader.cursor)?;
    found.map(Destination::Register).ok_or_else(|| {
        register::unknown(&mut reader.cursor, "area=, ind=, am=, be= or a register for the result")
    })
}

fn put(
    reader: &mut Reader<'_, '_, '_>,
    channel: u8,
    array_move: ArrayMove,
    offset: usize,
) -> Result<(), Problem> {
    let taken = match reader.draft.moves.get_mut(usize::from(channel)) {
        Some(slot) => slot.replace(array_move).is_some(),
        None => true,
    };
    if taken {
        return Err(Problem::at(offset, format!("array channel {channel} is taken")));
    }
    Ok(())
}

/// Reads `incr[,CH] %aaincrN [? predicate]`, which belongs to the array access before it.
pub(super) fn increment(reader: &mut Reader<'_, '_, '_>, offset: usize) -> Result<(), Problem> {
    let mut channel = None;
    if reader.cursor.eat(",") {
        let digits = reader.cursor.run(|c| c.is_ascii_digit());
        channel = digits.parse::<u8>().ok();
    }
    let number = address::numbered(reader, "aaincr", 7)?;
    let condition = match reader.cursor.eat("?") {
        true => Some(register::expect_term(&mut reader.cursor)?),
        false => None,
    };
    let lonely =
        || Problem::at(offset, "incr belongs behind the staa or ldaa whose index it advances");
    let alu = reader.draft.alu.last_mut().ok_or_else(lonely)?;
    let Source::Array(mut address) = alu.src1 else { return Err(lonely()) };
    if channel.is_some() && alu.channel.is_some() && channel != alu.channel {
        let message = "incr stands on the channel of the array access before it";
        return Err(Problem::at(offset, message));
    }
    address.increment = number;
    address.advance = true;
    alu.src1 = Source::Array(address);
    alu.increment = condition;
    Ok(())
}

/// Reads `fapb ct=…` (first slot) or `fapb dpl=…` (second slot).
pub(super) fn prefetch(reader: &mut Reader<'_, '_, '_>, offset: usize) -> Result<(), Problem> {
    let mut slot = PrefetchSlot::default();
    let mut place = None;
    let mut fields = Fields::default();
    loop {
        reader.cursor.blank();
        let at = reader.cursor.offset();
        let name = reader.cursor.word();
        let known = FIELDS.iter().find(|(known, _)| *known == name);
        let Some((_, max)) = known else {
            let message = format!("'{name}' is no field of fapb");
            return Err(Problem::at(at, message).meant(name, FIELDS.iter().map(|(name, _)| *name)));
        };
        reader.cursor.expect("=")?;
        let least = if name == "disp" { i64::from(i32::MIN) } else { 0 };
        let value = reader.number(least..=*max)?;
        match name {
            "ct" | "dpl" => {
                place = Some(usize::from(name == "dpl"));
                slot.flag = value != 0;
            }
            "dcd" => slot.dcd = small(value),
            "fmt" => slot.fmt = small(value),
            "mrng" => slot.mrng = small(value),
            "d" => slot.descriptor = small(value),
            "asz" => slot.asz = small(value),
            "abs" => slot.abs = small(value),
            "disp" => slot.disp = u32::try_from(value & 0xffff_ffff).unwrap_or(0),
            _ => fields.set(name, small(value)),
        }
        if !reader.cursor.eat(",") {
            break;
        }
    }
    slot.indexing = fields.indexing(offset)?;
    let Some(place) = place else {
        return Err(Problem::at(offset, "fapb needs ct= (first slot) or dpl= (second slot)"));
    };
    if reader.draft.prefetch.get_mut(place).is_some_and(|known| known.replace(slot).is_some()) {
        let name = if place == 0 { "ct=" } else { "dpl=" };
        return Err(Problem::at(offset, format!("there is a fapb with {name} already")));
    }
    Ok(())
}

/// Fields of `fapb` with their greatest values.
const FIELDS: [(&str, i64); 15] = [
    ("ct", 1),
    ("dpl", 1),
    ("si", 1),
    ("dcd", 3),
    ("fmt", 7),
    ("mrng", 31),
    ("d", 31),
    ("incr", 7),
    ("ind", 15),
    ("be", 1),
    ("am", 1),
    ("area", 31),
    ("asz", 7),
    ("abs", 31),
    ("disp", u32::MAX as i64),
];

/// The fields that depend on `si`.
#[derive(Default)]
struct Fields {
    si: Option<u8>,
    incr: Option<u8>,
    ind: Option<u8>,
    be: Option<u8>,
    am: Option<u8>,
    area: Option<u8>,
}

impl Fields {
    fn set(&mut self, name: &str, value: u8) {
        let field = match name {
            "si" => &mut self.si,
            "incr" => &mut self.incr,
            "ind" => &mut self.ind,
            "be" => &mut self.be,
            "am" => &mut self.am,
            _ => &mut self.area,
        };
        *field = Some(value);
    }

    fn indexing(&self, offset: usize) -> Result<Indexing, Problem> {
        let by_area = self.si == Some(1);
        let register = self.incr.is_some() || self.ind.is_some();
        let area = self.be.is_some() || self.am.is_some() || self.area.is_some();
        match by_area {
            true if register => Err(Problem::at(offset, "fapb with si=1 has no incr= and ind=")),
            false if area => Err(Problem::at(offset, "fapb has be=, am= and area= with si=1 only")),
            true => Ok(Indexing::Area {
                big_endian: self.be == Some(1),
                advance: self.am == Some(1),
                area: self.area.unwrap_or(0),
            }),
            false => Ok(Indexing::Register {
                increment: self.incr.unwrap_or(0),
                index: self.ind.unwrap_or(0),
            }),
        }
    }
}

/// A number that was checked to fit.
fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(0)
}
