//! Interrupts that wait for company (virtio 1.3 §5.1.6.5.7): after so many frames, or so long after the last one.
//!
//! A driver that asks for none of it is interrupted at once, whatever `timing` is.

use elnic_contract::{Cx, VDuration, VTime};
use serde::{Deserialize, Serialize};

use crate::VirtioNet;
use crate::statistics::add;
use crate::timers::Timer;

/// What the driver has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Interrupt after so many frames.
    pub(crate) packets: u32,
    /// Interrupt so many µs after the last interrupt.
    pub(crate) microseconds: u32,
}

impl Limits {
    /// Whether an interrupt never waits.
    const fn none(self) -> bool {
        self.microseconds == 0
    }
}

/// What one queue waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moderation {
    pub(crate) limits: Limits,
    /// Frames since the last interrupt.
    packets: u32,
    /// When that was considered.
    last: VTime,
    /// When the next is due.
    due: Option<VTime>,
}

impl VirtioNet {
    /// So many frames of `queue` were given back to the driver: interrupts it, at once or later.
    pub(crate) fn completed(&mut self, cx: &mut Cx<'_>, queue: u16, frames: u32) {
        let Some(moderation) = self
            .moderation
            .get_mut(usize::from(queue))
            .filter(|moderation| !moderation.limits.none())
        else {
            self.interrupt(cx, queue);
            return;
        };
        moderation.packets = moderation.packets.saturating_add(frames);
        let Limits { packets, microseconds } = moderation.limits;
        let due = moderation.last + VDuration::from_micros(microseconds.into());
        let enough = packets > 0 && moderation.packets >= packets;
        if enough || due <= cx.now {
            self.interrupt_moderated(cx, queue);
        } else if moderation.due.is_none() {
            moderation.due = Some(due);
        }
        self.schedule_moderation(cx);
    }

    /// Interrupts the driver for `queue`, if it wants that.
    pub(crate) fn interrupt(&mut self, cx: &mut Cx<'_>, queue: u16) {
        if self.transport.signal(cx, queue) {
            self.statistics.count(queue, |counters| add(&mut counters.interrupts, 1));
        }
    }

    fn interrupt_moderated(&mut self, cx: &mut Cx<'_>, queue: u16) {
        if let Some(moderation) = self.moderation.get_mut(usize::from(queue)) {
            (moderation.packets, moderation.last, moderation.due) = (0, cx.now, None);
        }
        self.interrupt(cx, queue);
    }

    /// The driver has set other limits; what waits is told now, so that no limit is ever too late.
    pub(crate) fn moderate(&mut self, cx: &mut Cx<'_>, queue: u16, limits: Limits) {
        let Some(moderation) = self.moderation.get_mut(usize::from(queue)) else { return };
        moderation.limits = limits;
        if moderation.due.is_some() {
            self.interrupt_moderated(cx, queue);
        }
        self.schedule_moderation(cx);
    }

    /// Interrupts that are due.
    pub(crate) fn moderation_due(&mut self, cx: &mut Cx<'_>) {
        for queue in 0..self.transport.queues() {
            let due = self.moderation.get(usize::from(queue)).and_then(|moderation| moderation.due);
            if due.is_some_and(|due| due <= cx.now) {
                self.interrupt_moderated(cx, queue);
            }
        }
        self.schedule_moderation(cx);
    }

    fn schedule_moderation(&mut self, cx: &mut Cx<'_>) {
        let next = self.moderation.iter().filter_map(|moderation| moderation.due).min();
        match next {
            Some(due) if self.timers.deadline(Timer::Moderation) == Some(due) => {}
            // What should have been told before is told as soon as time moves.
            Some(due) => {
                let soonest = cx.now + VDuration::from_nanos(1);
                self.timers.arm(cx, Timer::Moderation, due.max(soonest));
            }
            None => self.timers.cancel(cx, Timer::Moderation),
        }
    }
}
