//! Images: loaded, and run for a moment.

use elnic_board::{DeviceOptions, MachineBuilder, MachineConfig, MachineModel, Program};
use elnic_contract::{VDuration, VTime};

/// How long an image that loads runs.
const MOMENT: VDuration = VDuration::from_micros(20);

/// Any bytes as an ELF image and as firmware: what loads runs for a moment, whatever it is.
pub fn image(data: &[u8]) {
    let image = data.to_vec();
    run(Program::Kernel { image: image.clone(), append: Some("x".to_owned()), initrd: None });
    run(Program::Firmware(image));
}

fn run(program: Program) {
    let mut config = MachineConfig::new(MachineModel::named("e8c").expect("there is an e8c"));
    config.ram = 2 << 20;
    config.program = program;
    config.devices = vec![DeviceOptions::new("e1000", &[("timing", "off")])];
    if let Ok(mut machine) = MachineBuilder::new().build(config) {
        machine.run(VTime::ZERO + MOMENT);
    }
}
