//! The I/O thread: waits for the host's sockets and for commands, and reports.
//!
//! Sockets are watched one shot at a time and watched again, in one place, after anything has happened to them: what a
//! socket waits for cannot differ from what it is watched for, and a dead peer cannot spin the loop. While reports wait
//! for room in the mailbox nothing is read, so the backlog is bounded by what was read last.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use crossbeam::channel::{Receiver, Sender, TryRecvError, TrySendError};
use polling::{Event as Readiness, Events, Poller};

use super::datagram::Datagrams;
use super::resolver::Resolver;
use super::stream::Stream;
use super::watch::{self, Interest, Socket, Watched};
use super::{Command, Event, FlowId, Shared, child, trouble};
use crate::nat::Outside;

/// Most connections accepted before others get their turn.
const ACCEPT_BATCH: usize = 16;

/// The thread's state.
pub(super) struct Worker {
    poller: Arc<Poller>,
    commands: Receiver<Command>,
    events: Sender<Event>,
    shared: Arc<Shared>,
    resolver: Resolver,
    sockets: BTreeMap<FlowId, Watched>,
    /// Reports on their way into the mailbox.
    backlog: VecDeque<Event>,
    /// The mailbox is full: nothing is read.
    paused: bool,
    accepted: u64,
    /// Commands that run, or have ended and not been waited for.
    children: Vec<Child>,
}

impl Worker {
    pub(super) fn new(
        poller: Arc<Poller>,
        commands: Receiver<Command>,
        events: Sender<Event>,
        shared: Arc<Shared>,
        resolver: Option<SocketAddr>,
    ) -> Self {
        Self {
            poller,
            commands,
            events,
            shared,
            resolver: Resolver::new(resolver),
            sockets: BTreeMap::new(),
            backlog: VecDeque::new(),
            paused: false,
            accepted: FlowId::ACCEPTED,
            children: Vec::new(),
        }
    }

    /// Runs until the machine closes the mailbox.
    pub(super) fn run(mut self) {
        let mut events = Events::new();
        loop {
            events.clear();
            if let Err(error) = self.poller.wait(&mut events, None)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the thread for the host's sockets ends");
                break;
            }
            for event in events.iter() {
                self.ready(event);
            }
            if !self.obey() {
                break;
            }
            self.report();
        }
        for flow in self.sockets.keys().copied().collect::<Vec<_>>() {
            self.remove(flow);
        }
        for mut child in self.children {
            // A command that outlives its connection is ended, and leaves no trace in the process table.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn ready(&mut self, readiness: Readiness) {
        let Ok(key) = u64::try_from(readiness.key) else { return };
        let flow = FlowId(key);
        let Some(watched) = self.sockets.get_mut(&flow) else { return };
        watched.interest = Interest::default();
        match &mut watched.socket {
            Socket::Stream(stream) => {
                stream.ready(readiness.readable, readiness.writable, &mut self.backlog);
            }
            Socket::Datagrams(datagrams) => datagrams.ready(&mut self.backlog),
            Socket::Listener(_) => self.accept(flow),
        }
        self.watch(flow);
    }

