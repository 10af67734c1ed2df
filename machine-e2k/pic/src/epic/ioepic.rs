//! The I/O controller of a machine with EPIC: 64 pins, a page each, with the message a pin makes.
//!
//! A pin is told whether its wire is asserted, so there is no polarity. An edge that comes while the pin is masked waits
//! for it; a level is sent once and again when its end is told by writing DELIVERY_STATUS.

use elnic_contract::{Access, Cx, Fault, Field, LogEntry, Mode, Register};
use elnic_registers::{Bank, BankState, BankStateError, Behaviour, RegisterFile, Written};
use serde::{Deserialize, Serialize};

use super::message::EpicMessage;

/// Number of pins.
pub const EPIC_PINS: u8 = 64;
/// Bytes of the controller: a page for each of up to 256 pins.
pub(super) const WINDOW: u64 = 0x10_0000;
/// Bytes of a pin's page.
const PAGE: u16 = 0x1000;

const ID: &[Field] = &[
    Field::new("ID", 0, 16, Mode::Rw, "number of the controller"),
    Field::new("NODE", 16, 16, Mode::Rw, "number of the node"),
];
const VERSION: &[Field] = &[
    Field::new("VERSION", 0, 8, Mode::Ro, "2: the end of a level is told without reading"),
    Field::new("ENTRIES", 16, 8, Mode::Ro, "number of pins"),
];
const RID: &[Field] = &[
    Field::new("FN", 0, 3, Mode::Rw, "function that the pin belongs to"),
    Field::new("DEV", 3, 5, Mode::Rw, "its device"),
    Field::new("BUS", 8, 8, Mode::Rw, "its bus"),
];
const INT_CTRL: &[Field] = &[
    Field::new("DELIVERY_STATUS", 12, 1, Mode::W1c, "a level was sent; write 1 at its end")
        .volatile(),
    Field::new("SOFTWARE_INT", 13, 1, Mode::W1c, "never: software sends messages itself"),
    Field::new("TRIGGER", 15, 1, Mode::Rw, "level triggered"),
    Field::new("MASK", 16, 1, Mode::Rw, "masked"),
];
const MSG_DATA: &[Field] = &[
    Field::new("VECTOR", 0, 10, Mode::Rw, "vector"),
    Field::new("DLVM", 13, 3, Mode::Rw, "delivery mode"),
];
const ADDR_HIGH: &[Field] = &[Field::new("ADDRESS", 0, 32, Mode::Rw, "upper half of the doorbell")];
const ADDR_LOW: &[Field] = &[
    Field::new("MSG_TYPE", 2, 3, Mode::Rw, "kind of message"),
    Field::new("DST", 6, 10, Mode::Rw, "to whom"),
    Field::new("MSI", 20, 12, Mode::Rw, "doorbell, in megabytes"),
];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields).region(super::IO_REGION).about("", "e2k-machine.md §6.4")
}

const fn of_pin(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    row(name, offset, fields).array(EPIC_PINS as u16, PAGE)
}

elnic_registers::register_file! {
    /// Registers of the I/O controller.
    pub enum IoEpicRegister {
        ID = row("IOEPIC_ID", 0x000, ID),
        VERSION = row("IOEPIC_VERSION", 0x004, VERSION).reset(0x0040_0002),
        INT_CTRL = of_pin("IOEPIC_INT_CTRL", 0x020, INT_CTRL).reset(0x1_0000),
        MSG_DATA = of_pin("IOEPIC_MSG_DATA", 0x024, MSG_DATA),
        ADDR_HIGH = of_pin("IOEPIC_ADDR_HIGH", 0x028, ADDR_HIGH),
        ADDR_LOW = of_pin("IOEPIC_ADDR_LOW", 0x02c, ADDR_LOW),
        INT_RID = row("IOEPIC_INT_RID", 0x800, RID).array(EPIC_PINS as u16, 4),
    }
}

use IoEpicRegister as R;

const STATUS: u64 = 1 << 12;
const LEVEL: u64 = 1 << 15;
const MASK: u64 = 1 << 16;

