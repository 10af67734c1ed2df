//! The golden execution vectors: one row is a state before, some bundles, and a state after.
//!
//! Format: README of the vectors. A row whose operations this processor lacks counts as unsupported; there may be none.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{TestBus, vectors};
use elnic_cpu::state::control::{Ctpr, CtprTag};
use elnic_cpu::state::loops::Lsr;
use elnic_cpu::{Config, Cycles, Interpreter, IsaVersion, Processor, Stop};

const CODE: u64 = 0x1_0000;
const MEMORY: u64 = 0x2_0040;
const TARGET: u64 = 0x1_8000;

enum Outcome {
    Passed,
    Failed(String),
    Unsupported(String),
}

struct Row<'a> {
    id: &'a str,
    isa: &'a str,
    inputs: &'a str,
    output: &'a str,
    asm: &'a str,
    bytes: &'a str,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, _, isa, inputs, output, _, asm, bytes] = columns.as_slice() else { return None };
        Some(Row { id, isa, inputs, output, asm, bytes })
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|pair| pair.split_once('='))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hex"))
        .collect()
}

/// A hexadecimal number, or an address relative to the memory block.
fn number(text: &str) -> u128 {
    match text.strip_prefix("mem") {
        Some(offset) => {
            let (sign, digits) = offset.split_at(1);
            let digits = digits.trim_start_matches("0x");
            let offset = u64::from_str_radix(digits, 16).expect("offset");
            let offset = if sign == "-" { offset.wrapping_neg() } else { offset };
            MEMORY.wrapping_add(offset).into()
        }
        None => u128::from_str_radix(text, 16).unwrap_or_else(|_| panic!("number {text}")),
    }
}

/// `prefix` and a number after it.
fn indexed(name: &str, prefix: &str) -> Option<u8> {
    name.strip_prefix(prefix)?.parse().ok()
}

fn prepare(cpu: &mut Interpreter, bus: &mut TestBus, row: &Row<'_>) {
    let state = cpu.state_mut();
    state.window.size = 224;
    for (number, ctpr) in (0..).zip(&mut state.ctpr) {
        *ctpr = Ctpr::prepared(CtprTag::Disp, 0, 0, TARGET + 0x100 * number);
    }
    for (name, text) in pairs(row.inputs) {
        if name == "mem" {
            let start = MEMORY as usize;
            bus.ram[start..start + 64].copy_from_slice(&bytes(text));
            continue;
        }
        // Small numbers are decimal.
        let decimal = text.parse::<u8>().unwrap_or_default();
        match name {
            "lsr" => state.lsr = Lsr::from_bits(number(text) as u64),
            "rbs" => state.rotation.rbs = decimal,
            "rsz" => state.rotation.rsz = decimal,
            "rcur" => state.rotation.rcur = decimal,
            "psz" => state.rotation.psz = decimal,
            "pcur" => state.rotation.pcur = decimal,
            "pfpfr" => state.pfpfr = number(text) as u32,
            "fpcr" => state.fpcr = number(text) as u32,
            _ => {
                let value = number(text);
                if let Some(n) = indexed(name, "aad") {
                    state.aau.descriptors[usize::from(n)].lo = value as u64;
                } else if let Some(n) = indexed(name, "aasti") {
                    state.aau.store_indices[usize::from(n)] = value as u32;
                } else if let Some(n) = indexed(name, "aaincr") {
                    state.aau.increments[usize::from(n)] = value as u32;
                } else if let Some(n) = indexed(name, "pred") {
                    // Named predicates are those before rotation.
                    state.predicates.set(n, value != 0, false);
                } else if let Some(n) = indexed(name, "r") {
                    let cell = state.window_cell(n.into());
                    state.registers.set_low(cell, value as u64);
                    state.registers.set_high(cell, (value >> 64) as u64);
                } else {
                    panic!("{}: unknown input {name}", row.id);
                }
            }
        }
    }
}

