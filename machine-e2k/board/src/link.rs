//! The cable between a NIC and the net core.
//!
//! Out: a frame reaches the core when its last bit has left the NIC. In: frames wait in the core while the NIC takes none,
//! and the core is told the reason; a NIC is asked again after every entry into it, so nobody has to wake anybody.

use std::collections::VecDeque;

use elnic_clock::DeviceId;
use elnic_contract::{
    Frame, LinkState, NotReady, OffloadSupport, Readiness, TimerId, VTime, Verdict,
};
use elnic_netclient::{NetEvent, PortId};

use crate::devices::{Body, Slot};
use crate::log::{Cause, LogItem};
use crate::rings::Lent;
use crate::trace::TraceEvent;
use crate::world::World;

/// A cable's own deadlines are those of a device number that no device has: the NIC's with this bit set.
pub(crate) const CABLE: u16 = 0x8000;
/// The last bit of a frame that is being sent leaves the NIC.
const OUT: TimerId = TimerId(0);
/// The last bit of the next frame for the NIC arrives.
const IN: TimerId = TimerId(1);
/// Frames handed to a NIC in one go before the processor gets its turn.
const BURST: usize = 64;

pub(crate) struct Link {
    device: DeviceId,
    pub(crate) port: PortId,
    /// Rings the netdev works on, if it is of that kind.
    pub(crate) lent: Lent,
    /// Frames whose last bit has not left the NIC yet, oldest first.
    leaving: VecDeque<Frame>,
    readiness: Readiness,
    /// What the core knows that the NIC takes unfinished.
    takes: OffloadSupport,
    /// The driver was last seen to know that the NIC stands in for another.
    standby: bool,
    /// The same as it was last acted upon.
    standby_followed: bool,
}

/// All cables of the board.
#[derive(Default)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    pub(crate) fn connect(&mut self, device: DeviceId, port: PortId) {
        // What the core assumes of a new port.
        let (readiness, takes) = (Readiness::Ready, OffloadSupport::NONE);
        let (standby, standby_followed) = (false, false);
        let leaving = VecDeque::new();
        let lent = Lent::default();
        self.0.push(Link {
            device,
            port,
            lent,
            leaving,
            readiness,
            takes,
            standby,
            standby_followed,
        });
    }

    pub(crate) fn of(&mut self, device: DeviceId) -> Option<&mut Link> {
        self.0.iter_mut().find(|link| link.device == device)
    }

    pub(crate) fn at(&self, port: PortId) -> Option<DeviceId> {
        self.0.iter().find(|link| link.port == port).map(|link| link.device)
    }

    pub(crate) fn port_of(&self, device: DeviceId) -> Option<PortId> {
        self.0.iter().find(|link| link.device == device).map(|link| link.port)
    }

    pub(crate) fn disconnect(&mut self, device: DeviceId) -> Option<PortId> {
        let port = self.port_of(device)?;
        self.0.retain(|link| link.device != device);
        Some(port)
    }

    pub(crate) fn all(&self) -> Vec<(DeviceId, PortId)> {
        self.0.iter().map(|link| (link.device, link.port)).collect()
    }

    /// Frames on their way out of a NIC, oldest first.
    pub(crate) fn leaving(&self, device: DeviceId) -> impl Iterator<Item = &Frame> {
        let links = self.0.iter().filter(move |link| link.device == device);
        links.flat_map(|link| &link.leaving)
    }

    /// Replaces them.
    pub(crate) fn set_leaving(&mut self, device: DeviceId, frames: VecDeque<Frame>) {
        if let Some(link) = self.of(device) {
            link.leaving = frames;
        }
    }

    /// Whether the driver knows that the NIC stands in for another, and that was acted upon.
    pub(crate) fn knows_standby(&self, device: DeviceId) -> bool {
        self.0.iter().any(|link| link.device == device && link.standby_followed)
    }

    /// NICs whose drivers have learned that they stand in for another, or forgotten it.
    pub(crate) fn changed_standbys(&mut self) -> Vec<(DeviceId, bool)> {
        let mut changed = Vec::new();
        for link in self.0.iter_mut().filter(|link| link.standby != link.standby_followed) {
            link.standby_followed = link.standby;
            changed.push((link.device, link.standby));
        }
        changed
    }

    fn devices(&self) -> Vec<DeviceId> {
        self.0.iter().map(|link| link.device).collect()
    }
}

