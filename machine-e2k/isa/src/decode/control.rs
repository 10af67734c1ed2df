//! SS, CS0, CS1 → control operations (ISA notes 4.1, 4.2).

use super::{masses, require};
use crate::syllable::{Cs0, Cs1, Ss, WindowLiteral};
use crate::{
    Advance, BasedWindow, Control0, Control1, ControlCondition, ControlTransferRegister,
    DecodeError, DescriptorOperation, Displacement, Flush, GlobalRotation, Globals, IsaVersion,
    Literals, Place, RecoveryPoint, SetWindow, Stub, TransferStub, Wait, WindowSize,
};

/// `ctopc` of `icall`.
pub(super) const CALL_KIND_ICALL: u8 = 1;
/// `ctopc` of `hcall`.
const CALL_KIND_HCALL: u8 = 2;

pub(super) fn stub(ss: Ss) -> Result<Stub, DecodeError> {
    let reserved =
        |field, value: u16| DecodeError::Reserved { place: Place::Ss, field, value: value.into() };
    let condition =
        ControlCondition::from_bits(ss.ctcond()).ok_or_else(|| reserved("ctcond", ss.ctcond()))?;
    if ss.sf2() {
        let code = ss.ts_opc_hi() << 1 | u8::from(ss.ts_opc_lo());
        let operation = match code {
            2 => DescriptorOperation::Invalidate,
            3 => DescriptorOperation::Flush,
            6 => DescriptorOperation::InvalidateIf,
            7 => DescriptorOperation::InvalidateUnless,
            _ => return Err(reserved("ts_opc", code.into())),
        };
        return Ok(Stub::Descriptor { operation, condition, ipd: ss.ipd() });
    }
    Ok(Stub::Transfer(TransferStub {
        condition,
        register: ControlTransferRegister::from_number(ss.ctop()),
        ipd: ss.ipd(),
        alc: Advance { taken: ss.alct(), not_taken: ss.alcf() },
        abp: Advance { taken: ss.abpt(), not_taken: ss.abpf() },
        abn: Advance { taken: ss.abnt(), not_taken: ss.abnf() },
        abg: GlobalRotation { decrement: ss.abgd(), increment: ss.abgi() },
        recovery_point: match (ss.rp_hi(), ss.rp_lo()) {
            (false, false) => None,
            (false, true) => Some(RecoveryPoint::Clear),
            (true, false) => Some(RecoveryPoint::Set),
            (true, true) => Some(RecoveryPoint::SetLocked),
        },
        vfdi: ss.vfdi(),
        bap: ss.bap(),
        eap: ss.eap(),
    }))
}

/// Sign-extends a displacement of `bits` bits.
fn displacement(value: u32, bits: u32) -> Displacement {
    let shift = 32 - bits;
    Displacement((value << shift) as i32 >> shift)
}

pub(super) fn control0(
    cs0: Cs0,
    control1: Option<Control1>,
    version: IsaVersion,
) -> Result<Control0, DecodeError> {
    let reserved = |field, value: u32| DecodeError::Reserved { place: Place::Cs0, field, value };
    let distance = displacement(cs0.param(), 28);
    match control1 {
        Some(Control1::Icall { .. }) => return Ok(Control0::IcallTarget(distance)),
        Some(Control1::Hcall { .. }) => return Ok(Control0::HcallEntry(cs0.hdisp())),
        _ => {}
    }
    let register = ControlTransferRegister::from_number(cs0.ctpr());
    Ok(match (register, cs0.opc()) {
        (None, 0) => Control0::Ibranch(distance),
        (None, 1) => Control0::Pref {
            register: cs0.ipr(),
            depth: cs0.prefetch_depth(),
            displacement: displacement(cs0.pdisp(), 24),
        },
        (None, 2) => Control0::Puttsd(distance),
        (None, _) => returning(cs0, version)?,
        (Some(register), 0) => Control0::Disp(register, distance),
        (Some(ControlTransferRegister::Ctpr2), 1) => Control0::Ldisp(distance),
        (Some(register), 2) => Control0::Sdisp(register, cs0.entry()),
        (Some(ControlTransferRegister::Ctpr3), 3) if cs0.param() == 0 => Control0::Return,
        (Some(register), 3) if cs0.param() == 1 => {
            require(Place::Cs0, "gettsd", IsaVersion::V3, version)?;
            Control0::Gettsd(register)
        }
        (Some(_), 3) => return Err(reserved("param", cs0.param())),
        (Some(_), opc) => return Err(reserved("opc", opc.into())),
    })
}

