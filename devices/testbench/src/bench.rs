//! The world around one device.

use std::collections::{BTreeMap, VecDeque};

use elnic_contract::{
    Access, Cx, Device, Effect, Entry, Fault, Frame, ImageError, LinkState, Outbox, Readiness,
    Reset, SavedState, Size, TimerId, VDuration, VTime, Verdict,
};
use elnic_script::{Event, Place};

use crate::{Notes, SparseRam};

/// How much one call of a device may do. More is a failure of the test.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Effects in the outbox.
    pub effects: usize,
    /// Bus-master accesses.
    pub dma: u64,
    /// Timers that fire while time is advanced once.
    pub fires: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { effects: 4_096, dma: 16_384, fires: 200_000 }
    }
}

/// Frames that wait for the device to take them, as in the link's queue.
const HELD_FRAMES: usize = 64;

/// One device and everything it can see: time, RAM, a cable, an interrupt line.
pub struct Bench {
    pub(crate) device: Box<dyn Device>,
    /// Makes another device like the first, for [`Bench::pulse`].
    make: Box<dyn Fn() -> Box<dyn Device>>,
    /// Guest RAM.
    pub ram: SparseRam,
    /// What the device remarked.
    pub notes: Notes,
    /// What one call may do.
    pub limits: Limits,
    now: VTime,
    timers: BTreeMap<TimerId, VTime>,
    line: bool,
    held: VecDeque<Frame>,
    events: Vec<(VTime, Event)>,
    outbox: Outbox,
}

impl Bench {
    /// A bench for a device that `make` makes. It is reset as at power-on; the cable is plugged.
    pub fn of(make: impl Fn() -> Box<dyn Device> + 'static) -> Self {
        let mut bench = Self::unpowered(make);
        bench.reset(Reset::Cold);
        bench.link(LinkState::Up);
        bench
    }

    /// A bench for a device that has never been called.
    pub fn unpowered(make: impl Fn() -> Box<dyn Device> + 'static) -> Self {
        Self {
            device: make(),
            make: Box::new(make),
            ram: SparseRam::new(),
            notes: Notes::default(),
            limits: Limits::default(),
            now: VTime::ZERO,
            timers: BTreeMap::new(),
            line: false,
            held: VecDeque::new(),
            events: Vec::new(),
            outbox: Outbox::new(),
        }
    }

    /// A bench for an instance of a catalogue entry.
    ///
    /// # Panics
    /// The properties are not right.
    pub fn with(entry: &Entry, properties: &[(&str, &str)]) -> Self {
        let entry = *entry;
        let properties: Vec<(String, String)> = properties
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        Self::of(move || {
            let given = properties.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            entry.make(given).expect("the properties of a test are right")
        })
    }

    /// The device.
    pub fn device(&self) -> &dyn Device {
        &*self.device
    }

    /// Virtual time.
    pub fn now(&self) -> VTime {
        self.now
    }

    /// The deadlines that are pending.
    pub fn timers(&self) -> &BTreeMap<TimerId, VTime> {
        &self.timers
    }

    /// Everything that happened, with its time, oldest first.
    pub fn events(&self) -> &[(VTime, Event)] {
        &self.events
    }

    /// Calls the device; then does what it wants done.
    pub fn enter<T>(&mut self, call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> T) -> T {
        let result = self.enter_once(call);
        self.deliver_held();
        result
    }

    fn enter_once<T>(&mut self, call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> T) -> T {
        let mut outbox = std::mem::take(&mut self.outbox);
        let before = self.ram.accesses();
        let mut cx = Cx::new(self.now, &mut self.ram, &mut outbox, &mut self.notes);
        let result = call(&mut *self.device, &mut cx);
        let accesses = self.ram.accesses() - before;
        assert!(
            accesses <= self.limits.dma,
            "one call made {accesses} bus-master accesses; {} are allowed",
            self.limits.dma
        );
        let mut effects = 0;
        for effect in outbox.drain() {
            effects += 1;
            self.carry_out(effect);
        }
        assert!(
            effects <= self.limits.effects,
            "one call had {effects} effects; {} are allowed",
            self.limits.effects
        );
        self.outbox = outbox;
        self.look_at_line();
        result
    }

    fn carry_out(&mut self, effect: Effect) {
        let event = match effect {
            Effect::Arm(timer, at) => {
                assert!(at > self.now, "{timer:?} is armed for {at}, and it is {} now", self.now);
                self.timers.insert(timer, at);
                return;
            }
            Effect::Cancel(timer) => {
                self.timers.remove(&timer);
                return;
            }
            Effect::Send(frame) => Event::Sent(frame.data().to_vec()),
            Effect::Msi(vector) => Event::Msi(vector),
            Effect::Message { address, data } => Event::Message { address, data },
            Effect::Character { line, byte } => Event::Character { line, byte },
            Effect::Guest(event) => Event::Guest(event),
            Effect::Pme { .. } => Event::Pme,
            Effect::RxFilterChanged => Event::RxFilterChanged,
            Effect::ImageChanged => Event::ImageChanged,
        };
        self.events.push((self.now, event));
    }

    fn look_at_line(&mut self) {
        let lines = self.device.lines();
        assert_eq!(lines, self.device.lines(), "lines() is a pure function of the state");
        let level = lines.0 != 0;
        if level != self.line {
            self.line = level;
            self.events.push((self.now, Event::Irq(level)));
        }
    }

