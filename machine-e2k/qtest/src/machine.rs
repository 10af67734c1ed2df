//! A machine whose processor is the test: memory, ports, clock, interrupts.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use crate::Error;
use crate::session::Session;

/// First address that [`Machine::allocate`] gives: below are the holes of a PC.
const FIRST_RAM: u64 = 1 << 20;

/// A machine driven by a test; a program that was started for it ends with it.
#[derive(Debug)]
pub struct Machine {
    session: Session,
    program: Option<Program>,
    stepped: bool,
    free: u64,
}

/// The program behind a machine, and the folder its sockets are in.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) _folder: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Machine {
    /// The machine behind a qtest server, `-qtest unix:PATH,server=on,wait=off`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(path: &Path) -> Result<Self, Error> {
        let stream = UnixStream::connect(path).map_err(Error::io("connect"))?;
        Self::over(stream, None, true)
    }

    pub(crate) fn over(
        stream: UnixStream,
        program: Option<Program>,
        stepped: bool,
    ) -> Result<Self, Error> {
        let mut session = Session::new(stream)?;
        // The first answer comes when the machine is made.
        session.command("endianness")?;
        Ok(Self { session, program, stepped, free: FIRST_RAM })
    }

    /// Any line of the protocol; what follows `OK`.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn command(&mut self, command: &str) -> Result<String, Error> {
        self.session.command(command)
    }

    /// Ends the program; how it ended. `None` if it was not started here.
    ///
    /// # Errors
    /// The operating system does not say how.
    pub fn end(self) -> Result<Option<ExitStatus>, Error> {
        let Self { session, program, .. } = self;
        // A program that connected to its test ends when the test hangs up.
        drop(session);
        let Some(mut program) = program else { return Ok(None) };
        program.child.wait().map(Some).map_err(Error::io("wait for the program"))
    }

    // ---- memory ---------------------------------------------------------------------------------------------------

    /// A place in RAM that nobody had before, at a multiple of `align`, filled with zeroes.
    ///
    /// # Errors
    /// The machine has gone.
    pub fn allocate(&mut self, size: u64, align: u64) -> Result<u64, Error> {
        let at = self.free.next_multiple_of(align.max(1));
        self.free = at + size;
        self.session.command(&format!("memset {at:#x} {size:#x} 0"))?;
        Ok(at)
    }

    /// Reads bytes of memory.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn read(&mut self, address: u64, length: usize) -> Result<Vec<u8>, Error> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let command = format!("read {address:#x} {length:#x}");
        let reply = self.session.command(&command)?;
        let digits = reply.strip_prefix("0x").unwrap_or(&reply).as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        bytes.filter(|bytes| bytes.len() == length).ok_or(Error::Refused { command, reply })
    }

    /// Writes bytes to memory.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut command = format!("write {address:#x} {:#x} 0x", bytes.len());
        for byte in bytes {
            command.push_str(&format!("{byte:02x}"));
        }
        self.session.command(&command).map(drop)
    }

    /// Reads `size` bytes, 1, 2, 4 or 8, in one access.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn load(&mut self, address: u64, size: usize) -> Result<u64, Error> {
        self.session.number(&format!("read{} {address:#x}", letter(size)))
    }

    /// Writes `size` bytes, 1, 2, 4 or 8, in one access.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn store(&mut self, address: u64, size: usize, value: u64) -> Result<(), Error> {
        self.session.command(&format!("write{} {address:#x} {value:#x}", letter(size))).map(drop)
    }

    // ---- ports ----------------------------------------------------------------------------------------------------

    /// Reads a port of `size` bytes: 1, 2 or 4.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn input(&mut self, port: u64, size: usize) -> Result<u64, Error> {
        self.session.number(&format!("in{} {port:#x}", letter(size)))
    }

    /// Writes a port of `size` bytes: 1, 2 or 4.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn output(&mut self, port: u64, size: usize, value: u64) -> Result<(), Error> {
        self.session.command(&format!("out{} {port:#x} {value:#x}", letter(size))).map(drop)
    }

    // ---- time -----------------------------------------------------------------------------------------------------

    /// Moves the virtual clock on and does what becomes due; the clock afterwards, in ns.
    ///
    /// # Errors
    /// The machine's clock is not the test's ([`crate::Accelerator::Host`]), or it has gone.
    pub fn clock_step(&mut self, step: Duration) -> Result<u64, Error> {
        self.session.number(&format!("clock_step {}", step.as_nanos()))
    }

    /// Moves the virtual clock to the next deadline.
    ///
    /// # Errors
    /// As [`Machine::clock_step`].
    pub fn clock_step_to_deadline(&mut self) -> Result<u64, Error> {
        self.session.number("clock_step")
    }

    /// Moves the virtual clock to this time, in ns.
    ///
    /// # Errors
    /// As [`Machine::clock_step`].
    pub fn clock_set(&mut self, nanoseconds: u64) -> Result<u64, Error> {
        self.session.number(&format!("clock_set {nanoseconds}"))
    }

    /// Lets time pass until something is so: virtual time where the clock is the test's, the host's elsewhere.
    ///
    /// # Errors
    /// It did not become so in a virtual minute or in [`crate::PATIENCE`]; or `done` failed.
    pub fn wait_until(
        &mut self,
        what: &'static str,
        mut done: impl FnMut(&mut Self) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let until = std::time::Instant::now() + crate::PATIENCE;
        let step = Duration::from_millis(1);
        let mut passed = Duration::ZERO;
        while !done(self)? {
            if passed > Duration::from_secs(60) || std::time::Instant::now() > until {
                return Err(Error::Late(what));
            }
            if self.stepped {
                self.clock_step(step)?;
                passed += step;
            }
            // Frames come from another program: it gets its time too.
            std::thread::sleep(step);
        }
        Ok(())
    }

    // ---- interrupts -----------------------------------------------------------------------------------------------

    /// From now on the levels of an interrupt controller's inputs are told; on the machine `pc` it is `ioapic`.
    ///
    /// # Errors
    /// There is no such controller, or another one is listened to.
    pub fn intercept(&mut self, controller: &str) -> Result<(), Error> {
        self.session.command(&format!("irq_intercept_in {controller}")).map(drop)
    }

    /// The level of an input when the last command was answered.
    pub fn interrupt(&self, input: u32) -> bool {
        self.session.level(input)
    }

    /// The inputs that were raised, and how often.
    pub fn interrupts(&self) -> Vec<(u32, u64)> {
        self.session.raised().collect()
    }
}

fn letter(size: usize) -> char {
    match size {
        1 => 'b',
        2 => 'w',
        4 => 'l',
        _ => 'q',
    }
}
