//! Control operations → SS, CS0, CS1.

use super::in_range;
use crate::syllable::{Cs0, Cs1, Ss};
use crate::{
    BasedWindow, Control0, Control1, ControlTransferRegister, Displacement, EncodeError, Mas,
    Place, RecoveryPoint, Stub, TransferStub,
};

pub(super) fn stub(stub: Stub) -> Result<Ss, EncodeError> {
    let mut ss = Ss(0);
    match stub {
        Stub::Transfer(transfer) => self::transfer(&mut ss, transfer)?,
        Stub::Descriptor { operation, condition, ipd } => {
            let code = operation as u8;
            ss.set_sf2(true);
            ss.set_ts_opc_hi(code >> 1);
            ss.set_ts_opc_lo(code & 1 == 1);
            ss.set_ctcond(condition.to_bits());
            ss.set_ipd(in_range(Place::Ss, "ipd", ipd, 3)?);
        }
    }
    Ok(ss)
}

fn transfer(ss: &mut Ss, transfer: TransferStub) -> Result<(), EncodeError> {
    ss.set_ctcond(transfer.condition.to_bits());
    ss.set_ctop(transfer.register.map_or(0, ControlTransferRegister::number));
    ss.set_ipd(in_range(Place::Ss, "ipd", transfer.ipd, 3)?);
    ss.set_alct(transfer.alc.taken);
    ss.set_alcf(transfer.alc.not_taken);
    ss.set_abpt(transfer.abp.taken);
    ss.set_abpf(transfer.abp.not_taken);
    ss.set_abnt(transfer.abn.taken);
    ss.set_abnf(transfer.abn.not_taken);
    ss.set_abgd(transfer.abg.decrement);
    ss.set_abgi(transfer.abg.increment);
    let recovery_point = transfer.recovery_point;
    ss.set_rp_lo(matches!(recovery_point, Some(RecoveryPoint::Clear | RecoveryPoint::SetLocked)));
    ss.set_rp_hi(matches!(recovery_point, Some(RecoveryPoint::Set | RecoveryPoint::SetLocked)));
    ss.set_vfdi(transfer.vfdi);
    ss.set_bap(transfer.bap);
    ss.set_eap(transfer.eap);
    Ok(())
}

/// A displacement as a field of `bits` bits.
fn displacement(distance: Displacement, bits: u32) -> Result<u32, EncodeError> {
    let limit = 1i32 << (bits - 1);
    if (-limit..limit).contains(&distance.0) {
        return Ok(distance.0 as u32 & ((1 << bits) - 1));
    }
    Err(EncodeError::Operand {
        place: Place::Cs0,
        field: "displacement",
        what: "so great a distance",
    })
}

pub(super) fn control0(control: Control0) -> Result<Cs0, EncodeError> {
    let mut cs0 = Cs0(0);
    let register = match control {
        Control0::Disp(register, _) | Control0::Sdisp(register, _) | Control0::Gettsd(register) => {
            register.number()
        }
        Control0::Ldisp(_) => ControlTransferRegister::Ctpr2.number(),
        Control0::Return => ControlTransferRegister::Ctpr3.number(),
        _ => 0,
    };
    cs0.set_ctpr(register);
    let opc = match control {
        Control0::Pref { .. } | Control0::Ldisp(_) => 1,
        Control0::Puttsd(_) | Control0::Sdisp(..) => 2,
        Control0::Done { .. } | Control0::Iret | Control0::Hret | Control0::Glaunch => 3,
        Control0::Return | Control0::Gettsd(_) => 3,
        _ => 0,
    };
    cs0.set_opc(opc);
    match control {
        Control0::Ibranch(distance)
        | Control0::Puttsd(distance)
        | Control0::Disp(_, distance)
        | Control0::Ldisp(distance)
        | Control0::IcallTarget(distance) => cs0.set_param(displacement(distance, 28)?),
        Control0::Pref { register, depth, displacement: distance } => {
            cs0.set_ipr(in_range(Place::Cs0, "ipr", register, 7)?);
            cs0.set_prefetch_depth(in_range(Place::Cs0, "ipd", depth, 1)?);
            cs0.set_pdisp(displacement(distance, 24)?);
        }
        Control0::Done { fdam, trar } => {
            cs0.set_fdam(fdam);
            cs0.set_trar(trar);
        }
        Control0::Iret => cs0.set_return_type(2),
        Control0::Hret => cs0.set_return_type(3),
        Control0::Glaunch => cs0.set_return_type(4),
        Control0::Sdisp(_, entry) => cs0.set_entry(in_range(Place::Cs0, "entry", entry, 31)?),
        Control0::Gettsd(_) => cs0.set_param(1),
        Control0::HcallEntry(entry) => cs0.set_hdisp(in_range(Place::Cs0, "hdisp", entry, 15)?),
        Control0::Return => {}
    }
    Ok(cs0)
}

