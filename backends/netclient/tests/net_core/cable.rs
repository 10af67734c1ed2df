//! Two ends and what moves between them: order, back-pressure, losses, offloads, the gate.

use std::collections::VecDeque;

use elnic_contract::{Checksum, Frame, GsoKind, LinkState, Offload, Segmentation, VTime};
use elnic_netclient::{
    Doorbell, InputGate, LiveGate, Loss, NetClient, NetConfig, NetCore, NetEvent, NicOptions,
    Observation, OffloadSupport, Source,
};
use etherparse::PacketBuilder;

use crate::far_end::{FarEnd, at, core, frame, frames, nic, take_all};

#[test]
fn frames_pass_in_order_in_both_directions() {
    let (mut core, far) = (core(), FarEnd::with_credits(100));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    far.sends(frames(10..20));
    core.poll(at(1));
    for tag in 0..10 {
        core.send(nic, at(2), frame(tag)).unwrap();
    }
    assert_eq!(take_all(&mut core, nic), (10..20).collect::<Vec<_>>());
    assert_eq!(far.heard(), (0..10).collect::<Vec<_>>());
    let stats = core.stats(nic).unwrap();
    assert_eq!((stats.sent_frames, stats.sent_bytes), (10, 600));
    assert_eq!((stats.received_frames, stats.received_bytes), (10, 600));
}

#[test]
fn a_source_that_can_wait_is_asked_for_what_its_peer_takes_and_no_more() {
    let config = NetConfig { window: 4, ..NetConfig::default() };
    let mut core = NetCore::new(config, Doorbell::silent());
    let far = FarEnd::with_credits(1);
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    far.sends(frames(0..10));
    core.poll(at(1));
    core.poll(at(2));
    assert_eq!((core.queued(nic), far.get().to_send.len()), (4, 6));
    core.take(nic);
    core.poll(at(3));
    assert_eq!(far.get().budgets, [0, 4, 0, 1]);
    core.poll(at(4));
    assert_eq!(take_all(&mut core, nic), [1, 2, 3, 4]);
}

#[test]
fn a_backend_without_credits_is_served_later_in_order_and_the_excess_is_lost_and_counted() {
    let config = NetConfig { queue_limit: 3, ..NetConfig::default() };
    let mut core = NetCore::new(config, Doorbell::silent());
    let far = FarEnd::with_credits(1);
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    assert_eq!(core.send_credits(nic), 1);
    for tag in 0..6 {
        core.send(nic, at(1), frame(tag)).unwrap();
    }
    assert_eq!(far.heard(), [0]);
    assert_eq!(core.send_credits(nic), 0);
    assert_eq!(core.stats(nic).unwrap().lost(Loss::QueueFull), 2);
    far.get().credits = 2;
    core.poll(at(2));
    assert_eq!(far.heard(), [0, 1, 2]);
    far.get().credits = 2;
    core.poll(at(3));
    assert_eq!(far.heard(), [0, 1, 2, 3]);
}

#[test]
fn a_client_that_takes_less_than_it_said_keeps_the_order_and_is_not_asked_in_a_loop() {
    /// Says that it takes many once it is told to say so, and takes one a call.
    struct Slow(FarEnd);
    impl NetClient for Slow {
        fn kind(&self) -> &'static str {
            "slow"
        }
        fn info(&self) -> String {
            String::new()
        }
        fn credits(&self) -> usize {
            self.0.get().credits
        }
        fn deliver(&mut self, _: VTime, frames: &mut VecDeque<Frame>) {
            self.0.get().received.extend(frames.pop_front());
        }
        fn poll(&mut self, _: VTime, _: usize, _: &mut Vec<Frame>) {}
    }
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    let backend = core.add_backend("n0", Box::new(Slow(far.clone()))).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    for tag in 0..4 {
        core.send(nic, at(1), frame(tag)).unwrap();
    }
    far.get().credits = 10;
    for heard in [vec![0], vec![0, 1], vec![0, 1, 2]] {
        core.poll(at(2));
        assert_eq!(far.heard(), heard);
    }
    assert_eq!(core.queued(backend), 1);
}

