//! PAUSE frames (IEEE 802.3-2022 annex 31B).

use elnic_contract::MacAddr;

use crate::bytes::{put_u16, u16_at};
use crate::ethernet::{self, ether_type};

/// Where PAUSE frames are sent to.
pub const DESTINATION: MacAddr = MacAddr([0x01, 0x80, 0xc2, 0, 0, 0x01]);
/// The operation code of PAUSE.
pub const OPCODE: u16 = 1;
/// Bit times of one quantum.
pub const QUANTUM_BITS: u64 = 512;

/// A request to stop sending for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long, in quanta of 512 bit times; 0 resumes.
    pub quanta: u16,
}

impl Pause {
    /// Reads a PAUSE frame whose type field is known to be MAC control; `None` for other operations.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let opcode = u16_at(frame, ethernet::HEADER_LENGTH)?;
        let quanta = u16_at(frame, ethernet::HEADER_LENGTH.saturating_add(2))?;
        (opcode == OPCODE).then_some(Self { quanta })
    }

    /// The frame that `source` sends.
    pub fn emit(self, destination: MacAddr, source: MacAddr, type_field: u16) -> Vec<u8> {
        let mut frame = Vec::with_capacity(ethernet::MIN_LENGTH);
        frame.extend_from_slice(&destination.0);
        frame.extend_from_slice(&source.0);
        frame.resize(ethernet::MIN_LENGTH, 0);
        // The frame is long enough for each.
        let _ = put_u16(&mut frame, 12, type_field);
        let _ = put_u16(&mut frame, 14, OPCODE);
        let _ = put_u16(&mut frame, 16, self.quanta);
        frame
    }

    /// The standard frame: [`DESTINATION`], [`ether_type::MAC_CONTROL`].
    pub fn emit_standard(self, source: MacAddr) -> Vec<u8> {
        self.emit(DESTINATION, source, ether_type::MAC_CONTROL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_frame_is_read_back() {
        let frame = Pause { quanta: 0x1234 }.emit_standard(MacAddr([2, 0, 0, 0, 0, 1]));
        assert_eq!(frame.len(), 60);
        assert_eq!(ethernet::Header::new(&frame).unwrap().type_field(), ether_type::MAC_CONTROL);
        assert_eq!(Pause::parse(&frame), Some(Pause { quanta: 0x1234 }));
        assert_eq!(Pause::parse(&frame[..17]), None);
        let mut other = frame;
        other[15] = 2;
        assert_eq!(Pause::parse(&other), None);
    }
}
