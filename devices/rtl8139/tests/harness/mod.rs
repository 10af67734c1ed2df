//! A bench with one controller on it, and a driver's usual helpers.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of the harness")]

use elnic_contract::{
    Frame, LogEntry, MacAddr, Nic, Readiness, RxFilter, Size, VDuration, VTime, Verdict,
};
use elnic_rtl8139::ENTRY;
use elnic_script::{Event, Place};
use elnic_testbench::Bench;

pub const MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
pub const PEER: MacAddr = MacAddr([0x52, 0x55, 0x0a, 0x00, 0x02, 0x02]);
pub const GROUP: MacAddr = MacAddr([0x01, 0x00, 0x5e, 0x00, 0x00, 0x01]);

pub mod reg {
    pub const IDR: u64 = 0x00;
    pub const MAR: u64 = 0x08;
    pub const TSD: u64 = 0x10;
    pub const DTCCR: u64 = 0x10;
    pub const TSAD: u64 = 0x20;
    pub const TNPDS: u64 = 0x20;
    pub const THPDS: u64 = 0x28;
    pub const RBSTART: u64 = 0x30;
    pub const ERBCR: u64 = 0x34;
    pub const ERSR: u64 = 0x36;
    pub const CR: u64 = 0x37;
    pub const CAPR: u64 = 0x38;
    pub const CBR: u64 = 0x3a;
    pub const IMR: u64 = 0x3c;
    pub const ISR: u64 = 0x3e;
    pub const TCR: u64 = 0x40;
    pub const RCR: u64 = 0x44;
    pub const TCTR: u64 = 0x48;
    pub const MPC: u64 = 0x4c;
    pub const CR9346: u64 = 0x50;
    pub const CONFIG0: u64 = 0x51;
    pub const CONFIG1: u64 = 0x52;
    pub const TIMERINT: u64 = 0x54;
    pub const MSR: u64 = 0x58;
    pub const CONFIG3: u64 = 0x59;
    pub const CONFIG4: u64 = 0x5a;
    pub const HLTCLK: u64 = 0x5b;
    pub const MULINT: u64 = 0x5c;
    pub const RERID: u64 = 0x5e;
    pub const TSALLD: u64 = 0x60;
    pub const BMCR: u64 = 0x62;
    pub const BMSR: u64 = 0x64;
    pub const ANAR: u64 = 0x66;
    pub const ANLPAR: u64 = 0x68;
    pub const DIS: u64 = 0x6c;
    pub const REC: u64 = 0x72;
    pub const TDOKLADDR: u64 = 0x82;
    pub const CONFIG5: u64 = 0xd8;
    pub const TPPOLL: u64 = 0xd9;
    pub const CPCR: u64 = 0xe0;
    pub const RDSAR: u64 = 0xe4;
}

/// Bits of ISR.
pub mod isr {
    pub const ROK: u16 = 0x0001;
    pub const RER: u16 = 0x0002;
    pub const TOK: u16 = 0x0004;
    pub const TER: u16 = 0x0008;
    pub const RXOVW: u16 = 0x0010;
    pub const PUN: u16 = 0x0020;
    pub const FOVW: u16 = 0x0040;
    pub const TDU: u16 = 0x0080;
    pub const SWINT: u16 = 0x0100;
    pub const TIMEOUT: u16 = 0x4000;
    pub const SERR: u16 = 0x8000;
}

/// CR.RE and CR.TE.
pub const ON: u8 = 0x0c;
/// RCR: own station, groups, broadcast, 8 KiB, unlimited bursts.
pub const RECEIVE: u32 = 0x0000_e70e;
/// TCR: gap of 96 bit times, bursts of 1024 bytes.
pub const TRANSMIT: u32 = 0x0300_0600;
/// TCR.LBK.
pub const LOOPBACK: u32 = 0x0006_0000;

pub const RX_BUFFER: u64 = 0x10_0000;
pub const TX_BUFFERS: u64 = 0x20_0000;
pub const TX_RING: u64 = 0x30_0000;
pub const HIGH_RING: u64 = 0x31_0000;
pub const RX_RING: u64 = 0x32_0000;
pub const RX_BUFFERS: u64 = 0x40_0000;
pub const STRIDE: u64 = 0x4000;

