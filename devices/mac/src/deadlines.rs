//! The deadlines a device is waiting for.
//!
//! They are state: a timer call that nobody waits for (a stale or hostile one) is ignored.

use elnic_contract::{Cx, TimerId, VTime};
use serde::{Deserialize, Serialize};

/// The deadlines of `N` timers, numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Option<VTime>>", into = "Vec<Option<VTime>>")]
pub struct Deadlines<const N: usize> {
    at: [Option<VTime>; N],
}

impl<const N: usize> Default for Deadlines<N> {
    fn default() -> Self {
        Self { at: [None; N] }
    }
}

impl<const N: usize> TryFrom<Vec<Option<VTime>>> for Deadlines<N> {
    type Error = String;

    fn try_from(at: Vec<Option<VTime>>) -> Result<Self, String> {
        let at = at.try_into();
        at.map(|at| Self { at })
            .map_err(|at: Vec<_>| format!("{} deadlines instead of {N}", at.len()))
    }
}

impl<const N: usize> From<Deadlines<N>> for Vec<Option<VTime>> {
    fn from(deadlines: Deadlines<N>) -> Self {
        deadlines.at.to_vec()
    }
}

impl<const N: usize> Deadlines<N> {
    #[inline]
    fn slot(&mut self, timer: TimerId) -> Option<&mut Option<VTime>> {
        self.at.get_mut(usize::from(timer.0))
    }

    /// When `timer` fires.
    #[inline]
    pub fn deadline(&self, timer: impl Into<TimerId>) -> Option<VTime> {
        self.at.get(usize::from(timer.into().0)).copied().flatten()
    }

    /// Whether `timer` is armed.
    #[inline]
    pub fn pending(&self, timer: impl Into<TimerId>) -> bool {
        self.deadline(timer).is_some()
    }

    /// Arms `timer`, or moves it.
    #[inline]
    pub fn arm(&mut self, cx: &mut Cx<'_>, timer: impl Into<TimerId>, at: VTime) {
        let timer = timer.into();
        if let Some(slot) = self.slot(timer) {
            *slot = Some(at);
        }
        cx.outbox.arm(timer, at);
    }

    /// Disarms `timer`.
    #[inline]
    pub fn cancel(&mut self, cx: &mut Cx<'_>, timer: impl Into<TimerId>) {
        let timer = timer.into();
        if self.slot(timer).and_then(Option::take).is_some() {
            cx.outbox.cancel(timer);
        }
    }

    /// Takes the deadline of `timer` if it has come. One that has not is armed again.
    pub fn take_due(&mut self, cx: &mut Cx<'_>, timer: impl Into<TimerId>) -> Option<VTime> {
        let timer = timer.into();
        let at = self.deadline(timer)?;
        if at > cx.now {
            cx.outbox.arm(timer, at);
            return None;
        }
        self.slot(timer).and_then(Option::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Effect, NoDma, Outbox, Silent};

    #[test]
    fn a_deadline_that_has_not_come_is_armed_again() {
        let (mut dma, mut outbox, mut log) = (NoDma, Outbox::new(), Silent);
        let mut cx = Cx::new(VTime::from_nanos(5), &mut dma, &mut outbox, &mut log);
        let mut deadlines = Deadlines::<2>::default();
        deadlines.arm(&mut cx, TimerId(1), VTime::from_nanos(7));
        assert_eq!(deadlines.take_due(&mut cx, TimerId(1)), None);
        assert_eq!(deadlines.take_due(&mut cx, TimerId(0)), None, "nobody waits for it");
        assert_eq!(deadlines.take_due(&mut cx, TimerId(2)), None, "there is no such timer");
        cx.now = VTime::from_nanos(7);
        assert_eq!(deadlines.take_due(&mut cx, TimerId(1)), Some(cx.now));
        deadlines.cancel(&mut cx, TimerId(1));
        let armed = Effect::Arm(TimerId(1), VTime::from_nanos(7));
        assert_eq!(outbox.drain().collect::<Vec<_>>(), [armed.clone(), armed]);
    }

    #[test]
    fn another_number_of_deadlines_is_refused() {
        let state = serde_json::to_value(Deadlines::<3>::default()).unwrap();
        assert!(serde_json::from_value::<Deadlines<3>>(state.clone()).is_ok());
        let error = serde_json::from_value::<Deadlines<2>>(state).unwrap_err().to_string();
        assert!(error.contains("3 deadlines instead of 2"), "{error}");
    }
}
