//! A connection that stands: frames onto it and off it, in batches.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::Ordering;

use elnic_contract::Frame;
use elnic_netclient::mailbox::IoEnd;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, sendmsg};
use socket2::Socket;

use super::Status;
use crate::framing::{Deframer, PREFIX, prefix};

/// Frames a system call.
const BATCH: usize = 64;

/// Why a connection ended.
pub(super) enum End {
    /// The peer closed it.
    Closed,
    /// It broke.
    Broken(String),
}

/// What a step did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Bytes moved.
    Moved,
    /// There was nothing to move, or no room for it.
    Idle,
    /// The socket takes nothing now.
    Blocked,
}

/// The connection.
pub(super) struct Line {
    socket: Socket,
    deframer: Deframer,
    outgoing: VecDeque<([u8; PREFIX], Frame)>,
    /// Bytes of the first outgoing frame, with its length, that are gone.
    gone: usize,
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Line {
    /// Takes the buffer of the connection before; half a frame in it is forgotten.
    pub(super) fn new(socket: Socket, mut deframer: Deframer) -> Self {
        deframer.reset();
        Self { socket, deframer, outgoing: VecDeque::with_capacity(BATCH), gone: 0 }
    }

    /// The buffer, for the next connection.
    pub(super) fn into_deframer(self) -> Deframer {
        self.deframer
    }

    /// Whether frames wait to be written.
    pub(super) fn is_stuck(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Frames that were not sent, or not wholly.
    pub(super) fn unsent(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether a frame was read and waits for room in the core.
    pub(super) fn holds_frame(&self) -> bool {
        self.deframer.has_more()
    }

    /// Writes what waits; a frame cut by a full socket goes on where it was cut.
    pub(super) fn send(&mut self, end: &IoEnd) -> Result<Step, End> {
        while self.outgoing.len() < BATCH
            && let Some(frame) = end.next()
        {
            self.outgoing.push_back((prefix(&frame), frame));
        }
        if self.outgoing.is_empty() {
            return Ok(Step::Idle);
        }
        let mut skip = self.gone;
        let mut slices = Vec::with_capacity(2 * self.outgoing.len());
        for (prefix, frame) in &self.outgoing {
            for part in [&prefix[..], frame.data()] {
                let left = part.get(skip..).unwrap_or_default();
                skip = skip.saturating_sub(part.len());
                if !left.is_empty() {
                    slices.push(IoSlice::new(left));
                }
            }
        }
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let sent = sendmsg::<()>(self.socket.as_raw_fd(), &slices, &[], flags, None);
        match sent {
            Ok(count) => {
                self.advance(count);
                Ok(Step::Moved)
            }
            Err(Errno::EAGAIN | Errno::ENOBUFS) => Ok(Step::Blocked),
            Err(Errno::EINTR) => Ok(Step::Moved),
            Err(Errno::EPIPE | Errno::ECONNRESET) => Err(End::Closed),
            Err(errno) => Err(End::Broken(errno.desc().to_owned())),
        }
    }

    fn advance(&mut self, count: usize) {
        self.gone += count;
        while let Some((prefix, frame)) = self.outgoing.front() {
            let whole = prefix.len() + frame.len();
            if self.gone < whole {
                break;
            }
            self.gone -= whole;
            self.outgoing.pop_front();
        }
    }

    /// Reads what came, and hands frames over as far as the core has room; reads on only once all are handed over.
    pub(super) fn receive(&mut self, end: &IoEnd, status: &Status) -> Result<Step, End> {
        if self.hand_over(end, status)? == Step::Blocked {
            return Ok(Step::Idle);
        }
        match (&self.socket).read(self.deframer.space()) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.deframer.filled(count);
                self.hand_over(end, status)?;
                Ok(Step::Moved)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Ok(Step::Blocked),
                io::ErrorKind::Interrupted => Ok(Step::Moved),
                io::ErrorKind::ConnectionReset => Err(End::Closed),
                _ => Err(End::Broken(error.to_string())),
            },
        }
    }

    /// Blocked if the core has no room for the next frame.
    fn hand_over(&mut self, end: &IoEnd, status: &Status) -> Result<Step, End> {
        let mut step = Step::Idle;
        while end.room() > 0 {
            match self.deframer.next_frame() {
                Ok(Some(frame)) => {
                    // There is room, and its length was checked.
                    let _ = end.put(frame);
                    step = Step::Moved;
                }
                Ok(None) => break,
                Err(oversized) => {
                    status.oversized.fetch_add(1, Ordering::Relaxed);
                    if step == Step::Moved {
                        end.ring();
                    }
                    return Err(End::Broken(oversized.to_string()));
                }
            }
        }
        status.empty.fetch_add(self.deframer.take_empty(), Ordering::Relaxed);
        if step == Step::Moved {
            end.ring();
        }
        Ok(if self.deframer.has_more() { Step::Blocked } else { step })
    }
}