pub(super) fn control1(control: Control1) -> Result<Cs1, EncodeError> {
    let mut cs1 = Cs1(0);
    cs1.set_opc(match control {
        Control1::Window(window) => u8::from(window.vfrpsz.is_some()),
        Control1::Setei(_) | Control1::Setsft => 2,
        Control1::Wait(_) => 3,
        Control1::Base { .. } => 4,
        Control1::Call { .. } | Control1::Icall { .. } | Control1::Hcall { .. } => 5,
        Control1::SetMas(_) => 6,
        Control1::Flush(_) => 7,
        Control1::Vfbg(_) => 8,
    });
    match control {
        Control1::Window(window) => {
            cs1.set_settr(window.settr.is_some());
            base(&mut cs1, window.setbn, window.setbp)?;
        }
        Control1::Base { setbn, setbp } => base(&mut cs1, setbn, setbp)?,
        Control1::Setei(value) => cs1.set_eir(value),
        Control1::Setsft => cs1.set_setbp(true),
        Control1::Wait(wait) => {
            cs1.set_param(in_range(Place::Cs1, "wait flags", wait.0, 0x3fff)?.into());
        }
        Control1::Call { wbs } => call(&mut cs1, wbs, 0)?,
        Control1::Icall { wbs } => call(&mut cs1, wbs, 1)?,
        Control1::Hcall { wbs } => call(&mut cs1, wbs, 2)?,
        Control1::SetMas(values) => {
            let [mas0, mas2, mas3, mas5] = values;
            let checked = |mas: Mas| in_range(Place::Cs1, "mas", mas.0, 0x7f);
            cs1.set_mas0(checked(mas0)?);
            cs1.set_mas2(checked(mas2)?);
            cs1.set_mas3(checked(mas3)?);
            cs1.set_mas5(checked(mas5)?);
        }
        Control1::Flush(flush) => {
            let flags = [flush.flushr, flush.flushc, flush.fillr, flush.fillc];
            cs1.set_param(
                (0..).zip(flags).fold(0, |bits, (bit, flag)| bits | u32::from(flag) << bit),
            );
        }
        Control1::Vfbg(globals) => {
            cs1.set_umask(globals.umask);
            cs1.set_dmask(globals.dmask);
            cs1.set_chkm4(globals.chkm4);
        }
    }
    Ok(cs1)
}

fn call(cs1: &mut Cs1, wbs: u8, kind: u8) -> Result<(), EncodeError> {
    cs1.set_wbs(in_range(Place::Cs1, "wbs", wbs, 0x7f)?);
    cs1.set_ctopc(kind);
    Ok(())
}

fn base(cs1: &mut Cs1, setbn: Option<BasedWindow>, setbp: Option<u8>) -> Result<(), EncodeError> {
    if let Some(window) = setbn {
        cs1.set_setbn(true);
        cs1.set_rbs(in_range(Place::Cs1, "rbs", window.rbs, 63)?);
        cs1.set_rsz(in_range(Place::Cs1, "rsz", window.rsz, 63)?);
        cs1.set_rcur(in_range(Place::Cs1, "rcur", window.rcur, 63)?);
    }
    if let Some(psz) = setbp {
        cs1.set_setbp(true);
        cs1.set_psz(in_range(Place::Cs1, "psz", psz, 31)?);
    }
    Ok(())
}
