//! `elnic demo`: the house's own guest holds a conversation with the house's own network.
//!
//! The firmware `netprobe` brings up an e1000 on a user-mode network, asks for a lease, resolves
//! and pings its router, and fetches a file that exists in memory only. Nothing of it leaves the program: each run prints the
//! same cycle counts.

use std::collections::BTreeMap;

use bytes::Bytes;
use elnic_board::{DeviceOptions, MachineBuilder, MachineConfig, MachineModel, Program, Terminal};
use elnic_contract::VTime;
use elnic_netclient::{DumpClock, FilterDump, FilterOptions, FilterPosition, FilterQueue, NetCore};
use elnic_user::{Options, TftpRoot, UserNet};

use crate::arguments::DemoArguments;
use crate::error::Failure;
use crate::quit::Quit;
use crate::{run, terminals};

const NETDEV: &str = "net0";
/// Name of the file the guest fetches, and its length in bytes.
const FILE: &str = "greeting.bin";
const FILE_LENGTH: u32 = 10_000;

/// Runs the demonstration; the guest's exit code.
pub(crate) fn demo(arguments: &DemoArguments) -> Result<u8, Failure> {
    let mut config = MachineConfig::new(MachineModel::named("e8c")?);
    let image = elnic_firmware::NETPROBE.to_vec();
    config.program = Program::Kernel { image, append: None, initrd: None };
    let timing = ("timing", arguments.timing.as_str());
    config.devices = vec![
        DeviceOptions::new("e1000", &[("addr", "3"), ("netdev", NETDEV), timing]),
        DeviceOptions::new("pvpanic-pci", &[("addr", "8")]),
    ];
    let console: Box<dyn Terminal> = Box::new(terminals::console());
    config.serials = vec![Some(console)];
    let quit = Quit::watch()?;
    let mut builder = MachineBuilder::new();
    add_network(builder.net(), arguments)?;
    let mut machine = builder.build(config)?;
    quit.stops(machine.stop_button());
    Ok(run::conclude(machine.run(VTime::MAX)))
}

fn add_network(core: &mut NetCore, arguments: &DemoArguments) -> Result<(), Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::Tool(format!("demo: {error}"));
    let content: Bytes = (0..FILE_LENGTH).map(|index| (index % 251) as u8).collect();
    let options = Options {
        tftp: Some(TftpRoot::Memory(BTreeMap::from([(FILE.to_owned(), content)]))),
        bootfile: Some(FILE.to_owned()),
        ..Options::default()
    };
    let network = UserNet::new(&options).map_err(|error| fail(&error))?;
    core.add_backend(NETDEV, Box::new(network)).map_err(|error| fail(&error))?;
    let Some(file) = &arguments.pcap else { return Ok(()) };
    let dump = FilterDump::create(file, FilterDump::DEFAULT_MAX_LENGTH, DumpClock::Virtual)
        .map_err(|error| fail(&error))?;
    let place = FilterOptions {
        id: "pcap".to_owned(),
        netdev: NETDEV.to_owned(),
        queue: FilterQueue::All,
        position: FilterPosition::Tail,
        active: true,
    };
    core.add_filter(place, Box::new(dump)).map_err(|error| fail(&error))
}