    /// Level of the interrupt line.
    pub fn line(&self) -> bool {
        self.line
    }

    fn deliver_held(&mut self) {
        while !self.held.is_empty() && self.ready() == Some(Readiness::Ready) {
            let Some(frame) = self.held.pop_front() else { return };
            self.receive(&frame.arriving(self.now));
        }
    }

    /// Whether the device takes a frame now; `None` if it is no NIC.
    pub fn ready(&self) -> Option<Readiness> {
        self.device.as_nic().map(|nic| nic.can_receive())
    }

    fn receive(&mut self, frame: &Frame) -> Option<Verdict> {
        self.device.as_nic()?;
        let verdict =
            self.enter_once(|device, cx| device.as_nic_mut().map(|nic| nic.receive(cx, frame)))?;
        self.events.push((self.now, Event::Received(verdict)));
        Some(verdict)
    }

    /// A frame arrives; it waits while the device is not ready, as long as there is room to wait.
    pub fn frame(&mut self, frame: Frame) {
        if self.device.as_nic().is_some() && self.held.len() < HELD_FRAMES {
            self.held.push_back(frame);
            self.deliver_held();
        }
    }

    /// A frame arrives whether the device is ready or not.
    pub fn force_frame(&mut self, frame: &Frame) -> Option<Verdict> {
        self.receive(&frame.clone().arriving(self.now))
    }

    /// A character arrives; it is lost if there is no room for it.
    pub fn character(&mut self, line: u8, byte: u8) {
        self.enter(|device, cx| {
            if let Some(serial) = device.as_serial_mut()
                && serial.room(line) > 0
            {
                serial.receive_character(cx, line, byte);
            }
        });
    }

    /// The cable is plugged or pulled.
    pub fn link(&mut self, state: LinkState) {
        self.enter(|device, cx| {
            if let Some(nic) = device.as_nic_mut() {
                nic.link(cx, state);
            }
        });
    }

    /// Puts other contents into the device's nonvolatile memory.
    ///
    /// # Errors
    /// The device has none, or takes none of that length.
    pub fn insert_image(&mut self, image: &[u8]) -> Result<(), ImageError> {
        self.device.insert_image(image)
    }

    /// A reset.
    pub fn reset(&mut self, kind: Reset) {
        self.enter(|device, cx| device.reset(cx, kind));
    }

    /// A guest's read.
    ///
    /// # Errors
    /// The device refuses; [`Fault::WrongSize`] if the access is not aligned, which the bus never lets through.
    pub fn read(&mut self, place: Place, size: Size) -> Result<u64, Fault> {
        let access = access(place, size)?;
        let value = self.enter(|device, cx| device.read(cx, access))?;
        assert_eq!(value & !size.mask(), 0, "a read of {size:?} gave {value:#x}");
        Ok(value)
    }

    /// A guest's write.
    ///
    /// # Errors
    /// As [`Bench::read`].
    pub fn write(&mut self, place: Place, size: Size, value: u64) -> Result<(), Fault> {
        let access = access(place, size)?;
        self.enter(|device, cx| device.write(cx, access, value & size.mask()))
    }

    /// A read without side effects.
    pub fn peek(&self, place: Place, size: Size) -> Option<u64> {
        self.device.peek(access(place, size).ok()?)
    }

    /// Lets time pass; timers fire on the way, in the order of their deadlines.
    pub fn advance(&mut self, span: VDuration) {
        let end = self.now + span;
        for fired in 0.. {
            let next = self.timers.iter().map(|(timer, at)| (*at, *timer)).min();
            let Some((at, timer)) = next.filter(|(at, _)| *at <= end) else { break };
            assert!(
                fired < self.limits.fires,
                "{fired} timers fired within {span}; {timer:?} is due again at {at}"
            );
            self.timers.remove(&timer);
            self.now = at;
            self.enter(|device, cx| device.timer(cx, timer));
        }
        self.now = end;
        self.deliver_held();
    }

    /// The state as text and back: what a snapshot file does to it.
    pub fn saved(&self) -> SavedState {
        let text = serde_json::to_string(&self.device.save()).expect("a saved state is JSON");
        serde_json::from_str(&text).expect("a saved state reads back")
    }

    /// Saves the device, makes a new one and restores it there. Nobody may be able to tell.
    pub fn pulse(&mut self) {
        let state = self.saved();
        let mut fresh = (self.make)();
        fresh.restore(&state).expect("what a device saved it takes back");
        let lines = (self.device.lines(), fresh.lines());
        assert_eq!(lines.0, lines.1, "the interrupt line is part of the state");
        self.device = fresh;
        assert_eq!(self.saved(), state, "a restored device saves what it was restored from");
    }

    /// Forgets the frames that wait.
    pub(crate) fn forget_frames(&mut self) {
        self.held.clear();
    }

    /// Does what the machine does after a restore: nobody was called, but the line may have moved.
    pub(crate) fn settle(&mut self) {
        self.look_at_line();
        self.deliver_held();
    }

    /// Lets time jump without firing anything, for comparing devices at one instant.
    pub(crate) fn start_at(&mut self, now: VTime) {
        assert!(self.timers.is_empty(), "time jumps only before anything is armed");
        self.now = now;
    }
}

fn access(place: Place, size: Size) -> Result<Access, Fault> {
    Access::new(place.region, place.offset, size).map_err(|_| Fault::WrongSize)
}
