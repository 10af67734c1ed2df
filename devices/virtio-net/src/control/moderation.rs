//! Commands that hold interrupts back (§5.1.6.5.7).

use elnic_contract::Cx;
use elnic_virtio::Cursor;

use super::{Done, Outcome, Refusal, number16, number32};
use crate::VirtioNet;
use crate::features::{NOTF_COAL, VQ_NOTF_COAL};
use crate::moderation::Limits;

impl VirtioNet {
    pub(super) fn moderation_command(
        &mut self,
        cx: &mut Cx<'_>,
        command: u8,
        payload: &mut Cursor<'_>,
    ) -> Outcome {
        match command {
            // All transmit queues, all receive queues.
            0 | 1 => {
                self.allowed(cx, NOTF_COAL, false)?;
                let limits = limits(cx, payload)?;
                let odd = u16::from(command == 0);
                let queues = 0..self.data_queues();
                queues.filter(|queue| queue & 1 == odd).for_each(|queue| {
                    self.moderate(cx, queue, limits);
                });
                Ok(Done::Other)
            }
            2 | 3 => {
                self.allowed(cx, VQ_NOTF_COAL, false)?;
                let queue = number16(cx, payload)?;
                let _reserved = number16(cx, payload)?;
                if queue >= self.data_queues() {
                    return Err(Refusal::Error);
                }
                if command == 2 {
                    let limits = limits(cx, payload)?;
                    self.moderate(cx, queue, limits);
                    return Ok(Done::Other);
                }
                let moderation = self.moderation.get(usize::from(queue)).ok_or(Refusal::Error)?;
                let Limits { packets, microseconds } = moderation.limits;
                Ok(Done::Answer([packets.to_le_bytes(), microseconds.to_le_bytes()].concat()))
            }
            _ => Err(Refusal::Error),
        }
    }

    /// Receive and transmit queues that there are.
    pub(crate) fn data_queues(&self) -> u16 {
        self.transport.queues() & !1
    }
}

fn limits(cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<Limits, Refusal> {
    Ok(Limits { packets: number32(cx, payload)?, microseconds: number32(cx, payload)? })
}
