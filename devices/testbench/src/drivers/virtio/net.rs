//! Network drivers in the order in which the real ones go about it, as their documentation and observation have it.

use elnic_contract::{Effect, Frame};

use super::{Buffer, Host, Layout, Path, VirtioFunction};
use crate::PciBench;

/// Feature bits of a network device.
pub mod feature {
    /// Checksums may be left to the device.
    pub const CSUM: u64 = 1;
    /// Checksums may be left to the driver.
    pub const GUEST_CSUM: u64 = 1 << 1;
    /// The configuration has the station address.
    pub const MAC: u64 = 1 << 5;
    /// Buffers may be merged.
    pub const MRG_RXBUF: u64 = 1 << 15;
    /// The configuration has the link status.
    pub const STATUS: u64 = 1 << 16;
    /// There is a control queue.
    pub const CTRL_VQ: u64 = 1 << 17;
    /// Receive modes.
    pub const CTRL_RX: u64 = 1 << 18;
    /// VLAN filter.
    pub const CTRL_VLAN: u64 = 1 << 19;
    /// Announcements.
    pub const GUEST_ANNOUNCE: u64 = 1 << 21;
    /// Several queue pairs.
    pub const MQ: u64 = 1 << 22;
    /// The address by command.
    pub const CTRL_MAC_ADDR: u64 = 1 << 23;
    /// Indirect descriptors.
    pub const INDIRECT: u64 = 1 << 28;
    /// Event indices.
    pub const EVENT_IDX: u64 = 1 << 29;
    /// Packed rings.
    pub const RING_PACKED: u64 = 1 << 34;
    /// Hashes in headers.
    pub const HASH_REPORT: u64 = 1 << 57;
}

/// Which driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// Linux `virtio_net`: MSI-X, every feature it knows, receive modes, address table and VLAN 0 set at ifup.
    Linux,
    /// A driver of the legacy interface 0.9: pages, interrupts by line, header of ten bytes.
    Legacy,
    /// The same with MSI-X, whose vectors then stand in the legacy window.
    LegacyMsix,
    /// NetKVM: commands whether or not their features were agreed.
    NetKvm,
    /// iPXE: nothing but frames, polled.
    Ipxe,
    /// iPXE on a machine that cannot reach the base address registers.
    IpxeWindow,
}

/// Length of a receive buffer.
const LENGTH: u32 = 2048;
/// Frames to be sent stand in one of so many places, one behind the other.
const PLACES: u64 = 64;
const PLACE: u64 = 0x2_0000;
/// Receive buffers.
const RECEIVE_BUFFERS: u16 = 32;

/// A driver at work.
pub struct NetDriver<H = PciBench> {
    /// The device.
    pub function: VirtioFunction<H>,
    layout: Layout,
    /// Which driver it is.
    pub personality: Personality,
    /// Station address as the configuration had it.
    pub mac: [u8; 6],
    /// Buffer of each receive chain, by name.
    buffers: Vec<u64>,
    control: Option<u16>,
    sent: u64,
    /// What commands were answered, in order.
    pub answers: Vec<u8>,
}

impl NetDriver {
    /// Brings up `function` on a bench of its own; see [`NetDriver::on`].
    pub fn bring_up(function: elnic_pci::PciFunction, personality: Personality, more: u64) -> Self {
        Self::on(PciBench::new(function), personality, more, Layout::BENCH)
    }

    /// A frame arrives; whether the device took it.
    ///
    /// # Panics
    /// The frame has no length.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        let frame = Frame::new(bytes.to_vec(), self.function.bench.now).expect("it has a length");
        self.receive_frame(&frame)
    }

    /// A frame arrives, with the work that is left in it; whether the device took it.
    pub fn receive_frame(&mut self, frame: &Frame) -> bool {
        self.function.receive(frame) == Some(elnic_contract::Verdict::Taken)
    }

    /// What came out of the device since the last call: frames, and data of messages.
    pub fn came_out(&mut self) -> (Vec<Frame>, Vec<u32>) {
        let (mut frames, mut messages) = (Vec::new(), Vec::new());
        for effect in self.function.effects() {
            match effect {
                Effect::Send(frame) => frames.push(frame),
                Effect::Message { data, .. } => messages.push(data),
                _ => {}
            }
        }
        (frames, messages)
    }
}

impl<H: Host> NetDriver<H> {
    /// Brings up the function of `host` as `personality` does, with `more` features than it usually takes.
    pub fn on(host: H, personality: Personality, more: u64, layout: Layout) -> Self {
        use feature::*;
        let path = match personality {
            Personality::Legacy | Personality::LegacyMsix => Path::Legacy,
            Personality::IpxeWindow => Path::Window,
            Personality::Linux | Personality::NetKvm | Personality::Ipxe => Path::Capabilities,
        };
        let mut function = VirtioFunction::on(host, path, layout);
        let common = MAC | STATUS | MRG_RXBUF | CTRL_VQ | CTRL_RX | INDIRECT;
        let wanted = match personality {
            Personality::Linux => {
                common | CTRL_VLAN | GUEST_ANNOUNCE | CTRL_MAC_ADDR | MQ | CSUM | GUEST_CSUM
            }
            Personality::NetKvm => common & !CTRL_RX | EVENT_IDX,
            Personality::Legacy | Personality::LegacyMsix => MAC | STATUS,
            Personality::Ipxe | Personality::IpxeWindow => MAC,
        };
        function.negotiate(wanted | more);
        let vectors = match personality {
            Personality::Linux | Personality::NetKvm | Personality::LegacyMsix => {
                function.enable_msix(4);
                assert!(function.configuration_vector(0), "there is a configuration vector");
                true
            }
            _ => false,
        };
        let mac = std::array::from_fn(|octet| function.configuration(octet as u64));
        let vector = |number: u64| vectors.then_some(number);
        function.add_queue(0, 256, vector(1));
        function.add_queue(1, 256, vector(2));
        let control = (function.features & CTRL_VQ != 0).then_some(2);
        if let Some(number) = control {
            function.add_queue(number, 64, vector(3));
        }
        let mut driver = Self {
            function,
            layout,
            personality,
            mac,
            buffers: vec![0; 256],
            control,
            sent: 0,
            answers: Vec::new(),
        };
        for number in 0..RECEIVE_BUFFERS {
            driver.give_buffer(layout.buffers + u64::from(number) * u64::from(LENGTH));
        }
        driver.function.start();
        driver.function.kick(0);
        driver.set_modes();
        driver
    }

