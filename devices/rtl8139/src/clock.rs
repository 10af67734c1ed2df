//! TCTR and TIMERINT: a counter of PCI clocks, 2³² of them a period, and an interrupt at one of its values (DS TCTR,
//! TimerInt).

use elnic_contract::{Cx, Cycles};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::cause;
use crate::timers::Timer;

/// Counts of one period.
const PERIOD: u64 = 1 << 32;

impl Rtl8139 {
    /// Counts since TCTR was 0.
    fn counts(&self, cx: &Cx<'_>) -> u64 {
        self.fidelity.latencies.bus.clock.cycles_in(cx.now.since(self.timer_base)).0
    }

    /// Brings TCTR up to date before a read.
    pub(crate) fn refresh_count(&mut self, cx: &Cx<'_>) {
        let count = self.counts(cx) % PERIOD;
        self.bank.set(Reg::TCTR, count);
    }

    /// TCTR was written: it starts again.
    pub(crate) fn restart_count(&mut self, cx: &mut Cx<'_>) {
        self.timer_base = cx.now;
        self.await_count(cx);
    }

    /// Arms the timer for the next time that TCTR comes to TIMERINT.
    pub(crate) fn await_count(&mut self, cx: &mut Cx<'_>) {
        let wanted = self.bank.get(Reg::TIMERINT);
        if wanted == 0 {
            self.timers.cancel(cx, Timer::Count);
            return;
        }
        let now = self.counts(cx);
        let period = now.wrapping_sub(now % PERIOD);
        let clock = self.fidelity.latencies.bus.clock;
        let mut next = period.saturating_add(wanted);
        if self.timer_base + clock.span(Cycles(next)) <= cx.now {
            next = next.saturating_add(PERIOD);
        }
        self.timers.arm(cx, Timer::Count, self.timer_base + clock.span(Cycles(next)));
    }

    /// TCTR has come to TIMERINT.
    pub(crate) fn count_reached(&mut self, cx: &mut Cx<'_>) {
        self.raise(cause::TIMEOUT);
        self.await_count(cx);
    }
}
