//! Golden guest programs that need nothing but RAM, console and exit device: what they print is what qemu-system-e2k prints.

mod common;

use common::{TestBus, vectors};
use elnic_cpu::{Config, Cycles, Interpreter, Processor, Stop};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{LittleEndian, Object};

const RAM: usize = 128 << 20;
/// More than any of the programs needs.
const BUDGET: Cycles = Cycles(2_000_000_000);

/// Runs `name` until it leaves; what it printed, and the processor.
fn run(name: &str) -> Option<(String, Interpreter)> {
    let folder = vectors()?.join("programs");
    let image = std::fs::read(folder.join(format!("{name}.elf"))).expect("image");
    let elf = ElfFile64::<LittleEndian>::parse(image.as_slice()).expect("ELF");
    let mut bus = TestBus::new(RAM);
    for segment in elf.elf_program_headers() {
        let start = segment.p_paddr.get(LittleEndian) as usize;
        let data = segment.data(LittleEndian, image.as_slice()).expect("segment");
        bus.ram[start..start + data.len()].copy_from_slice(data);
    }
    let mut cpu = Interpreter::new(Config::default(), elf.entry());
    let stop = cpu.run(&mut bus, BUDGET);
    let text = String::from_utf8_lossy(&bus.console).into_owned();
    assert_eq!(stop, Stop::Attention, "{name} did not leave; it printed:\n{text}");
    Some((text, cpu))
}

fn check(name: &str) {
    let Some((text, cpu)) = run(name) else { return };
    let folder = vectors().expect("vectors");
    let expected = std::fs::read_to_string(folder.join(format!("programs/{name}.expect")));
    assert_eq!(text, expected.expect("expected text"), "{name}");
    println!("{name}: {} bundles, {} cycles", cpu.bundles(), cpu.cycles().0);
}

#[test]
fn vectors_program_fib_prints_its_expected_text() {
    check("fib");
}

#[test]
fn vectors_program_pipeline_prints_its_expected_text() {
    check("pipeline");
}

#[test]
fn vectors_program_crc32_prints_its_expected_text() {
    check("crc32");
}
