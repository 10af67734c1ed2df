//! Frames whose sender left work to the receiver, as they would have come over a cable.

use elnic_contract::{Counters, DropReason, Frame, Offload, Verdict};
use elnic_wire::offload;

/// Does what the sender left undone (checksums, segmentation) and hands each frame that a cable can carry to `receive`;
/// the verdict on the last one. What cannot be done is counted as a line error.
pub fn receive_pieces<D>(
    device: &mut D,
    frame: &Frame,
    counters: impl FnOnce(&mut D) -> &mut Counters,
    mut receive: impl FnMut(&mut D, &Frame) -> Verdict,
) -> Verdict {
    if frame.offload() == Offload::default() {
        return receive(device, frame);
    }
    let Ok(pieces) = offload::materialise(frame) else {
        counters(device).drop_received(DropReason::LineError);
        return Verdict::Dropped(DropReason::LineError);
    };
    pieces.iter().fold(Verdict::Taken, |_, piece| receive(device, piece))
}
