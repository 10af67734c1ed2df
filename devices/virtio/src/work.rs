//! What a device's engines do with its queues. A failure stops the device until it is reset ([`Transport::fail`]).

use elnic_contract::Cx;

use crate::chain::{Chain, Used};
use crate::error::QueueError;
use crate::interrupts::NO_VECTOR;
use crate::queue::Queue;
use crate::transport::Transport;

impl Transport {
    fn try_queue<T>(
        &mut self,
        cx: &mut Cx<'_>,
        queue: u16,
        work: impl FnOnce(&mut Queue, &mut Cx<'_>, u64) -> Result<T, QueueError>,
    ) -> Option<T> {
        if !self.ready(queue) {
            return None;
        }
        let features = self.negotiated();
        let result = work(self.state.queues.get_mut(usize::from(queue))?, cx, features);
        result.map_err(|error| self.fail(cx, error)).ok()
    }

    /// Whether the driver has made a chain available that was not taken; `None` if the queue cannot be used.
    pub fn has_more(&mut self, cx: &mut Cx<'_>, queue: u16) -> Option<bool> {
        self.try_queue(cx, queue, |queue, cx, features| queue.has_more(cx.dma, features))
    }

    /// Takes the next chain; `None` if there is none, or the queue cannot be used.
    pub fn take(&mut self, cx: &mut Cx<'_>, queue: u16) -> Option<Chain> {
        self.try_queue(cx, queue, |queue, cx, features| queue.take(cx.dma, features)).flatten()
    }

    /// Puts chains back that were taken last, in the order in which they were taken.
    pub fn put_back(&mut self, queue: u16, chains: &[Chain]) {
        if let Some(queue) = self.state.queues.get_mut(usize::from(queue)) {
            chains.iter().rev().for_each(|chain| queue.put_back(chain));
        }
    }

    /// Gives chains back to the driver, in the order in which they were taken; says whether that was possible.
    pub fn give_back(&mut self, cx: &mut Cx<'_>, queue: u16, used: &[Used]) -> bool {
        self.try_queue(cx, queue, |queue, cx, features| queue.give_back(cx.dma, features, used))
            .is_some()
    }

    /// Interrupts the driver for what was given back, if it wants that; says whether it did.
    pub fn signal(&mut self, cx: &mut Cx<'_>, queue: u16) -> bool {
        let wanted = self
            .try_queue(cx, queue, |queue, cx, features| queue.wants_interrupt(cx.dma, features));
        if wanted != Some(true) {
            return false;
        }
        let vector = self.queue(queue).map_or(NO_VECTOR, |queue| queue.vector);
        self.state.interrupts.queue(cx, vector);
        self.show_interrupts();
        true
    }

    /// The device has seen all there is and waits for more.
    pub fn await_more(&mut self, cx: &mut Cx<'_>, queue: u16) {
        let _ = self.try_queue(cx, queue, |queue, cx, features| {
            queue.ask_for_notification(cx.dma, features)
        });
    }
}
