//! Character devices: where monitors lead.
//!
//! What blocks lives on threads of its own ([`edge`]), two to a connection, and meets the machine's thread in bounded
//! queues: a client that does not read fills its own queue and is cut off, one that writes too much waits. Nobody waits
//! for a client.

mod edge;
mod lend;
mod outlet;
mod socket;
mod spec;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use elnic_board::CallButton;
use elnic_netdev::NetdevError;
use elnic_qapi::types::ChardevInfo;

use crate::error::CommandError;
pub(crate) use edge::Incoming;
use edge::{Edge, Inlet};
pub(crate) use lend::Lent;
pub use outlet::Outlet;
pub use spec::{ChardevOption, Short, SpecError, chardev_help};

/// Chunks that wait for the machine's thread, for each device.
const MOST_CHUNKS: usize = 4;
/// How long the end of the program waits for clients to read what they were told.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where a socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket.
    Unix {
        /// Its path, or its abstract name.
        path: PathBuf,
        /// In the abstract namespace.
        is_abstract: bool,
    },
    /// An internet socket.
    Inet {
        /// Name or address.
        host: String,
        /// Port.
        port: String,
        /// Addresses of IPv4 are allowed.
        ipv4: bool,
        /// Addresses of IPv6 are allowed.
        ipv6: bool,
    },
    /// An open descriptor, by number.
    Descriptor(String),
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Where it is.
    pub address: Address,
    /// It is listened at.
    pub server: bool,
    /// A server waits for its first peer before anything else happens.
    pub wait: bool,
    /// Small packets are not gathered.
    pub no_delay: bool,
    /// Seconds until a lost connection is tried again; 0 for never.
    pub reconnect: u32,
}

/// Which of IPv4 and IPv6 are allowed: both, unless one alone is named or one is refused.
pub(crate) fn families(ipv4: Option<bool>, ipv6: Option<bool>) -> (bool, bool) {
    match (ipv4, ipv6) {
        (Some(true), None) => (true, false),
        (None, Some(true)) => (false, true),
        (ipv4, ipv6) => (ipv4.unwrap_or(true), ipv6.unwrap_or(true)),
    }
}

impl Socket {
    /// Whether its options go together.
    ///
    /// # Errors
    /// They do not, in QEMU's words.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self { server: true, reconnect: 1.., .. } => {
                Err("'reconnect' option is incompatible with 'fd' or socket in server listen mode")
            }
            Self { server: false, wait: true, .. } => {
                Err("'wait' option is incompatible with socket in client connect mode")
            }
            _ => Ok(()),
        }
    }
}

/// What a character device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// Standard input and output.
    Stdio,
    /// A file that is written.
    File {
        /// Its path.
        path: PathBuf,
        /// What it holds is kept.
        append: bool,
    },
    /// A socket.
    Socket(Socket),
}

/// A character device.
#[derive(Debug)]
struct Chardev {
    label: String,
    kind: Kind,
    /// A monitor or a filter uses it.
    used: bool,
    /// What its threads need, until they are started.
    edge: Option<Edge>,
    /// Ends a server's waiting for peers.
    closer: Option<edge::Closer>,
    incoming: Receiver<Incoming>,
    inlet: Inlet,
    outlet: Option<Outlet>,
}

impl Chardev {
    fn filename(&self) -> String {
        let server = |socket: &Socket| if socket.server { ",server=on" } else { "" };
        let name = match &self.kind {
            Kind::Null => return "null".to_owned(),
            Kind::Stdio => return "stdio".to_owned(),
            Kind::File { .. } => return "file".to_owned(),
            Kind::Socket(socket) => match &socket.address {
                Address::Unix { path, .. } => format!("unix:{}{}", path.display(), server(socket)),
                Address::Inet { host, port, .. } => format!("tcp:{host}:{port}{}", server(socket)),
                Address::Descriptor(number) => format!("fd:{number}"),
            },
        };
        let waits = matches!(self.edge, Some(Edge::Connected(..)));
        if self.outlet.is_some() || waits { name } else { format!("disconnected:{name}") }
    }
}

/// All character devices of a program.
#[derive(Debug, Default)]
pub struct Chardevs {
    list: Vec<Chardev>,
    call: Option<CallButton>,
}

