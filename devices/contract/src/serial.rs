//! What a serial controller adds to a device.
//!
//! Output leaves through [`crate::Effect::Character`]; this is the way in.

use crate::{Cx, Device};

/// A controller of one or more serial lines.
pub trait Serial: Device {
    /// Names of the lines, in the order of their numbers; the first is the console.
    fn line_names(&self) -> &'static [&'static str];

    /// How many characters `line` takes now. Pure, and asked again after every entry; 0 for a line that is not there.
    fn room(&self, line: u8) -> usize;

    /// A character has arrived on `line`. Called only while there is [`Serial::room`], though a controller must survive
    /// it at any time.
    fn receive_character(&mut self, cx: &mut Cx<'_>, line: u8, byte: u8);
}
