//! Hubs: fan-out, the slow listener, rings, wiring.

use elnic_netclient::{Doorbell, Loss, NetConfig, NetCore};

use crate::far_end::{FarEnd, at, core, frame, frames, nic, take_all};

#[test]
fn a_frame_goes_out_of_every_port_but_the_one_it_came_in_by() {
    let (mut core, one, other) = (core(), FarEnd::with_credits(9), FarEnd::with_credits(9));
    core.add_backend("n1", one.client()).unwrap();
    core.add_backend("n2", other.client()).unwrap();
    core.add_hub_port("h0", 3, None).unwrap();
    core.add_hub_port("h1", 3, Some("n1")).unwrap();
    core.add_hub_port("h2", 3, Some("n2")).unwrap();
    let nic = core.add_nic(nic(Some("h0"))).unwrap();
    core.send(nic, at(1), frame(7)).unwrap();
    one.sends([frame(8)]);
    core.poll(at(2));
    assert_eq!((one.heard(), other.heard()), (vec![7], vec![7, 8]));
    assert_eq!(take_all(&mut core, nic), [8]);
    assert_eq!(
        one.get().received[0].data().as_ptr(),
        other.get().received[0].data().as_ptr(),
        "copies share their bytes"
    );
}

#[test]
fn a_slow_listener_loses_beyond_the_limit_and_does_not_hold_the_others() {
    let config = NetConfig { queue_limit: 5, window: 4, ..NetConfig::default() };
    let mut core = NetCore::new(config, Doorbell::silent());
    let [source, fast, slow] =
        [FarEnd::with_credits(0), FarEnd::with_credits(100), FarEnd::with_credits(0)];
    for (id, far) in [("n0", &source), ("n1", &fast), ("n2", &slow)] {
        core.add_backend(id, far.client()).unwrap();
        core.add_hub_port(&format!("h{id}"), 0, Some(id)).unwrap();
    }
    source.sends(frames(0..20));
    for time in 0..10 {
        core.poll(at(time));
    }
    assert_eq!(fast.heard(), (0..20).collect::<Vec<_>>());
    let port = core.netdev("hn2").unwrap();
    assert_eq!(core.stats(port).unwrap().lost(Loss::QueueFull), 15);
    slow.get().credits = 100;
    core.poll(at(11));
    assert_eq!(slow.heard(), [0, 1, 2, 3, 4]);
}

#[test]
fn when_all_listeners_are_slow_the_source_waits() {
    let (mut core, source, slow) = (core(), FarEnd::with_credits(0), FarEnd::with_credits(0));
    core.add_backend("n0", source.client()).unwrap();
    core.add_backend("n1", slow.client()).unwrap();
    core.add_hub_port("h0", 0, Some("n0")).unwrap();
    core.add_hub_port("h1", 0, Some("n1")).unwrap();
    source.sends(frames(0..3));
    core.poll(at(1));
    assert_eq!(source.get().to_send.len(), 3);
    slow.get().credits = 2;
    core.poll(at(2));
    core.poll(at(3));
    assert_eq!(slow.heard(), [0, 1]);
    assert_eq!(source.get().to_send.len(), 1);
}

#[test]
fn two_sources_of_one_hub_share_a_listener_fairly() {
    let config = NetConfig { window: 2, ..NetConfig::default() };
    let mut core = NetCore::new(config, Doorbell::silent());
    let [one, other] = [FarEnd::with_credits(1000), FarEnd::with_credits(1000)];
    core.add_backend("n0", one.client()).unwrap();
    core.add_backend("n1", other.client()).unwrap();
    core.add_hub_port("h0", 0, Some("n0")).unwrap();
    core.add_hub_port("h1", 0, Some("n1")).unwrap();
    core.add_hub_port("h2", 0, None).unwrap();
    let nic = core.add_nic(nic(Some("h2"))).unwrap();
    // Neither hears the other, so that only the NIC's room counts.
    one.get().credits = 0;
    other.get().credits = 0;
    core.poll(at(0));
    one.sends(frames([1; 100]));
    other.sends(frames([2; 100]));
    let mut heard = Vec::new();
    for time in 0..50 {
        core.poll(at(time));
        heard.extend(take_all(&mut core, nic));
    }
    let ones = heard.iter().filter(|tag| **tag == 1).count();
    assert!((heard.len() / 3..=heard.len() * 2 / 3).contains(&ones), "{ones} of {}", heard.len());
}

#[test]
fn hubs_in_a_ring_circulate_frames_in_bounded_work_and_without_recursion() {
    let config = NetConfig { queue_limit: 50, work_limit: 1_000, ..NetConfig::default() };
    let mut core = NetCore::new(config, Doorbell::silent());
    for (one, other) in [("a1", "b1"), ("a2", "b2")] {
        core.add_hub_port(one, 0, None).unwrap();
        core.add_hub_port(other, 1, Some(one)).unwrap();
    }
    core.add_hub_port("in", 0, None).unwrap();
    let nic = core.add_nic(nic(Some("in"))).unwrap();
    core.send(nic, at(1), frame(1)).unwrap();
    assert!(core.send_credits(nic) > 0, "the search for room ends in a ring");
    assert_eq!(
        core.next_event(),
        Some(at(1)),
        "the rest of the work waits for the next input point"
    );
    core.poll(at(2));
    assert!(core.queued(nic) > 2);
    core.remove_netdev("b1").unwrap();
    for time in 3..9 {
        core.poll(at(time));
    }
    assert_eq!(core.next_event(), None, "once the ring is cut the storm dies");
}

#[test]
fn one_netdev_on_two_hub_ports_is_refused() {
    let (mut core, far) = (core(), FarEnd::default());
    core.add_backend("n0", far.client()).unwrap();
    core.add_hub_port("h0", 0, Some("n0")).unwrap();
    let error = core.add_hub_port("h1", 1, Some("n0")).unwrap_err();
    assert_eq!(error.to_string(), "netdev 'n0' is already connected to 'h0'");
}

#[test]
fn info_network_prints_hubs_first_newest_port_first() {
    let (mut core, far) = (core(), FarEnd::default());
    core.add_backend("n0", far.client()).unwrap();
    core.add_hub_port("h0", 0, Some("n0")).unwrap();
    core.add_hub_port("h1", 0, None).unwrap();
    core.add_hub_port("h2", 0, None).unwrap();
    core.add_nic(nic(Some("h1"))).unwrap();
    assert_eq!(
        core.info_network(),
        "hub 0\n \
         \\ h2\n \
         \\ h1: e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56\n \
         \\ h0: n0: index=0,type=fake,far=test\n"
    );
    assert_eq!(core.warnings(), ["hub port h2 has no peer"]);
    core.remove_netdev("n0").unwrap();
    assert_eq!(
        core.warnings(),
        [
            "hub port h0 has no peer",
            "hub port h2 has no peer",
            "hub 0 is not connected to host network"
        ]
    );
}
