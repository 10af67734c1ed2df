//! The system timer of the I/O hub ("LT"): counts tenths of a microsecond up to a limit, and again.
//!
//! Each time the limit is reached, the interrupt line is high for one count; it is meant for an input that takes edges
//! (e2k-machine.md §6.5). The two free-running counters count from power-on and from reset. Pin 0 is the timer's line, pin 1
//! that of the watchdog.

use elnic_contract::{
    Access, ClockHz, Cx, Cycles, Device, Fault, Field, Lines, Mode, Model, RegionKind, RegionSpec,
    Register, Reset, RestoreError, SavedState, TimerId, VTime,
};
use elnic_registers::{Bank, BankState, Behaviour, Written};
use serde::{Deserialize, Serialize};

use crate::watchdog::{self, Watchdog};

/// What everything here counts.
const CLOCK: ClockHz = ClockHz::hz(10_000_000);
/// The limit is reached.
const LIMIT: TimerId = TimerId(0);
/// The watchdog reaches its limit.
const WATCHDOG: TimerId = TimerId(2);
/// The interrupt line goes low again.
const LOW: TimerId = TimerId(1);
const VERSION: u32 = 2;
/// Counts of a limit of 0.
const LONGEST: u32 = 0x3f_ffff;
/// Lowest bit of a count in its register.
const SHIFT: u32 = 9;

const LIMIT_FIELDS: &[Field] = &[
    Field::new("LIMIT", 9, 22, Mode::Rw, "counts of a period; 0 stands for 0x3fffff"),
    Field::new("L", 31, 1, Mode::NotModelled, "limit flag"),
];
const START: &[Field] = &[Field::new("START", 9, 22, Mode::NotModelled, "ignored with a limit")];
const COUNTER: &[Field] = &[
    Field::new("COUNT", 9, 22, Mode::Ro, "counts since the period began").volatile(),
    Field::new("L", 31, 1, Mode::Ro, "changes each time the limit is reached").volatile(),
];
const CONTROL: &[Field] = &[
    Field::new("START", 0, 1, Mode::Rw, "count"),
    Field::new("INVERT_L", 1, 1, Mode::Rw, "the limit flag changes each time"),
    Field::new("INITIAL_L", 2, 1, Mode::Rw, "the limit flag at the start"),
];
const FREE: &[Field] = &[Field::new("COUNT", 0, 32, Mode::Ro, "counts").volatile()];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields).about("", "e2k-machine.md §6.5")
}

elnic_registers::register_file! {
    /// Registers of the system timer.
    pub enum SystemTimerRegister {
        COUNTER_LIMIT = row("COUNTER_LIMIT", 0x00, LIMIT_FIELDS),
        COUNTER_START = row("COUNTER_START", 0x04, START),
        COUNTER = row("COUNTER", 0x08, COUNTER).read_hook(),
        COUNTER_CONTROL = row("COUNTER_CONTROL", 0x0c, CONTROL),
        WD_COUNTER = row("WD_COUNTER", 0x10, watchdog::COUNTER).read_hook(),
        WD_PRESCALER = row("WD_PRESCALER", 0x14, watchdog::PRESCALER),
        WD_LIMIT = row("WD_LIMIT", 0x18, watchdog::LIMIT),
        POWER_COUNTER_LO = row("POWER_COUNTER_LO", 0x1c, FREE).read_hook(),
        POWER_COUNTER_HI = row("POWER_COUNTER_HI", 0x20, FREE).read_hook(),
        WD_CONTROL = row("WD_CONTROL", 0x24, watchdog::CONTROL),
        RESET_COUNTER_LO = row("RESET_COUNTER_LO", 0x28, FREE).read_hook(),
        RESET_COUNTER_HI = row("RESET_COUNTER_HI", 0x2c, FREE).read_hook(),
    }
}

use SystemTimerRegister as R;

/// What the system timer says of itself.
pub static SYSTEM_TIMER_MODEL: Model = Model {
    name: "system-timer",
    aliases: &[],
    summary: "system timer of the I/O hub",
    pci: None,
    regions: &[RegionSpec { name: "timer", bar: 0, kind: RegionKind::Fixed, size: 0x1000 }],
    registers: <R as elnic_registers::RegisterFile>::TABLE,
    sources: &["e2k-machine.md §6.5"],
};

/// The system timer.
#[derive(Clone, Debug)]
pub struct SystemTimer {
    bank: Bank<R>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// When the running period began.
    began: Option<VTime>,
    /// When the machine was last reset.
    reset: VTime,
    limit_flag: bool,
    high: bool,
    watchdog: Watchdog,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    registers: BankState,
    state: State,
}

impl Default for SystemTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemTimer {
    /// The timer after reset: it stands still.
    pub fn new() -> Self {
        Self { bank: Bank::new(), state: State::default() }
    }

