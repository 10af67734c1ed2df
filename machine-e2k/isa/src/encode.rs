//! [`Bundle`] → syllables: the inverse of `decode.rs`.
//!
//! Numbers that do not fit their field and operands that a field cannot hold are errors; nothing is cut off silently.
//! Allocation (literal words, CDS halves) has happened before: what the bundle says is written where it says it.

mod alu;
mod control;

use crate::syllable::{Aas, Pls, Rlp, WindowLiteral};
use crate::{
    ArrayMove, Bundle, Control1, EncodeError, IsaVersion, Literals, LocalPredicate, Place,
    PredicateLogic, Qualifier, Register, Syllables,
};

impl Bundle {
    /// The bundle in memory order.
    ///
    /// # Errors
    /// See [`Self::to_syllables`] and [`Syllables::to_bytes`].
    pub fn to_bytes(&self, version: IsaVersion) -> Result<Vec<u8>, EncodeError> {
        self.to_syllables()?.to_bytes(version)
    }

    /// The words of the bundle. Where `setwd` needs LTS0 and no literal word is there, LTS0 is added.
    ///
    /// # Errors
    /// A number outside its field, an operand the format does not take, a missing literal word.
    pub fn to_syllables(&self) -> Result<Syllables, EncodeError> {
        let mut syllables = Syllables {
            nop: in_range(Place::Ss, "nop", self.nop, 7)?,
            loop_mode: self.loop_mode,
            set_mark: self.set_mark,
            ss: self.stub.map(control::stub).transpose()?,
            explicit_ales25: self.explicit_ales25,
            cs0: self.control0.map(control::control0).transpose()?,
            cs1: self.control1.map(control::control1).transpose()?,
            literals: self.window_literals()?,
            padding: self.padding,
            ..Syllables::default()
        };
        let call = matches!(self.control1, Some(Control1::Icall { .. } | Control1::Hcall { .. }));
        if call && self.control0.is_none() {
            return Err(EncodeError::CallParameterMissing);
        }
        for (channel, instruction) in (0..).zip(&self.alu) {
            let Some(instruction) = instruction else { continue };
            let place = usize::from(channel);
            let (als, ales) = alu::words(channel, instruction, &syllables.literals)?;
            if let (Some(als_slot), Some(ales_slot)) =
                (syllables.als.get_mut(place), syllables.ales.get_mut(place))
            {
                *als_slot = Some(als);
                *ales_slot = ales;
            }
        }
        for (channel, (slot, array_move)) in
            (0..).zip(syllables.aas.iter_mut().zip(&self.array_moves))
        {
            *slot = array_move.map(|array_move| aas(channel, array_move)).transpose()?;
        }
        if self.array_moves.iter().any(Option::is_some) {
            let ss = syllables.ss.as_mut().ok_or(EncodeError::StubMissing)?;
            ss.set_aas((0..4).zip(&self.array_moves).fold(0, |mask, (channel, array_move)| {
                mask | u8::from(array_move.is_some()) << channel
            }));
        }
        for (number, (slot, logic)) in
            (0..).zip(syllables.pls.iter_mut().zip(&self.predicate_logic))
        {
            *slot = logic.map(|logic| pls(number, logic)).transpose()?;
        }
        for (number, (slot, pair)) in
            (0..).zip(syllables.cds.iter_mut().zip(self.qualifiers.chunks(2)))
        {
            let half = |place: usize| match pair.get(place).copied().flatten() {
                Some(qualifier) => rlp(number, qualifier),
                None => Ok(Rlp(0)),
            };
            let halves = [half(0)?, half(1)?];
            *slot = pair.iter().any(Option::is_some).then_some(halves);
        }
        Ok(syllables)
    }

