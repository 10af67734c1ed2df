//! `-netdev`, `-nic` and `-object`: read first, all of them, and put into the net core when everything else is right.

use elnic_board::DeviceOptions;
use elnic_netclient::NetCore;
use elnic_netdev::{Chardev, Chardevs, Filter, Netdev, NetdevError, NicRequest, Request};

use crate::arguments::RunArguments;
use crate::error::Failure;
use crate::options::{KeyValues, is_help};
use crate::{control, help};

/// The interface that `-nic` adds unless it names another.
const DEFAULT_NIC: &str = "e1000";

/// What the options ask for, each with its text for messages.
pub(crate) struct Network {
    netdevs: Vec<(&'static str, String, Netdev)>,
    interfaces: Vec<DeviceOptions>,
    chardevs: Vec<(String, Chardev)>,
    /// Ids of chardevs that are a monitor's, or no sockets.
    other_chardevs: Vec<String>,
    filters: Vec<(String, Filter)>,
}

impl Network {
    /// Reads all options, or finds that one asks for help.
    pub(crate) fn read(arguments: &RunArguments) -> Result<Request<Self>, Failure> {
        let mut network = Self {
            netdevs: Vec::new(),
            interfaces: Vec::new(),
            chardevs: Vec::new(),
            other_chardevs: Vec::new(),
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
                    if request.model.as_deref().is_some_and(is_help) {
                        return Ok(Request::Help(help::devices()));
                    }
                    network.add_interface(text, request);
                }
            }
        }
        let is_monitors = |text: &&String| control::is_monitors(arguments, text);
        let (others, streams): (Vec<&String>, _) = arguments.chardev.iter().partition(is_monitors);
        let id = |text: &String| {
            let id = text.split(',').find_map(|part| part.strip_prefix("id="));
            id.map(str::to_owned)
        };
        network.other_chardevs = others.into_iter().filter_map(id).collect();
        for text in streams {
            match elnic_netdev::parse_chardev(text).map_err(refuse("chardev", text))? {
                Request::Help(text) => return Ok(Request::Help(text)),
                Request::Make(chardev) => network.chardevs.push((text.clone(), chardev)),
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

    /// Makes netdevs and filters; returns the interfaces that go with them. Streams no filter takes stay in `chardevs`.
    pub(crate) fn add_to(
        self,
        core: &mut NetCore,
        chardevs: &mut Chardevs,
    ) -> Result<Vec<DeviceOptions>, Failure> {
        for (text, chardev) in &self.chardevs {
            chardevs.add(chardev).map_err(refuse("chardev", text))?;
        }
        self.other_chardevs.iter().for_each(|id| chardevs.note_other(id));
        for (option, text, netdev) in &self.netdevs {
            elnic_netdev::add_using(core, netdev, chardevs).map_err(refuse(option, text))?;
        }
        for (text, filter) in self.filters {
            let error = refuse("object", &text);
            filter.add_to(core, chardevs, elnic_contract::VTime::ZERO).map_err(error)?;
        }
        Ok(self.interfaces)
    }
}

fn refuse(option: &'static str, text: &str) -> impl Fn(NetdevError) -> Failure + use<> {
    let value = text.to_owned();
    move |error| Failure::Network { option, value: value.clone(), error: Box::new(error) }
}
