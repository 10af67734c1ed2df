//! Transmission: descriptors, offloads, padding, FCS, write-back (SDM 3.3, 3.4, 3.5).

#[path = "../harness/mod.rs"]
mod harness;
mod packets;
mod segments;

use elnic_wire::layout::{Layout, Verified};
use etherparse::PacketBuilder;
use harness::{MAC, PEER};

pub(crate) const TSE: u8 = 0x04;
pub(crate) const IXSM: u8 = 1;
pub(crate) const TXSM: u8 = 2;

pub(crate) fn tcp_v4(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv4([10, 0, 2, 15], [10, 0, 2, 2], 64)
        .tcp(1234, 80, 0xffff_f000, 512)
        .ack(7)
        .psh()
        .fin()
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

pub(crate) fn tcp_v6(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv6([1; 16], [2; 16], 64)
        .tcp(1234, 80, 5, 512)
        .fin()
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

pub(crate) fn udp_v4(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv4([10, 0, 2, 15], [10, 0, 2, 2], 64)
        .udp(1234, 53)
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

/// As a driver prepares a packet for the hardware: checksums replaced by what the hardware expects to find.
pub(crate) fn prepare(mut frame: Vec<u8>, at: usize, v6: bool, whole_length: bool) -> Vec<u8> {
    let transport = if v6 { 54 } else { 34 };
    let (addresses, protocol) = if v6 {
        (frame[22..54].to_vec(), frame[20])
    } else {
        frame[24..26].fill(0);
        (frame[26..34].to_vec(), frame[23])
    };
    let length = if whole_length { (frame.len() - transport) as u32 } else { 0 };
    let seed = elnic_wire::checksum::Sum::new()
        .bytes(&addresses)
        .word(u16::from(protocol))
        .length(length)
        .folded();
    frame[at..at + 2].copy_from_slice(&seed.to_be_bytes());
    frame
}

pub(crate) fn all_checksums_are_right(frame: &[u8]) -> bool {
    let layout = Layout::of(frame).unwrap();
    layout.network_checksum(frame) != Verified::Bad
        && layout.transport_checksum(frame) == Verified::Good
}