/// The value of `name` after the bundles, as text of the same form as `expected`.
fn observe(cpu: &Interpreter, bus: &TestBus, name: &str, expected: &str) -> String {
    let state = cpu.state();
    match name {
        "mem" => {
            let start = MEMORY as usize;
            bus.ram[start..start + 64].iter().map(|byte| format!("{byte:02x}")).collect()
        }
        "taken" => u8::from(state.ip >= TARGET).to_string(),
        "lcnt" => format!("{:x}", state.lsr.lcnt),
        "ecnt" => format!("{:x}", state.lsr.ecnt),
        "pcnt" => format!("{:x}", state.lsr.pcnt),
        "rcur" => format!("{:x}", state.rotation.rcur),
        "pcur" => format!("{:x}", state.rotation.pcur),
        _ => {
            if let Some(n) = indexed(name, "pred") {
                return (state.predicates.values >> n & 1).to_string();
            }
            let Some(n) = indexed(name, "r") else { return format!("unknown output {name}") };
            let cell = state.window_cell(n.into());
            let (low, high) = (state.registers.low(cell), state.registers.high(cell));
            match expected.len() {
                16 => format!("{low:016x}"),
                20 => format!("{:04x}{low:016x}", high & 0xffff),
                _ => format!("{high:016x}{low:016x}"),
            }
        }
    }
}

fn execute(row: &Row<'_>) -> Outcome {
    let isa = row.isa.strip_prefix('v').and_then(|n| n.parse().ok());
    let isa = isa.and_then(IsaVersion::from_number).expect("isa");
    let mut bus = TestBus::new(0x4_0000);
    let code = bytes(row.bytes);
    bus.ram[CODE as usize..CODE as usize + code.len()].copy_from_slice(&code);
    let mut cpu = Interpreter::new(Config { isa, ..Config::default() }, CODE);
    prepare(&mut cpu, &mut bus, row);
    let end = CODE + code.len() as u64;
    for _ in row.asm.split(" | ") {
        match cpu.run(&mut bus, Cycles(1)) {
            Stop::Budget => {}
            Stop::Exception(exception) if exception.reason.ends_with("is not implemented") => {
                return Outcome::Unsupported(exception.reason);
            }
            stop => return Outcome::Failed(format!("stopped: {stop:?}")),
        }
    }
    if cpu.state().ip != end && cpu.state().ip < TARGET {
        return Outcome::Failed(format!("ended at {:#x}", cpu.state().ip));
    }
    for (name, expected) in pairs(row.output) {
        let found = observe(&cpu, &bus, name, expected);
        if found != expected {
            return Outcome::Failed(format!("{name} is {found}, expected {expected}"));
        }
    }
    Outcome::Passed
}

/// Runs a file; how many rows failed and how many were not supported.
fn run_file(folder: &Path, file: &str) -> (usize, usize) {
    let text = std::fs::read_to_string(folder.join(file)).expect("vector file");
    let (mut passed, mut failed) = (0, Vec::new());
    let mut unsupported = BTreeMap::<String, usize>::new();
    for line in text.lines().skip(1) {
        let Some(row) = Row::parse(line) else { continue };
        match execute(&row) {
            Outcome::Passed => passed += 1,
            Outcome::Failed(why) => failed.push(format!("{}: {why} ({})", row.id, row.asm)),
            Outcome::Unsupported(what) => *unsupported.entry(what).or_default() += 1,
        }
    }
    let lacking: usize = unsupported.values().sum();
    println!("{file}: {passed} passed, {} failed, {lacking} unsupported", failed.len());
    for failure in failed.iter().take(10) {
        println!("  {failure}");
    }
    for (what, count) in unsupported.iter().take(10) {
        println!("  {count} × {what}");
    }
    assert!(passed + failed.len() + lacking > 0, "{file} has no rows");
    (failed.len(), lacking)
}

fn run_all(file: &str) {
    if let Some(folder) = vectors() {
        assert_eq!(run_file(&folder, file), (0, 0), "(failed, unsupported) rows of {file}");
    }
}

#[test]
fn vectors_of_integer_operations_pass() {
    run_all("exec-int.tsv");
}

#[test]
fn vectors_of_memory_operations_pass() {
    run_all("exec-mem.tsv");
}

#[test]
fn vectors_of_predicates_pass() {
    run_all("exec-pred.tsv");
}

#[test]
fn vectors_of_floating_point_pass() {
    run_all("exec-fp.tsv");
}

#[test]
fn vectors_of_packed_operations_pass() {
    run_all("exec-vec.tsv");
}
