//! Guest programs written as text: assembled, loaded at 1 MiB, run until they halt by the simulator's convention.

use std::io;
use std::path::Path;

use elnic_asm::{Diagnostic, Files, Options, assemble_from};
use elnic_cpu::{Config, Cycles, Exception, Interpreter, IsaVersion, Processor, Stop};
use elnic_isa::CpuModel;

use super::TestBus;

/// Where programs lie.
pub(crate) const BASE: u64 = 0x10_0000;
const RAM: usize = 8 << 20;
const BUDGET: Cycles = Cycles(1_000_000);

/// Ends the program: `HALT(code)`.
const PRELUDE: &str = "#define HALT(code) .word 0x00008001, 0x60000000 | code\n";

struct Text<'a>(&'a str);

impl Files for Text<'_> {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(format!("{PRELUDE}{}", self.0).into_bytes())
    }
}

/// A program and the machine it runs on.
pub(crate) struct Guest {
    pub(crate) cpu: Interpreter,
    pub(crate) bus: TestBus,
    symbols: Vec<(String, u64)>,
}

impl Guest {
    /// `text` on a processor of version `isa`.
    pub(crate) fn new(isa: IsaVersion, text: &str) -> Self {
        Self::with(Config { isa, ..Config::default() }, text)
    }

    /// `text` on a processor of `config`.
    pub(crate) fn with(config: Config, text: &str) -> Self {
        Self::assemble(config, text).unwrap_or_else(|messages| panic!("{messages:#?}"))
    }

    /// The same; what the assembler has against it.
    pub(crate) fn assemble(config: Config, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let name = format!("elbrus-v{}", config.isa as u8);
        let model = CpuModel::ALL.into_iter().find(|model| model.name == name).expect("model");
        let options = Options { address: BASE, ..Options::new(model) };
        let program = assemble_from(&Text(text), &[Path::new("guest.S")], &options)?;
        let mut bus = TestBus::new(RAM);
        for section in &program.sections {
            let start = section.address as usize;
            bus.ram[start..start + section.bytes.len()].copy_from_slice(&section.bytes);
        }
        let mut cpu = Interpreter::new(Config { simulator_halt: true, ..config }, program.entry);
        let state = cpu.state_mut();
        state.procedure_stack.base = 0x60_0000;
        state.chain_stack.base = 0x70_0000;
        state.chain_stack.size = 0x1_0000;
        let symbols = program.symbols.iter().map(|symbol| (symbol.name.clone(), symbol.value));
        Ok(Self { symbols: symbols.collect(), cpu, bus })
    }

    /// Runs until something stops it.
    pub(crate) fn run(&mut self) -> Stop {
        self.cpu.run(&mut self.bus, BUDGET)
    }

    /// Runs until it halts; with what.
    pub(crate) fn halt(&mut self) -> u32 {
        match self.run() {
            Stop::Halted { code } => code,
            stop => panic!("{stop:#?} at {:#x}", self.cpu.state().ip),
        }
    }

    /// Runs until it fails; how.
    pub(crate) fn fail(&mut self) -> Exception {
        match self.run() {
            Stop::Exception(exception) => *exception,
            stop => panic!("{stop:#?} at {:#x}", self.cpu.state().ip),
        }
    }

    /// The address of a label.
    pub(crate) fn symbol(&self, name: &str) -> u64 {
        let found = self.symbols.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no label {name}")).1
    }

    /// The 64-bit word `index` behind a label.
    pub(crate) fn word(&self, label: &str, index: u64) -> u64 {
        super::word_at(&self.bus, self.symbol(label) + 8 * index)
    }

    /// A window register.
    pub(crate) fn register(&self, number: u16) -> u64 {
        self.cpu.state().registers.low(self.cpu.state().window_cell(number))
    }
}
