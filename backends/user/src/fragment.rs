//! IPv4 fragments: put together what the guest cut, cut what does not fit the link (RFC 791 §3.2, RFC 815).
//!
//! Overlapping fragments end the whole packet (RFC 5722's rule, safe for IPv4 too): nothing a guest sends overlaps by
//! design, and every known attack does. Tables are bounded; times are virtual.
//!
//! Left out: the ICMP "reassembly time exceeded" message, which libslirp does not send either.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use elnic_contract::{VDuration, VTime};
use smoltcp::wire::{IPV4_HEADER_LEN, IpProtocol, Ipv4Packet, Ipv4Repr};

/// Most packets put together at a time.
const PACKET_LIMIT: usize = 16;
/// Most fragments of one packet: a packet of 64 KiB over a link of 576 bytes.
const FRAGMENT_LIMIT: usize = 128;
/// The longest payload of a packet, in bytes.
const LONGEST_PAYLOAD: usize = 65_535 - IPV4_HEADER_LEN;
/// How long a packet may take to become whole (RFC 1122 §3.3.2 gives 60 to 120 s; libslirp takes half).
const PATIENCE: VDuration = VDuration::from_millis(30_000);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    identification: u16,
}

#[derive(Debug)]
struct Partial {
    deadline: VTime,
    /// Payloads by their offset, none overlapping.
    fragments: BTreeMap<usize, Vec<u8>>,
    hop_limit: u8,
    total: Option<usize>,
}

/// What became of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It waits for others.
    Kept,
    /// It was the last one missing: the packet, without options.
    Whole(Vec<u8>),
    /// It does not fit its packet or the table, which forgets the packet.
    Refused,
}

/// Packets on their way to becoming whole.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    packets: BTreeMap<Key, Partial>,
}

impl Reassembly {
    /// Takes a fragment; the header is checked already.
    pub(crate) fn input(&mut self, now: VTime, packet: &Ipv4Packet<&[u8]>) -> Outcome {
        let key = Key {
            source: packet.src_addr(),
            destination: packet.dst_addr(),
            protocol: packet.next_header().into(),
            identification: packet.ident(),
        };
        if !self.packets.contains_key(&key) && self.packets.len() >= PACKET_LIMIT {
            return Outcome::Refused;
        }
        let partial = self.packets.entry(key).or_insert_with(|| Partial {
            deadline: now + PATIENCE,
            fragments: BTreeMap::new(),
            hop_limit: packet.hop_limit(),
            total: None,
        });
        if partial.add(packet).is_none() {
            self.packets.remove(&key);
            return Outcome::Refused;
        }
        if !partial.is_whole() {
            return Outcome::Kept;
        }
        match self.packets.remove(&key) {
            Some(partial) => Outcome::Whole(partial.join(key)),
            None => Outcome::Refused,
        }
    }

    /// Forgets packets that took too long; returns how many.
    pub(crate) fn expire(&mut self, now: VTime) -> usize {
        let before = self.packets.len();
        self.packets.retain(|_, partial| partial.deadline > now);
        before - self.packets.len()
    }

    /// When the next packet will have taken too long.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        self.packets.values().map(|partial| partial.deadline).min()
    }
}

impl Partial {
    fn add(&mut self, packet: &Ipv4Packet<&[u8]>) -> Option<()> {
        let (payload, start) = (packet.payload(), usize::from(packet.frag_offset()));
        let end = start + payload.len();
        let last = !packet.more_frags();
        let known_end = self.fragments.last_key_value().map_or(0, |(at, data)| at + data.len());
        let fits = !payload.is_empty()
            && end <= LONGEST_PAYLOAD
            && self.fragments.len() < FRAGMENT_LIMIT
            && (last || payload.len().is_multiple_of(8))
            && self.total.is_none_or(|total| end <= total && !last)
            && (!last || known_end <= end);
        let before = self.fragments.range(..start).next_back();
        let after = self.fragments.range(start..).next();
        let overlaps = before.is_some_and(|(at, data)| at + data.len() > start)
            || after.is_some_and(|(&at, _)| at < end);
        if !fits || overlaps {
            return None;
        }
        if last {
            self.total = Some(end);
        }
        self.fragments.insert(start, payload.to_vec());
        Some(())
    }

    fn is_whole(&self) -> bool {
        // Fragments do not overlap and none lies beyond the end, so their sum tells.
        let present: usize = self.fragments.values().map(Vec::len).sum();
        self.total == Some(present)
    }

    fn join(self, key: Key) -> Vec<u8> {
        let payload: Vec<u8> = self.fragments.into_values().flatten().collect();
        let repr = Ipv4Repr {
            src_addr: key.source,
            dst_addr: key.destination,
            next_header: IpProtocol::from(key.protocol),
            payload_len: payload.len(),
            hop_limit: self.hop_limit,
        };
        let mut whole = vec![0; IPV4_HEADER_LEN];
        whole.extend_from_slice(&payload);
        repr.emit(&mut Ipv4Packet::new_unchecked(&mut whole[..]), &Default::default());
        whole
    }
}

/// Cuts a packet without options into fragments of at most `mtu` bytes.
pub(crate) fn cut(packet: Vec<u8>, mtu: usize) -> Vec<Vec<u8>> {
    if packet.len() <= mtu {
        return vec![packet];
    }
    let (header, payload) = packet.split_at(IPV4_HEADER_LEN);
    let room = (mtu - IPV4_HEADER_LEN) / 8 * 8;
    let count = payload.len().div_ceil(room);
    let fragments = payload.chunks(room).enumerate().filter_map(|(index, piece)| {
        let mut fragment = [header, piece].concat();
        let length = u16::try_from(fragment.len()).ok()?;
        let mut view = Ipv4Packet::new_unchecked(&mut fragment[..]);
        view.set_total_len(length);
        view.set_frag_offset(u16::try_from(index * room).ok()?);
        view.set_more_frags(index + 1 < count);
        view.fill_checksum();
        Some(fragment)
    });
    fragments.collect()
}

#[cfg(test)]
mod tests;
