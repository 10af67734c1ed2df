//! Two processors in one random state in front of the same code: one takes its short cuts, the other does not.

use crate::bundles::{BASE, NOWHERE, Noise, READ_ONLY};
use crate::common::TestBus;
use crate::common::tables::{Flags, Tables, V3, V6};
use elnic_cpu::state::control::{Ctpr, CtprTag};
use elnic_cpu::state::loops::Lsr;
use elnic_cpu::state::registers::TAG_DIAGNOSTIC;
use elnic_cpu::state::{State, psr};
use elnic_cpu::{Config, Interpreter, IsaVersion, Processor, Tags};

pub(crate) const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
pub(crate) const TABLE: u64 = 0x3000;
const STACKS: u64 = 0x4000;
const CELLAR: u64 = 0x5000;
/// A page the tables show read-only.
const CONSTANTS: u64 = 0x6000;
const ROOT: u64 = 0x8000;
const RAM: usize = 0xc000;
/// Neither memory nor a page.
const NOTHING: u64 = 0x10_0000;

/// Numbers of the registers behind `mmurw`.
mod mmu {
    pub(super) const CONTROL: usize = 0x00;
    pub(super) const ROOT: usize = 0x04;
    pub(super) const TRAP_POINT: usize = 0x05;
}

/// What kind of machine the bundles run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct World {
    /// Addresses are translated; some pages are missing, some read-only.
    pub(crate) translating: bool,
    /// Tags are kept; some registers and predicates hold diagnostic values.
    pub(crate) tags: bool,
}

impl World {
    pub(crate) const ALL: [Self; 4] = [
        Self { translating: false, tags: false },
        Self { translating: true, tags: false },
        Self { translating: false, tags: true },
        Self { translating: true, tags: true },
    ];
}

/// RAM with page tables in it, if there are any.
fn memory(world: World, isa: IsaVersion, code: &[u8], noise: &mut Noise) -> TestBus {
    let mut bus = TestBus::new(RAM);
    bus.strict = true;
    let start = CODE as usize;
    bus.ram[start..start + code.len()].copy_from_slice(code);
    for page in [DATA, CONSTANTS] {
        for byte in &mut bus.ram[page as usize..page as usize + 64] {
            *byte = noise.next() as u8;
        }
    }
    if world.translating {
        let flags = flags(isa);
        let mut tables = Tables::new(ROOT, flags);
        for page in [CODE, DATA, TABLE, STACKS] {
            tables.map(&mut bus, page, page);
        }
        tables.set(&mut bus, CONSTANTS, CONSTANTS | flags.base & !2);
    }
    bus
}

fn flags(isa: IsaVersion) -> Flags {
    if isa >= IsaVersion::V6 { V6 } else { V3 }
}

fn prepare(state: &mut State, world: World, isa: IsaVersion, noise: &mut Noise) {
    state.window.size = 32;
    state.window.dbl = noise.one_in(4);
    (state.rotation.rbs, state.rotation.rsz) = (2, 2);
    state.rotation.rcur = noise.below(3) as u8;
    state.predicates.values = noise.next() as u32;
    state.lsr = Lsr::from_bits(noise.next() & 0x1fe3_0023_0000_0003);
    // Some floating-point exceptions are not masked.
    state.pfpfr = if noise.one_in(4) { 0x1200 } else { 0x1f80 };
    state.procedure_stack.base = STACKS;
    state.chain_stack.base = STACKS + 0x800;
    if noise.one_in(2) {
        state.system[0x27] = TABLE;
    }
    if noise.one_in(8) {
        state.psr &= !psr::PM;
    }
    state.ctpr[0] = Ctpr::prepared(CtprTag::Disp, 0, 0, CODE);
    if world.translating {
        state.mmu[mmu::CONTROL] = 0x21;
        state.mmu[mmu::ROOT] = ROOT;
        state.mmu[mmu::TRAP_POINT] = CELLAR;
        if isa >= IsaVersion::V6 {
            state.system[0x04] = 0x20;
        }
    }
    for number in 0..32 {
        let value = match number as u8 {
            BASE => DATA,
            READ_ONLY => CONSTANTS,
            NOWHERE => NOTHING,
            _ if noise.one_in(4) => noise.below(3),
            _ => noise.next(),
        };
        let cell = state.window_cell(number);
        state.registers.set_low(cell, value);
        state.registers.set_high(cell, noise.next());
        let tag = if world.tags && number < 24 && noise.one_in(8) { TAG_DIAGNOSTIC } else { 0 };
        state.registers.set_tag(cell, tag);
        let cell = state.global_cell(number as u8);
        state.registers.set_low(cell, noise.next());
        state.registers.set_tag(cell, 0);
    }
    if world.tags {
        state.predicates.invalid = (noise.next() & noise.next() & noise.next()) as u32;
    }
}

/// The two, in the same state.
pub(crate) fn pair(
    noise: &mut Noise,
    world: World,
    isa: IsaVersion,
    code: &[u8],
) -> [(Interpreter, TestBus); 2] {
    let tags = if world.tags { Tags::On } else { Tags::Off };
    let config = Config { isa, tags, ..Config::default() };
    let seed = noise.next();
    [Interpreter::new(config, CODE), Interpreter::without_short_cuts(config, CODE)].map(
        |mut cpu| {
            let mut noise = Noise(seed);
            let bus = memory(world, isa, code, &mut noise);
            prepare(cpu.state_mut(), world, isa, &mut noise);
            (cpu, bus)
        },
    )
}
