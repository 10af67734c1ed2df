//! HS, SS, CS0, CS1.

use elnic_isa::{
    Advance, BasedWindow, Bundle, Control0, Control1, ControlCondition, DescriptorOperation,
    Displacement, Flush, IsaVersion, RecoveryPoint, SetWindow, Stub, TransferStub, Wait,
};

use crate::alu::Shown;
use crate::{Options, symbols};

pub(crate) fn header(lines: &mut Vec<String>, bundle: &Bundle, options: &Options<'_>) {
    if bundle.loop_mode {
        lines.push("loop_mode".into());
    }
    if bundle.set_mark && options.complete() {
        lines.push("set_mark".into());
    }
    if bundle.nop != 0 {
        lines.push(format!("nop {}", bundle.nop));
    }
}

pub(crate) fn stub(lines: &mut Vec<String>, bundle: &Bundle, options: &Options<'_>) {
    match bundle.stub {
        None => {}
        Some(Stub::Transfer(stub)) => transfer(lines, bundle, &stub, options),
        Some(Stub::Descriptor { operation, condition, ipd }) => {
            if ipd != 0 || options.complete() {
                lines.push(format!("ipd {ipd}"));
            }
            if options.complete() {
                lines.push(descriptor(operation, condition));
            }
        }
    }
}

fn transfer(lines: &mut Vec<String>, bundle: &Bundle, stub: &TransferStub, options: &Options<'_>) {
    let call = matches!(
        bundle.control1,
        Some(Control1::Call { .. } | Control1::Icall { .. } | Control1::Hcall { .. })
    );
    let happens = stub.condition != ControlCondition::Never || options.complete();
    if let Some(register) = stub.register.filter(|_| happens && !call) {
        lines.push(format!("ct %ctpr{}{}", register.number(), condition(stub.condition, options)));
    }
    if stub.ipd != 0 || options.complete() {
        lines.push(format!("ipd {}", stub.ipd));
    }
    if stub.eap {
        lines.push("eap".into());
    }
    if stub.bap {
        lines.push("bap".into());
    }
    if let Some(operation) = stub.recovery_point {
        let name = match operation {
            RecoveryPoint::Clear => "crp",
            RecoveryPoint::Set => "srp",
            RecoveryPoint::SetLocked => "slrp",
        };
        let term = bundle.recovery_condition().filter(|_| options.complete());
        lines.push(term.map_or(name.into(), |term| format!("{name} ? {}", Shown(term))));
    }
    if stub.vfdi {
        lines.push("vfdi".into());
    }
    if stub.abg.increment || stub.abg.decrement {
        let (up, down) = (u8::from(stub.abg.increment), u8::from(stub.abg.decrement));
        lines.push(format!("abg abgi={up}, abgd={down}"));
    }
    for (name, advance) in [("abn", stub.abn), ("abp", stub.abp), ("alc", stub.alc)] {
        if advance.is_set() {
            let Advance { taken, not_taken } = advance;
            let (taken, not_taken) = (u8::from(taken), u8::from(not_taken));
            lines.push(format!("{name} {name}f={not_taken}, {name}t={taken}"));
        }
    }
}

fn descriptor(operation: DescriptorOperation, condition: ControlCondition) -> String {
    let predicate = condition.to_bits() & 0x1f;
    match operation {
        DescriptorOperation::Invalidate => "invts".into(),
        DescriptorOperation::Flush => "flushts".into(),
        DescriptorOperation::InvalidateIf => format!("invts ? %pred{predicate}"),
        DescriptorOperation::InvalidateUnless => format!("invts ? ~%pred{predicate}"),
    }
}

