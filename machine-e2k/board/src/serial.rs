//! Serial lines and what is plugged into them.

use elnic_clock::DeviceId;
use elnic_netclient::Doorbell;

/// The host's end of a serial line. Never blocks.
pub trait Terminal: Send {
    /// A character leaves the guest.
    fn put(&mut self, byte: u8);

    /// A moment has come to hand on what was kept back for efficiency.
    fn flush(&mut self) {}

    /// The next character for the guest. Asked at input points only.
    fn take(&mut self) -> Option<u8> {
        None
    }

    /// Takes the doorbell to ring when [`Terminal::take`] has something. Called once, before anything else.
    fn attach(&mut self, doorbell: Doorbell) {
        let _ = doorbell;
    }
}

/// A terminal that keeps what the guest prints, for tests and programs that embed a machine.
#[derive(Clone, Debug)]
pub struct Recorder {
    sender: crossbeam::channel::Sender<u8>,
}

impl Recorder {
    /// A terminal, and where its characters come out.
    pub fn new() -> (Self, crossbeam::channel::Receiver<u8>) {
        let (sender, receiver) = crossbeam::channel::unbounded();
        (Self { sender }, receiver)
    }
}

impl Terminal for Recorder {
    fn put(&mut self, byte: u8) {
        // The other end may be gone: nobody listens then.
        let _ = self.sender.send(byte);
    }
}

struct SerialLine {
    device: DeviceId,
    line: u8,
    terminal: Box<dyn Terminal>,
    /// Something was put since the last flush.
    dirty: bool,
    /// A character the controller had no room for.
    held: Option<u8>,
}

/// All plugged serial lines.
#[derive(Default)]
pub(crate) struct SerialLines(Vec<SerialLine>);

impl SerialLines {
    pub(crate) fn plug(
        &mut self,
        device: DeviceId,
        line: u8,
        mut terminal: Box<dyn Terminal>,
        doorbell: Doorbell,
    ) {
        terminal.attach(doorbell);
        self.0.push(SerialLine { device, line, terminal, dirty: false, held: None });
    }

    pub(crate) fn put(&mut self, device: DeviceId, line: u8, byte: u8) {
        for plugged in self.0.iter_mut().filter(|p| (p.device, p.line) == (device, line)) {
            plugged.terminal.put(byte);
            plugged.dirty = true;
        }
    }

    pub(crate) fn flush(&mut self) {
        for plugged in self.0.iter_mut().filter(|plugged| plugged.dirty) {
            plugged.terminal.flush();
            plugged.dirty = false;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Characters that wait for room, by line.
    pub(crate) fn held(&self) -> Vec<Option<u8>> {
        self.0.iter().map(|plugged| plugged.held).collect()
    }

    pub(crate) fn hold(&mut self, held: &[Option<u8>]) {
        for (plugged, held) in self.0.iter_mut().zip(held) {
            plugged.held = *held;
        }
    }

    /// The next character of a plugged line that `room` has room for: (device, line, character).
    pub(crate) fn take(
        &mut self,
        index: usize,
        room: impl FnOnce(DeviceId, u8) -> bool,
    ) -> Option<(DeviceId, u8, u8)> {
        let plugged = self.0.get_mut(index)?;
        if plugged.held.is_none() {
            plugged.held = plugged.terminal.take();
        }
        let (device, line) = (plugged.device, plugged.line);
        let byte = plugged.held.filter(|_| room(device, line))?;
        plugged.held = None;
        Some((device, line, byte))
    }
}
