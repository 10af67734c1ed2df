//! What goes through the mailboxes: commands to the thread that owns the host's sockets, events back.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use bytes::Bytes;

use crate::icmp::{Trouble, Unreachable};
use crate::nat::Outside;

/// Names a socket on both sides of the mailboxes. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FlowId(pub(super) u64);

impl FlowId {
    /// Set in the names the thread gives to accepted connections.
    pub(super) const ACCEPTED: u64 = 1 << 62;
}

/// What a socket of datagrams carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatagramKind {
    /// UDP payloads.
    Udp,
    /// ICMP echo messages; the host puts its own identifier in.
    Ping,
}

/// What the thread is to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Connect a stream; answered by `Connected` or `Refused`.
    Connect { flow: FlowId, to: Outside },
    /// Run a command for the shell and connect to its standard input and output, by TCP if it wants that; answered like
    /// `Connect`.
    Spawn { flow: FlowId, command: Arc<str>, tcp: bool },
    /// Accept connections, each answered by `Accepted`, until closed.
    Listen { rule: FlowId, listener: TcpListener },
    /// Write to a stream; answered by `Taken` bit by bit. The sender keeps count of what is not taken.
    Send { flow: FlowId, data: Bytes },
    /// Read up to `bytes` more from a stream.
    Grant { flow: FlowId, bytes: usize },
    /// Nothing more will be written.
    Shutdown { flow: FlowId },
    /// Close when all is written.
    Close { flow: FlowId },
    /// Close at once, so that a stream's peer sees a reset.
    Abort { flow: FlowId },
    /// Open a socket of datagrams.
    Open { flow: FlowId, kind: DatagramKind },
    /// Use this bound socket.
    Adopt { flow: FlowId, socket: UdpSocket },
    /// Send a datagram with this time to live.
    SendTo { flow: FlowId, to: Outside, hop_limit: u8, data: Bytes },
}

impl Command {
    /// The flow it is about.
    pub(super) fn flow(&self) -> FlowId {
        match *self {
            Self::Connect { flow, .. }
            | Self::Spawn { flow, .. }
            | Self::Listen { rule: flow, .. }
            | Self::Send { flow, .. }
            | Self::Grant { flow, .. }
            | Self::Shutdown { flow }
            | Self::Close { flow }
            | Self::Abort { flow }
            | Self::Open { flow, .. }
            | Self::Adopt { flow, .. }
            | Self::SendTo { flow, .. } => flow,
        }
    }

    /// What it is answered with where there is no thread.
    pub(super) fn refusal(&self) -> Option<Event> {
        let trouble = Trouble::Unreachable(Unreachable::Network);
        match *self {
            Self::Connect { flow, .. } | Self::Spawn { flow, .. } => {
                Some(Event::Refused { flow, reason: Some(Unreachable::Network) })
            }
            Self::SendTo { flow, to, .. } => Some(Event::Bounced { flow, to, by: None, trouble }),
            Self::Send { flow, .. } => Some(Event::Reset { flow }),
            _ => None,
        }
    }
}

/// What the thread reports.
#[derive(Debug)]
pub(crate) enum Event {
    /// A stream is connected, by the host's descriptor `fd`.
    Connected { flow: FlowId, fd: i32 },
    /// A stream cannot be connected; `None` is a reset.
    Refused { flow: FlowId, reason: Option<Unreachable> },
    /// A connection to a listening socket.
    Accepted { rule: FlowId, flow: FlowId, peer: SocketAddr, fd: i32 },
    /// Bytes of a stream.
    Data { flow: FlowId, data: Bytes },
    /// The peer of a stream will send no more.
    Finished { flow: FlowId },
    /// Bytes of a stream went to the host.
    Taken { flow: FlowId, bytes: usize },
    /// A stream broke.
    Reset { flow: FlowId },
    /// A socket of datagrams is open.
    Opened { flow: FlowId, fd: i32 },
    /// A datagram.
    Datagram { flow: FlowId, from: Outside, data: Bytes },
    /// A datagram did not arrive; `by` says so, if somebody on the way did.
    Bounced { flow: FlowId, to: Outside, by: Option<IpAddr>, trouble: Trouble },
}
