//! What devices asked for, in one total order.
//!
//! A device has one deadline a timer, so (deadline, device, timer) is already unique: no insertion serial is needed to
//! make the order total, and a saved queue is independent of how it was filled.

use std::collections::{BTreeMap, BTreeSet};

use elnic_contract::{TimerId, VTime};
use serde::{Deserialize, Serialize};

/// A device of the board, in the order in which the board was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeviceId(pub u16);

/// A deadline that has come, or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub deadline: VTime,
    /// Whose.
    pub device: DeviceId,
    /// Which of its timers.
    pub timer: TimerId,
}

/// All pending deadlines, ordered by (deadline, device, timer). Every operation is O(log n).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Event>", into = "Vec<Event>")]
pub struct EventQueue {
    order: BTreeSet<Event>,
    armed: BTreeMap<(DeviceId, TimerId), VTime>,
}

impl EventQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { order: BTreeSet::new(), armed: BTreeMap::new() }
    }

    /// Sets a timer's deadline; an earlier one of the same timer is replaced.
    pub fn arm(&mut self, device: DeviceId, timer: TimerId, deadline: VTime) {
        if let Some(former) = self.armed.insert((device, timer), deadline) {
            self.order.remove(&Event { deadline: former, device, timer });
        }
        self.order.insert(Event { deadline, device, timer });
    }

    /// Forgets a timer's deadline; says whether there was one.
    pub fn cancel(&mut self, device: DeviceId, timer: TimerId) -> bool {
        match self.armed.remove(&(device, timer)) {
            Some(deadline) => self.order.remove(&Event { deadline, device, timer }),
            None => false,
        }
    }

    /// Forgets all deadlines of a device, as when it is reset or unplugged.
    pub fn cancel_device(&mut self, device: DeviceId) {
        let timers = (device, TimerId(u8::MIN))..=(device, TimerId(u8::MAX));
        let timers: Vec<TimerId> = self.armed.range(timers).map(|(key, _)| key.1).collect();
        for timer in timers {
            self.cancel(device, timer);
        }
    }

    /// The deadline of a timer, if it is armed.
    pub fn deadline(&self, device: DeviceId, timer: TimerId) -> Option<VTime> {
        self.armed.get(&(device, timer)).copied()
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<VTime> {
        self.order.first().map(|event| event.deadline)
    }

    /// Takes out the first event whose deadline is not after `now`.
    pub fn pop_due(&mut self, now: VTime) -> Option<Event> {
        let event = self.order.first().filter(|event| event.deadline <= now).copied()?;
        self.cancel(event.device, event.timer);
        Some(event)
    }

    /// All pending events in order.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.order.iter().copied()
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl From<Vec<Event>> for EventQueue {
    fn from(events: Vec<Event>) -> Self {
        let mut queue = Self::new();
        for event in events {
            queue.arm(event.device, event.timer, event.deadline);
        }
        queue
    }
}

impl From<EventQueue> for Vec<Event> {
    fn from(queue: EventQueue) -> Self {
        queue.order.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same queue as a list that is searched from end to end.
    #[derive(Default)]
    struct Naive(Vec<Event>);

    impl Naive {
        fn cancel(&mut self, device: DeviceId, timer: TimerId) -> bool {
            let before = self.0.len();
            self.0.retain(|event| (event.device, event.timer) != (device, timer));
            self.0.len() < before
        }

        fn arm(&mut self, device: DeviceId, timer: TimerId, deadline: VTime) {
            self.cancel(device, timer);
            self.0.push(Event { deadline, device, timer });
        }

        fn pop_due(&mut self, now: VTime) -> Option<Event> {
            let first = self.0.iter().filter(|event| event.deadline <= now).min().copied()?;
            self.0.retain(|event| *event != first);
            Some(first)
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Arm(u16, u8, u64),
        Cancel(u16, u8),
        CancelDevice(u16),
        PopDue(u64),
        SaveAndRestore,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..4_u16, 0..4_u8, 0..50_u64).prop_map(|(d, t, at)| Step::Arm(d, t, at)),
            2 => (0..4_u16, 0..4_u8).prop_map(|(d, t)| Step::Cancel(d, t)),
            1 => (0..4_u16).prop_map(Step::CancelDevice),
            3 => (0..60_u64).prop_map(Step::PopDue),
            1 => Just(Step::SaveAndRestore),
        ]
    }

    proptest! {
        #[test]
        fn the_queue_behaves_as_a_list_searched_from_end_to_end(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let (mut queue, mut naive) = (EventQueue::new(), Naive::default());
            for step in steps {
                match step {
                    Step::Arm(device, timer, at) => {
                        let at = VTime::from_nanos(at);
                        queue.arm(DeviceId(device), TimerId(timer), at);
                        naive.arm(DeviceId(device), TimerId(timer), at);
                    }
                    Step::Cancel(device, timer) => prop_assert_eq!(
                        queue.cancel(DeviceId(device), TimerId(timer)),
                        naive.cancel(DeviceId(device), TimerId(timer))
                    ),
                    Step::CancelDevice(device) => {
                        queue.cancel_device(DeviceId(device));
                        naive.0.retain(|event| event.device != DeviceId(device));
                    }
                    Step::PopDue(now) => {
                        let now = VTime::from_nanos(now);
                        prop_assert_eq!(queue.pop_due(now), naive.pop_due(now));
                    }
                    Step::SaveAndRestore => {
                        let text = serde_json::to_string(&queue).unwrap();
                        queue = serde_json::from_str(&text).unwrap();
                    }
                }
                let mut sorted = naive.0.clone();
                sorted.sort();
                prop_assert_eq!(queue.iter().collect::<Vec<_>>(), sorted);
                prop_assert_eq!(queue.len(), naive.0.len());
                prop_assert_eq!(queue.armed.len(), naive.0.len());
            }
        }
    }

    #[test]
    fn equal_deadlines_are_served_by_device_then_timer_however_they_were_armed() {
        let at = VTime::from_nanos(7);
        let wanted = [(0, 1), (0, 2), (1, 0), (2, 0)];
        let mut queue = EventQueue::new();
        for (device, timer) in wanted.iter().rev() {
            queue.arm(DeviceId(*device), TimerId(*timer), at);
        }
        let served: Vec<(u16, u8)> = std::iter::from_fn(|| queue.pop_due(at))
            .map(|event| (event.device.0, event.timer.0))
            .collect();
        assert_eq!(served, wanted);
    }

    #[test]
    fn an_event_is_not_served_before_its_deadline() {
        let mut queue = EventQueue::new();
        queue.arm(DeviceId(0), TimerId(0), VTime::from_nanos(10));
        assert_eq!(queue.pop_due(VTime::from_nanos(9)), None);
        assert_eq!(queue.next_deadline(), Some(VTime::from_nanos(10)));
        assert!(queue.pop_due(VTime::from_nanos(10)).is_some() && queue.is_empty());
    }
}
