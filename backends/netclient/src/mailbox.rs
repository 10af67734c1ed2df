//! The way between the core and a client's I/O thread: two bounded queues and two bells.
//!
//! Neither side ever waits for the other inside the queue. A full queue towards the core stops the I/O thread from reading
//! its descriptor; a full queue towards the host shows as no credits. The bell towards the I/O thread is a socket pair, so
//! that it can be waited for together with the descriptor, and is only rung while that thread says it sleeps.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use bytes::Bytes;
use crossbeam::queue::ArrayQueue;
use elnic_contract::{Frame, Offload, VTime};

use crate::Doorbell;
use crate::wish::Wishes;

struct Shared {
    to_host: ArrayQueue<Frame>,
    to_core: ArrayQueue<(Bytes, Offload)>,
    /// What the I/O thread sleeps for: frames towards the host, room towards the core.
    wishes: Wishes,
    closed: AtomicBool,
    doorbell: OnceLock<Doorbell>,
}

/// The core's end. Dropping it ends the I/O thread and waits for it.
pub struct Mailbox {
    shared: Arc<Shared>,
    bell: UnixStream,
    thread: Option<JoinHandle<()>>,
}

/// The I/O thread's end.
pub struct IoEnd {
    shared: Arc<Shared>,
    bell: UnixStream,
}

impl Mailbox {
    /// A mailbox of `capacity` frames each way, and a thread called `name` that runs `io` on its other end.
    ///
    /// `io` must return soon once [`IoEnd::is_closed`] says so, and sleep on [`IoEnd::bell`] after [`IoEnd::doze`].
    ///
    /// # Errors
    /// The host has no descriptors or threads left.
    pub fn spawn(
        name: String,
        capacity: usize,
        io: impl FnOnce(IoEnd) + Send + 'static,
    ) -> io::Result<Self> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            to_host: ArrayQueue::new(capacity.max(1)),
            to_core: ArrayQueue::new(capacity.max(1)),
            wishes: Wishes::new(),
            closed: AtomicBool::new(false),
            doorbell: OnceLock::new(),
        });
        let end = IoEnd { shared: Arc::clone(&shared), bell: heard };
        let thread = std::thread::Builder::new().name(name).spawn(move || io(end))?;
        Ok(Self { shared, bell, thread: Some(thread) })
    }

    /// Whom the I/O thread tells of frames; the first one stays.
    pub fn attach(&self, doorbell: Doorbell) {
        let _ = self.shared.doorbell.set(doorbell);
        // Frames may have come, or a connection, before there was anyone to tell.
        self.shared.doorbell.get().into_iter().for_each(Doorbell::ring);
    }

    /// How many frames the queue towards the host takes.
    pub fn room(&self) -> usize {
        self.shared.to_host.capacity() - self.shared.to_host.len()
    }

    /// How many frames wait for the core.
    pub fn waiting(&self) -> usize {
        self.shared.to_core.len()
    }

    /// Moves frames from the front of `frames` towards the host, as many as there is room for.
    pub fn send(&self, frames: &mut VecDeque<Frame>) {
        while let Some(frame) = frames.pop_front() {
            if let Err(frame) = self.shared.to_host.push(frame) {
                frames.push_front(frame);
                break;
            }
        }
        if self.shared.wishes.frames_came() {
            self.wake();
        }
    }

    /// Appends at most `budget` frames from the host to `out`, as arriving `now`.
    pub fn receive(&self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        let mut taken = 0;
        while taken < budget
            && let Some((bytes, offload)) = self.shared.to_core.pop()
        {
            taken += 1;
            // The I/O thread checked the length.
            out.extend(Frame::with_offload(bytes, now, offload));
        }
        if taken > 0 && self.shared.wishes.room_came() {
            self.wake();
        }
    }

    fn wake(&self) {
        // A full socket means that it was rung already.
        let _ = (&self.bell).write(&[0]);
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        let _ = (&self.bell).write(&[0]);
        if let Some(thread) = self.thread.take() {
            // A panic on that thread was reported by the thread.
            let _ = thread.join();
        }
    }
}

