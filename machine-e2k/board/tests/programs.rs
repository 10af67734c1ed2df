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

fn run(mut config: MachineConfig) -> (Machine, Outcome, String) {
    let (terminal, characters) = Recorder::new();
    config.serials.push(Some(Box::new(terminal)));
    let mut machine = MachineBuilder::new().build(config).unwrap();
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
