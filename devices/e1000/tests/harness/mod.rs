//! A machine of one controller: RAM, virtual time, a cable whose other end is a list, and a driver's usual helpers.
#![expect(dead_code, unreachable_pub, reason = "each test file uses its own part of the harness")]

use elnic_contract::{
    Access, Cx, Device, Dma, DmaError, Effect, Frame, Gpa, Lines, Log, LogEntry, MacAddr, Nic,
    Outbox, Properties, Reset, Size, TimerId, VDuration, VTime, Verdict,
};
use elnic_e1000::{Chip, E1000, PROPERTIES};

pub const MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
pub const PEER: MacAddr = MacAddr([0x52, 0x55, 0x0a, 0x00, 0x02, 0x02]);

pub mod reg;

pub const RX_RING: u64 = 0x1000;
pub const TX_RING: u64 = 0x2000;
pub const TX_BUFFER: u64 = 0x4_0000;
pub const RX_BUFFERS: u64 = 0x10_0000;
pub const RX_BUFFER_STRIDE: u64 = 0x8000;
pub const RAM: usize = 0x40_0000;

/// RCTL: EN, BAM, SECRC, 2048-byte buffers.
pub const RECEIVE: u32 = 0x0400_8002;
/// TCTL: EN, PSP.
pub const TRANSMIT: u32 = 0x0000_000a;
/// TIPG as drivers set it for copper.
pub const TIPG_COPPER: u32 = 0x0060_2008;
/// Command byte: EOP, IFCS, RS.
pub const SEND: u8 = 0x0b;
/// Command byte of an extended descriptor.
pub const DEXT: u8 = 0x20;

pub struct Ram {
    pub bytes: Vec<u8>,
    pub reads: u64,
    pub writes: u64,
    pub master: bool,
}

impl Ram {
    fn range(&self, at: Gpa, length: usize) -> Result<std::ops::Range<usize>, DmaError> {
        if !self.master {
            return Err(DmaError::NoBusMaster);
        }
        let start = usize::try_from(at.0).map_err(|_| DmaError::NotRam(at))?;
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len());
        Ok(start..end.ok_or(DmaError::NotRam(at))?)
    }
}

impl Dma for Ram {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        self.reads += 1;
        let range = self.range(at, into.len())?;
        into.copy_from_slice(&self.bytes[range]);
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.writes += 1;
        let range = self.range(at, from.len())?;
        self.bytes[range].copy_from_slice(from);
        Ok(())
    }
}

#[derive(Default)]
pub struct Notes(pub Vec<LogEntry>);

impl Log for Notes {
    fn record(&mut self, entry: LogEntry) {
        if self.0.len() < 10_000 {
            self.0.push(entry);
        }
    }
}

pub struct Machine {
    pub device: E1000,
    pub ram: Ram,
    pub now: VTime,
    pub notes: Notes,
    pub sent: Vec<Frame>,
    pub filter_changes: usize,
    /// Times the EEPROM was written.
    pub image_changes: usize,
    /// Power management events.
    pub wake_ups: usize,
    /// Message-signalled interrupts.
    pub messages: usize,
    /// Rising edges of INTA.
    pub interrupts: Vec<VTime>,
    pub deadlines: Vec<(TimerId, VTime)>,
    line: bool,
}

/// A receive descriptor as software sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxDescriptor {
    pub length: u16,
    pub checksum: u16,
    pub status: u8,
    pub errors: u8,
    pub special: u16,
}

impl Machine {
    pub fn new(given: &[(&str, &str)]) -> Self {
        Self::of(Chip::I82540em, given)
    }

    pub fn of(chip: Chip, given: &[(&str, &str)]) -> Self {
        let properties = Properties::parse("e1000", PROPERTIES, given.iter().copied()).unwrap();
        Self {
            device: E1000::of(chip, &properties),
            ram: Ram { bytes: vec![0; RAM], reads: 0, writes: 0, master: true },
            now: VTime::ZERO,
            notes: Notes::default(),
            sent: Vec::new(),
            filter_changes: 0,
            image_changes: 0,
            wake_ups: 0,
            messages: 0,
            interrupts: Vec::new(),
            deadlines: Vec::new(),
            line: false,
        }
    }

    pub fn off() -> Self {
        Self::new(&[("timing", "off")])
    }

    pub fn wire() -> Self {
        Self::new(&[("timing", "wire")])
    }