impl Chardevs {
    /// Makes a device: opens its file, binds or connects its socket, waits for its peer if it is to.
    ///
    /// # Errors
    /// The id is taken, or the host refuses.
    pub fn add(&mut self, label: &str, kind: Kind) -> Result<(), CommandError> {
        if self.list.iter().any(|known| known.label == label) {
            let text = format!("Chardev with id '{label}' already exists");
            return Err(CommandError::generic(text));
        }
        let takes_stdio = |known: &Chardev| known.kind == Kind::Stdio;
        if kind == Kind::Stdio && self.list.iter().any(takes_stdio) {
            return Err(CommandError::generic("cannot use stdio by multiple character devices"));
        }
        let edge = Edge::open(&kind).map_err(CommandError::generic)?;
        let (sender, incoming) = crossbeam::channel::bounded(MOST_CHUNKS);
        let (closer, inlet) = (edge.closer(), Inlet::new(sender));
        let (label, edge) = (label.to_owned(), Some(edge));
        self.list.push(Chardev {
            label,
            kind,
            used: false,
            edge,
            closer,
            incoming,
            inlet,
            outlet: None,
        });
        Ok(())
    }

    /// From now on there is a machine: threads start, and call it.
    pub fn attach(&mut self, call: CallButton) {
        self.call = Some(call);
        self.start();
    }

    fn start(&mut self) {
        let Some(call) = &self.call else { return };
        // Who connects to a device that nobody uses waits in the listener's queue.
        for chardev in self.list.iter_mut().filter(|chardev| chardev.used) {
            if let Some(edge) = chardev.edge.take() {
                edge.start(chardev.inlet.with(call.clone()));
            }
        }
    }

    /// Gives a device to a monitor.
    ///
    /// # Errors
    /// There is none, or somebody else has it.
    pub fn take(&mut self, label: &str) -> Result<(), CommandError> {
        let found = self.list.iter_mut().find(|known| known.label == label);
        let missing = || CommandError::generic(format!("chardev \"{label}\" not found"));
        let chardev = found.ok_or_else(missing)?;
        if std::mem::replace(&mut chardev.used, true) {
            return Err(CommandError::generic(format!("Device '{label}' is in use")));
        }
        self.start();
        Ok(())
    }

    /// Removes a device.
    ///
    /// # Errors
    /// There is none, or a monitor has it.
    pub fn remove(&mut self, label: &str) -> Result<(), CommandError> {
        let Some(at) = self.list.iter().position(|known| known.label == label) else {
            return Err(CommandError::generic(format!("Chardev '{label}' not found")));
        };
        if self.list.get(at).is_some_and(|chardev| chardev.used) {
            return Err(CommandError::generic(format!("Chardev '{label}' is busy")));
        }
        let chardev = self.list.remove(at);
        chardev.closer.iter().for_each(edge::Closer::close);
        chardev.outlet.iter().for_each(Outlet::cut);
        Ok(())
    }

    /// The next thing that came in at a device.
    pub(crate) fn receive(&mut self, label: &str) -> Option<Incoming> {
        let chardev = self.list.iter_mut().find(|known| known.label == label)?;
        let incoming = chardev.incoming.try_recv().ok()?;
        match &incoming {
            Incoming::Opened(outlet) => chardev.outlet = Some(outlet.clone()),
            Incoming::Closed => chardev.outlet = None,
            Incoming::Bytes(..) => {}
        }
        Some(incoming)
    }

    /// Whether a device is a socket, whose connection can be cut.
    pub fn is_socket(&self, label: &str) -> bool {
        let mut list = self.list.iter();
        list.any(|chardev| chardev.label == label && matches!(chardev.kind, Kind::Socket(_)))
    }

    /// Cuts the connection of a device.
    pub(crate) fn cut(&self, label: &str) {
        let chardev = self.list.iter().find(|chardev| chardev.label == label);
        if let Some(outlet) = chardev.and_then(|chardev| chardev.outlet.as_ref()) {
            outlet.cut();
        }
    }

    /// All devices as `query-chardev` lists them.
    pub fn list(&self) -> Vec<ChardevInfo> {
        let info = |chardev: &Chardev| ChardevInfo {
            label: chardev.label.clone(),
            filename: chardev.filename(),
            frontend_open: chardev.used,
        };
        self.list.iter().map(info).collect()
    }

    /// The program ends: clients may read what they were told, and sockets' paths go.
    pub fn close(&mut self) {
        let end = Instant::now() + FAREWELL;
        let unread =
            |chardev: &Chardev| chardev.outlet.as_ref().is_some_and(|out| out.queued() > 0);
        while self.list.iter().any(unread) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        for chardev in self.list.drain(..) {
            chardev.closer.iter().for_each(edge::Closer::close);
        }
    }
}
