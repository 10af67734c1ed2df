//! ALS and ALES → operation with operands (ISA notes 2.3, 3.1).

use crate::operation::candidates;
use crate::syllable::{Ales, Als};
use crate::{
    AauRegister, AluInstruction, ArrayAddress, ControlTransferRegister, DecodeError, Destination,
    Format, IsaVersion, Kind, Literal, Literals, Mas, Operation, Place, Register, Source,
    StateRegister, TrapRegister,
};

/// What one channel is told.
pub(super) struct Words {
    pub(super) channel: u8,
    pub(super) als: Als,
    pub(super) ales: Option<Ales>,
    pub(super) mas: Mas,
}

impl Words {
    pub(super) fn decode(
        &self,
        literals: &Literals,
        version: IsaVersion,
    ) -> Result<AluInstruction, DecodeError> {
        let operation = Operation::find(self.channel, self.als, self.ales, self.mas, version)
            .ok_or_else(|| self.unknown(version))?;
        let [first, second, third] = operation.src;
        Ok(AluInstruction {
            operation,
            speculative: self.als.spec(),
            src1: self.src1(first)?,
            src2: self.src2(second, literals)?,
            src3: self.src3(operation.format, third, literals, version)?,
            dst: self.dst(operation.dst)?,
        })
    }

    /// Says as exactly as possible why there is no operation.
    fn unknown(&self, version: IsaVersion) -> DecodeError {
        let Self { channel, als, ales, mas } = *self;
        let extension = ales.map(|ales| ales.opc2());
        let opcode = als.cop();
        let rows = || candidates(extension, opcode);
        if rows().next().is_none() {
            return DecodeError::UnknownOpcode { channel, opcode, extension };
        }
        let selected = || rows().filter(|row| row.select.matches(als, ales, mas));
        if let Some(row) = selected().find(|row| row.channels.contains(channel)) {
            let (what, since, until) = (row.mnemonic, row.since, row.until);
            return DecodeError::WrongVersion {
                place: Place::Als(channel),
                what,
                since,
                until,
                version,
            };
        }
        let here = rows().any(|row| row.is_allowed(channel, version));
        match selected().next().filter(|_| !here) {
            Some(row) => {
                DecodeError::WrongChannel { channel, mnemonic: row.mnemonic, allowed: row.channels }
            }
            None => DecodeError::UnknownSelection {
                channel,
                opcode,
                extension,
                src1: als.src1(),
                low: ales.map_or(0, |ales| ales.low()),
                dst: als.dst(),
            },
        }
    }

    fn reserved(&self, field: &'static str, value: u8) -> DecodeError {
        DecodeError::Reserved { place: Place::Als(self.channel), field, value: value.into() }
    }

    fn src1(&self, kind: Kind) -> Result<Source, DecodeError> {
        let byte = self.als.src1();
        Ok(match kind {
            Kind::Absent => Source::Absent,
            Kind::StateRegister => Source::State(StateRegister(byte)),
            Kind::WindowShift => Source::Immediate(byte),
            Kind::ArrayAddress => Source::Array(self.array_address()?),
            Kind::AauRegister => Source::Aau(self.aau_register()?),
            _ => match Register::from_byte(byte) {
                Some(register) => Source::Register(register),
                None => Source::Constant(byte & 0x1f),
            },
        })
    }

    fn src2(&self, kind: Kind, literals: &Literals) -> Result<Source, DecodeError> {
        let byte = self.als.src2();
        if kind == Kind::Absent {
            return Ok(Source::Absent);
        }
        if let Some(register) = Register::from_byte(byte) {
            return Ok(Source::Register(register));
        }
        if byte <= 0xcf {
            return Ok(Source::Constant(byte & 0xf));
        }
        let literal = Literal::from_byte(byte).ok_or_else(|| self.reserved("src2", byte))?;
        self.checked(literal, literals).map(Source::Literal)
    }

    fn checked(&self, literal: Literal, literals: &Literals) -> Result<Literal, DecodeError> {
        let needed = literal.words_needed();
        if needed <= literals.count {
            return Ok(literal);
        }
        Err(DecodeError::MissingLiteral {
            place: Place::Als(self.channel),
            word: needed - 1,
            present: literals.count,
        })
    }

    fn src3(
        &self,
        format: Format,
        kind: Kind,
        literals: &Literals,
        version: IsaVersion,
    ) -> Result<Source, DecodeError> {
        let low = self.ales.map_or(0, |ales| ales.low());
        let byte = match kind {
            Kind::Absent => return Ok(Source::Absent),
            Kind::Literal8 { .. } => return Ok(Source::Immediate(low)),
            _ if format.stores() => self.als.dst(),
            _ => low,
        };
        match (Register::from_byte(byte), Literal::from_byte(byte)) {
            (Some(register), _) => Ok(Source::Register(register)),
            (None, Some(literal)) if version >= IsaVersion::V7 => {
                self.checked(literal, literals).map(Source::Literal)
            }
            _ => Err(self.reserved("src3", byte)),
        }
    }

    fn dst(&self, kind: Kind) -> Result<Destination, DecodeError> {
        let byte = self.als.dst();
        let control_transfer = || match byte {
            0xd1..=0xd3 if self.channel == 0 => ControlTransferRegister::from_number(byte & 3),
            _ => None,
        };
        let trap_register = || match byte {
            0xcd => Some(TrapRegister::Tst),
            0xce => Some(TrapRegister::Tc),
            0xcf => Some(TrapRegister::Tcd),
            _ => None,
        };
        let special = match kind {
            Kind::Absent => Some(Destination::Absent),
            Kind::Predicate => Some(Destination::Predicate(self.als.predicate())),
            Kind::StateRegister => Some(Destination::State(StateRegister(byte))),
            Kind::AauRegister => Some(Destination::Aau(self.aau_register()?)),
            Kind::DoubleOrControlTransfer => control_transfer().map(Destination::ControlTransfer),
            Kind::TrapRegister => trap_register().map(Destination::Trap),
            _ => None,
        };
        if let Some(special) = special {
            return Ok(special);
        }
        match (Register::from_byte(byte), byte) {
            (Some(register), _) => Ok(Destination::Register(register)),
            (None, 0xdf) => Ok(Destination::Empty),
            (None, 0xde) => Ok(Destination::EmptyHigh),
            _ => Err(self.reserved("dst", byte)),
        }
    }

    fn array_address(&self) -> Result<ArrayAddress, DecodeError> {
        if self.als.aas() {
            return Err(self.reserved("bit 11", 1));
        }
        Ok(ArrayAddress {
            descriptor: self.als.aad(),
            index: self.als.ind(),
            increment: self.als.incr(),
            advance: self.als.am(),
            literal: self.als.lt().checked_sub(1),
        })
    }

    fn aau_register(&self) -> Result<AauRegister, DecodeError> {
        AauRegister::from_als(self.als)
            .ok_or_else(|| self.reserved("register file", self.als.aau_file()))
    }
}
