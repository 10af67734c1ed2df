//! TCP (RFC 9293): connections of a guest to the world, and of the world to a guest's forwarded ports.
//!
//! The engine is smoltcp's, on a link of IP packets that leads to the guest. A guest's SYN is answered only when the
//! host's half is connected, with a reset if it is refused and an ICMP error if it is unreachable: what the guest sees is
//! what the host saw. Sequence numbers come from a seeded generator and all timers run in virtual time.

mod device;
mod flow;
mod host;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use elnic_contract::{VDuration, VTime};
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpCidr, TcpPacket};

use crate::counters::Discard;
use crate::icmp::Trouble;
use crate::io::{Command, FlowId};
use crate::nat::{self, NoWay, Outside};
use crate::options::GuestTarget;
use crate::stack::{Context, trouble};
use device::Device;
use flow::{Ends, Flow, Phase};

/// Most connections at a time.
const FLOW_LIMIT: usize = 256;
/// Room for bytes in each direction of the guest's half.
const BUFFER: usize = 128 << 10;
/// How long the guest may leave bytes unacknowledged.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the engine waits when it cannot send.
const PAUSE: VDuration = VDuration::from_millis(1);
/// Most packets the engine sends at a time.
const BURST: usize = 256;
/// Where the seeded generator of sequence numbers starts: the same run, the same bytes.
const SEED: u64 = 0x656c_6e69_6320_7473;

/// A connection, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowInfo {
    pub(crate) state: &'static str,
    pub(crate) guest: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) forwarded: Option<SocketAddr>,
    pub(crate) fd: i32,
    /// Bytes that wait for the guest.
    pub(crate) to_guest: usize,
    /// Bytes that wait for the host.
    pub(crate) to_host: usize,
}

