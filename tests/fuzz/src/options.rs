//! Texts behind `-netdev`, `-nic`, `-object` and `-device`.

use elnic_board::{DeviceOptions, MachineBuilder, MachineConfig, MachineModel};
use elnic_netdev::keyval;

/// The longest text: a command line is not a file.
const LONGEST: usize = 1 << 12;

/// Any text as the value of each option. Netdevs and filters are read and checked, not made: they would open sockets and
/// files.
pub fn options(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data.get(..LONGEST).unwrap_or(data)) else { return };
    let _ = elnic_netdev::parse(text);
    let _ = elnic_netdev::parse_nic(text, 0);
    let _ = elnic_netdev::parse_filter(text);
    device(text);
}

fn device(text: &str) {
    let Ok(pairs) = keyval::traditional(text, Some("driver")) else { return };
    let mut options = DeviceOptions { model: String::new(), properties: Vec::new() };
    for pair in pairs {
        match (pair.key.as_str(), pair.value) {
            ("driver", Some(model)) => options.model = model,
            // It would be read from the host.
            ("romfile", Some(_)) => return,
            (key, Some(value)) => options.properties.push((key.to_owned(), value)),
            (_, None) => return,
        }
    }
    let mut config = MachineConfig::new(MachineModel::named("e8c").expect("there is an e8c"));
    config.ram = 1 << 20;
    config.devices = vec![options];
    if let Err(error) = MachineBuilder::new().build(config) {
        assert!(!error.to_string().is_empty());
    }
}