fn returning(cs0: Cs0, version: IsaVersion) -> Result<Control0, DecodeError> {
    let (what, control) = match cs0.return_type() {
        0 => return Ok(Control0::Done { fdam: cs0.fdam(), trar: cs0.trar() }),
        2 => ("iret", Control0::Iret),
        3 => ("hret", Control0::Hret),
        4 => ("glaunch", Control0::Glaunch),
        value => {
            let value = value.into();
            return Err(DecodeError::Reserved { place: Place::Cs0, field: "type", value });
        }
    };
    require(Place::Cs0, what, IsaVersion::V6, version)?;
    Ok(control)
}

pub(super) fn control1(
    cs1: Cs1,
    literals: &Literals,
    version: IsaVersion,
) -> Result<Control1, DecodeError> {
    let setbn =
        cs1.setbn().then(|| BasedWindow { rbs: cs1.rbs(), rsz: cs1.rsz(), rcur: cs1.rcur() });
    let setbp = cs1.setbp().then(|| cs1.psz());
    Ok(match cs1.opc() {
        opc @ (0 | 1) => {
            Control1::Window(SetWindow { setbn, setbp, ..window(opc == 1, cs1.settr(), literals)? })
        }
        2 if cs1.setbp() => Control1::Setsft,
        2 => Control1::Setei(cs1.eir()),
        3 => Control1::Wait(Wait((cs1.param() & 0x3fff) as u16)),
        4 => Control1::Base { setbn, setbp },
        5 => call(cs1, version)?,
        6 => Control1::SetMas(masses(cs1)),
        7 => {
            let flag = |bit: u32| cs1.param() >> bit & 1 == 1;
            let flush = Flush { flushr: flag(0), flushc: flag(1), fillr: flag(2), fillc: flag(3) };
            if flush.fillr || flush.fillc {
                require(Place::Cs1, "fillr/fillc", IsaVersion::V6, version)?;
            }
            Control1::Flush(flush)
        }
        8 => Control1::Vfbg(Globals { umask: cs1.umask(), dmask: cs1.dmask(), chkm4: cs1.chkm4() }),
        opc => {
            let value = opc.into();
            return Err(DecodeError::Reserved { place: Place::Cs1, field: "opc", value });
        }
    })
}

/// The part of `setwd` that stands in LTS0.
fn window(vfrpsz: bool, settr: bool, literals: &Literals) -> Result<SetWindow, DecodeError> {
    let word = literals.words.first().copied().filter(|_| literals.count > 0);
    let literal = WindowLiteral(word.ok_or(DecodeError::MissingLiteral {
        place: Place::Cs1,
        word: 0,
        present: literals.count,
    })?);
    Ok(SetWindow {
        size: WindowSize {
            wsz: literal.wsz(),
            nfx: literal.nfx(),
            dbl: literal.dbl(),
            mcn: literal.mcn(),
        },
        vfrpsz: vfrpsz.then(|| literal.rpsz()),
        settr: settr.then(|| literal.tr_type()),
        setbn: None,
        setbp: None,
    })
}

fn call(cs1: Cs1, version: IsaVersion) -> Result<Control1, DecodeError> {
    let wbs = cs1.wbs();
    match cs1.ctopc() {
        0 => Ok(Control1::Call { wbs }),
        CALL_KIND_ICALL => {
            require(Place::Cs1, "icall", IsaVersion::V6, version).map(|()| Control1::Icall { wbs })
        }
        CALL_KIND_HCALL => {
            require(Place::Cs1, "hcall", IsaVersion::V6, version).map(|()| Control1::Hcall { wbs })
        }
        value => {
            Err(DecodeError::Reserved { place: Place::Cs1, field: "ctopc", value: value.into() })
        }
    }
}