/// ` ? …`, nothing for an unconditional transfer. The GNU disassembler writes no more than the mark where it never happens.
pub(crate) fn condition(condition: ControlCondition, options: &Options<'_>) -> String {
    use ControlCondition::*;
    let text = match condition {
        Always => return String::new(),
        Never if options.complete() => "%never".into(),
        Never => return " ?".into(),
        Predicate(number) => format!("%pred{number}"),
        NotPredicate(number) => format!("~%pred{number}"),
        LoopEnd => "%LOOP_END".into(),
        NotLoopEnd => "%NOT_LOOP_END".into(),
        PredicateOrLoopEnd(number) => format!("%pred{number} || %LOOP_END"),
        NotPredicateAndNotLoopEnd(number) => format!("~%pred{number} && %NOT_LOOP_END"),
        NotPredicateOrLoopEnd(number) => format!("~%pred{number} || %LOOP_END"),
        PredicateAndNotLoopEnd(number) => format!("%pred{number} && %NOT_LOOP_END"),
        MemoryLock => "%MLOCK".into(),
        MemoryLockOrTrap(mask) => format!("%MLOCK || %dt_al{}", compare_channels(mask)),
        MemoryLockOrLocal(bits) => format!("%MLOCK{}", local(bits, " || ")),
        Local(bits) => local(bits, ""),
    };
    format!(" ? {text}")
}

/// Channels with a compare, by the bits of a mask.
fn compare_channels(mask: u8) -> String {
    let channels = [0, 1, 3, 4].into_iter().enumerate();
    channels
        .filter(|(bit, _)| mask >> bit & 1 == 1)
        .map(|(_, channel)| channel.to_string())
        .collect()
}

/// A result of the same bundle: a compare, a pair of them, or a combination of the predicate logic unit.
fn local(bits: u8, joint: &str) -> String {
    let negation = |bit: u8| if bits >> bit & 1 == 1 { "~" } else { "" };
    let index = bits >> 1 & 3;
    match bits >> 3 & 3 {
        0 => format!("{joint}{}%cmp{}", negation(0), if index < 2 { index } else { index + 1 }),
        1 => {
            let first = if bits >> 2 & 1 == 0 { 0 } else { 3 };
            format!("{joint}{}%cmp{first} || {}%cmp{}", negation(1), negation(0), first + 1)
        }
        2 => format!("{joint}{}%clp{index}", negation(0)),
        _ => String::new(),
    }
}

pub(crate) fn control0(
    lines: &mut Vec<String>,
    bundle: &Bundle,
    address: u64,
    options: &Options<'_>,
) {
    let Some(control) = bundle.control0 else { return };
    let target = |distance: Displacement| symbols::target(distance.target(address), options);
    let transfer = bundle.transfer();
    let immediate = |name: String| {
        if bundle.stub.is_none() || transfer.register.is_some() {
            return Some(format!("invalid {}", name.split(' ').next().unwrap_or_default()));
        }
        let happens = transfer.condition != ControlCondition::Never || options.complete();
        happens.then(|| format!("{name}{}", condition(transfer.condition, options)))
    };
    lines.extend(match control {
        Control0::Ibranch(distance) => immediate(format!("ibranch {}", target(distance))),
        Control0::Done { .. } => immediate("done".into()),
        Control0::Iret => immediate("iret".into()),
        Control0::Hret => immediate("hret".into()),
        Control0::Glaunch => immediate("glaunch".into()),
        Control0::Pref { register, depth, displacement } => {
            let field = displacement.0 & 0xff_ffff;
            Some(format!("pref %ipr{register}, disp = {field:#x}, ipd = {depth}"))
        }
        Control0::Puttsd(distance) => Some(format!("puttsd {}", target(distance))),
        Control0::Disp(register, distance) => {
            Some(format!("disp %ctpr{}, {}", register.number(), target(distance)))
        }
        Control0::Ldisp(distance) => Some(format!("ldisp %ctpr2, {}", target(distance))),
        Control0::Sdisp(register, entry) => {
            Some(format!("sdisp %ctpr{}, {entry:#x}", register.number()))
        }
        Control0::Return => Some("return %ctpr3".into()),
        Control0::Gettsd(register) => Some(format!("gettsd %ctpr{}", register.number())),
        // Printed with the call in CS1.
        Control0::HcallEntry(_) | Control0::IcallTarget(_) => None,
    });
}