impl World {
    /// A NIC puts a frame on its cable.
    pub(crate) fn frame_out(&mut self, device: DeviceId, now: VTime, frame: Frame) {
        let nic = self.devices.name(device);
        if let Some(trace) = &mut self.trace {
            trace.record(now, &TraceEvent::FrameOut { nic, frame: &frame });
        }
        let text = format_args!("frame of {} bytes sent", frame.len());
        self.log.say(LogItem::Net, nic, now, text);
        let Some(link) = self.links.of(device) else { return };
        if frame.arrival() > now || !link.leaving.is_empty() {
            if link.leaving.is_empty() {
                self.events.arm(DeviceId(device.0 | CABLE), OUT, frame.arrival());
                if frame.arrival() < self.slice_end {
                    self.stop_slice();
                }
            }
            if let Some(link) = self.links.of(device) {
                link.leaving.push_back(frame);
            }
        } else {
            let port = link.port;
            self.hand_over(port, now, frame);
        }
    }

    fn hand_over(&mut self, port: PortId, now: VTime, frame: Frame) {
        if let Err(error) = self.net.send(port, now, frame) {
            tracing::error!("a NIC lost its port: {error}");
        }
        // It may be answered at once; and a slice without input points could last long.
        self.input_due = true;
        self.stop_slice();
    }

    /// Whether an event is a cable's; carries it out if so.
    pub(crate) fn cable_event(&mut self, device: DeviceId, timer: TimerId) -> bool {
        if device.0 & CABLE == 0 {
            return false;
        }
        let nic = DeviceId(device.0 & !CABLE);
        match timer {
            OUT => self.last_bit_left(nic),
            _ => self.pump(nic),
        }
        true
    }

    fn last_bit_left(&mut self, nic: DeviceId) {
        let now = self.now();
        while let Some(link) = self.links.of(nic) {
            let port = link.port;
            match link.leaving.front().map(Frame::arrival) {
                Some(arrival) if arrival <= now => {
                    if let Some(frame) = link.leaving.pop_front() {
                        self.hand_over(port, now, frame);
                    }
                }
                Some(arrival) => {
                    self.events.arm(DeviceId(nic.0 | CABLE), OUT, arrival);
                    return;
                }
                None => return,
            }
        }
    }

    /// Hands a NIC the frames that have arrived for it, while it takes any.
    pub(crate) fn pump(&mut self, device: DeviceId) {
        for _ in 0..BURST {
            let Some(function) = self.devices.get(device).and_then(Slot::function) else { return };
            let Some(nic) = function.nic() else { return };
            let (takes, standby) = (nic.offloads(), nic.is_standby());
            let readiness = function.can_receive();
            let Some(link) = self.links.of(device) else { return };
            let port = link.port;
            if link.readiness != readiness {
                link.readiness = readiness;
                self.net.set_readiness(port, readiness);
            }
            if link.takes != takes {
                link.takes = takes;
                self.net.set_offload(port, takes);
            }
            if link.standby != standby {
                link.standby = standby;
                self.failover.changed = true;
                self.stop_slice();
            }
            if readiness != Readiness::Ready {
                return;
            }
            let Some(arrival) = self.net.peek(port).map(Frame::arrival) else { return };
            let now = self.now();
            if arrival > now {
                self.events.arm(DeviceId(device.0 | CABLE), IN, arrival);
                if arrival < self.slice_end {
                    self.stop_slice();
                }
                return;
            }
            let Some(frame) = self.net.take(port) else { return };
            self.frame_in(device, now, &frame);
        }
        // More waits: it goes on at an input point right after this bundle.
        self.input_due = true;
        self.stop_slice();
    }

