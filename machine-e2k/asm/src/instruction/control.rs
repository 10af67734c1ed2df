//! Control transfers and their preparation: syllables SS and CS0, calls in CS1.
//!
//! Source: ISA notes 4.1, 4.2 and 10; gas's e2k port. A plain number as target is the field itself, in units of 8 bytes
//! from the bundle; anything else is an address.

use elnic_isa::{
    Advance, Control0, Control1, ControlCondition, DescriptorOperation, Displacement,
    GlobalRotation, QualifierSource, RecoveryPoint, Stub,
};

use super::draft::{StubDraft, Target, Transfer};
use super::{Reader, address, condition, register};
use crate::diagnostic::Problem;
use crate::expression::parse;

/// Mnemonics read here, with the first version that has them.
pub(super) const NAMES: [(&str, u8); 27] = [
    ("ct", 1),
    ("ibranch", 1),
    ("rbranch", 1),
    ("call", 1),
    ("icall", 6),
    ("hcall", 6),
    ("disp", 1),
    ("ldisp", 1),
    ("sdisp", 1),
    ("return", 1),
    ("gettsd", 3),
    ("puttsd", 1),
    ("pref", 1),
    ("done", 1),
    ("iret", 6),
    ("hret", 6),
    ("glaunch", 6),
    ("ipd", 1),
    ("alc", 1),
    ("abn", 1),
    ("abp", 1),
    ("abg", 1),
    ("bap", 1),
    ("eap", 1),
    ("vfdi", 1),
    ("flushts", 3),
    ("invts", 3),
];

/// Mnemonics of recovery points.
pub(super) const RECOVERY: [(&str, u8, RecoveryPoint); 3] = [
    ("crp", 1, RecoveryPoint::Clear),
    ("srp", 1, RecoveryPoint::Set),
    ("slrp", 3, RecoveryPoint::SetLocked),
];

/// Reads the operands of `name`, one of [`NAMES`], whose mnemonic stands at `offset`.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    offset: usize,
) -> Result<(), Problem> {
    match name {
        "ct" => {
            let register = register::expect_transfer(&mut reader.cursor)?;
            condition(reader, offset, None)?;
            reader.draft.stub().transfer.register = Some(register);
        }
        "ibranch" => {
            prepare(reader, offset, Control0::Ibranch)?;
            condition(reader, offset, None)?;
        }
        "rbranch" => {
            prepare(reader, offset, Control0::Ibranch)?;
            // A condition of rbranch is one that %MLOCK is joined with.
            let given = match reader.cursor.eat("?") {
                true => condition::beside_memory_lock(&mut reader.cursor)?,
                false => ControlCondition::MemoryLock,
            };
            condition(reader, offset, Some(given))?;
        }
        "call" => {
            let register = register::expect_transfer(&mut reader.cursor)?;
            reader.cursor.expect(",")?;
            let wbs = window_shift(reader)?;
            condition(reader, offset, None)?;
            reader.draft.stub().transfer.register = Some(register);
            reader.draft.take_control1(offset, Control1::Call { wbs }, "call")?;
        }
        "icall" => {
            prepare(reader, offset, Control0::IcallTarget)?;
            reader.cursor.expect(",")?;
            let wbs = window_shift(reader)?;
            condition(reader, offset, None)?;
            reader.draft.take_control1(offset, Control1::Icall { wbs }, "icall")?;
        }
        "hcall" => {
            let entry = u8::try_from(reader.number(0..=15)?).unwrap_or(0);
            reader.cursor.expect(",")?;
            let wbs = window_shift(reader)?;
            condition(reader, offset, None)?;
            plain(reader, offset, Control0::HcallEntry(entry))?;
            reader.draft.take_control1(offset, Control1::Hcall { wbs }, "hcall")?;
        }
        "disp" => {
            let register = register::expect_transfer(&mut reader.cursor)?;
            reader.cursor.expect(",")?;
            prepare(reader, offset, |distance| Control0::Disp(register, distance))?;
        }
        "ldisp" | "return" => single_register(reader, name, offset)?,
        "sdisp" => {
            let register = register::expect_transfer(&mut reader.cursor)?;
            reader.cursor.expect(",")?;
            let entry = u8::try_from(reader.number(0..=31)?).unwrap_or(0);
            plain(reader, offset, Control0::Sdisp(register, entry))?;
        }
        "gettsd" => {
            let register = register::expect_transfer(&mut reader.cursor)?;
            plain(reader, offset, Control0::Gettsd(register))?;
        }
        "puttsd" => prepare(reader, offset, Control0::Puttsd)?,
        "pref" => prefetch(reader, offset)?,
        "done" => immediate(reader, offset, Control0::Done { fdam: false, trar: false })?,
        "iret" => immediate(reader, offset, Control0::Iret)?,
        "hret" => immediate(reader, offset, Control0::Hret)?,
        "glaunch" => immediate(reader, offset, Control0::Glaunch)?,
        "flushts" => descriptor(reader, offset, false)?,
        "invts" => descriptor(reader, offset, true)?,
        _ => rotation(reader, name, offset)?,
    }
    Ok(())
}

