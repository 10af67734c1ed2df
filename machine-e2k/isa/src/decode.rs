//! Syllables → [`Bundle`]: what the words mean.
//!
//! Unused fields of a format are not looked at, reserved values of used ones are errors: the processor would raise
//! `exc_illegal_opcode`. Rules between operations (one store address per group and the like) are the processor's.

mod alu;
mod control;

use crate::syllable::{Pls, Rlp};
use crate::{
    ArrayMove, Bundle, Combination, Control1, DecodeError, Destination, ElementSource, IsaVersion,
    LocalPredicate, LogicOperation, Mas, MoveFormat, Place, PredicateLogic, Qualifier,
    QualifierSource, Register, Syllables,
};

impl Bundle {
    /// Decodes the first bundle of `bytes` and says how many bytes it takes.
    ///
    /// # Errors
    /// Whatever makes the processor call it an illegal instruction; see [`DecodeError`].
    pub fn from_bytes(bytes: &[u8], version: IsaVersion) -> Result<(Self, usize), DecodeError> {
        let syllables = Syllables::from_bytes(bytes, version)?;
        let length = bytes
            .first_chunk()
            .map_or(0, |header| Syllables::length_of(u32::from_le_bytes(*header)));
        Ok((Self::from_syllables(&syllables, version)?, length))
    }

    /// Says what `syllables` mean.
    ///
    /// # Errors
    /// A reserved value, an operation that does not exist here or in this version, a missing literal.
    pub fn from_syllables(syllables: &Syllables, version: IsaVersion) -> Result<Self, DecodeError> {
        let mut bundle = Self {
            nop: syllables.nop,
            loop_mode: syllables.loop_mode,
            set_mark: syllables.set_mark,
            explicit_ales25: syllables.explicit_ales25,
            literals: syllables.literals,
            padding: syllables.padding,
            ..Self::default()
        };
        bundle.stub = syllables.ss.map(control::stub).transpose()?;
        bundle.control1 = syllables
            .cs1
            .map(|cs1| control::control1(cs1, &syllables.literals, version))
            .transpose()?;
        let control1 = bundle.control1;
        bundle.control0 =
            syllables.cs0.map(|cs0| control::control0(cs0, control1, version)).transpose()?;
        if syllables.cs0.is_none()
            && matches!(control1, Some(Control1::Icall { .. } | Control1::Hcall { .. }))
        {
            let value = u32::from(control::CALL_KIND_ICALL);
            return Err(DecodeError::Reserved {
                place: Place::Cs1,
                field: "ctopc without CS0",
                value,
            });
        }
        for (channel, (als, ales)) in (0..).zip(syllables.als.iter().zip(&syllables.ales)) {
            let Some(als) = als else { continue };
            let words = alu::Words { channel, als: *als, ales: *ales, mas: bundle.mas(channel) };
            let instruction = words.decode(&syllables.literals, version)?;
            if let Some(slot) = bundle.alu.get_mut(usize::from(channel)) {
                *slot = Some(instruction);
            }
        }
        for (channel, (slot, aas)) in (0..).zip(bundle.array_moves.iter_mut().zip(&syllables.aas)) {
            *slot = aas.map(|(aas, target)| array_move(channel, aas, target)).transpose()?;
        }
        for (number, (slot, pls)) in
            (0..).zip(bundle.predicate_logic.iter_mut().zip(&syllables.pls))
        {
            *slot = pls.map(|pls| predicate_logic(number, pls)).transpose()?;
        }
        let halves = syllables.cds.iter().flat_map(|cds| cds.unwrap_or([Rlp(0); 2]));
        for (number, (slot, half)) in (0..).zip(bundle.qualifiers.iter_mut().zip(halves)) {
            *slot = qualifier(number / 2, half)?;
        }
        Ok(bundle)
    }
}

fn array_move(
    channel: u8,
    aas: crate::syllable::Aas,
    target: u8,
) -> Result<ArrayMove, DecodeError> {
    let place = Place::Aas(channel);
    let reserved = |field, value: u8| DecodeError::Reserved { place, field, value: value.into() };
    let dst = match target {
        0xdf => Destination::Empty,
        0xde => Destination::EmptyHigh,
        _ => Register::from_byte(target)
            .map(Destination::Register)
            .ok_or_else(|| reserved("destination", target))?,
    };
    Ok(ArrayMove {
        format: MoveFormat::from_code(aas.opc()).ok_or_else(|| reserved("opc", aas.opc()))?,
        big_endian: aas.be(),
        area: aas.area(),
        index: aas.ind(),
        advance: aas.am(),
        dst,
    })
}

fn predicate_logic(number: u8, pls: Pls) -> Result<PredicateLogic, DecodeError> {
    let place = Place::Pls(number);
    let reserved = |field, value: u8| DecodeError::Reserved { place, field, value: value.into() };
    let element = |field, code: u8| match ElementSource::from_code(code) {
        Some(source) => Ok(source),
        // Nothing reads the ELPs of PLS2.
        None if number == 2 => Ok(ElementSource::LoopCounterExpired),
        None => Err(reserved(field, code)),
    };
    let operand = |field, number: u8, negated| {
        if number < 7 {
            Ok(LocalPredicate { number, negated })
        } else {
            Err(reserved(field, number))
        }
    };
    let operation = match pls.opc() {
        0 => LogicOperation::And,
        1 => LogicOperation::LogicalAnd,
        3 => LogicOperation::Move,
        opc => return Err(reserved("clp operation", opc)),
    };
    Ok(PredicateLogic {
        elements: [element("elp0", pls.elp0())?, element("elp1", pls.elp1())?],
        combination: Combination {
            operation,
            first: operand("p0", pls.p0(), pls.neg0())?,
            second: operand("p1", pls.p1(), pls.neg1())?,
            commit: pls.vdst().then(|| pls.pdst()),
        },
    })
}

/// A half that applies to nothing is no qualifier.
fn qualifier(word: u8, half: Rlp) -> Result<Option<Qualifier>, DecodeError> {
    if half.alc() == 0 && !half.am() {
        return Ok(None);
    }
    let source = QualifierSource::from_code(half.psrc()).ok_or(DecodeError::Reserved {
        place: Place::Cds(word),
        field: "psrc",
        value: half.psrc().into(),
    })?;
    Ok(Some(Qualifier {
        source,
        merge: half.mrgc(),
        second_cluster: half.cluster(),
        channels: half.alc(),
        negated: half.neg(),
        auxiliary: half.am(),
    }))
}

/// Fails where `version` lies outside `since..`.
fn require(
    place: Place,
    what: &'static str,
    since: IsaVersion,
    version: IsaVersion,
) -> Result<(), DecodeError> {
    if version >= since {
        return Ok(());
    }
    Err(DecodeError::WrongVersion { place, what, since, until: IsaVersion::V7, version })
}

/// MAS as CS1 carries them, channels 0, 2, 3, 5.
fn masses(cs1: crate::syllable::Cs1) -> [Mas; 4] {
    [cs1.mas0(), cs1.mas2(), cs1.mas3(), cs1.mas5()].map(Mas)
}
