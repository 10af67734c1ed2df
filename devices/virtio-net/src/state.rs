//! Saved state, version 1. The input is hostile (CVE-2013-4148 and its kin).

use std::collections::VecDeque;

use elnic_contract::{Counters, Frame, RestoreError, SavedState, VTime};
use elnic_virtio::TransportState;
use serde::{Deserialize, Serialize};

use crate::VirtioNet;
use crate::filter::Filter;
use crate::model::NAME;

const VERSION: u32 = 1;
/// Frames that can wait: as many as one large frame is cut into.
const MAX_WAITING: usize = Frame::MAX_LENGTH;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateV1 {
    transport: TransportState,
    filter: Filter,
    link_up: bool,
    announcing: bool,
    waiting: VecDeque<Vec<u8>>,
    starved: bool,
    resume_at: Option<VTime>,
    counters: Counters,
}

fn impossible(field: &'static str, why: &str) -> RestoreError {
    RestoreError::Impossible { kind: NAME, field, why: why.to_owned() }
}

impl VirtioNet {
    pub(crate) fn save_state(&self) -> SavedState {
        let state = StateV1 {
            transport: self.transport.save(),
            filter: self.filter.clone(),
            link_up: self.link_up,
            announcing: self.announcing,
            waiting: self.waiting.clone(),
            starved: self.starved,
            resume_at: self.resume_at,
            counters: self.counters.clone(),
        };
        SavedState::new(NAME, VERSION, &state)
    }

    pub(crate) fn restore_state(&mut self, saved: &SavedState) -> Result<(), RestoreError> {
        let state: StateV1 = saved.decode(NAME, VERSION)?;
        self.transport.check(&state.transport)?;
        if !state.filter.is_possible() {
            return Err(impossible("filter", "has more than 64 addresses or not 4096 VLANs"));
        }
        let fits = |frame: &Vec<u8>| (1..=Frame::MAX_LENGTH).contains(&frame.len());
        if state.waiting.len() > MAX_WAITING || !state.waiting.iter().all(fits) {
            return Err(impossible("waiting", "holds frames that no peer sends"));
        }
        // Nothing fails from here on.
        self.transport.restore(state.transport);
        self.filter = state.filter;
        self.link_up = state.link_up;
        self.announcing = state.announcing;
        self.waiting = state.waiting;
        self.starved = state.starved;
        self.resume_at = state.resume_at;
        self.counters = state.counters;
        self.show();
        Ok(())
    }
}
