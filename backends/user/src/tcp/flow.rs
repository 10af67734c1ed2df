//! One connection: the guest's half is a socket of the engine, the host's half a stream of the I/O thread.
//!
//! Bytes move by credit in both directions, so that neither side can fill the other's memory: what the thread has not
//! taken counts against [`TO_HOST`], what the guest has not taken against [`FROM_HOST`].

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::{Buf, Bytes};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};

use crate::io::{Command, FlowId, Io};

/// Most bytes on their way from the guest to the host's socket.
const TO_HOST: usize = 256 << 10;
/// Most bytes on their way from the host's socket to the guest's.
pub(super) const FROM_HOST: usize = 128 << 10;

/// The two ends of a connection as the guest sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ends {
    pub(super) guest: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// How far a connection is.
#[derive(Debug)]
pub(super) enum Phase {
    /// The guest's SYN, kept until the host's half is connected.
    Connecting(Vec<u8>),
    /// The guest's half is this socket.
    Open(SocketHandle),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Flow {
    id: FlowId,
    pub(super) ends: Ends,
    pub(super) phase: Phase,
    /// The host's end of the forwarding rule it came through.
    pub(super) forwarded: Option<SocketAddr>,
    pub(super) fd: i32,
    /// Bytes that may still go to the host.
    to_host: usize,
    from_host: VecDeque<Bytes>,
    /// The host's peer will send no more.
    host_finished: bool,
    /// The host knows that the guest will send no more.
    guest_finished: bool,
    /// The I/O thread has nothing more to do for it.
    released: bool,
}

impl Flow {
    pub(super) fn new(id: FlowId, ends: Ends, phase: Phase) -> Self {
        Self {
            id,
            ends,
            phase,
            forwarded: None,
            fd: -1,
            to_host: TO_HOST,
            from_host: VecDeque::new(),
            host_finished: false,
            guest_finished: false,
            released: false,
        }
    }

    pub(super) fn taken_by_host(&mut self, bytes: usize) {
        self.to_host = self.to_host.saturating_add(bytes).min(TO_HOST);
    }

    pub(super) fn received(&mut self, data: Bytes) {
        self.from_host.push_back(data);
    }

    pub(super) fn host_finished(&mut self) {
        self.host_finished = true;
    }

    /// The host's half is gone.
    pub(super) fn host_gone(&mut self) {
        self.released = true;
        self.from_host.clear();
    }

    /// Lets go of the host's half: its peer sees a reset.
    pub(super) fn abort(&mut self, io: &mut Io) {
        if !std::mem::replace(&mut self.released, true) {
            io.send(Command::Abort { flow: self.id });
        }
    }

    /// Bytes that wait for the host, and bytes that wait for the guest.
    pub(super) fn queues(&self, socket: Option<&Socket<'_>>) -> (usize, usize) {
        let to_host = TO_HOST - self.to_host + socket.map_or(0, Socket::recv_queue);
        let waiting: usize = self.from_host.iter().map(Bytes::len).sum();
        (waiting + socket.map_or(0, Socket::send_queue), to_host)
    }

    /// Moves what can be moved between the two halves.
    pub(super) fn pump(&mut self, socket: &mut Socket<'_>, io: &mut Io) {
        self.pump_to_host(socket, io);
        self.pump_to_guest(socket, io);
        match socket.state() {
            // Both directions are through; what is left is the guest's business with the engine.
            State::TimeWait if self.guest_finished => self.release(io),
            State::Closed if self.guest_finished && self.host_finished => self.release(io),
            // The guest has reset the connection or has not been heard of for too long.
            State::Closed => self.abort(io),
            _ => {}
        }
    }

    fn pump_to_host(&mut self, socket: &mut Socket<'_>, io: &mut Io) {
        while self.to_host > 0 && socket.can_recv() && !self.released {
            let room = self.to_host;
            let received = socket.recv(|buffer| {
                let length = buffer.len().min(room);
                (length, Bytes::copy_from_slice(&buffer[..length]))
            });
            let Ok(data) = received else { break };
            self.to_host -= data.len();
            io.send(Command::Send { flow: self.id, data });
        }
        let finished = matches!(
            socket.state(),
            State::CloseWait | State::LastAck | State::Closing | State::TimeWait
        );
        if finished && !socket.can_recv() && !self.guest_finished {
            self.guest_finished = true;
            if !self.released {
                io.send(Command::Shutdown { flow: self.id });
            }
        }
    }

    fn pump_to_guest(&mut self, socket: &mut Socket<'_>, io: &mut Io) {
        let mut moved = 0;
        while let Some(data) = self.from_host.front_mut() {
            match socket.send_slice(data) {
                Ok(sent @ 1..) => {
                    data.advance(sent);
                    moved += sent;
                }
                _ => break,
            }
            if data.is_empty() {
                self.from_host.pop_front();
            }
        }
        if moved > 0 && !self.released && !self.host_finished {
            io.send(Command::Grant { flow: self.id, bytes: moved });
        }
        // In LAST-ACK the engine (smoltcp 0.14.0) takes a window update for a duplicate and never learns of the window, so
        // a guest that has closed its half gets the end when it has acknowledged everything before.
        let may_close = socket.state() != State::CloseWait || socket.send_queue() == 0;
        if self.host_finished && self.from_host.is_empty() && may_close {
            socket.close();
        }
    }

    fn release(&mut self, io: &mut Io) {
        if !std::mem::replace(&mut self.released, true) {
            io.send(Command::Close { flow: self.id });
        }
    }
}
