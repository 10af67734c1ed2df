//! The way out to a client: a queue, and a thread that writes.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::channel::{Receiver, Sender, unbounded};

/// Bytes that wait for a client before it is cut off.
const MOST_QUEUED: usize = 16 << 20;
/// Bytes that wait for a client before no more of its commands are carried out.
const ENOUGH: usize = 64 << 10;

/// Sends to one client. Never blocks.
#[derive(Clone)]
pub struct Outlet {
    sender: Sender<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    cut: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet").field("queued", &self.queued()).finish_non_exhaustive()
    }
}

impl Outlet {
    /// An outlet whose thread writes to `to`, and calls `written` each time; `cut` breaks the connection.
    pub(super) fn new(
        to: impl Write + Send + 'static,
        cut: impl Fn() + Send + Sync + 'static,
        written: impl Fn() + Send + 'static,
    ) -> Self {
        let (sender, receiver) = unbounded();
        let queued = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&queued);
        std::thread::spawn(move || write_all(to, &receiver, &counter, written));
        Self { sender, queued, cut: Arc::new(cut) }
    }

    /// Queues bytes. A client that has not read for so long that too many wait is cut off.
    pub fn send(&self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let before = self.queued.fetch_add(length, Ordering::AcqRel);
        if before + length > MOST_QUEUED {
            self.queued.fetch_sub(length, Ordering::AcqRel);
            tracing::warn!("a monitor's client does not read: it is cut off");
            self.cut();
            return;
        }
        // The thread ends when its client has gone; nobody reads then.
        if self.sender.send(bytes).is_err() {
            self.queued.fetch_sub(length, Ordering::AcqRel);
        }
    }

    /// Bytes that wait.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }

    /// Whether the client reads what it is told.
    pub fn is_read(&self) -> bool {
        self.queued() < ENOUGH
    }

    /// Breaks the connection.
    pub fn cut(&self) {
        (self.cut)();
    }
}

fn write_all(
    mut to: impl Write,
    chunks: &Receiver<Vec<u8>>,
    queued: &AtomicUsize,
    written: impl Fn(),
) {
    for chunk in chunks {
        let result = to.write_all(&chunk).and_then(|()| to.flush());
        queued.fetch_sub(chunk.len(), Ordering::AcqRel);
        if let Err(error) = result {
            tracing::debug!("a monitor's client has gone: {error}");
            // What is still queued will never be read.
            queued.store(0, Ordering::Release);
            return;
        }
        if queued.load(Ordering::Acquire) < ENOUGH {
            written();
        }
    }
}