/// Reads `ldisp %ctpr2, target` and `return %ctpr3`, which know one register only.
fn single_register(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    offset: usize,
) -> Result<(), Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let register = register::expect_transfer(&mut reader.cursor)?;
    let wanted = if name == "ldisp" { 2 } else { 3 };
    if register.number() != wanted {
        return Err(Problem::at(at, format!("{name} works with %ctpr{wanted} only")));
    }
    if name == "return" {
        return plain(reader, offset, Control0::Return);
    }
    reader.cursor.expect(",")?;
    prepare(reader, offset, Control0::Ldisp)
}

/// Reads the instructions that set single fields of SS.
fn rotation(reader: &mut Reader<'_, '_, '_>, name: &str, offset: usize) -> Result<(), Problem> {
    match name {
        "ipd" => {
            let depth = u8::try_from(reader.number(0..=3)?).unwrap_or(0);
            let stub = reader.draft.stub();
            stub.transfer.ipd = depth;
            once(&mut stub.given.ipd, offset, name)
        }
        "alc" => {
            let advance = advance(reader, name)?;
            let stub = reader.draft.stub();
            stub.transfer.alc = advance;
            once(&mut stub.given.alc, offset, name)
        }
        "abn" => {
            let advance = advance(reader, name)?;
            let stub = reader.draft.stub();
            stub.transfer.abn = advance;
            once(&mut stub.given.abn, offset, name)
        }
        "abp" => {
            let advance = advance(reader, name)?;
            let stub = reader.draft.stub();
            stub.transfer.abp = advance;
            once(&mut stub.given.abp, offset, name)
        }
        "abg" => {
            let rotation = globals(reader)?;
            let stub = reader.draft.stub();
            stub.transfer.abg = rotation;
            once(&mut stub.given.abg, offset, name)
        }
        "bap" => {
            reader.draft.stub().transfer.bap = true;
            Ok(())
        }
        "eap" => {
            reader.draft.stub().transfer.eap = true;
            Ok(())
        }
        _ => {
            reader.draft.stub().transfer.vfdi = true;
            Ok(())
        }
    }
}

/// Notes that a field was given, which may happen once.
fn once(given: &mut bool, offset: usize, name: &str) -> Result<(), Problem> {
    if std::mem::replace(given, true) {
        return Err(Problem::at(offset, format!("a bundle has one {name} at most")));
    }
    Ok(())
}

/// Reads `alcf=0,alct=1` or the number that joins both.
fn advance(reader: &mut Reader<'_, '_, '_>, name: &str) -> Result<Advance, Problem> {
    if reader.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        let bits = reader.number(0..=3)?;
        return Ok(Advance { taken: bits & 1 != 0, not_taken: bits & 2 != 0 });
    }
    let mut advance = Advance::default();
    loop {
        if reader
            .try_setting(&format!("{name}f"), 0..=1)?
            .map(|bit| advance.not_taken = bit != 0)
            .is_none()
        {
            advance.taken = reader.setting(&format!("{name}t"), 0..=1)? != 0;
        }
        if !reader.cursor.eat(",") {
            return Ok(advance);
        }
    }
}

/// Reads the operand of `abg`: `abgi=1,abgd=0` or the number that joins both.
fn globals(reader: &mut Reader<'_, '_, '_>) -> Result<GlobalRotation, Problem> {
    if reader.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        let bits = reader.number(0..=3)?;
        return Ok(GlobalRotation { decrement: bits & 1 != 0, increment: bits & 2 != 0 });
    }
    let mut rotation = GlobalRotation::default();
    loop {
        if reader.try_setting("abgi", 0..=1)?.map(|bit| rotation.increment = bit != 0).is_none() {
            rotation.decrement = reader.setting("abgd", 0..=1)? != 0;
        }
        if !reader.cursor.eat(",") {
            return Ok(rotation);
        }
    }
}

fn window_shift(reader: &mut Reader<'_, '_, '_>) -> Result<u8, Problem> {
    Ok(u8::try_from(reader.setting("wbs", 0..=127)?).unwrap_or(0))
}

/// Reads a target and takes CS0.
fn prepare(
    reader: &mut Reader<'_, '_, '_>,
    offset: usize,
    control: impl Fn(Displacement) -> Control0,
) -> Result<(), Problem> {
    let target = target(reader, 28)?;
    let value = Transfer { control: control(Displacement(0)), target: Some(target) };
    reader.draft.take_control0(offset, value)
}

/// Takes CS0 for an instruction without target.
fn plain(reader: &mut Reader<'_, '_, '_>, offset: usize, control: Control0) -> Result<(), Problem> {
    reader.draft.take_control0(offset, Transfer { control, target: None })
}

