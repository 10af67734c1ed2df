//! A local interrupt controller: accepts interrupts for one processor, orders them, hands them over.
//!
//! The highest four bits of a vector are its priority. What is requested stands in IRR until software reads VECT, then in
//! ISR until it writes EOI; only what is above both TPR and the highest vector in ISR is pending.

mod registers;

use elnic_contract::{Access, ClockHz, Cx, Fault, TimerId};
use elnic_registers::{Bank, BankState, BankStateError, Behaviour, Written};
use serde::{Deserialize, Serialize};

use crate::message::{Delivery, Destination, InterruptMessage};
use crate::timer::{self, Timer};
pub use registers::LapicRegister;
use registers::{LOCAL_VECTORS, LapicRegister as R, bits};

/// Number of the first timer for non-maskable interrupts among the device's timers.
pub(crate) const NM_TIMERS: u8 = 16;
/// Vectors below are reserved.
const FIRST_VECTOR: u8 = 16;

/// What a controller wants told to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// An inter-processor interrupt.
    Sent(InterruptMessage, Audience),
    /// A level interrupt has been served.
    Ended(u8),
}

/// Whom an inter-processor interrupt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Addressed,
    All,
    Others,
}

/// The state of a controller as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalState {
    registers: BankState,
    timer: Timer,
    nm_timer: Timer,
    errors: u64,
}

/// A local interrupt controller.
#[derive(Clone, Debug)]
pub struct LocalApic {
    bank: Bank<R>,
    timer: Timer,
    timer_id: TimerId,
    /// The timer for non-maskable interrupts.
    nm_timer: Timer,
    /// Errors since ESR was last written.
    errors: u64,
    told: Vec<Told>,
}

impl LocalApic {
    /// Controller number `number`, the boot processor's if that is 0; its timer counts `clock`.
    pub fn new(number: u8, clock: ClockHz) -> Self {
        let mut local = Self {
            bank: Bank::new(),
            timer: Timer::new(clock),
            timer_id: TimerId(number),
            nm_timer: Timer::new(clock),
            errors: 0,
            told: Vec::new(),
        };
        local.reset();
        local
    }

    pub(crate) fn reset(&mut self) {
        self.bank.reset();
        self.bank.set(R::ID, u64::from(self.timer_id.0) << 24);
        if self.timer_id.0 == 0 {
            self.bank.set_bits(R::BSP, bits::BSP_IS_BSP);
        }
        self.timer.stop();
        self.nm_timer.stop();
        self.errors = 0;
        self.told.clear();
    }

    /// The registers.
    pub const fn registers(&self) -> &Bank<R> {
        &self.bank
    }

    pub(crate) fn id(&self) -> u8 {
        (self.bank.get(R::ID) >> 24) as u8
    }

    fn enabled(&self) -> bool {
        self.bank.get(R::SPIV) & bits::SPIV_ENABLE != 0
    }

    /// The priority below and at which nothing is pending.
    pub(crate) fn priority(&self) -> u8 {
        self.bank.get(R::PPR) as u8
    }

    /// The highest vector that may interrupt the processor now.
    pub fn pending(&self) -> Option<u8> {
        let requested = self.highest(R::IRR).filter(|_| self.enabled())?;
        (requested >> 4 > self.priority() >> 4).then_some(requested)
    }

    /// Whether there is a cause for a non-maskable interrupt.
    pub fn non_maskable(&self) -> bool {
        self.bank.get(R::NM) & !self.bank.get(R::M_ERM) & !0xff != 0
    }

    /// Takes INIT and STARTUP; the address to start at, if there was the latter.
    pub(crate) fn take_startup(&mut self) -> Option<u64> {
        let causes = self.bank.get(R::NM);
        self.bank.set(R::NM, causes & !(bits::NM_INIT | bits::NM_STARTUP));
        (causes & bits::NM_STARTUP != 0).then_some((causes & 0xff) << 12)
    }

    /// Takes the pending vector into service, as a read of VECT does.
    pub fn acknowledge(&mut self) -> Option<u8> {
        let vector = self.pending()?;
        self.set_vector(R::IRR, vector, false);
        self.set_vector(R::ISR, vector, true);
        self.update_priority();
        Some(vector)
    }

    /// Whether a message for `destination` is for this controller.
    pub(crate) fn is_addressed(&self, destination: Destination) -> bool {
        match destination {
            Destination::Physical(id) => id == 0xff || id == self.id(),
            Destination::Logical(wanted) => {
                let own = (self.bank.get(R::LDR) >> 24) as u8;
                if self.bank.get(R::DFR) >> 28 == 0xf {
                    own & wanted != 0
                } else {
                    let cluster = wanted >> 4;
                    (cluster == 0xf || cluster == own >> 4) && own & wanted & 0xf != 0
                }
            }
        }
    }

