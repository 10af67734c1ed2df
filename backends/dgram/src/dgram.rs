//! The netdev as the core sees it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use elnic_contract::{Frame, VTime};
use elnic_netclient::mailbox::{IoEnd, Mailbox};
use elnic_netclient::{Doorbell, NetClient};

use crate::io::Io;
use crate::socket::{BoundPath, Opened, Peer};
use crate::{DgramError, Options, plan, socket};

/// Frames that wait between the core and the socket, each way.
const MAILBOX: usize = 256;

/// What was discarded here, by reason.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// Datagrams without a byte: no frame.
    pub(crate) empty: AtomicU64,
    /// Datagrams longer than any frame.
    pub(crate) oversized: AtomicU64,
    /// Frames longer than a datagram may be.
    pub(crate) too_long: AtomicU64,
    /// Frames the peer or the system refused: nobody listens there, no route.
    pub(crate) refused: AtomicU64,
    /// Errors reported on reception, such as the echo of a refusal.
    pub(crate) receive_errors: AtomicU64,
}

impl Losses {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A dgram netdev. Dropping it ends its thread and closes its socket.
pub struct Dgram {
    info: String,
    losses: Arc<Losses>,
    // Before the path: first the thread ends, then the path goes.
    mailbox: Mailbox,
    _path: Option<BoundPath>,
}

impl Dgram {
    /// Opens the socket and starts the I/O thread.
    ///
    /// `remote` unicast wants `local` of the same type (inet or unix); a `remote` group takes `local` inet (the interface),
    /// fd (a socket that has joined) or none; without `remote`, `local` must be an fd.
    ///
    /// # Errors
    /// Another combination, an address that is none, or a refusal of the system. `id` names the thread.
    pub fn open(id: &str, options: &Options) -> Result<Self, DgramError> {
        let Opened { socket, peer, info, path } = socket::open(plan::plan(options)?)?;
        let losses = Arc::<Losses>::default();
        let counted = Arc::clone(&losses);
        let run = move |end: IoEnd| match peer {
            Peer::Connected => Io::<()>::new(socket, None, counted, end).run(),
            Peer::Inet(peer) => Io::new(socket, Some(peer), counted, end).run(),
            Peer::Unix(peer) => Io::new(socket, Some(peer), counted, end).run(),
        };
        let mailbox = Mailbox::spawn(format!("dgram {id}"), MAILBOX, run)
            .map_err(DgramError::os("can't start the I/O thread"))?;
        Ok(Self { info, losses, mailbox, _path: path })
    }
}

impl NetClient for Dgram {
    fn kind(&self) -> &'static str {
        "dgram"
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

    fn losses(&self) -> Vec<(&'static str, u64)> {
        let Losses { empty, oversized, too_long, refused, receive_errors } = &*self.losses;
        [
            ("empty-datagram", empty),
            ("oversized-datagram", oversized),
            ("too-long", too_long),
            ("refused", refused),
            ("receive-error", receive_errors),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
        .to_vec()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        self.mailbox.attach(doorbell);
    }
}

impl fmt::Debug for Dgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dgram {}", self.info)
    }
}
