//! What a monitor knows beside the machine itself.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use elnic_board::{DeviceId, DeviceOptions, Machine, Notice};
use elnic_contract::VTime;
use elnic_netclient::{Endpoint, NetCore, PortId, PortKind};
use elnic_netdev::{Chardev, Filter, Netdev, NetdevError};
use elnic_qapi::Event;
use elnic_qapi::events::{
    DeviceDeleted, FailoverNegotiated, NetdevStreamConnected, NetdevStreamDisconnected,
    NicRxFilterChanged, Reset, Shutdown,
};
use elnic_qapi::types::{
    FdSocketAddress, InetSocketAddress, RunState, ShutdownCause, SocketAddress, UnixSocketAddress,
};

use crate::announce::{self, Announcer};
use crate::chardev::{Chardevs, Lent};
use crate::descriptors::DescriptorSets;
use crate::event::{Stamped, Throttle};
use crate::hmp::DumpFormat;

/// Events that wait for the end of a command at most; more are lost, the oldest first.
const MOST_EVENTS: usize = 4096;

/// The machine's control, shared by all monitors.
pub struct State {
    /// What the machine does.
    pub run: RunState,
    /// The machine's name.
    pub name: Option<String>,
    /// Somebody wants the program to end.
    pub quit: bool,
    /// Properties that a plugged device has unless told otherwise, where its model has them.
    pub device_defaults: Vec<(String, String)>,
    /// Where monitors and others lead.
    pub chardevs: Chardevs,
    /// Holds frequent events back.
    pub throttle: Throttle,
    /// Objects that users made, in order.
    pub(crate) objects: Vec<Object>,
    /// Netdevs with a character device, and which.
    netdevs: Vec<(String, String)>,
    pub(crate) sets: DescriptorSets,
    pub(crate) dump: DumpFormat,
    /// The processor that is asked when none is named.
    pub(crate) cpu: usize,
    pub(crate) events: VecDeque<Stamped>,
    pub(crate) interrupts: Vec<(u8, bool)>,
    announcer: Announcer,
    /// Interfaces announced while the machine was stopped.
    unannounced: Vec<PortId>,
    /// Interfaces whose change of filter was told and not asked for since.
    told: BTreeSet<DeviceId>,
    started: Instant,
}

/// An object that a user made: a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// Character devices it has.
    pub(crate) chardevs: Vec<String>,
}

impl State {
    /// The state of a machine that has not been started.
    pub fn new(chardevs: Chardevs) -> Self {
        Self {
            run: RunState::Prelaunch,
            name: None,
            quit: false,
            device_defaults: Vec::new(),
            chardevs,
            throttle: Throttle::default(),
            objects: Vec::new(),
            netdevs: Vec::new(),
            sets: DescriptorSets::default(),
            dump: DumpFormat::default(),
            cpu: 0,
            events: VecDeque::new(),
            interrupts: Vec::new(),
            announcer: Announcer::default(),
            unannounced: Vec::new(),
            told: BTreeSet::new(),
            started: Instant::now(),
        }
    }

    /// Whether the guest runs.
    pub fn is_running(&self) -> bool {
        self.run == RunState::Running
    }