impl IoEnd {
    /// Whether the core's end is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::SeqCst)
    }

    /// The next frame for the host.
    pub fn next(&self) -> Option<Frame> {
        self.shared.to_host.pop()
    }

    /// How many frames the queue towards the core takes.
    pub fn room(&self) -> usize {
        self.shared.to_core.capacity() - self.shared.to_core.len()
    }

    /// Puts a frame into the queue towards the core; gives it back if that is full or it is no frame (empty, or longer
    /// than [`Frame::MAX_LENGTH`]).
    ///
    /// # Errors
    /// The bytes.
    pub fn put(&self, bytes: Bytes) -> Result<(), Bytes> {
        self.put_unfinished(bytes, Offload::default())
    }

    /// Puts a frame as [`IoEnd::put`] does, with the work its sender left.
    ///
    /// # Errors
    /// The bytes.
    pub fn put_unfinished(&self, bytes: Bytes, offload: Offload) -> Result<(), Bytes> {
        if (1..=Frame::MAX_LENGTH).contains(&bytes.len()) {
            self.shared.to_core.push((bytes, offload)).map_err(|(bytes, _)| bytes)
        } else {
            Err(bytes)
        }
    }

    /// Tells the core that there are frames: once after a batch.
    pub fn ring(&self) {
        if let Some(doorbell) = self.shared.doorbell.get() {
            doorbell.ring();
        }
    }

    /// Announces that this thread is going to wait for [`IoEnd::bell`], which will then ring for the end, for frames
    /// towards the host if `frames`, for room towards the core if `room`. Returns `false` if there is something of the
    /// kind already: do not sleep.
    pub fn doze(&self, frames: bool, room: bool) -> bool {
        let there_is = || {
            self.is_closed()
                || (frames && !self.shared.to_host.is_empty())
                || (room && !self.shared.to_core.is_full())
        };
        let sleeps = self.shared.wishes.doze(frames, room, there_is);
        if !sleeps {
            self.silence();
        }
        sleeps
    }

    /// Silences the bell after waiting for it.
    pub fn awake(&self) {
        self.shared.wishes.awake();
        self.silence();
    }

    fn silence(&self) {
        let mut sink = [0; 64];
        while matches!((&self.bell).read(&mut sink), Ok(count) if count > 0) {}
    }

    /// What to wait for together with the client's own descriptor: readable when rung, and at the end.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    /// Echoes until the end, sleeping on the bell alone and without a timeout: a missed ring hangs the test.
    fn echo(end: IoEnd) {
        let mut kept = None;
        while !end.is_closed() {
            while let Some(bytes) = kept.take().or_else(|| end.next().map(|frame| frame.bytes())) {
                if let Err(bytes) = end.put(bytes) {
                    kept = Some(bytes);
                    break;
                }
                end.ring();
            }
            if end.doze(kept.is_none(), kept.is_some()) {
                poll(&mut [PollFd::new(end.bell(), PollFlags::POLLIN)], PollTimeout::NONE).unwrap();
                end.awake();
            }
        }
    }

    #[test]
    fn no_frame_is_lost_reordered_or_left_asleep() {
        const COUNT: u32 = 50_000;
        let mailbox = Mailbox::spawn("echo".to_owned(), 8, echo).unwrap();
        let (rung, doorbell) = mpsc::sync_channel(1);
        mailbox.attach(Doorbell::new(move || {
            let _ = rung.try_send(());
        }));
        let frame = |number: u32| Frame::new(number.to_be_bytes().to_vec(), VTime::ZERO).unwrap();
        let (mut waiting, mut sent, mut heard) = (VecDeque::new(), 0, Vec::new());
        while heard.len() < COUNT as usize {
            while waiting.len() < 8 && sent < COUNT {
                waiting.push_back(frame(sent));
                sent += 1;
            }
            mailbox.send(&mut waiting);
            let before = heard.len();
            mailbox.receive(VTime::ZERO, 5, &mut heard);
            if heard.len() == before {
                doorbell.recv().unwrap();
            }
        }
        for (number, heard) in (0..COUNT).zip(&heard) {
            assert_eq!(heard, &frame(number));
        }
    }

    #[test]
    fn what_is_no_frame_comes_back() {
        let (tell, told) = mpsc::channel();
        let _mailbox = Mailbox::spawn("put".to_owned(), 1, move |end| {
            tell.send(
                [0, 1, 1, Frame::MAX_LENGTH + 1]
                    .map(|size| end.put(Bytes::from(vec![0; size])).is_ok()),
            )
            .unwrap();
        })
        .unwrap();
        assert_eq!(told.recv().unwrap(), [false, true, false, false]);
    }
}
