//! Standard input as a raw terminal: each key goes to the guest at once and is not shown by the host.
//!
//! The flags are those QEMU clears for `-serial stdio`. Newlines of the output are still translated, and keys that make
//! signals make them, unless the guest is to have those too. The way out is then Ctrl-A x, as in QEMU ([`Keys`]).

use std::io::IsTerminal;
use std::sync::Mutex;

use nix::sys::termios::{
    ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios,
    tcgetattr, tcsetattr,
};

/// What Ctrl-A starts.
const ESCAPE: u8 = 0x01;

/// How standard input was set before, and how it is set now.
struct Changed {
    before: Termios,
    now: Termios,
}

/// Of the whole process, as standard input is.
static CHANGED: Mutex<Option<Changed>> = Mutex::new(None);

fn changed() -> std::sync::MutexGuard<'static, Option<Changed>> {
    CHANGED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes standard input raw, if it is a terminal; says whether it is. `signals`: Ctrl-C and its like still make signals.
pub(crate) fn make_raw(signals: bool) -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return false;
    }
    let set = tcgetattr(&stdin).and_then(|before| {
        let now = raw(before.clone(), signals);
        tcsetattr(&stdin, SetArg::TCSANOW, &now).map(|()| Changed { before, now })
    });
    match set {
        Ok(set) => {
            // What was found the first time is what is put back.
            let mut changed = changed();
            let before = changed.take().map_or(set.before, |first| first.before);
            *changed = Some(Changed { before, now: set.now });
        }
        Err(error) => tracing::warn!("the terminal stays in line mode: {error}"),
    }
    true
}

fn raw(mut flags: Termios, signals: bool) -> Termios {
    flags.input_flags.remove(
        InputFlags::IGNBRK
            | InputFlags::BRKINT
            | InputFlags::PARMRK
            | InputFlags::ISTRIP
            | InputFlags::INLCR
            | InputFlags::IGNCR
            | InputFlags::ICRNL
            | InputFlags::IXON,
    );
    flags.output_flags.insert(OutputFlags::OPOST);
    flags.control_flags.remove(ControlFlags::CSIZE | ControlFlags::PARENB);
    flags.control_flags.insert(ControlFlags::CS8);
    flags
        .local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::IEXTEN);
    flags.local_flags.set(LocalFlags::ISIG, signals);
    flags.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    flags.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    flags
}

/// Raw again after the program was stopped and continued: a shell puts its own settings in between.
pub(crate) fn make_raw_again() {
    if let Some(Changed { now, .. }) = &*changed()
        && let Err(error) = tcsetattr(std::io::stdin(), SetArg::TCSANOW, now)
    {
        tracing::warn!("the terminal stays in line mode: {error}");
    }
}

/// Puts standard input back as it was found.
pub(crate) fn restore() {
    if let Some(Changed { before, .. }) = changed().take() {
        // Nothing is left that could be done about a terminal that has gone.
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &before);
    }
}

/// Calls [`restore`] when it goes, however a run ends.
pub(crate) struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        restore();
    }
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character for the guest.
    Guest(u8),
    /// Nothing, yet or at all.
    Nothing,
    /// Ctrl-A x: the run ends.
    Quit,
    /// Ctrl-A h: what Ctrl-A does is told.
    Help,
}

/// What Ctrl-A h prints.
pub(crate) const HELP: &str =
    "Ctrl-A h  this help\nCtrl-A x  end the emulation\nCtrl-A Ctrl-A  send Ctrl-A";

/// Sorts keys: Ctrl-A begins what is not for the guest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keys {
    escaped: bool,
}

impl Keys {
    /// What the next key means.
    pub(crate) const fn press(&mut self, key: u8) -> Key {
        match (std::mem::replace(&mut self.escaped, false), key) {
            (false, ESCAPE) => {
                self.escaped = true;
                Key::Nothing
            }
            (false, key) => Key::Guest(key),
            (true, ESCAPE) => Key::Guest(ESCAPE),
            (true, b'x') => Key::Quit,
            (true, b'h' | b'?') => Key::Help,
            (true, _) => Key::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_a_is_for_the_emulator_and_twice_for_the_guest() {
        let mut keys = Keys::default();
        let pressed: Vec<Key> =
            b"a\x01\x01\x01z\x01hx\x01x".iter().map(|k| keys.press(*k)).collect();
        let (nothing, guest) = (Key::Nothing, Key::Guest);
        let wanted = [
            guest(b'a'),
            nothing,
            guest(1),
            nothing,
            nothing,
            nothing,
            Key::Help,
            guest(b'x'),
            nothing,
            Key::Quit,
        ];
        assert_eq!(pressed, wanted);
    }
}