#[test]
fn without_a_peer_frames_are_lost_and_sources_do_not_grow_stale() {
    let (mut core, far) = (core(), FarEnd::with_credits(9));
    let backend = core.add_backend("n0", far.client()).unwrap();
    let lonely = core.add_nic(nic(None)).unwrap();
    assert_eq!(
        core.link_state(lonely),
        Some(LinkState::Up),
        "QEMU's NICs have a link without netdev"
    );
    core.send(lonely, at(1), frame(1)).unwrap();
    far.sends(frames(0..3));
    core.poll(at(2));
    assert_eq!(core.stats(lonely).unwrap().lost(Loss::NoPeer), 1);
    assert_eq!(core.stats(backend).unwrap().lost(Loss::NoPeer), 3);
}

#[test]
fn short_frames_are_padded_for_nics_that_ask_and_damaged_ones_stay_short() {
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    core.add_backend("n0", far.client()).unwrap();
    let mut options = nic(Some("n0"));
    let port = core.add_nic(options.clone()).unwrap();
    let short = || Frame::new(vec![7; 5], VTime::ZERO).unwrap();
    far.sends([short(), short().damaged(elnic_contract::LineError::BadFcs)]);
    core.poll(at(1));
    let padded = core.take(port).unwrap();
    assert_eq!((padded.len(), &padded.data()[..6]), (60, &[7, 7, 7, 7, 7, 0][..]));
    assert_eq!(core.take(port).unwrap().len(), 5);
    core.remove_nic(port).unwrap();
    options.pad_short = false;
    let port = core.add_nic(options).unwrap();
    far.sends([short()]);
    core.poll(at(2));
    assert_eq!(core.take(port).unwrap().len(), 5);
}

#[test]
fn a_partial_checksum_is_completed_for_a_backend_that_takes_none() {
    let (mut core, far) = (core(), FarEnd::with_credits(2));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    let checksum = Checksum::Partial { start: 34, offset: 16 };
    let offload = Offload { checksum, segmentation: None };
    core.send(nic, at(1), Frame::with_offload(vec![1; 60], at(1), offload).unwrap()).unwrap();
    let got = far.get().received.pop().unwrap();
    assert_eq!(got.offload(), Offload::default());
    // Thirteen words of 0x0101 stand from the start; their complement takes the place of the ninth.
    assert_eq!(&got.data()[50..52], &(!(13 * 0x0101_u16)).to_be_bytes());
}

#[test]
fn all_input_passes_the_gate() {
    /// Lets every second input point pass and claims that the far end is always there.
    struct Gate(bool, Vec<String>);
    impl InputGate for Gate {
        fn poll(
            &mut self,
            now: VTime,
            source: Source<'_>,
            client: &mut dyn NetClient,
            budget: usize,
            frames: &mut Vec<Frame>,
        ) -> Observation {
            self.1.push(source.name.to_owned());
            self.0 = !self.0;
            let budget = if self.0 { 0 } else { budget };
            let seen = LiveGate.poll(now, source, client, budget, frames);
            Observation { carrier: LinkState::Up, ..seen }
        }
    }
    let (mut core, far) = (core(), FarEnd::with_credits(1));
    core.set_gate(Box::new(Gate(false, Vec::new())));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    far.sends(frames(0..3));
    far.get().carrier_down = true;
    core.poll(at(1));
    assert_eq!(core.link_state(nic), Some(LinkState::Up));
    assert_eq!(take_all(&mut core, nic), [0, 1, 2]);
    far.sends(frames(3..4));
    core.poll(at(2));
    assert_eq!(core.take(nic), None);
}

#[test]
fn the_next_event_is_the_earliest_of_the_clients() {
    let (mut core, one, other) = (core(), FarEnd::default(), FarEnd::default());
    core.add_backend("n0", one.client()).unwrap();
    core.add_backend("n1", other.client()).unwrap();
    assert_eq!(core.next_event(), None);
    one.get().wake_at = Some(at(7));
    other.get().wake_at = Some(at(5));
    assert_eq!(core.next_event(), Some(at(5)));
}

/// A TCP packet of 3000 bytes to be cut.
fn large_frame() -> Frame {
    let mut data = Vec::new();
    PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(1, 2, 1_000, 4_000)
        .write(&mut data, &[0x5a; 3_000])
        .unwrap();
    let segmentation =
        Segmentation { kind: GsoKind::TcpV4, size: 1_460, header_length: 54, ecn: false };
    let checksum = Checksum::Partial { start: 34, offset: 16 };
    let offload = Offload { checksum, segmentation: Some(segmentation) };
    Frame::with_offload(data, at(1), offload).unwrap()
}

