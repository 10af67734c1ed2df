//! `x` and `xp`: memory as numbers, characters or bundles.

use std::fmt::Write;

use elnic_board::Addressing;

use super::arguments::Arguments;
use super::table::Printed;
use crate::commands::Context;

/// Items shown at most.
const MOST_ITEMS: usize = 1 << 20;

/// How items are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Hex,
    Octal,
    Decimal,
    Unsigned,
    Character,
    Bundle,
}

/// The format of a dump; what a line does not say is as in the line before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DumpFormat {
    count: usize,
    style: Style,
    /// Bytes of an item: 1, 2, 4 or 8.
    size: usize,
}

impl Default for DumpFormat {
    fn default() -> Self {
        Self { count: 1, style: Style::Hex, size: 4 }
    }
}

impl DumpFormat {
    /// Reads `COUNT STYLE SIZE`, each of which may be left out.
    pub(super) fn read(&mut self, text: &str) -> Result<(), String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, letters) = text.split_at(digits);
        let mut new = Self { count: count.parse().unwrap_or(1).min(MOST_ITEMS), ..*self };
        for letter in letters.chars() {
            match letter {
                'o' => new.style = Style::Octal,
                'd' => new.style = Style::Decimal,
                'u' => new.style = Style::Unsigned,
                'x' => new.style = Style::Hex,
                'c' => new.style = Style::Character,
                'i' => new.style = Style::Bundle,
                'b' => new.size = 1,
                'h' => new.size = 2,
                'w' => new.size = 4,
                'g' | 'L' => new.size = 8,
                other => return Err(format!("invalid char in format: '{other}'")),
            }
        }
        *self = new;
        Ok(())
    }

    /// Bytes to a line.
    const fn line(self) -> usize {
        match (self.style, self.size) {
            (Style::Character, _) => 16,
            (_, 1) => 8,
            _ => 16,
        }
    }
}

pub(super) fn physical(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    Ok(dump(cx, arguments.number("addr"), Addressing::Physical))
}

/// As the processor's page tables translate addresses at present.
pub(super) fn by_processor(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    if !cx.has_processor() {
        return Ok("Can not dump without CPU\n".to_owned());
    }
    Ok(dump(cx, arguments.number("addr"), Addressing::Virtual(cx.state.cpu)))
}

fn dump(cx: &mut Context<'_>, start: u64, addressing: Addressing) -> String {
    let format = cx.state.dump;
    if format.style == Style::Bundle {
        return bundles(cx, start, format.count, addressing);
    }
    let size = if format.style == Style::Character { 1 } else { format.size };
    let length = match format.style {
        // As QEMU: so many characters as the items would have bytes.
        Style::Character => format.count.saturating_mul(format.size),
        _ => format.count.saturating_mul(size),
    };
    let mut out = String::new();
    let mut at = start;
    let mut left = length;
    while left > 0 {
        let count = left.min(format.line());
        // Writing into a String does not fail.
        let _ = write!(out, "{at:016x}:");
        let mut bytes = vec![0; count];
        if cx.machine.look(addressing, at, &mut bytes).is_none() {
            out.push_str(" Cannot access memory\n");
            return out;
        }
        for item in bytes.chunks(size) {
            let value = item.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
            out.push(' ');
            show(&mut out, format.style, size, value);
        }
        out.push('\n');
        at = at.wrapping_add(count as u64);
        left -= count;
    }
    out
}

fn show(out: &mut String, style: Style, size: usize, value: u64) {
    let bits = size * 8;
    let signed = (value as i64) << (64 - bits) >> (64 - bits);
    let width = (bits * 10).div_ceil(33);
    let _ = match style {
        Style::Hex => write!(out, "0x{value:0width$x}", width = size * 2),
        Style::Octal => write!(out, "0{value:0width$o}", width = bits.div_ceil(3)),
        Style::Decimal => write!(out, "{signed:width$}"),
        Style::Unsigned => write!(out, "{value:width$}"),
        Style::Character | Style::Bundle => match value as u8 {
            b'\'' => write!(out, "'\\''"),
            b'\\' => write!(out, "'\\\\'"),
            b'\n' => write!(out, "'\\n'"),
            b'\r' => write!(out, "'\\r'"),
            plain @ 32..=126 => write!(out, "'{}'", char::from(plain)),
            other => write!(out, "'\\x{other:02x}'"),
        },
    };
}

fn bundles(cx: &Context<'_>, start: u64, count: usize, addressing: Addressing) -> String {
    let mut out = String::new();
    let mut at = start;
    for _ in 0..count {
        let Some((text, length)) = cx.machine.disassemble(addressing, at) else {
            let _ = writeln!(out, "0x{at:08x}:  no bundle");
            return out;
        };
        let _ = writeln!(out, "0x{at:08x}:");
        for line in text.lines() {
            let _ = writeln!(out, "  {line}");
        }
        at = at.wrapping_add(length as u64);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(style: Style, size: usize, value: u64) -> String {
        let mut out = String::new();
        show(&mut out, style, size, value);
        out
    }

    #[test]
    fn items_are_as_wide_as_their_type_needs() {
        assert_eq!(shown(Style::Hex, 4, 0xea), "0x000000ea");
        assert_eq!(shown(Style::Decimal, 8, 3_401_960_375_889_976_298), " 3401960375889976298");
        assert_eq!(shown(Style::Decimal, 1, 0xff), " -1");
        assert_eq!(shown(Style::Character, 1, 0xea), "'\\xea'");
        assert_eq!(shown(Style::Character, 1, b'['.into()), "'['");
    }

    #[test]
    fn a_format_keeps_what_it_is_not_told() {
        let mut format = DumpFormat::default();
        format.read("3dg").unwrap();
        format.read("2").unwrap();
        assert_eq!((format.count, format.style, format.size), (2, Style::Decimal, 8));
        assert_eq!(format.read("s"), Err("invalid char in format: 's'".to_owned()));
    }
}
