//! Does in software the work that a frame's sender left to its receiver (`virtio_net_hdr`, virtio 1.3 §5.1.6).
//!
//! Used where a frame with offload metadata meets a side that has none: an e1000 on a hub with a virtio-net, a socket
//! without `vnet_hdr`. The result is what would have been on a cable.

use elnic_contract::{Checksum, Frame, GsoKind, Offload, Segmentation};

use crate::layout::{Layout, Network, Transport};
use crate::segmentation::{Piece, SegmentError, Shape, adapt};
use crate::{checksum, ipv4, ipv6};

/// Why a frame cannot be turned into plain frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffloadError {
    /// The frame is not of the kind that its metadata claims.
    #[error("the frame is not of the kind its metadata claims")]
    Mismatch,
    /// A segment cannot be made.
    #[error(transparent)]
    Segment(#[from] SegmentError),
}

/// The plain frames that `frame` stands for, in order: itself, with its checksum completed, or its segments.
///
/// # Errors
/// The metadata does not fit the bytes.
pub fn materialise(frame: &Frame) -> Result<Vec<Frame>, OffloadError> {
    let pieces = match (frame.offload().segmentation, frame.offload().checksum) {
        (Some(segmentation), _) if segmentation.kind == GsoKind::UdpFragment => {
            fragments(frame.data(), segmentation)?
        }
        (Some(segmentation), _) => segments(frame.data(), segmentation)?,
        (None, Checksum::Partial { start, offset }) => {
            let (mut bytes, start) = (frame.data().to_vec(), usize::from(start));
            let at = start.saturating_add(usize::from(offset));
            if !checksum::insert_udp(&mut bytes, start, None, at) {
                return Err(OffloadError::Mismatch);
            }
            vec![bytes]
        }
        (None, _) if frame.offload() == Offload::default() => return Ok(vec![frame.clone()]),
        (None, _) => vec![frame.data().to_vec()],
    };
    let plain = |bytes: Vec<u8>| {
        let piece = Frame::new(bytes, frame.arrival()).map_err(|_| OffloadError::Mismatch)?;
        Ok(match frame.error() {
            Some(error) => piece.damaged(error),
            None => piece,
        })
    };
    pieces.into_iter().map(plain).collect()
}

/// Cuts TCP or UDP payload; each segment gets all headers.
fn segments(whole: &[u8], how: Segmentation) -> Result<Vec<Vec<u8>>, OffloadError> {
    let layout = Layout::of(whole).ok_or(OffloadError::Mismatch)?;
    let transport = layout.transport.ok_or(OffloadError::Mismatch)?;
    let fits = match how.kind {
        GsoKind::TcpV4 => (layout.network, transport.0) == (Network::V4, Transport::Tcp),
        GsoKind::TcpV6 => (layout.network, transport.0) == (Network::V6, Transport::Tcp),
        GsoKind::UdpSegment | GsoKind::UdpFragment => transport.0 == Transport::Udp,
    };
    // The header length is a hint of the sender; what the headers say is binding.
    let header_length = header_end(whole, transport).ok_or(OffloadError::Mismatch)?;
    let (headers, payload) =
        whole.split_at_checked(header_length).filter(|_| fits).ok_or(OffloadError::Mismatch)?;
    let shape = Shape { network: (layout.network, layout.network_at), transport };
    let size = usize::from(how.size).max(1);
    let count = payload.len().div_ceil(size);
    let mut pieces = Vec::with_capacity(count);
    let mut offset = 0_u32;
    for (index, part) in payload.chunks(size).enumerate() {
        let mut bytes = Vec::with_capacity(headers.len().saturating_add(part.len()));
        bytes.extend_from_slice(headers);
        bytes.extend_from_slice(part);
        let last = index.saturating_add(1) == count;
        let index = u32::try_from(index).map_err(|_| OffloadError::Mismatch)?;
        adapt(&mut bytes, &shape, Piece { index, offset, last, ecn: how.ecn })?;
        let layout = Layout::of(&bytes).ok_or(OffloadError::Mismatch)?;
        layout.complete_checksums(&mut bytes).ok_or(OffloadError::Mismatch)?;
        offset = offset.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        pieces.push(bytes);
    }
    Ok(pieces)
}