/// A TCP packet without its checksum.
fn unfinished_frame() -> Frame {
    let Offload { checksum, .. } = large_frame().offload();
    let offload = Offload { checksum, segmentation: None };
    Frame::with_offload(large_frame().data()[..60].to_vec(), at(1), offload).unwrap()
}

#[test]
fn a_large_frame_is_cut_for_a_backend_and_passes_whole_to_a_nic_that_takes_it() {
    let (mut core, far) = (core(), FarEnd::with_credits(9));
    core.add_backend("n0", far.client()).unwrap();
    core.add_hub_port("h0", 0, Some("n0")).unwrap();
    core.add_hub_port("h1", 0, None).unwrap();
    core.add_hub_port("h2", 0, None).unwrap();
    let sender = core.add_nic(nic(Some("h1"))).unwrap();
    let takes = OffloadSupport { checksum: true, tcp_v4: true, ..OffloadSupport::NONE };
    let listener = core.add_nic(NicOptions { offload: takes, ..nic(Some("h2")) }).unwrap();
    core.send(sender, at(1), large_frame()).unwrap();
    let lengths: Vec<usize> = far.get().received.iter().map(Frame::len).collect();
    assert_eq!(lengths, [54 + 1460, 54 + 1460, 54 + 80]);
    let port = core.netdev("h0").unwrap();
    assert_eq!(core.stats(port).unwrap().made_frames, 2);
    assert_eq!(core.take(listener), Some(large_frame()));
    core.set_offload(listener, OffloadSupport::NONE);
    core.send(sender, at(2), large_frame()).unwrap();
    assert_eq!(core.queued(listener), 3);
}

#[test]
fn each_end_hears_what_the_other_takes_and_when_that_changes() {
    const CHECKSUM: OffloadSupport = OffloadSupport { checksum: true, ..OffloadSupport::NONE };
    const TCP: OffloadSupport = OffloadSupport { tcp_v4: true, ..CHECKSUM };
    let (mut core, far) = (core(), FarEnd::with_credits(9));
    far.get().takes = TCP;
    core.add_backend("n0", far.client()).unwrap();
    let port = core.add_nic(nic(Some("n0"))).unwrap();
    let told = |core: &mut NetCore| -> Vec<_> {
        let told = core.events().filter_map(|event| match event {
            NetEvent::Offload { port, takes } => Some((port, takes)),
            _ => None,
        });
        told.collect()
    };
    assert_eq!(told(&mut core), [(port, TCP)]);
    assert_eq!((core.offload_beyond(port), far.get().peer), (TCP, OffloadSupport::NONE));
    core.set_offload(port, CHECKSUM);
    assert_eq!((told(&mut core), far.get().peer), (vec![], CHECKSUM));
    core.remove_netdev("n0").unwrap();
    assert_eq!(told(&mut core), [(port, OffloadSupport::NONE)]);
}

#[test]
fn behind_a_hub_what_any_listener_takes_counts_and_each_gets_what_suits_him() {
    let (mut core, plain, taking) = (core(), FarEnd::with_credits(9), FarEnd::with_credits(9));
    taking.get().takes = OffloadSupport::ALL;
    for (name, far) in [("n0", &plain), ("n1", &taking)] {
        core.add_backend(name, far.client()).unwrap();
        core.add_hub_port(&format!("h{name}"), 0, Some(name)).unwrap();
    }
    core.add_hub_port("h", 0, None).unwrap();
    let port = core.add_nic(nic(Some("h"))).unwrap();
    assert_eq!(core.offload_beyond(port), OffloadSupport::ALL);
    for whole in [unfinished_frame(), large_frame()] {
        core.send(port, at(1), whole.clone()).unwrap();
        assert_eq!(taking.get().received, std::slice::from_ref(&whole));
        let finished = std::mem::take(&mut plain.get().received);
        assert_eq!(finished, elnic_wire::offload::materialise(&whole).unwrap());
        taking.get().received.clear();
    }
    core.remove_netdev("n1").unwrap();
    assert_eq!(core.offload_beyond(port), OffloadSupport::NONE);
}

#[test]
fn a_frame_whose_metadata_lies_is_lost_and_counted() {
    let (mut core, far) = (core(), FarEnd::with_credits(9));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    let lie = Frame::with_offload(vec![0; 99], at(1), large_frame().offload()).unwrap();
    core.send(nic, at(1), lie).unwrap();
    assert_eq!(core.stats(nic).unwrap().lost(Loss::Unfinished), 1);
    assert!(far.heard().is_empty());
}
