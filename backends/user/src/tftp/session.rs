//! One transfer: which blocks are out, which have come, when to send again.

use elnic_contract::{VDuration, VTime};

use super::request::{Failure, PLAIN_BLOCK, Read, data};
use super::root::Content;

/// How often an unanswered packet is sent again before the transfer is given up.
const RETRIES: u8 = 5;

/// A transfer to one client.
#[derive(Debug)]
pub(super) struct Session {
    content: Content,
    block_size: usize,
    window: u64,
    patience: VDuration,
    /// The packet that grants options, until it is acknowledged.
    grant: Option<Vec<u8>>,
    /// Blocks acknowledged: all up to this number, counted from 1.
    acknowledged: u64,
    /// Blocks sent: all up to this number.
    sent: u64,
    retries: u8,
    pub(super) deadline: VTime,
}

/// What to do after something happened to a transfer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send these packets, in order; there may be none.
    Send(Vec<Vec<u8>>),
    /// The transfer is over.
    Done,
    /// The transfer failed.
    Failed(Failure),
}

impl Session {
    /// A transfer of `content`, and the first packets to send.
    pub(super) fn new(now: VTime, read: &Read<'_>, content: Content) -> (Self, Step) {
        let mut session = Self {
            grant: read.grant(content.length()),
            content,
            block_size: read.block_size.unwrap_or(PLAIN_BLOCK),
            window: read.window.unwrap_or(1),
            patience: read.patience(),
            acknowledged: 0,
            sent: 0,
            retries: 0,
            deadline: VTime::ZERO,
        };
        let step = session.send(now);
        (session, step)
    }

    /// The number of the last block: the first that is not full, so possibly an empty one.
    fn last(&self) -> u64 {
        self.content.length() / self.block_size as u64 + 1
    }

    /// The client has everything up to the block whose number's low half is `number`.
    pub(super) fn acknowledge(&mut self, now: VTime, number: u16) -> Step {
        if self.grant.is_some() {
            if number != 0 {
                return Step::Send(Vec::new());
            }
            self.grant = None;
            self.retries = 0;
            return self.send(now);
        }
        let ahead = u64::from(number.wrapping_sub(low_half(self.acknowledged)));
        // An acknowledgement of nothing new is a duplicate: to answer it would double every packet from here on.
        if ahead == 0 || self.acknowledged + ahead > self.sent {
            return Step::Send(Vec::new());
        }
        self.acknowledged += ahead;
        self.retries = 0;
        if self.acknowledged == self.last() { Step::Done } else { self.send(now) }
    }

    /// The deadline has come: send again, or give up.
    pub(super) fn retry(&mut self, now: VTime) -> Step {
        self.retries += 1;
        if self.retries > RETRIES { Step::Done } else { self.send(now) }
    }

    /// Sends what is next: the granted options, or a window of blocks after the last acknowledged.
    fn send(&mut self, now: VTime) -> Step {
        self.deadline = now + self.patience;
        if let Some(grant) = &self.grant {
            return Step::Send(vec![grant.clone()]);
        }
        self.sent = self.last().min(self.acknowledged + self.window);
        let blocks = (self.acknowledged..self.sent).map(|index| {
            let block = self.content.block(index, self.block_size)?;
            Ok(data(index + 1, &block))
        });
        match blocks.collect::<std::io::Result<_>>() {
            Ok(packets) => Step::Send(packets),
            Err(error) => {
                tracing::warn!(%error, "a TFTP transfer ends: the file cannot be read");
                Step::Failed(Failure::ReadError)
            }
        }
    }
}

fn low_half(number: u64) -> u16 {
    let [.., high, low] = number.to_be_bytes();
    u16::from_be_bytes([high, low])
}