    /// The literal words with what `setwd` needs in LTS0.
    fn window_literals(&self) -> Result<Literals, EncodeError> {
        let Some(Control1::Window(window)) = self.control1 else { return Ok(self.literals) };
        let mut needed = WindowLiteral(0);
        let mut mask = WindowLiteral(0);
        needed.set_wsz(in_range(Place::Cs1, "wsz", window.size.wsz, 0x7f)?);
        needed.set_nfx(window.size.nfx);
        needed.set_dbl(window.size.dbl);
        needed.set_mcn(window.size.mcn);
        mask.set_wsz(0x7f);
        mask.set_nfx(true);
        mask.set_dbl(true);
        mask.set_mcn(true);
        if let Some(rpsz) = window.vfrpsz {
            needed.set_rpsz(in_range(Place::Cs1, "rpsz", rpsz, 0x1f)?);
            mask.set_rpsz(0x1f);
        }
        if let Some(kind) = window.settr {
            needed.set_tr_type(in_range(Place::Cs1, "settr type", kind, 0x7fff)?);
            mask.set_tr_type(0x7fff);
        }
        let mut literals = self.literals;
        if literals.count == 0 {
            literals.count = 1;
            literals.words = [needed.0, 0, 0, 0];
        }
        let found = literals.words[0];
        if found & mask.0 != needed.0 {
            return Err(EncodeError::LiteralConflict { needed: needed.0, found });
        }
        Ok(literals)
    }
}

fn aas(channel: u8, array_move: ArrayMove) -> Result<(Aas, u8), EncodeError> {
    let place = Place::Aas(channel);
    let mut aas = Aas(0);
    aas.set_opc(array_move.format as u8);
    aas.set_be(array_move.big_endian);
    aas.set_area(in_range(place, "area", array_move.area, 31)?);
    aas.set_ind(in_range(place, "ind", array_move.index, 31)?);
    aas.set_am(array_move.advance);
    let target = alu::destination(place, array_move.dst)?;
    Ok((aas, target))
}

fn pls(number: u8, logic: PredicateLogic) -> Result<Pls, EncodeError> {
    let place = Place::Pls(number);
    let [first, second] = logic.elements;
    let combination = logic.combination;
    let operand = |field, operand: LocalPredicate| in_range(place, field, operand.number, 6);
    let mut pls = Pls(0);
    pls.set_elp0(first.to_code());
    pls.set_elp1(second.to_code());
    pls.set_opc(combination.operation as u8);
    pls.set_p0(operand("p0", combination.first)?);
    pls.set_neg0(combination.first.negated);
    pls.set_p1(operand("p1", combination.second)?);
    pls.set_neg1(combination.second.negated);
    if let Some(predicate) = combination.commit {
        pls.set_vdst(true);
        pls.set_pdst(in_range(place, "predicate", predicate, 31)?);
    }
    Ok(pls)
}

fn rlp(word: u8, qualifier: Qualifier) -> Result<Rlp, EncodeError> {
    let place = Place::Cds(word);
    let mut rlp = Rlp(0);
    rlp.set_psrc(qualifier.source.to_code());
    rlp.set_neg(in_range(place, "neg", qualifier.negated, 7)?);
    rlp.set_alc(in_range(place, "alc", qualifier.channels, 7)?);
    rlp.set_cluster(qualifier.second_cluster);
    rlp.set_mrgc(qualifier.merge);
    rlp.set_am(qualifier.auxiliary);
    Ok(rlp)
}

/// `value` if it is not above `max`.
fn in_range<T: Copy + Into<u32>>(
    place: Place,
    field: &'static str,
    value: T,
    max: u32,
) -> Result<T, EncodeError> {
    let number = value.into();
    if number <= max {
        Ok(value)
    } else {
        Err(EncodeError::Range { place, field, value: number, max })
    }
}

/// The byte of a general register.
fn register(place: Place, field: &'static str, register: Register) -> Result<u8, EncodeError> {
    match register {
        Register::Based(number) => in_range(place, field, number, 127)?,
        Register::Window(number) => in_range(place, field, number, 63)?,
        Register::Global(number) => in_range(place, field, number, 31)?,
    };
    Ok(register.to_byte())
}
