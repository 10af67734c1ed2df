//! From a packet's bytes to frames: segmentation, checksums, tag, padding, FCS (SDM 3.3.6, 3.3.7, 3.5, 9.2).

use elnic_contract::{Cx, DropReason, Frame, LineError, LogEntry};
use elnic_wire::layout::{Network, Transport};
use elnic_wire::segmentation::{Piece, Shape, adapt};
use elnic_wire::vlan::{self, Tci};
use elnic_wire::{checksum, ethernet, fcs};

use crate::E1000;
use crate::descriptors::{Context, INSERT_IP, INSERT_TRANSPORT, TxDescriptor, TxKind};
use crate::spec::Reg;
use crate::spec::views::Tctl;
use crate::strict::Rule;
use crate::tx::Packet;

/// What the last descriptor says of the frame.
struct Ending {
    tag: Option<u16>,
    insert_fcs: bool,
}

impl E1000 {
    /// The packet is complete: makes a frame of it and sends it.
    pub(crate) fn finish_packet(&mut self, cx: &mut Cx<'_>, last: TxDescriptor) {
        let packet = std::mem::take(&mut self.tx.packet);
        if let Some(reason) = packet.failed {
            self.refuse(cx, reason, packet.data.len());
            return;
        }
        let mut data = packet.data;
        if last.kind() == TxKind::Legacy && last.insert_checksum() {
            let (start, at) =
                (usize::from(last.checksum_start()), usize::from(last.checksum_offset()));
            // Outside of the packet nothing is inserted (SDM 3.3.3.1).
            checksum::insert_udp(&mut data, start, None, at);
        }
        insert_checksums(&mut data, packet.options, &self.tx.checksum);
        let tag = last.insert_vlan().then_some(last.special());
        self.dress(cx, data, &Ending { tag, insert_fcs: last.insert_fcs() });
    }

    /// The packet that is being segmented is complete: sends the last segment.
    pub(crate) fn finish_segments(&mut self, cx: &mut Cx<'_>) {
        let header =
            self.tx.packet.segments.as_ref().map(|segments| {
                (segments.header.len(), usize::from(segments.context.header_length()))
            });
        if header.is_some_and(|(found, wanted)| found < wanted) {
            self.tx.packet.failed = Some(DropReason::BadDescriptor);
        }
        if self.tx.packet.failed.is_none() {
            self.send_segment(cx, true);
        }
        let packet = std::mem::take(&mut self.tx.packet);
        match packet.failed {
            Some(reason) => {
                self.count(Reg::TSCTFC);
                self.refuse(cx, reason, packet.data.len());
            }
            None => {
                self.count(Reg::TSCTC);
                self.check_payload_length(cx, &packet);
            }
        }
    }

    /// PAYLEN only announces what the descriptors bring; the segments follow the descriptors.
    fn check_payload_length(&mut self, cx: &mut Cx<'_>, packet: &Packet) {
        let Some(segments) = &packet.segments else { return };
        if segments.context.payload_length() != segments.sent {
            let what = "PAYLEN of a segmentation context is not what the descriptors brought";
            let sent = u64::from(segments.sent);
            cx.log.record(LogEntry::Guest { what, value: sent });
            self.broken(cx, Rule::PayloadLength, "PAYLEN", sent);
        }
    }

    /// Makes a frame of the headers and the payload gathered, and sends it.
    pub(crate) fn send_segment(&mut self, cx: &mut Cx<'_>, last: bool) {
        let packet = &mut self.tx.packet;
        let Some(segments) = &mut packet.segments else { return };
        let context = segments.context;
        let length = segments.header.len().saturating_add(packet.data.len());
        let mut data =
            Vec::with_capacity(length.max(ethernet::MIN_LENGTH).saturating_add(vlan::TAG_LENGTH));
        data.extend_from_slice(&segments.header);
        data.extend_from_slice(&packet.data);
        let network = if context.is_ipv4() { Network::V4 } else { Network::V6 };
        let transport = if context.is_tcp() { Transport::Tcp } else { Transport::Udp };
        let shape = Shape {
            network: (network, usize::from(context.ip_start())),
            transport: (transport, usize::from(context.transport_start())),
        };
        let piece = Piece { index: segments.index, offset: segments.sent, last, ecn: false };
        let payload = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        let cut = payload.div_ceil(u32::from(context.segment_size()).max(1)).max(1);
        segments.index = segments.index.saturating_add(cut);
        segments.sent = segments.sent.saturating_add(payload);
        packet.data.clear();
        if adapt(&mut data, &shape, piece).is_err() {
            packet.failed = Some(DropReason::BadDescriptor);
            return;
        }
        let (options, tag) = (packet.options, packet.tag);
        if options & INSERT_TRANSPORT != 0 {
            add_length_to_seed(&mut data, &context);
        }
        if payload > u32::from(context.segment_size()) {
            self.send_uncut(cx, data, options, &context);
            return;
        }
        insert_checksums(&mut data, options, &context);
        self.dress(cx, data, &Ending { tag, insert_fcs: true });
    }

