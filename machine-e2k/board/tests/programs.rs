//! Guest programs on a machine built without any command line.

use std::path::PathBuf;

use elnic_board::{
    DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel, Outcome, Program,
    Recorder, Trace,
};
use elnic_contract::{GuestEvent, VTime};

fn vectors() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let root =
        std::env::var_os("VECTORS_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let programs = root.join("programs");
    if !programs.is_dir() {
        eprintln!("skipped: no vectors at {}", root.display());
        return None;
    }
    Some(programs)
}

fn config(image: Vec<u8>) -> MachineConfig {
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    config.program = Program::Kernel { image, append: None, initrd: None };
    config.devices.push(DeviceOptions::new("pvpanic-pci", &[("addr", "8")]));
    config
}

fn run(config: MachineConfig) -> (Machine, Outcome, String) {
    run_in(MachineBuilder::new(), config)
}

fn run_in(builder: MachineBuilder, mut config: MachineConfig) -> (Machine, Outcome, String) {
    let (terminal, characters) = Recorder::new();
    config.serials.push(Some(Box::new(terminal)));
    let mut machine = builder.build(config).unwrap();
    let outcome = machine.run(VTime::from_nanos(10_000_000_000));
    let console: Vec<u8> = characters.try_iter().collect();
    (machine, outcome, String::from_utf8(console).unwrap())
}

#[test]
fn vectors_of_programs_without_devices_print_what_is_expected() {
    let Some(programs) = vectors() else { return };
    for name in ["fib", "crc32", "pipeline"] {
        let image = std::fs::read(programs.join(format!("{name}.elf"))).unwrap();
        let expected = std::fs::read_to_string(programs.join(format!("{name}.expect"))).unwrap();
        let (_, outcome, console) = run(config(image));
        assert_eq!(console, expected, "{name}: {outcome:?}");
        assert_eq!(outcome, Outcome::Exit(GuestEvent::Panicked { code: 0 }), "{name}");
    }
}

const MAC: (&str, &str) = ("mac", "52:54:00:12:34:56");

/// The ring program on a user-mode network, with `timing` and a trace.
fn ring(programs: &std::path::Path, timing: &str) -> (Machine, Outcome, String) {
    let mut config = config(std::fs::read(programs.join("e1000ring.elf")).unwrap());
    let properties = [("netdev", "n0"), ("addr", "3"), MAC, ("timing", timing)];
    config.devices.push(DeviceOptions::new("e1000", &properties));
    config.trace = Some(Trace::new(None));
    let mut builder = MachineBuilder::new();
    let options = elnic_user::Options { restrict: true, ..elnic_user::Options::default() };
    let user = elnic_user::UserNet::new(&options).unwrap();
    builder.net().add_backend("n0", Box::new(user)).unwrap();
    run_in(builder, config)
}

#[test]
fn vectors_of_the_ring_program_print_what_is_expected_at_every_fidelity() {
    let Some(programs) = vectors() else { return };
    let expected = std::fs::read_to_string(programs.join("e1000ring.expect")).unwrap();
    for timing in ["off", "wire", "full"] {
        let (machine, outcome, console) = ring(&programs, timing);
        assert_eq!(console, expected, "timing={timing}: {outcome:?} at {} s", machine.now());
    }
}

#[test]
fn vectors_of_the_ring_program_leave_the_same_trace_twice_with_full_timing() {
    let Some(programs) = vectors() else { return };
    let traced = || {
        let (machine, outcome, console) = ring(&programs, "full");
        (machine.trace().unwrap(), machine.now(), machine.bundles(), outcome, console)
    };
    let first = traced();
    assert!(first.0.events > 500, "{:?}", first.0);
    assert_eq!(first, traced());
}

#[test]
fn vectors_of_the_same_image_leave_the_same_trace_twice() {
    let Some(programs) = vectors() else { return };
    let image = std::fs::read(programs.join("fib.elf")).unwrap();
    let traced = || {
        let mut config = config(image.clone());
        config.trace = Some(Trace::new(None));
        let (machine, _, console) = run(config);
        (machine.trace().unwrap(), machine.now(), machine.bundles(), console)
    };
    let first = traced();
    assert!(first.0.events > 500);
    assert_eq!(first, traced());
}
