//! A netdev whose far end is the test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::{NetClient, OffloadSupport};

/// The far end of a [`FakeClient`].
#[derive(Clone, Default)]
pub struct FarEnd(Arc<Mutex<FarEndState>>);

/// How the far end stands.
#[derive(Default)]
pub struct FarEndState {
    /// Frames it takes yet.
    pub credits: usize,
    /// It is not there.
    pub carrier_down: bool,
    /// What it has to say.
    pub to_send: VecDeque<Frame>,
    /// What it was told.
    pub received: Vec<Frame>,
    /// The budgets it was polled with.
    pub budgets: Vec<usize>,
    /// When it wants to be asked.
    pub wake_at: Option<VTime>,
    /// What it takes unfinished.
    pub takes: OffloadSupport,
    /// It says that it has headers for what is left.
    pub vnet_header: bool,
    /// What it heard that the other end takes.
    pub peer: OffloadSupport,
}

impl FarEnd {
    /// One that takes so many frames.
    pub fn with_credits(credits: usize) -> Self {
        let far_end = Self::default();
        far_end.get().credits = credits;
        far_end
    }

    /// How it stands.
    ///
    /// # Panics
    /// A test failed while it looked.
    pub fn get(&self) -> MutexGuard<'_, FarEndState> {
        self.0.lock().unwrap()
    }

    /// The netdev.
    pub fn client(&self) -> Box<dyn NetClient> {
        Box::new(FakeClient(self.clone()))
    }

    /// Brings these frames in as there is room.
    pub fn sends(&self, frames: impl IntoIterator<Item = Frame>) {
        self.get().to_send.extend(frames);
    }

    /// The first byte of each frame received.
    pub fn heard(&self) -> Vec<u8> {
        self.get().received.iter().map(|frame| frame.data()[0]).collect()
    }
}

/// A netdev that does as its [`FarEnd`] says.
pub struct FakeClient(FarEnd);

impl NetClient for FakeClient {
    fn kind(&self) -> &'static str {
        "fake"
    }

    fn info(&self) -> String {
        "far=test".to_owned()
    }

    fn credits(&self) -> usize {
        self.0.get().credits
    }

    fn deliver(&mut self, _now: VTime, frames: &mut VecDeque<Frame>) {
        let mut state = self.0.get();
        while state.credits > 0
            && let Some(frame) = frames.pop_front()
        {
            state.credits -= 1;
            state.received.push(frame);
        }
    }

    fn poll(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        let mut state = self.0.get();
        state.budgets.push(budget);
        let count = budget.min(state.to_send.len());
        out.extend(state.to_send.drain(..count).map(|frame| frame.arriving(now)));
    }

    fn next_event(&self) -> Option<VTime> {
        self.0.get().wake_at
    }

    fn offload(&self) -> OffloadSupport {
        self.0.get().takes
    }

    fn has_vnet_header(&self) -> bool {
        self.0.get().vnet_header
    }

    fn peer_offload(&mut self, support: OffloadSupport) {
        self.0.get().peer = support;
    }

    fn carrier(&self) -> LinkState {
        if self.0.get().carrier_down { LinkState::Down } else { LinkState::Up }
    }
}
