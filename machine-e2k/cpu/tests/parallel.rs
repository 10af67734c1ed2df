//! Random bundles against a plain evaluation that takes a copy of everything before it writes anything.
//!
//! The reference knows nothing of orders, guards as masks or partial writes as such: it computes every operation from the copy and then
//! applies the results channel by channel (e2k-isa.md §7.1).

mod common;

use common::{TestBus, word_at};
use elnic_cpu::{Config, Interpreter, IsaVersion, Processor, Stop};
use elnic_isa::{
    AluInstruction, Bundle, Destination, Operation, Qualifier, QualifierSource, Register, Source,
};
use proptest::prelude::*;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
/// Registers that take part; the rotating ones are among them.
const REGISTERS: usize = 12;
/// Holds the address of the data.
const BASE: u8 = 20;
const RBS: u8 = 2;

/// What a channel is given.
#[derive(Clone, Debug)]
struct Choice {
    operation: usize,
    sources: [u8; 2],
    based: [bool; 3],
    destination: u8,
    slot: u8,
    qualifier: Option<(u8, bool)>,
}

const ALU: [&str; 8] = ["addd", "subd", "xord", "andd", "adds", "subs", "shld", "sxt"];
const COMPARE: [&str; 3] = ["cmpedb", "cmpbsb", "cmpldb"];

/// What a choice means on a channel.
fn mnemonic(choice: &Choice, channel: u8) -> &'static str {
    let compares = matches!(channel, 0 | 1 | 3 | 4);
    match choice.operation {
        n @ 0..8 => ALU[n],
        n @ 8..11 if compares => COMPARE[n - 8],
        11 | 12 if matches!(channel, 0 | 2 | 3 | 5) => "ldd",
        13 | 14 if matches!(channel, 2 | 5) => "std",
        n => ALU[n % 8],
    }
}

fn register(number: u8, based: bool) -> Register {
    if based { Register::Based(number % 4) } else { Register::Window(number % REGISTERS as u8) }
}

fn instruction(choice: &Choice, channel: u8) -> Option<AluInstruction> {
    let mnemonic = mnemonic(choice, channel);
    let operation = Operation::by_mnemonic(mnemonic)
        .iter()
        .find(|row| row.is_allowed(channel, IsaVersion::V4))?;
    let source = |n: usize| Source::Register(register(choice.sources[n], choice.based[n]));
    let (src1, src2, src3, dst) = match mnemonic {
        "ldd" | "std" => {
            let datum = source(0);
            let place = Source::Constant(choice.slot % 2 * 8);
            let base = Source::Register(Register::Window(BASE));
            if mnemonic == "ldd" {
                let dst = Destination::Register(register(choice.destination, choice.based[2]));
                (base, place, Source::Absent, dst)
            } else {
                (base, place, datum, Destination::Absent)
            }
        }
        _ if mnemonic.starts_with("cmp") => {
            let dst = Destination::Predicate(choice.destination % 4);
            (source(0), source(1), Source::Absent, dst)
        }
        _ => {
            let dst = Destination::Register(register(choice.destination, choice.based[2]));
            (source(0), source(1), Source::Absent, dst)
        }
    };
    Some(AluInstruction { operation, speculative: false, src1, src2, src3, dst })
}

/// The bundle of some choices, or `None` if the hardware forbids it.
fn bundle(choices: &[Option<Choice>; 6]) -> Option<Bundle> {
    let mut bundle = Bundle::default();
    let mut qualifiers = Vec::new();
    for (channel, choice) in (0_u8..).zip(choices) {
        let Some(choice) = choice else { continue };
        bundle.alu[usize::from(channel)] = Some(instruction(choice, channel)?);
        if let Some((predicate, negated)) = choice.qualifier {
            let bit = 1 << (channel % 3);
            qualifiers.push(Qualifier {
                source: QualifierSource::Predicate(predicate % 4),
                channels: bit,
                negated: if negated { bit } else { 0 },
                second_cluster: channel >= 3,
                merge: false,
                auxiliary: false,
            });
        }
    }
    for (place, qualifier) in bundle.qualifiers.iter_mut().zip(qualifiers) {
        *place = Some(qualifier);
    }
    let is = |channel: usize, name: &str| {
        bundle.alu[channel].is_some_and(|it| it.operation.mnemonic == name)
    };
    let forbidden = is(2, "std") && is(3, "ldd") || is(5, "std") && is(0, "ldd");
    (!forbidden).then_some(bundle)
}

/// Everything a random bundle can touch.
#[derive(Clone, Debug, PartialEq)]
struct World {
    registers: [u64; REGISTERS],
    predicates: u32,
    memory: [u64; 2],
    rsz: u8,
    rcur: u8,
    psz: u8,
    pcur: u8,
}

impl World {
    fn place(&self, register: Register) -> usize {
        match register {
            Register::Based(n) => {
                let ring = 2 * u32::from(self.rsz) + 2;
                (2 * u32::from(RBS) + (2 * u32::from(self.rcur) + u32::from(n)) % ring) as usize
            }
            Register::Window(n) | Register::Global(n) => n.into(),
        }
    }

    fn predicate(&self, n: u8) -> u8 {
        if n > self.psz { n } else { (self.pcur + n) % (self.psz + 1) }
    }

    fn read(&self, source: Source) -> u64 {
        match source {
            Source::Register(Register::Window(BASE)) => DATA,
            Source::Register(register) => self.registers[self.place(register)],
            Source::Constant(value) => value.into(),
            _ => 0,
        }
    }