/// The state of the controller as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IoEpicState {
    registers: BankState,
    asserted: u64,
    edges: u64,
}

/// The I/O controller.
#[derive(Clone, Debug)]
pub struct IoEpic {
    bank: Bank<R>,
    /// Pins whose wire is asserted.
    asserted: u64,
    /// Pins with an edge that was not sent.
    edges: u64,
    messages: Vec<EpicMessage>,
}

impl IoEpic {
    pub(super) fn new() -> Self {
        Self { bank: Bank::new(), asserted: 0, edges: 0, messages: Vec::new() }
    }

    /// Resets the registers; what is at the pins is the devices' business.
    pub(super) fn reset(&mut self) {
        self.bank.reset();
        self.edges = 0;
        self.messages.clear();
    }

    /// The registers.
    pub const fn registers(&self) -> &Bank<R> {
        &self.bank
    }

    /// Somebody asserts a pin, or nobody does any longer. Pins there are none of are ignored.
    pub(super) fn assert(&mut self, pin: u8, asserted: bool) {
        if pin >= EPIC_PINS {
            return;
        }
        let bit = 1_u64 << pin;
        if asserted && self.asserted & bit == 0 {
            self.edges |= bit;
        }
        self.asserted = if asserted { self.asserted | bit } else { self.asserted & !bit };
        self.consider(pin.into());
    }

    /// What waits at a pin that is not masked is sent.
    fn consider(&mut self, pin: u16) {
        let control = self.bank.get_at(R::INT_CTRL, pin);
        let bit = 1_u64.checked_shl(pin.into()).unwrap_or(0);
        let level = control & LEVEL != 0;
        let waits = if level {
            self.asserted & bit != 0 && control & STATUS == 0
        } else {
            self.edges & bit != 0
        };
        if !waits || control & MASK != 0 {
            return;
        }
        self.edges &= !bit;
        if level {
            self.bank.set_at(R::INT_CTRL, pin, control | STATUS);
        }
        let address = self.bank.get_at(R::ADDR_LOW, pin) as u32;
        let data = self.bank.get_at(R::MSG_DATA, pin) as u32;
        self.messages.push(EpicMessage::from_words(address, data));
    }

    /// Messages made since this was last asked.
    pub(super) fn take_messages(&mut self) -> Vec<EpicMessage> {
        std::mem::take(&mut self.messages)
    }

    pub(super) fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match self.decoded(cx, access) {
            true => Ok(elnic_registers::read(self, cx, access).unwrap_or(0)),
            false => Ok(access.size().mask()),
        }
    }

    pub(super) fn write(&mut self, cx: &mut Cx<'_>, at: Access, value: u64) -> Result<(), Fault> {
        // A refused write has been logged where it was refused.
        elnic_registers::write(self, cx, at, value).or(Ok(()))
    }

    /// Whether a register stands there: others read as ones.
    fn decoded(&self, cx: &mut Cx<'_>, access: Access) -> bool {
        let decoded = elnic_registers::peek(&self.bank, access).is_some();
        if !decoded {
            cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister });
        }
        decoded
    }

    pub(super) fn save(&self) -> IoEpicState {
        IoEpicState { registers: self.bank.save(), asserted: self.asserted, edges: self.edges }
    }

    pub(super) fn restore(&mut self, state: &IoEpicState) -> Result<(), BankStateError> {
        self.bank.restore(&state.registers)?;
        (self.asserted, self.edges) = (state.asserted, state.edges);
        self.messages.clear();
        Ok(())
    }
}

impl Behaviour<R> for IoEpic {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: R, _element: u16) {}

    fn after_write(&mut self, _cx: &mut Cx<'_>, written: Written<R>) {
        if written.register == R::INT_CTRL {
            if written.raw & (STATUS | 1 << 13) != 0 {
                // Telling the end changes nothing else.
                let kept = written.old & !(written.raw & (STATUS | 1 << 13));
                self.bank.set_at(R::INT_CTRL, written.element, kept);
            }
            self.consider(written.element);
        }
    }
}

/// The table of the controller, for the model.
pub(super) const TABLE: &[Register] = <R as RegisterFile>::TABLE;
