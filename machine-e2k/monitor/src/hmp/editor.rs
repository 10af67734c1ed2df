//! A session of the human monitor as a value: keys in, screen out.
//!
//! The terminal at the other end is raw: what is typed is echoed here, with the usual keys to move, delete, look back and
//! complete.

use super::{complete, execute};
use crate::commands::Context;
use crate::version;

const PROMPT: &str = "(qemu) ";
/// Lines remembered.
const MOST_HISTORY: usize = 64;
/// Bytes of a line.
const LONGEST_LINE: usize = 4095;

/// Where in an escape sequence the keys are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Started,
    Bracket,
    /// `ESC [ DIGIT`, which ends with `~`.
    Digit(u8),
}

/// A session.
#[derive(Debug)]
pub struct Hmp {
    line: Vec<u8>,
    cursor: usize,
    escape: Escape,
    history: Vec<Vec<u8>>,
    /// Which line of the history is shown; its length for none.
    shown: usize,
    out: Vec<u8>,
}

impl Default for Hmp {
    fn default() -> Self {
        Self::new()
    }
}

impl Hmp {
    /// A session that has greeted its user.
    pub fn new() -> Self {
        let version = version::info();
        let (qemu, package) = (version.qemu, version.package);
        let greeting = format!(
            "QEMU {}.{}.{} monitor ({package}) - type 'help' for more information\r\n{PROMPT}",
            qemu.major, qemu.minor, qemu.micro
        );
        let (line, history) = (Vec::new(), Vec::new());
        Self { line, cursor: 0, escape: Escape::None, history, shown: 0, out: greeting.into() }
    }

    /// Takes keys.
    pub fn feed(&mut self, keys: &[u8], cx: &mut Context<'_>) {
        for key in keys {
            self.press(*key, cx);
        }
    }

    /// Takes what is to be shown.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn press(&mut self, key: u8, cx: &mut Context<'_>) {
        match std::mem::take(&mut self.escape) {
            Escape::None => self.plain(key, cx),
            Escape::Started if key == b'[' || key == b'O' => self.escape = Escape::Bracket,
            Escape::Started => {}
            Escape::Bracket => match key {
                b'A' => self.look(-1),
                b'B' => self.look(1),
                b'C' => self.go(self.cursor + 1),
                b'D' => self.go(self.cursor.saturating_sub(1)),
                b'H' => self.go(0),
                b'F' => self.go(self.line.len()),
                b'0'..=b'9' => self.escape = Escape::Digit(key),
                _ => {}
            },
            Escape::Digit(digit) => match (digit, key) {
                (b'1' | b'7', b'~') => self.go(0),
                (b'4' | b'8', b'~') => self.go(self.line.len()),
                (b'3', b'~') => self.delete(),
                _ => {}
            },
        }
    }

    fn plain(&mut self, key: u8, cx: &mut Context<'_>) {
        match key {
            b'\r' | b'\n' => self.enter(cx),
            b'\t' => self.complete(cx),
            0x1b => self.escape = Escape::Started,
            0x08 | 0x7f if self.cursor > 0 => {
                self.go(self.cursor - 1);
                self.delete();
            }
            0x01 => self.go(0),
            0x02 => self.go(self.cursor.saturating_sub(1)),
            0x04 => self.delete(),
            0x05 => self.go(self.line.len()),
            0x06 => self.go(self.cursor + 1),
            0x0b => {
                self.line.truncate(self.cursor);
                self.out.extend(b"\x1b[K");
            }
            0x0e => self.look(1),
            0x10 => self.look(-1),
            0x15 => self.replace(Vec::new()),
            b' '..=b'~' | 0x80.. if self.line.len() < LONGEST_LINE => self.insert(&[key]),
            _ => {}
        }
    }

    fn insert(&mut self, bytes: &[u8]) {
        let at = self.cursor.min(self.line.len());
        self.line.splice(at..at, bytes.iter().copied());
        self.cursor = at + bytes.len();
        self.out.extend(bytes);
        self.redraw_tail();
    }

    /// Shows what stands behind the cursor, which stays where it is.
    fn redraw_tail(&mut self) {
        let tail = self.line.get(self.cursor..).unwrap_or_default().to_vec();
        if !tail.is_empty() {
            let back = tail.len();
            self.out.extend(tail);
            self.out.extend(format!("\x1b[{back}D").into_bytes());
        }
    }

    fn go(&mut self, to: usize) {
        let to = to.min(self.line.len());
        let step = match (to.checked_sub(self.cursor), self.cursor.checked_sub(to)) {
            (Some(0), _) => return,
            (Some(forward), _) => format!("\x1b[{forward}C"),
            (None, back) => format!("\x1b[{}D", back.unwrap_or_default()),
        };
        self.out.extend(step.into_bytes());
        self.cursor = to;
    }

    fn delete(&mut self) {
        if self.cursor < self.line.len() {
            self.line.remove(self.cursor);
            self.out.extend(b"\x1b[K");
            self.redraw_tail();
        }
    }

    fn replace(&mut self, line: Vec<u8>) {
        self.go(0);
        self.out.extend(b"\x1b[K");
        self.line.clear();
        self.insert(&line);
    }

    /// Shows an earlier or later line.
    fn look(&mut self, step: isize) {
        let Some(to) = self.shown.checked_add_signed(step).filter(|to| *to <= self.history.len())
        else {
            return;
        };
        self.shown = to;
        self.replace(self.history.get(to).cloned().unwrap_or_default());
    }

    fn enter(&mut self, cx: &mut Context<'_>) {
        self.out.extend(b"\r\n");
        let line = std::mem::take(&mut self.line);
        self.cursor = 0;
        let text = String::from_utf8_lossy(&line).into_owned();
        if !text.trim().is_empty() && self.history.last() != Some(&line) {
            if self.history.len() >= MOST_HISTORY {
                self.history.remove(0);
            }
            self.history.push(line);
        }
        self.shown = self.history.len();
        self.out.extend(execute(cx, &text).into_bytes());
        self.out.extend(PROMPT.as_bytes());
    }

    fn complete(&mut self, cx: &mut Context<'_>) {
        let before = self.line.get(..self.cursor).unwrap_or_default();
        let before = String::from_utf8_lossy(before).into_owned();
        let word = before.rsplit([' ', '\t']).next().unwrap_or_default().to_owned();
        let candidates = complete(cx, &before);
        let Some(first) = candidates.first() else { return };
        let common = candidates.iter().skip(1).fold(first.as_str(), |common, candidate| {
            let same = common.bytes().zip(candidate.bytes()).take_while(|(a, b)| a == b).count();
            common.get(..same).unwrap_or_default()
        });
        let mut rest = common.get(word.len()..).unwrap_or_default().to_owned();
        if candidates.len() == 1 {
            rest.push(' ');
        }
        if !rest.is_empty() {
            self.insert(rest.as_bytes());
            return;
        }
        let list = format!("\r\n{}\r\n{PROMPT}", candidates.join(" "));
        self.out.extend(list.into_bytes());
        let (line, cursor) = (self.line.clone(), self.cursor);
        self.out.extend(line);
        self.cursor = self.line.len();
        self.go(cursor);
    }
}
