//! Which receive queue a frame goes to: by hash and table (RSS), or to where the driver last sent for that flow
//! (virtio 1.3 §5.1.6.5.6); and the hash that headers report (§5.1.6.4.3).

use elnic_wire::flow::{Addresses, Flow, toeplitz};
use elnic_wire::layout::Transport;
use serde::{Deserialize, Serialize};

use crate::VirtioNet;
use crate::features::{HASH_REPORT, RSS};
use crate::header::Header;

/// Hash types: the bits of a command and the numbers in a header.
const TYPES: [HashType; 9] = [
    HashType { bit: 0x001, report: 1, v6: false, transport: None, extended: false },
    HashType { bit: 0x002, report: 2, v6: false, transport: Some(Transport::Tcp), extended: false },
    HashType { bit: 0x004, report: 3, v6: false, transport: Some(Transport::Udp), extended: false },
    HashType { bit: 0x008, report: 4, v6: true, transport: None, extended: false },
    HashType { bit: 0x010, report: 5, v6: true, transport: Some(Transport::Tcp), extended: false },
    HashType { bit: 0x020, report: 6, v6: true, transport: Some(Transport::Udp), extended: false },
    HashType { bit: 0x040, report: 7, v6: true, transport: None, extended: true },
    HashType { bit: 0x080, report: 8, v6: true, transport: Some(Transport::Tcp), extended: true },
    HashType { bit: 0x100, report: 9, v6: true, transport: Some(Transport::Udp), extended: true },
];
/// All hash types.
pub(crate) const HASH_TYPES: u32 = 0x1ff;
/// Bytes of the longest key.
pub(crate) const MAX_KEY: usize = 40;
/// Entries of the largest indirection table.
pub(crate) const MAX_TABLE: usize = 128;
/// Flows whose transmit queue is remembered.
const FLOWS: usize = 128;

struct HashType {
    bit: u32,
    report: u16,
    v6: bool,
    transport: Option<Transport>,
    extended: bool,
}

/// How frames are hashed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hash {
    /// Over what, as bits.
    pub(crate) types: u32,
    pub(crate) key: Vec<u8>,
}

/// How a hash chooses a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redirection {
    /// Pair for frames that are not hashed.
    pub(crate) unclassified: u16,
    /// Pairs by the low bits of the hash: a power of two of them.
    pub(crate) table: Vec<u16>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Steering {
    pub(crate) hash: Hash,
    /// `None`: frames go to where their flow was last sent from.
    pub(crate) redirection: Option<Redirection>,
    /// Pair from which a flow was last sent, by its hash; empty while there is one pair.
    pub(crate) flows: Vec<u16>,
}

impl Hash {
    /// Hash and report of a frame; `None` if it is of no type that is hashed.
    fn of(&self, frame: &[u8]) -> Option<(u32, u16)> {
        if self.types == 0 {
            return None;
        }
        let flow = Flow::of(frame)?;
        let v6 = matches!(flow.addresses, Addresses::V6(..));
        let transport = flow.ports.map(|(kind, ..)| kind);
        // The most special type that is enabled: extension headers before none, ports before addresses.
        let fits = |kind: &&HashType| {
            self.types & kind.bit != 0
                && kind.v6 == v6
                && (kind.transport.is_none() || kind.transport == transport)
                && (!kind.extended || flow.extended)
        };
        let chosen = TYPES
            .iter()
            .filter(fits)
            .max_by_key(|kind| (kind.extended, kind.transport.is_some()))?;
        let addresses = if chosen.extended { flow.home } else { flow.addresses };
        let ports = flow.ports.filter(|_| chosen.transport.is_some());
        Some((toeplitz(&self.key, input(addresses, ports)), chosen.report))
    }

    pub(crate) fn is_possible(&self) -> bool {
        self.types & !HASH_TYPES == 0 && self.key.len() <= MAX_KEY
    }
}

fn input(addresses: Addresses, ports: Option<(Transport, u16, u16)>) -> impl Iterator<Item = u8> {
    let (mut bytes, length) = (
        [0; 32],
        match addresses {
            Addresses::V4(..) => 8,
            Addresses::V6(..) => 32,
        },
    );
    let mut fill = |parts: [&[u8]; 2]| {
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
    };
    match &addresses {
        Addresses::V4(from, to) => fill([from, to]),
        Addresses::V6(from, to) => fill([from, to]),
    }
    let ports = ports.map(|(_, from, to)| [from.to_be_bytes(), to.to_be_bytes()]);
    bytes.into_iter().take(length).chain(ports.into_iter().flatten().flatten())
}

/// The place of a flow among those remembered. Any key will do.
fn place(flow: Flow) -> usize {
    const KEY: [u8; MAX_KEY] = *b"any forty bytes without a pattern do so.";
    let hash = toeplitz(&KEY, input(flow.addresses, flow.ports));
    usize::try_from(hash).unwrap_or(0) & FLOWS.saturating_sub(1)
}

impl VirtioNet {
    /// The pair whose receive queue takes `frame`; notes its hash in the header if that was negotiated.
    pub(crate) fn steer(&self, frame: &[u8], header: &mut Header) -> u16 {
        let several = self.active_pairs > 1;
        if !several && !self.transport.has(HASH_REPORT) {
            return 0;
        }
        let hashed = if self.transport.negotiated() & (HASH_REPORT | RSS) != 0 {
            self.steering.hash.of(frame)
        } else {
            None
        };
        if let Some((hash, report)) = hashed.filter(|_| self.transport.has(HASH_REPORT)) {
            (header.hash, header.hash_report) = (hash, report);
        }
        let pair = match &self.steering.redirection {
            Some(redirection) => redirection.pair(hashed.map(|(hash, _)| hash)),
            None if several => Flow::of(frame)
                .and_then(|flow| self.steering.flows.get(place(flow)).copied())
                .unwrap_or(0),
            None => 0,
        };
        // CVE-2024-6505: a table may name what is not in use.
        if pair < self.active_pairs { pair } else { 0 }
    }

    /// Remembers that the driver sent `frame` from `pair`.
    pub(crate) fn learn(&mut self, frame: &[u8], pair: u16) {
        if self.active_pairs <= 1 || self.steering.redirection.is_some() {
            return;
        }
        let Some(flow) = Flow::of(frame) else { return };
        let flows = &mut self.steering.flows;
        if flows.is_empty() {
            flows.resize(FLOWS, 0);
        }
        if let Some(known) = flows.get_mut(place(flow.reversed())) {
            *known = pair;
        }
    }
}

impl Redirection {
    fn pair(&self, hash: Option<u32>) -> u16 {
        let Some(hash) = hash else { return self.unclassified };
        let index = usize::try_from(hash).unwrap_or(0) & self.table.len().saturating_sub(1);
        self.table.get(index).copied().unwrap_or(self.unclassified)
    }

    pub(crate) fn is_possible(&self) -> bool {
        self.table.len().is_power_of_two() && self.table.len() <= MAX_TABLE
    }
}

impl Steering {
    /// Whether a device can be in this state.
    pub(crate) fn is_possible(&self) -> bool {
        self.hash.is_possible()
            && self.redirection.as_ref().is_none_or(Redirection::is_possible)
            && matches!(self.flows.len(), 0 | FLOWS)
    }
}
