//! A function's view of guest RAM: open only while it may master the bus.

use elnic_contract::{Dma, DmaError, Gpa};

/// Guest RAM behind the Bus Master Enable bit.
pub(crate) struct MasterGate<'a> {
    pub(crate) ram: &'a mut dyn Dma,
    pub(crate) open: bool,
    /// An access met no RAM: the function has received a master abort.
    pub(crate) aborted: bool,
}

impl MasterGate<'_> {
    fn through(
        &mut self,
        access: impl FnOnce(&mut dyn Dma) -> Result<(), DmaError>,
    ) -> Result<(), DmaError> {
        if !self.open {
            return Err(DmaError::NoBusMaster);
        }
        let result = access(self.ram);
        self.aborted |= matches!(result, Err(DmaError::NotRam(_)));
        result
    }
}

impl Dma for MasterGate<'_> {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        self.through(|ram| ram.read(at, into))
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.through(|ram| ram.write(at, from))
    }
}
