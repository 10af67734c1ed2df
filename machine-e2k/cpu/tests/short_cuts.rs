//! Every path of the interpreter does the same: random bundles, with and without its short cuts, with and without a trap table.

mod common;

use common::TestBus;
use elnic_cpu::state::control::{Ctpr, CtprTag};
use elnic_cpu::{Config, Cycles, Interpreter, IsaVersion, Processor};
use elnic_isa::{
    AluInstruction, Bundle, Destination, Operation, Qualifier, QualifierSource, Register, Source,
};

const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
const TABLE: u64 = 0x3000;
const RAM: usize = 0x4000;
/// Registers that hold addresses: the data, and where nothing is.
const BASE: u8 = 30;
const NOWHERE: u8 = 31;

/// A sequence of numbers without pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.0 ^ self.0 >> 29
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 8) % limit
    }
}

fn register(noise: &mut Noise) -> Register {
    match noise.below(8) {
        0 => Register::Global(noise.below(32) as u8),
        1 | 2 => Register::Based(noise.below(6) as u8),
        // Rarely outside the window.
        3 if noise.below(20) == 0 => Register::Window(40),
        _ => Register::Window(noise.below(12) as u8),
    }
}

fn source(noise: &mut Noise) -> Source {
    match noise.below(4) {
        0 => Source::Constant(noise.below(16) as u8),
        _ => Source::Register(register(noise)),
    }
}

/// One of the operations there are, with random operands; `None` if this one is not written so.
fn instruction(noise: &mut Noise, channel: u8, isa: IsaVersion) -> Option<AluInstruction> {
    let rows = Operation::all();
    let operation = &rows[noise.below(rows.len() as u64) as usize];
    if !operation.is_allowed(channel, isa) || operation.is_paired() {
        return None;
    }
    let (mut src1, mut src2) = (source(noise), source(noise));
    if operation.memory || operation.mnemonic.ends_with("ldrd") {
        let base = if noise.below(8) == 0 && !operation.format.stores() { NOWHERE } else { BASE };
        (src1, src2) =
            (Source::Register(Register::Window(base)), Source::Constant(noise.below(2) as u8 * 8));
    }
    let src3 = Source::Register(register(noise));
    let dst = match noise.below(4) {
        0 => Destination::Predicate(noise.below(32) as u8),
        _ => Destination::Register(register(noise)),
    };
    let shapes = [
        (src1, src2, src3, dst),
        (src1, src2, Source::Absent, dst),
        (Source::Absent, src2, Source::Absent, dst),
        (src1, src2, src3, Destination::Absent),
    ];
    shapes.into_iter().find_map(|(src1, src2, src3, dst)| {
        let speculative = noise.below(8) == 0;
        let instruction = AluInstruction { operation, speculative, src1, src2, src3, dst };
        let mut bundle = Bundle::default();
        bundle.alu[usize::from(channel)] = Some(instruction);
        let bytes = bundle.to_bytes(isa).ok()?;
        let (read, _) = Bundle::from_bytes(&bytes, isa).ok()?;
        (read.alu == bundle.alu).then_some(instruction)
    })
}

fn bundle(noise: &mut Noise, isa: IsaVersion) -> Option<Vec<u8>> {
    let mut bundle = Bundle::default();
    let wanted = noise.below(64);
    for channel in (0..6).filter(|channel| wanted >> channel & 1 != 0) {
        bundle.alu[usize::from(channel)] = (0..6).find_map(|_| instruction(noise, channel, isa));
    }
    if noise.below(3) == 0 {
        bundle.qualifiers[0] = Some(Qualifier {
            source: QualifierSource::Predicate(noise.below(32) as u8),
            channels: 1 << noise.below(3),
            negated: noise.below(8) as u8,
            second_cluster: noise.below(2) != 0,
            merge: false,
            auxiliary: false,
        });
    }
    bundle.to_bytes(isa).ok()
}

