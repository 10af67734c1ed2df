//! The qtest server: a test in another program drives memory, ports, interrupts and the clock, line by line.
//!
//! The protocol is QEMU's (docs/devel/qtest.rst), with its replies to the letter: QEMU's own test programs run against it.
//! A session is a value: bytes in, bytes out. After every command the machine does what is due now, and edges of
//! intercepted interrupts are told before the reply, as they happened before it.

mod command;

use std::io::Write;
use std::time::Instant;

use elnic_contract::VTime;

use crate::commands::Context;
use command::Command;

/// Bytes of a line: `write` carries two digits a byte.
const LONGEST_LINE: usize = 128 << 20;

/// A session.
pub struct Qtest {
    line: Vec<u8>,
    /// Which device's interrupts are told.
    intercepted: Option<String>,
    log: Option<(Box<dyn Write + Send>, Instant)>,
    out: Vec<u8>,
}

impl std::fmt::Debug for Qtest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Qtest").field("intercepted", &self.intercepted).finish_non_exhaustive()
    }
}

impl Qtest {
    /// A session that writes what passes to `log`.
    pub fn new(log: Option<Box<dyn Write + Send>>) -> Self {
        let log = log.map(|log| (log, Instant::now()));
        let mut session = Self { line: Vec::new(), intercepted: None, log, out: Vec::new() };
        session.note("I", "OPENED");
        session
    }

    /// Takes bytes; carries out every line that ends in them.
    pub fn feed(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() < LONGEST_LINE {
                    self.line.push(*byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\r');
            self.note("R", line);
            let reply = self.carry_out(line, cx);
            self.tell_interrupts(cx);
            self.send(&reply);
        }
    }

    /// Tells edges of interrupts that came by themselves.
    pub fn tell_interrupts(&mut self, cx: &mut Context<'_>) {
        cx.state.hear(cx.machine);
        for (input, high) in std::mem::take(&mut cx.state.interrupts) {
            if self.intercepted.is_some() {
                let what = if high { "raise" } else { "lower" };
                self.send(&format!("IRQ {what} {input}"));
            }
        }
    }

    /// Takes what is to be sent.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn send(&mut self, line: &str) {
        self.note("S", line);
        self.out.extend(line.as_bytes());
        self.out.push(b'\n');
    }

    fn note(&mut self, what: &str, text: &str) {
        if let Some((log, since)) = &mut self.log {
            let seconds = since.elapsed().as_secs_f64();
            // A log that cannot be written is no reason to end a test.
            let _ = writeln!(log, "[{what} +{seconds:.6}] {text}").and_then(|()| log.flush());
        }
    }

    fn carry_out(&mut self, line: &str, cx: &mut Context<'_>) -> String {
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(error) => return format!("FAIL {error}"),
        };
        if let Command::Intercept(path) = &command {
            return self.intercept(path, cx);
        }
        let reply = command.carry_out(cx);
        cx.machine.settle();
        reply.unwrap_or_else(|error| format!("FAIL {error}"))
    }

    fn intercept(&mut self, path: &str, cx: &mut Context<'_>) -> String {
        let known = path == "ioapic" || cx.tree().resolve(path).is_ok();
        match &self.intercepted {
            _ if !known => "FAIL Unknown device".to_owned(),
            Some(before) if before != path => "FAIL IRQ intercept already enabled".to_owned(),
            _ => {
                cx.machine.listen_to_interrupts();
                self.intercepted = Some(path.to_owned());
                "OK".to_owned()
            }
        }
    }
}

/// The clock as a test is told it, in ns.
fn clock(now: VTime) -> String {
    format!("OK {}", now.as_nanos())
}
