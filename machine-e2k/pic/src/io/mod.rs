//! The I/O interrupt controller: 24 pins, and for each an entry that says what message it makes.
//!
//! Registers stand behind an index and a window. An entry's polarity is applied to the voltage of the pin, so a pin that
//! is active low on the board wants an entry that is active low.

mod registers;

use elnic_contract::{Access, Cx, Fault, LogEntry, Size};
use elnic_registers::{Bank, BankState, BankStateError, Behaviour, Written};
use serde::{Deserialize, Serialize};

pub use registers::IoApicRegister;
use registers::{IoApicRegister as R, WindowRegister, bits};

use crate::message::{Delivery, Destination, InterruptMessage};

pub(crate) use registers::WINDOW;

/// Number of pins.
pub const PINS: u8 = 24;

/// The state of the controller as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IoState {
    select: u8,
    registers: BankState,
    high: u32,
}

/// The I/O interrupt controller.
#[derive(Clone, Debug)]
pub struct IoApic {
    select: u8,
    bank: Bank<R>,
    /// Pins at a high voltage.
    high: u32,
    idle_high: u32,
    messages: Vec<(u8, InterruptMessage)>,
}

impl IoApic {
    /// A controller whose pins are high when idle where `idle_high` has a bit.
    pub fn new(idle_high: u32) -> Self {
        Self { select: 0, bank: Bank::new(), high: idle_high, idle_high, messages: Vec::new() }
    }

    /// Resets the registers; what is at the pins is the devices' business.
    pub(crate) fn reset(&mut self) {
        self.bank.reset();
        self.select = 0;
        self.messages.clear();
    }

    /// The registers behind the window.
    pub const fn registers(&self) -> &Bank<R> {
        &self.bank
    }

    /// Somebody asserts a pin, or nobody does any longer. Pins there are none of are ignored.
    pub(crate) fn assert(&mut self, pin: u8, asserted: bool) {
        if pin >= PINS {
            return;
        }
        let bit = 1_u32 << pin;
        let before = self.is_active(pin);
        let high = asserted != (self.idle_high & bit != 0);
        self.high = if high { self.high | bit } else { self.high & !bit };
        let rose = self.is_active(pin) && !before;
        let entry = self.entry(pin);
        if rose && entry & (bits::LEVEL | bits::MASK) == 0 {
            self.send(pin);
        } else {
            self.consider(pin);
        }
    }

    fn entry(&self, pin: u8) -> u64 {
        let index = pin.into();
        self.bank.get_at(R::RTE_HI, index) << 32 | self.bank.get_at(R::RTE_LO, index)
    }

    /// Whether the pin is active as its entry sees it.
    fn is_active(&self, pin: u8) -> bool {
        let high = self.high >> pin & 1 == 1;
        high != (self.entry(pin) & bits::ACTIVE_LOW != 0)
    }

    /// A level that is active, not masked and not being served is sent.
    fn consider(&mut self, pin: u8) {
        let entry = self.entry(pin);
        let waiting = entry & bits::LEVEL != 0 && entry & (bits::MASK | bits::REMOTE_IRR) == 0;
        if waiting && self.is_active(pin) {
            self.send(pin);
        }
    }

    fn send(&mut self, pin: u8) {
        let entry = self.entry(pin);
        let destination = (entry >> 56) as u8;
        let to = if entry & bits::LOGICAL != 0 {
            Destination::Logical(destination)
        } else {
            Destination::Physical(destination)
        };
        let level = entry & bits::LEVEL != 0;
        let delivery = Delivery::from_bits((entry >> 8) as u32);
        let message = InterruptMessage { vector: entry as u8, delivery, to, level };
        self.messages.push((pin, message));
    }

    /// Messages made since this was last asked, each with its pin.
    pub(crate) fn take_messages(&mut self) -> Vec<(u8, InterruptMessage)> {
        std::mem::take(&mut self.messages)
    }

