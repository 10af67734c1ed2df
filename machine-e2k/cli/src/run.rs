//! Runs a machine as the options say.

use std::io::{BufWriter, Write};

use elnic_board::{
    DeviceOptions, GuestLog, LogItems, Machine, MachineBuilder, MachineConfig, MachineModel,
    Outcome, Pace, Profile, Program, Trace,
};
use elnic_contract::GuestEvent;
use elnic_monitor::End;
use elnic_netdev::Request;

use crate::arguments::RunArguments;
use crate::error::Failure;
use crate::network::Network;
use crate::options::{KeyValues, is_help, parse_cpu, parse_size, parse_smp};
use crate::quit::Quit;
use crate::terminals::{self, tty};
use crate::{control, help, image, say};

/// Exit code of a run whose guest raised an exception that nothing handles.
const GUEST_FAULT: u8 = 3;

/// Builds the machine and runs it to its end; the exit code.
pub(crate) fn run(arguments: RunArguments) -> Result<u8, Failure> {
    if let Some(text) = asked_for(&arguments)? {
        say::print(format_args!("{text}"));
        return Ok(0);
    }
    let network = match Network::read(&arguments)? {
        Request::Help(text) => {
            say::print(format_args!("{text}"));
            return Ok(0);
        }
        Request::Make(network) => network,
    };
    refuse_what_is_not_there(&arguments)?;
    let quit = Quit::watch()?;
    let _restore = tty::Restore;
    let mut config = configure(&arguments, &quit)?;
    let mut supervisor = control::supervisor(&arguments, config.machine)?;
    let mut builder = MachineBuilder::new();
    config.devices.extend(network.add_to(builder.net(), &mut supervisor.state)?);
    control::apply_defaults(&supervisor, &mut config.devices);
    let mut machine = builder.build(config)?;
    for loose in machine.net().loose_ends() {
        tracing::warn!("{loose}");
    }
    quit.stops(machine.stop_button());
    if arguments.stopped {
        tracing::info!("the processor is not started: -S");
    }
    let end = supervisor.run(&mut machine);
    summarise(&machine);
    Ok(match end {
        End::Quit => 0,
        End::Machine(outcome) => conclude(outcome),
    })
}

/// Help or version, if any option asks for it.
fn asked_for(arguments: &RunArguments) -> Result<Option<String>, Failure> {
    if arguments.version {
        return Ok(Some(format!("elnic {}\n", env!("CARGO_PKG_VERSION"))));
    }
    let asks = |option: &Option<String>| option.as_deref().is_some_and(is_help);
    if asks(&arguments.machine) {
        return Ok(Some(help::machines()));
    }
    if asks(&arguments.cpu) {
        return Ok(Some(help::cpus()));
    }
    if asks(&arguments.log) {
        return Ok(Some(help::log_items()));
    }
    for chardev in &arguments.chardev {
        if chardev.split(',').any(is_help) {
            return Ok(Some(elnic_monitor::chardev_help()));
        }
    }
    for device in &arguments.device {
        if is_help(device) {
            return Ok(Some(help::devices()));
        }
        let list = KeyValues::parse("device", "driver", device)?;
        if list.asks_for_help() {
            return help::device(&list).map(Some);
        }
    }
    Ok(None)
}

/// Options that are known and cannot do what they say.
fn refuse_what_is_not_there(arguments: &RunArguments) -> Result<(), Failure> {
    let only = |option, value: &Option<String>, allowed: &str, why: &str| match value {
        Some(value) if value != allowed => Err(Failure::option(option, value, why)),
        _ => Ok(()),
    };
    only(
        "display",
        &arguments.display,
        "none",
        "this machine has no display: none is all there is",
    )?;
    only("audio", &arguments.control.audio, "none", "this machine has no sound")?;
    Ok(())
}

