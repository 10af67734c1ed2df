//! Guests of a few lines for several processors, and machines that run them.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;

use elnic_board::{Machine, MachineBuilder, MachineConfig, MachineModel, Outcome, Program};
use elnic_contract::VTime;

/// Where the images are linked: STARTUP reaches the first megabyte only.
pub(crate) const BASE: u64 = 0x1_0000;
/// Where guests leave their results.
pub(crate) const RESULTS: u64 = 0x4_0000;

/// One source in memory.
struct Source(String);

impl elnic_asm::Files for Source {
    fn read(&self, _path: &Path) -> std::io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

/// Macros, and registers every processor has: `%dr0` its local controller, `%dr1` its number, `%dr2` the results.
pub(crate) const PRELUDE: &str = "
.macro li register, value
    { addd,0 0, \\value, \\register }
.endm
.macro load address, register
    { ldd,0 [ \\address ], \\register\n nop 4 }
.endm
.macro br compare, a, b, label
    { \\compare,0 \\a, \\b, %pred0\n nop 2 }
    { ibranch \\label ? %pred0 }
.endm
.macro brn compare, a, b, label
    { \\compare,0 \\a, \\b, %pred0\n nop 2 }
    { ibranch \\label ? ~%pred0 }
.endm
/* Adds to a word in memory, as one access. */
.macro atomic_add address, value, scratch
9991:
    { ldd,0 [ \\address ], \\scratch, mas=7\n nop 4 }
    { addd,0 \\scratch, \\value, \\scratch }
    { std,2 \\scratch, [ \\address ], mas=2\n nop 3 }
    { ibranch 9991b ? %MLOCK }
.endm
/* Sends an inter-processor interrupt: command, destination << 24. */
.macro send command, destination
    li %dr14, \\destination
    { stw,2 %r14, [ %dr0 + 0x310 ] }
    li %dr14, \\command
    { stw,2 %r14, [ %dr0 + 0x300 ] }
.endm
";

/// A program: the first processor starts the others, then all do `work`; those that are done wait for ever. A trap goes to
/// `handler`, which has the vector in `%dr3` and ends with EOI by itself.
pub(crate) fn program(work: &str, handler: &str) -> Vec<u8> {
    let source = format!(
        "{PRELUDE}
    .text
    .global _start
_start:
    {{ setwd wsz=16, nfx=1 }}
    li %dr0, 0xfee00000
    send 0xc4500, 0
    send 0xc4611, 0
    {{ ibranch begin }}
    .align 4096
secondary:
    {{ setwd wsz=16, nfx=1 }}
begin:
    li %dr0, 0xfee00000
    li %dr1, 0x1ff
    {{ stw,2 %r1, [ %dr0 + 0xf0 ] }}
    {{ ldw,2 [ %dr0 + 0x20 ], %dr1\n nop 4 }}
    {{ shrd,0 %dr1, 24, %dr1 }}
    li %dr2, {RESULTS:#x}
    {{ addd,0 0, table, %dr3 }}
    {{ rwd,0 %dr3, %oscud.lo }}
    li %dr3, 0x100000 << 32
    {{ rwd,0 %dr3, %oscud.hi }}
    li %dr3, 0
    {work}
halt:
    {{ wait trap=1 }}
    {{ ibranch halt }}
    .align 0x800
table:
    {{ setwd wsz=16, nfx=1 }}
    li %dr0, 0xfee00000
    {{ ldw,2 [ %dr0 + 0x20 ], %dr1\n nop 4 }}
    {{ shrd,0 %dr1, 24, %dr1 }}
    li %dr2, {RESULTS:#x}
    {{ ldw,2 [ %dr0 + 0xff0 ], %dr3\n nop 4 }}
    {handler}
    li %dr14, 0
    {{ stw,2 %r14, [ %dr0 + 0xb0 ] }}
    {{ rwd,0 0, %tir.lo }}
    {{ nop 3 }}
    {{ done }}
"
    );
    assemble(source, BASE)
}

/// An image linked at `address`.
pub(crate) fn assemble(source: String, address: u64) -> Vec<u8> {
    let options = elnic_asm::Options { address, ..elnic_asm::Options::default() };
    match elnic_asm::assemble_from(&Source(source), &[Path::new("guest.S")], &options) {
        Ok(assembled) => assembled.elf,
        Err(messages) => {
            let lines: Vec<String> = messages.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"));
        }
    }
}

/// A machine with a part of enough cores that is about to run `image`.
pub(crate) fn machine(processors: u8, image: &[u8]) -> Machine {
    machine_with(processors, image, |_| {})
}

/// The same with other choices.
pub(crate) fn machine_with(
    processors: u8,
    image: &[u8],
    choose: impl FnOnce(&mut MachineConfig),
) -> Machine {
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    config.processors = processors;
    if processors > config.cpu.cores {
        config.cpu = elnic_board::CpuModel::named("e16c").unwrap();
    }
    config.program = Program::Kernel { image: image.to_vec(), append: None, initrd: None };
    choose(&mut config);
    MachineBuilder::new().build(config).unwrap()
}

/// Runs until `micros` of virtual time have passed since power-on.
pub(crate) fn run(machine: &mut Machine, micros: u64) {
    let outcome = machine.run(VTime::from_nanos(micros * 1000));
    assert_eq!(outcome, Outcome::Limit);
}

/// Word `index` of the results.
pub(crate) fn result(machine: &Machine, index: u64) -> u64 {
    let mut bytes = [0; 8];
    machine.peek(RESULTS + index * 8, &mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

/// Everything of a machine that must not differ between two runs: clocks and addresses of all processors, bundles, results.
pub(crate) fn fingerprint(machine: &Machine) -> (Vec<(u64, u64)>, u64, Vec<u64>) {
    let cpu = |index| {
        let state = elnic_cpu::Processor::state(machine.cpu(index).unwrap());
        (state.cycles, state.ip)
    };
    let cpus = (0..machine.processors()).map(cpu).collect();
    (cpus, machine.bundles(), (0..64).map(|index| result(machine, index)).collect())
}
