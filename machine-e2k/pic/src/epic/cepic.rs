//! The controller of one processor of a machine with EPIC.
//!
//! A vector has ten bits, its class is the upper two. Requested vectors stand in PMIRR; the highest whose class reaches
//! CPR is presented in CIR. Reading VECT_INTA takes it into service: CPR rises above its class until EOI puts back what
//! VECT_INTA showed. So what is in service stands with software, not here.

use elnic_contract::{Access, ClockHz, Cx, Fault, TimerId};
use elnic_registers::{Bank, BankState, BankStateError, Behaviour, Written};
use serde::{Deserialize, Serialize};

use super::message::{EpicDelivery, EpicMessage};
use super::registers::{CepicRegister as R, bits};
use crate::timer::{self, Timer};

/// Number of the first timer for non-maskable interrupts among the device's timers.
pub(super) const NM_TIMERS: u8 = 16;

/// Whom an inter-processor interrupt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The one addressed.
    Addressed,
    /// The sender.
    Itself,
    /// All others.
    Others,
    /// All.
    All,
}

/// The state of a controller as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CepicState {
    registers: BankState,
    timer: Timer,
    nm_timer: Timer,
}

/// The controller of one processor.
#[derive(Clone, Debug)]
pub struct Cepic {
    bank: Bank<R>,
    number: u8,
    timer: Timer,
    nm_timer: Timer,
    sent: Vec<(EpicMessage, Audience)>,
}

impl Cepic {
    /// The controller of processor `number`, which boots if that is 0; its timers count `clock`.
    pub(super) fn new(number: u8, clock: ClockHz) -> Self {
        let (timer, nm_timer) = (Timer::new(clock), Timer::new(clock));
        let mut cepic = Self { bank: Bank::new(), number, timer, nm_timer, sent: Vec::new() };
        cepic.reset();
        cepic
    }

    pub(super) fn reset(&mut self) {
        self.bank.reset();
        self.bank.set(R::ID, self.number.into());
        if self.number == 0 {
            self.bank.set(R::CTRL, bits::CTRL_BSP);
        }
        self.timer.stop();
        self.nm_timer.stop();
        self.sent.clear();
    }

    /// The registers.
    pub const fn registers(&self) -> &Bank<R> {
        &self.bank
    }

    fn cpr(&self) -> u64 {
        self.bank.get(R::CPR) >> 8 & 7
    }

    /// The vector presented to the processor.
    pub fn pending(&self) -> Option<u16> {
        let cir = self.bank.get(R::CIR);
        let enabled = self.bank.get(R::CTRL) & bits::CTRL_SOFT_EN != 0;
        (enabled && cir & bits::STAT != 0).then_some((cir & bits::VECT) as u16)
    }

    /// Whether there is a cause for a non-maskable interrupt.
    pub fn non_maskable(&self) -> bool {
        self.bank.get(R::PNMIRR) & !self.bank.get(R::PNMIRR_MASK) & !0xff != 0
    }

    /// Takes INIT and STARTUP; the address to start at, if there was the latter.
    pub(super) fn take_startup(&mut self) -> Option<u64> {
        let causes = self.bank.get(R::PNMIRR);
        self.bank.set(R::PNMIRR, causes & !(bits::NM_INIT | bits::NM_STARTUP));
        (causes & bits::NM_STARTUP != 0).then_some((causes & 0xff) << 12)
    }

    /// Takes an interrupt.
    pub(super) fn accept(&mut self, delivery: EpicDelivery, vector: u16) {
        let cause = match delivery {
            EpicDelivery::Fixed => return self.request(vector),
            EpicDelivery::Smi => bits::NM_SMI,
            EpicDelivery::Special => bits::NM_SPECIAL,
            EpicDelivery::Nmi => bits::NM_NMI,
            EpicDelivery::Init => bits::NM_INIT,
            EpicDelivery::Startup => {
                let entry = u64::from(vector & 0xff);
                self.bank.set(R::PNMIRR, self.bank.get(R::PNMIRR) & !0xff | entry);
                bits::NM_STARTUP
            }
            EpicDelivery::Reserved => return self.error(bits::ESR_MESSAGE),
        };
        self.bank.set_bits(R::PNMIRR, cause);
    }

    fn request(&mut self, vector: u16) {
        self.set_requested(vector, true);
        self.present();
    }

    fn set_requested(&mut self, vector: u16, to: bool) {
        let (word, bit) = (vector >> 5 & 31, 1 << (vector & 31));
        let value = self.bank.get_at(R::PMIRR, word);
        self.bank.set_at(R::PMIRR, word, if to { value | bit } else { value & !bit });
    }

    fn highest(&self) -> Option<u16> {
        (0..32_u16).rev().find_map(|word| {
            let value = self.bank.get_at(R::PMIRR, word) as u32;
            Some(word << 5 | u16::try_from(value.checked_ilog2()?).ok()?)
        })
    }

    /// Puts the most important vector that may be presented into CIR; one that may not be any longer goes back.
    fn present(&mut self) {
        let cir = self.bank.get(R::CIR);
        if cir & bits::STAT != 0 {
            self.set_requested((cir & bits::VECT) as u16, true);
        }
        let next = self.highest().filter(|vector| u64::from(vector >> 8) >= self.cpr());
        if let Some(vector) = next {
            self.set_requested(vector, false);
        }
        self.bank.set(R::CIR, next.map_or(0, |vector| u64::from(vector) | bits::STAT));
    }

