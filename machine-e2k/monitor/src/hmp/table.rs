//! Every line of the human monitor, in the order of the help.

use elnic_board::DeviceOptions;
use elnic_netclient::PortKind;
use elnic_netdev::{Request, keyval};
use elnic_qapi::Commands;
use elnic_qapi::commands::{DeviceDel, NetdevDel};
use elnic_qapi::types::AnnounceParameters;
use elnic_user::UserNet;
use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::{dump, info};
use crate::commands::Context;
use crate::error::CommandError;
use crate::tree;

/// What a command prints.
pub(super) type Printed = Result<String, CommandError>;

/// What a word of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word.
    Word(What),
    /// `on` or `off`.
    Switch,
    /// The rest of the line.
    Rest(What),
    /// A number, or a sum of such.
    Number,
    /// `/COUNT FORMAT SIZE`.
    Format,
}

/// What a word names, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing that could be listed.
    Anything,
    /// A command.
    Command,
    /// A network interface or a netdev.
    Port,
    /// A netdev.
    Netdev,
    /// A type of netdev.
    NetdevType,
    /// A device model.
    Model,
    /// A device.
    Device,
}

/// A word of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) optional: bool,
}

impl Member {
    /// What could stand there.
    pub(super) fn candidates(&self, cx: &mut Context<'_>) -> Vec<String> {
        let what = match self.kind {
            Kind::Word(what) | Kind::Rest(what) => what,
            Kind::Switch => return vec!["on".to_owned(), "off".to_owned()],
            Kind::Number | Kind::Format => What::Anything,
        };
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        match what {
            What::Anything => Vec::new(),
            What::Command => super::names(COMMANDS),
            What::Port => ports(cx, |_| true),
            What::Netdev => ports(cx, |kind| kind != PortKind::Nic),
            What::NetdevType => {
                elnic_netdev::schema::TYPES.iter().map(|spec| spec.name.to_owned()).collect()
            }
            What::Model => {
                let models: Vec<&str> =
                    elnic_catalogue::MODELS.iter().map(|entry| entry.model.name).collect();
                names(&models)
            }
            What::Device => {
                let devices = cx.machine.devices().into_iter();
                devices.filter(|device| device.is_users()).filter_map(|device| device.id).collect()
            }
        }
    }
}

fn ports(cx: &mut Context<'_>, is_meant: impl Fn(PortKind) -> bool) -> Vec<String> {
    let net = cx.machine.net();
    let described = net.ports().filter_map(|port| net.describe(port));
    described.filter(|(_, kind)| is_meant(*kind)).map(|(name, _)| name.to_owned()).collect()
}

/// A command.
pub(super) struct HmpCommand {
    /// Its names, separated by `|`.
    pub(super) names: &'static str,
    pub(super) members: &'static [Member],
    /// How its arguments are shown.
    pub(super) parameters: &'static str,
    pub(super) about: &'static str,
    pub(super) run: fn(&mut Context<'_>, &Arguments) -> Printed,
}

impl HmpCommand {
    pub(super) fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or_default()
    }
}

const fn need(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, optional: false }
}

const fn may(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, optional: true }
}

