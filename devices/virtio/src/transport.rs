//! The device side of the transport: status, negotiation, queues, and what a register write leads to.

use elnic_contract::{Cx, DmaError, LogEntry, RestoreError};
use elnic_registers::Bank;
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::feature::{self, LEGACY_ONLY, STANDARD_ONLY, VERSION_1};
use crate::interrupts::Interrupts;
use crate::queue::{Queue, QueueError};
use crate::registers::Reg;

/// Bits of the device status (virtio 1.3 §2.1).
pub mod status {
    /// The driver has noticed the device.
    pub const ACKNOWLEDGE: u8 = 0x01;
    /// It knows how to drive it.
    pub const DRIVER: u8 = 0x02;
    /// It is ready.
    pub const DRIVER_OK: u8 = 0x04;
    /// Features are agreed.
    pub const FEATURES_OK: u8 = 0x08;
    /// The device cannot go on until it is reset.
    pub const NEEDS_RESET: u8 = 0x40;
    /// The driver has given up.
    pub const FAILED: u8 = 0x80;
}

/// What a kind of device tells its transport; the same for all instances but for the features.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name of the model, for errors.
    pub model: &'static str,
    /// Largest size of each queue, a power of two.
    pub queues: &'static [u16],
    /// MSI-X vectors.
    pub vectors: u16,
    /// The device's feature bits that only the legacy interface shows.
    pub legacy_only: u64,
    /// What a driver gets that accepts [`feature::BAD_FEATURE`].
    pub fallback: u64,
    /// Features that need others: (feature, what it needs).
    pub needs: &'static [(u64, u64)],
}

/// What a register write asks of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The driver has reset the device; the transport is already.
    Reset,
    /// Features were accepted or given up.
    Features,
    /// The driver is ready.
    Started,
    /// This queue has buffers available.
    Notified(u16),
}

/// The transport of one device.
#[derive(Clone, Debug)]
pub struct Transport {
    pub(crate) kind: &'static Kind,
    /// All features of the instance, of either interface.
    offered: u64,
    pub(crate) state: TransportState,
    /// What the registers show; follows from the state.
    pub(crate) bank: Bank<Reg>,
    /// What the write at work asks for.
    pub(crate) events: Vec<Event>,
}

/// What is saved of a transport, version 1.
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
}

impl TransportState {
    fn new(kind: &Kind) -> Self {
        Self {
            status: 0,
            driver_features: 0,
            device_feature_select: 0,
            driver_feature_select: 0,
            queue_select: 0,
            interrupts: Interrupts::new(),
            queues: kind.queues.iter().map(|size| Queue::new(*size)).collect(),
            broken: false,
        }
    }
}

impl Transport {
    /// A transport after reset, of a device that has `features`.
    pub fn new(kind: &'static Kind, features: u64) -> Self {
        let mut transport = Self {
            kind,
            offered: features,
            state: TransportState::new(kind),
            bank: Bank::new(),
            events: Vec::new(),
        };
        transport.show();
        transport
    }

    /// Back to the state after power-on.
    pub fn reset(&mut self) {
        self.state = TransportState::new(self.kind);
        self.show();
    }

    /// Features the legacy interface offers.
    pub fn offered_legacy(&self) -> u64 {
        self.offered & !STANDARD_ONLY
    }

    /// Features the standard interface offers.
    pub fn offered_standard(&self) -> u64 {
        self.offered & !LEGACY_ONLY & !self.kind.legacy_only
    }

    /// Features both sides have.
    pub fn negotiated(&self) -> u64 {
        self.state.driver_features & self.offered
    }

    /// Whether all of `features` are negotiated.
    pub fn has(&self, features: u64) -> bool {
        self.negotiated() & features == features
    }

    /// Whether the driver follows the standard.
    pub fn is_standard(&self) -> bool {
        self.has(VERSION_1)
    }

    /// Whether the driver is ready and the rings have not failed.
    pub fn running(&self) -> bool {
        self.state.status & status::DRIVER_OK != 0 && !self.state.broken
    }

    /// Whether `queue` can be worked on.
    pub fn ready(&self, queue: u16) -> bool {
        self.running() && self.queue(queue).is_some_and(Queue::enabled)
    }

    /// The queue of that number.
    pub fn queue(&self, queue: u16) -> Option<&Queue> {
        self.state.queues.get(usize::from(queue))
    }

    /// What waits for the driver.
    pub fn interrupts(&self) -> &Interrupts {
        &self.state.interrupts
    }

    /// The device's own configuration has changed.
    pub fn configuration_changed(&mut self, cx: &mut Cx<'_>) {
        if self.state.status & status::DRIVER_OK != 0 {
            self.state.interrupts.configuration(cx);
            self.show();
        }
    }

    /// The rings cannot be used any more, unless it is only that the function may not master the bus.
    pub fn fail(&mut self, cx: &mut Cx<'_>, error: QueueError) {
        match error {
            QueueError::Dma(error) => {
                cx.log.record(LogEntry::Dma { doing: "virtqueue access", error });
                if error == DmaError::NoBusMaster {
                    return;
                }
            }
            QueueError::Rule { what, value } => cx.log.record(LogEntry::Guest { what, value }),
        }
        self.state.broken = true;
        if self.is_standard() {
            self.state.status |= status::NEEDS_RESET;
            self.configuration_changed(cx);
        }
    }