fn header_end(whole: &[u8], (kind, at): (Transport, usize)) -> Option<usize> {
    let length = match kind {
        Transport::Tcp => crate::tcp::Header::new(whole.get(at..)?)?.header_length(),
        Transport::Udp => crate::udp::HEADER_LENGTH,
    };
    at.checked_add(length)
}

/// Cuts a UDP datagram into IP fragments, after completing its checksum.
fn fragments(whole: &[u8], how: Segmentation) -> Result<Vec<Vec<u8>>, OffloadError> {
    let mut whole = whole.to_vec();
    let layout = Layout::of(&whole).filter(|layout| layout.complete);
    let layout = layout.ok_or(OffloadError::Mismatch)?;
    let Some((Transport::Udp, at)) = layout.transport else { return Err(OffloadError::Mismatch) };
    layout.complete_checksums(&mut whole).ok_or(OffloadError::Mismatch)?;
    let datagram = whole.get(at..layout.end).ok_or(OffloadError::Mismatch)?;
    let headers = whole.get(..at).ok_or(OffloadError::Mismatch)?;
    // Fragments but the last are multiples of eight bytes (RFC 791 §2.3, RFC 8200 §4.5).
    let size = usize::from(how.size & !7).max(8);
    let count = datagram.len().div_ceil(size);
    let mut pieces = Vec::with_capacity(count);
    for (index, part) in datagram.chunks(size).enumerate() {
        let units = u16::try_from(index.saturating_mul(size) / 8).unwrap_or(u16::MAX);
        let more = index.saturating_add(1) < count;
        let place = FragmentPlace { units, more };
        let bytes = match layout.network {
            Network::V4 => fragment_v4(headers, part, layout.network_at, place),
            Network::V6 => fragment_v6(headers, part, layout.network_at, place),
        };
        pieces.push(bytes.ok_or(OffloadError::Mismatch)?);
    }
    Ok(pieces)
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy)]
struct FragmentPlace {
    /// Offset in units of eight bytes.
    units: u16,
    /// Others follow.
    more: bool,
}

fn fragment_v4(
    headers: &[u8],
    part: &[u8],
    network_at: usize,
    place: FragmentPlace,
) -> Option<Vec<u8>> {
    let mut bytes = [headers, part].concat();
    let total_length = u16::try_from(bytes.len().checked_sub(network_at)?).ok()?;
    ipv4::change(&mut bytes, network_at, ipv4::Change { total_length, identification_step: 0 })?;
    let word = place.units | if place.more { 0x2000 } else { 0 };
    crate::bytes::put_u16(&mut bytes, network_at.checked_add(6)?, word)?;
    ipv4::complete_checksum(&mut bytes, network_at)?;
    Some(bytes)
}

