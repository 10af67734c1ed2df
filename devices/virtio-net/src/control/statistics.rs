//! Commands that tell what was counted (§5.1.6.5.10).

use elnic_contract::Cx;
use elnic_virtio::Cursor;

use super::{Done, Outcome, Refusal, number16};
use crate::VirtioNet;
use crate::features::DEVICE_STATS;
use crate::statistics::QueueStatistics;

/// Types of statistics: bit in a request and number in a reply.
const RX_BASIC: u8 = 0;
const RX_CSUM: u8 = 1;
const RX_GSO: u8 = 2;
const RX_SPEED: u8 = 3;
const TX_BASIC: u8 = 16;
const TX_CSUM: u8 = 17;
const TX_GSO: u8 = 18;
const TX_SPEED: u8 = 19;
const CONTROL: u8 = 32;

const RECEIVE: [u8; 4] = [RX_BASIC, RX_CSUM, RX_GSO, RX_SPEED];
const TRANSMIT: [u8; 4] = [TX_BASIC, TX_CSUM, TX_GSO, TX_SPEED];

/// Bytes of a request for one queue, and of the header of a reply.
const REQUEST: u64 = 16;
const REPLY_HEADER: usize = 8;

fn bits(types: &[u8]) -> u64 {
    types.iter().fold(0, |bits, kind| bits | 1_u64.checked_shl((*kind).into()).unwrap_or(0))
}

impl VirtioNet {
    pub(super) fn statistics_command(
        &mut self,
        cx: &mut Cx<'_>,
        command: u8,
        payload: &mut Cursor<'_>,
    ) -> Outcome {
        self.allowed(cx, DEVICE_STATS, false)?;
        match command {
            0 => {
                let all = bits(&RECEIVE) | bits(&TRANSMIT) | bits(&[CONTROL]);
                Ok(Done::Answer(all.to_le_bytes().to_vec()))
            }
            1 => self.statistics_get(cx, payload),
            _ => Err(Refusal::Error),
        }
    }

    fn statistics_get(&self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Outcome {
        let requests = payload.left() / REQUEST;
        if requests == 0
            || !payload.left().is_multiple_of(REQUEST)
            || requests > self.transport.queues().into()
        {
            return Err(Refusal::Error);
        }
        let mut answer = Vec::new();
        for _ in 0..requests {
            let queue = number16(cx, payload)?;
            let _reserved: [u8; 6] = super::exactly(cx, payload)?;
            let wanted = u64::from_le_bytes(super::exactly(cx, payload)?);
            let available: &[u8] = if Some(queue) == self.control_queue() {
                &[CONTROL]
            } else if queue >= self.data_queues() {
                return Err(Refusal::Error);
            } else if queue & 1 == 0 {
                &RECEIVE
            } else {
                &TRANSMIT
            };
            // A type that the queue does not have is refused (§5.1.6.5.10.2).
            if wanted & !bits(available) != 0 {
                return Err(Refusal::Error);
            }
            for kind in available.iter().filter(|kind| wanted & bits(&[**kind]) != 0) {
                self.reply(&mut answer, *kind, queue);
            }
        }
        Ok(Done::Answer(answer))
    }

    fn reply(&self, answer: &mut Vec<u8>, kind: u8, queue: u16) {
        let none = QueueStatistics::default();
        let s = self.statistics.queues.get(usize::from(queue)).unwrap_or(&none);
        // A device without a rate limit of its own has nothing to say of speed.
        let values: &[u64] = match kind {
            RX_BASIC | TX_BASIC => {
                &[s.notifications, s.packets, s.bytes, s.interrupts, s.drops, s.drops_special]
            }
            RX_CSUM => &[s.checksum_valid, s.checksum_needed, s.checksum_none, s.checksum_bad],
            TX_CSUM => &[s.checksum_none, s.checksum_needed],
            RX_GSO => &[s.gso_packets, s.gso_bytes, s.gso_segments, s.gso_segment_bytes],
            TX_GSO => &[
                s.gso_packets,
                s.gso_bytes,
                s.gso_segments,
                s.gso_segment_bytes,
                s.gso_whole,
                s.gso_whole_bytes,
            ],
            CONTROL => &[self.statistics.commands, self.statistics.commands_ok],
            _ => &[0, 0],
        };
        let length = REPLY_HEADER.saturating_add(values.len().saturating_mul(8));
        let size = u16::try_from(length).unwrap_or(u16::MAX);
        answer.extend([kind, 0]);
        answer.extend(queue.to_le_bytes());
        answer.extend([0, 0]);
        answer.extend(size.to_le_bytes());
        answer.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}
