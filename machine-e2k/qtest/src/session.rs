//! The qtest protocol, line by line.
//!
//! Source: QEMU docs/devel/testing/qtest.rst. A reply begins with `OK` or `FAIL`; lines that begin with `IRQ` come in
//! between.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use crate::{Error, PATIENCE};

/// One end of a qtest connection.
#[derive(Debug)]
pub(crate) struct Session {
    lines: BufReader<UnixStream>,
    levels: BTreeMap<u32, bool>,
    raised: BTreeMap<u32, u64>,
}

impl Session {
    pub(crate) fn new(stream: UnixStream) -> Result<Self, Error> {
        stream.set_read_timeout(Some(PATIENCE)).map_err(Error::io("use the socket"))?;
        let (levels, raised) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { lines: BufReader::new(stream), levels, raised })
    }

    /// What follows `OK`.
    pub(crate) fn command(&mut self, command: &str) -> Result<String, Error> {
        let line = format!("{command}\n");
        self.lines.get_mut().write_all(line.as_bytes()).map_err(Error::io("send a command"))?;
        loop {
            let mut line = String::new();
            let count = self.lines.read_line(&mut line).map_err(Error::io("answer"))?;
            let line = line.trim_end();
            if let Some(edge) = line.strip_prefix("IRQ ") {
                self.note(edge);
            } else if line == "OK" {
                return Ok(String::new());
            } else if let Some(rest) = line.strip_prefix("OK ") {
                return Ok(rest.to_owned());
            } else if count == 0 || line.starts_with("FAIL") {
                let reply = if count == 0 { "the end of the connection" } else { line };
                let (command, reply) = (command.to_owned(), reply.to_owned());
                return Err(Error::Refused { command, reply });
            }
            // QEMU's log is on the same stream where the user asked for it.
        }
    }

    /// A number that follows `OK`.
    pub(crate) fn number(&mut self, command: &str) -> Result<u64, Error> {
        let reply = self.command(command)?;
        let number = match reply.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => reply.parse(),
        };
        number.map_err(|_| Error::Refused { command: command.to_owned(), reply: reply.clone() })
    }

    pub(crate) fn level(&self, line: u32) -> bool {
        self.levels.get(&line).copied().unwrap_or(false)
    }

    pub(crate) fn raised(&self) -> impl Iterator<Item = (u32, u64)> {
        self.raised.iter().map(|(line, times)| (*line, *times))
    }

    fn note(&mut self, edge: &str) {
        let Some((what, line)) = edge.split_once(' ') else { return };
        let Ok(line) = line.parse() else { return };
        let high = what == "raise";
        self.levels.insert(line, high);
        if high {
            *self.raised.entry(line).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_between_command_and_reply_are_kept() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut session = Session::new(ours).unwrap();
        theirs.write_all(b"IRQ raise 11\nIRQ lower 11\nIRQ raise 11\nOK 0x2a\n").unwrap();
        assert_eq!(session.number("readb 0").unwrap(), 42);
        assert!(session.level(11) && !session.level(10));
        assert_eq!(session.raised().collect::<Vec<_>>(), [(11, 2)]);
    }

    #[test]
    fn refusals_and_ends_are_errors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut session = Session::new(ours).unwrap();
        theirs.write_all(b"FAIL Unknown command 'x'\nOK nonsense\n").unwrap();
        let error = session.command("x").unwrap_err().to_string();
        assert_eq!(error, "'x' was answered 'FAIL Unknown command 'x''");
        assert!(session.number("readb 0").is_err());
        theirs.shutdown(std::net::Shutdown::Both).unwrap();
        assert!(session.command("endianness").is_err());
    }
}
