//! Frames behind their length in a byte stream: the netdev as the core sees it.
//!
//! Whether the far end is there is the client's carrier, apart from the administrator's `set_link`, so a link set up over a
//! connection that is not there sends nothing into nowhere (QEMU keeps both in one bit and falls over it).

mod connector;
mod dial;
mod io;
mod line;

use std::collections::VecDeque;
use std::fmt;
use std::io as std_io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam::queue::ArrayQueue;
use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::mailbox::{IoEnd, Mailbox};
use elnic_netclient::{Doorbell, Endpoint, NetClient, Notice};
use socket2::{SockAddr, Socket};

pub use connector::{Connector, NoConnection};
pub use dial::{Dial, Listener, Opener, stream_listener};

/// Frames that wait between the core and the socket, each way.
const MAILBOX: usize = 256;
/// Notices kept for a monitor that does not ask; beyond them the oldest is forgotten.
const NOTICES: usize = 64;

/// How a connection comes about.
pub enum StreamPlan {
    /// Accepts one peer at a time; the next one once it is gone.
    Server(Listener),
    /// Connects, and again after `reconnect` when that fails or ends.
    Client {
        /// Where to.
        dial: Dial,
        /// How long to wait before the next attempt; `None` for one attempt only.
        reconnect: Option<Duration>,
    },
    /// A connection that was passed in.
    Connected {
        /// Its socket.
        socket: Socket,
        /// What it is called.
        address: Endpoint,
    },
}

/// Where a connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// A server waits for its peer.
    Listening,
    /// A client is under way.
    Connecting,
    /// The peer is there.
    Connected {
        /// The far end, as notices name it.
        address: Endpoint,
        /// Whether the peer came to us.
        accepted: bool,
    },
    /// The peer went, and nothing more is tried.
    Ended,
    /// The last attempt failed, or the connection broke.
    Failed(String),
}

/// How `info network` puts a state.
pub type Wording = fn(&StreamState) -> String;

/// What the thread tells.
#[derive(Debug)]
pub(crate) struct Status {
    state: Mutex<StreamState>,
    notices: ArrayQueue<Notice>,
    /// Lengths of zero: no frame.
    empty: AtomicU64,
    /// Connections ended over an impossible length.
    oversized: AtomicU64,
    /// Frames that met no peer, or were under way when it went.
    disconnected: AtomicU64,
    /// Connections that came to an end.
    ends: AtomicU64,
}

impl Status {
    fn new(state: StreamState) -> Self {
        Self {
            state: Mutex::new(state),
            notices: ArrayQueue::new(NOTICES),
            empty: AtomicU64::new(0),
            oversized: AtomicU64::new(0),
            disconnected: AtomicU64::new(0),
            ends: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, StreamState> {
        // A state is put in one move: a panic elsewhere leaves a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, state: StreamState) {
        match &state {
            StreamState::Connected { address, .. } => {
                let address = address.clone();
                self.notices.force_push(Notice::StreamConnected { address });
            }
            _ if self.is_connected() => {
                self.ends.fetch_add(1, Ordering::Relaxed);
                self.notices.force_push(Notice::StreamDisconnected);
            }
            _ => {}
        }
        *self.state() = state;
    }

    fn is_connected(&self) -> bool {
        matches!(*self.state(), StreamState::Connected { .. })
    }
}

/// A netdev whose frames travel in a byte stream. Dropping it ends its thread and closes its sockets.
pub struct StreamClient {
    kind: &'static str,
    wording: Wording,
    notifies: bool,
    status: Arc<Status>,
    mailbox: Mailbox,
}

impl StreamClient {
    /// Starts the I/O thread. `kind` is the netdev type, `id` names the thread, `wording` is for `info network`, and
    /// `notifies` says whether the user hears of connections.
    ///
    /// # Errors
    /// The host has no threads or descriptors left.
    pub fn spawn(
        kind: &'static str,
        id: &str,
        plan: StreamPlan,
        wording: Wording,
        notifies: bool,
    ) -> std_io::Result<Self> {
        let state = match &plan {
            StreamPlan::Server(_) => StreamState::Listening,
            StreamPlan::Client { .. } => StreamState::Connecting,
            StreamPlan::Connected { socket, .. } => {
                socket.set_nonblocking(true)?;
                StreamState::Connecting
            }
        };
        let status = Arc::new(Status::new(state));
        if let StreamPlan::Connected { address, .. } = &plan {
            let address = address.clone();
            status.enter(StreamState::Connected { address, accepted: false });
        }
        let told = Arc::clone(&status);
        let run = move |end: IoEnd| io::Io::new(plan, told, end).run();
        let mailbox = Mailbox::spawn(format!("{kind} {id}"), MAILBOX, run)?;
        Ok(Self { kind, wording, notifies, status, mailbox })
    }

    /// Where the connection stands.
    pub fn state(&self) -> StreamState {
        self.status.state().clone()
    }
}

impl NetClient for StreamClient {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn info(&self) -> String {
        (self.wording)(&self.status.state())
    }

    fn credits(&self) -> usize {
        self.mailbox.room()
    }

    fn deliver(&mut self, _now: VTime, frames: &mut VecDeque<Frame>) {
        self.mailbox.send(frames);
    }

    fn poll(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        self.mailbox.receive(now, budget, out);
    }

    /// Down only once the core has what came before.
    fn carrier(&self) -> LinkState {
        let up = self.status.is_connected() || self.mailbox.waiting() > 0;
        if up { LinkState::Up } else { LinkState::Down }
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        let Status { state: _, notices: _, empty, oversized, disconnected, ends: _ } =
            &*self.status;
        [("empty-frame", empty), ("oversized-frame", oversized), ("disconnected", disconnected)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
            .to_vec()
    }

    fn notices(&mut self) -> Vec<Notice> {
        let told = std::iter::from_fn(|| self.status.notices.pop());
        if self.notifies { told.collect() } else { Vec::new() }
    }

    fn attach(&mut self, doorbell: Doorbell) {
        self.mailbox.attach(doorbell);
    }
}

impl fmt::Debug for StreamClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.info())
    }
}

/// What an address is called in notices; a unix socket without a name has an empty path.
pub fn endpoint(address: &SockAddr) -> Endpoint {
    if let Some(inet) = address.as_socket() {
        let (host, port, ipv6) = (inet.ip().to_string(), inet.port(), inet.is_ipv6());
        return Endpoint::Inet { host, port, ipv6 };
    }
    if let Some(name) = address.as_abstract_namespace() {
        let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
        return Endpoint::Unix { path: name.into() };
    }
    Endpoint::Unix { path: address.as_pathname().unwrap_or("".as_ref()).to_owned() }
}
