//! What a frame costs on its way out of one NIC's ring, through the net core, into another's; and what an access costs.
//!
//! Guest RAM, net core and models are the machine's own; only the processor and the PCI function are left out. All runs
//! have `timing=off`. "1 a doorbell" is the least favourable driver: a doorbell, a descriptor and an acknowledgement for
//! each frame. "64 a doorbell" is a driver under load; figures are for each frame all the same.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use elnic_contract::{
    Access, Cx, Device, Effect, Frame, Nic, Outbox, Properties, Readiness, Silent, Size, VTime,
};
use elnic_e1000::{E1000, PROPERTIES};
use elnic_memory::{GuestRam, RamLayout};
use elnic_netclient::{Doorbell, NetConfig, NetCore, NicOptions, OffloadSupport, PortId};

const RING: u64 = 0x1000;
const DESCRIPTORS: u64 = 256;
const BUFFER: u64 = 0x8000;
const LENGTHS: [u64; 2] = [60, 1514];
const BATCHES: [u64; 2] = [1, 64];

mod reg {
    pub(super) const ICR: u64 = 0x00c0;
    pub(super) const IMS: u64 = 0x00d0;
    pub(super) const RCTL: u64 = 0x0100;
    pub(super) const TCTL: u64 = 0x0400;
    pub(super) const RDBAL: u64 = 0x2800;
    pub(super) const RDT: u64 = 0x2818;
    pub(super) const TDBAL: u64 = 0x3800;
    pub(super) const TDT: u64 = 0x3818;
    pub(super) const STATUS: u64 = 0x0008;
    pub(super) const VFTA_LAST: u64 = 0x57fc;
}

/// A controller and its machine.
struct Side {
    device: E1000,
    ram: GuestRam,
    outbox: Outbox,
    tail: u64,
}

impl Side {
    fn new() -> Self {
        let properties = Properties::parse("e1000", PROPERTIES, [("timing", "off")]);
        let layout = RamLayout::new(1 << 20).expect("a size RAM can have");
        Self {
            device: E1000::new(&properties.expect("known properties")),
            ram: GuestRam::new(layout).expect("a mebibyte is there"),
            outbox: Outbox::new(),
            tail: 0,
        }
    }

    fn enter<T>(&mut self, call: impl FnOnce(&mut E1000, &mut Cx<'_>) -> T) -> T {
        let mut log = Silent;
        let mut cx = Cx::new(VTime::ZERO, &mut self.ram, &mut self.outbox, &mut log);
        call(&mut self.device, &mut cx)
    }

    fn w32(&mut self, offset: u64, value: u64) {
        let access = Access::new(0, offset, Size::Word).expect("aligned");
        self.enter(|device, cx| device.write(cx, access, value)).expect("decoded");
    }

    fn r32(&mut self, offset: u64) -> u64 {
        let access = Access::new(0, offset, Size::Word).expect("aligned");
        self.enter(|device, cx| device.read(cx, access)).expect("decoded")
    }

    fn ring(&mut self, base: u64, length: u64, command: u64) {
        for index in 0..DESCRIPTORS {
            let at = RING + index * 16;
            self.ram.store(at, Size::Double, BUFFER).expect("RAM");
            self.ram.store(at + 8, Size::Double, length | command << 24).expect("RAM");
        }
        self.w32(base, RING);
        self.w32(base + 8, DESCRIPTORS * 16);
    }

    /// Sends frames of `length` bytes to the other controller, EOP IFCS RS.
    fn sender(length: u64) -> Self {
        let mut side = Self::new();
        side.ring(reg::TDBAL, length, 0x0b);
        side.ram.copy_in(BUFFER, &elnic_e1000::DEFAULT_MAC.0).expect("RAM");
        side.w32(reg::TCTL, 0xa);
        side
    }

    fn receiver() -> Self {
        let mut side = Self::new();
        side.ring(reg::RDBAL, 0, 0);
        side.w32(reg::RDT, DESCRIPTORS - 1);
        side.w32(reg::RCTL, 0x0400_8002);
        side
    }

    fn send(&mut self, frames: u64) {
        self.tail = (self.tail + frames) % DESCRIPTORS;
        self.w32(reg::TDT, self.tail);
    }

    fn frames(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.outbox.drain().filter_map(|effect| match effect {
            Effect::Send(frame) => Some(frame),
            _ => None,
        })
    }

    /// Gives back the descriptors of as many received frames.
    fn give_back(&mut self, frames: u64) {
        self.tail = (self.tail + frames) % DESCRIPTORS;
        self.w32(reg::RDT, (self.tail + DESCRIPTORS - 1) % DESCRIPTORS);
    }
}

fn port(core: &mut NetCore, netdev: &str) -> PortId {
    core.add_hub_port(netdev, 0, None).expect("the id is free");
    core.add_nic(NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: elnic_e1000::DEFAULT_MAC,
        netdev: Some(netdev.to_owned()),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    })
    .expect("the netdev is free")
}

fn name(length: u64, batch: u64) -> String {
    format!("{length} bytes, {batch} a doorbell")
}

fn there(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("e1000-hub-e1000");
    for (length, batch) in LENGTHS.into_iter().flat_map(|l| BATCHES.map(|b| (l, b))) {
        let mut core = NetCore::new(NetConfig::default(), Doorbell::silent());
        let (from, to) = (port(&mut core, "h0"), port(&mut core, "h1"));
        let (mut sender, mut receiver) = (Side::sender(length), Side::receiver());
        group.throughput(Throughput::Elements(batch));
        group.bench_function(name(length, batch), |bencher| {
            bencher.iter(|| {
                sender.send(batch);
                for frame in sender.frames() {
                    core.send(from, VTime::ZERO, frame).expect("the port is there");
                }
                while receiver.device.can_receive() == Readiness::Ready
                    && let Some(frame) = core.take(to)
                {
                    receiver.enter(|device, cx| device.receive(cx, &frame));
                }
                receiver.give_back(batch);
            });
        });
        let (sent, received) = (sender.device.counters(), receiver.device.counters());
        assert_eq!(sent.tx_frames, received.rx_frames, "no frame is lost");
    }
    group.finish();
}

fn out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("e1000 sends");
    for (length, batch) in LENGTHS.into_iter().flat_map(|l| BATCHES.map(|b| (l, b))) {
        let mut sender = Side::sender(length);
        group.throughput(Throughput::Elements(batch));
        group.bench_function(name(length, batch), |bencher| {
            bencher.iter(|| {
                sender.send(batch);
                assert_eq!(sender.frames().count() as u64, batch);
            });
        });
    }
    group.finish();
}

fn register(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, offset: u64) {
    let mut side = Side::new();
    group.bench_function(format!("read {what}"), |bencher| bencher.iter(|| side.r32(offset)));
    group.bench_function(format!("write {what}"), |bencher| {
        bencher.iter(|| side.w32(offset, std::hint::black_box(0)));
    });
}

fn registers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("e1000 register");
    register(&mut group, "STATUS (no hook)", reg::STATUS);
    register(&mut group, "ICR (read hook)", reg::ICR);
    register(&mut group, "IMS (interrupt line)", reg::IMS);
    register(&mut group, "VFTA[127] (array)", reg::VFTA_LAST);
    group.finish();
}

criterion_group!(benches, there, out, registers);
criterion_main!(benches);
