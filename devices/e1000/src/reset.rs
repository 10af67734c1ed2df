//! The resets: power-on, bus, CTRL.RST, and loading the EEPROM (SDM 14.3, 4.6).

use elnic_contract::{Cx, FunctionState, Reset};
use elnic_registers::Bank;

use crate::E1000;
use crate::eeprom;
use crate::fifo::Capacity;
use crate::irq::Interrupts;
use crate::phy::Phy;
use crate::rx::Receiver;
use crate::spec::Reg;
use crate::spec::views::{eecd, wuc};
use crate::timers::Timer;
use crate::tx::Transmitter;

/// Registers that keep their values through CTRL.RST and the bus reset: the buffer allocation, which takes effect only
/// then, and everything of wake-up (SDM 13.4.16, 13.6). IOADDR belongs to the bus side.
const KEPT: &[Reg] = &[
    Reg::PBA,
    Reg::WUC,
    Reg::WUFC,
    Reg::WUS,
    Reg::IPAV,
    Reg::IP4AT,
    Reg::IP6AT,
    Reg::WUPL,
    Reg::WUPM,
    Reg::FFLT,
    Reg::FFMT,
    Reg::FFVT,
    Reg::IOADDR,
];

impl E1000 {
    /// A reset from outside.
    pub(crate) fn hard_reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        // The time of negotiation passes while firmware runs, which no guest sees. After power-on the cable counts as
        // plugged until the machine says otherwise.
        self.phy = Phy::new(kind == Reset::Cold || self.phy.has_partner(), self.phy.setup());
        self.timers.cancel(cx, Timer::Negotiation);
        if kind == Reset::Cold {
            self.timers.cancel(cx, Timer::Programming);
            self.eeprom = self.eeprom.powered_on();
            self.counters = Default::default();
            self.bank.reset();
            self.load_wake_up();
            self.strict.forget();
        }
        self.function = FunctionState::default();
        self.soft_reset(cx);
    }

    /// CTRL.RST: everything but PHY, EEPROM contents, buffer allocation and wake-up.
    pub(crate) fn soft_reset(&mut self, cx: &mut Cx<'_>) {
        for timer in Timer::ALL {
            // PHY and EEPROM are chips of their own and notice nothing.
            if !matches!(timer, Timer::Negotiation | Timer::Programming) {
                self.timers.cancel(cx, timer);
            }
        }
        let kept: Vec<(Reg, u16, u64)> = KEPT
            .iter()
            .flat_map(|register| {
                let count = elnic_registers::RegisterFile::spec(*register).count;
                (0..count).map(|element| (*register, element, self.bank.get_at(*register, element)))
            })
            .collect();
        self.bank.reset();
        for (register, element, value) in kept {
            self.bank.set_at(register, element, value);
        }
        self.tx = Transmitter::default();
        self.rx = Receiver::default();
        self.capacity = Capacity::of(self.bank.get(Reg::PBA));
        self.irq = Interrupts::default();
        self.compat.reset();
        self.load_defaults();
        self.announce_filter(cx);
    }

    /// CTRL_EXT.EE_RST: takes over from the EEPROM what a reset takes over.
    pub(crate) fn load_eeprom(&mut self, cx: &mut Cx<'_>) {
        self.load_from_eeprom();
        self.announce_filter(cx);
    }

    /// What registers show after a reset beyond the constants of the table.
    pub(crate) fn load_defaults(&mut self) {
        self.load_from_eeprom();
        let status = self.derived_status();
        self.bank.set(Reg::STATUS, status);
        self.show_eeprom_output();
        self.place_fifos();
    }

    /// The station address, if the contents are to be believed; what EECD says of the chip.
    fn load_from_eeprom(&mut self) {
        let signed = eeprom::is_signed(&self.eeprom);
        if signed {
            self.load_station(eeprom::station(&self.eeprom));
        }
        self.refresh_stations();
        let large = self.eeprom.words() > elnic_microwire::WORDS;
        for (bits, set) in [(eecd::PRES, signed), (eecd::SIZE, large)] {
            let change = if set { Bank::set_bits } else { Bank::clear_bits };
            change(&mut self.bank, Reg::EECD, bits);
        }
    }

    /// As [`E1000::load_defaults`], and what only power-on brings.
    pub(crate) fn load_power_on_defaults(&mut self) {
        self.load_wake_up();
        self.load_defaults();
    }

    /// APM is on before any driver runs if the EEPROM says so.
    fn load_wake_up(&mut self) {
        if eeprom::wakes_without_driver(&self.eeprom) && !self.compat.is_qemu() {
            self.bank.set_bits(Reg::WUC, wuc::APME);
        }
    }
}
