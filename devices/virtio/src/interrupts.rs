//! ISR status and message vectors (virtio 1.3 §4.1.4.5, §4.1.5.1.2).

use elnic_contract::Cx;
use serde::{Deserialize, Serialize};

/// No vector: `VIRTIO_MSI_NO_VECTOR`.
pub const NO_VECTOR: u16 = 0xffff;

/// A queue has used buffers.
pub(crate) const QUEUE: u8 = 1;
/// The device configuration has changed.
pub(crate) const CONFIGURATION: u8 = 2;

/// What waits for the driver, and whom it is told to.
///
/// Both ways are always taken: the function around the device lets the line or the message through, as MSI-X is enabled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interrupts {
    /// ISR status.
    isr: u8,
    /// Vector of configuration changes.
    pub(crate) vector: u16,
    /// Counts configuration changes, modulo 256.
    pub(crate) generation: u8,
}

impl Interrupts {
    /// After reset.
    pub(crate) const fn new() -> Self {
        Self { isr: 0, vector: NO_VECTOR, generation: 0 }
    }

    /// ISR status as it is.
    pub(crate) const fn isr(&self) -> u8 {
        self.isr
    }

    /// ISR status was read.
    pub(crate) const fn acknowledge(&mut self) {
        self.isr = 0;
    }

    /// Whether INTA is asserted.
    pub const fn asserted(&self) -> bool {
        self.isr != 0
    }

    pub(crate) fn queue(&mut self, cx: &mut Cx<'_>, vector: u16) {
        self.isr |= QUEUE;
        if vector != NO_VECTOR {
            cx.outbox.msi(vector);
        }
    }

    /// The configuration has changed; `causes` is what ISR status shows for it.
    pub(crate) fn configuration(&mut self, cx: &mut Cx<'_>, causes: u8) {
        self.isr |= causes;
        if self.vector != NO_VECTOR {
            cx.outbox.msi(self.vector);
        }
    }

    /// Whether a device with so many vectors can be in this state.
    pub(crate) const fn is_possible(&self, vectors: u16) -> bool {
        self.isr <= QUEUE | CONFIGURATION && (self.vector < vectors || self.vector == NO_VECTOR)
    }
}
