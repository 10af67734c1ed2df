//! A block of registers that are stored and mean nothing yet: what the system controller's routing tables are while there
//! is one node.

use elnic_contract::{
    Access, Cx, Device, Fault, Lines, Model, Reset, RestoreError, SavedState, TimerId,
};
use elnic_registers::{Bank, BankState, Behaviour, RegisterFile, Written};

/// Registers `R` of a model, as a device. An offset that no register decodes reads 0 and swallows writes (and is logged):
/// kernels probe registers of newer chips there.
#[derive(Debug)]
pub struct RegisterBlock<R: RegisterFile> {
    model: &'static Model,
    bank: Bank<R>,
}

const VERSION: u32 = 1;

impl<R: RegisterFile> RegisterBlock<R> {
    /// The block after reset.
    pub fn new(model: &'static Model) -> Self {
        Self { model, bank: Bank::new() }
    }

    /// The values.
    pub const fn registers(&self) -> &Bank<R> {
        &self.bank
    }

    /// The values, to be set as the hardware.
    pub const fn registers_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }
}

impl<R: RegisterFile> Behaviour<R> for RegisterBlock<R> {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: R, _element: u16) {}

    fn after_write(&mut self, _cx: &mut Cx<'_>, _written: Written<R>) {}
}

impl<R: RegisterFile> Device for RegisterBlock<R> {
    fn describe(&self) -> &'static Model {
        self.model
    }

    fn reset(&mut self, _cx: &mut Cx<'_>, _kind: Reset) {
        self.bank.reset();
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        Ok(elnic_registers::read(self, cx, access).unwrap_or(0))
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        // A refused write has been logged where it was refused.
        elnic_registers::write(self, cx, access, value).or(Ok(()))
    }

    fn peek(&self, access: Access) -> Option<u64> {
        elnic_registers::peek(&self.bank, access)
    }

    fn timer(&mut self, _cx: &mut Cx<'_>, _timer: TimerId) {}

    fn lines(&self) -> Lines {
        Lines::NONE
    }

    fn save(&self) -> SavedState {
        SavedState::new(self.model.name, VERSION, &self.bank.save())
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let kind = self.model.name;
        let saved: BankState = state.decode(kind, VERSION)?;
        self.bank.restore(&saved).map_err(|error| RestoreError::Impossible {
            kind,
            field: "registers",
            why: error.to_string(),
        })
    }
}
