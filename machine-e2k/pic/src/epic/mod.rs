//! All interrupt controllers of a board with EPIC: who tells whom what.
//!
//! ```text
//!  pins of devices ──► IoEpic ─┐ messages                ┌─► Cepic 0 ─► pending(0)
//!  doorbell (RT_MSI) ──────────┴─► Epic::deliver ────────┼─► Cepic 1 ─► pending(1)
//!  inter-processor interrupts of Cepics ─────────────────┘
//! ```
//!
//! Sources: e2k-machine.md §5.4 and §6.4; delivery modes and shorthands in the order in which the descriptions of the
//! registers list them, dividers as the LAPIC's. Left out: hardware virtualisation (0x1000 to 0x18ff of a CEPIC), pins of the
//! node, which nothing drives, more nodes than one.

mod cepic;
mod ioepic;
mod message;
mod prepic;
mod registers;

use elnic_contract::{
    Access, ClockHz, Cx, Device, Fault, Lines, Model, RegionKind, RegionSpec, Register, Reset,
    RestoreError, SavedState, TimerId,
};
use elnic_registers::{Bank, BankState, Behaviour, RegisterFile, Written};
use serde::{Deserialize, Serialize};

pub use cepic::Cepic;
pub use ioepic::{EPIC_PINS, IoEpic, IoEpicRegister};
pub use message::{EpicDelivery, EpicMessage};
pub use prepic::PrepicRegister;
pub use registers::CepicRegister;

use crate::Controllers;
use cepic::{Audience, CepicState, NM_TIMERS};
use ioepic::IoEpicState;

/// Region of the processor's own controller.
const LOCAL_REGION: u8 = crate::LOCAL_REGION;
/// Region of the I/O controller.
const IO_REGION: u8 = crate::IO_REGION;
/// Region of PREPIC, in the system controller.
pub const NODE_REGION: u8 = 2;
/// Region of the doorbell's address, in the system controller.
pub const DOORBELL_REGION: u8 = 3;
/// Version of the saved state.
const VERSION: u32 = 1;

/// What the timers count: 100 MHz, as MCST's simulator tells kernels (e2k-machine.md §6.4).
pub const EPIC_TIMER_CLOCK: ClockHz = ClockHz::hz(100_000_000);

const TABLES: [&[Register]; 3] = [
    <CepicRegister as RegisterFile>::TABLE,
    ioepic::TABLE,
    <PrepicRegister as RegisterFile>::TABLE,
];
const ROWS: usize = TABLES[0].len() + TABLES[1].len() + TABLES[2].len();

/// All tables, one behind the other.
static REGISTERS: [Register; ROWS] = {
    let mut all = [TABLES[0][0]; ROWS];
    let (mut index, mut table, mut row) = (0, 0, 0);
    while index < ROWS {
        if row == TABLES[table].len() {
            (table, row) = (table + 1, 0);
        }
        all[index] = TABLES[table][row];
        (index, row) = (index + 1, row + 1);
    }
    all
};

