//! One frame a datagram: the netdev as the core sees it.

mod io;

use std::collections::VecDeque;
use std::fmt;
use std::io as std_io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::mailbox::{IoEnd, Mailbox};
use elnic_netclient::{Doorbell, NetClient};
use nix::sys::socket::{SockaddrStorage, UnixAddr};

use io::Io;

/// Frames that wait between the core and the socket, each way.
const MAILBOX: usize = 256;

/// A datagram is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What stands before the frame in a datagram.
pub trait Encapsulation: Send + 'static {
    /// Appends what goes before the next frame.
    fn header(&mut self, header: &mut Vec<u8>);

    /// The frame in a datagram that came.
    ///
    /// # Errors
    /// What stands before it is wrong.
    fn payload<'a>(&mut self, datagram: &'a [u8]) -> Result<&'a [u8], Malformed>;
}

/// Nothing but the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bare;

impl Encapsulation for Bare {
    fn header(&mut self, _header: &mut Vec<u8>) {}

    fn payload<'a>(&mut self, datagram: &'a [u8]) -> Result<&'a [u8], Malformed> {
        Ok(datagram)
    }
}

/// Whom datagrams are sent to.
#[derive(Clone, Copy, Debug)]
pub enum DatagramPeer {
    /// Whom the socket is connected to.
    Connected,
    /// An internet address.
    Inet(SockaddrStorage),
    /// A path.
    Unix(UnixAddr),
}

/// An open socket and what belongs to it.
pub struct DatagramLine {
    /// The socket.
    pub socket: OwnedFd,
    /// A connection whose end means that the peer is gone.
    pub liveness: Option<OwnedFd>,
    /// What is to live as long as the socket: its path.
    pub keeps: Option<Box<dyn Send>>,
}

/// Opens the socket again once its peer was gone; tried every second. The new one is connected.
pub type Reopen = Box<dyn FnMut() -> std_io::Result<DatagramLine> + Send>;

/// What the thread tells: whether the peer is there, and what was discarded, by reason.
#[derive(Debug)]
pub(crate) struct Status {
    up: AtomicBool,
    /// Datagrams without a byte: no frame.
    empty: AtomicU64,
    /// Datagrams longer than any frame.
    oversized: AtomicU64,
    /// Datagrams with something wrong before the frame.
    malformed: AtomicU64,
    /// Frames longer than a datagram may be.
    too_long: AtomicU64,
    /// Frames the peer or the system refused: nobody listens there, no route.
    refused: AtomicU64,
    /// Errors reported on reception, such as the echo of a refusal.
    receive_errors: AtomicU64,
    /// Frames that met a peer that was gone.
    disconnected: AtomicU64,
}

impl Status {
    fn new() -> Self {
        let [empty, oversized, malformed, too_long, refused, receive_errors, disconnected] =
            [const { AtomicU64::new(0) }; 7];
        Self {
            up: AtomicBool::new(true),
            empty,
            oversized,
            malformed,
            too_long,
            refused,
            receive_errors,
            disconnected,
        }
    }

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A netdev whose frames travel in datagrams. Dropping it ends its thread and closes its socket.
pub struct DatagramClient {
    kind: &'static str,
    info: String,
    status: Arc<Status>,
    mailbox: Mailbox,
}

impl DatagramClient {
    /// Starts the I/O thread on an open socket. `kind` is the netdev type, `id` names the thread, `info` is for
    /// `info network`.
    ///
    /// # Errors
    /// The host has no threads or descriptors left.
    pub fn spawn<E: Encapsulation>(
        kind: &'static str,
        id: &str,
        info: String,
        line: DatagramLine,
        peer: DatagramPeer,
        encapsulation: E,
        reopen: Option<Reopen>,
    ) -> std_io::Result<Self> {
        let status = Arc::new(Status::new());
        let told = Arc::clone(&status);
        let run = move |end: IoEnd| match peer {
            DatagramPeer::Connected => {
                Io::<(), E>::new(line, None, encapsulation, told, reopen, end).run();
            }
            DatagramPeer::Inet(peer) => {
                Io::new(line, Some(peer), encapsulation, told, reopen, end).run();
            }
            DatagramPeer::Unix(peer) => {
                Io::new(line, Some(peer), encapsulation, told, reopen, end).run();
            }
        };
        let mailbox = Mailbox::spawn(format!("{kind} {id}"), MAILBOX, run)?;
        Ok(Self { kind, info, status, mailbox })
    }
}

impl NetClient for DatagramClient {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn info(&self) -> String {
        self.info.clone()
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
        let up = self.status.up.load(Ordering::Acquire) || self.mailbox.waiting() > 0;
        if up { LinkState::Up } else { LinkState::Down }
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        let Status {
            up: _,
            empty,
            oversized,
            malformed,
            too_long,
            refused,
            receive_errors,
            disconnected,
        } = &*self.status;
        [
            ("empty-datagram", empty),
            ("oversized-datagram", oversized),
            ("malformed-datagram", malformed),
            ("too-long", too_long),
            ("refused", refused),
            ("receive-error", receive_errors),
            ("disconnected", disconnected),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
        .to_vec()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        self.mailbox.attach(doorbell);
    }
}

impl fmt::Debug for DatagramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.info)
    }
}
