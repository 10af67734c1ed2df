//! Saved state of the serial controller.

use std::collections::VecDeque;

use elnic_contract::{RestoreError, SavedState};
use serde::{Deserialize, Serialize};

use crate::channel::{Channel, FIFO_DEPTH, Received};
use crate::interrupts::Source;
use crate::{Escc, MODEL};

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EsccStateV1 {
    vector: u8,
    master: u8,
    under_service: u8,
    channel_a: ChannelStateV1,
    channel_b: ChannelStateV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelStateV1 {
    write_registers: [u8; 16],
    wr7_prime: u8,
    pointer: u8,
    /// Characters with their overrun marks, oldest first.
    fifo: Vec<(u8, bool)>,
    overrun: bool,
    first_armed: bool,
    first_pending: bool,
    transmit_pending: bool,
}

fn impossible(field: &'static str, why: String) -> RestoreError {
    RestoreError::Impossible { kind: MODEL.name, field, why }
}

impl ChannelStateV1 {
    fn of(channel: &Channel) -> Self {
        Self {
            write_registers: channel.wr,
            wr7_prime: channel.wr7_prime,
            pointer: channel.pointer,
            fifo: channel.fifo.iter().map(|c| (c.byte, c.overrun)).collect(),
            overrun: channel.overrun,
            first_armed: channel.first_armed,
            first_pending: channel.first_pending,
            transmit_pending: channel.transmit_pending,
        }
    }

    fn restore(self) -> Result<Channel, RestoreError> {
        if self.pointer > 15 {
            return Err(impossible("pointer", format!("is {}; it takes 0 to 15", self.pointer)));
        }
        if self.fifo.len() > FIFO_DEPTH {
            let why = format!("has {} characters; it takes {FIFO_DEPTH}", self.fifo.len());
            return Err(impossible("fifo", why));
        }
        let mut fifo = VecDeque::with_capacity(FIFO_DEPTH);
        fifo.extend(self.fifo.into_iter().map(|(byte, overrun)| Received { byte, overrun }));
        Ok(Channel {
            wr: self.write_registers,
            wr7_prime: self.wr7_prime,
            pointer: self.pointer,
            fifo,
            overrun: self.overrun,
            first_armed: self.first_armed,
            first_pending: self.first_pending,
            transmit_pending: self.transmit_pending,
        })
    }
}

impl Escc {
    pub(crate) fn saved(&self) -> SavedState {
        let [b, a] = &self.channels;
        let state = EsccStateV1 {
            vector: self.vector,
            master: self.master,
            under_service: self.under_service,
            channel_a: ChannelStateV1::of(a),
            channel_b: ChannelStateV1::of(b),
        };
        SavedState::new(MODEL.name, VERSION, &state)
    }

    pub(crate) fn restored(state: &SavedState) -> Result<Self, RestoreError> {
        let state: EsccStateV1 = state.decode(MODEL.name, VERSION)?;
        let sources = Source::ALL.into_iter().fold(0, |set, source| set | source.bit());
        if state.under_service & !sources != 0 {
            let why = format!("is {:#04x}; its bits are {sources:#04x}", state.under_service);
            return Err(impossible("under_service", why));
        }
        Ok(Self {
            channels: [state.channel_b.restore()?, state.channel_a.restore()?],
            vector: state.vector,
            master: state.master,
            under_service: state.under_service,
        })
    }
}
