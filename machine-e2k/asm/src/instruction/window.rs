//! Windows, barriers and what else syllable CS1 does; `nop`, `loop_mode` and `set_mark` of the header.
//!
//! Source: ISA notes 4.2, 4.4 and 10; gas's e2k port (`vfrpsz rpsz=N` stores N - 1).

use elnic_isa::{BasedWindow, Control1, Flush, Globals, IsaVersion, Wait, WindowSize};

use super::Reader;
use super::draft::Nop;
use crate::diagnostic::Problem;

/// Mnemonics read here, with the first version that has them.
pub(super) const NAMES: [(&str, u8); 16] = [
    ("nop", 1),
    ("loop_mode", 1),
    ("set_mark", 1),
    ("setwd", 1),
    ("setbn", 1),
    ("setbp", 1),
    ("vfrpsz", 1),
    ("settr", 1),
    ("setei", 1),
    ("setsft", 1),
    ("wait", 1),
    ("flushr", 1),
    ("flushc", 1),
    ("fillr", 6),
    ("fillc", 6),
    ("vfbg", 1),
];

/// Reads the operands of `name`, one of [`NAMES`], whose mnemonic stands at `offset`.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    offset: usize,
) -> Result<(), Problem> {
    let twice = || Problem::at(offset, format!("a bundle has one {name} at most"));
    match name {
        "nop" => {
            let nop = match reader.cursor.peek() {
                None | Some('?') => Nop::Bare,
                Some(_) => Nop::Cycles(small(reader.number(0..=7)?)),
            };
            if reader.draft.nop.replace(nop).is_some() {
                return Err(twice());
            }
        }
        "loop_mode" => reader.draft.loop_mode = true,
        "set_mark" => reader.draft.set_mark = true,
        "setwd" => {
            let size = setwd(reader)?;
            if reader.draft.window.setwd.replace(size).is_some() {
                return Err(twice());
            }
        }
        "setbn" => {
            let window = setbn(reader)?;
            if reader.draft.window.setbn.replace(window).is_some() {
                return Err(twice());
            }
        }
        "setbp" => {
            let psz = small(reader.setting("psz", 0..=31)?);
            if reader.draft.window.setbp.replace(psz).is_some() {
                return Err(twice());
            }
        }
        "vfrpsz" => {
            let rpsz = small(reader.setting("rpsz", 1..=32)? - 1);
            if reader.draft.window.vfrpsz.replace(rpsz).is_some() {
                return Err(twice());
            }
        }
        "settr" => {
            let kind = u16::try_from(reader.setting("type", 0..=0x7fff)?).unwrap_or(0);
            if reader.draft.window.settr.replace(kind).is_some() {
                return Err(twice());
            }
        }
        "setei" => {
            let value = small(reader.number(0..=255)?);
            reader.draft.take_control1(offset, Control1::Setei(value), "setei")?;
        }
        "setsft" => reader.draft.take_control1(offset, Control1::Setsft, "setsft")?,
        "wait" => {
            let wait = wait(reader)?;
            reader.draft.take_control1(offset, Control1::Wait(wait), "wait")?;
        }
        "vfbg" => {
            let globals = vfbg(reader)?;
            reader.draft.take_control1(offset, Control1::Vfbg(globals), "vfbg")?;
        }
        _ => flush(reader, name, offset)?,
    }
    Ok(())
}

/// A number that was checked to fit.
fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(0)
}

/// Reads `wsz=, nfx=, dbl=` in any order.
fn setwd(reader: &mut Reader<'_, '_, '_>) -> Result<WindowSize, Problem> {
    let start = reader.cursor.clone();
    let mut size = WindowSize::default();
    let mut given = false;
    while !reader.cursor.done() {
        reader.cursor.blank();
        let at = reader.cursor.offset();
        if let Some(wsz) = reader.try_setting("wsz", 0..=127)? {
            (size.wsz, given) = (small(wsz), true);
        } else if let Some(nfx) = reader.try_setting("nfx", 0..=1)? {
            size.nfx = nfx != 0;
        } else {
            let dbl = reader.setting("dbl", 0..=1)?;
            if reader.context.version < IsaVersion::V3 {
                return Err(Problem::at(at, "setwd has dbl= from v3 on"));
            }
            size.dbl = dbl != 0;
        }
        reader.cursor.eat(",");
    }
    if given { Ok(size) } else { Err(start.problem("setwd needs wsz=")) }
}

