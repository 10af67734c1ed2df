//! Interrupts: ISR, IMR, INTA (DS ISR, IMR). There is no moderation: the line follows the two registers.

use elnic_contract::Lines;

use crate::Rtl8139;
use crate::spec::Reg;

impl Rtl8139 {
    /// Sets causes.
    pub(crate) fn raise(&mut self, causes: u64) {
        self.bank.set_bits(Reg::ISR, causes);
    }

    /// The level of INTA.
    pub(crate) fn interrupt_lines(&self) -> Lines {
        Lines::inta(self.bank.get(Reg::ISR) & self.bank.get(Reg::IMR) != 0)
    }
}
