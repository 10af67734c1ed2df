//! The device trait.

use crate::{
    Access, Capability, Cx, Fault, FunctionState, ImageError, Model, Nic, RestoreError, SavedState,
    Serial, TimerId,
};

/// How deep a reset goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Power was applied: nothing survives but nonvolatile memory (see [`Device::image`]).
    Cold,
    /// The bus reset line: what the datasheet says survives RST# survives (wake-up state, EEPROM contents).
    Warm,
    /// Software reset of this function alone, from outside the function (D3hot → D0).
    Function,
}

/// The levels of a device's interrupt pins; bit 0 is INTA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lines(pub u32);

impl Lines {
    /// No line is asserted.
    pub const NONE: Self = Self(0);
    /// INTA alone is asserted.
    pub const INTA: Self = Self(1);

    /// INTA asserted or not.
    pub const fn inta(asserted: bool) -> Self {
        if asserted { Self::INTA } else { Self::NONE }
    }
}

/// A device model. All methods are bounded in work; none blocks.
///
/// After each call with a [`Cx`] the board carries out the outbox, compares [`Device::lines`] with their former level and,
/// for a NIC, asks [`Nic::can_receive`] again. A device therefore never has to remember to wake anybody.
pub trait Device: Send {
    /// The kind of device. The same for all instances and all time.
    fn describe(&self) -> &'static Model;

    /// Resets. Afterwards the device equals a fresh one but for what `kind` lets survive.
    fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset);

    /// A guest's read, with its side effects.
    ///
    /// # Errors
    /// The device does not serve this access; its state is unchanged.
    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault>;

    /// A guest's write. Bits of `value` above the width of the access are zero.
    ///
    /// # Errors
    /// The device does not serve this access; its state is unchanged.
    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault>;

    /// What [`Device::read`] would answer, without side effects: for dumps, debuggers and documentation.
    fn peek(&self, access: Access) -> Option<u64>;

    /// A deadline the device asked for has come.
    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId);

    /// Levels of the interrupt pins: a pure function of the state.
    fn lines(&self) -> Lines;

    /// The whole state, in-flight work included.
    fn save(&self) -> SavedState;

    /// Takes over a saved state. The input is hostile: it may come from anywhere. The machine re-arms the timers that
    /// were pending, so `restore` needs no context.
    ///
    /// # Errors
    /// The state is of another model or version, malformed or inconsistent; the device is unchanged.
    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError>;

    /// The PCI capabilities of this instance, in the order of the list; they depend on its properties. The PCI function
    /// around the device asks once, implements them and keeps their state.
    fn capabilities(&self) -> Vec<Capability> {
        Vec::new()
    }

    /// Software has changed what the bus lets the function do. Not called for what a reset changes: after
    /// [`Device::reset`] a device takes [`FunctionState::default`] for granted. A device that acts on it stores what it
    /// needs in its own state.
    fn function_changed(&mut self, cx: &mut Cx<'_>, state: FunctionState) {
        let _ = (cx, state);
    }

    /// The contents of the device's nonvolatile memory, if it has any: what a file behind it holds. A device that changes
    /// them says so with [`crate::Effect::ImageChanged`].
    fn image(&self) -> Option<Vec<u8>> {
        None
    }

    /// Puts other contents into the nonvolatile memory, as one changes a chip while power is off. The device then stands
    /// as if it had been made with them.
    ///
    /// # Errors
    /// There is no such memory, or no chip of that size fits; the device is unchanged.
    fn insert_image(&mut self, image: &[u8]) -> Result<(), ImageError> {
        let _ = image;
        Err(ImageError::None(self.describe().name))
    }

    /// This device as a NIC, if it is one.
    fn as_nic(&self) -> Option<&dyn Nic> {
        None
    }

    /// This device as a NIC, if it is one.
    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        None
    }

    /// This device as a serial controller, if it is one.
    fn as_serial(&self) -> Option<&dyn Serial> {
        None
    }

    /// This device as a serial controller, if it is one.
    fn as_serial_mut(&mut self) -> Option<&mut dyn Serial> {
        None
    }
}
