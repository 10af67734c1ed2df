//! How a run is ended from outside: signals, and a key at the terminal.
//!
//! Signals are blocked in every thread and waited for by one, so there is no handler and nothing happens in the middle of
//! anything: the first signal presses the machine's stop button, and the run ends between two bundles with its traces and
//! logs written, as QEMU's does. A second one, or one while no machine runs yet, ends the program where it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use elnic_board::StopButton;
use nix::sys::signal::{SigSet, Signal};

use crate::error::Failure;
use crate::say;
use crate::terminals::tty;

/// Signals that end a run. SIGCONT is waited for too: the terminal is somebody else's while the program is stopped.
const ENDING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Ends the run. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Quit {
    button: Arc<OnceLock<StopButton>>,
    asked: Arc<AtomicBool>,
}

impl Quit {
    /// Watches for signals from now on. Called before any other thread is made: threads inherit the set of blocked signals.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let quit = Self::default();
        let mut signals: SigSet = ENDING.into_iter().collect();
        signals.add(Signal::SIGCONT);
        let fail = |error| Failure::Tool(format!("signals cannot be waited for: {error}"));
        signals.thread_block().map_err(fail)?;
        let waiting = quit.clone();
        std::thread::spawn(move || waiting.serve(&signals));
        Ok(quit)
    }

    /// From now on there is a machine to stop.
    pub(crate) fn stops(&self, button: StopButton) {
        // A program has one machine; a second button would be another's.
        let _ = self.button.set(button);
    }

    /// Ends the run, and says why on standard error.
    pub(crate) fn ask(&self, why: &str) {
        say::complain(format_args!("elnic: {why}"));
        let again = self.asked.swap(true, Ordering::AcqRel);
        match self.button.get() {
            Some(button) if !again => button.press(),
            _ => {
                tty::restore();
                std::process::exit(0);
            }
        }
    }

    fn serve(&self, signals: &SigSet) {
        loop {
            match signals.wait() {
                Ok(Signal::SIGCONT) => tty::make_raw_again(),
                Ok(signal) => self.ask(&format!("terminating on {signal}")),
                Err(error) => {
                    tracing::warn!("signals are no longer waited for: {error}");
                    return;
                }
            }
        }
    }
}
