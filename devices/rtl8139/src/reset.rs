//! The resets: power-on, bus, CR.RST and loading the EEPROM (DS CR, 9346CR).

use elnic_contract::{Cx, FunctionState, Reset};
use elnic_registers::RegisterFile;

use crate::Rtl8139;
use crate::phy::Phy;
use crate::rx::Receiver;
use crate::spec::Reg;
use crate::spec::views::{cr, msr, rcr};
use crate::tally::Tally;
use crate::timers::Timer;
use crate::tx::Transmitter;

/// What no software reset touches. The data sheet names IDR and MAR as kept and engines, FIFOs and buffer pointers as
/// reset, and says nothing of the rest, which is QEMU's choice here.
const KEPT: &[Reg] = &[
    Reg::MAR,
    Reg::RCR,
    Reg::TSAD,
    Reg::MPC,
    Reg::MULINT,
    Reg::MTPS,
    Reg::CR9346,
    Reg::CONFIG4,
    Reg::MSR,
    Reg::BMSR,
    Reg::ANLPAR,
    Reg::ANER,
    Reg::DIS,
    Reg::FCSC,
    Reg::REC,
    Reg::PHY1_PARM,
    Reg::TW_PARM,
    Reg::PHY2_PARM,
    Reg::CRC,
    Reg::WAKEUP,
    Reg::LSBCRC,
    Reg::FLASH,
];

/// What it keeps besides by the data sheet ([`crate::compat`]).
const KEPT_BY_DATA_SHEET: &[Reg] = &[Reg::IDR, Reg::BMCR, Reg::ANAR, Reg::NWAYTR, Reg::CSCR];

impl Rtl8139 {
    /// A reset from outside.
    pub(crate) fn hard_reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        for timer in Timer::ALL {
            // The EEPROM is a chip of its own and has no reset pin.
            if kind == Reset::Cold || timer != Timer::Programming {
                self.timers.cancel(cx, timer);
            }
        }
        if kind == Reset::Cold {
            self.eeprom = self.eeprom.powered_on();
            self.counters = Default::default();
            self.strict.forget();
        }
        self.function = FunctionState::default();
        // A pulled cable is news again after power-on; through other resets it stays pulled.
        self.phy = Phy::new(kind == Reset::Cold || self.phy.partner);
        self.bank.reset();
        self.load_power_on_values();
        self.restart_engines(cx);
        self.announce_filter(cx);
    }

    /// What registers show after power-on beyond the constants of the table.
    pub(crate) fn load_power_on_values(&mut self) {
        self.bank.set(Reg::TCR, self.revision.version());
        self.bank.set(Reg::RERID, u64::from(self.revision.number()));
        if self.eeprom.words() > elnic_microwire::WORDS {
            self.bank.set_bits(Reg::RCR, rcr::SEL9356);
        }
        self.load_eeprom();
        self.show_link();
        self.show_eeprom_output();
        // The data sheet does not say what RST reads before software first writes CR.
        self.bank.set_bits(Reg::CR, cr::RST);
    }

    /// CR.RST: FIFOs, engines and pointers, and most registers.
    pub(crate) fn software_reset(&mut self, cx: &mut Cx<'_>) {
        let reloads = self.compat.software_reset_reloads();
        let more = if reloads { &[] } else { KEPT_BY_DATA_SHEET };
        let kept: Vec<(Reg, u16, u64)> = KEPT
            .iter()
            .chain(more)
            .flat_map(|register| {
                let elements = 0..register.spec().count;
                elements.map(|element| (*register, element, self.bank.get_at(*register, element)))
            })
            .collect();
        let advertised = self.advertised();
        for timer in Timer::ALL {
            // Transceiver and EEPROM do not notice.
            if !matches!(timer, Timer::Negotiation | Timer::Programming) {
                self.timers.cancel(cx, timer);
            }
        }
        self.bank.reset();
        self.bank.set(Reg::TCR, self.revision.version());
        self.bank.set(Reg::RERID, u64::from(self.revision.number()));
        self.load_eeprom();
        for (register, element, value) in kept {
            self.bank.set_at(register, element, value);
        }
        self.bank.clear_bits(Reg::MSR, msr::TXPF);
        self.pause_over();
        self.restart_engines(cx);
        if self.advertised() != advertised {
            self.negotiate(cx);
            self.bank.set(Reg::ISR, 0);
        }
        self.announce_filter(cx);
        if self.fidelity.full() {
            self.bank.set_bits(Reg::CR, cr::RST);
            let end = cx.now + self.fidelity.latencies.software_reset;
            self.timers.arm(cx, Timer::Reset, end);
        }
    }

    /// What the transceiver offers its partner.
    fn advertised(&self) -> (u64, u64) {
        (self.bank.get(Reg::BMCR), self.bank.get(Reg::ANAR))
    }

    /// The time of a software reset is over.
    pub(crate) fn reset_over(&mut self) {
        self.bank.clear_bits(Reg::CR, cr::RST);
    }

    /// 9346CR.EEM = 01: the EEPROM is loaded and everything else reset, as by the bus reset.
    pub(crate) fn auto_load(&mut self, cx: &mut Cx<'_>) {
        if self.fidelity.full() {
            self.timers.arm(cx, Timer::AutoLoad, cx.now + self.fidelity.latencies.auto_load);
        } else {
            self.auto_load_done(cx);
        }
    }

    /// The EEPROM is loaded.
    pub(crate) fn auto_load_done(&mut self, cx: &mut Cx<'_>) {
        self.software_reset(cx);
        self.load_eeprom();
        self.bank.set(Reg::CR9346, 0);
        self.show_eeprom_output();
        self.bank.set_bits(Reg::CR, cr::RST);
        self.announce_filter(cx);
    }

    /// Engines, FIFOs, counters and the timer start anew.
    fn restart_engines(&mut self, cx: &mut Cx<'_>) {
        self.tx = Transmitter::default();
        self.rx = Receiver::default();
        self.tally = Tally::default();
        self.timer_base = cx.now;
        self.dtccr_shown = false;
    }
}
