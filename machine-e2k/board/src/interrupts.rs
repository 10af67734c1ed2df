//! Interrupts between devices and the processor: the controllers are a device of the board, and what they ask for are two
//! levels at the processor.

use elnic_contract::{Dma, Gpa};
use elnic_pic::Apic;

use crate::devices::Body;
use crate::log::LogItem;
use crate::world::World;

/// The processor that runs.
const PROCESSOR: u8 = 0;

/// Levels of a processor's interrupt inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// A vector is pending.
    pub(crate) interrupt: bool,
    /// There is a cause that cannot be masked.
    pub(crate) non_maskable: bool,
}

impl World {
    /// The interrupt controllers.
    pub(crate) fn pic(&mut self) -> Option<&mut Apic> {
        match &mut self.devices.get_mut(self.pic?)?.body {
            Body::Pic(pic) => Some(pic),
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

    /// The levels as they are now.
    fn present_inputs(&mut self) -> Inputs {
        self.pic().map_or(Inputs::default(), |pic| Inputs {
            interrupt: pic.pending(PROCESSOR).is_some(),
            non_maskable: pic.non_maskable(PROCESSOR),
        })
    }

    /// Something may have changed the levels: the processor is to be told before its next bundle if so.
    pub(crate) fn interrupts_changed(&mut self) {
        let inputs = self.present_inputs();
        if inputs == self.inputs {
            return;
        }
        self.inputs = inputs;
        self.stop_slice();
        let now = self.now();
        let vector = self.pic().and_then(|pic| pic.pending(PROCESSOR));
        let text = match vector {
            Some(vector) => format!("vector {vector:#x} is pending"),
            None if inputs.non_maskable => "a non-maskable interrupt is pending".to_owned(),
            None => "no interrupt is pending".to_owned(),
        };
        self.log.say(LogItem::Interrupts, "cpu0", now, format_args!("{text}"));
    }
}
