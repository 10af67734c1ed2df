//! A connected stream of the host, as the I/O thread sees it.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use bytes::{Buf, Bytes};
use socket2::{Domain, SockRef, Socket, Type};

use super::{Event, FlowId, trouble};

/// Most bytes read at once.
const READ_SIZE: usize = 64 << 10;

/// A stream and what is on its way through it.
#[derive(Debug)]
pub(super) struct Stream {
    flow: FlowId,
    pub(super) socket: TcpStream,
    connecting: bool,
    /// Bytes the machine still takes.
    granted: usize,
    /// The peer has sent all it will.
    finished: bool,
    to_write: VecDeque<Bytes>,
    /// Nothing comes after `to_write`.
    shutdown: bool,
    /// Nobody listens any more: goes when `to_write` is empty.
    closing: bool,
    /// Over: to be dropped.
    pub(super) dead: bool,
}

impl Stream {
    /// Starts to connect.
    ///
    /// # Errors
    /// The host refuses at once.
    pub(super) fn connect(flow: FlowId, to: SocketAddr) -> io::Result<Self> {
        let socket =
            Socket::new(Domain::for_address(to), Type::STREAM.cloexec().nonblocking(), None)?;
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        Ok(Self { connecting: true, ..Self::new(flow, socket.into()) })
    }

    /// Takes over a connected stream.
    pub(super) fn new(flow: FlowId, socket: TcpStream) -> Self {
        // What the guest sends has been through its own Nagle already.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a stream keeps its delay");
        }
        Self {
            flow,
            socket,
            connecting: false,
            granted: 0,
            finished: false,
            to_write: VecDeque::new(),
            shutdown: false,
            closing: false,
            dead: false,
        }
    }

    pub(super) fn wants_read(&self) -> bool {
        !self.connecting && self.granted > 0 && !self.finished && !self.closing
    }

    pub(super) fn wants_write(&self) -> bool {
        self.connecting || !self.to_write.is_empty()
    }

    pub(super) fn grant(&mut self, bytes: usize) {
        self.granted = self.granted.saturating_add(bytes);
    }

    pub(super) fn send(&mut self, data: Bytes, events: &mut VecDeque<Event>) {
        self.to_write.push_back(data);
        self.write(events);
    }

    pub(super) fn shut_down(&mut self, events: &mut VecDeque<Event>) {
        self.shutdown = true;
        self.write(events);
    }

    pub(super) fn close(&mut self, events: &mut VecDeque<Event>) {
        self.closing = true;
        self.write(events);
    }

    /// The peer is to see a reset.
    pub(super) fn abort(&mut self) {
        if let Err(error) = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "a stream ends in order instead of by a reset");
        }
        self.dead = true;
    }

    /// Does what the host is ready for.
    pub(super) fn ready(&mut self, readable: bool, writable: bool, events: &mut VecDeque<Event>) {
        if self.connecting {
            self.connected(events);
        }
        if writable && !self.connecting && !self.dead {
            self.write(events);
        }
        if readable && self.wants_read() && !self.dead {
            self.read(events);
        }
    }

    fn connected(&mut self, events: &mut VecDeque<Event>) {
        let outcome = match self.socket.take_error() {
            Ok(None) => self.socket.peer_addr().map(drop),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                self.connecting = false;
                events.push_back(Event::Connected { flow: self.flow, fd: self.socket.as_raw_fd() });
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
            Err(error) => {
                self.dead = true;
                let reason = trouble::of_connect(&error);
                events.push_back(Event::Refused { flow: self.flow, reason });
            }
        }
    }

    fn read(&mut self, events: &mut VecDeque<Event>) {
        let mut buffer = vec![0; READ_SIZE.min(self.granted)];
        match self.socket.read(&mut buffer) {
            Ok(0) => {
                self.finished = true;
                events.push_back(Event::Finished { flow: self.flow });
            }
            Ok(length) => {
                buffer.truncate(length);
                self.granted -= length;
                events.push_back(Event::Data { flow: self.flow, data: buffer.into() });
            }
            Err(error) => self.failed(&error, events),
        }
    }

    fn write(&mut self, events: &mut VecDeque<Event>) {
        if self.connecting || self.dead {
            return;
        }
        while let Some(data) = self.to_write.front_mut() {
            match self.socket.write(data) {
                Ok(bytes) => {
                    data.advance(bytes);
                    if data.is_empty() {
                        self.to_write.pop_front();
                    }
                    events.push_back(Event::Taken { flow: self.flow, bytes });
                }
                Err(error) => return self.failed(&error, events),
            }
        }
        if self.closing {
            self.dead = true;
        } else if self.shutdown {
            self.shutdown = false;
            if let Err(error) = self.socket.shutdown(Shutdown::Write) {
                self.failed(&error, events);
            }
        }
    }

    fn failed(&mut self, error: &io::Error, events: &mut VecDeque<Event>) {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) {
            return;
        }
        tracing::debug!(%error, flow = ?self.flow, "a stream breaks");
        self.dead = true;
        events.push_back(Event::Reset { flow: self.flow });
    }
}