pub(crate) fn control1(
    lines: &mut Vec<String>,
    bundle: &Bundle,
    address: u64,
    options: &Options<'_>,
) {
    let Some(control) = bundle.control1 else { return };
    match control {
        Control1::Window(window) => set_window(lines, &window, options),
        Control1::Base { setbn, setbp } => base(lines, setbn, setbp),
        Control1::Setei(value) => lines.push(format!("setei {value:#x}")),
        Control1::Setsft => lines.push("setsft".into()),
        Control1::Wait(flags) => lines.push(wait(flags, options)),
        Control1::Call { wbs } => {
            let transfer = bundle.transfer();
            let target = transfer.register.map_or(0, |register| register.number());
            lines.push(format!(
                "call %ctpr{target}, wbs = {wbs:#x}{}",
                condition(transfer.condition, options)
            ));
        }
        Control1::Icall { wbs } | Control1::Hcall { wbs } => {
            let target = match bundle.control0 {
                Some(Control0::HcallEntry(entry)) => format!("hcall {entry:#x}"),
                Some(Control0::IcallTarget(distance)) => {
                    format!("icall {}", symbols::target(distance.target(address), options))
                }
                _ => return,
            };
            lines.push(format!(
                "{target}, wbs = {wbs:#x}{}",
                condition(bundle.transfer().condition, options)
            ));
        }
        // Printed with the operations it belongs to.
        Control1::SetMas(_) => {}
        Control1::Flush(flush) => {
            let Flush { flushr, flushc, fillr, fillc } = flush;
            let all = [(flushr, "flushr"), (flushc, "flushc"), (fillr, "fillr"), (fillc, "fillc")];
            lines.extend(all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned()));
        }
        Control1::Vfbg(globals) => lines.push(format!(
            "vfbg umask = {:#x}, dmask = {:#x}, chkm4 = {:#x}",
            globals.umask,
            globals.dmask,
            u8::from(globals.chkm4)
        )),
    }
}

fn set_window(lines: &mut Vec<String>, window: &SetWindow, options: &Options<'_>) {
    if let Some(rpsz) = window.vfrpsz {
        lines.push(format!("vfrpsz rpsz = {rpsz:#x}"));
    }
    if let Some(kind) = window.settr.filter(|_| options.complete()) {
        lines.push(format!("settr type = {kind:#x}"));
    }
    let size = window.size;
    let mut line = format!("setwd wsz = {:#x}, nfx = {:#x}", size.wsz, u8::from(size.nfx));
    if options.version >= IsaVersion::V3 {
        line.push_str(&format!(", dbl = {:#x}", u8::from(size.dbl)));
    }
    if size.mcn && options.complete() {
        line.push_str(", mcn = 0x1");
    }
    lines.push(line);
    base(lines, window.setbn, window.setbp);
}

fn base(lines: &mut Vec<String>, setbn: Option<BasedWindow>, setbp: Option<u8>) {
    if let Some(BasedWindow { rbs, rsz, rcur }) = setbn {
        lines.push(format!("setbn rbs = {rbs:#x}, rsz = {rsz:#x}, rcur = {rcur:#x}"));
    }
    if let Some(psz) = setbp {
        lines.push(format!("setbp psz = {psz:#x}"));
    }
}

fn wait(flags: Wait, options: &Options<'_>) -> String {
    let shown = |(name, bit, since): (&str, u8, u8)| {
        let shown = match name {
            // These qualify the completion of loads and of stores.
            "sal" => options.version >= IsaVersion::V4 && flags.has(3),
            "sas" => options.version >= IsaVersion::V4 && flags.has(2),
            "trap" => options.version as u8 >= since,
            _ if bit > 8 => false,
            _ => true,
        };
        (shown || options.complete() && flags.has(bit))
            .then(|| format!("{name} = {}", u8::from(flags.has(bit))))
    };
    let names: Vec<String> = Wait::FLAGS.into_iter().rev().filter_map(shown).collect();
    format!("wait {}", names.join(", "))
}
