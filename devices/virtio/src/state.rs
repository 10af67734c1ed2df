//! What is saved of a transport. The input of a restore is hostile.

use elnic_contract::{RestoreError, StrictState};
use serde::{Deserialize, Serialize};

use crate::interrupts::{Interrupts, NO_VECTOR};
use crate::queue::Queue;
use crate::status;
use crate::strict::RULES;
use crate::transport::Transport;

/// The state of a transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransportState {
    pub(crate) status: u8,
    /// As the driver wrote them.
    pub(crate) driver_features: u64,
    pub(crate) device_feature_select: u32,
    pub(crate) driver_feature_select: u32,
    pub(crate) queue_select: u16,
    pub(crate) interrupts: Interrupts,
    pub(crate) queues: Vec<Queue>,
    /// The driver broke a rule of the rings, or they cannot be reached.
    pub(crate) broken: bool,
    /// MSI-X is enabled, as far as the device was told.
    pub(crate) msix_enabled: bool,
    pub(crate) remarks: StrictState,
}

impl TransportState {
    pub(crate) fn new(sizes: &[u16]) -> Self {
        Self {
            status: 0,
            driver_features: 0,
            device_feature_select: 0,
            driver_feature_select: 0,
            queue_select: 0,
            interrupts: Interrupts::new(),
            queues: sizes.iter().map(|size| Queue::new(*size)).collect(),
            broken: false,
            msix_enabled: false,
            remarks: StrictState::default(),
        }
    }

    /// Features the driver has accepted.
    pub const fn driver_features(&self) -> u64 {
        self.driver_features
    }
}

impl Transport {
    /// What is to be saved.
    pub fn save(&self) -> TransportState {
        TransportState { remarks: self.strict.save(), ..self.state.clone() }
    }

    /// Whether a saved state is one of this device, which has queues of these largest sizes with its features.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, state: &TransportState, sizes: &[u16]) -> Result<(), RestoreError> {
        let impossible = |field, why: &str| RestoreError::Impossible {
            kind: self.kind.model,
            field,
            why: why.to_owned(),
        };
        if state.status & !(status::WRITABLE | status::NEEDS_RESET) != 0 {
            return Err(impossible("transport.status", "has bits that no status has"));
        }
        if !state.interrupts.is_possible(self.setup.vectors) {
            return Err(impossible("transport.interrupts", "names a vector that is not there"));
        }
        let possible = state.queues.len() == sizes.len()
            && state.queues.iter().zip(sizes).all(|(queue, largest)| {
                let vector = queue.vector < self.setup.vectors || queue.vector == NO_VECTOR;
                queue.is_possible(*largest) && vector
            });
        if !possible {
            return Err(impossible(
                "transport.queues",
                "are not this device's, or beyond their rings",
            ));
        }
        let mut strict = self.strict;
        if !strict.restore(RULES, state.remarks) {
            return Err(impossible("transport.remarks", "are about rules that there are not"));
        }
        Ok(())
    }

    /// Takes over a state that [`Transport::check`] has let pass.
    pub fn restore(&mut self, state: TransportState, sizes: &[u16]) {
        self.sizes = sizes.to_vec();
        // Checked before.
        let _ = self.strict.restore(RULES, state.remarks);
        self.state = state;
        self.show();
    }
}
