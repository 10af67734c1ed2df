//! Rings that others work on: lent out, called about, taken back ([`elnic_contract::RingOwner`]).

use elnic_contract::{Cx, Ring, RingPosition};

use crate::interrupts::NO_VECTOR;
use crate::queue::Queue;
use crate::transport::Transport;

impl Transport {
    /// Offers `features` from now on. Only before a driver has seen what was offered.
    pub fn offer(&mut self, features: u64) {
        self.setup.offered = features;
        self.show();
    }

    /// The ring of `queue` as somebody else is to work on it; `None` if it cannot be worked on.
    pub fn lend(&self, queue: u16) -> Option<Ring> {
        self.queue(queue).filter(|_| self.ready(queue)).map(|ring| ring.lend(queue))
    }

    /// Somebody else has used buffers of `queue` and found that its driver wants to hear of it; says whether it did.
    pub fn called(&mut self, cx: &mut Cx<'_>, queue: u16) -> bool {
        if !self.ready(queue) {
            return false;
        }
        let vector = self.queue(queue).map_or(NO_VECTOR, |queue| queue.vector);
        self.state.interrupts.queue(cx, vector);
        self.show_interrupts();
        true
    }

    /// The ring of `queue` is back, worked off as far as `position` or as it tells itself. Nothing happens to a queue that
    /// was taken out of work in the meantime; a ring that lost its place is of no use until a reset.
    pub fn take_back(&mut self, cx: &mut Cx<'_>, queue: u16, position: Option<RingPosition>) {
        let features = self.negotiated();
        let ring = self.state.queues.get_mut(usize::from(queue));
        let Some(ring) = ring.filter(|queue| Queue::enabled(queue)) else { return };
        if let Err(error) = ring.go_on_at(cx.dma, features, position) {
            self.fail(cx, error);
        }
    }
}
