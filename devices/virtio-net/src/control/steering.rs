//! Commands that say how many pairs are in use and what goes to which (§5.1.6.5.6).

use elnic_contract::Cx;
use elnic_virtio::Cursor;

use super::{Done, Outcome, Refusal, exactly, number16, number32};
use crate::VirtioNet;
use crate::features::{HASH_REPORT, RSS};
use crate::steering::{HASH_TYPES, Hash, MAX_KEY, MAX_TABLE, Redirection, Steering};

impl VirtioNet {
    /// So many pairs are in use, and frames go where their flow was last sent from.
    pub(super) fn pairs_set(&mut self, pairs: u16) -> Outcome {
        if !(1..=self.settings.pairs).contains(&pairs) {
            return Err(Refusal::Error);
        }
        self.active_pairs = pairs;
        let hash = std::mem::take(&mut self.steering.hash);
        self.steering = Steering { hash, ..Steering::default() };
        Ok(Done::Other)
    }

    /// Table, key and number of transmit queues; all or nothing.
    pub(super) fn redirection_set(&mut self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Outcome {
        self.allowed(cx, RSS, false)?;
        let types = number32(cx, payload)?;
        let entries = usize::from(number16(cx, payload)?).saturating_add(1);
        if !entries.is_power_of_two() || entries > MAX_TABLE {
            return Err(Refusal::Error);
        }
        let unclassified = number16(cx, payload)?;
        let mut table = Vec::with_capacity(entries);
        for _ in 0..entries {
            table.push(number16(cx, payload)?);
        }
        let pairs = number16(cx, payload)?;
        let hash = hash(cx, types, payload)?;
        // CVE-2024-6505: only queues that are there.
        let there = |pair: &u16| *pair < self.settings.pairs;
        if !(1..=self.settings.pairs).contains(&pairs)
            || !there(&unclassified)
            || !table.iter().all(there)
        {
            return Err(Refusal::Error);
        }
        self.active_pairs = pairs;
        let redirection = Some(Redirection { unclassified, table });
        self.steering = Steering { hash, redirection, ..Steering::default() };
        Ok(Done::Other)
    }

    /// What headers report.
    pub(super) fn hash_set(&mut self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Outcome {
        self.allowed(cx, HASH_REPORT, false)?;
        let types = number32(cx, payload)?;
        let _reserved: [u8; 8] = exactly(cx, payload)?;
        self.steering.hash = hash(cx, types, payload)?;
        Ok(Done::Other)
    }
}

/// Length of the key and the key.
fn hash(cx: &mut Cx<'_>, types: u32, payload: &mut Cursor<'_>) -> Result<Hash, Refusal> {
    let [length] = exactly(cx, payload)?;
    let length = usize::from(length);
    if types & !HASH_TYPES != 0 || length > MAX_KEY || types != 0 && length == 0 {
        return Err(Refusal::Error);
    }
    let mut key = vec![0; length];
    if payload.read(cx.dma, &mut key)? != length {
        return Err(Refusal::Error);
    }
    Ok(Hash { types, key })
}