    fn after(&self, bundle: &Bundle) -> Self {
        let old = self.clone();
        let mut new = self.clone();
        for (channel, it) in (0_u8..).zip(&bundle.alu) {
            let Some(it) = it else { continue };
            let allowed = bundle.condition(channel).predicate.is_none_or(|term| {
                let QualifierSource::Predicate(n) = term.source else { return true };
                (old.predicates >> old.predicate(n) & 1 != 0) != term.negated
            });
            if !allowed {
                continue;
            }
            let (a, b) = (old.read(it.src1), old.read(it.src2));
            let slot = (a.wrapping_add(b).wrapping_sub(DATA) / 8) as usize;
            let (value, single) = match it.operation.mnemonic {
                "addd" => (a.wrapping_add(b), false),
                "subd" => (a.wrapping_sub(b), false),
                "xord" => (a ^ b, false),
                "andd" => (a & b, false),
                "adds" => (a.wrapping_add(b), true),
                "subs" => (a.wrapping_sub(b), true),
                "shld" => (a << (b & 63), false),
                "sxt" => {
                    let bits = [8, 16, 32, 32][(a & 3) as usize];
                    let shift = 64 - bits;
                    let value = b << shift;
                    (
                        if a & 4 != 0 { value >> shift } else { (value as i64 >> shift) as u64 },
                        false,
                    )
                }
                "cmpedb" => (u64::from(a == b), false),
                "cmpbsb" => (u64::from((a as u32) < b as u32), false),
                "cmpldb" => (u64::from((a as i64) < b as i64), false),
                "ldd" => (old.memory[slot], false),
                "std" => {
                    new.memory[slot] = old.read(it.src3);
                    continue;
                }
                other => panic!("{other}"),
            };
            match it.dst {
                Destination::Predicate(n) => {
                    let bit = 1 << old.predicate(n);
                    new.predicates = new.predicates & !bit | if value != 0 { bit } else { 0 };
                }
                Destination::Register(register) => {
                    let place = &mut new.registers[old.place(register)];
                    *place = if single { *place >> 32 << 32 | value & 0xffff_ffff } else { value };
                }
                other => panic!("{other:?}"),
            }
        }
        new
    }
}

fn machine(world: &World, bytes: &[u8]) -> (Interpreter, TestBus) {
    let mut bus = TestBus::new(0x4000);
    bus.ram[CODE as usize..CODE as usize + bytes.len()].copy_from_slice(bytes);
    for (n, value) in world.memory.iter().enumerate() {
        let start = DATA as usize + 8 * n;
        bus.ram[start..start + 8].copy_from_slice(&value.to_le_bytes());
    }
    let mut cpu = Interpreter::new(Config::default(), CODE);
    let state = cpu.state_mut();
    state.window.size = 32;
    (state.rotation.rbs, state.rotation.rsz, state.rotation.rcur) = (RBS, world.rsz, world.rcur);
    (state.rotation.psz, state.rotation.pcur) = (world.psz, world.pcur);
    state.predicates.values = world.predicates;
    for (n, value) in (0..).zip(world.registers).chain([(BASE.into(), DATA)]) {
        let cell = state.window_cell(n);
        state.registers.set_low(cell, value);
    }
    (cpu, bus)
}

fn choice() -> impl Strategy<Value = Choice> {
    (
        0_usize..16,
        any::<[u8; 2]>(),
        any::<[bool; 3]>(),
        any::<u8>(),
        any::<u8>(),
        proptest::option::of(any::<(u8, bool)>()),
    )
        .prop_map(|(operation, sources, based, destination, slot, qualifier)| Choice {
            operation,
            sources,
            based,
            destination,
            slot,
            qualifier,
        })
}

fn world() -> impl Strategy<Value = World> {
    (
        any::<[u64; REGISTERS]>(),
        any::<u32>(),
        any::<[u64; 2]>(),
        1_u8..4,
        any::<u8>(),
        0_u8..8,
        any::<u8>(),
    )
        .prop_map(|(registers, predicates, memory, rsz, rcur, psz, pcur)| World {
            registers,
            predicates,
            memory,
            rsz,
            rcur: rcur % (rsz + 1),
            psz,
            pcur: pcur % (psz + 1),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn bundles_read_everything_before_they_write_anything(
        world in world(),
        choices in any::<()>().prop_flat_map(|()| {
            [
                proptest::option::of(choice()), proptest::option::of(choice()),
                proptest::option::of(choice()), proptest::option::of(choice()),
                proptest::option::of(choice()), proptest::option::of(choice()),
            ]
        }),
    ) {
        let Some(bundle) = bundle(&choices) else { return Ok(()) };
        let bytes = bundle.to_bytes(IsaVersion::V4).expect("an encoding");
        let (mut cpu, mut bus) = machine(&world, &bytes);
        prop_assert_eq!(cpu.step(&mut bus), Stop::Budget);
        let expected = world.after(&bundle);
        let state = cpu.state();
        for (n, expected) in (0..).zip(expected.registers) {
            let found = state.registers.low(state.window_cell(n));
            prop_assert_eq!(found, expected, "%r{} is {:#x}, expected {:#x}", n, found, expected);
        }
        prop_assert_eq!(state.predicates.values, expected.predicates);
        for (n, expected) in (0..).zip(expected.memory) {
            prop_assert_eq!(word_at(&bus, DATA + 8 * n), expected);
        }
        prop_assert_eq!(state.ip, CODE + bytes.len() as u64);
    }
}
