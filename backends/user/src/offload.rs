//! What a guest's frame leaves for its receiver to do, done as far as the stack needs it.
//!
//! Only the checksum is completed, and datagrams that share a frame are told apart. A TCP segment that stands for many
//! is one large segment to this stack, which has no use for small ones, and a datagram to be fragmented is whole.

use std::borrow::Cow;

use elnic_contract::{Checksum, Frame};
use elnic_netclient::OffloadSupport;
use elnic_wire::checksum::insert_udp;
use elnic_wire::offload::{OffloadError, materialise};

/// What may be left to the stack.
pub(crate) const SUPPORT: OffloadSupport =
    OffloadSupport { udp_segment: false, ..OffloadSupport::ALL };

/// The frame, or the frames it stands for, as if they had come off a cable, but of any length.
///
/// # Errors
/// The frame is not of the kind that its metadata claims.
pub(crate) fn finish(frame: &Frame) -> Result<Vec<Cow<'_, [u8]>>, OffloadError> {
    if !SUPPORT.takes(frame.offload()) {
        let frames = materialise(frame)?;
        return Ok(frames.iter().map(|frame| Cow::Owned(frame.data().to_vec())).collect());
    }
    let Checksum::Partial { start, offset } = frame.offload().checksum else {
        return Ok(vec![Cow::Borrowed(frame.data())]);
    };
    let (mut data, start) = (frame.data().to_vec(), usize::from(start));
    if !insert_udp(&mut data, start, None, start + usize::from(offset)) {
        return Err(OffloadError::Mismatch);
    }
    Ok(vec![Cow::Owned(data)])
}
