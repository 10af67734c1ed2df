//! Golden guest programs that need nothing but RAM, console and exit device: what they print is what qemu-system-e2k prints.

mod common;

use common::{TestBus, vectors};
use elnic_cpu::{Config, Cycles, Interpreter, Processor, Stop, Tags};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{LittleEndian, Object};

const RAM: usize = 128 << 20;
/// More than any of the programs needs.
const BUDGET: Cycles = Cycles(2_000_000_000);

/// RAM with an image in it, and where the image starts.
fn load(image: &[u8]) -> (TestBus, u64) {
    let elf = ElfFile64::<LittleEndian>::parse(image).expect("ELF");
    let mut bus = TestBus::new(RAM);
    for segment in elf.elf_program_headers() {
        let start = segment.p_paddr.get(LittleEndian) as usize;
        let data = segment.data(LittleEndian, image).expect("segment");
        bus.ram[start..start + data.len()].copy_from_slice(data);
    }
    (bus, elf.entry())
}

/// Runs `name` until it leaves; what it printed, and the processor.
fn run(name: &str, tags: Tags) -> Option<(String, Interpreter)> {
    let folder = vectors()?.join("programs");
    let image = std::fs::read(folder.join(format!("{name}.elf"))).expect("image");
    let (mut bus, entry) = load(&image);
    let mut cpu = Interpreter::new(Config { tags, ..Config::default() }, entry);
    let stop = cpu.run(&mut bus, BUDGET);
    let text = String::from_utf8_lossy(&bus.console).into_owned();
    assert_eq!(stop, Stop::Attention, "{name} did not leave; it printed:\n{text}");
    Some((text, cpu))
}

fn check(name: &str) {
    for tags in [Tags::Off, Tags::On] {
        let Some((text, cpu)) = run(name, tags) else { return };
        let folder = vectors().expect("vectors");
        let expected = std::fs::read_to_string(folder.join(format!("programs/{name}.expect")));
        assert_eq!(text, expected.expect("expected text"), "{name}, tags {tags:?}");
        println!("{name}, tags {tags:?}: {} bundles, {} cycles", cpu.bundles(), cpu.cycles().0);
    }
}

#[test]
fn vectors_program_continues_from_a_stored_state() {
    let Some((expected, whole)) = run("fib", Tags::Off) else { return };
    let folder = vectors().expect("vectors").join("programs");
    let (mut bus, entry) = load(&std::fs::read(folder.join("fib.elf")).expect("image"));
    let mut cpu = Interpreter::new(Config::default(), entry);
    let mut pulses = 0;
    while cpu.run(&mut bus, Cycles(9_973)) == Stop::Budget {
        let text = serde_json::to_string(&cpu.save()).expect("text");
        let mut next = Interpreter::new(Config::default(), 0);
        next.restore(&serde_json::from_str(&text).expect("state")).expect("a possible state");
        cpu = next;
        pulses += 1;
    }
    assert!(pulses > 10, "the program was stored {pulses} times");
    assert_eq!(String::from_utf8_lossy(&bus.console), expected);
    assert_eq!(cpu.save(), whole.save(), "the same state, cycle for cycle");
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
