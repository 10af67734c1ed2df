//! Transmission (virtio 1.3 §5.1.6.2): one frame to a chain, behind a header that asks for nothing.
//!
//! No offload is offered, so the header's contents do not matter; its length does.

use elnic_contract::{Cx, DropReason, Frame, LogEntry, VDuration};
use elnic_virtio::{Chain, Cursor, QueueError};

use crate::VirtioNet;
use crate::features::{self, CONTROL, TRANSMIT};

/// Chains that one entry works on before it gives way.
const BUDGET_CHAINS: u32 = 256;
/// Descriptors that it works on.
const BUDGET_DESCRIPTORS: usize = 2048;
/// When work goes on that gave way.
pub(crate) const BREATHER: VDuration = VDuration::from_micros(10);

impl VirtioNet {
    /// Length of the header before each frame, in bytes: `num_buffers` is there with the standard or merged buffers.
    pub(crate) fn header_length(&self) -> usize {
        let long = self.transport.is_standard() || self.transport.has(features::MRG_RXBUF);
        if long { 12 } else { 10 }
    }

    /// Works on the transmit queue as far as it can.
    pub(crate) fn transmit(&mut self, cx: &mut Cx<'_>) {
        self.work(cx, TRANSMIT, Self::transmit_step);
    }

    /// Works on the control queue as far as it can.
    pub(crate) fn control(&mut self, cx: &mut Cx<'_>) {
        self.work(cx, CONTROL, Self::control_step);
    }

    /// Repeats `step`, which says how many descriptors it took, until it finds nothing or has done its share.
    fn work(
        &mut self,
        cx: &mut Cx<'_>,
        queue: u16,
        step: impl Fn(&mut Self, &mut Cx<'_>) -> Option<usize>,
    ) {
        if !self.transport.ready(queue) {
            return;
        }
        let (mut chains, mut descriptors, mut worked) = (0_u32, 0_usize, false);
        loop {
            if chains >= BUDGET_CHAINS || descriptors >= BUDGET_DESCRIPTORS {
                self.resume_later(cx);
                break;
            }
            let Some(taken) = step(self, cx) else { break };
            worked = true;
            chains = chains.saturating_add(1);
            descriptors = descriptors.saturating_add(taken);
        }
        if worked {
            self.transport.signal(cx, queue);
        }
    }

    /// Work goes on after a while.
    pub(crate) fn resume_later(&mut self, cx: &mut Cx<'_>) {
        if self.resume_at.is_none() {
            let at = cx.now + BREATHER;
            self.resume_at = Some(at);
            cx.outbox.arm(crate::nic::RESUME, at);
        }
    }

    fn transmit_step(&mut self, cx: &mut Cx<'_>) -> Option<usize> {
        if self.transport.look(cx, TRANSMIT)? == 0 {
            self.transport.await_more(cx, TRANSMIT);
            return None;
        }
        let chain = self.transport.chain(cx, TRANSMIT, 0)?;
        let header = self.header_length();
        if chain.readable_bytes() < header as u64 {
            let error = QueueError::rule("transmit chain shorter than its header", chain.head);
            self.transport.fail(cx, error);
            return None;
        }
        let frame =
            if self.link_up { fetch(cx, &chain, header) } else { Err(DropReason::LinkDown) };
        // The frame leaves only once the driver has its buffers back: a ring that cannot be written sends nothing twice.
        if !self.transport.give_back(cx, TRANSMIT, &[(chain.head, 0)]) {
            return None;
        }
        match frame {
            Ok(frame) => {
                self.counters.sent(frame.len());
                cx.outbox.send(frame);
            }
            Err(reason) => {
                let length = u32::try_from(chain.readable_bytes()).unwrap_or(u32::MAX);
                cx.log.record(LogEntry::Dropped { reason, length });
                self.counters.drop_sent(reason);
            }
        }
        Some(chain.descriptors())
    }
}

/// The frame behind the header of a chain.
fn fetch(cx: &mut Cx<'_>, chain: &Chain, header: usize) -> Result<Frame, DropReason> {
    let mut cursor = Cursor::new(&chain.readable);
    cursor.skip(header as u64);
    let length = usize::try_from(cursor.left()).unwrap_or(usize::MAX);
    if !(1..=Frame::MAX_LENGTH).contains(&length) {
        return Err(DropReason::BadDescriptor);
    }
    let mut bytes = vec![0; length];
    if let Err(error) = cursor.read(cx.dma, &mut bytes) {
        cx.log.record(LogEntry::Dma { doing: "transmit data fetch", error });
        return Err(DropReason::DmaError);
    }
    Frame::new(bytes, cx.now).map_err(|_| DropReason::BadDescriptor)
}
