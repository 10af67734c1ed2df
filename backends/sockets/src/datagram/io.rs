//! The I/O thread: datagrams in and out, in batches, asleep when there is nothing to do.
//!
//! A peer that takes nothing (a unix socket with a full queue, a device queue that is full) is tried again after a pause
//! that doubles up to 64 ms; writability is no help there, since an unconnected socket is writable all the time. Datagrams
//! are read only as long as the core has room, so that the kernel's buffer is the queue.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use elnic_contract::Frame;
use elnic_netclient::mailbox::IoEnd;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrLike, recvmmsg, sendmmsg};

use super::{DatagramLine, Encapsulation, Reopen, Status};

/// Datagrams a system call.
const BATCH: usize = 32;
/// The longest frame, the longest thing before it (an IPv4 header with options, L2TPv3 with its greatest offset), and a byte
/// to tell what is longer.
const BUFFER: usize = Frame::MAX_LENGTH + 512;
/// Milliseconds.
const FIRST_PAUSE: u8 = 1;
const LONGEST_PAUSE: u8 = 64;
/// How long a peer that went is left alone before the socket is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

pub(super) struct Io<S, E> {
    /// `None` while the peer is gone.
    line: Option<DatagramLine>,
    peer: Option<S>,
    encapsulation: E,
    status: Arc<Status>,
    reopen: Option<Reopen>,
    /// When to open the socket again.
    reopen_at: Option<Instant>,
    end: IoEnd,
    /// Frames on their way out with what goes before them, in the order of sending.
    outgoing: Vec<(Vec<u8>, Frame)>,
    send_headers: MultiHeaders<S>,
    receive_headers: MultiHeaders<()>,
    buffers: Vec<Vec<u8>>,
    /// Milliseconds to wait before trying again what did not go; 0 once something did.
    pause: u8,
    /// The descriptor called and there was nothing to read: do not listen to it for a pause.
    cried_wolf: bool,
}

impl<S: SockaddrLike + Copy, E: Encapsulation> Io<S, E> {
    pub(super) fn new(
        line: DatagramLine,
        peer: Option<S>,
        encapsulation: E,
        status: Arc<Status>,
        reopen: Option<Reopen>,
        end: IoEnd,
    ) -> Self {
        Self {
            line: Some(line),
            peer,
            encapsulation,
            status,
            reopen,
            reopen_at: None,
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
    pub(super) fn run(mut self) {
        while !self.end.is_closed() {
            if self.line.is_none() {
                self.await_peer();
                continue;
            }
            let sent = self.send();
            let received = self.receive();
            if !(sent || received) {
                self.sleep();
            }
        }
    }

    /// Sends a batch; whether anything moved.
    fn send(&mut self) -> bool {
        let Some(line) = &self.line else { return false };
        while self.outgoing.len() < BATCH
            && let Some(frame) = self.end.next()
        {
            let mut header = Vec::new();
            self.encapsulation.header(&mut header);
            self.outgoing.push((header, frame));
        }
        if self.outgoing.is_empty() {
            return false;
        }
        let slices: Vec<_> = self
            .outgoing
            .iter()
            .map(|(header, frame)| [IoSlice::new(header), IoSlice::new(frame.data())])
            .collect();
        let peers = vec![self.peer; slices.len()];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let fd = line.socket.as_raw_fd();
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
                Status::count(&self.status.too_long);
                1
            }
            Err(_) => {
                Status::count(&self.status.refused);
                1
            }
        };
        self.outgoing.drain(..gone.min(self.outgoing.len()));
        self.pause = if gone == 0 { self.longer_pause() } else { 0 };
        gone > 0
    }

