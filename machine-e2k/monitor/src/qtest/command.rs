//! The lines of the protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use elnic_contract::{Size, VDuration, VTime};

use super::clock;
use crate::commands::Context;

/// Bytes of one transfer.
const MOST_BYTES: u64 = 256 << 20;

/// Why a line is none of the protocol, or could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    #[error("Unknown command '{0}'")]
    Unknown(String),
    #[error("{command}: {what} is missing or no {wanted}")]
    Word { command: String, what: &'static str, wanted: &'static str },
    #[error("{0} bytes are too many: at most {MOST_BYTES} at once")]
    TooMany(u64),
    #[error("Unknown device")]
    Device,
}

/// What moves where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Port,
    Memory,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Endianness,
    Read(Space, u64, Size),
    Write(Space, u64, Size, u64),
    ReadBytes {
        address: u64,
        length: u64,
        base64: bool,
    },
    WriteBytes {
        address: u64,
        bytes: Vec<u8>,
    },
    /// To this instant in ns; without one, to the next deadline.
    ClockStep(Option<u64>),
    ClockSet(u64),
    Intercept(String),
    Drive {
        path: String,
        number: u64,
        high: bool,
    },
}

/// The words of a line, one after the other.
struct Words<'a> {
    command: &'a str,
    words: std::str::SplitWhitespace<'a>,
}

impl<'a> Words<'a> {
    fn wrong(&self, what: &'static str, wanted: &'static str) -> LineError {
        LineError::Word { command: self.command.to_owned(), what, wanted }
    }

    fn text(&mut self, what: &'static str) -> Result<&'a str, LineError> {
        self.words.next().ok_or_else(|| self.wrong(what, "word"))
    }

    fn number(&mut self, what: &'static str) -> Result<u64, LineError> {
        let word = self.words.next().and_then(number);
        word.ok_or_else(|| self.wrong(what, "number"))
    }

    fn length(&mut self) -> Result<u64, LineError> {
        match self.number("size")? {
            length if length > MOST_BYTES => Err(LineError::TooMany(length)),
            length => Ok(length),
        }
    }
}

/// A number as C reads it: `0x`, `0` and a sign mean what they mean there.
fn number(text: &str) -> Option<u64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    value.ok().map(|value| if negative { value.wrapping_neg() } else { value })
}

fn size(letter: Option<char>) -> Option<Size> {
    match letter? {
        'b' => Some(Size::Byte),
        'w' => Some(Size::Half),
        'l' => Some(Size::Word),
        'q' => Some(Size::Double),
        _ => None,
    }
}

/// `0x` and two digits a byte.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

impl Command {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Result<Self, LineError> {
        let mut all = line.split_whitespace();
        let command = all.next().unwrap_or_default();
        let mut words = Words { command, words: all };
        let unknown = || LineError::Unknown(command.to_owned());
        let last = command.chars().next_back();
        match command {
            "endianness" => Ok(Self::Endianness),
            "inb" | "inw" | "inl" => {
                let size = size(last).ok_or_else(unknown)?;
                Ok(Self::Read(Space::Port, words.number("address")?, size))
            }
            "outb" | "outw" | "outl" => {
                let size = size(last).ok_or_else(unknown)?;
                let address = words.number("address")?;
                Ok(Self::Write(Space::Port, address, size, words.number("value")?))
            }
            "readb" | "readw" | "readl" | "readq" => {
                let size = size(last).ok_or_else(unknown)?;
                Ok(Self::Read(Space::Memory, words.number("address")?, size))
            }
            "writeb" | "writew" | "writel" | "writeq" => {
                let size = size(last).ok_or_else(unknown)?;
                let address = words.number("address")?;
                Ok(Self::Write(Space::Memory, address, size, words.number("value")?))
            }
            "read" | "b64read" => {
                let address = words.number("address")?;
                let (length, base64) = (words.length()?, command == "b64read");
                Ok(Self::ReadBytes { address, length, base64 })
            }
            "write" | "b64write" => {
                let address = words.number("address")?;
                let length = usize::try_from(words.length()?).unwrap_or(usize::MAX);
                let data = words.text("data")?;
                let bytes = match command {
                    "write" => hex(data).ok_or_else(|| words.wrong("data", "0x and digits"))?,
                    _ => BASE64.decode(data).map_err(|_| words.wrong("data", "base64"))?,
                };
                // As QEMU: what is short is filled with zeroes, what is long is cut.
                let mut bytes = bytes;
                bytes.resize(length, 0);
                Ok(Self::WriteBytes { address, bytes })
            }
            "memset" => {
                let address = words.number("address")?;
                let length = usize::try_from(words.length()?).unwrap_or(usize::MAX);
                // The pattern is a byte.
                let pattern = words.number("pattern")? as u8;
                Ok(Self::WriteBytes { address, bytes: vec![pattern; length] })
            }
            "clock_step" => match words.words.clone().next() {
                Some(_) => Ok(Self::ClockStep(Some(words.number("time")?))),
                None => Ok(Self::ClockStep(None)),
            },
            "clock_set" => Ok(Self::ClockSet(words.number("time")?)),
            "irq_intercept_in" | "irq_intercept_out" => {
                Ok(Self::Intercept(words.text("path")?.to_owned()))
            }
            "set_irq_in" => {
                let path = words.text("path")?.to_owned();
                words.text("name")?;
                let number = words.number("number")?;
                Ok(Self::Drive { path, number, high: words.number("level")? != 0 })
            }
            _ => Err(unknown()),
        }
    }

