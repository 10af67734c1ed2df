//! What a device is handed with each call.

use crate::{Dma, Log, Outbox, VTime};

/// The world as one call of a device sees it.
pub struct Cx<'a> {
    /// Virtual time of this call.
    pub now: VTime,
    /// Guest RAM.
    pub dma: &'a mut dyn Dma,
    /// Where the device puts what it wants done, in order.
    pub outbox: &'a mut Outbox,
    /// Where the device says what the guest did wrong.
    pub log: &'a mut dyn Log,
}

impl<'a> Cx<'a> {
    /// A context of these parts.
    pub fn new(
        now: VTime,
        dma: &'a mut dyn Dma,
        outbox: &'a mut Outbox,
        log: &'a mut dyn Log,
    ) -> Self {
        Self { now, dma, outbox, log }
    }

    /// The same context with another view of guest RAM, as when a bridge narrows it.
    pub fn with_dma<'b>(&'b mut self, dma: &'b mut dyn Dma) -> Cx<'b> {
        Cx { now: self.now, dma, outbox: self.outbox, log: self.log }
    }
}