    fn period(&self) -> u32 {
        match (self.bank.get(R::COUNTER_LIMIT) >> SHIFT) as u32 & LONGEST {
            0 => LONGEST,
            limit => limit,
        }
    }

    fn begin(&mut self, cx: &mut Cx<'_>, at: VTime) {
        self.state.began = Some(at);
        cx.outbox.arm(LIMIT, at + CLOCK.span(Cycles(self.period().into())));
    }

    fn begin_watchdog(&mut self, cx: &mut Cx<'_>) {
        let [limit, prescaler] =
            [R::WD_LIMIT, R::WD_PRESCALER].map(|register| self.bank.get(register));
        match self.state.watchdog.begin(CLOCK, cx.now, limit, prescaler) {
            Some(end) => cx.outbox.arm(WATCHDOG, end),
            None => cx.outbox.cancel(WATCHDOG),
        }
    }

    /// The count from 1 up to the limit; 0 when the timer stands.
    fn count(&self, now: VTime) -> u32 {
        let Some(began) = self.state.began else { return 0 };
        let passed = CLOCK.cycles_in(now.since(began)).0;
        u32::try_from(passed).unwrap_or(LONGEST).saturating_add(1).min(self.period())
    }

    fn control(&mut self, cx: &mut Cx<'_>, old: u64, new: u64) {
        if new & 1 == 0 {
            self.state.began = None;
            cx.outbox.cancel(LIMIT);
        } else if old & 1 == 0 {
            self.state.limit_flag = new & 4 != 0;
            self.begin(cx, cx.now);
        }
    }
}

impl Behaviour<R> for SystemTimer {
    fn bank(&self) -> &Bank<R> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<R> {
        &mut self.bank
    }

    fn before_read(&mut self, cx: &mut Cx<'_>, register: R, _element: u16) {
        let free = |since| CLOCK.cycles_in(cx.now.since(since)).0;
        let value = match register {
            R::COUNTER => {
                u64::from(self.state.limit_flag) << 31 | u64::from(self.count(cx.now)) << SHIFT
            }
            R::WD_COUNTER => {
                let prescaler = self.bank.get(R::WD_PRESCALER);
                self.state.watchdog.count(CLOCK, cx.now, prescaler) & 0xffff_ffff
            }
            R::POWER_COUNTER_LO => free(VTime::ZERO) & 0xffff_ffff,
            R::POWER_COUNTER_HI => free(VTime::ZERO) >> 32,
            R::RESET_COUNTER_LO => free(self.state.reset) & 0xffff_ffff,
            R::RESET_COUNTER_HI => free(self.state.reset) >> 32,
            _ => return,
        };
        self.bank.set(register, value);
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<R>) {
        match written.register {
            R::COUNTER_CONTROL => self.control(cx, written.old, written.new),
            R::WD_COUNTER | R::WD_LIMIT | R::WD_PRESCALER => self.begin_watchdog(cx),
            R::COUNTER_LIMIT if self.state.began.is_some() => self.begin(cx, cx.now),
            _ => {}
        }
    }
}