    /// Takes an interrupt; says whether it was accepted.
    pub(crate) fn accept(&mut self, delivery: Delivery, vector: u8, level: bool) -> bool {
        let cause = match delivery {
            Delivery::Fixed | Delivery::LowestPriority => return self.request(vector, level),
            Delivery::Smi => bits::NM_SMI,
            Delivery::Nmi => bits::NM_NMI,
            Delivery::Init => bits::NM_INIT,
            Delivery::ExtInt => bits::NM_EXTINT,
            Delivery::Startup => {
                self.bank.set(R::NM, self.bank.get(R::NM) & !0xff | u64::from(vector));
                bits::NM_STARTUP
            }
            Delivery::Reserved => return false,
        };
        self.bank.set_bits(R::NM, cause);
        true
    }

    fn request(&mut self, vector: u8, level: bool) -> bool {
        if vector < FIRST_VECTOR {
            self.error(bits::ESR_RECEIVED_ILLEGAL);
            return false;
        }
        if !self.enabled() {
            return false;
        }
        self.set_vector(R::IRR, vector, true);
        self.set_vector(R::TMR, vector, level);
        true
    }

    fn error(&mut self, error: u64) {
        let first = self.errors & error == 0;
        self.errors |= error;
        if first {
            self.local_interrupt(R::LVTERR);
        }
    }

    /// A source of this controller's own fires.
    fn local_interrupt(&mut self, source: R) {
        let entry = self.bank.get(source);
        let vector = entry as u8;
        // An error vector that is illegal itself would be an error without end.
        let legal = vector >= FIRST_VECTOR || source != R::LVTERR;
        if entry & bits::LVT_MASK == 0 && legal {
            self.accept(Delivery::from_bits((entry >> 8) as u32), vector, false);
        }
    }

    fn end_of_interrupt(&mut self) {
        let Some(vector) = self.highest(R::ISR) else { return };
        self.set_vector(R::ISR, vector, false);
        self.update_priority();
        if self.has_vector(R::TMR, vector) {
            self.set_vector(R::TMR, vector, false);
            if self.bank.get(R::SPIV) & bits::SPIV_DIRECTED_EOI == 0 {
                self.told.push(Told::Ended(vector));
            }
        }
    }

    fn update_priority(&mut self) {
        let served = self.highest(R::ISR).map_or(0, |vector| u64::from(vector) & 0xf0);
        let task = self.bank.get(R::TPR);
        let priority = if task & 0xf0 >= served { task } else { served };
        self.bank.set(R::PPR, priority);
    }

    fn send(&mut self, command: u64) {
        let vector = command as u8;
        let delivery = Delivery::from_bits((command >> 8) as u32);
        let fixed = matches!(delivery, Delivery::Fixed | Delivery::LowestPriority);
        if fixed && vector < FIRST_VECTOR {
            return self.error(bits::ESR_SENT_ILLEGAL);
        }
        let level = command & bits::ICR_LEVEL != 0;
        if level && command & bits::ICR_ASSERT == 0 {
            // Deassertion of INIT: arbitration, which there is none of.
            return;
        }
        let destination = (self.bank.get(R::ICR2) >> 24) as u8;
        let addressed = if command & bits::ICR_LOGICAL != 0 {
            Destination::Logical(destination)
        } else {
            Destination::Physical(destination)
        };
        let (to, audience) = match command >> 18 & 3 {
            0 => (addressed, Audience::Addressed),
            1 => (Destination::Physical(self.id()), Audience::Addressed),
            2 => (addressed, Audience::All),
            _ => (addressed, Audience::Others),
        };
        // Between processors every interrupt is an edge.
        let message = InterruptMessage { vector, delivery, to, level: false };
        self.told.push(Told::Sent(message, audience));
    }

    /// What was told since this was last asked, oldest first.
    pub(crate) fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    fn nm_timer_id(&self) -> TimerId {
        TimerId(self.timer_id.0.saturating_add(NM_TIMERS))
    }

