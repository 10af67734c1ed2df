//! The net client: the stack behind the interface every network backend has.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;

use elnic_contract::{Frame, VTime};
use elnic_netclient::{Doorbell, NetClient, OffloadSupport};

use crate::counters::Counters;
use crate::hostfwd::Bound;
use crate::io::Io;
use crate::link::Link;
use crate::options::{
    ForwardError, ForwardKey, HostForward, Options, OptionsError, Settings, SmbShare,
};
use crate::stack::{Context, Protocols};
use crate::{offload, usernet};

/// Frames taken at a time. The stack never stops taking any: what finds no room is lost, as on a cable, or a guest that
/// does not receive could not send.
const CREDITS: usize = 256;

/// A user-mode network: a private network with the host as its gateway, made of sockets any user may open.
#[derive(Debug)]
pub struct UserNet {
    settings: Settings,
    link: Link,
    io: Io,
    protocols: Protocols,
    /// The folder of the SMB server, which goes with this.
    _share: Option<SmbShare>,
    now: VTime,
}

impl UserNet {
    /// A network with these options. Ports to forward are bound before this returns, and none is if one cannot be.
    ///
    /// # Errors
    /// An option is wrong, or the host does not grant what it asks for.
    pub fn new(options: &Options) -> Result<Self, OptionsError> {
        let mut settings = options.settings()?;
        let share = options.share(&mut settings)?;
        let texts = options.hostfwd.iter().rev();
        let forwards = texts.zip(&settings.forwards);
        let bound: Vec<Bound> =
            forwards.map(|(text, &forward)| Bound::new(text, forward)).collect::<Result<_, _>>()?;
        let mut this = Self {
            link: Link::new(&settings),
            io: Io::new(settings.resolver),
            protocols: Protocols::new(&settings)?,
            settings,
            _share: share,
            now: VTime::ZERO,
        };
        for bound in bound {
            this.put_in_force(bound);
        }
        Ok(this)
    }

    /// `hostfwd_add`: forwards a port of the host, `[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport`. Returns the
    /// host's end, with the port the host chose if none was asked for.
    ///
    /// # Errors
    /// The rule cannot be read, or the host does not grant it.
    pub fn add_hostfwd(&mut self, rule: &str) -> Result<SocketAddr, ForwardError> {
        let guest = self.settings.ipv4.map(|v4| v4.dhcp_start);
        let bound = Bound::new(rule, HostForward::parse(rule, guest)?)?;
        Ok(self.put_in_force(bound))
    }

    /// `hostfwd_remove`: ends the rule `[tcp|udp]:[hostaddr]:hostport`. Connections that came through it stay.
    ///
    /// # Errors
    /// The rule cannot be read, or there is none.
    pub fn remove_hostfwd(&mut self, rule: &str) -> Result<(), ForwardError> {
        let key = ForwardKey::parse(rule)?;
        let (mut cx, protocols) = self.parts();
        protocols.forwards.remove(&mut cx, &mut protocols.udp, key, rule)
    }

    /// The forwarding rules in force: each, and the host's end as it is bound.
    pub fn hostfwds(&self) -> Vec<(HostForward, SocketAddr)> {
        let rules = self.protocols.forwards.rules();
        rules.iter().map(|rule| (rule.forward, rule.local)).collect()
    }

    /// What `info usernet` prints below the network's name: a table of all connections.
    pub fn connections(&self) -> String {
        usernet::table(&self.protocols, self.now)
    }

    /// What happened to frames.
    pub fn counters(&self) -> &Counters {
        &self.link.counters
    }

    fn put_in_force(&mut self, bound: Bound) -> SocketAddr {
        let (mut cx, protocols) = self.parts();
        protocols.forwards.add(&mut cx, &mut protocols.udp, bound)
    }

    fn parts(&mut self) -> (Context<'_>, &mut Protocols) {
        let Self { settings, link, io, protocols, _share: _, now } = self;
        (Context { now: *now, settings, link, io }, protocols)
    }

    /// Virtual time never goes back, whatever a caller says.
    fn advance(&mut self, now: VTime) {
        self.now = self.now.max(now);
    }
}

impl NetClient for UserNet {
    fn kind(&self) -> &'static str {
        "user"
    }

    fn info(&self) -> String {
        let mut info = String::new();
        let restrict = if self.settings.restrict { "on" } else { "off" };
        let written = match (self.settings.ipv4, self.settings.ipv6) {
            (None, Some(v6)) => write!(info, "net={}/{},restrict={restrict}", v6.prefix, v6.length),
            (v4, _) => {
                let network = v4.map_or(std::net::Ipv4Addr::UNSPECIFIED, |v4| v4.network);
                write!(info, "net={network},restrict={restrict}")
            }
        };
        debug_assert!(written.is_ok(), "a string takes all that is written to it");
        info
    }

    fn credits(&self) -> usize {
        CREDITS
    }

    fn deliver(&mut self, now: VTime, frames: &mut VecDeque<Frame>) {
        self.advance(now);
        let count = frames.len().min(CREDITS);
        let (mut cx, protocols) = self.parts();
        for frame in frames.drain(..count) {
            cx.link.counters.received = cx.link.counters.received.saturating_add(1);
            protocols.frame(&mut cx, &frame);
        }
        protocols.settle(&mut cx);
    }

    fn poll(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        self.advance(now);
        let (mut cx, protocols) = self.parts();
        protocols.hear(&mut cx);
        protocols.settle(&mut cx);
        cx.link.take(cx.now, budget, out);
    }

    fn next_event(&self) -> Option<VTime> {
        self.protocols.next_event().into_iter().chain(self.link.next_event()).min()
    }

    fn offload(&self) -> OffloadSupport {
        offload::SUPPORT
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        self.link.counters.losses()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        self.io.attach(doorbell);
    }
}
