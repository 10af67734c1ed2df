//! The I/O thread: frames in and out of the interface's queues, in batches, asleep when there is nothing to do.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use elnic_contract::{Frame, Offload};
use elnic_netclient::mailbox::IoEnd;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::uio::{readv, writev};

use crate::Status;
use crate::interface::Queue;
use crate::vnet::{self, HEADER};

/// Frames of one queue before the next has its turn.
const BATCH: usize = 64;

pub(crate) struct Io {
    queues: Vec<Queue>,
    /// How long to look for frames before sleeping.
    busy: Duration,
    status: Arc<Status>,
    end: IoEnd,
    /// A frame the kernel had no room for.
    stuck: Option<Frame>,
    buffer: Vec<u8>,
}

impl Io {
    pub(crate) fn new(queues: Vec<Queue>, busy: Duration, status: Arc<Status>, end: IoEnd) -> Self {
        // One byte more than a frame, to tell what is longer.
        let buffer = vec![0; Frame::MAX_LENGTH + 1];
        Self { queues, busy, status, end, stuck: None, buffer }
    }

    /// Moves frames until the core's end is gone.
    pub(crate) fn run(mut self) {
        let mut idle_since = None;
        while !self.end.is_closed() {
            let sent = self.send();
            let received = self.receive();
            if sent || received {
                idle_since = None;
                continue;
            }
            let since = *idle_since.get_or_insert_with(Instant::now);
            if self.busy.is_zero() || since.elapsed() >= self.busy {
                self.sleep();
                idle_since = None;
            }
        }
    }

    /// Writes a batch to the first queue; whether anything went.
    fn send(&mut self) -> bool {
        let mut gone = 0;
        while gone < BATCH
            && let Some(frame) = self.stuck.take().or_else(|| self.end.next())
        {
            if self.write(&frame) {
                gone += 1;
            } else {
                self.stuck = Some(frame);
                break;
            }
        }
        gone > 0
    }

    /// Writes a frame; false if the kernel has no room for it.
    fn write(&self, frame: &Frame) -> bool {
        let Some(queue) = self.queues.first() else { return true };
        let header = vnet::encode(frame.offload());
        let (header, data) = (IoSlice::new(&header), IoSlice::new(frame.data()));
        let both = [header, data];
        let slices = if queue.header_length() > 0 { &both[..] } else { &both[1..] };
        match writev(queue, slices) {
            Ok(_) | Err(Errno::EINTR) => true,
            Err(Errno::EAGAIN | Errno::ENOBUFS) => false,
            // The interface is down (EIO) or gone (EBADFD), or the kernel does not believe the header (EINVAL): lost, as on
            // a cable nobody listens to.
            Err(_) => {
                Status::count(&self.status.refused);
                true
            }
        }
    }

    /// Reads a batch from each queue as far as the core has room; whether anything came.
    fn receive(&mut self) -> bool {
        let mut came = false;
        let mut put = false;
        for index in 0..self.queues.len() {
            for _ in 0..BATCH {
                if self.end.room() == 0 {
                    break;
                }
                let Some(length) = self.read(index) else { break };
                came = true;
                put |= length;
            }
        }
        if put {
            self.end.ring();
        }
        came
    }

    /// Reads one frame: `None` if there is none, else whether it was put before the core.
    fn read(&mut self, index: usize) -> Option<bool> {
        let queue = self.queues.get(index)?;
        let mut header = [0; HEADER];
        let prefix = queue.header_length();
        let mut slices =
            [IoSliceMut::new(&mut header[..prefix]), IoSliceMut::new(&mut self.buffer)];
        let length = match readv(queue, &mut slices) {
            Ok(0) | Err(Errno::EAGAIN) => return None,
            Err(Errno::EINTR) => return Some(false),
            Err(Errno::EBADFD | Errno::ENODEV) => {
                self.status.gone.store(true, Ordering::Release);
                self.end.ring();
                return None;
            }
            Err(_) => return None,
            Ok(length) => length,
        };
        let offload = if prefix > 0 { vnet::decode(header) } else { Some(Offload::default()) };
        let data = length.checked_sub(prefix).and_then(|length| self.buffer.get(..length));
        // There is room; what is no frame comes back.
        let put = offload.zip(data).is_some_and(|(offload, data)| {
            self.end.put_unfinished(Bytes::copy_from_slice(data), offload).is_ok()
        });
        if !put {
            Status::count(&self.status.malformed);
        }
        Some(put)
    }

