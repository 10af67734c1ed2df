//! Making, linking and removing ports, and what the user is told of them.

use elnic_contract::{LinkState, NotReady, Readiness};
use elnic_netclient::{Loss, NetError, NetEvent, NicOptions};

use crate::far_end::{FakeClient, FarEnd, at, core, frame, nic};

#[test]
fn set_link_purges_reports_and_is_kept_apart_from_carrier() {
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    let backend = core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    core.send(nic, at(1), frame(1)).unwrap();
    far.sends([frame(2)]);
    core.poll(at(1));
    core.set_link("n0", false).unwrap();
    assert_eq!((core.queued(nic), core.queued(backend)), (0, 0));
    assert_eq!(core.stats(nic).unwrap().lost(Loss::LinkDown), 1);
    assert_eq!(core.stats(backend).unwrap().lost(Loss::LinkDown), 1);
    let down = NetEvent::Link { port: nic, state: LinkState::Down };
    assert_eq!(core.events().next().as_ref(), Some(&down));

    // The far end goes away while the administrator has the link down: `set_link` up does not bring it back.
    far.get().carrier_down = true;
    core.poll(at(2));
    core.set_link("n0", true).unwrap();
    assert_eq!(core.events().count(), 0);
    core.send(nic, at(3), frame(3)).unwrap();
    assert_eq!(core.stats(nic).unwrap().lost(Loss::LinkDown), 2);
    far.get().carrier_down = false;
    core.poll(at(4));
    let up = NetEvent::Link { port: nic, state: LinkState::Up };
    assert_eq!(core.events().collect::<Vec<_>>(), [up]);

    // Carrier lost with frames under way.
    core.send(nic, at(5), frame(4)).unwrap();
    far.get().carrier_down = true;
    core.poll(at(6));
    assert_eq!(core.events().collect::<Vec<_>>(), [down]);
    assert_eq!(core.queued(backend), 0);
}

#[test]
fn set_link_names_both_a_nic_and_a_netdev_of_that_name() {
    let (mut core, far) = (core(), FarEnd::with_credits(1));
    let backend = core.add_backend("x", far.client()).unwrap();
    let port = core.add_nic(NicOptions { id: Some("x".into()), ..nic(None) }).unwrap();
    core.set_link("x", false).unwrap();
    assert_eq!(core.link_state(backend), Some(LinkState::Down));
    assert_eq!(core.link_state(port), Some(LinkState::Down));
    assert_eq!(core.set_link("y0", false).unwrap_err().to_string(), "Device 'y0' not found");
}

#[test]
fn a_removed_netdev_pulls_the_cable_and_frees_its_id() {
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    core.send(nic, at(1), frame(1)).unwrap();
    far.sends([frame(2)]);
    core.poll(at(1));
    core.remove_netdev("n0").unwrap();
    assert_eq!(core.stats(nic).unwrap().lost(Loss::Removed), 1);
    assert_eq!(core.take(nic), None);
    assert_eq!(
        core.events().collect::<Vec<_>>(),
        [NetEvent::Link { port: nic, state: LinkState::Down }]
    );
    assert_eq!(core.remove_netdev("n0").unwrap_err().to_string(), "Device 'n0' not found");
    core.add_backend("n0", far.client()).unwrap();
    core.send(nic, at(2), frame(3)).unwrap();
    assert_eq!(core.stats(nic).unwrap().lost(Loss::NoPeer), 1);
    assert!(far.heard().is_empty());
}

#[test]
fn a_stale_port_id_finds_nothing() {
    let mut core = core();
    let gone = core.add_nic(nic(None)).unwrap();
    core.remove_nic(gone).unwrap();
    let fresh = core.add_nic(nic(None)).unwrap();
    assert_ne!(gone, fresh);
    assert_eq!(core.send(gone, at(0), frame(0)), Err(NetError::NoSuchPort(gone)));
    assert_eq!(core.take(gone), None);
}

#[test]
fn refusals_are_worded_as_qemu_words_them_and_change_nothing() {
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    core.add_backend("n0", far.client()).unwrap();
    core.add_nic(nic(Some("n0"))).unwrap();
    let before = core.info_network();
    let texts = [
        core.add_backend("n0", far.client()).unwrap_err(),
        core.add_nic(nic(Some("n0"))).unwrap_err(),
        core.add_nic(nic(Some("nope"))).unwrap_err(),
        core.add_hub_port("h0", 0, Some("n0")).unwrap_err(),
        core.add_hub_port("h0", 0, Some("n1")).unwrap_err(),
        core.remove_netdev("e1000.0").unwrap_err(),
    ]
    .map(|error| error.to_string());
    assert_eq!(
        texts,
        [
            "Duplicate ID 'n0' for netdev",
            "Property 'e1000.netdev' can't take value 'n0', it's in use",
            "Property 'e1000.netdev' can't find value 'nope'",
            "netdev 'n0' is already connected to 'e1000.0'",
            "netdev 'n1' not found; did you mean 'n0'?",
            "Device 'e1000.0' is not a netdev",
        ]
    );
    assert_eq!(core.info_network(), before);
}

#[test]
fn info_network_reads_as_in_qemu_and_shows_what_is_held() {
    let (mut core, far) = (core(), FarEnd::with_credits(0));
    core.add_backend("n0", far.client()).unwrap();
    let port = core.add_nic(nic(Some("n0"))).unwrap();
    core.add_backend("n1", far.client()).unwrap();
    assert_eq!(
        core.info_network(),
        "e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56\n \
         \\ n0: index=0,type=fake,far=test\n\
         n1: index=0,type=fake,far=test\n"
    );
    assert_eq!(core.warnings(), ["netdev n1 has no peer"]);
    core.set_readiness(port, Readiness::NotReady(NotReady::NoBuffers));
    far.sends([frame(1)]);
    core.poll(at(1));
    core.set_link("n1", false).unwrap();
    let text = core.info_network();
    assert!(text.contains("macaddr=52:54:00:12:34:56,held=1 (no receive buffers)\n"), "{text}");
    assert!(text.contains("n1: index=0,type=fake,far=test\n"), "as QEMU: nothing of links: {text}");
}

#[test]
fn the_monitor_reaches_a_client_by_its_type() {
    let (mut core, far) = (core(), FarEnd::with_credits(9));
    let port = core.add_backend("n0", far.client()).unwrap();
    assert!(core.client_mut::<FakeClient>(port).is_some());
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    assert!(core.client_mut::<FakeClient>(nic).is_none());
}
