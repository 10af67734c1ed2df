//! Work a sender left to its receiver, done on the way where the receiver does not do it.
//!
//! It is done at the port, as the last thing before a frame waits for its receiver: filters see the frame as it was sent,
//! and behind a hub each listener gets what suits him.

use elnic_contract::{Checksum, Frame, GsoKind, Offload};

/// Which work a receiver takes over: the guest-side features of virtio-net (virtio 1.3 §5.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffloadSupport {
    /// Partial checksums (`GUEST_CSUM`).
    pub checksum: bool,
    /// TCP over IPv4 to be cut (`GUEST_TSO4`).
    pub tcp_v4: bool,
    /// TCP over IPv6 to be cut (`GUEST_TSO6`).
    pub tcp_v6: bool,
    /// Such TCP that had seen congestion (`GUEST_ECN`).
    pub ecn: bool,
    /// UDP to be fragmented (`GUEST_UFO`).
    pub udp_fragment: bool,
    /// UDP to be cut into datagrams (`GUEST_USO4`, `GUEST_USO6`).
    pub udp_segment: bool,
}

impl OffloadSupport {
    /// Finished frames only, as on a cable.
    pub const NONE: Self = Self {
        checksum: false,
        tcp_v4: false,
        tcp_v6: false,
        ecn: false,
        udp_fragment: false,
        udp_segment: false,
    };

    /// Everything.
    pub const ALL: Self = Self {
        checksum: true,
        tcp_v4: true,
        tcp_v6: true,
        ecn: true,
        udp_fragment: true,
        udp_segment: true,
    };

    /// Whether a frame with this work left can be handed over as it is.
    pub fn takes(self, offload: Offload) -> bool {
        let checksum = self.checksum || !matches!(offload.checksum, Checksum::Partial { .. });
        let segmentation = offload.segmentation.is_none_or(|segmentation| {
            let kind = match segmentation.kind {
                GsoKind::TcpV4 => self.tcp_v4,
                GsoKind::TcpV6 => self.tcp_v6,
                GsoKind::UdpFragment => self.udp_fragment,
                GsoKind::UdpSegment => self.udp_segment,
            };
            kind && (self.ecn || !segmentation.ecn)
        });
        checksum && segmentation
    }
}

/// The work cannot be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is to be cut into segments, which neither its receiver nor the core does")]
pub(crate) struct Unfinished;

/// Appends to `out` what `frame` is for a receiver that takes `support`.
pub(crate) fn finish(
    frame: Frame,
    support: OffloadSupport,
    out: &mut Vec<Frame>,
) -> Result<(), Unfinished> {
    let offload = frame.offload();
    if support.takes(offload) {
        out.push(frame);
        return Ok(());
    }
    if offload.segmentation.is_some() {
        return Err(Unfinished);
    }
    out.push(complete_checksum(&frame).ok_or(Unfinished)?);
    Ok(())
}

/// The frame with its partial checksum put in.
fn complete_checksum(frame: &Frame) -> Option<Frame> {
    let Checksum::Partial { start, offset } = frame.offload().checksum else {
        return Some(frame.clone());
    };
    let mut data = frame.data().to_vec();
    let summed = data.get_mut(usize::from(start)..)?;
    let sum = internet_checksum(summed);
    let field = summed.get_mut(usize::from(offset)..)?.first_chunk_mut::<2>()?;
    // A sum of zero means "none" in UDP, and all ones is the same number (RFC 768).
    *field = if sum == 0 { [0xff, 0xff] } else { sum.to_be_bytes() };
    let offload = Offload { checksum: Checksum::Complete, ..frame.offload() };
    let finished = Frame::with_offload(data, frame.arrival(), offload).ok()?;
    Some(match frame.error() {
        Some(error) => finished.damaged(error),
        None => finished,
    })
}

/// RFC 1071.
fn internet_checksum(data: &[u8]) -> u16 {
    let mut words = data.chunks_exact(2);
    // At most 35 000 words of 16 bits: no overflow.
    let mut sum: u32 =
        words.by_ref().map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
    if let [last] = words.remainder() {
        sum += u32::from(*last) << 8;
    }
    while let (low, high @ 1..) = (sum & 0xffff, sum >> 16) {
        sum = low + high;
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use elnic_contract::{Segmentation, VTime};
    use proptest::prelude::*;

    use super::*;

    /// A sender's part: the sum of the pseudo-header stands in the field.
    fn partial(payload: &[u8], seed: u16) -> Frame {
        let mut data = vec![0; 34];
        data.extend_from_slice(payload);
        data[40..42].copy_from_slice(&seed.to_be_bytes());
        let checksum = Checksum::Partial { start: 34, offset: 6 };
        Frame::with_offload(data, VTime::ZERO, Offload { checksum, segmentation: None }).unwrap()
    }

    proptest! {
        #[test]
        fn a_completed_checksum_verifies(
            payload in proptest::collection::vec(any::<u8>(), 8..200), seed: u16,
        ) {
            let mut out = Vec::new();
            finish(partial(&payload, seed), OffloadSupport::NONE, &mut out).unwrap();
            let [frame] = &out[..] else { panic!("one frame for one") };
            prop_assert_eq!(frame.offload(), Offload::default());
            // Over the finished datagram and the pseudo-header the sum is zero, in either of its two forms.
            let mut whole = frame.data()[34..].to_vec();
            if whole.len() % 2 == 1 {
                whole.push(0);
            }
            whole.extend_from_slice(&seed.to_be_bytes());
            prop_assert!(matches!(internet_checksum(&whole), 0 | 0xffff));
            prop_assert_ne!(&frame.data()[40..42], &[0, 0]);
        }
    }

    #[test]
    fn a_receiver_that_takes_the_work_gets_the_frame_untouched() {
        let frame = partial(&[7; 20], 0x1234);
        let mut out = Vec::new();
        finish(frame.clone(), OffloadSupport { checksum: true, ..OffloadSupport::NONE }, &mut out)
            .unwrap();
        assert_eq!(out, [frame]);
    }

    #[test]
    fn congestion_needs_support_of_its_own() {
        let segmentation = |ecn| Offload {
            checksum: Checksum::Valid,
            segmentation: Some(Segmentation {
                kind: GsoKind::TcpV4,
                size: 1460,
                header_length: 54,
                ecn,
            }),
        };
        let plain = OffloadSupport { tcp_v4: true, ..OffloadSupport::NONE };
        assert!(plain.takes(segmentation(false)) && !plain.takes(segmentation(true)));
        assert!(OffloadSupport { ecn: true, ..plain }.takes(segmentation(true)));
        assert!(
            !OffloadSupport { tcp_v6: true, ..OffloadSupport::NONE }.takes(segmentation(false))
        );
    }
}
