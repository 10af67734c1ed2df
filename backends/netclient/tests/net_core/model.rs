//! Random histories of a core, held to the reference after every step; and the books, which must balance.

use elnic_contract::LinkState;
use elnic_netclient::{Doorbell, Loss, NetConfig, NetCore, NicOptions, PortId};
use proptest::prelude::*;

use crate::far_end::{FarEnd, at, frame, nic, tag};
use crate::reference::{Kind, LIMIT, Reference, WINDOW};

/// The netdevs of the histories: three backends, and hub ports some of which take a backend.
const BACKENDS: [&str; 3] = ["a", "b", "c"];
const HUB_PORTS: [(&str, Option<&str>); 4] =
    [("h", None), ("ha", Some("a")), ("hb", Some("b")), ("hc", Some("c"))];

/// One step; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    AddBackend(usize),
    AddHubPort(usize),
    AddNic(usize),
    RemoveNetdev(usize),
    RemoveNic(usize),
    NicSends(usize),
    NicTakes(usize, usize),
    FarSends(usize, usize),
    FarTakes(usize, usize),
    Carrier(usize, bool),
    SetLink(usize, bool),
    Poll,
}

fn step() -> impl Strategy<Value = Step> {
    let pick = 0..8_usize;
    prop_oneof![
        2 => pick.clone().prop_map(Step::AddBackend),
        2 => pick.clone().prop_map(Step::AddHubPort),
        2 => pick.clone().prop_map(Step::AddNic),
        1 => pick.clone().prop_map(Step::RemoveNetdev),
        1 => pick.clone().prop_map(Step::RemoveNic),
        8 => pick.clone().prop_map(Step::NicSends),
        4 => (pick.clone(), 1..5_usize).prop_map(|(nic, count)| Step::NicTakes(nic, count)),
        6 => (pick.clone(), 1..8_usize).prop_map(|(far, count)| Step::FarSends(far, count)),
        4 => (pick.clone(), 0..6_usize).prop_map(|(far, count)| Step::FarTakes(far, count)),
        1 => (pick.clone(), any::<bool>()).prop_map(|(far, up)| Step::Carrier(far, up)),
        2 => (pick, any::<bool>()).prop_map(|(port, up)| Step::SetLink(port, up)),
        8 => Just(Step::Poll),
    ]
}

struct Pair {
    core: NetCore,
    reference: Reference,
    /// By the reference's numbering.
    ids: Vec<PortId>,
    fars: Vec<Option<FarEnd>>,
    time: u64,
    tag: u8,
}

impl Pair {
    fn new() -> Self {
        let config = NetConfig { queue_limit: LIMIT, window: WINDOW, ..NetConfig::default() };
        Self {
            core: NetCore::new(config, Doorbell::silent()),
            reference: Reference::default(),
            ids: Vec::new(),
            fars: Vec::new(),
            time: 0,
            tag: 0,
        }
    }

    fn next_tag(&mut self) -> u8 {
        self.tag = self.tag.wrapping_add(1);
        self.tag
    }

    /// The `choice`th living port that is `wanted`, round and round.
    fn choose(&self, choice: usize, wanted: impl Fn(&Kind) -> bool) -> Option<usize> {
        let ports = self.reference.ports.iter().enumerate();
        let fit: Vec<usize> =
            ports.filter(|(_, port)| port.alive && wanted(&port.kind)).map(|(id, _)| id).collect();
        fit.get(choice.checked_rem(fit.len())?).copied()
    }

