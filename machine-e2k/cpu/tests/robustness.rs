//! A guest can do anything without harm to the processor: every bundle of the encoding vectors, which are not meant to be executed, and
//! random bytes run on hostile states.

mod common;

use common::{TestBus, vectors};
use elnic_cpu::state::control::{Ctpr, Frame};
use elnic_cpu::state::loops::Lsr;
use elnic_cpu::state::window::{GlobalRotation, Predicates, Rotation};
use elnic_cpu::{Alignment, Config, Interpreter, IsaVersion, Processor, Stop, Tags, Timing};
use proptest::prelude::*;

const CODE: u64 = 0x1_0000;

/// A sequence of numbers without pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.0 ^ self.0 >> 29
    }
}

fn hostile(config: Config, seed: u64) -> Interpreter {
    let mut noise = Noise(seed);
    let mut cpu = Interpreter::new(config, CODE);
    let state = cpu.state_mut();
    state.window.size = (noise.next() % 113) as u16 * 2;
    state.window.previous = state.window.size.min((noise.next() % 60) as u16 * 2);
    state.window.dbl = noise.next() & 1 != 0;
    state.rotation = Rotation::from_bits(noise.next() as u32);
    state.predicates = Predicates { values: noise.next() as u32, invalid: 0 };
    state.frame = Frame::from_words([noise.next(), noise.next(), noise.next(), noise.next()]);
    state.lsr = Lsr::from_bits(noise.next());
    state.global_rotation = GlobalRotation::from_bits(noise.next() as u32);
    state.pfpfr = noise.next() as u32 | 0x1f80;
    state.procedure_stack.set_hi(noise.next());
    state.chain_stack.set_hi(noise.next());
    for ctpr in &mut state.ctpr {
        *ctpr = Ctpr { bits: noise.next(), hi: 0 };
    }
    for register in 0..224 {
        let cell = state.window_cell(register);
        let value = noise.next();
        state.registers.set_low(cell, if value & 1 == 0 { value } else { value & 0xffff });
        state.registers.set_high(cell, noise.next());
    }
    cpu
}

/// Runs some bundles; whatever happens has a name.
fn run(config: Config, seed: u64, code: &[u8]) -> Result<(), String> {
    let mut bus = TestBus::new(0x2_0000);
    let start = CODE as usize;
    bus.ram[start..start + code.len()].copy_from_slice(code);
    bus.strict = seed & 1 != 0;
    let mut cpu = hostile(config, seed);
    for _ in 0..3 {
        match cpu.step(&mut bus) {
            Stop::Exception(exception) if exception.reason.is_empty() => {
                return Err(format!("{exception:?} gives no reason"));
            }
            Stop::Exception(_) => break,
            _ => {}
        }
    }
    let saved = cpu.save();
    cpu.restore(&saved).map_err(|error| format!("its own state was refused: {error}"))
}

fn config(isa: IsaVersion, variant: u64) -> Config {
    Config {
        isa,
        tags: if variant & 1 != 0 { Tags::On } else { Tags::Off },
        alignment: if variant & 2 != 0 { Alignment::Trap } else { Alignment::Perform },
        timing: if variant & 4 != 0 { Timing::documented(isa) } else { Timing::ISSUE },
        simulator_halt: variant & 8 != 0,
        ..Config::default()
    }
}

#[test]
fn vectors_of_encodings_execute_without_harm() {
    let Some(folder) = vectors() else { return };
    for number in 2..=6 {
        let isa = IsaVersion::from_number(number).expect("version");
        let path = folder.join(format!("encoding-v{number}.tsv"));
        let text = std::fs::read_to_string(path).expect("vector file");
        let mut count = 0;
        for (seed, line) in (0_u64..).zip(text.lines().skip(1)) {
            let columns: Vec<&str> = line.split('\t').collect();
            let Some(hex) = columns.get(5) else { continue };
            let code: Vec<u8> = (0..hex.len() / 2)
                .filter_map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok())
                .collect();
            for variant in [seed, seed.wrapping_mul(7) + 3] {
                if let Err(why) = run(config(isa, variant), variant, &code) {
                    panic!("{line}: {why}");
                }
            }
            count += 1;
        }
        assert!(count > 0, "no rows");
    }
}

proptest! {
    #[test]
    fn random_bytes_execute_without_harm(code: [u8; 32], words: [u32; 8], seed: u64, isa in 2_u8..=6) {
        let isa = IsaVersion::from_number(isa).expect("version");
        prop_assert_eq!(run(config(isa, seed), seed, &code), Ok(()));
        // Headers that announce little: more of them decode.
        let mut bytes = Vec::new();
        for (n, word) in words.iter().enumerate() {
            let header = if n % 4 == 0 { (word & 0xfc00_0010) | (word.count_ones() % 4) } else { *word };
            bytes.extend_from_slice(&header.to_le_bytes());
        }
        prop_assert_eq!(run(config(isa, seed), seed, &bytes), Ok(()));
    }
}
