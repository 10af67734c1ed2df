//! Segmentation that is left to the other end of the cable: a peer that cuts large frames itself (a TAP with `virtio_net_hdr`, a virtio-net
//! whose driver takes them) gets them whole.
//!
//! Only with `timing=off`, where no segment has a time of its own, and only for TCP as drivers describe it: what is cut elsewhere is then, byte
//! for byte, what the transmitter would have cut (SDM 3.5). The statistics count segments.

use elnic_contract::{Checksum, Cx, Frame, GsoKind, Offload, Segmentation};
use elnic_wire::{checksum, ethernet, fcs};

use crate::E1000;
use crate::descriptors::{Context, INSERT_IP, INSERT_TRANSPORT, TxDescriptor};
use crate::packet::range_end;
use crate::spec::Reg;
use crate::spec::views::Tctl;
use crate::stats::Cast;

/// The longest payload of an IP packet without its header counted: no length field says more.
pub(crate) const LONGEST_PAYLOAD: usize = u16::MAX as usize;
/// Segments in one frame at most.
const MOST_SEGMENTS: u32 = 64;
/// Where TCP's checksum stands in its header.
const TCP_CHECKSUM: u16 = 16;

impl E1000 {
    /// Payload bytes of the frames that a packet under `context`, begun by `first`, leaves in.
    pub(crate) fn payload_of_a_frame(&self, context: &Context, first: TxDescriptor) -> u32 {
        let size = u32::from(context.segment_size());
        if !self.may_leave_uncut(context, first) {
            return size;
        }
        // The payload of an IPv6 packet counts without the header; less is never wrong.
        let headers = u16::from(context.header_length().saturating_sub(context.ip_start()));
        let room = u32::from(u16::MAX.saturating_sub(headers));
        let segments = room.checked_div(size).unwrap_or(1).clamp(1, MOST_SEGMENTS);
        size.saturating_mul(segments)
    }

    fn may_leave_uncut(&self, context: &Context, first: TxDescriptor) -> bool {
        let wanted =
            if context.is_ipv4() { INSERT_TRANSPORT | INSERT_IP } else { INSERT_TRANSPORT };
        let usual = u16::from(context.transport_offset())
            == u16::from(context.transport_start()).saturating_add(TCP_CHECKSUM)
            && context.transport_end() == 0;
        let tagged = first.insert_vlan() && self.ctrl().vlan_mode();
        !self.fidelity.wire()
            && !self.loops_back()
            && !tagged
            && context.is_tcp()
            && usual
            && first.packet_options() & wanted == wanted
            && self.peer.takes(offload(context))
    }

    /// Sends several segments as one frame; its headers are those of a packet with all the payload.
    pub(crate) fn send_uncut(
        &mut self,
        cx: &mut Cx<'_>,
        mut data: Vec<u8>,
        options: u8,
        context: &Context,
    ) {
        if options & INSERT_IP != 0 {
            let end = range_end(context.ip_end(), data.len());
            let (start, at) = (usize::from(context.ip_start()), usize::from(context.ip_offset()));
            checksum::insert(&mut data, start, Some(end), at);
        }
        let Ok(frame) = Frame::with_offload(data, cx.now, offload(context)) else { return };
        self.enqueue(cx, frame);
    }

    /// A frame goes out: each of the frames it stands for counts.
    pub(crate) fn count_sent(&mut self, frame: &Frame) {
        let cast = Cast::of(frame.data());
        let (headers, size) =
            frame.offload().segmentation.map_or((0, usize::MAX), |segmentation| {
                (usize::from(segmentation.header_length), usize::from(segmentation.size).max(1))
            });
        // A short last segment would have been padded.
        let padded = headers > 0 && Tctl(self.bank.get(Reg::TCTL)).pad_short();
        let shortest = if padded { ethernet::MIN_LENGTH } else { 0 };
        let mut left = frame.len().saturating_sub(headers);
        while left > 0 {
            let payload = left.min(size);
            let length = headers.saturating_add(payload).max(shortest).saturating_add(fcs::LENGTH);
            self.count_transmit(length as u64, cast);
            left = left.saturating_sub(payload);
        }
    }
}

/// What is left to do in a frame under `context`.
fn offload(context: &Context) -> Offload {
    let start = u16::from(context.transport_start());
    Offload {
        checksum: Checksum::Partial { start, offset: TCP_CHECKSUM },
        segmentation: Some(Segmentation {
            kind: if context.is_ipv4() { GsoKind::TcpV4 } else { GsoKind::TcpV6 },
            size: context.segment_size(),
            header_length: context.header_length().into(),
            ecn: false,
        }),
    }
}
