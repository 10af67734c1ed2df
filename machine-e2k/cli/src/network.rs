//! `-netdev`, `-nic` and `-object`: read first, all of them, and put into the net core when everything else is right.

use elnic_board::DeviceOptions;
use elnic_monitor::State;
use elnic_netclient::NetCore;
use elnic_netdev::{
    Filter, Interface, MAX_NICS, NetRequest, Netdev, NetdevError, NetdevOptions, NicRequest,
    Request,
};

use crate::arguments::RunArguments;
use crate::error::Failure;
use crate::help;
use crate::options::{KeyValues, is_help};

/// The interface that `-nic` adds unless it names another.
const DEFAULT_NIC: &str = "e1000";

/// What `-net` puts on hub 0.
enum OnHub {
    Nic(Interface),
    Backend(Option<String>, Box<NetdevOptions>),
}

/// The hub of `-net`.
const HUB: i32 = 0;

/// What the options ask for, each with its text for messages.
pub(crate) struct Network {
    netdevs: Vec<(&'static str, String, Netdev)>,
    interfaces: Vec<DeviceOptions>,
    /// In the order of the options.
    on_hub: Vec<(String, OnHub)>,
    filters: Vec<(String, Filter)>,
}

impl Network {
    /// Reads all options, or finds that one asks for help.
    pub(crate) fn read(arguments: &RunArguments) -> Result<Request<Self>, Failure> {
        let mut network = Self {
            netdevs: Vec::new(),
            interfaces: Vec::new(),
            on_hub: Vec::new(),
            filters: Vec::new(),
        };
        for text in &arguments.netdev {
            match elnic_netdev::parse(text).map_err(refuse("netdev", text))? {
                Request::Help(text) => return Ok(Request::Help(text)),
                Request::Make(netdev) => network.netdevs.push(("netdev", text.clone(), netdev)),
            }
        }
        for (number, text) in arguments.nic.iter().enumerate() {
            match elnic_netdev::parse_nic(text, number).map_err(refuse("nic", text))? {
                Request::Help(text) => return Ok(Request::Help(text)),
                Request::Make(request) => {
                    if request.interface.model.as_deref().is_some_and(is_help) {
                        return Ok(Request::Help(help::devices()));
                    }
                    network.add_interface(text, request);
                }
            }
        }
        for text in &arguments.net {
            match elnic_netdev::parse_net(text).map_err(refuse("net", text))? {
                Request::Help(text) => return Ok(Request::Help(text)),
                Request::Make(NetRequest::None) => {}
                Request::Make(NetRequest::Nic(_, Interface { model: Some(model), .. }))
                    if is_help(&model) =>
                {
                    return Ok(Request::Help(help::devices()));
                }
                Request::Make(NetRequest::Nic(Some(netdev), interface)) => {
                    network.interfaces.push(device(interface, netdev));
                }
                Request::Make(NetRequest::Nic(None, interface)) => {
                    network.on_hub.push((text.clone(), OnHub::Nic(interface)));
                }
                Request::Make(NetRequest::Backend(id, options)) => {
                    network.on_hub.push((text.clone(), OnHub::Backend(id, options)));
                }
            }
        }
        let on_hub = network.on_hub.iter();
        let nics = on_hub.filter(|(_, on_hub)| matches!(on_hub, OnHub::Nic(_))).count();
        if nics + network.interfaces.len() > MAX_NICS {
            let text = arguments.net.iter().chain(&arguments.nic).next_back();
            let text = text.map_or("", String::as_str);
            return Err(refuse("net", text)(NetdevError::TooManyNics));
        }
        for text in &arguments.object {
            let kind = KeyValues::parse("object", "qom-type", text)?.first;
            if !elnic_netdev::is_filter(&kind) {
                let why = format!("'{kind}' is no object of this machine: filters are all it has");
                return Err(Failure::option("object", text, why));
            }
            match elnic_netdev::parse_filter(text).map_err(refuse("object", text))? {
                Request::Help(text) => return Ok(Request::Help(text)),
                Request::Make(filter) => network.filters.push((text.clone(), filter)),
            }
        }
        Ok(Request::Make(network))
    }

    fn add_interface(&mut self, text: &str, request: NicRequest) {
        let NicRequest { netdev, interface } = request;
        // `-nic none` asks for no interface, and there is none by default.
        let Some(netdev) = netdev else { return };
        self.interfaces.push(device(interface, netdev.id.clone()));
        self.netdevs.push(("nic", text.to_owned(), netdev));
    }

    /// Makes netdevs and filters; returns the interfaces that go with them.
    pub(crate) fn add_to(
        self,
        core: &mut NetCore,
        state: &mut State,
    ) -> Result<Vec<DeviceOptions>, Failure> {
        for (option, text, netdev) in &self.netdevs {
            state.add_netdev(netdev, core).map_err(refuse(option, text))?;
        }
        let mut interfaces = self.interfaces;
        for (text, on_hub) in self.on_hub {
            let refuse = refuse("net", &text);
            let port = core.unused_name("hub0port");
            match on_hub {
                OnHub::Nic(interface) => {
                    core.add_hub_port(&port, HUB, None).map_err(|error| refuse(error.into()))?;
                    interfaces.push(device(interface, port));
                }
                OnHub::Backend(id, options) => {
                    let stem = format!("{}.", options.kind());
                    let id = id.unwrap_or_else(|| core.unused_name(&stem));
                    let netdev = Netdev { id: id.clone(), options: *options };
                    state.add_netdev(&netdev, core).map_err(&refuse)?;
                    let added = core.add_hub_port(&port, HUB, Some(&id));
                    added.map_err(|error| refuse(error.into()))?;
                }
            }
        }
        for (text, filter) in self.filters {
            let error = refuse("object", &text);
            state.add_filter(filter, core, elnic_contract::VTime::ZERO).map_err(error)?;
        }
        Ok(interfaces)
    }
}

/// The interface as `-device` would describe it.
fn device(interface: Interface, netdev: String) -> DeviceOptions {
    let Interface { id, model, mac, addr, vectors } = interface;
    let mut properties = vec![("netdev".to_owned(), netdev)];
    let given = [
        ("id", id),
        ("mac", mac.map(|mac| mac.to_string())),
        ("addr", addr),
        ("vectors", vectors.map(|number| number.to_string())),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    properties.extend(given);
    DeviceOptions { model: model.unwrap_or_else(|| DEFAULT_NIC.to_owned()), properties }
}

fn refuse(option: &'static str, text: &str) -> impl Fn(NetdevError) -> Failure + use<> {
    let value = text.to_owned();
    move |error| Failure::Network { option, value: value.clone(), error: Box::new(error) }
}