    /// Waits for the bell, for frames if the core has room for them, and for room if a frame is stuck.
    fn sleep(&self) {
        let room = self.end.room() > 0;
        let stuck = self.stuck.is_some();
        if !self.end.doze(!stuck, !room) {
            return;
        }
        let mut waited = vec![PollFd::new(self.end.bell(), PollFlags::POLLIN)];
        // What is gone calls for ever.
        let gone = self.status.gone.load(Ordering::Acquire);
        for (index, queue) in self.queues.iter().enumerate().filter(|_| !gone) {
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, room);
            events.set(PollFlags::POLLOUT, stuck && index == 0);
            if !events.is_empty() {
                waited.push(PollFd::new(queue.as_fd(), events));
            }
        }
        // An error (EINTR) is a wake-up like any other: the loop looks again.
        let _ = poll(&mut waited, PollTimeout::NONE);
        self.end.awake();
    }
}

#[cfg(test)]
mod tests {
    //! A pair of datagram sockets stands in for the interface: they too move one frame a call. The kernel's own interface
    //! is met in `tests/peers`.

    use std::os::unix::net::UnixDatagram;

    use elnic_contract::{Checksum, LinkState, VTime};
    use elnic_netclient::NetClient;
    use elnic_nettest::{Bench, PATIENCE, numbered};

    use super::*;
    use crate::Tap;

    fn tap(vnet_header: bool, queues: usize, busy: Duration) -> (Bench<Tap>, Vec<UnixDatagram>) {
        let pairs: Vec<_> = (0..queues).map(|_| UnixDatagram::pair().unwrap()).collect();
        let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let queue = |socket: UnixDatagram| {
            socket.set_nonblocking(true).unwrap();
            Queue::new(socket.into(), vnet_header)
        };
        let queues = ours.into_iter().map(queue).collect();
        let tap = crate::start("t0", "fd=3".to_owned(), queues, None, busy).unwrap();
        for socket in &theirs {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        (Bench::new(Box::new(tap)), theirs)
    }

    #[test]
    fn frames_cross_in_order_both_ways_and_from_every_queue() {
        let (mut netdev, peers) = tap(false, 3, Duration::ZERO);
        let frames = numbered(600, 100);
        let expected = frames.clone();
        let first = peers[0].try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            for frame in expected {
                let mut buffer = [0; 200];
                let length = first.recv(&mut buffer).unwrap();
                assert_eq!(&buffer[..length], &frame[..]);
            }
        });
        netdev.send(frames);
        reader.join().unwrap();
        for peer in &peers {
            let frames = numbered(5, 60);
            frames.iter().for_each(|frame| assert_eq!(peer.send(frame).unwrap(), 60));
            assert_eq!(netdev.receive(5), frames);
        }
    }

    #[test]
    fn the_header_goes_before_the_frame_and_comes_off_again() {
        let (mut netdev, peers) = tap(true, 1, Duration::from_micros(50));
        let mut wire = vec![1, 0, 0, 0, 0, 0];
        wire.extend(34_u16.to_ne_bytes());
        wire.extend(16_u16.to_ne_bytes());
        wire.extend([7; 60]);
        peers[0].send(&wire).unwrap();
        let mut frames = Vec::new();
        while frames.is_empty() {
            netdev.client.poll(VTime::ZERO, 1, &mut frames);
        }
        let offload = frames[0].offload();
        assert_eq!(offload.checksum, Checksum::Partial { start: 34, offset: 16 });
        assert_eq!(frames[0].data(), [7; 60]);
        let mut frames: std::collections::VecDeque<_> = frames.into();
        netdev.client.deliver(VTime::ZERO, &mut frames);
        let mut buffer = [0; 200];
        let length = peers[0].recv(&mut buffer).unwrap();
        assert_eq!(buffer[..length], wire);
        assert!(netdev.client.offload().takes(offload));
    }

    #[test]
    fn what_is_no_frame_is_counted() {
        let (mut netdev, peers) = tap(true, 1, Duration::ZERO);
        for bad in [&[0; 9][..], &[0; 10], &[0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1]] {
            peers[0].send(bad).unwrap();
        }
        peers[0].send(&vec![0; Frame::MAX_LENGTH + 11]).unwrap();
        peers[0].send(&[0; 11]).unwrap();
        assert_eq!(netdev.receive(1), [[0]]);
        assert_eq!(netdev.lost("malformed"), 4);
        assert_eq!(netdev.client.carrier(), LinkState::Up);
    }

    #[test]
    fn an_interface_that_is_down_loses_frames_and_no_more() {
        let (mut netdev, peers) = tap(false, 1, Duration::ZERO);
        // Not dropped: a child that another test is just starting may hold a copy.
        peers[0].shutdown(std::net::Shutdown::Both).unwrap();
        netdev.send(numbered(3, 60));
        netdev.await_lost("refused", 3);
    }
}