/// Reads `rsz=, rbs=, rcur=` in any order.
fn setbn(reader: &mut Reader<'_, '_, '_>) -> Result<BasedWindow, Problem> {
    let start = reader.cursor.clone();
    let mut window = BasedWindow::default();
    let mut given = false;
    while !reader.cursor.done() {
        given = true;
        if let Some(rsz) = reader.try_setting("rsz", 0..=63)? {
            window.rsz = small(rsz);
        } else if let Some(rbs) = reader.try_setting("rbs", 0..=63)? {
            window.rbs = small(rbs);
        } else {
            window.rcur = small(reader.setting("rcur", 0..=63)?);
        }
        reader.cursor.eat(",");
    }
    if given { Ok(window) } else { Err(start.problem("setbn needs rsz=, rbs= or rcur=")) }
}

/// Reads `flag=0|1, …`.
fn wait(reader: &mut Reader<'_, '_, '_>) -> Result<Wait, Problem> {
    let mut bits = 0u16;
    loop {
        reader.cursor.blank();
        let at = reader.cursor.offset();
        let name = reader.cursor.word();
        let flags = Wait::FLAGS.iter();
        let found = flags.clone().find(|(known, ..)| *known == name);
        let Some((_, bit, since)) = found else {
            let message = format!("'{name}' is no flag of wait");
            return Err(Problem::at(at, message).meant(name, flags.map(|(known, ..)| *known)));
        };
        let version = reader.context.version;
        if *since > version as u8 {
            let message = format!("wait has {name}= from v{since} on, not in {version}");
            return Err(Problem::at(at, message));
        }
        reader.cursor.expect("=")?;
        if reader.number(0..=1)? != 0 {
            bits |= 1 << bit;
            // These flags only narrow what `st_c` and `ld_c` order, and bring them along.
            bits |= match name {
                "sas" | "las" => 1 << 2,
                "sal" | "lal" => 1 << 3,
                _ => 0,
            };
        }
        if !reader.cursor.eat(",") {
            return Ok(Wait(bits));
        }
    }
}

/// `flushr`, `flushc`, `fillr`, `fillc` share one word.
fn flush(reader: &mut Reader<'_, '_, '_>, name: &str, offset: usize) -> Result<(), Problem> {
    let mut flush = match reader.draft.control1 {
        Some((Control1::Flush(flush), _)) => flush,
        _ => {
            let empty = Control1::Flush(Flush::default());
            reader.draft.take_control1(offset, empty, "flush…")?;
            Flush::default()
        }
    };
    match name {
        "flushr" => flush.flushr = true,
        "flushc" => flush.flushc = true,
        "fillr" => flush.fillr = true,
        _ => flush.fillc = true,
    }
    reader.draft.control1 = Some((Control1::Flush(flush), "flush…"));
    Ok(())
}

/// Reads `umask=, dmask=, chkm4=` in any order.
fn vfbg(reader: &mut Reader<'_, '_, '_>) -> Result<Globals, Problem> {
    let mut globals = Globals::default();
    loop {
        if let Some(umask) = reader.try_setting("umask", 0..=255)? {
            globals.umask = small(umask);
        } else if let Some(dmask) = reader.try_setting("dmask", 0..=255)? {
            globals.dmask = small(dmask);
        } else {
            globals.chkm4 = reader.setting("chkm4", 0..=1)? != 0;
        }
        if !reader.cursor.eat(",") {
            return Ok(globals);
        }
    }
}