const fn command(
    names: &'static str,
    members: &'static [Member],
    parameters: &'static str,
    about: &'static str,
    run: fn(&mut Context<'_>, &Arguments) -> Printed,
) -> HmpCommand {
    HmpCommand { names, members, parameters, about, run }
}

const RULE: Kind = Kind::Word(What::Anything);

/// Every command but `info`.
pub(super) static COMMANDS: &[HmpCommand] = &[
    command(
        "announce_self",
        &[may("interfaces", Kind::Word(What::Anything)), may("id", Kind::Word(What::Anything))],
        "[interfaces] [id]",
        "tell the network where the guest's stations are",
        announce_self,
    ),
    command(
        "cpu",
        &[need("index", Kind::Number)],
        "index",
        "choose the processor that is asked",
        info::select,
    ),
    command("cont|c", &[], "", "let the guest run", |cx, _| nothing(cx.cont())),
    command(
        "device_add",
        &[need("device", Kind::Rest(What::Model))],
        "driver[,prop=value][,...]",
        "plug a device, as -device does",
        device_add,
    ),
    command(
        "device_del",
        &[need("id", Kind::Word(What::Device))],
        "device",
        "unplug a device",
        |cx, arguments| nothing(cx.device_del(DeviceDel { id: arguments.owned("id") })),
    ),
    command(
        "help|?",
        &[may("name", Kind::Rest(What::Command))],
        "[cmd]",
        "show the help",
        super::help,
    ),
    command(
        "hostfwd_add",
        &[need("arg1", Kind::Word(What::Netdev)), may("arg2", RULE)],
        "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
        "lead a port of the host to the guest",
        hostfwd_add,
    ),
    command(
        "hostfwd_remove",
        &[need("arg1", Kind::Word(What::Netdev)), may("arg2", RULE)],
        "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
        "end a forwarding of the host's port",
        hostfwd_remove,
    ),
    command(
        "info",
        &[may("item", Kind::Rest(What::Anything))],
        "[subcommand]",
        "show something about the machine",
        |_, _| Ok(String::new()),
    ),
    command(
        "netdev_add",
        &[need("netdev", Kind::Rest(What::NetdevType))],
        "[user|tap|socket|stream|dgram|...],id=str[,prop=value][,...]",
        "make a netdev",
        netdev_add,
    ),
    command(
        "netdev_del",
        &[need("id", Kind::Word(What::Netdev))],
        "id",
        "remove a netdev",
        |cx, arguments| nothing(cx.netdev_del(NetdevDel { id: arguments.owned("id") })),
    ),
    command("quit|q", &[], "", "end the emulator", |cx, _| nothing(cx.quit())),
    command(
        "set_link",
        &[need("name", Kind::Word(What::Port)), need("up", Kind::Switch)],
        "name on|off",
        "plug or pull the cable of a network interface",
        |cx, arguments| {
            let name = arguments.owned("name");
            nothing(cx.plug_cable(&name, arguments.switch("up")))
        },
    ),
    command("stop|s", &[], "", "stop the guest", |cx, _| nothing(cx.stop())),
    command("system_reset", &[], "", "reset the machine", |cx, _| nothing(cx.system_reset())),
    command(
        "x",
        &[need("fmt", Kind::Format), need("addr", Kind::Number)],
        "/fmt addr",
        "show memory at 'addr' as the processor's page tables translate it",
        dump::by_processor,
    ),
    command(
        "xp",
        &[need("fmt", Kind::Format), need("addr", Kind::Number)],
        "/fmt addr",
        "show physical memory, starting at 'addr'",
        dump::physical,
    ),
];

/// What `info` shows.
pub(super) static INFO: &[HmpCommand] = &[
    command("chardev", &[], "", "show the character devices", info::chardev),
    command("counters", &[], "", "show what became of every frame", info::counters),
    command("cpus", &[], "", "show the processors", info::cpus),
    command("irq", &[], "", "show how often each interrupt was raised", info::irq),
    command("kvm", &[], "", "show whether hardware accelerates", |_, _| {
        Ok("kvm support: not compiled\n".to_owned())
    }),
    command("mtree", &[], "", "show what answers to which address", info::mtree),
    command("name", &[], "", "show the machine's name", info::name),
    command("network", &[], "", "show the network", |cx, _| Ok(cx.machine.net().info_network())),
    command("nics", &[], "", "show the network interfaces", info::nics),
    command("pci", &[], "", "show the PCI functions", super::pci::show),
    command(
        "qom-tree",
        &[may("path", Kind::Word(What::Anything))],
        "[path]",
        "show the tree of objects",
        info::qom_tree,
    ),
    command("qtree", &[], "", "show buses and devices", info::qtree),
    command(
        "registers",
        &[may("cpu", Kind::Word(What::Anything))],
        "[-a|vcpu]",
        "show registers of the processor chosen, of another, or of all",
        info::registers,
    ),
    command("status", &[], "", "show whether the guest runs", info::status),
    command("usernet", &[], "", "show connections of user-mode networks", info::usernet),
    command("uuid", &[], "", "show the machine's identity", |cx, _| {
        cx.query_uuid().map(|info| format!("{}\n", info.uuid))
    }),
    command("version", &[], "", "show the version", |_, _| {
        let elnic_qapi::types::VersionInfo { qemu, package } = crate::version::info();
        Ok(format!("{}.{}.{} ({package})\n", qemu.major, qemu.minor, qemu.micro))
    }),
];

fn nothing(result: Result<(), CommandError>) -> Printed {
    result.map(|()| String::new())
}

/// As QEMU's: four further rounds, from 50 ms on, 100 ms more each time, 550 ms at most.
fn announce_self(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let names = |text: &str| text.split(',').map(str::to_owned).collect();
    nothing(cx.announce_self(AnnounceParameters {
        initial: 50,
        max: 550,
        rounds: 5,
        step: 100,
        interfaces: arguments.text("interfaces").map(names),
        id: arguments.text("id").map(str::to_owned),
    }))
}

fn device_add(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let text = arguments.text("device").unwrap_or_default();
    if text == "help" || text == "?" {
        return Ok(elnic_catalogue::list_help());
    }
    if text.starts_with('{') {
        let object: Result<Map<String, Value>, _> = serde_json::from_str(text);
        let object = object.map_err(|error| CommandError::generic(error.to_string()))?;
        return nothing(cx.device_add(object));
    }
    let pairs = keyval::traditional(text, Some("driver"))
        .map_err(|error| CommandError::generic(error.to_string()))?;
    let mut model = None;
    let mut properties = Vec::new();
    for pair in pairs {
        let value = pair.value.unwrap_or_else(|| "on".to_owned());
        if pair.key == "driver" {
            model = Some(value);
        } else {
            properties.push((pair.key, value));
        }
    }
    let missing = || CommandError::generic("Parameter 'driver' is missing");
    let model = model.ok_or_else(missing)?;
    nothing(cx.plug_device(DeviceOptions { model, properties }))
}

fn netdev_add(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    match elnic_netdev::parse(arguments.text("netdev").unwrap_or_default())? {
        Request::Help(text) => Ok(text),
        Request::Make(netdev) => {
            cx.state.add_netdev(&netdev, cx.machine.net())?;
            Ok(String::new())
        }
    }
}

/// The user-mode network that a line names, or the first; or why there is none.
fn user_network<'a>(cx: &'a mut Context<'_>, id: Option<&str>) -> Result<&'a mut UserNet, String> {
    let net = cx.machine.net();
    let port = match id {
        Some(id) => net.netdev(id).ok_or_else(|| format!("unrecognized netdev id '{id}'\n"))?,
        None => {
            let ports: Vec<_> = net.ports().collect();
            let first = ports.into_iter().find(|port| net.client_mut::<UserNet>(*port).is_some());
            first.ok_or_else(|| "user mode network stack not in use\n".to_owned())?
        }
    };
    let missing = || format!("netdev '{}' is not a user mode network\n", id.unwrap_or_default());
    net.client_mut(port).ok_or_else(missing)
}

/// One argument is the rule; of two the first is the netdev.
fn network_and_rule(arguments: &Arguments) -> (Option<&str>, &str) {
    match (arguments.text("arg1"), arguments.text("arg2")) {
        (netdev, Some(rule)) => (netdev, rule),
        (rule, None) => (None, rule.unwrap_or_default()),
    }
}

fn hostfwd_add(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let (netdev, rule) = network_and_rule(arguments);
    Ok(match user_network(cx, netdev) {
        Err(text) => text,
        Ok(network) => match network.add_hostfwd(rule) {
            Ok(_) => String::new(),
            Err(error) => format!("{error}\n"),
        },
    })
}

fn hostfwd_remove(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let (netdev, rule) = network_and_rule(arguments);
    Ok(match user_network(cx, netdev) {
        Err(text) => text,
        Ok(network) => match network.remove_hostfwd(rule) {
            Ok(()) => format!("host forwarding rule for {rule} removed\n"),
            Err(error) => format!("{error}\n"),
        },
    })
}

/// The lines of a device's properties, for `info qtree`.
pub(super) fn property_lines(device: &elnic_board::DeviceInfo) -> Vec<(&'static str, String)> {
    let show = |(spec, text): (elnic_contract::PropertySpec, Option<String>)| {
        let text = text.unwrap_or_default();
        let shown = match (tree::kind_name(&spec.kind), spec.name, text.parse::<u64>()) {
            ("bool", ..) => elnic_contract::parse_switch(&text).unwrap_or(false).to_string(),
            ("uint32" | "uint64", _, Ok(number)) => format!("{number} ({number:#x})"),
            (_, "addr", _) => text,
            _ => format!("\"{text}\""),
        };
        (spec.name, shown)
    };
    tree::properties(device).into_iter().map(show).collect()
}