    /// Takes what is presented into service, as a read of VECT_INTA does; what that shows.
    fn acknowledge(&mut self) -> u64 {
        let before = self.cpr() << 16;
        let cir = self.bank.get(R::CIR);
        if cir & bits::STAT == 0 {
            return self.bank.get(R::SVR) & bits::VECT | before;
        }
        let vector = cir & bits::VECT;
        self.bank.set(R::CIR, 0);
        self.bank.set(R::CPR, ((vector >> 8) + 1) << 8);
        self.present();
        vector | before
    }

    fn error(&mut self, error: u64) {
        self.bank.set_bits(R::ESR_NEW, error);
        let vector = self.bank.get(R::ESR2);
        if vector & bits::MASK == 0 {
            self.request((vector & bits::VECT) as u16);
        }
    }

    fn send(&mut self) {
        let command = self.bank.get(R::ICR);
        let delivery = EpicDelivery::from_bits((command >> 13) as u32);
        if delivery == EpicDelivery::Reserved {
            return self.error(bits::ESR_ICR);
        }
        let audience = match command >> 10 & 3 {
            0 => Audience::Addressed,
            1 => Audience::Itself,
            2 => Audience::Others,
            _ => Audience::All,
        };
        let (vector, to) = ((command & bits::VECT) as u16, (command >> 40 & 0x3ff) as u16);
        self.sent.push((EpicMessage { vector, delivery, to }, audience));
    }

    /// What was sent since this was last asked, oldest first.
    pub(super) fn take_sent(&mut self) -> Vec<(EpicMessage, Audience)> {
        std::mem::take(&mut self.sent)
    }

    fn start(&mut self, cx: &mut Cx<'_>, non_maskable: bool) {
        let (timer, init, div, id) = if non_maskable {
            let id = self.number.saturating_add(NM_TIMERS);
            (&mut self.nm_timer, R::NM_TIMER_INIT, R::NM_TIMER_DIV, id)
        } else {
            (&mut self.timer, R::TIMER_INIT, R::TIMER_DIV, self.number)
        };
        match self.bank.get(init) as u32 {
            0 => {
                timer.stop();
                cx.outbox.cancel(TimerId(id));
            }
            count => {
                let end = timer.start(cx.now, count, timer::divider(self.bank.get(div)));
                cx.outbox.arm(TimerId(id), end);
            }
        }
    }

    /// A timer has reached 0.
    pub(super) fn tick(&mut self, cx: &mut Cx<'_>, non_maskable: bool) {
        let control = if non_maskable { R::NM_TIMER_LVTT } else { R::TIMER_LVTT };
        let control = self.bank.get(control);
        if non_maskable {
            self.nm_timer.stop();
            self.bank.set_bits(R::PNMIRR, bits::NM_TIMER);
        } else {
            self.timer.stop();
            if control & bits::MASK == 0 {
                self.request((control & bits::VECT) as u16);
            }
        }
        if control & bits::MODE != 0 {
            self.start(cx, non_maskable);
        }
    }

    pub(super) fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        Ok(elnic_registers::read(self, cx, access).unwrap_or(0))
    }

    pub(super) fn write(&mut self, cx: &mut Cx<'_>, at: Access, value: u64) -> Result<(), Fault> {
        // A refused write has been logged where it was refused.
        elnic_registers::write(self, cx, at, value).or(Ok(()))
    }

    pub(super) fn save(&self) -> CepicState {
        let registers = self.bank.save();
        CepicState { registers, timer: self.timer, nm_timer: self.nm_timer }
    }

    pub(super) fn restore(&mut self, state: &CepicState) -> Result<(), BankStateError> {
        self.bank.restore(&state.registers)?;
        (self.timer, self.nm_timer) = (state.timer, state.nm_timer);
        self.sent.clear();
        Ok(())
    }
}

impl Behaviour<R> for Cepic {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, cx: &mut Cx<'_>, register: R, _element: u16) {
        match register {
            R::VECT_INTA => {
                let shown = self.acknowledge();
                self.bank.set(R::VECT_INTA, shown);
            }
            R::TIMER_CUR => self.bank.set(R::TIMER_CUR, self.timer.count(cx.now).into()),
            R::NM_TIMER_CUR => self.bank.set(R::NM_TIMER_CUR, self.nm_timer.count(cx.now).into()),
            _ => {}
        }
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<R>) {
        match written.register {
            R::CPR => self.present(),
            R::EOI => {
                self.bank.set(R::CPR, (written.raw >> 16 & 7) << 8);
                self.present();
            }
            R::ESR => {
                self.bank.set(R::ESR, self.bank.get(R::ESR_NEW));
                self.bank.set(R::ESR_NEW, 0);
            }
            // The upper half alone only says to whom.
            R::ICR if written.lanes & 0xffff_ffff != 0 => self.send(),
            R::TIMER_INIT => self.start(cx, false),
            R::NM_TIMER_INIT => self.start(cx, true),
            R::TIMER_DIV => {
                let divider = timer::divider(written.new);
                if let Some(end) = self.timer.change_divider(cx.now, divider) {
                    cx.outbox.arm(TimerId(self.number), end);
                }
            }
            R::NM_TIMER_DIV => {
                let divider = timer::divider(written.new);
                if let Some(end) = self.nm_timer.change_divider(cx.now, divider) {
                    cx.outbox.arm(TimerId(self.number.saturating_add(NM_TIMERS)), end);
                }
            }
            _ => {}
        }
    }
}