/// An immediate transfer without target: `done` and its like.
fn immediate(
    reader: &mut Reader<'_, '_, '_>,
    offset: usize,
    control: Control0,
) -> Result<(), Problem> {
    plain(reader, offset, control)?;
    condition(reader, offset, None)
}

/// Reads a target: the raw field of `bits` bits if it is a plain number, else an address.
fn target(reader: &mut Reader<'_, '_, '_>, bits: u32) -> Result<Target, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    if reader.cursor.peek() == Some('%') {
        return Err(register::unknown(&mut reader.cursor, "a label or a number"));
    }
    let expression = parse(&mut reader.cursor, &mut reader.scope)?;
    let Some(units) = expression.constant(reader.scope.symbols) else {
        return Ok(Target::Address(expression));
    };
    let limit = 1i64 << (bits - 1);
    if (-limit..limit * 2).contains(&units) {
        // The upper half of the unsigned range is another way to write negative numbers.
        return Ok(Target::Units(if units >= limit { units - 2 * limit } else { units }));
    }
    let message = format!(
        "{units} does not fit the {bits} bits of the displacement, which counts 8-byte units"
    );
    Err(Problem::at(at, message))
}

/// Reads `pref %iprN, target [, ipd=D]`.
fn prefetch(reader: &mut Reader<'_, '_, '_>, offset: usize) -> Result<(), Problem> {
    let register = address::numbered(reader, "ipr", 7)?;
    reader.cursor.expect(",")?;
    let named = reader.cursor.clone();
    // The disassembler writes `disp =` in front of the target.
    if !(reader.cursor.eat_word("disp") && reader.cursor.eat("=")) {
        reader.cursor = named;
    }
    let target = target(reader, 24)?;
    let depth = if reader.cursor.eat(",") { reader.setting("ipd", 0..=1)? } else { 0 };
    let depth = u8::try_from(depth).unwrap_or(0);
    let control = Control0::Pref { register, depth, displacement: Displacement(0) };
    reader.draft.take_control0(offset, Transfer { control, target: Some(target) })
}

/// Reads `? condition` if it is there and makes the transfer of the bundle depend on it.
pub(super) fn condition(
    reader: &mut Reader<'_, '_, '_>,
    offset: usize,
    fixed: Option<ControlCondition>,
) -> Result<(), Problem> {
    let given = match fixed {
        Some(fixed) => fixed,
        None if reader.cursor.eat("?") => condition::read(&mut reader.cursor)?,
        None => ControlCondition::Always,
    };
    let stub = reader.draft.stub();
    if std::mem::replace(&mut stub.given.transfer, true) {
        let message = "a bundle has one control transfer (ct, call, ibranch, done) at most";
        return Err(Problem::at(offset, message));
    }
    stub.transfer.condition = given;
    Ok(())
}

/// Reads `invts` and `flushts`.
fn descriptor(
    reader: &mut Reader<'_, '_, '_>,
    offset: usize,
    invalidate: bool,
) -> Result<(), Problem> {
    let mut condition = ControlCondition::Never;
    let mut operation = DescriptorOperation::Flush;
    if invalidate {
        operation = DescriptorOperation::Invalidate;
        if reader.cursor.eat("?") {
            reader.cursor.blank();
            let at = reader.cursor.offset();
            let term = register::expect_term(&mut reader.cursor)?;
            let QualifierSource::Predicate(number) = term.source else {
                return Err(Problem::at(at, "invts depends on %predN only"));
            };
            condition = match term.negated {
                false => ControlCondition::Predicate(number),
                true => ControlCondition::NotPredicate(number),
            };
            operation = match term.negated {
                false => DescriptorOperation::InvalidateIf,
                true => DescriptorOperation::InvalidateUnless,
            };
        }
    }
    let stub: &mut StubDraft = reader.draft.stub();
    if stub.descriptor.is_some() {
        return Err(Problem::at(offset, "a bundle has one of invts and flushts at most"));
    }
    stub.descriptor = Some(Stub::Descriptor { operation, condition, ipd: 3 });
    Ok(())
}

/// Reads `crp`, `srp` or `slrp`.
pub(super) fn recovery(
    reader: &mut Reader<'_, '_, '_>,
    point: RecoveryPoint,
    offset: usize,
) -> Result<(), Problem> {
    let stub = reader.draft.stub();
    if stub.transfer.recovery_point.replace(point).is_some() {
        return Err(Problem::at(offset, "a bundle has one of crp, srp and slrp at most"));
    }
    if reader.cursor.eat("?") {
        if (reader.context.version as u8) < 3 {
            let message = "recovery points can be conditional from v3 on";
            return Err(reader.cursor.problem(message));
        }
        reader.draft.recovery = Some(register::expect_term(&mut reader.cursor)?);
    }
    Ok(())
}