fn configure(arguments: &RunArguments, quit: &Quit) -> Result<MachineConfig, Failure> {
    let mut config = control::machine_options(arguments)?.config();
    if let Some(smp) = &arguments.smp {
        config.processors = parse_smp(smp)?;
    }
    if let Some(cpu) = &arguments.cpu {
        (config.cpu, config.cpu_options) = parse_cpu(cpu)?;
    }
    if let Some(size) = &arguments.memory {
        let number = size.strip_prefix("size=").unwrap_or(size);
        let refuse = |error: &dyn std::fmt::Display| Failure::option("m", size, error.to_string());
        config.ram = parse_size(number).map_err(|error| refuse(&error))?;
    }
    config.pace = match arguments.pace.as_str() {
        "fast" => Pace::Fast,
        "realtime" => Pace::RealTime,
        other => return Err(Failure::option("pace", other, "it is fast or realtime")),
    };
    config.program = program(arguments, config.machine)?;
    config.dtb = arguments.dtb.as_deref().map(|file| image::read("dtb", file)).transpose()?;
    for device in &arguments.device {
        let KeyValues { first, rest } = KeyValues::parse("device", "driver", device)?;
        config.devices.push(DeviceOptions { model: first, properties: rest });
    }
    config.log = guest_log(arguments)?;
    if let Some(file) = &arguments.trace {
        let sink = BufWriter::new(image::create("trace", file)?);
        config.trace = Some(Trace::new(Some(Box::new(sink))));
    }
    let default = ["stdio".to_owned()];
    let has_console = config.machine.profile == Profile::Elbrus;
    let wants_default = arguments.serial.is_empty() && !arguments.nodefaults;
    let use_default = wants_default && has_console && !control::takes_stdio(arguments);
    let serials = if use_default { &default[..] } else { &arguments.serial };
    config.serials = terminals::open_all(serials, !arguments.nographic, quit)?;
    Ok(config)
}

fn program(arguments: &RunArguments, machine: &MachineModel) -> Result<Program, Failure> {
    match (&arguments.kernel, &arguments.bios) {
        (Some(_), Some(bios)) => {
            let why = "-kernel is given too: the machine starts with one of the two";
            Err(Failure::option("bios", &bios.display().to_string(), why))
        }
        (None, None) if !control::needs_program(arguments, machine) => Ok(Program::None),
        (None, None) => Err(Failure::Usage("there is nothing to run: -kernel or -bios".to_owned())),
        (Some(kernel), None) => {
            let initrd = arguments.initrd.as_deref().map(|file| image::read("initrd", file));
            let image = image::read("kernel", kernel)?;
            let append = arguments.append.clone();
            Ok(Program::Kernel { image, append, initrd: initrd.transpose()? })
        }
        (None, Some(bios)) => {
            let why = "it needs -kernel: firmware gets no boot block";
            if let Some(append) = &arguments.append {
                return Err(Failure::option("append", append, why));
            }
            for (option, file) in [("initrd", &arguments.initrd), ("dtb", &arguments.dtb)] {
                if let Some(file) = file {
                    return Err(Failure::option(option, &file.display().to_string(), why));
                }
            }
            Ok(Program::Firmware(image::firmware(bios)?))
        }
    }
}

fn guest_log(arguments: &RunArguments) -> Result<GuestLog, Failure> {
    let items = arguments.log.as_deref().map_or(Ok(LogItems::NONE), LogItems::parse)?;
    let sink: Box<dyn Write + Send> = match &arguments.log_file {
        Some(file) => Box::new(BufWriter::new(image::create("D", file)?)),
        None => Box::new(std::io::stderr()),
    };
    Ok(GuestLog::new(items, sink))
}

fn summarise(machine: &Machine) {
    tracing::info!("{} bundles in {} s of virtual time", machine.bundles(), machine.now());
    if let Some(trace) = machine.trace() {
        tracing::info!("{} events traced, hash {:016x}", trace.events, trace.hash);
    }
}

pub(crate) fn conclude(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Exit(GuestEvent::Panicked { code } | GuestEvent::Shutdown { code }) => code,
        Outcome::Exit(GuestEvent::CrashLoaded)
        | Outcome::Limit
        | Outcome::Called
        | Outcome::NoProgram
        | Outcome::Stopped => 0,
        Outcome::Fault(fault) => {
            say::complain(format_args!("elnic: {fault}"));
            GUEST_FAULT
        }
    }
}