/// What the interrupt controllers say of themselves.
pub static EPIC_MODEL: Model = Model {
    name: "epic",
    aliases: &[],
    summary: "EPIC interrupt controllers of all processors, of the node and of the I/O hub",
    pci: None,
    regions: &[
        RegionSpec { name: "cepic", bar: 0, kind: RegionKind::Fixed, size: 0x2000 },
        RegionSpec { name: "ioepic", bar: 0, kind: RegionKind::Fixed, size: ioepic::WINDOW },
        RegionSpec { name: "prepic", bar: 0, kind: RegionKind::Fixed, size: 0x1000 },
        RegionSpec { name: "rt-msi", bar: 0, kind: RegionKind::Fixed, size: 8 },
    ],
    registers: &REGISTERS,
    sources: &["e2k-machine.md §6.4"],
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpicState {
    cepics: Vec<CepicState>,
    io: IoEpicState,
    node: BankState,
}

/// Registers that are stored: PREPIC and the doorbell's address.
#[derive(Clone, Debug)]
struct Node(Bank<PrepicRegister>);

impl Behaviour<PrepicRegister> for Node {
    fn bank(&self) -> &Bank<PrepicRegister> {
        &self.0
    }

    fn bank_mut(&mut self) -> &mut Bank<PrepicRegister> {
        &mut self.0
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: PrepicRegister, _element: u16) {}

    fn after_write(&mut self, _cx: &mut Cx<'_>, _written: Written<PrepicRegister>) {}
}

/// The interrupt controllers of a board with EPIC.
#[derive(Clone, Debug)]
pub struct Epic {
    cepics: Vec<Cepic>,
    io: IoEpic,
    node: Node,
    viewer: usize,
}

impl Epic {
    /// The controllers of `processors`, 1 to 16, after reset. The first boots.
    pub fn new(processors: u8) -> Self {
        let cepic = |number| Cepic::new(number, EPIC_TIMER_CLOCK);
        let cepics = (0..processors.clamp(1, NM_TIMERS)).map(cepic).collect();
        Self { cepics, io: IoEpic::new(), node: Node(Bank::new()), viewer: 0 }
    }

    /// The controller of a processor.
    pub fn cepic(&self, processor: u8) -> Option<&Cepic> {
        self.cepics.get(usize::from(processor))
    }

    /// The I/O controller.
    pub const fn io(&self) -> &IoEpic {
        &self.io
    }

    /// Where devices write messages: a megabyte.
    pub fn doorbell(&self) -> u64 {
        self.node.0.get(PrepicRegister::MSI_H) << 32 | self.node.0.get(PrepicRegister::MSI)
    }

    fn deliver(&mut self, message: EpicMessage, audience: Audience, sender: usize) {
        let EpicMessage { vector, delivery, to } = message;
        for (index, cepic) in self.cepics.iter_mut().enumerate() {
            let is_meant = match audience {
                Audience::Addressed => usize::from(to) == index,
                Audience::Itself => index == sender,
                Audience::Others => index != sender,
                Audience::All => true,
            };
            if is_meant {
                cepic.accept(delivery, vector);
            }
        }
    }

    /// Carries everything the controllers tell each other. It ends: what is delivered tells nothing further.
    fn settle(&mut self) {
        for index in 0..self.cepics.len() {
            let sent = self.cepics.get_mut(index).map(Cepic::take_sent).unwrap_or_default();
            for (message, audience) in sent {
                self.deliver(message, audience, index);
            }
        }
        for message in self.io.take_messages() {
            self.deliver(message, Audience::Addressed, usize::MAX);
        }
    }
}

impl Controllers for Epic {
    fn view_from(&mut self, processor: u8) {
        self.viewer = usize::from(processor).min(self.cepics.len() - 1);
    }

    fn pending(&self, processor: u8) -> Option<u16> {
        self.cepic(processor)?.pending()
    }

    fn non_maskable(&self, processor: u8) -> bool {
        self.cepic(processor).is_some_and(Cepic::non_maskable)
    }

    fn assert(&mut self, input: u8, asserted: bool) {
        self.io.assert(input, asserted);
        self.settle();
    }

    fn message(&mut self, address: u64, data: u32) -> bool {
        let message = EpicMessage::from_write(self.doorbell(), address, data);
        if let Some(message) = message {
            self.deliver(message, Audience::Addressed, usize::MAX);
        }
        message.is_some()
    }

    fn take_startup(&mut self, processor: u8) -> Option<u64> {
        self.cepics.get_mut(usize::from(processor))?.take_startup()
    }
}

impl Device for Epic {
    fn describe(&self) -> &'static Model {
        &EPIC_MODEL
    }

    fn reset(&mut self, cx: &mut Cx<'_>, _kind: Reset) {
        for (number, cepic) in (0_u8..).zip(&mut self.cepics) {
            cepic.reset();
            cx.outbox.cancel(TimerId(number));
            cx.outbox.cancel(TimerId(number.saturating_add(NM_TIMERS)));
        }
        self.io.reset();
        self.node.0.reset();
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match (access.region(), self.cepics.get_mut(self.viewer)) {
            (LOCAL_REGION, Some(cepic)) => cepic.read(cx, access),
            (IO_REGION, _) => self.io.read(cx, access),
            _ => Ok(elnic_registers::read(&mut self.node, cx, access).unwrap_or(0)),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        match (access.region(), self.cepics.get_mut(self.viewer)) {
            (LOCAL_REGION, Some(cepic)) => cepic.write(cx, access, value)?,
            (IO_REGION, _) => self.io.write(cx, access, value)?,
            // A refused write has been logged where it was refused.
            _ => _ = elnic_registers::write(&mut self.node, cx, access, value),
        }
        self.settle();
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        match access.region() {
            LOCAL_REGION => {
                elnic_registers::peek(self.cepics.get(self.viewer)?.registers(), access)
            }
            IO_REGION => elnic_registers::peek(self.io.registers(), access),
            _ => elnic_registers::peek(&self.node.0, access),
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let (number, non_maskable) = (timer.0 % NM_TIMERS, timer.0 >= NM_TIMERS);
        if let Some(cepic) = self.cepics.get_mut(usize::from(number)) {
            cepic.tick(cx, non_maskable);
        }
        self.settle();
    }

    fn lines(&self) -> Lines {
        Lines::NONE
    }

    fn save(&self) -> SavedState {
        let cepics = self.cepics.iter().map(Cepic::save).collect();
        let state = EpicState { cepics, io: self.io.save(), node: self.node.0.save() };
        SavedState::new(EPIC_MODEL.name, VERSION, &state)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let kind = EPIC_MODEL.name;
        let impossible = |field, why: String| RestoreError::Impossible { kind, field, why };
        let saved: EpicState = state.decode(kind, VERSION)?;
        if saved.cepics.len() != self.cepics.len() {
            let why = format!("{} instead of {}", saved.cepics.len(), self.cepics.len());
            return Err(impossible("cepics", why));
        }
        let mut restored = self.clone();
        for (cepic, state) in restored.cepics.iter_mut().zip(&saved.cepics) {
            cepic.restore(state).map_err(|error| impossible("cepics", error.to_string()))?;
        }
        restored.io.restore(&saved.io).map_err(|error| impossible("io", error.to_string()))?;
        let node = restored.node.0.restore(&saved.node);
        node.map_err(|error| impossible("node", error.to_string()))?;
        *self = restored;
        Ok(())
    }
}
