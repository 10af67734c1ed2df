//! What is said when a guest cannot go on.

use std::fmt::{self, Write};

use elnic_contract::VTime;
use elnic_cpu::{Exception, IsaVersion, State};
use elnic_disasm::{Options, Symbols};

/// An exception that nobody delivers to the guest, and what the processor looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestFault {
    /// Number of the processor, if there are several.
    pub cpu: Option<usize>,
    /// What was raised and where.
    pub exception: Exception,
    /// When.
    pub at: VTime,
    /// The bundle as text, one line an operation; empty if it does not decode.
    pub bundle: String,
    /// The processor's registers, several lines.
    pub registers: String,
    /// Where the exception was raised, then where the running procedures go on, newest first.
    pub trace: Vec<Place>,
}

/// A place in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address.
    pub address: u64,
    /// The label before it and the distance, if the image has labels.
    pub name: Option<String>,
}

impl Place {
    pub(crate) fn new(address: u64, symbols: &Symbols) -> Self {
        Self { address, name: symbols.describe(address) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.address)?;
        match &self.name {
            Some(name) => write!(f, " <{name}>"),
            None => Ok(()),
        }
    }
}

/// Procedures a back trace shows at most.
pub(crate) const DEEPEST: usize = 32;

impl GuestFault {
    /// What is to be said about `exception` of a processor in `state` whose procedures go on at `calls`.
    pub(crate) fn new(
        exception: Exception,
        (cpu, at): (Option<usize>, VTime),
        state: &State,
        (calls, symbols): (&[u64], &Symbols),
        isa: IsaVersion,
    ) -> Self {
        let options = Options { symbols: Some(symbols), ..Options::new(isa) };
        let bundle = crate::listing::bundle(&exception.bytes, exception.address, &options);
        let places = std::iter::once(&exception.address).chain(calls);
        let trace = places.map(|address| Place::new(*address, symbols)).collect();
        Self { cpu, at, bundle, registers: registers(state), trace, exception }
    }
}

impl fmt::Display for GuestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self.cpu.map(|cpu| format!(" on processor {cpu}")).unwrap_or_default();
        writeln!(f, "guest fault{cpu} at {} s: {}", self.at, self.exception)?;
        for line in self.bundle.lines() {
            writeln!(f, "    {line}")?;
        }
        f.write_str(&self.registers)?;
        f.write_str("back trace:")?;
        for (number, place) in self.trace.iter().enumerate() {
            write!(f, "\n#{number:<2} {place}")?;
        }
        Ok(())
    }
}

/// Registers in the order in which one looks for them.
pub(crate) fn registers(state: &State) -> String {
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = write_registers(&mut text, state);
    text
}

fn write_registers(out: &mut String, state: &State) -> fmt::Result {
    let (wd, br) = (state.window, state.rotation);
    writeln!(
        out,
        "ip  {:016x}  psr {:02x}  upsr {:02x}  lsr.lcnt {}  window {} registers, {} passed",
        state.ip, state.psr, state.upsr, state.lsr.lcnt, wd.size, wd.previous
    )?;
    writeln!(
        out,
        "br  rbs {} rsz {} rcur {} psz {} pcur {}  predicates {:08x}",
        br.rbs, br.rsz, br.rcur, br.psz, br.pcur, state.predicates.values
    )?;
    for (name, ctpr) in ["ctpr1", "ctpr2", "ctpr3"].iter().zip(&state.ctpr) {
        write!(out, "{name} {:016x}  ", ctpr.bits)?;
    }
    writeln!(out, "cr0.hi {:016x}", state.frame.ip)?;
    for number in 0..state.window.size {
        let value = state.registers.low(state.window_cell(number));
        cell(out, 'r', number, value)?;
    }
    if !state.window.size.is_multiple_of(4) {
        out.write_char('\n')?;
    }
    for number in 0..32 {
        cell(out, 'g', number.into(), state.registers.low(state.global_cell(number)))?;
    }
    Ok(())
}

/// Four to a line.
fn cell(out: &mut String, file: char, number: u16, value: u64) -> fmt::Result {
    let end = if number % 4 == 3 { '\n' } else { ' ' };
    write!(out, "{:>5} {value:016x}{end}", format!("%{file}{number}"))
}
