//! A netdev at arm's length: what its tests hold it by. Only tests import it.
//!
//! The bench plays the core: it delivers within the credits, polls when the doorbell rang, and waits patiently for what a
//! thread does in its own time. [`FarEnd`] is the opposite: a netdev whose far end is the test, to put into a core.
#![forbid(unsafe_code)]

mod far_end;

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::{Doorbell, NetClient, Notice};

pub use far_end::{FakeClient, FarEnd, FarEndState};

/// Long enough for the slowest machine; only a failing test waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A netdev and its doorbell.
pub struct Bench<C: NetClient + ?Sized> {
    /// The netdev.
    pub client: Box<C>,
    rung: Receiver<()>,
    told: Vec<Notice>,
}

impl<C: NetClient + ?Sized> Bench<C> {
    /// Takes a netdev, and is the first to have attached to it.
    pub fn new(mut client: Box<C>) -> Self {
        let (ring, rung) = mpsc::channel();
        client.attach(Doorbell::new(move || {
            let _ = ring.send(());
        }));
        Self { client, rung, told: Vec::new() }
    }

    /// Delivers frames as credits come.
    pub fn send(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let mut frames: VecDeque<Frame> = frames.into_iter().map(frame).collect();
        let until = Instant::now() + PATIENCE;
        while !frames.is_empty() {
            let credits = self.client.credits().min(frames.len());
            let mut batch: VecDeque<Frame> = frames.drain(..credits).collect();
            self.client.deliver(VTime::ZERO, &mut batch);
            assert!(batch.is_empty(), "what was credited is taken");
            if !frames.is_empty() {
                assert!(Instant::now() < until, "{} frames find no credit", frames.len());
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// The next `count` frames.
    pub fn receive(&mut self, count: usize) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while frames.len() < count {
            self.client.poll(VTime::from_nanos(5), count - frames.len(), &mut frames);
            if frames.len() < count {
                let rung = self.rung.recv_timeout(PATIENCE);
                assert!(rung.is_ok(), "{} of {count} frames, then silence", frames.len());
            }
        }
        assert!(frames.iter().all(|frame| frame.arrival() == VTime::from_nanos(5)));
        frames.iter().map(|frame| frame.data().to_vec()).collect()
    }

    /// Everything that comes within `time`, for tests that nothing does.
    pub fn listen(&mut self, time: Duration) -> Vec<Vec<u8>> {
        std::thread::sleep(time);
        let mut frames = Vec::new();
        self.client.poll(VTime::ZERO, usize::MAX, &mut frames);
        frames.iter().map(|frame| frame.data().to_vec()).collect()
    }

    /// Frames lost for `reason`.
    ///
    /// # Panics
    /// There is no such reason.
    pub fn lost(&self, reason: &str) -> u64 {
        let losses = self.client.losses();
        let found = losses.iter().find(|(name, _)| *name == reason);
        found.unwrap_or_else(|| panic!("no loss '{reason}' among {losses:?}")).1
    }

    /// Waits until `count` were lost for `reason`; the thread counts in its own time.
    pub fn await_lost(&self, reason: &str, count: u64) {
        self.wait(&format!("{reason} {count}"), |client| {
            client.losses().iter().any(|(name, lost)| *name == reason && *lost >= count)
        });
    }

    /// Waits until the far end is there, or not.
    pub fn await_carrier(&self, state: LinkState) {
        self.wait(&format!("carrier {state:?}"), |client| client.carrier() == state);
    }

    /// Waits until `info network` says this.
    pub fn await_info(&self, wanted: impl Fn(&str) -> bool) {
        self.wait("info", |client| wanted(&client.info()));
    }

    /// The next notice.
    pub fn notice(&mut self) -> Notice {
        let until = Instant::now() + PATIENCE;
        loop {
            self.told.extend(self.client.notices());
            if !self.told.is_empty() {
                return self.told.remove(0);
            }
            assert!(Instant::now() < until, "nothing is told");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait(&self, what: &str, done: impl Fn(&C) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done(&self.client) {
            let (info, losses) = (self.client.info(), self.client.losses());
            assert!(Instant::now() < until, "waited for {what}: {info} {losses:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A finished frame.
///
/// # Panics
/// It is none.
pub fn frame(data: Vec<u8>) -> Frame {
    let length = data.len();
    Frame::new(data, VTime::ZERO).unwrap_or_else(|_| panic!("{length} bytes are no frame"))
}

/// `count` frames of `length` bytes, each with its number in its first two.
pub fn numbered(count: u16, length: usize) -> Vec<Vec<u8>> {
    let frame = |number: u16| {
        let mut data = vec![0; length];
        data.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, digit)| *byte = digit);
        data
    };
    (0..count).map(frame).collect()
}

/// Frames of the lengths where implementations differ: shortest, padding, MTU, jumbo, longest of UDP.
pub fn lengths(longest: usize) -> Vec<Vec<u8>> {
    let lengths = [14, 42, 59, 60, 61, 1514, 1515, 2000, 2048, 2049, 9000, 16_384, 60_000, 65_507];
    let pattern = |length: usize| (0..length).map(|at| (at * 7 + length) as u8).collect();
    lengths.into_iter().filter(|length| *length <= longest).map(pattern).collect()
}
