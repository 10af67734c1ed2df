//! Segments of one TCP connection put together into one large frame (`VIRTIO_NET_F_RSC_EXT`, virtio 1.3 §5.1.6.4.2).
//!
//! A segment joins if nothing but its payload, acknowledgement and window is new; whatever else comes for the connection
//! makes what was put together leave first, as does time.

use elnic_contract::{Cx, Frame, Offload, VTime};
use elnic_wire::flow::Flow;
use elnic_wire::layout::{Layout, Network, Transport, Verified};
use elnic_wire::{ipv4, ipv6, tcp};
use serde::{Deserialize, Serialize};

use crate::VirtioNet;
use crate::features::{GUEST_TSO4, GUEST_TSO6, RSC_EXT};
use crate::header::{Header, headers};
use crate::receive::receive_queue;
use crate::statistics::add;
use crate::timers::Timer;

/// Connections at a time.
const MAX_UNITS: usize = 8;
/// Bytes of the longest packet, from the network header on.
const MAX_PACKET: usize = 65_535;
/// Length of a TCP header without options.
const PLAIN_TCP: usize = 20;
/// Where acknowledgement and window stand in it.
const ACKNOWLEDGEMENT: std::ops::Range<usize> = 8..12;
const FLAGS: usize = 13;
const WINDOW: std::ops::Range<usize> = 14..16;
const ACK: u8 = 0x10;

/// Segments put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    /// Headers of the first, payload of all.
    frame: Vec<u8>,
    /// Payload bytes of the longest.
    size: u16,
    segments: u16,
    /// When it leaves.
    due: VTime,
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rsc {
    units: Vec<Unit>,
}

/// What is looked at in a segment.
struct Segment<'a> {
    flow: Flow,
    v6: bool,
    network_at: usize,
    transport_at: usize,
    header: tcp::Header<'a>,
    payload: &'a [u8],
}

impl<'a> Segment<'a> {
    fn of(frame: &'a [u8]) -> Option<Self> {
        let layout = Layout::of(frame).filter(|layout| layout.complete)?;
        let (Transport::Tcp, transport_at) = layout.transport? else { return None };
        let header = tcp::Header::new(frame.get(transport_at..layout.end)?)?;
        let payload = frame.get(transport_at.checked_add(header.header_length())?..layout.end)?;
        let v6 = layout.network == Network::V6;
        let flow = Flow::of(frame)?;
        Some(Self { flow, v6, network_at: layout.network_at, transport_at, header, payload })
    }

    /// Whether it can be the first of several, or a further one.
    fn joins(&self, frame: &[u8]) -> bool {
        let Some(layout) = Layout::of(frame) else { return false };
        let plain = if self.v6 {
            self.transport_at == self.network_at.saturating_add(ipv6::HEADER_LENGTH)
        } else {
            self.transport_at == self.network_at.saturating_add(ipv4::MIN_HEADER_LENGTH)
                && layout.network_checksum(frame) == Verified::Good
        };
        plain
            && self.header.header_length() == PLAIN_TCP
            && self.header.flags() & !tcp::flags::PSH == ACK
            && !self.payload.is_empty()
            && layout.transport_checksum(frame) == Verified::Good
    }
}

impl Unit {
    fn is_possible(&self) -> bool {
        let segment = Segment::of(&self.frame);
        segment.is_some_and(|segment| segment.joins_later()) && self.segments >= 1 && self.size >= 1
    }

    /// Whether `segment` is the next of this connection.
    fn continues(&self, segment: &Segment<'_>) -> bool {
        let Some(own) = Segment::of_unit(&self.frame) else { return false };
        let length = u32::try_from(own.payload.len()).unwrap_or(u32::MAX);
        let packet = self.frame.len().saturating_sub(own.network_at);
        own.header.sequence().wrapping_add(length) == segment.header.sequence()
            && packet.saturating_add(segment.payload.len()) <= MAX_PACKET
            && self.segments < u16::MAX
    }

    /// Adds a segment; says whether it wants the whole to leave.
    fn append(&mut self, segment: &Segment<'_>, bytes: &[u8]) -> bool {
        let at = segment.transport_at;
        let own_at = Segment::of_unit(&self.frame).map_or(at, |own| own.transport_at);
        for range in [ACKNOWLEDGEMENT, WINDOW, FLAGS..FLAGS.saturating_add(1)] {
            let source = bytes.get(at.saturating_add(range.start)..at.saturating_add(range.end));
            let place = self
                .frame
                .get_mut(own_at.saturating_add(range.start)..own_at.saturating_add(range.end));
            if let (Some(source), Some(place)) = (source, place) {
                place.copy_from_slice(source);
            }
        }
        self.frame.extend_from_slice(segment.payload);
        self.size = self.size.max(u16::try_from(segment.payload.len()).unwrap_or(u16::MAX));
        self.segments = self.segments.saturating_add(1);
        segment.header.flags() & tcp::flags::PSH != 0
    }

