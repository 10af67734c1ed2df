//! Work a sender left to its receiver, done on the way where the receiver does not do it.
//!
//! [`elnic_wire::offload::materialise`] does it, at the port, as the last thing before a frame waits for its receiver:
//! filters see the frame as it was sent, and behind a hub each listener gets what suits him.

use elnic_contract::{Checksum, GsoKind, Offload};

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

#[cfg(test)]
mod tests {
    use elnic_contract::Segmentation;

    use super::*;

    #[test]
    fn only_a_partial_checksum_needs_support() {
        let checksum = |checksum| Offload { checksum, segmentation: None };
        let partial = checksum(Checksum::Partial { start: 34, offset: 16 });
        assert!(!OffloadSupport::NONE.takes(partial));
        assert!(OffloadSupport { checksum: true, ..OffloadSupport::NONE }.takes(partial));
        assert!(OffloadSupport::NONE.takes(checksum(Checksum::Valid)));
        assert!(OffloadSupport::NONE.takes(checksum(Checksum::Complete)));
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
