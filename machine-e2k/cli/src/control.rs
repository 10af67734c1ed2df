//! Who controls the machine while it runs: monitors, tests, and what they are connected to.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use elnic_board::{DEFAULT_MACHINE, DeviceOptions, MachineModel, Profile};
use elnic_contract::parse_switch;
use elnic_monitor::{
    ChardevOption, Chardevs, Kind, Mode, Protocol, Short, Socket, State, Supervisor, Throttle,
};

use crate::arguments::RunArguments;
use crate::error::Failure;
use crate::options::{KeyValues, MachineOptions};
use crate::terminals::tty;

/// Under this name the program stands in for the emulator that QEMU's test programs start.
const PC_NAME: &str = "qemu-system-x86_64";
/// What a device does under a test unless told otherwise: everything at once, as QEMU's.
const TEST_DEFAULTS: [(&str, &str); 1] = [("timing", "off")];

/// The machine asked for; under QEMU's name for a PC it is one unless told otherwise.
pub(crate) fn machine_options(arguments: &RunArguments) -> Result<MachineOptions, Failure> {
    let started_as = std::env::args_os().next();
    let started_as = started_as.as_deref().map(Path::new).and_then(Path::file_name);
    let default =
        if started_as.is_some_and(|name| name == PC_NAME) { "pc" } else { DEFAULT_MACHINE };
    let text = arguments.machine.as_deref().unwrap_or(default);
    MachineOptions::parse(text)
}

/// Whether a test moves the clock.
fn is_stepped(arguments: &RunArguments) -> bool {
    let by_machine = machine_options(arguments).is_ok_and(|machine| machine.is_stepped());
    by_machine || arguments.control.accel.iter().any(|accel| accel == "qtest")
}

fn check_accelerators(arguments: &RunArguments) -> Result<(), Failure> {
    for accel in &arguments.control.accel {
        if !["tcg", "qtest"].contains(&accel.as_str()) {
            let why = "there are tcg (the interpreter) and qtest";
            return Err(Failure::option("accel", accel, why));
        }
    }
    for text in &arguments.control.run_with {
        let switch = text.strip_prefix("exit-with-parent=").and_then(parse_switch);
        match switch {
            Some(true) => exit_with_parent()?,
            Some(false) => {}
            None => {
                return Err(Failure::option("run-with", text, "it takes exit-with-parent=on|off"));
            }
        }
    }
    Ok(())
}

/// The kernel ends this program with whoever started it.
fn exit_with_parent() -> Result<(), Failure> {
    let fail = |error| Failure::Tool(format!("-run-with exit-with-parent=on: {error}"));
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM).map_err(fail)
}

/// Whether the machine is of no use without a program.
pub(crate) fn needs_program(arguments: &RunArguments, machine: &MachineModel) -> bool {
    let is_none = |text: &String| text == "none";
    let control = &arguments.control;
    let monitored = control.monitor.iter().any(|text| !is_none(text))
        || !(control.qmp.is_empty() && control.qmp_pretty.is_empty() && control.mon.is_empty());
    machine.profile == Profile::Elbrus && !is_stepped(arguments) && !monitored
}

/// Whether a monitor takes standard input and output.
pub(crate) fn takes_stdio(arguments: &RunArguments) -> bool {
    let control = &arguments.control;
    let places = control.monitor.iter().chain(&control.qmp).chain(&control.qmp_pretty);
    let chardevs = arguments.chardev.iter().any(|text| text.starts_with("stdio"));
    chardevs || places.chain(&control.qtest).any(|place| place == "stdio")
}