    /// Somebody took a pin's message: a level is not sent again before its end.
    pub(crate) fn accepted(&mut self, pin: u8) {
        let index = pin.into();
        let low = self.bank.get_at(R::RTE_LO, index);
        if low & bits::LEVEL != 0 {
            self.bank.set_at(R::RTE_LO, index, low | bits::REMOTE_IRR);
        }
    }

    /// A level interrupt of this vector has been served: pins that still are active ask again.
    pub(crate) fn end_of_interrupt(&mut self, vector: u8) {
        for pin in 0..PINS {
            let index = pin.into();
            let low = self.bank.get_at(R::RTE_LO, index);
            if low & bits::REMOTE_IRR != 0 && low as u8 == vector {
                self.bank.set_at(R::RTE_LO, index, low & !bits::REMOTE_IRR);
                self.consider(pin);
            }
        }
    }

    /// Levels that nobody has taken are sent again: a processor may have been made ready for them.
    pub(crate) fn consider_all(&mut self) {
        (0..PINS).for_each(|pin| self.consider(pin));
    }

    pub(crate) fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match WindowRegister::at(access) {
            Some(WindowRegister::Select) => Ok(self.select.into()),
            Some(WindowRegister::Window) => {
                let behind = self.behind(access)?;
                Ok(elnic_registers::read(self, cx, behind).unwrap_or(0))
            }
            Some(WindowRegister::Eoi) | None => {
                cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister });
                Ok(0)
            }
        }
    }

    pub(crate) fn write(
        &mut self,
        cx: &mut Cx<'_>,
        access: Access,
        value: u64,
    ) -> Result<(), Fault> {
        match WindowRegister::at(access) {
            Some(WindowRegister::Select) => self.select = value as u8,
            Some(WindowRegister::Window) => {
                let behind = self.behind(access)?;
                // A refused write has been logged where it was refused.
                return elnic_registers::write(self, cx, behind, value).or(Ok(()));
            }
            Some(WindowRegister::Eoi) => self.end_of_interrupt(value as u8),
            None => cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister }),
        }
        Ok(())
    }

    /// The access behind the window: register `n` stands at `4 n`.
    fn behind(&self, access: Access) -> Result<Access, Fault> {
        let offset = u64::from(self.select) * 4;
        Access::new(crate::IO_REGION, offset, Size::Word).map_err(|_| Fault::WrongSize).and_then(
            |behind| {
                if access.size() == Size::Word { Ok(behind) } else { Err(Fault::WrongSize) }
            },
        )
    }

    pub(crate) fn peek(&self, access: Access) -> Option<u64> {
        match WindowRegister::at(access)? {
            WindowRegister::Select => Some(self.select.into()),
            WindowRegister::Window => {
                elnic_registers::peek(&self.bank, self.behind(access).ok()?).or(Some(0))
            }
            WindowRegister::Eoi => Some(0),
        }
    }

    pub(crate) fn save(&self) -> IoState {
        IoState { select: self.select, registers: self.bank.save(), high: self.high }
    }

    pub(crate) fn restore(&mut self, state: &IoState) -> Result<(), BankStateError> {
        self.bank.restore(&state.registers)?;
        self.select = state.select;
        self.high = state.high & ((1 << PINS) - 1);
        self.messages.clear();
        Ok(())
    }
}

impl Behaviour<R> for IoApic {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: R, _element: u16) {}

    fn after_write(&mut self, _cx: &mut Cx<'_>, written: Written<R>) {
        if written.register == R::RTE_LO {
            let low = self.bank.get_at(R::RTE_LO, written.element);
            self.bank.set_at(R::RTE_LO, written.element, low & !bits::REMOTE_IRR);
        }
        if matches!(written.register, R::RTE_LO | R::RTE_HI)
            && let Ok(pin) = u8::try_from(written.element)
        {
            self.consider(pin);
        }
    }
}