pub const OWN: u32 = 1 << 31;
pub const EOR: u32 = 1 << 30;
pub const FS: u32 = 1 << 29;
pub const LS: u32 = 1 << 28;

pub struct Machine {
    pub bench: Bench,
}

fn at(offset: u64) -> Place {
    Place { region: 1, offset }
}

impl Machine {
    pub fn new(properties: &[(&str, &str)]) -> Self {
        Self { bench: Bench::with(&ENTRY, properties) }
    }

    pub fn off() -> Self {
        Self::new(&[("timing", "off")])
    }

    /// As QEMU's model does, without time.
    pub fn qemu() -> Self {
        Self::new(&[("timing", "off"), ("compat", "qemu")])
    }

    pub fn r8(&mut self, offset: u64) -> u8 {
        self.bench.read(at(offset), Size::Byte).unwrap() as u8
    }

    pub fn r16(&mut self, offset: u64) -> u16 {
        self.bench.read(at(offset), Size::Half).unwrap() as u16
    }

    pub fn r32(&mut self, offset: u64) -> u32 {
        self.bench.read(at(offset), Size::Word).unwrap() as u32
    }

    pub fn w8(&mut self, offset: u64, value: u8) {
        self.bench.write(at(offset), Size::Byte, value.into()).unwrap();
    }

    pub fn w16(&mut self, offset: u64, value: u16) {
        self.bench.write(at(offset), Size::Half, value.into()).unwrap();
    }

    pub fn w32(&mut self, offset: u64, value: u32) {
        self.bench.write(at(offset), Size::Word, value.into()).unwrap();
    }

    /// Writes while the configuration registers are open.
    pub fn open(&mut self, write: impl FnOnce(&mut Self)) {
        self.w8(reg::CR9346, 0xc0);
        write(self);
        self.w8(reg::CR9346, 0);
    }

    /// Reads ISR and clears what it shows.
    pub fn take_isr(&mut self) -> u16 {
        let causes = self.r16(reg::ISR);
        self.w16(reg::ISR, causes);
        causes
    }

    pub fn nic(&self) -> &dyn Nic {
        self.bench.device().as_nic().unwrap()
    }

    pub fn filter(&self) -> RxFilter {
        self.nic().rx_filter()
    }

    pub fn ready(&self) -> Readiness {
        self.bench.ready().unwrap()
    }

    pub fn advance(&mut self, span: VDuration) {
        self.bench.advance(span);
    }

    pub fn advance_us(&mut self, microseconds: u64) {
        self.bench.advance(VDuration::from_micros(microseconds));
    }

    pub fn store(&mut self, at: u64, bytes: &[u8]) {
        self.bench.ram.store(at, bytes);
    }

    pub fn load(&self, at: u64, length: usize) -> Vec<u8> {
        self.bench.ram.load(at, length)
    }

    pub fn load32(&self, at: u64) -> u32 {
        self.bench.ram.load_le::<4>(at) as u32
    }

    /// Frames put on the cable, oldest first, with the time when each left.
    pub fn sent(&self) -> Vec<(VTime, Vec<u8>)> {
        let sent = self.bench.events().iter().filter_map(|(at, event)| match event {
            Event::Sent(bytes) => Some((*at, bytes.clone())),
            _ => None,
        });
        sent.collect()
    }

    pub fn frames(&self) -> Vec<Vec<u8>> {
        self.sent().into_iter().map(|(_, bytes)| bytes).collect()
    }

    pub fn count(&self, wanted: &Event) -> usize {
        self.bench.events().iter().filter(|(_, event)| event == wanted).count()
    }

