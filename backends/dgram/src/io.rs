//! The I/O thread: datagrams in and out, in batches, asleep when there is nothing to do.
//!
//! A peer that takes nothing (a unix socket with a full queue, a device queue that is full) is tried again after a pause
//! that doubles up to 64 ms; writability is no help there, since an unconnected socket is writable all the time. Datagrams
//! are read only as long as the core has room, so that the kernel's buffer is the queue.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use bytes::Bytes;
use elnic_contract::Frame;
use elnic_netclient::mailbox::IoEnd;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrLike, recvmmsg, sendmmsg};

use crate::dgram::Losses;

/// Datagrams a system call.
const BATCH: usize = 32;
/// One byte more than a frame, to tell what is longer.
const BUFFER: usize = Frame::MAX_LENGTH + 1;
/// Milliseconds.
const FIRST_PAUSE: u8 = 1;
const LONGEST_PAUSE: u8 = 64;

pub(crate) struct Io<S> {
    socket: OwnedFd,
    peer: Option<S>,
    losses: Arc<Losses>,
    end: IoEnd,
    /// Frames on their way out, in the order of sending.
    outgoing: Vec<Frame>,
    send_headers: MultiHeaders<S>,
    receive_headers: MultiHeaders<()>,
    buffers: Vec<Vec<u8>>,
    /// Milliseconds to wait before trying again what did not go; 0 once something did.
    pause: u8,
    /// The descriptor called and there was nothing to read: do not listen to it for a pause.
    cried_wolf: bool,
}

impl<S: SockaddrLike + Copy> Io<S> {
    pub(crate) fn new(socket: OwnedFd, peer: Option<S>, losses: Arc<Losses>, end: IoEnd) -> Self {
        Self {
            socket,
            peer,
            losses,
            end,
            outgoing: Vec::with_capacity(BATCH),
            send_headers: MultiHeaders::preallocate(BATCH, None),
            receive_headers: MultiHeaders::preallocate(BATCH, None),
            buffers: vec![vec![0; BUFFER]; BATCH],
            pause: 0,
            cried_wolf: false,
        }
    }

    /// Moves datagrams until the core's end is gone.
    pub(crate) fn run(mut self) {
        while !self.end.is_closed() {
            let sent = self.send();
            let received = self.receive();
            if !(sent || received) {
                self.sleep();
            }
        }
    }

    /// Sends a batch; whether anything moved.
    fn send(&mut self) -> bool {
        while self.outgoing.len() < BATCH
            && let Some(frame) = self.end.next()
        {
            self.outgoing.push(frame);
        }
        if self.outgoing.is_empty() {
            return false;
        }
        let slices: Vec<_> =
            self.outgoing.iter().map(|frame| [IoSlice::new(frame.data())]).collect();
        let peers = vec![self.peer; slices.len()];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let fd = self.socket.as_raw_fd();
        let result =
            sendmmsg(fd, &mut self.send_headers, &slices, peers, [], flags).map(Iterator::count);
        drop(slices);
        let gone = match result {
            Ok(count) => count,
            // Try again later; ENOBUFS is the same said by a device queue.
            Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => 0,
            Err(Errno::EINTR) => return true,
            // The first frame of the batch cannot go. It is lost, as on a cable nobody listens to.
            Err(Errno::EMSGSIZE) => {
                Losses::count(&self.losses.too_long);
                1
            }
            Err(_) => {
                Losses::count(&self.losses.refused);
                1
            }
        };
        self.outgoing.drain(..gone.min(self.outgoing.len()));
        self.pause = if gone == 0 { self.longer_pause() } else { 0 };
        gone > 0
    }

    /// Reads a batch as far as the core has room; whether anything came.
    fn receive(&mut self) -> bool {
        let count = self.end.room().min(BATCH);
        if count == 0 {
            return false;
        }
        let mut slices: Vec<_> =
            self.buffers.iter_mut().take(count).map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let fd = self.socket.as_raw_fd();
        let lengths: Vec<usize> =
            match recvmmsg(fd, &mut self.receive_headers, &mut slices, flags, None) {
                Ok(messages) => messages.map(|message| message.bytes).collect(),
                Err(Errno::EAGAIN) => return false,
                Err(Errno::EINTR) => return true,
                Err(_) => {
                    // What an earlier datagram of ours met; reading it clears it.
                    Losses::count(&self.losses.receive_errors);
                    return false;
                }
            };
        let mut put = false;
        for (buffer, length) in self.buffers.iter().zip(&lengths) {
            match buffer.get(..*length) {
                Some([]) => Losses::count(&self.losses.empty),
                Some(frame) if frame.len() <= Frame::MAX_LENGTH => {
                    // There is room: it was counted above, and only this thread fills it.
                    put |= self.end.put(Bytes::copy_from_slice(frame)).is_ok();
                }
                _ => Losses::count(&self.losses.oversized),
            }
        }
        if put {
            self.end.ring();
        }
        !lengths.is_empty()
    }

    /// Waits for the bell, for datagrams if the core has room for them, and for the end of a pause.
    fn sleep(&mut self) {
        let room = self.end.room() > 0;
        let stuck = !self.outgoing.is_empty();
        if !self.end.doze(!stuck, !room) {
            return;
        }
        let pause = if stuck || self.cried_wolf { self.pause.max(FIRST_PAUSE) } else { 0 };
        let timeout = if pause > 0 { PollTimeout::from(pause) } else { PollTimeout::NONE };
        let listens = room && !self.cried_wolf;
        let bell = PollFd::new(self.end.bell(), PollFlags::POLLIN);
        let datagrams = PollFd::new(self.socket.as_fd(), PollFlags::POLLIN);
        let mut waited = [bell, datagrams];
        // An error (EINTR) is a wake-up like any other: the loop looks again.
        let _ = poll(&mut waited[..if listens { 2 } else { 1 }], timeout);
        let called = listens && waited[1].any() == Some(true);
        self.end.awake();
        // A hung-up peer keeps a descriptor calling without anything to read.
        let received = called && self.receive();
        self.cried_wolf = called && !received;
        if !stuck {
            self.pause = match self.cried_wolf {
                true => self.longer_pause(),
                false if received => 0,
                false => self.pause,
            };
        }
    }

    fn longer_pause(&self) -> u8 {
        self.pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
    }
}