fn fragment_v6(
    headers: &[u8],
    part: &[u8],
    network_at: usize,
    place: FragmentPlace,
) -> Option<Vec<u8>> {
    const FRAGMENT_HEADER: u8 = 44;
    // Extension headers would have to be split into those before and after the fragment header; no sender of UFO makes any.
    if headers.len().checked_sub(network_at)? != ipv6::HEADER_LENGTH {
        return None;
    }
    let mut bytes = Vec::with_capacity(headers.len().checked_add(part.len())?.checked_add(8)?);
    bytes.extend_from_slice(headers);
    let next = bytes.get_mut(network_at.checked_add(6)?)?;
    let protocol = std::mem::replace(next, FRAGMENT_HEADER);
    let word = (place.units << 3) | u16::from(place.more);
    bytes.extend_from_slice(&[protocol, 0]);
    bytes.extend_from_slice(&word.to_be_bytes());
    // The identification must differ between datagrams that are on their way at once; without state or chance, their
    // headers must do.
    bytes.extend_from_slice(&crate::fcs::of(headers).to_be_bytes());
    bytes.extend_from_slice(part);
    let behind = network_at.checked_add(ipv6::HEADER_LENGTH)?;
    let length = u16::try_from(bytes.len().checked_sub(behind)?).ok()?;
    ipv6::set_payload_length(&mut bytes, network_at, length)?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Verified;
    use elnic_contract::VTime;
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    fn tcp_v4(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([1; 4], [2; 4], 9)
            .tcp(1, 2, 1000, 4)
            .fin()
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    fn udp(v6: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
        if v6 {
            ethernet.ipv6([1; 16], [2; 16], 9).udp(1, 2).write(&mut bytes, payload)
        } else {
            ethernet.ipv4([1; 4], [2; 4], 9).udp(1, 2).write(&mut bytes, payload)
        }
        .unwrap();
        bytes
    }

    fn large(bytes: Vec<u8>, kind: GsoKind, size: u16) -> Frame {
        let segmentation = Some(Segmentation { kind, size, header_length: 1, ecn: false });
        let offload = Offload { checksum: Checksum::Complete, segmentation };
        Frame::with_offload(bytes, VTime::ZERO, offload).unwrap()
    }

    #[test]
    fn a_partial_checksum_is_completed() {
        let mut bytes = tcp_v4(&[1, 2, 3]);
        let good = bytes.clone();
        let header = ipv4::Header::new(&good[14..]).unwrap();
        let seed = header.pseudo_header(23).folded();
        bytes[50..52].copy_from_slice(&seed.to_be_bytes());
        let checksum = Checksum::Partial { start: 34, offset: 16 };
        let offload = Offload { checksum, segmentation: None };
        let frame = Frame::with_offload(bytes, VTime::from_nanos(5), offload).unwrap();
        let plain = materialise(&frame).unwrap();
        assert_eq!(plain[0].data(), good);
        assert_eq!(plain[0].arrival(), VTime::from_nanos(5));
        assert_eq!(plain[0].offload(), Offload::default());
    }

    #[test]
    fn metadata_that_lies_is_refused() {
        for (bytes, kind) in [
            (tcp_v4(&[0; 99]), GsoKind::TcpV6),
            (tcp_v4(&[0; 99]), GsoKind::UdpSegment),
            (udp(true, &[0; 99]), GsoKind::TcpV6),
            (vec![0; 99], GsoKind::TcpV4),
            (vec![0; 99], GsoKind::UdpFragment),
        ] {
            assert_eq!(materialise(&large(bytes, kind, 10)), Err(OffloadError::Mismatch));
        }
    }

    #[test]
    fn fragments_reassemble_in_another_library() {
        let payload: Vec<u8> = (0..3000_u32).map(|n| n as u8).collect();
        for v6 in [false, true] {
            let frame = large(udp(v6, &payload), GsoKind::UdpFragment, 1480);
            let pieces = materialise(&frame).unwrap();
            assert_eq!(pieces.len(), 3);
            let mut pool = etherparse::defrag::IpDefragPool::<(), ()>::new();
            let mut whole = None;
            for piece in &pieces {
                let sliced = etherparse::SlicedPacket::from_ethernet(piece.data()).unwrap();
                whole = pool.process_sliced_packet(&sliced, (), ()).unwrap();
            }
            let datagram = whole.expect("complete").payload;
            assert_eq!(datagram[8..], payload);
        }
    }

    proptest! {
        #[test]
        fn segments_carry_the_whole_payload_and_right_checksums(length in 1..5000_usize, size in 1..2000_u16, v6: bool) {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let (frame, headers) = if v6 {
                (large(udp(true, &payload), GsoKind::UdpSegment, size), 62)
            } else {
                (large(tcp_v4(&payload), GsoKind::TcpV4, size), 54)
            };
            let pieces = materialise(&frame).unwrap();
            prop_assert_eq!(pieces.len(), length.div_ceil(usize::from(size)));
            let mut seen = Vec::new();
            for piece in &pieces {
                let layout = Layout::of(piece.data()).unwrap();
                prop_assert_eq!(layout.transport_checksum(piece.data()), Verified::Good);
                if !v6 {
                    prop_assert_eq!(layout.network_checksum(piece.data()), Verified::Good);
                    let tcp = crate::tcp::Header::new(&piece.data()[34..]).unwrap();
                    prop_assert_eq!(tcp.sequence() as usize, 1000 + seen.len());
                    let last = seen.len() + usize::from(size) >= length;
                    prop_assert_eq!(tcp.flags() & 1 != 0, last);
                }
                seen.extend_from_slice(&piece.data()[headers..]);
            }
            prop_assert_eq!(seen, payload);
        }

        #[test]
        fn hostile_frames_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 2..200), size in 1..300_u16, kind in 0..4_u8) {
            let kind = [GsoKind::TcpV4, GsoKind::TcpV6, GsoKind::UdpFragment, GsoKind::UdpSegment][usize::from(kind)];
            let _ = materialise(&large(bytes, kind, size));
        }
    }
}