    /// What the device said the driver did wrong.
    pub fn complaints(&mut self) -> Vec<&'static str> {
        let complaints = self.bench.notes.take().into_iter().filter_map(|entry| match entry {
            LogEntry::Guest { what, .. } => Some(what),
            _ => None,
        });
        complaints.collect()
    }

    /// C mode: receiver with this RCR, transmitter with this TCR.
    pub fn start(&mut self, rcr: u32, tcr: u32) {
        self.w32(reg::RBSTART, RX_BUFFER as u32);
        self.w8(reg::CR, ON);
        self.w32(reg::TCR, tcr);
        self.w32(reg::RCR, rcr);
        self.w16(reg::CAPR, 0xfff0);
    }

    /// Gives descriptor `number` a frame.
    pub fn give(&mut self, number: u64, frame: &[u8]) {
        let buffer = TX_BUFFERS + number * STRIDE;
        self.store(buffer, frame);
        self.w32(reg::TSAD + 4 * number, buffer as u32);
        self.w32(reg::TSD + 4 * number, frame.len() as u32);
    }

    pub fn tsd(&mut self, number: u64) -> u32 {
        self.r32(reg::TSD + 4 * number)
    }

    /// A frame arrives whether the device is ready or not.
    pub fn receive(&mut self, frame: &[u8]) -> Verdict {
        let frame = Frame::new(frame.to_vec(), VTime::ZERO).unwrap();
        self.bench.force_frame(&frame).unwrap()
    }

    pub fn receive_frame(&mut self, frame: &Frame) -> Verdict {
        self.bench.force_frame(frame).unwrap()
    }

    /// Status, length and bytes of the frame at `place` of the ring buffer.
    pub fn buffered(&self, place: u64) -> (u16, u16, Vec<u8>) {
        let header = self.load32(RX_BUFFER + place);
        let (status, length) = (header as u16, (header >> 16) as u16);
        (status, length, self.load(RX_BUFFER + place + 4, usize::from(length)))
    }

    /// C+ mode: `count` receive descriptors with buffers of `size` bytes; transmit rings at their places.
    pub fn start_rings(&mut self, cpcr: u16, count: u64, size: u32) {
        self.w16(reg::CPCR, cpcr);
        for index in 0..count {
            let end = if index + 1 == count { EOR } else { 0 };
            self.put(RX_RING, index, OWN | end | size, 0, RX_BUFFERS + index * STRIDE);
        }
        self.w32(reg::TNPDS, TX_RING as u32);
        self.w32(reg::TNPDS + 4, 0);
        self.w32(reg::THPDS, HIGH_RING as u32);
        self.w32(reg::THPDS + 4, 0);
        self.w32(reg::RDSAR, RX_RING as u32);
        self.w32(reg::RDSAR + 4, 0);
        self.w8(reg::CR, ON);
        self.w32(reg::TCR, TRANSMIT);
        self.w32(reg::RCR, RECEIVE);
    }

    pub fn put(&mut self, ring: u64, index: u64, word: u32, vlan: u32, address: u64) {
        let bytes = [&word.to_le_bytes()[..], &vlan.to_le_bytes(), &address.to_le_bytes()].concat();
        self.store(ring + 16 * index, &bytes);
    }

    /// A frame in one descriptor of the ring, the last one.
    pub fn put_frame(&mut self, ring: u64, index: u64, frame: &[u8], flags: u32, vlan: u32) {
        let buffer = ring + 0x2000 + index * STRIDE * 4;
        self.store(buffer, frame);
        self.put(ring, index, OWN | FS | LS | flags | frame.len() as u32, vlan, buffer);
    }

    pub fn word(&self, ring: u64, index: u64) -> u32 {
        self.load32(ring + 16 * index)
    }

    pub fn vlan_word(&self, ring: u64, index: u64) -> u32 {
        self.load32(ring + 16 * index + 4)
    }

    pub fn poll(&mut self, bits: u8) {
        self.w8(reg::TPPOLL, bits);
    }
}

/// A frame of `length` bytes from PEER to `destination`.
pub fn frame_to(destination: MacAddr, length: usize) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..length).map(|n| (n * 7 + 3) as u8).collect();
    let header = [destination.0.as_slice(), &PEER.0, &[0x88, 0xb5]].concat();
    let header = &header[..header.len().min(length)];
    frame[..header.len()].copy_from_slice(header);
    frame
}

/// A TCP packet over IPv4 from PEER to `MAC` with these flags and this much payload; its checksums are right.
pub fn tcp(flags: u8, payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut tcp = etherparse::PacketBuilder::ethernet2(PEER.0, MAC.0)
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(7, 9, 1000, 512)
        .ack(5);
    if flags & 1 != 0 {
        tcp = tcp.fin();
    }
    if flags & 8 != 0 {
        tcp = tcp.psh();
    }
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, &payload).unwrap();
    bytes
}

/// A UDP datagram over IPv4 from PEER to `MAC`; its checksums are right.
pub fn udp(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ethernet2(PEER.0, MAC.0)
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .udp(7, 9)
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}
