//! What the I/O thread reports about streams.

use std::net::SocketAddr;

use smoltcp::socket::tcp::{Socket, State};
use smoltcp::wire::{IpEndpoint, IpListenEndpoint};

use super::Engine;
use super::flow::{Ends, FROM_HOST, Flow, Phase};
use crate::icmp::{Trouble, Unreachable};
use crate::io::{Command, Event, FlowId};
use crate::nat;
use crate::stack::{Context, trouble};

/// The first port tried for a peer whose own port is taken.
const FIRST_SPARE_PORT: u16 = 49_152;

impl Engine {
    /// Takes a report; gives back one that is none of its business.
    pub(crate) fn report(&mut self, cx: &mut Context<'_>, event: Event) -> Option<Event> {
        let flow = match event {
            Event::Connected { flow, fd } => {
                self.connected(cx, flow, fd);
                flow
            }
            Event::Refused { flow, reason } => {
                self.refused(cx, flow, reason);
                flow
            }
            Event::Data { flow, data } => {
                self.on(flow, |found| found.received(data));
                flow
            }
            Event::Finished { flow } => {
                self.on(flow, Flow::host_finished);
                flow
            }
            Event::Taken { flow, bytes } => {
                self.on(flow, |found| found.taken_by_host(bytes));
                flow
            }
            Event::Reset { flow } => {
                self.reset(flow);
                flow
            }
            event => return Some(event),
        };
        self.pump(cx, flow);
        None
    }

    fn on(&mut self, id: FlowId, act: impl FnOnce(&mut Flow)) {
        if let Some(flow) = self.flows.get_mut(&id) {
            act(flow);
        }
    }

    /// The host's half is connected: now the guest's SYN is answered.
    fn connected(&mut self, cx: &mut Context<'_>, id: FlowId, fd: i32) {
        let Some(flow) = self.flows.get_mut(&id) else {
            return cx.io.send(Command::Abort { flow: id });
        };
        flow.fd = fd;
        let ends = flow.ends;
        let Phase::Connecting(syn) = &mut flow.phase else { return };
        let syn = std::mem::take(syn);
        let handle = self.new_socket();
        let socket = self.sockets.get_mut::<Socket<'_>>(handle);
        let here =
            IpListenEndpoint { addr: Some(ends.remote.ip().into()), port: ends.remote.port() };
        let listens = socket.listen(here).is_ok();
        self.on(id, |flow| flow.phase = Phase::Open(handle));
        self.feed(cx.now, &syn);
        let socket = self.sockets.get::<Socket<'_>>(handle);
        if listens && socket.state() == State::SynReceived {
            cx.io.send(Command::Grant { flow: id, bytes: FROM_HOST });
        } else {
            self.on(id, |flow| flow.abort(cx.io));
            self.forget(ends);
        }
    }

    fn refused(&mut self, cx: &mut Context<'_>, id: FlowId, reason: Option<Unreachable>) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let ends = flow.ends;
        flow.host_gone();
        let Phase::Connecting(syn) = &mut flow.phase else { return };
        let syn = std::mem::take(syn);
        self.forget(ends);
        match reason {
            Some(reason) => trouble(cx, &syn, Trouble::Unreachable(reason)),
            // The engine resets what it does not know.
            None => self.feed(cx.now, &syn),
        }
    }

    /// The host's half broke: so does the guest's.
    fn reset(&mut self, id: FlowId) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        flow.host_gone();
        let ends = flow.ends;
        match flow.phase {
            Phase::Open(handle) => {
                self.sockets.get_mut::<Socket<'_>>(handle).abort();
            }
            Phase::Connecting(_) => self.forget(ends),
        }
    }

    /// Somebody has connected to a forwarded port, whose rule leads from one end to the other: connects to the guest in
    /// turn.
    pub(crate) fn accepted(
        &mut self,
        cx: &mut Context<'_>,
        (id, peer, fd): (FlowId, SocketAddr, i32),
        rule: Option<(SocketAddr, SocketAddr)>,
    ) {
        let remote = nat::inside(cx.settings, peer);
        let ends = rule.filter(|_| self.make_room());
        let ends = ends.and_then(|(local, guest)| Some((local, self.free_ends(guest, remote)?)));
        let Some((local, ends)) = ends else { return cx.io.send(Command::Abort { flow: id }) };
        let handle = self.new_socket();
        let socket = self.sockets.get_mut::<Socket<'_>>(handle);
        let (to, from) = (IpEndpoint::from(ends.guest), IpEndpoint::from(ends.remote));
        if let Err(error) = socket.connect(self.interface.context(), to, from) {
            tracing::warn!(%error, guest = %ends.guest, "a forwarded connection has no way to the guest");
            self.sockets.remove(handle);
            return cx.io.send(Command::Abort { flow: id });
        }
        let mut flow = Flow::new(id, ends, Phase::Open(handle));
        (flow.forwarded, flow.fd) = (Some(local), fd);
        self.insert(flow, id);
        cx.io.send(Command::Grant { flow: id, bytes: FROM_HOST });
    }

    /// The peer's own ends, or ones with another port if those are taken.
    fn free_ends(&self, guest: SocketAddr, remote: SocketAddr) -> Option<Ends> {
        let spare = (FIRST_SPARE_PORT..=u16::MAX).map(|port| SocketAddr::new(remote.ip(), port));
        std::iter::once(remote)
            .chain(spare)
            .map(|remote| Ends { guest, remote })
            .find(|ends| !self.by_ends.contains_key(ends))
    }
}
