//! Nanoseconds a frame through the core alone: NIC to NIC through a hub, and NIC to a netdev that takes everything.

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use elnic_contract::{Frame, VTime};
use elnic_netclient::{
    Doorbell, NetClient, NetConfig, NetCore, NicOptions, OffloadSupport, PortId,
};

struct Sink;

impl NetClient for Sink {
    fn kind(&self) -> &'static str {
        "sink"
    }

    fn info(&self) -> String {
        String::new()
    }

    fn credits(&self) -> usize {
        usize::MAX
    }

    fn deliver(&mut self, _now: VTime, frames: &mut VecDeque<Frame>) {
        frames.clear();
    }

    fn poll(&mut self, _now: VTime, _budget: usize, _out: &mut Vec<Frame>) {}
}

fn nic(core: &mut NetCore, netdev: &str) -> PortId {
    core.add_nic(NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().expect("a MAC address"),
        netdev: Some(netdev.to_owned()),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    })
    .expect("the netdev is free")
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    group.throughput(Throughput::Elements(1));
    for length in [60, 1514] {
        let frame = Frame::new(vec![0x5a; length], VTime::ZERO).expect("a frame");

        let mut core = NetCore::new(NetConfig::default(), Doorbell::silent());
        for id in ["h0", "h1"] {
            core.add_hub_port(id, 0, None).expect("the id is free");
        }
        let (from, to) = (nic(&mut core, "h0"), nic(&mut core, "h1"));
        group.bench_function(format!("nic-hub-nic/{length}"), |bencher| {
            bencher.iter(|| {
                core.send(from, VTime::ZERO, frame.clone()).expect("the port is there");
                black_box(core.take(to)).expect("the frame came through")
            });
        });

        let mut core = NetCore::new(NetConfig::default(), Doorbell::silent());
        core.add_backend("n0", Box::new(Sink)).expect("the id is free");
        let from = nic(&mut core, "n0");
        group.bench_function(format!("nic-netdev/{length}"), |bencher| {
            bencher.iter(|| {
                core.send(from, VTime::ZERO, frame.clone()).expect("the port is there");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
