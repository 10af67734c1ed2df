//! Interrupts between devices and the processors: the controllers are a device of the board, and what they ask for are two
//! levels at each processor.

use elnic_contract::{Dma, Gpa};
use elnic_pic::Controllers;

use crate::devices::Body;
use crate::log::LogItem;
use crate::world::World;

/// Levels of a processor's interrupt inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// A vector is pending.
    pub(crate) interrupt: bool,
    /// There is a cause that cannot be masked.
    pub(crate) non_maskable: bool,
}

impl Inputs {
    pub(crate) const fn any(self) -> bool {
        self.interrupt || self.non_maskable
    }
}

/// What a processor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Activity {
    /// It executes.
    Runs,
    /// It waits for an interrupt.
    Waits,
    /// It was never started: it waits for STARTUP, as firmware would let it.
    Parked,
}

/// A processor as the rest of the board knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Its inputs as it was last told of them.
    pub(crate) inputs: Inputs,
    pub(crate) activity: Activity,
}

impl Line {
    /// A processor that nobody has started.
    pub(crate) const NEW: Self = Self {
        inputs: Inputs { interrupt: false, non_maskable: false },
        activity: Activity::Parked,
    };
}

impl World {
    /// The interrupt controllers.
    pub(crate) fn pic(&mut self) -> Option<&mut dyn Controllers> {
        match &mut self.devices.get_mut(self.pic?)?.body {
            Body::Pic(pic) => Some(&mut **pic),
            Body::Function(_) | Body::Bridge(_) | Body::Block(_) => None,
        }
    }

    /// An interrupt input of the board has another level.
    pub(crate) fn drive_input(&mut self, input: u8, asserted: bool) {
        if let Some(pic) = self.pic() {
            pic.assert(input, asserted);
        }
        self.interrupts_changed();
    }

    /// A function wrote an interrupt message.
    pub(crate) fn deliver_message(&mut self, address: Gpa, data: u32) {
        // A message is a store: where no controller listens there may be RAM, as tests have it that look for messages.
        let taken = self.pic().is_some_and(|pic| pic.message(address.0, data))
            || self.ram.write(address, &data.to_le_bytes()).is_ok();
        if !taken {
            let now = self.now();
            let text = format_args!("message {data:#x} to {address}, where no controller listens");
            self.log.say(LogItem::GuestErrors, "pic", now, text);
        }
        self.interrupts_changed();
    }

    /// The levels at a processor as it was last told of them.
    pub(crate) fn inputs_of(&self, processor: usize) -> Inputs {
        self.lines.get(processor).map_or(Inputs::default(), |line| line.inputs)
    }

    /// All processors begin: the first runs.
    pub(crate) fn begin_activities(&mut self, others: Activity) {
        for (number, line) in self.lines.iter_mut().enumerate() {
            line.activity = if number == 0 { Activity::Runs } else { others };
        }
    }

    /// What a processor does; one that there is none of is never started.
    pub(crate) fn activity(&self, processor: usize) -> Activity {
        self.lines.get(processor).map_or(Activity::Parked, |line| line.activity)
    }

    pub(crate) fn set_activity(&mut self, processor: usize, activity: Activity) {
        if let Some(line) = self.lines.get_mut(processor) {
            line.activity = activity;
        }
    }

    /// Where a processor that was never started is told to, if it is.
    pub(crate) fn take_startup(&mut self, processor: usize) -> Option<u64> {
        let entry = self.pic()?.take_startup(processor as u8);
        self.interrupts_changed();
        entry
    }

    /// Something may have changed the levels: the processor that runs is to be told before its next bundle if so, and
    /// those that wait are to be woken.
    pub(crate) fn interrupts_changed(&mut self) {
        for processor in 0..self.lines.len() {
            self.line_changed(processor);
        }
    }

    fn line_changed(&mut self, processor: usize) {
        // Processors are at most 16.
        let number = processor as u8;
        let Some((pending, non_maskable)) =
            self.pic().map(|pic| (pic.pending(number), pic.non_maskable(number)))
        else {
            return;
        };
        let inputs = Inputs { interrupt: pending.is_some(), non_maskable };
        let running = self.running;
        let Some(line) = self.lines.get_mut(processor) else { return };
        if inputs == line.inputs {
            return;
        }
        line.inputs = inputs;
        let wakes = line.activity != Activity::Runs && inputs.any();
        if processor == running || wakes {
            self.stop_slice();
        }
        if !self.log.items().has(LogItem::Interrupts) {
            return;
        }
        let now = self.now();
        let text = match pending {
            Some(vector) => format!("vector {vector:#x} is pending"),
            None if non_maskable => "a non-maskable interrupt is pending".to_owned(),
            None => "no interrupt is pending".to_owned(),
        };
        let name = format!("cpu{processor}");
        self.log.say(LogItem::Interrupts, &name, now, format_args!("{text}"));
    }
}
