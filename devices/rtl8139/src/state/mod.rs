//! Saved state, version 1: registers by name and everything in flight. The input is hostile.

mod frame;
mod receive;
mod transmit;

use elnic_contract::{Counters, FunctionState, RestoreError, SavedState, StrictState, VTime};
use elnic_microwire::Eeprom;
use elnic_registers::{Bank, BankState};
use serde::{Deserialize, Serialize};

use self::frame::impossible;
use self::receive::ReceiveV1;
use self::transmit::TransmitV1;
use crate::Rtl8139;
use crate::model::MODEL;
use crate::phy::Phy;
use crate::spec::Reg;
use crate::strict_rules::RULES;
use crate::tally::Tally;
use crate::timers::Timers;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateV1 {
    registers: BankState,
    timers: Timers,
    phy: Phy,
    eeprom: Eeprom,
    tally: Tally,
    counters: Counters,
    timer_base: VTime,
    dtccr_shown: bool,
    function: FunctionState,
    strict: StrictState,
    transmit: TransmitV1,
    receive: ReceiveV1,
}

impl Rtl8139 {
    pub(crate) fn save_state(&self) -> SavedState {
        let state = StateV1 {
            registers: self.bank.save(),
            timers: self.timers.clone(),
            phy: self.phy,
            eeprom: self.eeprom.clone(),
            tally: self.tally.clone(),
            counters: self.counters.clone(),
            timer_base: self.timer_base,
            dtccr_shown: self.dtccr_shown,
            function: self.function,
            strict: self.strict.save(),
            transmit: TransmitV1::of(&self.tx),
            receive: ReceiveV1::of(&self.rx),
        };
        SavedState::new(MODEL.name, VERSION, &state)
    }

    pub(crate) fn restore_state(&mut self, saved: &SavedState) -> Result<(), RestoreError> {
        let state: StateV1 = saved.decode(MODEL.name, VERSION)?;
        let mut bank = Bank::new();
        bank.restore(&state.registers)
            .map_err(|error| impossible("registers", error.to_string()))?;
        let found = bank.get(Reg::RERID);
        if found != u64::from(self.revision.number()) {
            let why = format!("is {found:#x}; this chip has {:#x}", self.revision.number());
            return Err(impossible("registers.RERID", why));
        }
        if !state.eeprom.is_possible() {
            return Err(impossible(
                "eeprom",
                "is of no chip there is, or has a command of too many bits",
            ));
        }
        let tx = state.transmit.revive()?;
        let rx = state.receive.revive()?;
        if !self.strict.restore(RULES, state.strict) {
            return Err(impossible("strict", format!("names rules beyond the {}", RULES.len())));
        }
        // Nothing fails from here on.
        self.bank = bank;
        self.timers = state.timers;
        self.phy = state.phy;
        self.eeprom = state.eeprom;
        self.tally = state.tally;
        self.counters = state.counters;
        self.timer_base = state.timer_base;
        self.dtccr_shown = state.dtccr_shown;
        self.function = state.function;
        self.tx = tx;
        self.rx = rx;
        self.derive();
        Ok(())
    }

    /// Brings what follows from other state in line with it.
    fn derive(&mut self) {
        self.show_transmit_summary();
        self.show_buffer_empty();
        self.show_eeprom_output();
        self.show_link();
        self.reported = self.report_filter();
    }
}
