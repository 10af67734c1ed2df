//! Which unfinished work in frames somebody takes over.

use crate::{Checksum, GsoKind, Offload};

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
    /// UDP to be cut into datagrams (`GUEST_USO4` and `GUEST_USO6`).
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

    /// What at least one of two takes.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            checksum: self.checksum || other.checksum,
            tcp_v4: self.tcp_v4 || other.tcp_v4,
            tcp_v6: self.tcp_v6 || other.tcp_v6,
            ecn: self.ecn || other.ecn,
            udp_fragment: self.udp_fragment || other.udp_fragment,
            udp_segment: self.udp_segment || other.udp_segment,
        }
    }

    /// Whether a frame with this work left can be handed over as it is. A large one can only with a partial checksum:
    /// receivers take for granted that one is there (virtio 1.3 §5.1.6.2.1, §5.1.6.4.1).
    pub fn takes(self, offload: Offload) -> bool {
        let partial = matches!(offload.checksum, Checksum::Partial { .. });
        let checksum = self.checksum || !partial;
        let segmentation = offload.segmentation.is_none_or(|segmentation| {
            let kind = match segmentation.kind {
                GsoKind::TcpV4 => self.tcp_v4,
                GsoKind::TcpV6 => self.tcp_v6,
                GsoKind::UdpFragment => self.udp_fragment,
                GsoKind::UdpSegment => self.udp_segment,
            };
            partial && kind && (self.ecn || !segmentation.ecn)
        });
        checksum && segmentation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Segmentation;

    const PARTIAL: Checksum = Checksum::Partial { start: 34, offset: 16 };

    #[test]
    fn only_a_partial_checksum_needs_support() {
        let checksum = |checksum| Offload { checksum, segmentation: None };
        let partial = checksum(PARTIAL);
        assert!(!OffloadSupport::NONE.takes(partial));
        assert!(OffloadSupport { checksum: true, ..OffloadSupport::NONE }.takes(partial));
        assert!(OffloadSupport::NONE.takes(checksum(Checksum::Valid)));
        assert!(OffloadSupport::NONE.takes(checksum(Checksum::Complete)));
    }

    #[test]
    fn congestion_needs_support_of_its_own() {
        let segmentation = |ecn| Offload {
            checksum: PARTIAL,
            segmentation: Some(Segmentation {
                kind: GsoKind::TcpV4,
                size: 1460,
                header_length: 54,
                ecn,
            }),
        };
        let plain = OffloadSupport { checksum: true, tcp_v4: true, ..OffloadSupport::NONE };
        assert!(plain.takes(segmentation(false)) && !plain.takes(segmentation(true)));
        assert!(OffloadSupport { ecn: true, ..plain }.takes(segmentation(true)));
        assert!(
            !OffloadSupport { checksum: true, tcp_v6: true, ..OffloadSupport::NONE }
                .takes(segmentation(false))
        );
    }

    #[test]
    fn a_large_frame_with_a_finished_checksum_is_taken_by_nobody() {
        let kind = GsoKind::TcpV4;
        let segmentation = Some(Segmentation { kind, size: 1460, header_length: 54, ecn: false });
        for (checksum, taken) in
            [(Checksum::Complete, false), (Checksum::Valid, false), (PARTIAL, true)]
        {
            assert_eq!(OffloadSupport::ALL.takes(Offload { checksum, segmentation }), taken);
        }
    }
}