    fn added(&mut self, id: PortId, far: Option<FarEnd>) {
        self.ids.push(id);
        self.fars.push(far);
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::AddBackend(choice) => {
                let name = BACKENDS[choice % BACKENDS.len()];
                let far = FarEnd::with_credits(2);
                let added = self.core.add_backend(name, far.client());
                assert_eq!(added.is_err(), self.reference.netdev(name).is_some());
                if let Ok(id) = added {
                    let port = self.reference.add(name, Kind::Backend, None);
                    self.reference.ports[port].credits = 2;
                    self.reference.observe(port);
                    self.added(id, Some(far));
                }
            }
            Step::AddHubPort(choice) => {
                let (name, netdev) = HUB_PORTS[choice % HUB_PORTS.len()];
                let peer = netdev.map(|netdev| self.reference.netdev(netdev));
                let free = match peer {
                    None => true,
                    Some(peer) => peer.is_some_and(|id| self.reference.ports[id].peer.is_none()),
                };
                let can = free && self.reference.netdev(name).is_none();
                let added = self.core.add_hub_port(name, 0, netdev);
                assert_eq!(added.is_ok(), can);
                if let Ok(id) = added {
                    self.reference.add(name, Kind::HubPort, peer.flatten());
                    self.added(id, None);
                }
            }
            Step::AddNic(choice) => {
                let netdev = self.choose(choice, |kind| *kind != Kind::Nic);
                let name = netdev.map(|id| self.reference.ports[id].name.clone());
                let can = netdev.is_none_or(|id| self.reference.ports[id].peer.is_none());
                let id = Some(format!("nic{}", self.ids.len()));
                let options = NicOptions { id: id.clone(), ..nic(name.as_deref()) };
                let added = self.core.add_nic(options);
                assert_eq!(added.is_ok(), can);
                if let (Ok(port), Some(id)) = (added, id) {
                    self.reference.add(&id, Kind::Nic, netdev);
                    self.added(port, None);
                }
            }
            Step::RemoveNetdev(choice) => {
                let Some(id) = self.choose(choice, |kind| *kind != Kind::Nic) else { return };
                self.core.remove_netdev(&self.reference.ports[id].name).unwrap();
                self.reference.remove(id);
            }
            Step::RemoveNic(choice) => {
                let Some(id) = self.choose(choice, |kind| *kind == Kind::Nic) else { return };
                self.core.remove_nic(self.ids[id]).unwrap();
                self.reference.remove(id);
            }
            Step::NicSends(choice) => {
                let Some(id) = self.choose(choice, |kind| *kind == Kind::Nic) else { return };
                let tag = self.next_tag();
                self.core.send(self.ids[id], at(self.time), frame(tag)).unwrap();
                self.reference.send(id, tag);
            }
            Step::NicTakes(choice, count) => {
                let Some(id) = self.choose(choice, |kind| *kind == Kind::Nic) else { return };
                for _ in 0..count {
                    let wanted = self.reference.ports[id].queue.pop_front();
                    self.reference.ports[id].received += u64::from(wanted.is_some());
                    assert_eq!(self.core.peek(self.ids[id]).map(tag), wanted);
                    assert_eq!(self.core.take(self.ids[id]).as_ref().map(tag), wanted);
                }
            }
            Step::FarSends(choice, count) => {
                let Some((id, far)) = self.far(choice) else { return };
                for _ in 0..count {
                    let tag = self.next_tag();
                    far.sends([frame(tag)]);
                    self.reference.ports[id].to_send.push_back(tag);
                }
            }
            Step::FarTakes(choice, count) => {
                let Some((id, far)) = self.far(choice) else { return };
                far.get().credits = count;
                self.reference.ports[id].credits = count;
            }
            Step::Carrier(choice, up) => {
                let Some((id, far)) = self.far(choice) else { return };
                far.get().carrier_down = !up;
                self.reference.ports[id].far_carrier_up = up;
            }
            Step::SetLink(choice, up) => {
                let Some(id) = self.choose(choice, |_| true) else { return };
                self.core.set_link(&self.reference.ports[id].name, up).unwrap();
                self.reference.set_link(id, up);
            }
            Step::Poll => {
                self.time += 1;
                self.core.poll(at(self.time));
                self.reference.poll();
            }
        }
    }

    fn far(&self, choice: usize) -> Option<(usize, FarEnd)> {
        let id = self.choose(choice, |kind| *kind == Kind::Backend)?;
        Some((id, self.fars[id].clone()?))
    }

    /// The core is in the reference's state, as far as anyone can see.
    fn compare(&self) {
        for (number, wanted) in self.reference.ports.iter().enumerate() {
            let id = self.ids[number];
            let Some(stats) = self.core.stats(id) else {
                assert!(!wanted.alive, "{} is there", wanted.name);
                continue;
            };
            assert!(wanted.alive, "{} is gone", wanted.name);
            let name = &wanted.name;
            assert_eq!(self.core.queued(id), wanted.queue.len(), "queue of {name}");
            assert_eq!((stats.sent_frames, stats.made_frames), (wanted.sent, 0), "sent by {name}");
            assert_eq!(stats.received_frames, wanted.received, "received by {name}");
            let lost = Loss::ALL.map(|reason| stats.lost(reason));
            assert_eq!(lost, wanted.lost, "lost by {name}");
            let up = self.core.link_state(id) == Some(LinkState::Up);
            assert_eq!(up, self.reference.link_is_up(number), "link of {name}");
            if let Some(far) = &self.fars[number] {
                assert_eq!(far.heard(), wanted.heard, "order at {name}");
            }
        }
        let (sent, accounted) = self.reference.balance();
        assert_eq!(sent, accounted, "the books balance");
        assert_eq!(self.core.next_event(), None, "no work is left behind");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_core_does_what_the_reference_does(steps in proptest::collection::vec(step(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.run(step);
            pair.compare();
        }
    }

    /// The board hears of every change of a NIC's link, once, and of nothing else.
    #[test]
    fn events_tell_the_state_of_every_link(steps in proptest::collection::vec(step(), 1..80)) {
        let mut pair = Pair::new();
        let mut known: std::collections::BTreeMap<PortId, LinkState> = Default::default();
        for step in &steps {
            let before = pair.ids.len();
            pair.run(step);
            for id in pair.ids.get(before..).unwrap_or_default() {
                known.insert(*id, pair.core.link_state(*id).unwrap());
            }
            for event in pair.core.events().collect::<Vec<_>>() {
                let elnic_netclient::NetEvent::Link { port, state } = event else {
                    panic!("no filter is there to fail: {event:?}")
                };
                prop_assert_ne!(known.insert(port, state), Some(state));
            }
            for (number, id) in pair.ids.iter().enumerate() {
                let port = &pair.reference.ports[number];
                if port.alive && port.kind == Kind::Nic {
                    prop_assert_eq!(pair.core.link_state(*id), known.get(id).copied());
                }
            }
        }
    }
}