    /// Carries it out; what is answered.
    pub(super) fn carry_out(self, cx: &mut Context<'_>) -> Result<String, LineError> {
        let done = || Ok("OK".to_owned());
        let machine = &mut *cx.machine;
        match self {
            Self::Endianness => Ok("OK little".to_owned()),
            Self::Read(Space::Port, port, size) => {
                // Ports have 16 bits.
                Ok(format!("OK 0x{:04x}", machine.read_port(port as u16, size)))
            }
            Self::Read(Space::Memory, address, size) => {
                Ok(format!("OK 0x{:016x}", machine.read_memory(address, size)))
            }
            Self::Write(Space::Port, port, size, value) => {
                machine.write_port(port as u16, size, value & size.mask());
                done()
            }
            Self::Write(Space::Memory, address, size, value) => {
                machine.write_memory(address, size, value & size.mask());
                done()
            }
            Self::ReadBytes { address, length, base64 } => {
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
                machine.read_bytes(address, &mut bytes);
                if base64 {
                    return Ok(format!("OK {}", BASE64.encode(&bytes)));
                }
                let mut reply = String::with_capacity(bytes.len() * 2 + 5);
                reply.push_str("OK 0x");
                for byte in bytes {
                    for digit in [byte >> 4, byte & 15] {
                        reply.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                    }
                }
                Ok(reply)
            }
            Self::WriteBytes { address, bytes } => {
                machine.write_bytes(address, &bytes);
                done()
            }
            Self::ClockStep(Some(step)) => {
                let target = machine.now() + VDuration::from_nanos(step);
                machine.advance_to(target);
                Ok(clock(machine.now()))
            }
            Self::ClockStep(None) => {
                if let Some(target) = machine.next_deadline() {
                    machine.advance_to(target);
                }
                Ok(clock(machine.now()))
            }
            Self::ClockSet(at) => {
                machine.advance_to(VTime::from_nanos(at));
                Ok(clock(machine.now()))
            }
            Self::Drive { path, number, high } => {
                let device = machine.find_device(&path).ok_or(LineError::Device)?;
                let (_, place) = device.place.ok_or(LineError::Device)?;
                let pin =
                    u8::try_from(number).ok().filter(|pin| *pin < 4).ok_or(LineError::Device)?;
                machine.drive_interrupt(device.device.0, place.slot, pin, high);
                done()
            }
            // The session itself does that.
            Self::Intercept(_) => done(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_c_reads_numbers() {
        assert_eq!(
            Command::parse("outl 0xcf8 0x80001800"),
            Ok(Command::Write(Space::Port, 0xcf8, Size::Word, 0x8000_1800))
        );
        assert_eq!(Command::parse("readq 010"), Ok(Command::Read(Space::Memory, 8, Size::Double)));
        let bytes = vec![0x12, 0xab, 0];
        assert_eq!(
            Command::parse("write 0x10 3 0x12ab"),
            Ok(Command::WriteBytes { address: 0x10, bytes })
        );
        assert_eq!(Command::parse("clock_step"), Ok(Command::ClockStep(None)));
    }

    #[test]
    fn what_is_no_line_is_refused() {
        let error = |line| Command::parse(line).unwrap_err().to_string();
        assert_eq!(error("bogus 1"), "Unknown command 'bogus'");
        assert_eq!(error(""), "Unknown command ''");
        assert!(error("inb").contains("address"));
        assert!(error("write 0 1 12").contains("data"));
        assert!(error("read 0 0x7fffffffffffffff").contains("too many"));
    }
}
