//! What one access of the processor costs on its way through the bus to a device.
//!
//! The guest is a loop of two bundles, the access and a branch; the same loop over RAM is what to subtract.

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use elnic_board::{DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel, Program};
use elnic_contract::VDuration;

/// Bundles of one turn of the loop.
const TURN: u64 = 2;

/// One source in memory.
struct Source(String);

impl elnic_asm::Files for Source {
    fn read(&self, _path: &Path) -> std::io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

/// A machine in an endless loop of `access`; `%dr0` holds `address`, `%dr1` a value. An e1000 answers at 0x80200000.
fn machine(address: u64, access: &str) -> Machine {
    let source = format!(
        "\t.text\n\t.global _start\n_start:
        {{ setwd wsz=16, nfx=1 }}
        {{ addd,0 0, 0x200018000, %dr2\n addd,1 0, 0x80200000, %dr3\n addd,2 0, 2, %dr4 }}
        {{ stw,2 %r3, [ %dr2 + 0x10 ] }}
        {{ sth,2 %r4, [ %dr2 + 4 ] }}
        {{ addd,0 0, {address:#x}, %dr0\n addd,1 0, 1, %dr1 }}
        1: {{ {access} }}
        {{ ibranch 1b }}\n"
    );
    let assembled = elnic_asm::assemble_from(
        &Source(source),
        &[Path::new("loop.S")],
        &elnic_asm::Options::default(),
    );
    let image = assembled.expect("the loop assembles").elf;
    let model = MachineModel::named("e8c").expect("the machine is known");
    let mut config = MachineConfig::new(model);
    config.program = Program::Kernel { image, append: None, initrd: None };
    config.devices = vec![DeviceOptions::new("e1000", &[("addr", "3"), ("timing", "off")])];
    let mut machine = MachineBuilder::new().build(config).expect("the machine can be built");
    // Past the set-up.
    machine.run(machine.now() + VDuration::from_micros(1));
    machine
}

/// The time of `turns` turns of the loop, from at least as many.
fn time(machine: &mut Machine, turns: u64) -> Duration {
    let before = machine.bundles();
    let start = Instant::now();
    while machine.bundles() - before < turns * TURN {
        machine.run(machine.now() + VDuration::from_micros(100));
    }
    let made = (machine.bundles() - before) / TURN;
    start.elapsed().mul_f64(turns as f64 / made as f64)
}

fn accesses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("access");
    for (name, address, access) in [
        ("RAM, load", 0x20_0000, "ldw,2 [ %dr0 + 0 ], %dr5"),
        ("SIC, load of a register", 0x1_1000_0010, "ldw,2 [ %dr0 + 0 ], %dr5"),
        ("e1000, load of STATUS", 0x8020_0008, "ldw,2 [ %dr0 + 0 ], %dr5"),
        ("e1000, store to ITR", 0x8020_00c4, "stw,2 %r1, [ %dr0 + 0 ]"),
        ("configuration space, load", 0x2_0001_8000, "ldw,2 [ %dr0 + 0 ], %dr5"),
    ] {
        let mut machine = machine(address, access);
        group.bench_function(name, |bench| bench.iter_custom(|turns| time(&mut machine, turns)));
    }
    group.finish();
}

criterion_group!(benches, accesses);
criterion_main!(benches);