    fn start_timer(&mut self, cx: &mut Cx<'_>, non_maskable: bool) {
        let (count, divider, id) = if non_maskable {
            (R::NM_TIMER_INIT, R::NM_TIMER_DIVIDER, self.nm_timer_id())
        } else {
            (R::TMICT, R::TDCR, self.timer_id)
        };
        let (count, divider) = (self.bank.get(count) as u32, self.bank.get(divider));
        let timer = if non_maskable { &mut self.nm_timer } else { &mut self.timer };
        if count == 0 {
            timer.stop();
            cx.outbox.cancel(id);
        } else {
            let end = timer.start(cx.now, count, timer::divider(divider));
            cx.outbox.arm(id, end);
        }
    }

    /// A timer has reached 0.
    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>, non_maskable: bool) {
        let control = if non_maskable {
            self.nm_timer.stop();
            self.bank.set_bits(R::NM, bits::NM_TIMER);
            R::NM_TIMER_LVTT
        } else {
            self.timer.stop();
            self.local_interrupt(R::LVTT);
            R::LVTT
        };
        if self.bank.get(control) & bits::LVT_PERIODIC != 0 {
            self.start_timer(cx, non_maskable);
        }
    }

    pub(crate) fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        Ok(elnic_registers::read(self, cx, access).unwrap_or(0))
    }

    pub(crate) fn write(
        &mut self,
        cx: &mut Cx<'_>,
        access: Access,
        value: u64,
    ) -> Result<(), Fault> {
        // A refused write has been logged where it was refused.
        elnic_registers::write(self, cx, access, value).or(Ok(()))
    }

    pub(crate) fn save(&self) -> LocalState {
        let (timer, nm_timer) = (self.timer, self.nm_timer);
        LocalState { registers: self.bank.save(), timer, nm_timer, errors: self.errors }
    }

    pub(crate) fn restore(&mut self, state: &LocalState) -> Result<(), BankStateError> {
        self.bank.restore(&state.registers)?;
        (self.timer, self.nm_timer) = (state.timer, state.nm_timer);
        self.errors = state.errors;
        self.told.clear();
        Ok(())
    }

    /// The highest vector in one of the three sets of 256 bits.
    fn highest(&self, set: R) -> Option<u8> {
        (0..8_u16).rev().find_map(|word| {
            let value = self.bank.get_at(set, word) as u32;
            let bit = value.checked_ilog2()?;
            u8::try_from(u32::from(word) * 32 + bit).ok()
        })
    }

    fn has_vector(&self, set: R, vector: u8) -> bool {
        self.bank.get_at(set, u16::from(vector / 32)) >> (vector % 32) & 1 == 1
    }

    fn set_vector(&mut self, set: R, vector: u8, to: bool) {
        let (word, bit) = (u16::from(vector / 32), 1 << (vector % 32));
        let value = self.bank.get_at(set, word);
        self.bank.set_at(set, word, if to { value | bit } else { value & !bit });
    }
}

impl Behaviour<R> for LocalApic {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, cx: &mut Cx<'_>, register: R, _element: u16) {
        match register {
            R::VECT => {
                let spurious = self.bank.get(R::SPIV) & 0xff;
                let vector = self.acknowledge().map_or(spurious, u64::from);
                self.bank.set(R::VECT, vector);
            }
            R::NM_TIMER_CURRENT => {
                self.bank.set(R::NM_TIMER_CURRENT, self.nm_timer.count(cx.now).into());
            }
            R::TMCCT => self.bank.set(R::TMCCT, self.timer.count(cx.now).into()),
            _ => {}
        }
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<R>) {
        match written.register {
            R::TPR => self.update_priority(),
            R::EOI => self.end_of_interrupt(),
            R::ESR => {
                self.bank.set(R::ESR, self.errors);
                self.errors = 0;
            }
            R::ICR => self.send(written.new),
            R::SELF_IPI => _ = self.request(written.raw as u8, false),
            R::TMICT => self.start_timer(cx, false),
            R::NM_TIMER_INIT => self.start_timer(cx, true),
            R::NM_TIMER_DIVIDER => {
                let divider = timer::divider(written.new);
                if let Some(end) = self.nm_timer.change_divider(cx.now, divider) {
                    cx.outbox.arm(self.nm_timer_id(), end);
                }
            }
            R::TDCR => {
                let divider = timer::divider(written.new);
                if let Some(end) = self.timer.change_divider(cx.now, divider) {
                    cx.outbox.arm(self.timer_id, end);
                }
            }
            register
                if (register == R::SPIV || LOCAL_VECTORS.contains(&register))
                    && !self.enabled() =>
            {
                for source in LOCAL_VECTORS {
                    self.bank.set_bits(source, bits::LVT_MASK);
                }
            }
            _ => {}
        }
    }
}
