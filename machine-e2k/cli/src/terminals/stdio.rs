//! Standard input and output as a terminal.
//!
//! Standard input is read by a thread of its own, because reading blocks; the guest's characters wait in a bounded
//! mailbox, so a guest that takes none stops the thread and with it the writer at the other end of the pipe. A terminal is
//! raw meanwhile; a pipe is passed on as it is.

use std::io::{Read, Stdout};

use crossbeam::channel::{Receiver, Sender, bounded};
use elnic_board::Terminal;
use elnic_netclient::Doorbell;

use super::output::Output;
use super::tty::{self, Key, Keys};
use crate::quit::Quit;
use crate::say;

/// Characters that wait for the guest.
const MAILBOX: usize = 4096;

/// Standard input and output.
pub(crate) struct Stdio {
    output: Output<Stdout>,
    input: Receiver<u8>,
    /// Taken by the thread when it starts.
    sender: Option<Sender<u8>>,
    /// Whether Ctrl-C and its like end the run instead of reaching the guest.
    signals: bool,
    quit: Quit,
}

impl Stdio {
    pub(crate) fn new(signals: bool, quit: Quit) -> Self {
        let (sender, input) = bounded(MAILBOX);
        let output = Output::new("stdout".to_owned(), std::io::stdout());
        Self { output, input, sender: Some(sender), signals, quit }
    }
}

impl Terminal for Stdio {
    fn put(&mut self, byte: u8) {
        self.output.put(byte);
    }

    fn flush(&mut self) {
        self.output.flush();
    }

    fn take(&mut self) -> Option<u8> {
        self.input.try_recv().ok()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        let Some(sender) = self.sender.take() else { return };
        if !tty::make_raw(self.signals) {
            std::thread::spawn(move || forward(std::io::stdin(), &sender, &doorbell, Some));
            return;
        }
        let (quit, mut keys) = (self.quit.clone(), Keys::default());
        let for_guest = move |byte| match keys.press(byte) {
            Key::Guest(byte) => Some(byte),
            Key::Nothing => None,
            Key::Help => {
                say::complain(format_args!("{}", tty::HELP));
                None
            }
            Key::Quit => {
                quit.ask("terminated at the terminal");
                None
            }
        };
        std::thread::spawn(move || forward(std::io::stdin(), &sender, &doorbell, for_guest));
    }
}

/// Moves what `for_guest` lets through of `input` into the mailbox until one of the two ends.
pub(super) fn forward(
    mut input: impl Read,
    mailbox: &Sender<u8>,
    doorbell: &Doorbell,
    mut for_guest: impl FnMut(u8) -> Option<u8>,
) {
    let mut bytes = [0; 256];
    loop {
        let count = match input.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                tracing::warn!("serial input ends here: {error}");
                return;
            }
        };
        for byte in bytes.iter().take(count).filter_map(|byte| for_guest(*byte)) {
            if mailbox.is_full() {
                doorbell.ring();
            }
            if mailbox.send(byte).is_err() {
                return;
            }
        }
        doorbell.ring();
    }
}
