//! What a net client is: the host's end of a cable.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use elnic_contract::{Frame, LinkState, OffloadSupport, VTime};

use crate::Notice;

/// Wakes the machine's thread when a client's I/O thread has something for it.
#[derive(Clone)]
pub struct Doorbell(Arc<dyn Fn() + Send + Sync>);

impl Doorbell {
    /// A doorbell that calls `ring`, from any thread.
    pub fn new(ring: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(ring))
    }

    /// A doorbell nobody hears.
    pub fn silent() -> Self {
        Self::new(|| {})
    }

    /// Rings. Never blocks; ringing twice before anyone looks is ringing once.
    pub fn ring(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doorbell")
    }
}

/// The host's end of a cable: a netdev. Never blocks, never calls back.
///
/// `Any`, so that a monitor command that is for one type (`hostfwd_add`) finds it: [`crate::NetCore::client_mut`].
pub trait NetClient: Any + Send {
    /// The netdev type: `user`, `dgram`, `hubport`.
    fn kind(&self) -> &'static str;

    /// What `info network` prints behind the type, as QEMU words it.
    fn info(&self) -> String;

    /// How many frames [`NetClient::deliver`] would take now. The core asks before it delivers, and holds the rest in
    /// order.
    fn credits(&self) -> usize;

    /// Takes frames from the front of `frames`, in order; what it leaves stays queued. At least one is taken when
    /// [`NetClient::credits`] is above 0.
    fn deliver(&mut self, now: VTime, frames: &mut VecDeque<Frame>);

    /// Appends at most `budget` frames for the peer to `out`, in order. Called at the input points of the run loop: host
    /// input enters the machine nowhere else.
    fn poll(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>);

    /// When [`NetClient::poll`] wants to be called next for a reason of its own (a retransmission, a lease); `None` if
    /// only the doorbell or a delivery gives it something to do.
    fn next_event(&self) -> Option<VTime> {
        None
    }

    /// Whether its far end is there. Kept apart from the administrator's `set_link`.
    fn carrier(&self) -> LinkState {
        LinkState::Up
    }

    /// Which work left in a frame it takes over; the core does the rest before it delivers. Does not change.
    fn offload(&self) -> OffloadSupport {
        OffloadSupport::NONE
    }

    /// Somebody at the other end of the cable takes this over from now on; before it is called first, nobody anything. A
    /// client may leave such work in what it brings.
    fn peer_offload(&mut self, support: OffloadSupport) {
        let _ = support;
    }

    /// Whether frames have a `virtio_net_hdr` on its way to the host (`vnet_hdr=on`): to such a netdev a virtio-net offers
    /// its driver what the frames' header can say, as in QEMU.
    fn has_vnet_header(&self) -> bool {
        false
    }

    /// Frames it discarded itself, by reason, for the counters.
    fn losses(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// What it has to tell the user since the last call, oldest first.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Takes the doorbell that its I/O thread is to ring. Called once, before anything else.
    fn attach(&mut self, doorbell: Doorbell) {
        let _ = doorbell;
    }
}
