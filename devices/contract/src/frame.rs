//! A frame on the cable, as both sides of it see it.

use bytes::Bytes;

use crate::VTime;

/// One Ethernet frame without preamble and FCS.
///
/// The length is checked when it is made, so nobody has to check it again. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    data: Bytes,
    offload: Offload,
    error: Option<LineError>,
    arrival: VTime,
}

/// Why a frame cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Empty, or longer than any peer sends.
    #[error("a frame of {0} bytes is outside 1 to {max}", max = Frame::MAX_LENGTH)]
    Length(usize),
    /// The offload metadata points outside the frame.
    #[error("the offload metadata does not fit a frame of {0} bytes")]
    Offload(usize),
}

/// What a line may do to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineError {
    /// The frame check sequence does not match.
    BadFcs,
    /// The frame does not end on an octet.
    Alignment,
    /// The PHY signalled an error inside the frame.
    Symbol,
}

/// Work on a frame that its sender left to the receiver, as in `virtio_net_hdr` (virtio 1.3 §5.1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// The state of the transport checksum.
    pub checksum: Checksum,
    /// Whether this is one frame or many in one.
    pub segmentation: Option<Segmentation>,
}

/// The state of a frame's transport checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksum {
    /// In the frame, unverified: as on a cable.
    #[default]
    Complete,
    /// Known to be right (or never damaged on the way).
    Valid,
    /// Only the pseudo-header sum stands at `offset` after `start`; the sum from `start` to the end is still to be put
    /// there.
    Partial {
        /// Where summing starts, in bytes from the start of the frame.
        start: u16,
        /// Where the checksum stands, in bytes after `start`.
        offset: u16,
    },
}

/// A frame longer than the medium allows that stands for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segmentation {
    /// What to cut it into.
    pub kind: GsoKind,
    /// Payload bytes of each segment; at least 1.
    pub size: u16,
    /// Length of all headers, in bytes, repeated before each segment.
    pub header_length: u16,
    /// Congestion was signalled (TCP CWR stands in the first segment only).
    pub ecn: bool,
}

/// What a large frame is to be cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GsoKind {
    /// TCP over IPv4.
    TcpV4,
    /// TCP over IPv6.
    TcpV6,
    /// UDP datagram, by IP fragmentation.
    UdpFragment,
    /// UDP datagrams, each with a UDP header.
    UdpSegment,
}

impl Frame {
    /// The longest frame any backend carries: QEMU's 4 KiB + 64 KiB (`NET_BUFSIZE`).
    pub const MAX_LENGTH: usize = 4096 + 65536;

    /// A plain frame that arrives at `arrival`.
    ///
    /// # Errors
    /// The length is outside 1 to [`Frame::MAX_LENGTH`].
    pub fn new(data: impl Into<Bytes>, arrival: VTime) -> Result<Self, FrameError> {
        Self::with_offload(data, arrival, Offload::default())
    }

    /// A frame with work left to do.
    ///
    /// # Errors
    /// As [`Frame::new`], or the metadata points outside the frame.
    pub fn with_offload(
        data: impl Into<Bytes>,
        arrival: VTime,
        offload: Offload,
    ) -> Result<Self, FrameError> {
        let data = data.into();
        let length = data.len();
        if !(1..=Self::MAX_LENGTH).contains(&length) {
            return Err(FrameError::Length(length));
        }
        if let Checksum::Partial { start, offset } = offload.checksum {
            let end = usize::from(start).saturating_add(usize::from(offset)).saturating_add(2);
            if end > length {
                return Err(FrameError::Offload(length));
            }
        }
        if let Some(segmentation) = offload.segmentation {
            let headers = usize::from(segmentation.header_length);
            if segmentation.size == 0 || headers == 0 || headers >= length {
                return Err(FrameError::Offload(length));
            }
        }
        Ok(Self { data, offload, error: None, arrival })
    }

    /// The same frame, damaged on the line.
    #[must_use]
    pub fn damaged(mut self, error: LineError) -> Self {
        self.error = Some(error);
        self
    }

    /// The same frame at another time.
    #[must_use]
    pub fn arriving(mut self, arrival: VTime) -> Self {
        self.arrival = arrival;
        self
    }

    /// The bytes from destination address to the end of the payload.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes, shared.
    pub fn bytes(&self) -> Bytes {
        self.data.clone()
    }

    /// Length in bytes, without FCS; never zero.
    #[expect(clippy::len_without_is_empty, reason = "a frame is never empty")]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Work left to the receiver.
    pub fn offload(&self) -> Offload {
        self.offload
    }

    /// What the line did to it.
    pub fn error(&self) -> Option<LineError> {
        self.error
    }

    /// When the last bit arrives.
    pub fn arrival(&self) -> VTime {
        self.arrival
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_checked() {
        assert_eq!(Frame::new(vec![], VTime::ZERO), Err(FrameError::Length(0)));
        let too_long = Frame::MAX_LENGTH + 1;
        assert_eq!(Frame::new(vec![0; too_long], VTime::ZERO), Err(FrameError::Length(too_long)));
        assert_eq!(
            Frame::new(vec![0; Frame::MAX_LENGTH], VTime::ZERO).unwrap().len(),
            Frame::MAX_LENGTH
        );
    }

    #[test]
    fn offload_metadata_outside_the_frame_is_refused() {
        let partial = |start, offset| Offload {
            checksum: Checksum::Partial { start, offset },
            segmentation: None,
        };
        let make = |offload| Frame::with_offload(vec![0; 60], VTime::ZERO, offload);
        assert!(make(partial(34, 24)).is_ok());
        assert_eq!(make(partial(34, 25)), Err(FrameError::Offload(60)));
        assert_eq!(make(partial(u16::MAX, u16::MAX)), Err(FrameError::Offload(60)));
        for (size, header_length) in [(0, 54), (1460, 0), (1460, 60)] {
            let segmentation =
                Some(Segmentation { kind: GsoKind::TcpV4, size, header_length, ecn: false });
            let offload = Offload { checksum: Checksum::Complete, segmentation };
            assert_eq!(make(offload), Err(FrameError::Offload(60)));
        }
    }
}