    /// Carries out all commands there are; false if there will be no more.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => {
                    let flow = command.flow();
                    self.perform(command);
                    self.watch(flow);
                }
                Err(TryRecvError::Empty) => {
                    if self.shared.commands_wait.swap(false, Ordering::SeqCst) {
                        self.shared.ring();
                    }
                    return true;
                }
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Connect { flow, to } => self.connect(flow, to),
            Command::Spawn { flow, command, tcp } => self.spawn(flow, &command, tcp),
            Command::Listen { rule, listener } => self.insert(rule, Socket::Listener(listener)),
            Command::Open { flow, kind } => {
                let socket = Socket::Datagrams(Datagrams::new(flow, kind));
                self.sockets.insert(flow, Watched { socket, interest: Interest::default() });
            }
            Command::Adopt { flow, socket } => {
                self.insert(flow, Socket::Datagrams(Datagrams::adopt(flow, socket)));
            }
            Command::SendTo { flow, to, hop_limit, data } => {
                self.send_to(flow, to, hop_limit, &data);
            }
            Command::Send { flow, data } => {
                self.stream(flow, |stream, events| stream.send(data, events));
            }
            Command::Grant { flow, bytes } => self.stream(flow, |stream, _| stream.grant(bytes)),
            Command::Shutdown { flow } => self.stream(flow, Stream::shut_down),
            Command::Close { flow } => match self.socket(flow) {
                Some(Socket::Stream(_)) => self.stream(flow, Stream::close),
                _ => self.remove(flow),
            },
            Command::Abort { flow } => self.stream(flow, |stream, _| stream.abort()),
        }
    }

    fn socket(&self, flow: FlowId) -> Option<&Socket> {
        self.sockets.get(&flow).map(|watched| &watched.socket)
    }

    fn stream(&mut self, flow: FlowId, act: impl FnOnce(&mut Stream, &mut VecDeque<Event>)) {
        if let Some(Watched { socket: Socket::Stream(stream), .. }) = self.sockets.get_mut(&flow) {
            act(stream, &mut self.backlog);
        }
    }

    fn address(&mut self, to: Outside) -> Option<SocketAddr> {
        match to {
            Outside::Address(address) => Some(address),
            Outside::Resolver => self.resolver.current(),
        }
    }

    fn connect(&mut self, flow: FlowId, to: Outside) {
        let address = self.address(to).ok_or(io::ErrorKind::NetworkUnreachable.into());
        match address.and_then(|address| Stream::connect(flow, address)) {
            Ok(stream) => self.insert(flow, Socket::Stream(stream)),
            Err(error) => {
                let reason = trouble::of_connect(&error);
                self.backlog.push_back(Event::Refused { flow, reason });
            }
        }
    }

    /// Runs a command and treats it as a stream that is connected at once.
    fn spawn(&mut self, flow: FlowId, command: &str, tcp: bool) {
        self.children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        match child::spawn(command, tcp) {
            Ok((child, socket)) => {
                self.children.push(child);
                let fd = socket.as_raw_fd();
                self.insert(flow, Socket::Stream(Stream::new(flow, socket)));
                self.backlog.push_back(Event::Connected { flow, fd });
            }
            Err(error) => {
                tracing::warn!(%error, command, "a command of guestfwd cannot be run");
                self.backlog.push_back(Event::Refused { flow, reason: None });
            }
        }
    }

    fn send_to(&mut self, flow: FlowId, to: Outside, hop_limit: u8, data: &Bytes) {
        let address = self.address(to);
        let Some(Watched { socket: Socket::Datagrams(datagrams), .. }) =
            self.sockets.get_mut(&flow)
        else {
            return;
        };
        let is_new = datagrams.send(to, address, hop_limit, data, &mut self.backlog);
        if is_new && let Some(watched) = self.sockets.remove(&flow) {
            self.insert(flow, watched.socket);
        }
    }

    fn accept(&mut self, rule: FlowId) {
        for _ in 0..ACCEPT_BATCH {
            let Some(Socket::Listener(listener)) = self.socket(rule) else { return };
            let (socket, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    // The connection is gone, or the host is short of something: the next may do.
                    tracing::debug!(%error, "a connection to a forwarded port is lost");
                    return;
                }
            };
            if let Err(error) = socket.set_nonblocking(true) {
                tracing::warn!(%error, "a connection to a forwarded port cannot be used");
                continue;
            }
            self.accepted += 1;
            let (flow, fd) = (FlowId(self.accepted), socket.as_raw_fd());
            self.insert(flow, Socket::Stream(Stream::new(flow, socket)));
            self.backlog.push_back(Event::Accepted { rule, flow, peer, fd });
        }
    }

    /// Hands the reports over and rings.
    fn report(&mut self) {
        let was_paused = std::mem::take(&mut self.paused);
        let mut reported = false;
        while let Some(event) = self.backlog.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => reported = true,
                Err(TrySendError::Full(event)) => {
                    self.backlog.push_front(event);
                    if self.shared.events_wait.swap(true, Ordering::SeqCst) {
                        self.paused = true;
                        break;
                    }
                    // Once more, now that the machine knows to wake us when it has made room.
                }
                // The machine is going away; the next look at the commands ends the thread.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
        if reported {
            self.shared.ring();
        }
        if was_paused != self.paused {
            for flow in self.sockets.keys().copied().collect::<Vec<_>>() {
                self.watch(flow);
            }
        }
    }

    fn insert(&mut self, flow: FlowId, socket: Socket) {
        let Some(descriptor) = socket.descriptor() else { return };
        if let Err(error) = watch::add(&self.poller, descriptor, flow) {
            tracing::error!(%error, "a socket cannot be watched");
            self.backlog.push_back(Event::Reset { flow });
            return;
        }
        self.sockets.insert(flow, Watched { socket, interest: Interest::default() });
        self.watch(flow);
    }

    /// Watches the socket for what it waits for now, or drops it if it is dead.
    fn watch(&mut self, flow: FlowId) {
        let Some(watched) = self.sockets.get_mut(&flow) else { return };
        let wanted = match &watched.socket {
            Socket::Stream(stream) if stream.dead => return self.remove(flow),
            Socket::Stream(stream) => Interest {
                readable: stream.wants_read() && !self.paused,
                writable: stream.wants_write(),
            },
            Socket::Datagrams(_) | Socket::Listener(_) => {
                Interest { readable: !self.paused, writable: false }
            }
        };
        if wanted == watched.interest {
            return;
        }
        let Some(descriptor) = watched.socket.descriptor() else { return };
        watched.interest = wanted;
        if let Err(error) = watch::modify(&self.poller, descriptor, flow, wanted) {
            tracing::error!(%error, "a socket is no longer watched");
        }
    }

    fn remove(&mut self, flow: FlowId) {
        if let Some(watched) = self.sockets.remove(&flow)
            && let Some(descriptor) = watched.socket.descriptor()
        {
            watch::delete(&self.poller, descriptor);
        }
    }
}
