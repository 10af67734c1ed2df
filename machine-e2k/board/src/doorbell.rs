//! How another thread gets the machine's attention, and how it ends a run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam::sync::{Parker, Unparker};
use elnic_netclient::Doorbell;

/// Calls the machine's thread out of a run, to whoever runs it; see [`crate::Outcome::Called`].
#[derive(Clone, Debug)]
pub struct CallButton {
    called: Arc<AtomicBool>,
    bell: Doorbell,
}

impl CallButton {
    /// Calls. Calling twice before anybody has come is calling once.
    pub fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.bell.ring();
    }
}

/// Ends the run of a machine from another thread: what a signal or a key at the terminal does.
///
/// The machine stops between two bundles and hands on everything it kept back; see [`crate::Outcome::Stopped`].
#[derive(Clone, Debug)]
pub struct StopButton {
    pressed: Arc<AtomicBool>,
    bell: Doorbell,
}

impl StopButton {
    /// Presses it. It stays pressed.
    pub fn press(&self) {
        self.pressed.store(true, Ordering::Release);
        self.bell.ring();
    }
}

/// The machine's bell. Ringing it, calling and pressing the stop button are all that another thread can do to a machine.
pub(crate) struct Bell {
    rung: Arc<AtomicBool>,
    called: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    parker: Parker,
    unparker: Unparker,
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("rung", &self.rung).finish_non_exhaustive()
    }
}

impl Bell {
    pub(crate) fn new() -> Self {
        let parker = Parker::new();
        let unparker = parker.unparker().clone();
        let flag = || Arc::new(AtomicBool::new(false));
        Self { rung: flag(), called: flag(), stop: flag(), parker, unparker }
    }

    /// A button that calls.
    pub(crate) fn call_button(&self) -> CallButton {
        CallButton { called: Arc::clone(&self.called), bell: self.button() }
    }

    /// Whether somebody has called since this was last asked.
    pub(crate) fn take_call(&self) -> bool {
        self.called.swap(false, Ordering::Acquire)
    }

    /// The button that ends the run.
    pub(crate) fn stop_button(&self) -> StopButton {
        StopButton { pressed: Arc::clone(&self.stop), bell: self.button() }
    }

    /// Whether the run is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// A button for it.
    pub(crate) fn button(&self) -> Doorbell {
        let (rung, unparker) = (Arc::clone(&self.rung), self.unparker.clone());
        Doorbell::new(move || {
            rung.store(true, Ordering::Release);
            unparker.unpark();
        })
    }

    /// Whether it was rung and nobody has answered.
    #[inline]
    pub(crate) fn is_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed)
    }

    /// Answers: says whether it was rung.
    pub(crate) fn answer(&self) -> bool {
        self.rung.swap(false, Ordering::Acquire)
    }

    /// Waits until it is rung or `limit` has passed.
    pub(crate) fn wait(&self, limit: Duration) {
        if !self.is_rung() {
            self.parker.park_timeout(limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_the_wait_is_not_lost() {
        let bell = Bell::new();
        bell.button().ring();
        bell.wait(Duration::from_secs(3600));
        assert!(bell.answer() && !bell.answer());
    }

    #[test]
    fn a_ring_from_another_thread_ends_the_wait() {
        let bell = Bell::new();
        let button = bell.button();
        let ringer = std::thread::spawn(move || button.ring());
        while !bell.answer() {
            bell.wait(Duration::from_secs(3600));
        }
        ringer.join().unwrap();
    }
}