    /// Does something with a queue; a failure is the end of all.
    fn try_queue<T>(
        &mut self,
        cx: &mut Cx<'_>,
        queue: u16,
        work: impl FnOnce(&mut Queue, &mut Cx<'_>, u64) -> Result<T, QueueError>,
    ) -> Option<T> {
        if !self.ready(queue) {
            return None;
        }
        let features = self.negotiated();
        let result = work(self.state.queues.get_mut(usize::from(queue))?, cx, features);
        result.map_err(|error| self.fail(cx, error)).ok()
    }

    /// How many chains the driver has made available; `None` if the queue cannot be used.
    pub fn look(&mut self, cx: &mut Cx<'_>, queue: u16) -> Option<u16> {
        self.try_queue(cx, queue, |queue, cx, _| queue.look(cx.dma))
    }

    /// The chain `ahead` places behind the next one; it stays where it is until it is given back.
    pub fn chain(&mut self, cx: &mut Cx<'_>, queue: u16, ahead: u16) -> Option<Chain> {
        self.try_queue(cx, queue, |queue, cx, features| queue.chain(cx.dma, features, ahead))
    }

    /// Gives the next chains back, as (head, bytes written); says whether that was possible.
    pub fn give_back(&mut self, cx: &mut Cx<'_>, queue: u16, used: &[(u16, u32)]) -> bool {
        self.try_queue(cx, queue, |queue, cx, _| queue.give_back(cx.dma, used)).is_some()
    }

    /// Interrupts the driver for what was given back, if it wants that.
    pub fn signal(&mut self, cx: &mut Cx<'_>, queue: u16) {
        let wanted = self
            .try_queue(cx, queue, |queue, cx, features| queue.wants_interrupt(cx.dma, features));
        if wanted == Some(true) {
            let vector = self.queue(queue).map_or(crate::NO_VECTOR, |queue| queue.vector);
            self.state.interrupts.queue(cx, vector);
            self.show();
        }
    }

    /// The device has seen all there is and waits for more.
    pub fn await_more(&mut self, cx: &mut Cx<'_>, queue: u16) {
        let _ = self.try_queue(cx, queue, |queue, cx, features| {
            queue.ask_for_notification(cx.dma, features)
        });
    }

    /// The driver wrote the device status.
    pub(crate) fn status_written(&mut self, cx: &mut Cx<'_>, value: u8) {
        if value == 0 {
            self.reset();
            self.events.push(Event::Reset);
            return;
        }
        let old = self.state.status;
        let mut new = value & !status::NEEDS_RESET | old & status::NEEDS_RESET;
        if new & !old & status::FEATURES_OK != 0 && !self.features_are_possible(cx) {
            new &= !status::FEATURES_OK;
        }
        self.state.status = new;
        if new & !old & status::DRIVER_OK != 0 {
            self.events.push(Event::Started);
        }
    }

    fn features_are_possible(&self, cx: &mut Cx<'_>) -> bool {
        let features = self.state.driver_features;
        let known = if features & VERSION_1 != 0 { self.offered_standard() } else { self.offered };
        let unknown = features & !known;
        if unknown != 0 {
            let what = "features accepted that are not offered";
            cx.log.record(LogEntry::Guest { what, value: unknown });
        }
        let lonely = self
            .kind
            .needs
            .iter()
            .find(|(feature, needs)| features & feature != 0 && features & needs != *needs);
        if let Some((feature, _)) = lonely {
            let what = "feature accepted without what it needs";
            cx.log.record(LogEntry::Guest { what, value: *feature });
        }
        unknown == 0 && lonely.is_none()
    }

    /// The driver accepts features; only before it has said that it is done.
    pub(crate) fn accept(&mut self, cx: &mut Cx<'_>, features: u64) {
        if self.state.status & (status::FEATURES_OK | status::DRIVER_OK) != 0 {
            let what = "features written after they were agreed";
            cx.log.record(LogEntry::Guest { what, value: features });
            return;
        }
        self.state.driver_features =
            if features & feature::BAD_FEATURE & self.offered != 0 && features & VERSION_1 == 0 {
                self.kind.fallback
            } else {
                features
            };
        self.events.push(Event::Features);
    }

    /// What is to be saved.
    pub fn save(&self) -> TransportState {
        self.state.clone()
    }

    /// Whether a saved state is one of this device.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, state: &TransportState) -> Result<(), RestoreError> {
        let impossible = |field, why: &str| RestoreError::Impossible {
            kind: self.kind.model,
            field,
            why: why.to_owned(),
        };
        let known = status::ACKNOWLEDGE
            | status::DRIVER
            | status::DRIVER_OK
            | status::FEATURES_OK
            | status::NEEDS_RESET
            | status::FAILED;
        if state.status & !known != 0 {
            return Err(impossible("transport.status", "has bits that no status has"));
        }
        if !state.interrupts.is_possible(self.kind.vectors) {
            return Err(impossible("transport.interrupts", "names a vector that is not there"));
        }
        let sizes = state.queues.iter().zip(self.kind.queues);
        let vectors = self.kind.vectors;
        let possible = state.queues.len() == self.kind.queues.len()
            && sizes.into_iter().all(|(queue, largest)| {
                let vector = queue.vector < vectors || queue.vector == crate::NO_VECTOR;
                queue.is_possible(*largest) && vector
            });
        if !possible {
            return Err(impossible(
                "transport.queues",
                "are not this device's, or beyond their rings",
            ));
        }
        Ok(())
    }

    /// Takes over a state that [`Transport::check`] has let pass.
    pub fn restore(&mut self, state: TransportState) {
        self.state = state;
        self.show();
    }
}