    fn set_modes(&mut self) {
        match self.personality {
            Personality::Linux => {
                // virtnet_set_rx_mode, then the VLANs that are restored.
                self.command(&[0, 0, 0]);
                self.command(&[0, 1, 0]);
                let table = [&[1, 0][..], &[0; 4], &1_u32.to_le_bytes(), &[0x33, 0x33, 0, 0, 0, 1]];
                self.command(&table.concat());
                self.command(&[2, 0, 0, 0]);
            }
            Personality::NetKvm => {
                for mode in [0, 1, 2, 3, 4, 5] {
                    self.command(&[0, mode, 0]);
                }
                self.command(&[2, 0, 0, 0]);
                let table = [&[1, 0][..], &[0; 4], &[0; 4]];
                self.command(&table.concat());
            }
            Personality::Legacy
            | Personality::LegacyMsix
            | Personality::Ipxe
            | Personality::IpxeWindow => {}
        }
    }

    /// Bytes of the header before each frame.
    pub fn header(&self) -> usize {
        let legacy = matches!(self.personality, Personality::Legacy | Personality::LegacyMsix);
        match (self.function.features & feature::HASH_REPORT != 0, legacy) {
            (true, _) => 20,
            (false, false) => 12,
            (false, true) => 10,
        }
    }

    fn give_buffer(&mut self, at: u64) {
        let name = self.function.add(0, &[Buffer { at, length: LENGTH, writable: true }]);
        self.buffers[usize::from(name)] = at;
    }

    /// Sends a frame behind a header that starts with these bytes.
    pub fn send_with(&mut self, header: &[u8], frame: &[u8]) {
        let mut bytes = header.to_vec();
        bytes.resize(self.header(), 0);
        let at = self.layout.transmit + self.sent % PLACES * PLACE;
        self.sent += 1;
        self.function.bench.store(at, &bytes);
        self.function.bench.store(at + 0x100, frame);
        let part = |at, length| Buffer { at, length: length as u32, writable: false };
        // A driver of the legacy interface keeps the header in a descriptor of its own; others need not.
        self.function.add(1, &[part(at, bytes.len()), part(at + 0x100, frame.len())]);
        self.function.kick(1);
        self.function.completions(1);
    }

    /// Sends a frame.
    pub fn send(&mut self, frame: &[u8]) {
        self.send_with(&[], frame);
    }

    /// Sends a command; the answer, and what follows it.
    ///
    /// # Panics
    /// There is no control queue, or the device does not answer.
    pub fn command_with(&mut self, bytes: &[u8], answer: usize) -> Vec<u8> {
        let queue = self.control.expect("there is a control queue");
        let at = self.layout.control;
        self.function.bench.store(at, bytes);
        self.function.bench.store(at + 0x1000, &vec![0xee; answer + 1]);
        // The class and command, the payload, the answer: each in a descriptor of its own, as Linux does it.
        let part = |at, length: usize, writable| Buffer { at, length: length as u32, writable };
        let mut parts = vec![part(at, 2, false)];
        if bytes.len() > 2 {
            parts.push(part(at + 2, bytes.len() - 2, false));
        }
        parts.push(part(at + 0x1000, 1, true));
        if answer > 0 {
            parts.push(part(at + 0x1001, answer, true));
        }
        self.function.add(queue, &parts);
        self.function.kick(queue);
        assert_eq!(self.function.completions(queue).len(), 1, "the command is answered");
        self.function.bench.load(at + 0x1000, answer + 1)
    }

    /// Sends a command; the answer.
    pub fn command(&mut self, bytes: &[u8]) -> u8 {
        let answer = self.command_with(bytes, 0)[0];
        self.answers.push(answer);
        answer
    }

    /// Frames that the device has put into buffers, behind their headers; the buffers go back to the device.
    pub fn received(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (mut frames, header) = (Vec::new(), self.header());
        let mut completions = self.function.completions(0).into_iter();
        while let Some(first) = completions.next() {
            let at = self.buffers[usize::from(first.id)];
            let mut bytes = self.function.bench.load(at, first.written as usize);
            self.give_buffer(at);
            let merged = if header >= 12 { u16::from_le_bytes([bytes[10], bytes[11]]) } else { 1 };
            for _ in 1..merged {
                let next = completions.next().expect("merged buffers come together");
                let at = self.buffers[usize::from(next.id)];
                bytes.extend(self.function.bench.load(at, next.written as usize));
                self.give_buffer(at);
            }
            let data = bytes.split_off(header);
            frames.push((bytes, data));
        }
        if !frames.is_empty() {
            self.function.kick(0);
        }
        frames
    }
}