impl Device for SystemTimer {
    fn describe(&self) -> &'static Model {
        &SYSTEM_TIMER_MODEL
    }

    fn reset(&mut self, cx: &mut Cx<'_>, _kind: Reset) {
        self.bank.reset();
        self.state = State { reset: cx.now, ..State::default() };
        cx.outbox.cancel(LIMIT);
        cx.outbox.cancel(LOW);
        cx.outbox.cancel(WATCHDOG);
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

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        if timer == WATCHDOG {
            self.state.watchdog.stop();
            self.bank.set_bits(R::WD_CONTROL, watchdog::EVENT);
            return;
        }
        let Some(began) = self.state.began.filter(|_| timer == LIMIT) else {
            self.state.high = false;
            return;
        };
        self.state.limit_flag ^= self.bank.get(R::COUNTER_CONTROL) & 2 != 0;
        self.state.high = true;
        cx.outbox.arm(LOW, cx.now + CLOCK.span(Cycles(1)));
        // From the deadline, not from now: periods do not drift.
        self.begin(cx, (began + CLOCK.span(Cycles(self.period().into()))).min(cx.now));
    }

    fn lines(&self) -> Lines {
        let bites = self.bank.get(R::WD_CONTROL) & watchdog::INTERRUPTS == watchdog::INTERRUPTS;
        Lines(u32::from(self.state.high) | u32::from(bites) << 1)
    }

    fn save(&self) -> SavedState {
        let saved = Saved { registers: self.bank.save(), state: self.state };
        SavedState::new(SYSTEM_TIMER_MODEL.name, VERSION, &saved)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let kind = SYSTEM_TIMER_MODEL.name;
        let saved: Saved = state.decode(kind, VERSION)?;
        self.bank.restore(&saved.registers).map_err(|error| RestoreError::Impossible {
            kind,
            field: "registers",
            why: error.to_string(),
        })?;
        self.state = saved.state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Effect, NoDma, Outbox, Silent, Size};

    struct Bench {
        timer: SystemTimer,
        now: VTime,
        outbox: Outbox,
    }

    impl Bench {
        fn call<T>(&mut self, call: impl FnOnce(&mut SystemTimer, &mut Cx<'_>) -> T) -> T {
            let (mut dma, mut log) = (NoDma, Silent);
            call(&mut self.timer, &mut Cx::new(self.now, &mut dma, &mut self.outbox, &mut log))
        }

        fn write(&mut self, offset: u64, value: u64) {
            let access = Access::new(0, offset, Size::Word).unwrap();
            self.call(|timer, cx| timer.write(cx, access, value)).unwrap();
        }

        fn read(&mut self, offset: u64) -> u64 {
            let access = Access::new(0, offset, Size::Word).unwrap();
            self.call(|timer, cx| timer.read(cx, access)).unwrap()
        }

        /// Lets the deadline that was asked for last come, and says when that was.
        fn fire(&mut self, wanted: TimerId) -> u64 {
            let armed = self.outbox.drain().filter_map(|effect| match effect {
                Effect::Arm(timer, at) if timer == wanted => Some(at),
                _ => None,
            });
            self.now = armed.last().expect("it was armed");
            self.call(|timer, cx| timer.timer(cx, wanted));
            self.now.as_nanos()
        }
    }

    fn bench() -> Bench {
        Bench { timer: SystemTimer::new(), now: VTime::ZERO, outbox: Outbox::new() }
    }

    #[test]
    fn the_table_has_no_mistakes() {
        assert_eq!(elnic_registers::check(&SYSTEM_TIMER_MODEL), []);
    }

    #[test]
    fn the_line_pulses_each_time_the_limit_is_reached() {
        let mut bench = bench();
        bench.write(0x00, 5000 << 9);
        bench.write(0x0c, 7);
        assert_eq!(bench.read(0x08), 1 << 31 | 1 << 9, "counts begin at 1");
        assert_eq!(bench.fire(LIMIT), 500_000);
        assert_eq!((bench.timer.lines(), bench.read(0x08) >> 31), (Lines(1), 0));
        bench.now = VTime::from_nanos(500_100);
        bench.call(|timer, cx| timer.timer(cx, LOW));
        assert_eq!(bench.timer.lines(), Lines::NONE);
        assert_eq!(bench.fire(LIMIT), 1_000_000, "periods follow each other without a gap");
        bench.write(0x0c, 0);
        assert_eq!(bench.read(0x08) & 0x7fff_ffff, 0, "stopped");
    }

    #[test]
    fn free_counters_count_tenths_of_microseconds() {
        let mut bench = bench();
        bench.now = VTime::from_nanos(1_000_000_000);
        bench.call(|timer, cx| timer.reset(cx, Reset::Warm));
        bench.now = VTime::from_nanos(500_000_000_000);
        let power = bench.read(0x20) << 32 | bench.read(0x1c);
        let reset = bench.read(0x2c) << 32 | bench.read(0x28);
        assert_eq!((power, reset), (5_000_000_000, 4_990_000_000));
    }

    #[test]
    fn the_watchdog_bites_unless_its_counter_is_written_in_time() {
        let mut bench = bench();
        bench.write(0x14, 9);
        bench.write(0x24, 1);
        bench.write(0x18, 1000);
        bench.now = VTime::from_nanos(500_000);
        assert_eq!(bench.read(0x10), 500);
        bench.write(0x10, 0);
        assert_eq!(bench.read(0x10), 0);
        assert_eq!(bench.fire(WATCHDOG), 1_500_000);
        assert_eq!((bench.timer.lines(), bench.read(0x24)), (Lines(2), 5));
        bench.write(0x24, 5);
        assert_eq!((bench.timer.lines(), bench.read(0x24)), (Lines::NONE, 1));
        bench.write(0x18, 0);
        bench.now = VTime::from_nanos(9_000_000);
        assert_eq!(bench.read(0x10), 0, "it stands");
    }

    #[test]
    fn a_saved_timer_goes_on() {
        let mut bench = bench();
        bench.write(0x00, 100 << 9);
        bench.write(0x0c, 1);
        bench.now = VTime::from_nanos(4_000);
        let mut other = SystemTimer::new();
        other.restore(&bench.timer.save()).unwrap();
        assert_eq!(other.save(), bench.timer.save());
        bench.timer = other;
        assert_eq!(bench.read(0x08) >> 9, 41);
    }
}
