//! The thread that waits: for back ends to come and to go, and for their calls.
//!
//! Messages are said by the machine's thread, which must not go on before a ring has stopped. So that a back end that
//! answers nothing cannot hold it for ever, this thread cuts the connection of one that takes too long.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use elnic_netclient::Doorbell;
use elnic_sockets::{Connector, NoConnection};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::VhostUserError;
use crate::session::Session;

/// How long a back end may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether one takes longer, in ms.
const LOOK: u16 = 1000;
/// How long to wait after a back end that will not do.
const PAUSE: Duration = Duration::from_millis(200);

/// A back end that is there.
pub(crate) struct Contact {
    /// Tells it from the one before.
    pub(crate) number: u64,
    pub(crate) session: Session,
}

/// What the machine's thread and this one share.
#[derive(Default)]
pub(crate) struct Shared {
    contact: Mutex<Option<Contact>>,
    /// Apart from the contact, which is locked while something is said.
    watched: Mutex<Watched>,
    /// By ring.
    pub(crate) called: Vec<AtomicBool>,
    closed: AtomicBool,
    pub(crate) doorbell: OnceLock<Doorbell>,
    failure: Mutex<Option<String>>,
}

#[derive(Default)]
struct Watched {
    stream: Option<UnixStream>,
    /// Since when an answer is awaited.
    since: Option<Instant>,
}

/// A state is put in one move: a panic elsewhere leaves a whole one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(rings: usize) -> Self {
        let called = (0..rings).map(|_| AtomicBool::new(false)).collect();
        Self { called, ..Self::default() }
    }

    /// The back end that is there.
    pub(crate) fn contact(&self) -> MutexGuard<'_, Option<Contact>> {
        lock(&self.contact)
    }

    /// Why there is none, in words.
    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Says something to the back end, if it is there, and watches that it answers. One that does not, or answers badly,
    /// is sent away.
    pub(crate) fn say<T>(
        &self,
        number: u64,
        what: impl FnOnce(&mut Session) -> Result<T, VhostUserError>,
    ) -> Option<Result<T, VhostUserError>> {
        let mut contact = self.contact();
        let contact = contact.as_mut().filter(|contact| contact.number == number)?;
        lock(&self.watched).since = Some(Instant::now());
        let result = what(&mut contact.session);
        lock(&self.watched).since = None;
        if result.is_err() {
            contact.session.hang_up();
        }
        Some(result)
    }

    /// The netdev is gone: the thread is to end, wherever it is. Its bell has to be rung besides.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.cut();
    }

    fn cut(&self) {
        if let Some(stream) = &lock(&self.watched).stream {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    fn ring(&self) {
        if let Some(doorbell) = self.doorbell.get() {
            doorbell.ring();
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// The thread.
pub(crate) struct Line {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connector: Connector,
    pub(crate) bell: UnixStream,
    /// Read ends of the rings' calls.
    pub(crate) calls: Vec<OwnedFd>,
    pub(crate) pairs: u16,
    /// What the first back end had: later ones must have it too.
    pub(crate) features: Option<u64>,
    /// Whom the first back end, or its absence, is told.
    pub(crate) first: Option<SyncSender<Result<u64, io::Error>>>,
}

impl Line {
    pub(crate) fn run(mut self) {
        let mut number = 0;
        while !self.shared.is_closed() {
            let stream = match self.connector.next(self.bell.as_fd()) {
                Ok(stream) => stream,
                Err(NoConnection::Rung) => continue,
                Err(NoConnection::Failed(error)) => {
                    *lock(&self.shared.failure) = Some(error.to_string());
                    if let Some(first) = self.first.take() {
                        let _ = first.send(Err(error));
                    }
                    return;
                }
            };
            number += 1;
            match self.greet(stream, number) {
                Ok(stream) => self.attend(&stream),
                Err(error) => {
                    tracing::warn!("{error}");
                    *lock(&self.shared.failure) = Some(error.to_string());
                    std::thread::sleep(PAUSE);
                }
            }
            *self.shared.contact() = None;
            lock(&self.shared.watched).stream = None;
            self.shared.ring();
        }
    }

    fn greet(&mut self, stream: UnixStream, number: u64) -> Result<UnixStream, VhostUserError> {
        let clone = stream.try_clone().map_err(VhostUserError::os("socket"))?;
        lock(&self.shared.watched).stream = Some(clone);
        if self.shared.is_closed() {
            self.shared.cut();
        }
        let session = Session::greet(&stream, self.pairs)?;
        let missing = self.features.unwrap_or(0) & !session.features;
        if missing != 0 {
            session.hang_up();
            return Err(VhostUserError::Features(missing));
        }
        let features = *self.features.get_or_insert(session.features);
        *lock(&self.shared.failure) = None;
        *self.shared.contact() = Some(Contact { number, session });
        if let Some(first) = self.first.take() {
            // Nobody waits any more: the netdev was given up.
            let _ = first.send(Ok(features));
        }
        self.shared.ring();
        Ok(stream)
    }

    /// Passes calls on until the back end is gone or the netdev is.
    fn attend(&self, stream: &UnixStream) {
        while !self.shared.is_closed() {
            let mut waited = vec![
                PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
                // A hang-up is told without being asked for; what comes in is for whoever asked.
                PollFd::new(stream.as_fd(), PollFlags::empty()),
            ];
            waited
                .extend(self.calls.iter().map(|call| PollFd::new(call.as_fd(), PollFlags::POLLIN)));
            // An error (EINTR) is a wake-up like any other.
            let _ = poll(&mut waited, PollTimeout::from(LOOK));
            let woken: Vec<bool> = waited.iter().map(|fd| fd.any().unwrap_or(false)).collect();
            for (queue, _) in woken.iter().skip(2).enumerate().filter(|(_, woken)| **woken) {
                self.called(queue);
            }
            if woken.get(1) == Some(&true) {
                return;
            }
            let since = lock(&self.shared.watched).since;
            if since.is_some_and(|since| since.elapsed() > PATIENCE) {
                tracing::warn!("vhost-user: the back end does not answer: its connection is cut");
                self.shared.cut();
            }
        }
    }

    fn called(&self, queue: usize) {
        let (Some(call), Some(called)) = (self.calls.get(queue), self.shared.called.get(queue))
        else {
            return;
        };
        let mut count = [0; 8];
        if nix::unistd::read(call, &mut count).is_ok() {
            called.store(true, Ordering::Release);
            self.shared.ring();
        }
    }
}
