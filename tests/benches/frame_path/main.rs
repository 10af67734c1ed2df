//! What a frame costs on its way out of one NIC's ring, through the net core, into another's; the sending half alone; and
//! what an access costs.
//!
//! Guest RAM, net core and models are the machine's own; only the processor and the PCI function are left out. All runs
//! have `timing=off`. "1 a doorbell" is the least favourable driver: a doorbell, a descriptor and an acknowledgement for
//! each frame. The other batch is a driver under load; figures are for each frame all the same.

mod e1000;
mod machine;
mod rtl8139;
mod virtio;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use elnic_contract::{Device, MacAddr, Nic, Readiness, VTime};
use elnic_netclient::{Doorbell, NetConfig, NetCore, NicOptions, OffloadSupport, PortId};

use crate::e1000::{Intel, reg};
use crate::machine::Machine;
use crate::rtl8139::Realtek;
use crate::virtio::Virtio;

/// Rings and descriptors.
pub(crate) const RING: u64 = 0x1_0000;
/// The frame that is sent over and over; also where frames are received.
pub(crate) const BUFFER: u64 = 0x2_0000;
/// The station address of all.
const MAC: MacAddr = elnic_e1000::DEFAULT_MAC;
const LENGTHS: [u64; 2] = [60, 1514];

/// A driver of one kind of NIC, and its machine.
pub(crate) trait Driver {
    type Device: Nic + Device;

    const NAME: &'static str;
    /// Frames a doorbell.
    const BATCHES: [u64; 2];

    fn machine(&mut self) -> &mut Machine<Self::Device>;

    fn nic(&self) -> &dyn Nic;

    /// Ready to send frames of `length` bytes that stand at [`BUFFER`].
    fn sender(length: u64) -> Self;

    /// Ready to receive.
    fn receiver() -> Self;

    /// Hands over so many frames.
    fn send(&mut self, frames: u64);

    /// Gives back the room of so many received frames.
    fn give_back(&mut self, frames: u64);
}

/// A sender, with a frame for the receiver.
fn sender<D: Driver>(length: u64) -> D {
    let mut sender = D::sender(length);
    sender.machine().ram.copy_in(BUFFER, &MAC.0).expect("RAM");
    sender
}

fn port(core: &mut NetCore, netdev: &str) -> PortId {
    core.add_hub_port(netdev, 0, None).expect("the id is free");
    core.add_nic(NicOptions {
        id: None,
        model: "nic".to_owned(),
        mac: MAC,
        netdev: Some(netdev.to_owned()),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    })
    .expect("the netdev is free")
}

fn runs<D: Driver>() -> impl Iterator<Item = (u64, u64, String)> {
    let runs = LENGTHS.into_iter().flat_map(|length| D::BATCHES.map(|batch| (length, batch)));
    runs.map(|(length, batch)| (length, batch, format!("{length} bytes, {batch} a doorbell")))
}

fn there<D: Driver>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("{0} to hub to {0}", D::NAME));
    for (length, batch, name) in runs::<D>() {
        let mut core = NetCore::new(NetConfig::default(), Doorbell::silent());
        let (from, to) = (port(&mut core, "h0"), port(&mut core, "h1"));
        let (mut sender, mut receiver) = (sender::<D>(length), D::receiver());
        group.throughput(Throughput::Elements(batch));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                sender.send(batch);
                for frame in sender.machine().frames() {
                    core.send(from, VTime::ZERO, frame).expect("the port is there");
                }
                while receiver.nic().can_receive() == Readiness::Ready
                    && let Some(frame) = core.take(to)
                {
                    receiver.machine().enter(|device, cx| device.receive(cx, &frame));
                }
                receiver.give_back(batch);
                receiver.machine().frames().for_each(drop);
            });
        });
        let (sent, received) = (sender.nic().counters(), receiver.nic().counters());
        assert!(sent.tx_frames > 0);
        assert_eq!(sent.tx_frames, received.rx_frames, "no frame is lost");
    }
    group.finish();
}

fn out<D: Driver>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("{} sends", D::NAME));
    for (length, batch, name) in runs::<D>() {
        let mut sender = sender::<D>(length);
        group.throughput(Throughput::Elements(batch));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                sender.send(batch);
                assert_eq!(sender.machine().frames().count() as u64, batch);
            });
        });
    }
    group.finish();
}

fn register(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, offset: u64) {
    let mut nic = Intel::new();
    group.bench_function(format!("read {what}"), |bencher| bencher.iter(|| nic.r32(offset)));
    group.bench_function(format!("write {what}"), |bencher| {
        bencher.iter(|| nic.w32(offset, std::hint::black_box(0)));
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

criterion_group!(
    benches,
    there::<Intel>,
    out::<Intel>,
    there::<Realtek<false>>,
    out::<Realtek<false>>,
    there::<Realtek<true>>,
    out::<Realtek<true>>,
    there::<Virtio>,
    out::<Virtio>,
    registers
);
criterion_main!(benches);
