//! `-netdev`, `-nic` and `-object`: read first, all of them, and put into the net core when everything else is right.

use elnic_board::DeviceOptions;
use elnic_monitor::State;
use elnic_netclient::NetCore;
use elnic_netdev::{Filter, Netdev, NetdevError, NicRequest, Request};

use crate::arguments::RunArguments;
use crate::error::Failure;
use crate::help;
use crate::options::{KeyValues, is_help};

/// The interface that `-nic` adds unless it names another.
const DEFAULT_NIC: &str = "e1000";

/// What the options ask for, each with its text for messages.
pub(crate) struct Network {
    netdevs: Vec<(&'static str, String, Netdev)>,
    interfaces: Vec<DeviceOptions>,
    filters: Vec<(String, Filter)>,
}

impl Network {
    /// Reads all options, or finds that one asks for help.
    pub(crate) fn read(arguments: &RunArguments) -> Result<Request<Self>, Failure> {
        let mut network = Self { netdevs: Vec::new(), interfaces: Vec::new(), filters: Vec::new() };
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
                    if request.model.as_deref().is_some_and(is_help) {
                        return Ok(Request::Help(help::devices()));
                    }
                    network.add_interface(text, request);
                }
            }
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
        let NicRequest { netdev, model, mac } = request;
        // `-nic none` asks for no interface, and there is none by default.
        let Some(netdev) = netdev else { return };
        let mut properties = vec![("netdev".to_owned(), netdev.id.clone())];
        properties.extend(mac.map(|mac| ("mac".to_owned(), mac.to_string())));
        let model = model.unwrap_or_else(|| DEFAULT_NIC.to_owned());
        self.interfaces.push(DeviceOptions { model, properties });
        self.netdevs.push(("nic", text.to_owned(), netdev));
    }

    /// Makes netdevs and filters; returns the interfaces that go with them.
    pub(crate) fn add_to(
        self,
        core: &mut NetCore,
        state: &mut State,
    ) -> Result<Vec<DeviceOptions>, Failure> {
        for (option, text, netdev) in &self.netdevs {
            elnic_netdev::add(core, netdev).map_err(refuse(option, text))?;
        }
        for (text, filter) in self.filters {
            let error = refuse("object", &text);
            state.add_filter(filter, core, elnic_contract::VTime::ZERO).map_err(error)?;
        }
        Ok(self.interfaces)
    }
}

fn refuse(option: &'static str, text: &str) -> impl Fn(NetdevError) -> Failure + use<> {
    let value = text.to_owned();
    move |error| Failure::Network { option, value: value.clone(), error: Box::new(error) }
}
