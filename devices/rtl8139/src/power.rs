//! What the bus lets the function do: power states and bus mastering (DS power management; PCI 3.0 §6.2.2).
//!
//! A function that sleeps neither sends nor receives; it looks at frames for one that wakes the system. Whether DMA reaches
//! memory is decided outside; an engine that was refused stands still and goes on when the bus is given back.

use elnic_contract::{Cx, FunctionState, PowerState};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::DUMP;

impl Rtl8139 {
    /// The function is in D1 to D3.
    pub(crate) fn sleeps(&self) -> bool {
        self.function.power != PowerState::D0
    }

    /// Software has changed what the function may do.
    pub(crate) fn function_is(&mut self, cx: &mut Cx<'_>, state: FunctionState) {
        self.function = state;
        if state.power != PowerState::D0 || !state.may_master {
            return;
        }
        if self.bank.get(Reg::DTCCR) & DUMP != 0 {
            self.dtccr_written(cx);
        }
        self.receive_on(cx);
        self.transmit(cx);
    }
}