    /// The whole with its lengths and checksums right.
    fn finish(mut self) -> Option<(Header, Vec<u8>)> {
        let own = Segment::of_unit(&self.frame)?;
        let (v6, network_at) = (own.v6, own.network_at);
        let length = u16::try_from(self.frame.len().checked_sub(network_at)?).ok()?;
        if v6 {
            let payload = length.checked_sub(u16::try_from(ipv6::HEADER_LENGTH).ok()?)?;
            ipv6::set_payload_length(&mut self.frame, network_at, payload)?;
        } else {
            let change = ipv4::Change { total_length: length, identification_step: 0 };
            ipv4::change(&mut self.frame, network_at, change)?;
        }
        Layout::of(&self.frame)?.complete_checksums(&mut self.frame)?;
        let header = if self.segments > 1 {
            Header::coalesced(v6, self.size, self.segments, 0)
        } else {
            Header::default()
        };
        Some((header, self.frame))
    }
}

impl<'a> Segment<'a> {
    /// Of what is put together, whose length fields are those of its first.
    fn of_unit(frame: &'a [u8]) -> Option<Self> {
        let layout = Layout::of(frame)?;
        let (Transport::Tcp, transport_at) = layout.transport? else { return None };
        let header = tcp::Header::new(frame.get(transport_at..)?)?;
        let payload = frame.get(headers(frame)?..)?;
        let v6 = layout.network == Network::V6;
        let flow = Flow::of(frame)?;
        Some(Self { flow, v6, network_at: layout.network_at, transport_at, header, payload })
    }

    /// Whether a unit can have such headers.
    fn joins_later(&self) -> bool {
        self.header.header_length() == PLAIN_TCP && !self.payload.is_empty()
    }
}

impl Rsc {
    /// Lengths of what waits.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        self.units.iter().map(|unit| unit.frame.len())
    }

    /// Whether a device can be in this state.
    pub(crate) fn is_possible(&self) -> bool {
        self.units.len() <= MAX_UNITS
            && self
                .units
                .iter()
                .all(|unit| unit.frame.len() <= Frame::MAX_LENGTH && unit.is_possible())
    }

    fn position(&self, flow: Flow) -> Option<usize> {
        self.units.iter().position(|unit| Flow::of(&unit.frame).is_some_and(|other| other == flow))
    }
}

impl VirtioNet {
    /// Puts a received frame together with others, if it is of that kind; says whether it was taken.
    pub(crate) fn coalesce(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> bool {
        if !self.transport.has(RSC_EXT) || frame.offload() != Offload::default() {
            return false;
        }
        let bytes = frame.data();
        let Some(segment) = Segment::of(bytes) else { return false };
        let needs = if segment.v6 { GUEST_TSO6 } else { GUEST_TSO4 };
        if self.guest_offloads & needs == 0 {
            return false;
        }
        let known = self.rx.rsc.position(segment.flow);
        let joins = segment.joins(bytes);
        if let Some(unit) = known.and_then(|index| self.rx.rsc.units.get_mut(index)) {
            if joins && unit.continues(&segment) {
                if unit.append(&segment, bytes) {
                    self.coalesced_leaves(cx, known.unwrap_or(0));
                }
                return true;
            }
            self.coalesced_leaves(cx, known.unwrap_or(0));
        }
        // One that asks to be delivered does not wait for others.
        if !joins || segment.header.flags() & tcp::flags::PSH != 0 {
            return false;
        }
        if self.rx.rsc.units.len() >= MAX_UNITS {
            self.coalesced_leaves(cx, 0);
        }
        let end =
            segment.transport_at.saturating_add(PLAIN_TCP).saturating_add(segment.payload.len());
        let size = u16::try_from(segment.payload.len()).unwrap_or(u16::MAX);
        let due = cx.now + self.settings.rsc_interval;
        let frame = bytes.get(..end).unwrap_or(bytes).to_vec();
        self.rx.rsc.units.push(Unit { frame, size, segments: 1, due });
        self.schedule_coalescing(cx);
        true
    }

    fn coalesced_leaves(&mut self, cx: &mut Cx<'_>, index: usize) {
        if index >= self.rx.rsc.units.len() {
            return;
        }
        let unit = self.rx.rsc.units.remove(index);
        let segments = unit.segments;
        if let Some((header, bytes)) = unit.finish()
            && let Ok(frame) = Frame::new(bytes, cx.now)
        {
            let length = frame.len();
            self.statistics.count(receive_queue(0), |counters| {
                add(&mut counters.gso_segments, segments.into());
                add(&mut counters.gso_segment_bytes, length);
            });
            // What is lost is counted there.
            let _ = self.admit(cx, header, std::slice::from_ref(&frame));
        }
        self.schedule_coalescing(cx);
    }

    /// Time is up for what waited longest.
    pub(crate) fn coalescing_due(&mut self, cx: &mut Cx<'_>) {
        while self.rx.rsc.units.first().is_some_and(|unit| unit.due <= cx.now) {
            self.coalesced_leaves(cx, 0);
        }
        self.schedule_coalescing(cx);
    }

    fn schedule_coalescing(&mut self, cx: &mut Cx<'_>) {
        match self.rx.rsc.units.first().map(|unit| unit.due) {
            Some(due) if self.timers.deadline(Timer::Coalescing) == Some(due) => {}
            Some(due) if due > cx.now => self.timers.arm(cx, Timer::Coalescing, due),
            Some(_) => {
                let soon = cx.now + elnic_contract::VDuration::from_nanos(1);
                self.timers.arm(cx, Timer::Coalescing, soon);
            }
            None => self.timers.cancel(cx, Timer::Coalescing),
        }
    }
}