/// The machine's control as the options say.
pub(crate) fn supervisor(
    arguments: &RunArguments,
    machine: &MachineModel,
) -> Result<Supervisor, Failure> {
    check_accelerators(arguments)?;
    let control = &arguments.control;
    let mut chardevs = Chardevs::default();
    for text in &arguments.chardev {
        let refuse = |why: String| Failure::option("chardev", text, why);
        let ChardevOption { id, kind } =
            ChardevOption::parse(text).map_err(|error| refuse(error.to_string()))?;
        chardevs.add(&id.unwrap_or_default(), kind).map_err(|error| refuse(error.text))?;
    }
    let stepped = is_stepped(arguments);
    let mut wanted =
        Wanted { chardevs, monitors: Vec::new(), compatible: 0, test_is_client: false };
    for text in &control.qmp {
        wanted.place("qmp", text, Protocol::Qmp { pretty: false })?;
    }
    for text in &control.qmp_pretty {
        wanted.place("qmp-pretty", text, Protocol::Qmp { pretty: true })?;
    }
    for text in &control.monitor {
        wanted.place("monitor", text, Protocol::Hmp)?;
        if text == "stdio" {
            tty::make_raw(!arguments.nographic);
        }
    }
    for text in &control.mon {
        wanted.mon(text)?;
    }
    if let Some(text) = &control.qtest {
        wanted.place("qtest", text, Protocol::Qtest)?;
    }
    let mut state = State::new(wanted.chardevs);
    if let Some(text) = &control.name {
        state.name = Some(KeyValues::parse("name", "guest", text)?.first);
    }
    state.throttle = Throttle::new(control.event_interval.map(Duration::from_millis));
    if !arguments.stopped {
        state.run = elnic_monitor::RunState::Running;
    }
    if stepped {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        state.device_defaults = TEST_DEFAULTS.map(owned).into();
    }
    let processor = machine.profile == Profile::Elbrus && !stepped;
    let mode = Mode { processor, stepped, ends_with_test: wanted.test_is_client };
    let mut supervisor = Supervisor::new(state, mode);
    for (option, text, label, protocol) in wanted.monitors {
        let log = match (protocol, &control.qtest_log) {
            (Protocol::Qtest, Some(file)) => open_log(file)?,
            _ => None,
        };
        supervisor
            .add_monitor(&label, protocol, log)
            .map_err(|error| Failure::option(option, &text, error.text))?;
    }
    Ok(supervisor)
}

fn open_log(file: &Path) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    if file == Path::new("/dev/null") || file == Path::new("none") {
        return Ok(None);
    }
    let log = File::options().append(true).create(true).open(file);
    let log = log.map_err(|error| Failure::File {
        option: "qtest-log",
        doing: "write",
        file: file.to_path_buf(),
        error,
    })?;
    Ok(Some(Box::new(log)))
}

/// Gives devices of the command line what tests expect of those plugged later.
pub(crate) fn apply_defaults(supervisor: &Supervisor, devices: &mut [DeviceOptions]) {
    for device in devices {
        supervisor.state.complete(device);
    }
}

/// Monitors as they are asked for, each with its option.
struct Wanted {
    chardevs: Chardevs,
    monitors: Vec<(&'static str, String, String, Protocol)>,
    /// Character devices made for the short form.
    compatible: usize,
    /// The test waits for this program, which ends with it.
    test_is_client: bool,
}

impl Wanted {
    /// `-qmp WHERE` and its like.
    fn place(
        &mut self,
        option: &'static str,
        text: &str,
        protocol: Protocol,
    ) -> Result<(), Failure> {
        let refuse = |why: String| Failure::option(option, text, why);
        let short = ChardevOption::parse_short(text).map_err(|error| refuse(error.to_string()))?;
        let label = match short {
            None => return Ok(()),
            Some(Short::Known(label)) => label,
            Some(Short::New(kind)) => {
                let label = match protocol {
                    Protocol::Qtest => "qtest".to_owned(),
                    _ => format!("compat_monitor{}", self.compatible),
                };
                self.compatible += usize::from(protocol != Protocol::Qtest);
                self.test_is_client |= protocol == Protocol::Qtest
                    && matches!(&kind, Kind::Socket(Socket { server: false, .. }));
                self.chardevs.add(&label, kind).map_err(|error| refuse(error.text))?;
                label
            }
        };
        self.monitors.push((option, text.to_owned(), label, protocol));
        Ok(())
    }

    /// `-mon [chardev=]ID,…`.
    fn mon(&mut self, text: &str) -> Result<(), Failure> {
        let refuse = |why: &str| Failure::option("mon", text, why);
        let KeyValues { first, rest } = KeyValues::parse("mon", "chardev", text)?;
        let (mut control, mut pretty) = (false, false);
        for (name, value) in rest {
            match (name.as_str(), value.as_str()) {
                ("mode", "control") => control = true,
                ("mode", "readline") => control = false,
                ("mode", _) => return Err(refuse("mode is readline or control")),
                ("pretty", value) => {
                    pretty = parse_switch(value).ok_or_else(|| refuse("pretty is on or off"))?;
                }
                ("id", _) => {}
                _ => return Err(refuse("it takes chardev, mode, pretty and id")),
            }
        }
        if pretty && !control {
            return Err(refuse("'pretty' is not compatible with HMP monitors"));
        }
        let protocol = if control { Protocol::Qmp { pretty } } else { Protocol::Hmp };
        self.monitors.push(("mon", text.to_owned(), first, protocol));
        Ok(())
    }
}
