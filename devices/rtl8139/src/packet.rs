//! From the bytes of a packet of C+ mode to frames: checksums, large send, tag (DS C+ mode, task offload).
//!
//! The chip's offload knows IPv4. Large send over IPv6 is refused: the descriptors come back with TES and the frame is
//! dropped, for nothing it could send would be what the driver meant.

use elnic_contract::{Cx, DropReason};
use elnic_wire::ethernet::ether_type;
use elnic_wire::layout::{Layout, Network, Transport};
use elnic_wire::segmentation::{Piece, Shape, adapt};
use elnic_wire::vlan::{self, Tci};
use elnic_wire::{ipv4, tcp};

use crate::Rtl8139;
use crate::descriptors::Descriptor;
use crate::tx::{Done, Outgoing};

/// Longest frame that is sent in one piece: what TSD.SIZE of C mode can say.
const MAX_FRAME: usize = 0x1fff;

/// A packet that is being cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Length of all headers.
    pub(crate) header: usize,
    /// Payload bytes of each segment; at least 1.
    pub(crate) size: usize,
    /// Payload bytes already sent.
    pub(crate) offset: usize,
    /// Segments already sent.
    pub(crate) index: u32,
}

impl Rtl8139 {
    /// Makes frames of the packet that `last` completes: one at once, or many one by one.
    pub(crate) fn make_frames(
        &mut self,
        cx: &mut Cx<'_>,
        last: Descriptor,
    ) -> Result<(), DropReason> {
        if last.large_send() {
            let size = usize::from(last.segment_size());
            let header =
                large_send_header(&self.tx.packet.data).ok_or(DropReason::BadDescriptor)?;
            if size == 0 {
                return Err(DropReason::BadDescriptor);
            }
            self.tx.packet.cut = Some(Cut { header, size, offset: 0, index: 0 });
            return Ok(());
        }
        if self.tx.packet.data.len() > MAX_FRAME {
            return Err(DropReason::BadDescriptor);
        }
        let packet = std::mem::take(&mut self.tx.packet);
        let mut data = packet.data;
        insert_checksums(&mut data, last);
        if last.insert_tag() {
            vlan::insert(&mut data, ether_type::VLAN, Tci(last.tag()));
        }
        let frame = self.frame_of(cx, data);
        let done = Done::Packet { owned: packet.owned, sent: true };
        let fetched = self.tx.fetched;
        self.enqueue(cx, Outgoing { frame, fetched, ..Outgoing::empty(done) });
        Ok(())
    }

    /// Sends the next segment of the packet that is being cut.
    pub(crate) fn send_segment(&mut self, cx: &mut Cx<'_>) {
        let packet = &mut self.tx.packet;
        let Some(mut cut) = packet.cut else { return };
        let (headers, payload) = packet.data.split_at_checked(cut.header).unwrap_or_default();
        let rest = payload.get(cut.offset..).unwrap_or_default();
        let part = rest.get(..cut.size).unwrap_or(rest);
        let last = part.len() == rest.len();
        let mut data = Vec::with_capacity(
            headers.len().saturating_add(part.len()).saturating_add(vlan::TAG_LENGTH),
        );
        data.extend_from_slice(headers);
        data.extend_from_slice(part);
        let offset = u32::try_from(cut.offset).unwrap_or(u32::MAX);
        let made = finish_segment(&mut data, Piece { index: cut.index, offset, last, ecn: false });
        cut.offset = cut.offset.saturating_add(part.len());
        cut.index = cut.index.saturating_add(1);
        packet.cut = Some(cut);
        let descriptor = packet.owned.last().map(|owned| owned.descriptor);
        if let Some(descriptor) = descriptor.filter(Descriptor::insert_tag) {
            vlan::insert(&mut data, ether_type::VLAN, Tci(descriptor.tag()));
        }
        let done = if last || made.is_none() {
            let owned = std::mem::take(&mut self.tx.packet).owned;
            Done::Packet { owned, sent: made.is_some() }
        } else {
            Done::Nothing
        };
        if made.is_none() {
            self.counters.drop_sent(DropReason::BadDescriptor);
        }
        let frame = made.and_then(|()| self.frame_of(cx, data));
        self.enqueue(cx, Outgoing { frame, ..Outgoing::empty(done) });
    }
}

/// Length of the headers of a TCP packet over IPv4 that can be cut.
fn large_send_header(packet: &[u8]) -> Option<usize> {
    let layout = Layout::of(packet).filter(|layout| layout.network == Network::V4)?;
    let (Transport::Tcp, at) = layout.transport? else { return None };
    let header = tcp::Header::new(packet.get(at..)?)?;
    at.checked_add(header.header_length())
}

/// Changes the headers of a segment and completes its checksums.
fn finish_segment(data: &mut [u8], piece: Piece) -> Option<()> {
    let layout = Layout::of(data)?;
    let shape =
        Shape { network: (layout.network, layout.network_at), transport: layout.transport? };
    adapt(data, &shape, piece).ok()?;
    Layout::of(data)?.complete_checksums(data)
}

/// Inserts the checksums that the descriptor asks for, where the packet has the layer for it; as on the chip, a packet
/// without it is sent as it is.
fn insert_checksums(data: &mut [u8], descriptor: Descriptor) {
    let (tcp, udp) = (descriptor.insert_tcp(), descriptor.insert_udp());
    if !(descriptor.insert_ip() || tcp || udp) {
        return;
    }
    let Some(layout) = Layout::of(data).filter(|layout| layout.network == Network::V4) else {
        return;
    };
    let wanted = match layout.transport {
        Some((Transport::Tcp, _)) => tcp,
        Some((Transport::Udp, _)) => udp,
        None => false,
    };
    if wanted && layout.complete {
        let place = layout.network_at.saturating_add(10);
        let network: Option<[u8; 2]> =
            data.get(place..).and_then(|rest| rest.first_chunk()).copied();
        let _ = layout.complete_checksums(data);
        if let (Some(sum), Some(into)) =
            (network, data.get_mut(place..).and_then(|rest| rest.first_chunk_mut()))
        {
            // The checksum of the IP header was not asked for yet.
            *into = sum;
        }
    }
    if descriptor.insert_ip() {
        let _ = ipv4::complete_checksum(data, layout.network_at);
    }
}