    /// Tag, FCS or padding; then the frame goes to the line.
    fn dress(&mut self, cx: &mut Cx<'_>, mut data: Vec<u8>, ending: &Ending) {
        if data.is_empty() {
            // Empty descriptors complete, but make no frame.
            return;
        }
        if let Some(tag) = ending.tag.filter(|_| self.ctrl().vlan_mode()) {
            vlan::insert(&mut data, self.vlan_type(), Tci(tag));
        }
        let mut error = None;
        if !ending.insert_fcs {
            // The packet brings its own FCS; the cable carries it as it is.
            let Some((good_length, good)) =
                fcs::split(&data).map(|(data, good)| (data.len(), good))
            else {
                self.refuse(cx, DropReason::BadDescriptor, data.len());
                return;
            };
            data.truncate(good_length);
            error = (!good).then_some(LineError::BadFcs);
        } else if data.len() < ethernet::MIN_LENGTH {
            if Tctl(self.bank.get(Reg::TCTL)).pad_short() {
                data.resize(ethernet::MIN_LENGTH, 0);
            } else {
                self.broken(cx, Rule::ShortFrame, "TCTL", data.len() as u64);
            }
        }
        // What is left may be nothing: the packet was its own FCS.
        let Ok(frame) = Frame::new(data, cx.now) else { return };
        self.enqueue(
            cx,
            match error {
                Some(error) => frame.damaged(error),
                None => frame,
            },
        );
    }

    fn refuse(&mut self, cx: &mut Cx<'_>, reason: DropReason, length: usize) {
        self.counters.drop_sent(reason);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        if reason == DropReason::BadDescriptor {
            let what = "transmit descriptors describe no packet that can be sent";
            cx.log.record(LogEntry::Guest { what, value: u64::from(length) });
            self.broken(cx, Rule::BadDescriptor, "TDT", u64::from(length));
        }
    }
}

/// The end of a range whose last byte is `last` (0: the end of the packet); beyond the packet, the end of the packet.
pub(crate) fn range_end(last: u16, length: usize) -> usize {
    if last == 0 { length } else { usize::from(last).saturating_add(1).min(length) }
}

fn insert_checksums(data: &mut [u8], options: u8, context: &Context) {
    let length = data.len();
    if options & INSERT_TRANSPORT != 0 {
        let start = usize::from(context.transport_start());
        let end = range_end(context.transport_end(), length);
        checksum::insert_udp(data, start, Some(end), usize::from(context.transport_offset()));
    }
    if options & INSERT_IP != 0 {
        let start = usize::from(context.ip_start());
        let end = range_end(context.ip_end(), length);
        checksum::insert(data, start, Some(end), usize::from(context.ip_offset()));
    }
}

/// While segmenting, software leaves the length out of the pseudo header's sum, for it changes (SDM 3.5.7).
fn add_length_to_seed(data: &mut [u8], context: &Context) {
    let start = usize::from(context.transport_start());
    let at = usize::from(context.transport_offset());
    let length = u32::try_from(data.len().saturating_sub(start)).unwrap_or(u32::MAX);
    let Some(place) = data.get_mut(at..at.saturating_add(2)) else { return };
    let sum = checksum::Sum::new().bytes(place).length(length).folded();
    place.copy_from_slice(&sum.to_be_bytes());
}
