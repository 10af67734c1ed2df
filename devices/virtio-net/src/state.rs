//! Saved state, version 1. The input is hostile (CVE-2013-4148 and its kin).

use elnic_contract::{
    Checksum, Counters, Frame, GsoKind, LineError, Offload, RestoreError, SavedState, Segmentation,
    StrictState, VTime,
};
use elnic_virtio::{TransportState, Used};
use serde::{Deserialize, Serialize};

use crate::VirtioNet;
use crate::features::GUEST_OFFLOADS;
use crate::filter::Filter;
use crate::header::Header;
use crate::line::{FIFO, Line, Outgoing};
use crate::model::NAME;
use crate::moderation::Moderation;
use crate::receive::{Backlog, Incoming, Receiver};
use crate::rsc::Rsc;
use crate::statistics::Statistics;
use crate::steering::Steering;
use crate::strict::RULES;
use crate::timers::Timers;

const VERSION: u32 = 1;
/// Frames that can wait for one pair: as many as one large frame is cut into.
const MAX_WAITING: usize = Frame::MAX_LENGTH;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateV1 {
    transport: TransportState,
    filter: Filter,
    link_up: bool,
    announcing: bool,
    guest_offloads: u64,
    active_pairs: u16,
    steering: Steering,
    moderation: Vec<Moderation>,
    statistics: Statistics,
    timers: Timers,
    pairs: Vec<BacklogState>,
    arriving: Vec<FrameState>,
    coalescing: Rsc,
    leaving: Vec<OutgoingState>,
    transmit_free: VTime,
    receive_free: VTime,
    bus_free: VTime,
    doorbell: VTime,
    remarks: StrictState,
    counters: Counters,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BacklogState {
    starved: bool,
    frames: Vec<IncomingState>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IncomingState {
    header: Header,
    at: VTime,
    data: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutgoingState {
    queue: u16,
    id: u16,
    slots: u16,
    ready_at: VTime,
    pieces: Vec<FrameState>,
}

/// A frame with the work that is left in it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameState {
    data: Vec<u8>,
    arrival: VTime,
    checksum: ChecksumState,
    segmentation: Option<SegmentationState>,
    damage: Option<DamageState>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ChecksumState {
    Complete,
    Valid,
    Partial(u16, u16),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentationState {
    kind: KindState,
    size: u16,
    header_length: u16,
    ecn: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindState {
    TcpV4,
    TcpV6,
    UdpFragment,
    UdpSegment,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DamageState {
    Fcs,
    Alignment,
    Symbol,
}

impl FrameState {
    fn of(frame: &Frame, arrival: VTime) -> Self {
        let Offload { checksum, segmentation } = frame.offload();
        Self {
            data: frame.data().to_vec(),
            arrival,
            checksum: match checksum {
                Checksum::Complete => ChecksumState::Complete,
                Checksum::Valid => ChecksumState::Valid,
                Checksum::Partial { start, offset } => ChecksumState::Partial(start, offset),
            },
            segmentation: segmentation.map(|how| SegmentationState {
                kind: match how.kind {
                    GsoKind::TcpV4 => KindState::TcpV4,
                    GsoKind::TcpV6 => KindState::TcpV6,
                    GsoKind::UdpFragment => KindState::UdpFragment,
                    GsoKind::UdpSegment => KindState::UdpSegment,
                },
                size: how.size,
                header_length: how.header_length,
                ecn: how.ecn,
            }),
            damage: frame.error().map(|error| match error {
                LineError::BadFcs => DamageState::Fcs,
                LineError::Alignment => DamageState::Alignment,
                LineError::Symbol => DamageState::Symbol,
            }),
        }
    }

    fn frame(self) -> Result<Frame, RestoreError> {
        let checksum = match self.checksum {
            ChecksumState::Complete => Checksum::Complete,
            ChecksumState::Valid => Checksum::Valid,
            ChecksumState::Partial(start, offset) => Checksum::Partial { start, offset },
        };
        let segmentation = self.segmentation.map(|how| Segmentation {
            kind: match how.kind {
                KindState::TcpV4 => GsoKind::TcpV4,
                KindState::TcpV6 => GsoKind::TcpV6,
                KindState::UdpFragment => GsoKind::UdpFragment,
                KindState::UdpSegment => GsoKind::UdpSegment,
            },
            size: how.size,
            header_length: how.header_length,
            ecn: how.ecn,
        });
        let offload = Offload { checksum, segmentation };
        let frame = Frame::with_offload(self.data, self.arrival, offload)
            .map_err(|error| impossible("frame", &error.to_string()))?;
        Ok(match self.damage {
            Some(DamageState::Fcs) => frame.damaged(LineError::BadFcs),
            Some(DamageState::Alignment) => frame.damaged(LineError::Alignment),
            Some(DamageState::Symbol) => frame.damaged(LineError::Symbol),
            None => frame,
        })
    }
}

fn impossible(field: &'static str, why: &str) -> RestoreError {
    RestoreError::Impossible { kind: NAME, field, why: why.to_owned() }
}

fn require(holds: bool, field: &'static str, why: &str) -> Result<(), RestoreError> {
    if holds { Ok(()) } else { Err(impossible(field, why)) }
}

impl BacklogState {
    fn of(backlog: &Backlog) -> Self {
        let frame = |frame: &Incoming| IncomingState {
            header: frame.header,
            at: frame.at,
            data: frame.data.to_vec(),
        };
        Self { starved: backlog.starved, frames: backlog.frames.iter().map(frame).collect() }
    }

    fn backlog(self) -> Result<Backlog, RestoreError> {
        let fits = |frame: &IncomingState| (1..=Frame::MAX_LENGTH).contains(&frame.data.len());
        let possible = self.frames.len() <= MAX_WAITING && self.frames.iter().all(fits);
        require(possible, "pairs", "hold frames that no peer sends")?;
        let frame = |frame: IncomingState| Incoming {
            header: frame.header,
            at: frame.at,
            data: frame.data.into(),
        };
        Ok(Backlog { starved: self.starved, frames: self.frames.into_iter().map(frame).collect() })
    }
}

impl OutgoingState {
    fn of(outgoing: &Outgoing) -> Self {
        let piece = |piece: &Frame| FrameState::of(piece, piece.arrival());
        Self {
            queue: outgoing.queue,
            id: outgoing.used.id,
            slots: outgoing.used.slots,
            ready_at: outgoing.ready_at,
            pieces: outgoing.pieces.iter().map(piece).collect(),
        }
    }

    fn outgoing(self) -> Result<Outgoing, RestoreError> {
        Ok(Outgoing {
            queue: self.queue,
            used: Used { id: self.id, slots: self.slots, written: 0 },
            ready_at: self.ready_at,
            pieces: self.pieces.into_iter().map(FrameState::frame).collect::<Result<_, _>>()?,
        })
    }
}

impl VirtioNet {
    pub(crate) fn save_state(&self) -> SavedState {
        let arriving = self.rx.arriving.iter().map(|(at, frame)| FrameState::of(frame, *at));
        let state = StateV1 {
            transport: self.transport.save(),
            filter: self.filter.clone(),
            link_up: self.link_up,
            announcing: self.announcing,
            guest_offloads: self.guest_offloads,
            active_pairs: self.active_pairs,
            steering: self.steering.clone(),
            moderation: self.moderation.clone(),
            statistics: self.statistics.clone(),
            timers: self.timers.clone(),
            pairs: self.rx.pairs.iter().map(BacklogState::of).collect(),
            arriving: arriving.collect(),
            coalescing: self.rx.rsc.clone(),
            leaving: self.line.fifo.iter().map(OutgoingState::of).collect(),
            transmit_free: self.line.transmit_free,
            receive_free: self.line.receive_free,
            bus_free: self.line.bus_free,
            doorbell: self.line.doorbell,
            remarks: self.strict.save(),
            counters: self.counters.clone(),
        };
        SavedState::new(NAME, VERSION, &state)
    }

    pub(crate) fn restore_state(&mut self, saved: &SavedState) -> Result<(), RestoreError> {
        let state: StateV1 = saved.decode(NAME, VERSION)?;
        let negotiated = state.transport.driver_features() & self.settings.features;
        let sizes = self.settings.queues_with(negotiated);
        self.transport.check(&state.transport, &sizes)?;
        let why = "has more than 64 addresses or not 4096 VLANs";
        require(state.filter.is_possible(), "filter", why)?;
        let why = "have bits that are no receive offloads";
        require(state.guest_offloads & !GUEST_OFFLOADS == 0, "guest_offloads", why)?;
        let pairs = usize::from(self.settings.pairs);
        let active = (1..=self.settings.pairs).contains(&state.active_pairs);
        require(active, "active_pairs", "are none or more than there are")?;
        require(state.pairs.len() == pairs, "pairs", "are not as many as the device has")?;
        let why = "has a key, table or types that no command sets";
        require(state.steering.is_possible(), "steering", why)?;
        let why = "is not of the queues that the device has";
        require(state.moderation.len() == self.moderation.len(), "moderation", why)?;
        let counted = state.statistics.queues.len() == self.statistics.queues.len();
        require(counted, "statistics", why)?;
        let why = "has segments that are not put together";
        require(state.coalescing.is_possible(), "coalescing", why)?;
        let queues = self.most_queues();
        let queued = |outgoing: &OutgoingState| usize::from(outgoing.queue) < queues;
        let leaving = state.leaving.len() <= FIFO && state.leaving.iter().all(queued);
        require(leaving, "leaving", "has more chains than fit, or of no queue")?;
        let mut strict = self.strict;
        require(strict.restore(RULES, state.remarks), "remarks", "are about rules there are not")?;
        let backlogs = state.pairs.into_iter().map(BacklogState::backlog);
        let backlogs = backlogs.collect::<Result<Vec<_>, _>>()?;
        let leaving = state.leaving.into_iter().map(OutgoingState::outgoing);
        let fifo = leaving.collect::<Result<_, _>>()?;
        let arriving = state.arriving.into_iter().map(|frame| {
            let at = frame.arrival;
            frame.frame().map(|frame| (at, frame))
        });
        let arriving = arriving.collect::<Result<_, _>>()?;
        // Nothing fails from here on.
        self.transport.restore(state.transport, &sizes);
        self.filter = state.filter;
        self.link_up = state.link_up;
        self.announcing = state.announcing;
        self.guest_offloads = state.guest_offloads;
        self.active_pairs = state.active_pairs;
        self.steering = state.steering;
        self.moderation = state.moderation;
        self.statistics = state.statistics;
        self.timers = state.timers;
        self.rx = Receiver { pairs: backlogs, arriving, rsc: state.coalescing };
        self.line = Line {
            fifo,
            transmit_free: state.transmit_free,
            receive_free: state.receive_free,
            bus_free: state.bus_free,
            doorbell: state.doorbell,
        };
        self.strict = strict;
        self.counters = state.counters;
        self.show();
        Ok(())
    }
}
