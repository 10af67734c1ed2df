//! The device side of the transport: what it consists of, resets, and how it fails.

use std::collections::VecDeque;

use elnic_contract::{Cx, DmaError, FunctionState, LogEntry, Strict};
use elnic_registers::Bank;

use crate::error::QueueError;
use crate::feature::{LEGACY_ONLY, STANDARD_ONLY, VERSION_1};
use crate::interfaces::Interfaces;
use crate::interrupts::{CONFIGURATION, Interrupts, QUEUE};
use crate::queue::Queue;
use crate::registers::Reg;
use crate::state::TransportState;
use crate::status;
use crate::strict::{Broken, RULES};

/// What a kind of device tells its transport; the same for all instances.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name of the model, for errors.
    pub model: &'static str,
    /// The device's feature bits that only the legacy interface shows.
    pub legacy_only: u64,
    /// What a driver gets that accepts [`crate::feature::BAD_FEATURE`].
    pub fallback: u64,
    /// Features that need others: (feature, of what it needs one at least).
    pub needs: &'static [(u64, u64)],
}

/// What an instance tells its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Its interfaces.
    pub interfaces: Interfaces,
    /// All features it offers, of either interface.
    pub offered: u64,
    /// MSI-X vectors.
    pub vectors: u16,
    /// Largest size of each queue before features are agreed.
    pub sizes: Vec<u16>,
    /// QEMU is followed where it disagrees with the specification.
    pub like_qemu: bool,
    /// Broken rules are remarked upon.
    pub strict: bool,
}

/// What a register write asks of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The driver has reset the device; the transport is already.
    Reset,
    /// Features were accepted or given up: the device says which queues there are ([`Transport::arrange`]).
    Features,
    /// The driver is ready.
    Started,
    /// This queue has buffers available.
    Notified(u16),
    /// This queue was taken out of work; chains that were taken from it are the driver's again.
    QueueReset(u16),
}

/// The transport of one device.
#[derive(Clone, Debug)]
pub struct Transport {
    pub(crate) kind: &'static Kind,
    pub(crate) setup: Setup,
    /// Largest size of each queue with the features that are agreed.
    pub(crate) sizes: Vec<u16>,
    pub(crate) state: TransportState,
    pub(crate) strict: Strict,
    /// What the registers show; follows from the state.
    pub(crate) bank: Bank<Reg>,
    /// What writes have asked for.
    pub(crate) events: VecDeque<Event>,
}

impl Transport {
    /// A transport after power-on.
    pub fn new(kind: &'static Kind, setup: Setup) -> Self {
        let sizes = setup.sizes.clone();
        let mut transport = Self {
            kind,
            state: TransportState::new(&sizes),
            sizes,
            strict: Strict::new(setup.strict),
            setup,
            bank: Bank::new(),
            events: VecDeque::new(),
        };
        transport.show();
        transport
    }

    /// Back to the state after a driver's reset.
    pub fn reset(&mut self) {
        self.sizes.clone_from(&self.setup.sizes);
        let msix_enabled = self.state.msix_enabled;
        self.state = TransportState { msix_enabled, ..TransportState::new(&self.sizes) };
        self.show();
    }

    /// Back to the state after a reset of the function, which has told nothing yet.
    pub fn reset_function(&mut self) {
        self.state.msix_enabled = false;
        self.reset();
    }

    /// Broken rules may be said again, as after power-on.
    pub fn forget_remarks(&mut self) {
        self.strict.forget();
    }

    /// The bus lets the function do something else than before.
    pub fn function_changed(&mut self, state: FunctionState) {
        self.state.msix_enabled = state.msix_enabled;
    }

    /// Whether MSI-X is enabled, as far as the device was told.
    pub const fn msix_enabled(&self) -> bool {
        self.state.msix_enabled
    }

    /// Which interfaces there are.
    pub const fn interfaces(&self) -> Interfaces {
        self.setup.interfaces
    }

    /// MSI-X vectors.
    pub const fn vectors(&self) -> u16 {
        self.setup.vectors
    }

    /// Features the legacy interface offers.
    pub fn offered_legacy(&self) -> u64 {
        self.setup.offered & !STANDARD_ONLY
    }

    /// Features the standard interface offers.
    pub fn offered_standard(&self) -> u64 {
        self.setup.offered & !LEGACY_ONLY & !self.kind.legacy_only
    }

    /// Features both sides have.
    pub const fn negotiated(&self) -> u64 {
        self.state.driver_features & self.setup.offered
    }

    /// Whether all of `features` are negotiated.
    pub const fn has(&self, features: u64) -> bool {
        self.negotiated() & features == features
    }

    /// Whether the driver follows the standard.
    pub const fn is_standard(&self) -> bool {
        self.has(VERSION_1)
    }

    /// Whether the driver is ready and the rings have not failed.
    pub const fn running(&self) -> bool {
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

    /// How many queues there are.
    pub fn queues(&self) -> u16 {
        u16::try_from(self.state.queues.len()).unwrap_or(u16::MAX)
    }

    /// Says which queues there are with the features that are agreed, by their largest sizes. A queue that changes starts
    /// from reset.
    pub fn arrange(&mut self, sizes: &[u16]) {
        if sizes == self.sizes {
            return;
        }
        let old = std::mem::replace(&mut self.sizes, sizes.to_vec());
        self.state.queues.truncate(sizes.len());
        for (index, size) in sizes.iter().enumerate() {
            let same = old.get(index) == Some(size);
            match self.state.queues.get_mut(index) {
                Some(queue) if !same => *queue = Queue::new(*size),
                Some(_) => {}
                None => self.state.queues.push(Queue::new(*size)),
            }
        }
        self.show();
    }

    /// What waits for the driver.
    pub const fn interrupts(&self) -> &Interrupts {
        &self.state.interrupts
    }

    /// What the writes so far ask of the device, oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The device's own configuration has changed.
    pub fn configuration_changed(&mut self, cx: &mut Cx<'_>) {
        let interrupts = &mut self.state.interrupts;
        interrupts.generation = interrupts.generation.wrapping_add(1);
        if self.state.status & status::DRIVER_OK != 0 {
            // QEMU sets both bits.
            let causes = CONFIGURATION | if self.setup.like_qemu { QUEUE } else { 0 };
            interrupts.configuration(cx, causes);
        }
        self.show();
    }

    /// A rule of the transport was broken by `value` in `register`.
    pub(crate) fn broke(
        &mut self,
        cx: &mut Cx<'_>,
        rule: Broken,
        register: &'static str,
        value: u64,
    ) {
        self.strict.broken(cx.log, RULES, rule as usize, register, value);
    }

    /// The rings cannot be used any more, unless it is only that the function may not master the bus: then work goes on
    /// when it may.
    pub fn fail(&mut self, cx: &mut Cx<'_>, error: QueueError) {
        match error {
            QueueError::Dma(error) => {
                cx.log.record(LogEntry::Dma { doing: "virtqueue access", error });
                if error == DmaError::NoBusMaster {
                    self.broke(cx, Broken::NotifiedWithoutBusMaster, "QUEUE_NOTIFY", 0);
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
}