    fn frame_in(&mut self, device: DeviceId, now: VTime, frame: &Frame) {
        let verdict = self.enter(device, Cause::Frame, |body, cx| match body {
            Body::Function(function) => function.receive(cx, frame),
            Body::Bridge(_) | Body::Block(_) | Body::Pic(_) => {
                Verdict::Dropped(elnic_contract::DropReason::ReceiverOff)
            }
        });
        let Some(verdict) = verdict else { return };
        let nic = self.devices.name(device);
        if let Some(trace) = &mut self.trace {
            trace.record(now, &TraceEvent::FrameIn { nic, frame, verdict });
        }
        let fate = match verdict {
            Verdict::Taken => "received",
            Verdict::Dropped(reason) => reason.as_str(),
        };
        let text = format_args!("frame of {} bytes arrived: {fate}", frame.len());
        self.log.say(LogItem::Net, nic, now, text);
        self.update_lines(device);
    }

    /// An input point of the network: backends are asked, links looked at, frames handed over.
    pub(crate) fn poll_network(&mut self) {
        let now = self.now();
        self.net.poll(now);
        self.hear_netdevs();
        self.deliver_net_events();
        for device in self.links.devices() {
            self.answer_calls(device);
            self.pump(device);
        }
    }

    /// Keeps what netdevs have to tell the user, which has no time in the guest: connections come and go while it stands.
    pub(crate) fn hear_netdevs(&mut self) {
        let told = self.net.notices();
        self.notices.netdev(told);
    }

    /// Carries out what the net core has to tell the board.
    pub(crate) fn deliver_net_events(&mut self) {
        let events: Vec<NetEvent> = self.net.events().collect();
        for event in events {
            match event {
                NetEvent::Link { port, state } => {
                    if let Some(device) = self.links.at(port) {
                        self.set_link(device, state);
                    }
                }
                NetEvent::Offload { port, takes } => {
                    if let Some(device) = self.links.at(port) {
                        self.set_peer_offloads(device, takes);
                    }
                }
                NetEvent::FilterFault { filter, why } => {
                    tracing::warn!("filter '{filter}' has stopped working: {why}");
                }
            }
        }
    }

    /// Tells the net core anew which NICs take frames, and of what kind.
    pub(crate) fn tell_readiness(&mut self) {
        for (device, port) in self.links.all() {
            let function = self.devices.get(device).and_then(Slot::function);
            let Some(function) = function else { continue };
            let readiness = function.can_receive();
            let takes = function.nic().map_or(OffloadSupport::NONE, |nic| nic.offloads());
            if let Some(link) = self.links.of(device) {
                (link.readiness, link.takes) = (readiness, takes);
            }
            self.net.set_readiness(port, readiness);
            self.net.set_offload(port, takes);
        }
    }

    /// Tells a NIC that its cable was plugged or pulled.
    pub(crate) fn set_link(&mut self, device: DeviceId, state: LinkState) {
        self.enter(device, Cause::Link, |body, cx| {
            if let Body::Function(function) = body {
                function.link(cx, state);
            }
        });
        self.after_entry(device);
    }

    fn set_peer_offloads(&mut self, device: DeviceId, takes: OffloadSupport) {
        if let Some(Slot { body: Body::Function(function), .. }) = self.devices.get_mut(device) {
            function.peer_offloads(takes);
        }
    }

    /// Why each NIC that takes no frame takes none, by name.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&str, NotReady)> {
        self.links.0.iter().filter_map(|link| match link.readiness {
            Readiness::Ready => None,
            Readiness::NotReady(why) => Some((self.devices.name(link.device), why)),
        })
    }
}
