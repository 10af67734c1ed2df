//! The way to the host's sockets: one thread that owns them, and two bounded mailboxes.
//!
//! The machine's thread never blocks and never touches a socket after it has handed it over. The thread starts with the
//! first command, so a network that answers for itself has none. What the thread reports enters the machine in
//! [`Io::receive`] only, which the stack calls from `poll`.

mod bounced;
mod child;
mod datagram;
mod message;
mod resolver;
mod stream;
mod trouble;
mod watch;
mod worker;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use elnic_netclient::Doorbell;
use polling::Poller;

pub(crate) use message::{Command, DatagramKind, Event, FlowId};
use worker::Worker;

/// Commands on their way to the thread.
const COMMAND_CAPACITY: usize = 1024;
/// Events on their way to the machine.
const EVENT_CAPACITY: usize = 1024;

/// Flags both sides look at.
#[derive(Debug, Default)]
struct Shared {
    /// The thread has events that did not fit the mailbox.
    events_wait: AtomicBool,
    /// The machine has commands that did not fit the mailbox.
    commands_wait: AtomicBool,
    /// Rung when there are events. The thread may be there before it is.
    doorbell: OnceLock<Doorbell>,
}

impl Shared {
    fn ring(&self) {
        if let Some(doorbell) = self.doorbell.get() {
            doorbell.ring();
        }
    }
}

#[derive(Debug)]
struct Running {
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    poller: Arc<Poller>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The machine's end of the mailboxes.
#[derive(Debug)]
pub(crate) struct Io {
    resolver: Option<SocketAddr>,
    shared: Arc<Shared>,
    running: Option<Running>,
    next_flow: u64,
    /// Commands that did not fit the mailbox.
    backlog: VecDeque<Command>,
    /// Answers to commands given while there is no thread.
    refusals: VecDeque<Event>,
}

impl Io {
    pub(crate) fn new(resolver: Option<SocketAddr>) -> Self {
        Self {
            resolver,
            shared: Arc::default(),
            running: None,
            next_flow: 0,
            backlog: VecDeque::new(),
            refusals: VecDeque::new(),
        }
    }

    /// Lets the thread ring `doorbell` from now on, at once if it had something to ring for before.
    pub(crate) fn attach(&mut self, doorbell: Doorbell) {
        if self.running.is_some() {
            doorbell.ring();
        }
        if self.shared.doorbell.set(doorbell).is_err() {
            tracing::error!("a second doorbell is not connected");
        }
    }

    /// A name for a new flow.
    pub(crate) fn new_flow(&mut self) -> FlowId {
        self.next_flow += 1;
        FlowId(self.next_flow)
    }

    /// Whether the mailbox takes commands at once: what may be lost is not to be sent otherwise.
    pub(crate) fn has_room(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Gives the thread a command, starting it if there is none.
    pub(crate) fn send(&mut self, command: Command) {
        if self.running.is_none() {
            match Running::start(Arc::clone(&self.shared), self.resolver) {
                Ok(running) => self.running = Some(running),
                Err(error) => {
                    tracing::error!(%error, "the thread for the host's sockets does not start");
                    self.refusals.extend(command.refusal());
                    return;
                }
            }
        }
        self.backlog.push_back(command);
        self.flush();
    }

    /// Moves waiting commands into the mailbox.
    pub(crate) fn flush(&mut self) {
        let Some(running) = &self.running else { return };
        let Some(commands) = &running.commands else { return };
        let mut moved = false;
        while let Some(command) = self.backlog.pop_front() {
            match commands.try_send(command) {
                Ok(()) => moved = true,
                Err(TrySendError::Full(command)) => {
                    self.backlog.push_front(command);
                    if running.shared.commands_wait.swap(true, Ordering::SeqCst) {
                        break;
                    }
                    // Once more, now that the thread knows to ring when it has made room.
                }
                Err(TrySendError::Disconnected(command)) => {
                    self.refusals.extend(command.refusal());
                }
            }
        }
        if moved {
            running.wake();
        }
    }

    /// The next thing the thread reports.
    pub(crate) fn receive(&mut self) -> Option<Event> {
        if let Some(event) = self.refusals.pop_front() {
            return Some(event);
        }
        let running = self.running.as_ref()?;
        let event = running.events.try_recv().ok();
        if running.shared.events_wait.swap(false, Ordering::SeqCst) {
            running.wake();
        }
        event
    }
}

#[cfg(test)]
impl Io {
    /// Mailboxes whose other ends the test holds instead of a thread.
    pub(crate) fn without_thread() -> (Self, Receiver<Command>, Sender<Event>) {
        let (command_sender, command_receiver) = bounded(COMMAND_CAPACITY);
        let (event_sender, event_receiver) = bounded(EVENT_CAPACITY);
        let running = Running {
            commands: Some(command_sender),
            events: event_receiver,
            poller: Arc::new(Poller::new().unwrap()),
            shared: Arc::default(),
            thread: None,
        };
        let io = Self { running: Some(running), ..Self::new(None) };
        (io, command_receiver, event_sender)
    }
}

impl Running {
    fn start(shared: Arc<Shared>, resolver: Option<SocketAddr>) -> std::io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let (command_sender, command_receiver) = bounded(COMMAND_CAPACITY);
        let (event_sender, event_receiver) = bounded(EVENT_CAPACITY);
        let worker = Worker::new(
            Arc::clone(&poller),
            command_receiver,
            event_sender,
            Arc::clone(&shared),
            resolver,
        );
        let thread =
            std::thread::Builder::new().name("user-net".to_owned()).spawn(move || worker.run())?;
        Ok(Self {
            commands: Some(command_sender),
            events: event_receiver,
            poller,
            shared,
            thread: Some(thread),
        })
    }

    fn wake(&self) {
        if let Err(error) = self.poller.notify() {
            tracing::error!(%error, "the thread for the host's sockets cannot be woken");
        }
    }
}

impl Drop for Running {
    /// A closed mailbox ends the thread.
    fn drop(&mut self) {
        self.commands = None;
        self.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for the host's sockets has panicked");
        }
    }
}
