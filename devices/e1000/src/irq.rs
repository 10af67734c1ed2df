//! Interrupts: causes, mask, throttling, delay timers (SDM 13.4.17 to 13.4.21, 13.4.30, 13.4.31, 13.4.41).

use elnic_contract::{Cx, VTime};
use serde::{Deserialize, Serialize};

use crate::E1000;
use crate::spec::Reg;
use crate::spec::views::{FLUSH_DELAY, cause};
use crate::timers::Timer;
use crate::timing::{DELAY_UNIT, THROTTLE_UNIT};

/// What interrupts know beyond the registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interrupts {
    /// INTA is asserted.
    pub(crate) asserted: bool,
    /// When it was asserted last; ITR counts from there.
    last: Option<VTime>,
}

/// A relative and an absolute timer that delay one cause together.
struct Delay {
    relative: (Reg, Timer),
    absolute: (Reg, Timer),
    cause: u64,
}

const RECEIVE: Delay = Delay {
    relative: (Reg::RDTR, Timer::ReceiveDelay),
    absolute: (Reg::RADV, Timer::ReceiveAbsolute),
    cause: cause::RXT0,
};

const TRANSMIT: Delay = Delay {
    relative: (Reg::TIDV, Timer::TransmitDelay),
    absolute: (Reg::TADV, Timer::TransmitAbsolute),
    cause: cause::TXDW,
};

impl E1000 {
    /// Sets causes.
    #[inline]
    pub(crate) fn raise(&mut self, cx: &mut Cx<'_>, causes: u64) {
        if causes != 0 {
            self.set_causes(self.bank.get(Reg::ICR) | causes);
            self.update_line(cx);
        }
    }

    /// Sets ICR, and ICS, which reads the same.
    #[inline]
    pub(crate) fn set_causes(&mut self, causes: u64) {
        self.bank.set(Reg::ICR, causes);
        self.bank.set(Reg::ICS, causes);
    }

    /// Asserts or deasserts INTA after a change of ICR, IMS or ITR.
    pub(crate) fn update_line(&mut self, cx: &mut Cx<'_>) {
        if self.bank.get(Reg::ICR) & self.bank.get(Reg::IMS) == 0 {
            self.irq.asserted = false;
            self.timers.cancel(cx, Timer::Throttle);
        } else if !self.irq.asserted {
            let interval = self.bank.get(Reg::ITR);
            let throttled = self.fidelity.wire() && interval != 0;
            let allowed = self.irq.last.filter(|_| throttled);
            match allowed.map(|last| last + THROTTLE_UNIT.times(interval)) {
                Some(allowed) if allowed > cx.now => {
                    if self.timers.deadline(Timer::Throttle) != Some(allowed) {
                        self.timers.arm(cx, Timer::Throttle, allowed);
                    }
                }
                _ => {
                    self.timers.cancel(cx, Timer::Throttle);
                    self.irq.asserted = true;
                    if self.msi {
                        // The function drops it while software has not enabled messages.
                        cx.outbox.msi(0);
                    }
                    self.irq.last = Some(cx.now);
                }
            }
        }
    }

    /// A frame of `length` bytes is in memory: RXT0 now or after its delay, SRPD if it is short.
    pub(crate) fn receive_interrupt(&mut self, cx: &mut Cx<'_>, length: u64) -> u64 {
        let small = length <= self.bank.get(Reg::RSRPD);
        let now = self.delayed(cx, &RECEIVE, true);
        if small { now | cause::SRPD } else { now }
    }

    /// A descriptor was written back: TXDW now or, if it allows (`IDE`), after its delay.
    pub(crate) fn transmit_interrupt(&mut self, cx: &mut Cx<'_>, may_wait: bool) -> u64 {
        self.delayed(cx, &TRANSMIT, may_wait)
    }

    /// The cause to raise now, or none and the timers are running.
    fn delayed(&mut self, cx: &mut Cx<'_>, delay: &Delay, may_wait: bool) -> u64 {
        let relative = self.bank.get(delay.relative.0) & 0xffff;
        if !may_wait || relative == 0 || !self.fidelity.wire() {
            self.stop_delay(cx, delay);
            return delay.cause;
        }
        self.timers.arm(cx, delay.relative.1, cx.now + DELAY_UNIT.times(relative));
        let absolute = self.bank.get(delay.absolute.0);
        if absolute != 0 && !self.timers.pending(delay.absolute.1) {
            self.timers.arm(cx, delay.absolute.1, cx.now + DELAY_UNIT.times(absolute));
        }
        0
    }

    fn stop_delay(&mut self, cx: &mut Cx<'_>, delay: &Delay) {
        self.timers.cancel(cx, delay.relative.1);
        self.timers.cancel(cx, delay.absolute.1);
    }

    /// One of the receive timers has come.
    pub(crate) fn receive_delay_over(&mut self, cx: &mut Cx<'_>) {
        self.stop_delay(cx, &RECEIVE);
        self.flush_received(cx);
        self.raise(cx, RECEIVE.cause);
    }

    /// One of the transmit timers has come.
    pub(crate) fn transmit_delay_over(&mut self, cx: &mut Cx<'_>) {
        self.stop_delay(cx, &TRANSMIT);
        self.flush_transmitted(cx);
        self.raise(cx, TRANSMIT.cause);
    }

    /// RDTR was written: FPD ends a running delay.
    pub(crate) fn flush_receive_delay(&mut self, cx: &mut Cx<'_>) {
        let flush = self.bank.get(Reg::RDTR) & FLUSH_DELAY != 0;
        self.bank.clear_bits(Reg::RDTR, FLUSH_DELAY);
        if flush {
            self.flush_received(cx);
            if self.timers.pending(Timer::ReceiveDelay) {
                self.receive_delay_over(cx);
            }
        }
    }
}
