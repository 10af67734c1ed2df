//! A netdev whose far end is the test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::{
    Doorbell, NetClient, NetConfig, NetCore, NicOptions, OffloadSupport, PortId,
};

/// The far end of a [`FakeClient`].
#[derive(Clone, Default)]
pub(crate) struct FarEnd(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) credits: usize,
    pub(crate) carrier_down: bool,
    /// What it has to say.
    pub(crate) to_send: VecDeque<Frame>,
    /// What it was told.
    pub(crate) received: Vec<Frame>,
    /// The budgets it was polled with.
    pub(crate) budgets: Vec<usize>,
    pub(crate) wake_at: Option<VTime>,
}

impl FarEnd {
    pub(crate) fn with_credits(credits: usize) -> Self {
        let far_end = Self::default();
        far_end.get().credits = credits;
        far_end
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn client(&self) -> Box<dyn NetClient> {
        Box::new(FakeClient(self.clone()))
    }

    pub(crate) fn sends(&self, frames: impl IntoIterator<Item = Frame>) {
        self.get().to_send.extend(frames);
    }

    /// The first byte of each frame received.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.get().received.iter().map(tag).collect()
    }
}

pub(crate) struct FakeClient(FarEnd);

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

    fn carrier(&self) -> LinkState {
        if self.0.get().carrier_down { LinkState::Down } else { LinkState::Up }
    }
}

pub(crate) fn core() -> NetCore {
    NetCore::new(NetConfig::default(), Doorbell::silent())
}

pub(crate) fn at(microseconds: u64) -> VTime {
    VTime::from_nanos(microseconds * 1_000)
}

/// A frame of 60 bytes that starts with `tag`.
pub(crate) fn frame(tag: u8) -> Frame {
    let mut data = vec![0; 60];
    data[0] = tag;
    Frame::new(data, VTime::ZERO).unwrap()
}

pub(crate) fn frames(tags: impl IntoIterator<Item = u8>) -> Vec<Frame> {
    tags.into_iter().map(frame).collect()
}

pub(crate) fn tag(frame: &Frame) -> u8 {
    frame.data()[0]
}

pub(crate) fn nic(netdev: Option<&str>) -> NicOptions {
    NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        netdev: netdev.map(str::to_owned),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    }
}

/// Everything that waits for a NIC.
pub(crate) fn take_all(core: &mut NetCore, nic: PortId) -> Vec<u8> {
    std::iter::from_fn(|| core.take(nic)).map(|frame| tag(&frame)).collect()
}
