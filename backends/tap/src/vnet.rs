//! `virtio_net_hdr` (virtio 1.3 §5.1.6) as the kernel's TUN driver reads and writes it: in host byte order.
//!
//! ```text
//! u8 flags   u8 gso_type   u16 hdr_len   u16 gso_size   u16 csum_start   u16 csum_offset
//! ```

use byteorder::{ByteOrder, NativeEndian};
use elnic_contract::{Checksum, GsoKind, Offload, Segmentation};

/// Bytes of the header.
pub(crate) const HEADER: usize = 10;

const NEEDS_CSUM: u8 = 1;
const DATA_VALID: u8 = 2;
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
const GSO_UDP: u8 = 3;
const GSO_TCPV6: u8 = 4;
const GSO_UDP_L4: u8 = 5;
const GSO_ECN: u8 = 0x80;

/// The header that says what is left to be done.
pub(crate) fn encode(offload: Offload) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let [flags, gso_type, rest @ ..] = &mut header;
    match offload.checksum {
        Checksum::Complete => {}
        Checksum::Valid => *flags = DATA_VALID,
        Checksum::Partial { start, offset } => {
            *flags = NEEDS_CSUM;
            NativeEndian::write_u16(&mut rest[4..6], start);
            NativeEndian::write_u16(&mut rest[6..8], offset);
        }
    }
    if let Some(Segmentation { kind, size, header_length, ecn }) = offload.segmentation {
        *gso_type = match kind {
            GsoKind::TcpV4 => GSO_TCPV4,
            GsoKind::TcpV6 => GSO_TCPV6,
            GsoKind::UdpFragment => GSO_UDP,
            GsoKind::UdpSegment => GSO_UDP_L4,
        } | if ecn { GSO_ECN } else { 0 };
        NativeEndian::write_u16(&mut rest[0..2], header_length);
        NativeEndian::write_u16(&mut rest[2..4], size);
    }
    header
}

/// What a header says; `None` if it says nothing known.
pub(crate) fn decode(header: [u8; HEADER]) -> Option<Offload> {
    let [flags, gso_type, rest @ ..] = header;
    let word = |at: usize| NativeEndian::read_u16(&rest[at..at + 2]);
    let checksum = match (flags & NEEDS_CSUM != 0, flags & DATA_VALID != 0) {
        (true, _) => Checksum::Partial { start: word(4), offset: word(6) },
        (false, true) => Checksum::Valid,
        (false, false) => Checksum::Complete,
    };
    let kind = match gso_type & !GSO_ECN {
        GSO_NONE => return Some(Offload { checksum, segmentation: None }),
        GSO_TCPV4 => GsoKind::TcpV4,
        GSO_TCPV6 => GsoKind::TcpV6,
        GSO_UDP => GsoKind::UdpFragment,
        GSO_UDP_L4 => GsoKind::UdpSegment,
        _ => return None,
    };
    let (header_length, size) = (word(0), word(2));
    let ecn = gso_type & GSO_ECN != 0;
    let segmentation = Segmentation { kind, size, header_length, ecn };
    (size > 0).then_some(Offload { checksum, segmentation: Some(segmentation) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tcp_segment_of_the_kernel_is_read() {
        let mut header = [1, 0x81, 0, 0, 0, 0, 0, 0, 0, 0];
        for (at, value) in [(2, 66), (4, 1448), (6, 34), (8, 16)] {
            NativeEndian::write_u16(&mut header[at..at + 2], value);
        }
        let offload = Offload {
            checksum: Checksum::Partial { start: 34, offset: 16 },
            segmentation: Some(Segmentation {
                kind: GsoKind::TcpV4,
                size: 1448,
                header_length: 66,
                ecn: true,
            }),
        };
        assert_eq!(decode(header), Some(offload));
        assert_eq!(encode(offload), header);
    }

    #[test]
    fn unknown_kinds_and_segments_of_nothing_are_refused() {
        assert_eq!(decode([0, 2, 0, 0, 1, 1, 0, 0, 0, 0]), None);
        assert_eq!(decode([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(decode([0; HEADER]), Some(Offload::default()));
        let valid = Offload { checksum: Checksum::Valid, segmentation: None };
        assert_eq!(decode(encode(valid)), Some(valid));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(header: [u8; HEADER]) {
            if let Some(offload) = decode(header) {
                prop_assert_eq!(decode(encode(offload)), Some(offload));
            }
        }
    }
}