    pub fn call<T>(&mut self, run: impl FnOnce(&mut E1000, &mut Cx<'_>) -> T) -> T {
        let mut outbox = Outbox::new();
        let mut cx = Cx::new(self.now, &mut self.ram, &mut outbox, &mut self.notes);
        let result = run(&mut self.device, &mut cx);
        for effect in outbox.drain() {
            match effect {
                Effect::Send(frame) => self.sent.push(frame),
                Effect::Arm(timer, at) => {
                    self.deadlines.retain(|(other, _)| *other != timer);
                    self.deadlines.push((timer, at));
                }
                Effect::Cancel(timer) => self.deadlines.retain(|(other, _)| *other != timer),
                Effect::RxFilterChanged => self.filter_changes += 1,
                Effect::ImageChanged => self.image_changes += 1,
                Effect::Pme { .. } => self.wake_ups += 1,
                Effect::Msi(0) => self.messages += 1,
                other => panic!("unexpected {other:?}"),
            }
        }
        let line = self.device.lines() != Lines::NONE;
        if line && !self.line {
            self.interrupts.push(self.now);
        }
        self.line = line;
        result
    }

    pub fn access(&mut self, region: u8, offset: u64, size: Size) -> Access {
        Access::new(region, offset, size).unwrap()
    }

    pub fn r32(&mut self, offset: u64) -> u32 {
        let access = self.access(0, offset, Size::Word);
        let peeked = self.device.peek(access);
        let value = self.call(|device, cx| device.read(cx, access)).unwrap();
        assert_eq!(peeked, Some(value), "peek at {offset:#x} shows what a read shows");
        value as u32
    }

    pub fn w32(&mut self, offset: u64, value: u32) {
        let access = self.access(0, offset, Size::Word);
        self.call(|device, cx| device.write(cx, access, u64::from(value))).unwrap();
    }

    pub fn io_read(&mut self, offset: u64) -> u32 {
        let access = self.access(1, offset, Size::Word);
        self.call(|device, cx| device.read(cx, access)).unwrap() as u32
    }

    pub fn io_write(&mut self, offset: u64, value: u32) {
        let access = self.access(1, offset, Size::Word);
        self.call(|device, cx| device.write(cx, access, u64::from(value))).unwrap();
    }

    pub fn reset(&mut self, kind: Reset) {
        self.call(|device, cx| device.reset(cx, kind));
    }

    /// Runs timers up to `span` from now; each at its exact time.
    pub fn advance(&mut self, span: VDuration) {
        let end = self.now + span;
        let mut steps = 0;
        while self.step(end) {
            steps += 1;
            assert!(steps < 2_000_000, "the device never comes to rest");
        }
        self.now = end;
    }

    fn step(&mut self, end: VTime) -> bool {
        let next = self.deadlines.iter().copied().min_by_key(|(_, at)| *at);
        let Some((timer, at)) = next.filter(|(_, at)| *at <= end) else { return false };
        self.deadlines.retain(|(other, _)| *other != timer);
        self.now = self.now.max(at);
        self.call(|device, cx| device.timer(cx, timer));
        true
    }

    /// Runs timers until none is left.
    pub fn settle(&mut self) {
        for _ in 0..2_000_000 {
            if !self.step(VTime::MAX) {
                return;
            }
        }
        panic!("the device never comes to rest");
    }

    pub fn read_phy(&mut self, register: u32) -> u16 {
        self.w32(reg::MDIC, 0x0820_0000 | register << 16);
        while self.r32(reg::MDIC) & 0x1000_0000 == 0 {
            self.advance(VDuration::from_nanos(100));
        }
        self.r32(reg::MDIC) as u16
    }

    pub fn write_phy(&mut self, register: u32, value: u16) {
        self.w32(reg::MDIC, 0x0420_0000 | register << 16 | u32::from(value));
        while self.r32(reg::MDIC) & 0x1000_0000 == 0 {
            self.advance(VDuration::from_nanos(100));
        }
    }

    pub fn write_ram(&mut self, at: u64, bytes: &[u8]) {
        let at = at as usize;
        self.ram.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn ram(&self, at: u64, length: usize) -> &[u8] {
        &self.ram.bytes[at as usize..at as usize + length]
    }

    /// A transmit ring of `count` descriptors, transmitter on.
    pub fn start_transmitter(&mut self, count: u32) {
        self.w32(reg::TDBAL, TX_RING as u32);
        self.w32(reg::TDBAH, 0);
        self.w32(reg::TDLEN, count * 16);
        self.w32(reg::TDH, 0);
        self.w32(reg::TDT, 0);
        self.w32(reg::TIPG, TIPG_COPPER);
        self.w32(reg::TCTL, TRANSMIT);
    }

    /// A receive ring of `count` descriptors with their own buffers, all but one free, receiver on.
    pub fn start_receiver(&mut self, count: u32, rctl: u32) {
        for index in 0..u64::from(count) {
            let buffer = RX_BUFFERS + index % 64 * RX_BUFFER_STRIDE;
            self.write_ram(RX_RING + index * 16, &buffer.to_le_bytes());
            self.write_ram(RX_RING + index * 16 + 8, &[0; 8]);
        }
        self.w32(reg::RDBAL, RX_RING as u32);
        self.w32(reg::RDBAH, 0);
        self.w32(reg::RDLEN, count * 16);
        self.w32(reg::RDH, 0);
        self.w32(reg::RDT, count - 1);
        self.w32(reg::RCTL, rctl);
    }

    pub fn put_descriptor(&mut self, index: u64, bytes: [u8; 16]) {
        self.write_ram(TX_RING + index * 16, &bytes);
    }

    /// Puts `frame` at TX_BUFFER and a legacy descriptor for it at `index`.
    pub fn put_frame(&mut self, index: u64, frame: &[u8], command: u8) {
        let at = TX_BUFFER + index * 0x4000;
        self.write_ram(at, frame);
        self.put_descriptor(index, legacy(at, frame.len() as u16, command, 0, 0, 0));
    }

    /// Sends one frame by a legacy descriptor at the current tail.
    pub fn send(&mut self, frame: &[u8], command: u8) {
        let tail = u64::from(self.r32(reg::TDT));
        let count = self.r32(reg::TDLEN) / 16;
        self.put_frame(tail, frame, command);
        self.w32(reg::TDT, (tail as u32 + 1) % count);
    }

    pub fn tx_status(&self, index: u64) -> u8 {
        self.ram(TX_RING + index * 16 + 12, 1)[0]
    }

    pub fn rx_descriptor(&self, index: u64) -> RxDescriptor {
        let bytes = self.ram(RX_RING + index * 16 + 8, 8);
        RxDescriptor {
            length: u16::from_le_bytes([bytes[0], bytes[1]]),
            checksum: u16::from_le_bytes([bytes[2], bytes[3]]),
            status: bytes[4],
            errors: bytes[5],
            special: u16::from_le_bytes([bytes[6], bytes[7]]),
        }
    }

    /// The bytes that the descriptor `index` has received.
    pub fn rx_buffer(&self, index: u64) -> Vec<u8> {
        let length = usize::from(self.rx_descriptor(index).length);
        self.ram(RX_BUFFERS + index % 64 * RX_BUFFER_STRIDE, length).to_vec()
    }

    pub fn receive(&mut self, frame: &[u8]) -> Verdict {
        let frame = Frame::new(frame.to_vec(), self.now).unwrap();
        self.receive_frame(&frame)
    }

    pub fn receive_frame(&mut self, frame: &Frame) -> Verdict {
        self.call(|device, cx| device.receive(cx, frame))
    }
}

pub fn legacy(at: u64, length: u16, command: u8, cso: u8, css: u8, special: u16) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&at.to_le_bytes());
    bytes[8..10].copy_from_slice(&length.to_le_bytes());
    bytes[10] = cso;
    bytes[11] = command;
    bytes[13] = css;
    bytes[14..].copy_from_slice(&special.to_le_bytes());
    bytes
}

pub fn data(at: u64, length: u32, command: u8, options: u8, special: u16) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&at.to_le_bytes());
    bytes[8..12]
        .copy_from_slice(&(length | 1 << 20 | u32::from(command | DEXT) << 24).to_le_bytes());
    bytes[13] = options;
    bytes[14..].copy_from_slice(&special.to_le_bytes());
    bytes
}

#[derive(Clone, Copy, Default)]
pub struct Context {
    pub ip: (u8, u8, u16),
    pub transport: (u8, u8, u16),
    pub payload: u32,
    pub command: u8,
    pub header: u8,
    pub mss: u16,
}

impl Context {
    pub fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[0] = self.ip.0;
        bytes[1] = self.ip.1;
        bytes[2..4].copy_from_slice(&self.ip.2.to_le_bytes());
        bytes[4] = self.transport.0;
        bytes[5] = self.transport.1;
        bytes[6..8].copy_from_slice(&self.transport.2.to_le_bytes());
        let word = self.payload | u32::from(self.command | DEXT) << 24;
        bytes[8..12].copy_from_slice(&word.to_le_bytes());
        bytes[13] = self.header;
        bytes[14..].copy_from_slice(&self.mss.to_le_bytes());
        bytes
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
