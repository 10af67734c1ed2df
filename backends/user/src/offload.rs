//! What a guest's frame leaves for its receiver to do, done: as if the frame had come off a cable.
//!
//! Only the checksum is completed. A frame that stands for many is one large packet to this stack, which has no use for
//! small ones; datagrams that are to be told apart are cut by [`crate::udp`].

use std::borrow::Cow;

use elnic_contract::{Checksum, Frame, GsoKind};
use smoltcp::wire::checksum;

/// Offset of the checksum in a UDP header, where 0 means "none".
const UDP_CHECKSUM: u16 = 6;

/// The frame's bytes with the checksum in place.
pub(crate) fn complete(frame: &Frame) -> Cow<'_, [u8]> {
    let data = frame.data();
    let Checksum::Partial { start, offset } = frame.offload().checksum else {
        return Cow::Borrowed(data);
    };
    let mut data = data.to_vec();
    let field = usize::from(start) + usize::from(offset);
    if let Some(covered) = data.get(start.into()..) {
        let sum = match (!checksum::data(covered), offset) {
            (0, UDP_CHECKSUM) => 0xffff,
            (sum, _) => sum,
        };
        if let Some(room) = data.get_mut(field..field + 2) {
            room.copy_from_slice(&sum.to_be_bytes());
        }
    }
    Cow::Owned(data)
}

/// The length of each datagram's payload in a frame that stands for several.
pub(crate) fn datagram_length(frame: &Frame) -> Option<usize> {
    let segmentation = frame.offload().segmentation?;
    (segmentation.kind == GsoKind::UdpSegment).then_some(segmentation.size.into())
}