    /// Reads a batch as far as the core has room; whether anything came.
    fn receive(&mut self) -> bool {
        let Some(line) = &self.line else { return false };
        let count = self.end.room().min(BATCH);
        if count == 0 {
            return false;
        }
        let mut slices: Vec<_> =
            self.buffers.iter_mut().take(count).map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let fd = line.socket.as_raw_fd();
        let lengths: Vec<usize> =
            match recvmmsg(fd, &mut self.receive_headers, &mut slices, flags, None) {
                Ok(messages) => messages.map(|message| message.bytes).collect(),
                Err(Errno::EAGAIN) => return false,
                Err(Errno::EINTR) => return true,
                Err(_) => {
                    // What an earlier datagram of ours met; reading it clears it.
                    Status::count(&self.status.receive_errors);
                    return false;
                }
            };
        let mut put = false;
        for (buffer, length) in self.buffers.iter().zip(&lengths) {
            let payload = buffer.get(..*length).map(|data| self.encapsulation.payload(data));
            match payload {
                Some(Ok([])) => Status::count(&self.status.empty),
                Some(Ok(frame)) if frame.len() <= Frame::MAX_LENGTH => {
                    // There is room: it was counted above, and only this thread fills it.
                    put |= self.end.put(Bytes::copy_from_slice(frame)).is_ok();
                }
                Some(Err(_)) => Status::count(&self.status.malformed),
                _ => Status::count(&self.status.oversized),
            }
        }
        if put {
            self.end.ring();
        }
        !lengths.is_empty()
    }

    /// Waits for the bell, for datagrams if the core has room for them, for the peer's end, and for the end of a pause.
    fn sleep(&mut self) {
        let room = self.end.room() > 0;
        let stuck = !self.outgoing.is_empty();
        if !self.end.doze(!stuck, !room) {
            return;
        }
        let Some(line) = &self.line else { return };
        let pause = if stuck || self.cried_wolf { self.pause.max(FIRST_PAUSE) } else { 0 };
        let timeout = if pause > 0 { PollTimeout::from(pause) } else { PollTimeout::NONE };
        let listens = room && !self.cried_wolf;
        let mut waited = vec![PollFd::new(self.end.bell(), PollFlags::POLLIN)];
        if listens {
            waited.push(PollFd::new(line.socket.as_fd(), PollFlags::POLLIN));
        }
        if let Some(liveness) = &line.liveness {
            waited.push(PollFd::new(liveness.as_fd(), PollFlags::POLLIN));
        }
        // An error (EINTR) is a wake-up like any other: the loop looks again.
        let _ = poll(&mut waited, timeout);
        let calls = |at: usize| waited.get(at).and_then(PollFd::any) == Some(true);
        let called = listens && calls(1);
        let ended = line.liveness.is_some() && calls(waited.len() - 1);
        self.end.awake();
        if ended {
            self.lose_peer();
            return;
        }
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

    /// The connection beside the socket has ended, or says something, which it never does in earnest.
    fn lose_peer(&mut self) {
        // What still stands in the socket was sent while the peer was there.
        while self.receive() {}
        self.line = None;
        self.reopen_at = self.reopen.is_some().then(|| Instant::now() + REOPEN_AFTER);
        self.status.up.store(false, Ordering::Release);
        self.end.ring();
    }

    /// Frames for a peer that is gone are lost; now and then the socket is opened again.
    fn await_peer(&mut self) {
        let lost = self.outgoing.drain(..).count() + std::iter::from_fn(|| self.end.next()).count();
        self.status.disconnected.fetch_add(lost as u64, Ordering::Relaxed);
        let now = Instant::now();
        if self.reopen_at.is_some_and(|at| now >= at)
            && let Some(reopen) = &mut self.reopen
        {
            match reopen() {
                Ok(line) => {
                    self.line = Some(line);
                    self.reopen_at = None;
                    self.pause = 0;
                    self.cried_wolf = false;
                    self.status.up.store(true, Ordering::Release);
                    return self.end.ring();
                }
                Err(_) => self.reopen_at = Some(now + REOPEN_AFTER),
            }
        }
        if self.end.doze(true, false) {
            let timeout = self.reopen_at.map_or(PollTimeout::NONE, |at| {
                PollTimeout::try_from(at.saturating_duration_since(now)).unwrap_or(PollTimeout::MAX)
            });
            let _ = poll(&mut [PollFd::new(self.end.bell(), PollFlags::POLLIN)], timeout);
            self.end.awake();
        }
    }
}