/// Two processors in the same state in front of the same code.
fn pair(noise: &mut Noise, isa: IsaVersion, code: &[u8]) -> [(Interpreter, TestBus); 2] {
    let config = Config { isa, ..Config::default() };
    let seed = noise.next();
    [Interpreter::new(config, CODE), Interpreter::without_short_cuts(config, CODE)].map(
        |mut cpu| {
            let mut noise = Noise(seed);
            let mut bus = TestBus::new(RAM);
            bus.strict = true;
            let start = CODE as usize;
            bus.ram[start..start + code.len()].copy_from_slice(code);
            for byte in &mut bus.ram[DATA as usize..DATA as usize + 64] {
                *byte = noise.next() as u8;
            }
            let state = cpu.state_mut();
            state.window.size = 32;
            state.window.dbl = noise.below(4) == 0;
            (state.rotation.rbs, state.rotation.rsz) = (2, 2);
            state.rotation.rcur = noise.below(3) as u8;
            state.predicates.values = noise.next() as u32;
            // Some floating-point exceptions are not masked.
            state.pfpfr = if noise.below(4) == 0 { 0x1200 } else { 0x1f80 };
            state.procedure_stack.base = 0x3800;
            state.chain_stack.base = 0x3c00;
            if noise.below(2) == 0 {
                state.system[0x27] = TABLE;
            }
            state.ctpr[0] = Ctpr::prepared(CtprTag::Disp, 0, 0, CODE);
            for number in 0..32 {
                let value = match number {
                    n if n == u16::from(BASE) => DATA,
                    n if n == u16::from(NOWHERE) => 0x10_0000,
                    _ if noise.below(4) == 0 => noise.below(3),
                    _ => noise.next(),
                };
                let cell = state.window_cell(number);
                state.registers.set_low(cell, value);
                state.registers.set_high(cell, noise.next());
                let cell = state.global_cell(number as u8);
                state.registers.set_low(cell, noise.next());
            }
            (cpu, bus)
        },
    )
}

/// Runs `count` random bundles both ways; how many of them trapped.
fn compare(seed: u64, count: u64) -> u64 {
    let mut noise = Noise(seed);
    let mut traps = 0;
    let versions = [IsaVersion::V3, IsaVersion::V4, IsaVersion::V5, IsaVersion::V6];
    let mut done = 0;
    while done < count {
        let isa = versions[noise.below(4) as usize];
        let code: Vec<u8> = (0..3).filter_map(|_| bundle(&mut noise, isa)).flatten().collect();
        if code.is_empty() {
            continue;
        }
        let [(mut short, mut short_bus), (mut general, mut general_bus)] =
            pair(&mut noise, isa, &code);
        for _ in 0..3 {
            done += 1;
            let before = short.state().ip;
            let stops =
                (short.run(&mut short_bus, Cycles(1)), general.run(&mut general_bus, Cycles(1)));
            assert_eq!(stops.0, stops.1, "{isa:?} at {before:#x} of {code:02x?}");
            if short.save() != general.save() {
                let (a, b) = (format!("{:#?}", short.save()), format!("{:#?}", general.save()));
                let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
                panic!("{isa:?} at {before:#x} of {code:02x?}: {differs:?}, {stops:?}");
            }
            assert!(short_bus.ram == general_bus.ram, "memory, {isa:?}, {code:02x?}");
            if short.state().ip == TABLE {
                traps += 1;
                break;
            }
            if stops.0 != elnic_cpu::Stop::Budget {
                break;
            }
        }
    }
    traps
}

#[test]
fn random_bundles_do_the_same_on_every_path() {
    let traps = compare(1, 30_000);
    assert!(traps > 300, "only {traps} traps were delivered");
}

/// Ten million; takes minutes.
#[test]
#[ignore = "long"]
fn many_random_bundles_do_the_same_on_every_path() {
    for seed in 2..12 {
        compare(seed, 1_000_000);
    }
}