    /// Tells all monitors of something.
    pub fn emit(&mut self, event: Event) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.events.extend(self.throttle.pass(Stamped { event, at }));
        while self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
    }

    /// Gives a device the properties that all have here, where its model has them and it was told nothing else.
    pub fn complete(&self, options: &mut DeviceOptions) {
        let Ok(entry) = elnic_catalogue::find(&options.model) else { return };
        for (name, value) in &self.device_defaults {
            let has = entry.properties.iter().any(|spec| spec.name == name);
            let given = options.properties.iter().any(|(given, _)| given == name);
            if has && !given {
                options.properties.push((name.clone(), value.clone()));
            }
        }
    }

    /// Puts a filter on its netdev, with the character devices it names.
    ///
    /// # Errors
    /// There is no such netdev or device, or one of them is in use; nothing has changed then.
    pub fn add_filter(
        &mut self,
        filter: Filter,
        net: &mut NetCore,
        now: VTime,
    ) -> Result<(), NetdevError> {
        net.check_filter(&filter.options)?;
        let (id, kind) = (filter.options.id.clone(), filter.type_name());
        let chardevs: Vec<String> = filter.chardevs().map(str::to_owned).collect();
        chardevs.iter().try_for_each(|label| self.chardevs.check(label))?;
        let object = Object { id, kind, chardevs };
        let added = self.lend_all(&object).and_then(|mut streams| {
            filter.add_to(net, &mut streams, now)?;
            Ok(())
        });
        match added {
            Ok(()) => self.objects.push(object),
            Err(_) => self.forget(&object),
        }
        added
    }

    fn lend_all(&mut self, object: &Object) -> Result<elnic_netdev::Chardevs, NetdevError> {
        let mut streams = elnic_netdev::Chardevs::default();
        for label in &object.chardevs {
            let Lent { options, socket } = self.chardevs.lend(label)?;
            streams.add(&Chardev { id: label.clone(), options })?;
            // The stream has a descriptor of its own now.
            drop(socket);
        }
        Ok(streams)
    }

    /// Makes a netdev, with the character device it names.
    ///
    /// # Errors
    /// As [`elnic_netdev::add_using`]; nothing has changed then.
    pub fn add_netdev(&mut self, netdev: &Netdev, net: &mut NetCore) -> Result<(), NetdevError> {
        let Some(label) = netdev.options.chardev() else {
            return elnic_netdev::add(net, netdev).map(|_| ());
        };
        let mut streams = elnic_netdev::Chardevs::default();
        let lent = self.chardevs.lend(label).map_err(|error| match error {
            NetdevError::NoChardev { name, nearest } => {
                NetdevError::VhostUserChardev { name, nearest }
            }
            NetdevError::ChardevKind(name) => NetdevError::NotReconnectable(name),
            other => other,
        })?;
        let Lent { options, socket } = lent;
        let added = streams.add(&Chardev { id: label.to_owned(), options }).and_then(|()| {
            drop(socket);
            elnic_netdev::add_using(net, netdev, &mut streams)
        });
        match added {
            Ok(_) => self.netdevs.push((netdev.id.clone(), label.to_owned())),
            Err(_) => self.chardevs.give_back(label),
        }
        added.map(|_| ())
    }

    /// Netdevs that are no more give back what they had.
    pub(crate) fn forget_netdevs(&mut self, net: &NetCore) {
        let (kept, gone) = std::mem::take(&mut self.netdevs)
            .into_iter()
            .partition(|(id, _): &(String, String)| net.netdev(id).is_some());
        self.netdevs = kept;
        gone.iter().for_each(|(_, label)| self.chardevs.give_back(label));
    }

    /// Filters that are no more give back what they had.
    pub(crate) fn forget_filters(&mut self, net: &NetCore) {
        let (kept, gone) = std::mem::take(&mut self.objects)
            .into_iter()
            .partition(|object: &Object| net.has_filter(&object.id));
        self.objects = kept;
        gone.iter().for_each(|object| self.forget(object));
    }

    fn forget(&mut self, object: &Object) {
        for label in &object.chardevs {
            self.chardevs.give_back(label);
        }
    }

    /// Takes the events nobody was told of yet, oldest first.
    pub fn take_events(&mut self) -> Vec<Stamped> {
        self.events.drain(..).collect()
    }

    // ---- running and stopping -------------------------------------------------------------------------------------

    pub(crate) fn start(&mut self, machine: &mut Machine) {
        if !self.is_running() {
            self.run = RunState::Running;
            machine.resume_pace();
            self.emit(Event::Resume);
            for port in std::mem::take(&mut self.unannounced) {
                announce_port(machine, port);
            }
        }
    }

    pub(crate) fn stop(&mut self, why: RunState) {
        if self.is_running() {
            self.run = why;
            self.emit(Event::Stop);
        }
    }

    pub(crate) fn reset(&mut self, guest: bool, reason: ShutdownCause) {
        self.emit(Event::Reset(Reset { guest, reason }));
    }

    /// The program is about to end.
    pub fn shut_down(&mut self, guest: bool, reason: ShutdownCause) {
        self.emit(Event::Shutdown(Shutdown { guest, reason }));
    }

    // ---- what the board tells -------------------------------------------------------------------------------------

    /// Turns what happened on the board into events.
    pub fn hear(&mut self, machine: &mut Machine) {
        for notice in machine.notices() {
            match notice {
                Notice::RxFilterChanged(device) => {
                    if self.told.insert(device.device) {
                        let path = device.backend_path();
                        let event = NicRxFilterChanged { name: device.id, path };
                        self.emit(Event::NicRxFilterChanged(event));
                    }
                }
                Notice::Deleted(device) => {
                    self.told.remove(&device.device);
                    if device.model.starts_with("virtio") {
                        let path = device.backend_path();
                        self.emit(Event::DeviceDeleted(DeviceDeleted { device: None, path }));
                    }
                    let event = DeviceDeleted { device: device.id, path: device.path };
                    self.emit(Event::DeviceDeleted(event));
                }
                Notice::FailoverNegotiated(device) => {
                    let event = FailoverNegotiated { device_id: device.name };
                    self.emit(Event::FailoverNegotiated(event));
                }
                Notice::Netdev(netdev_id, elnic_netclient::Notice::StreamConnected { address }) => {
                    let addr = socket_address(address);
                    let event = NetdevStreamConnected { netdev_id, addr };
                    self.emit(Event::NetdevStreamConnected(event));
                }
                Notice::Netdev(netdev_id, elnic_netclient::Notice::StreamDisconnected) => {
                    let event = NetdevStreamDisconnected { netdev_id };
                    self.emit(Event::NetdevStreamDisconnected(event));
                }
                Notice::Interrupt { input, high } => self.interrupts.push((input, high)),
            }
        }
    }

    /// Somebody asked what an interface lets through: its next change is told again.
    pub(crate) fn filter_was_asked(&mut self, device: DeviceId) {
        self.told.remove(&device);
    }

    // ---- what time brings -----------------------------------------------------------------------------------------

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn arm_announcements(
        &mut self,
        parameters: elnic_qapi::types::AnnounceParameters,
        machine: &mut Machine,
    ) {
        self.announcer.arm(parameters, self.now());
        self.tick(machine);
    }

    /// Does what has become due.
    pub fn tick(&mut self, machine: &mut Machine) {
        for interfaces in self.announcer.due(self.now()) {
            let is_meant = |name: &str| {
                interfaces.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
            };
            let ports: Vec<PortId> = machine.net().ports().collect();
            for port in ports {
                let named = machine.net().describe(port);
                if !matches!(named, Some((name, PortKind::Nic)) if is_meant(name)) {
                    continue;
                }
                if self.is_running() {
                    announce_port(machine, port);
                } else if !self.unannounced.contains(&port) {
                    self.unannounced.push(port);
                }
            }
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let due = self.throttle.due(at);
        self.events.extend(due);
    }

    /// How long until something becomes due.
    pub fn due_in(&self) -> Option<Duration> {
        let announcement = self.announcer.next().map(|next| next.saturating_sub(self.now()));
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let held = self.throttle.next().map(|next| next.saturating_sub(at));
        announcement.into_iter().chain(held).min()
    }
}

/// Sends the frame that tells where the station at `port` is, and asks a guest that can to tell it too (it knows more
/// addresses): as QEMU, both.
fn announce_port(machine: &mut Machine, port: PortId) {
    let now: VTime = machine.now();
    let sent = machine.station(port).map(|station| {
        let frame = announce::frame(station, now);
        frame.map(|frame| machine.net().send(port, now, frame))
    });
    if let Some(Ok(Err(error))) = sent {
        tracing::warn!("a network interface was not announced: {error}");
    }
    machine.announce(port);
}

/// Where a peer is, in the words of the schema.
fn socket_address(address: Endpoint) -> SocketAddress {
    match address {
        Endpoint::Inet { host, port, ipv6 } => SocketAddress::Inet(InetSocketAddress {
            host,
            port: port.to_string(),
            numeric: None,
            to: None,
            ipv4: (!ipv6).then_some(true),
            ipv6: ipv6.then_some(true),
            keep_alive: None,
            mptcp: None,
        }),
        Endpoint::Unix { path } => SocketAddress::Unix(UnixSocketAddress {
            path: path.display().to_string(),
            r#abstract: None,
            tight: None,
        }),
        Endpoint::Fd { number } => SocketAddress::Fd(FdSocketAddress { str: number }),
    }
}