/// The engine and its connections.
pub(crate) struct Engine {
    interface: Interface,
    device: Device,
    sockets: SocketSet<'static>,
    flows: BTreeMap<FlowId, Flow>,
    by_ends: BTreeMap<Ends, FlowId>,
    next_event: Option<VTime>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        let mut device = Device::default();
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = SEED;
        let mut interface = Interface::new(config, &mut device, Instant::ZERO);
        interface.set_any_ip(true);
        interface.update_ip_addrs(|addresses| {
            // Never used: connections name both their ends. The interface wants one to be there.
            let own = IpCidr::new(Ipv4Addr::new(192, 0, 0, 8).into(), 32);
            addresses.extend([own]);
        });
        Self {
            interface,
            device,
            sockets: SocketSet::new(Vec::new()),
            flows: BTreeMap::new(),
            by_ends: BTreeMap::new(),
            next_event: None,
        }
    }

    /// Handles a segment of a guest; `packet` is the checked IP packet around it.
    pub(crate) fn input(
        &mut self,
        cx: &mut Context<'_>,
        packet: &[u8],
        segment: &[u8],
        source: IpAddr,
        destination: IpAddr,
    ) {
        let segment = match TcpPacket::new_checked(segment) {
            Ok(segment) if segment.verify_checksum(&source.into(), &destination.into()) => segment,
            _ => return cx.link.counters.discard(Discard::Malformed),
        };
        if segment.src_port() == 0 || segment.dst_port() == 0 {
            return cx.link.counters.discard(Discard::Malformed);
        }
        let ends = Ends {
            guest: SocketAddr::new(source, segment.src_port()),
            remote: SocketAddr::new(destination, segment.dst_port()),
        };
        let known = self.by_ends.get(&ends).copied();
        match known.and_then(|id| self.flows.get_mut(&id)) {
            Some(Flow { phase: Phase::Open(_), .. }) => self.feed(cx.now, packet),
            // The guest repeats itself while the host connects, or gives up.
            Some(flow) => {
                if segment.rst() {
                    flow.abort(cx.io);
                    self.forget(ends);
                }
            }
            None if cx.settings.restrict && cx.settings.guest_forward(ends.remote).is_none() => {
                cx.link.counters.discard(Discard::Restricted)
            }
            None if segment.syn() && !segment.ack() => self.open(cx, ends, packet),
            // The engine resets what it does not know.
            None => self.feed(cx.now, packet),
        }
        if let Some(id) = known {
            self.pump(cx, id);
        }
    }

    fn open(&mut self, cx: &mut Context<'_>, ends: Ends, packet: &[u8]) {
        let forward = cx.settings.guest_forward(ends.remote).map(|rule| rule.target.clone());
        let connect = |to| move |flow| Command::Connect { flow, to };
        let way: Box<dyn FnOnce(FlowId) -> Command> =
            match (forward, nat::outside(cx.settings, ends.remote)) {
                (Some(GuestTarget::Command(command)), _) => {
                    Box::new(move |flow| Command::Spawn { flow, command, tcp: false })
                }
                (Some(GuestTarget::Server(command)), _) => {
                    Box::new(move |flow| Command::Spawn { flow, command, tcp: true })
                }
                (Some(GuestTarget::Address(address)), _) => {
                    Box::new(connect(Outside::Address(address)))
                }
                (None, Ok(outside)) => Box::new(connect(outside)),
                (None, Err(NoWay::Unreachable(reason))) => {
                    return trouble(cx, packet, Trouble::Unreachable(reason));
                }
                (None, Err(NoWay::BadAddress)) => {
                    return cx.link.counters.discard(Discard::BadAddress);
                }
            };
        if !self.make_room() {
            cx.link.counters.discard(Discard::NoRoom);
            return self.feed(cx.now, packet);
        }
        let id = cx.io.new_flow();
        self.insert(Flow::new(id, ends, Phase::Connecting(packet.to_vec())), id);
        cx.io.send(way(id));
    }

    /// Whether there is room for another connection, at the expense of one that is only waiting for stray segments.
    fn make_room(&mut self) -> bool {
        if self.flows.len() < FLOW_LIMIT {
            return true;
        }
        let over = self
            .flows
            .values()
            .find(|flow| self.socket(flow).is_some_and(|socket| socket.state() == State::TimeWait));
        let over = over.map(|flow| flow.ends);
        over.map(|ends| self.forget(ends)).is_some()
    }

    fn insert(&mut self, flow: Flow, id: FlowId) {
        self.by_ends.insert(flow.ends, id);
        self.flows.insert(id, flow);
    }

    fn forget(&mut self, ends: Ends) {
        let flow = self.by_ends.remove(&ends).and_then(|id| self.flows.remove(&id));
        if let Some(Flow { phase: Phase::Open(handle), .. }) = flow {
            self.sockets.remove(handle);
        }
    }

    fn socket(&self, flow: &Flow) -> Option<&Socket<'static>> {
        match flow.phase {
            Phase::Open(handle) => Some(self.sockets.get(handle)),
            Phase::Connecting(_) => None,
        }
    }

    fn new_socket(&mut self) -> SocketHandle {
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        // The host's bytes come in large pieces already.
        socket.set_nagle_enabled(false);
        socket.set_timeout(Some(PATIENCE));
        self.sockets.add(socket)
    }

    /// Gives the engine one packet of the guest.
    fn feed(&mut self, now: VTime, packet: &[u8]) {
        self.device.arriving = Some(packet.to_vec());
        self.interface.poll_ingress_single(instant(now), &mut self.device, &mut self.sockets);
    }

    fn pump(&mut self, cx: &mut Context<'_>, id: FlowId) {
        if let Some(flow) = self.flows.get_mut(&id)
            && let Phase::Open(handle) = flow.phase
        {
            flow.pump(self.sockets.get_mut(handle), cx.io);
        }
    }

    /// Sends what the engine has to send, moves what has become movable, and drops connections that are over.
    pub(crate) fn settle(&mut self, cx: &mut Context<'_>) {
        let now = instant(cx.now);
        // Half the queue is for answers that are not this engine's.
        self.device.room = cx.link.room() / 2;
        for _ in 0..BURST {
            let result = self.interface.poll_egress(now, &mut self.device, &mut self.sockets);
            if result == PollResult::None {
                break;
            }
        }
        let idle = self.device.leaving.is_empty();
        while let Some(packet) = self.device.leaving.pop_front() {
            cx.link.send_ip(cx.now, packet);
        }
        for id in self.flows.keys().copied().collect::<Vec<_>>() {
            self.pump(cx, id);
        }
        let over = self.flows.values().filter(|flow| {
            self.socket(flow).is_some_and(|socket| {
                socket.state() == State::Closed && socket.remote_endpoint().is_none()
            })
        });
        for ends in over.map(|flow| flow.ends).collect::<Vec<_>>() {
            self.forget(ends);
        }
        let next = self.interface.poll_at(now, &self.sockets).map(virtual_time);
        // What the engine has to send but cannot, for want of room, is not tried again at the same instant.
        let soonest = if idle { cx.now + PAUSE } else { VTime::ZERO };
        self.next_event = next.map(|at| at.max(soonest));
    }

    /// When [`Engine::settle`] has something to do by itself.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        self.next_event
    }

    /// All connections, for people.
    pub(crate) fn flows(&self) -> impl Iterator<Item = FlowInfo> {
        self.flows.values().map(|flow| {
            let socket = self.socket(flow);
            let (to_guest, to_host) = flow.queues(socket);
            let Flow { ends, forwarded, fd, .. } = *flow;
            let state = socket.map_or("SYN_SENT", |socket| state_name(socket.state()));
            let Ends { guest, remote } = ends;
            FlowInfo { state, guest, remote, forwarded, fd, to_guest, to_host }
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("flows", &self.flows).finish_non_exhaustive()
    }
}

/// The engine's time as virtual time.
fn virtual_time(at: Instant) -> VTime {
    VTime::from_nanos(u64::try_from(at.total_micros()).unwrap_or(0).saturating_mul(1000))
}

/// Virtual time as the engine counts it, in whole microseconds.
fn instant(now: VTime) -> Instant {
    Instant::from_micros(i64::try_from(now.as_nanos() / 1000).unwrap_or(i64::MAX))
}

/// The names `info usernet` has for the states.
fn state_name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN_SENT",
        State::SynReceived => "SYN_RCVD",
        State::Established => "ESTABLISHED",
        State::FinWait1 => "FIN_WAIT_1",
        State::FinWait2 => "FIN_WAIT_2",
        State::CloseWait => "CLOSE_WAIT",
        State::Closing => "CLOSING",
        State::LastAck => "LAST_ACK",
        State::TimeWait => "TIME_WAIT",
    }
}
