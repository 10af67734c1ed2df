//! The receive filter against an independent reading of the manual, and the report of it (SDM 13.4.22, 13.5).

#![expect(
    clippy::disallowed_types,
    reason = "prop_oneof! shares its arms; no device is made of them"
)]

mod harness;

use elnic_contract::{MacAddr, Nic, ReceiveMode, Verdict};
use harness::{MAC, Machine, PEER, frame_to, reg};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// A situation for the filter: registers and a frame's header.
#[derive(Clone, Debug)]
struct Case {
    upe: bool,
    mpe: bool,
    bam: bool,
    vfe: bool,
    cfien: bool,
    cfi: bool,
    mo: u8,
    stations: Vec<(MacAddr, u8, bool)>,
    hashes: Vec<u16>,
    vlans: Vec<u16>,
    destination: MacAddr,
    source: MacAddr,
    tag: Option<u16>,
}

impl Case {
    /// Accepted, and whether only by hash. Written from the manual's words, not from the model.
    fn expected(&self) -> Option<bool> {
        if self.vfe
            && let Some(tci) = self.tag
        {
            if self.cfien && (tci & 0x1000 != 0) != self.cfi {
                return None;
            }
            if !self.vlans.contains(&(tci & 0xfff)) {
                return None;
            }
        }
        let group = self.destination.0[0] & 1 == 1;
        let broadcast = self.destination.0 == [0xff; 6];
        let exact = self.stations.iter().any(|(address, select, valid)| {
            *valid
                && match select {
                    0 => *address == self.destination,
                    1 => *address == self.source,
                    _ => false,
                }
        });
        if (!group && self.upe) || (group && self.mpe) || (broadcast && self.bam) || exact {
            return Some(false);
        }
        // The address as a number whose bit 0 is the first on the cable; the hash is 12 of its bits.
        let number =
            self.destination.0.iter().rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        let lowest = [36, 35, 34, 32][usize::from(self.mo)];
        let hash = (number >> lowest & 0xfff) as u16;
        (group && !broadcast && self.hashes.contains(&hash)).then_some(true)
    }

    fn set_up(&self) -> Machine {
        let mut machine = Machine::off();
        self.set_up_on(&mut machine);
        machine
    }

    /// Resets and sets up.
    fn set_up_on(&self, machine: &mut Machine) {
        machine.w32(reg::CTRL, 0x0414_0240);
        machine.w32(reg::VET, 0x8100);
        machine.w32(reg::RAH, 0);
        for (index, (address, select, valid)) in self.stations.iter().enumerate() {
            let [a, b, c, d, e, f] = address.0;
            let high = u32::from_le_bytes([e, f, 0, 0])
                | u32::from(*select) << 16
                | u32::from(*valid) << 31;
            machine.w32(reg::RAL + index as u64 * 8, u32::from_le_bytes([a, b, c, d]));
            machine.w32(reg::RAH + index as u64 * 8, high);
        }
        let set = |machine: &mut Machine, table: u64, bit: u16| {
            let at = table + u64::from(bit >> 5) * 4;
            let word = machine.r32(at);
            machine.w32(at, word | 1 << (bit & 31));
        };
        for hash in &self.hashes {
            set(machine, reg::MTA, *hash);
        }
        for vlan in &self.vlans {
            set(machine, reg::VFTA, *vlan);
        }
        let rctl = 0x0400_0002
            | u32::from(self.upe) << 3
            | u32::from(self.mpe) << 4
            | u32::from(self.mo) << 12
            | u32::from(self.bam) << 15
            | u32::from(self.vfe) << 18
            | u32::from(self.cfien) << 19
            | u32::from(self.cfi) << 20;
        machine.start_receiver(8, rctl);
    }

    fn frame(&self) -> Vec<u8> {
        let mut frame = frame_to(self.destination, 80);
        frame[6..12].copy_from_slice(&self.source.0);
        if let Some(tci) = self.tag {
            frame.splice(12..12, [[0x81, 0], tci.to_be_bytes()].concat());
        }
        frame
    }
}

/// Few addresses, so that they meet.
fn address() -> impl Strategy<Value = MacAddr> {
    prop_oneof![
        Just(MAC),
        Just(PEER),
        Just(MacAddr::BROADCAST),
        (0..4_u8, 0..4_u8).prop_map(|(a, b)| MacAddr([0x01, 0, 0x5e, a, b << 4 | a, b << 5])),
        (0..3_u8).prop_map(|a| MacAddr([0x02, 0, 0, 0, 0, a])),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let flags = any::<(bool, bool, bool, bool, bool, bool)>();
    let stations = prop::collection::vec((address(), 0..4_u8, any::<bool>()), 0..16);
    let hashes = prop::collection::vec(prop_oneof![0..0x1000_u16, Just(0), Just(0xfff)], 0..6);
    let vlans = prop::collection::vec(0..8_u16, 0..4);
    let tag = prop::option::of((0..8_u16, any::<bool>(), 0..8_u16));
    (flags, 0..4_u8, stations, hashes, vlans, address(), address(), tag, any::<bool>()).prop_map(
        |(flags, mo, stations, mut hashes, vlans, destination, source, tag, aimed)| {
            if aimed {
                let number =
                    destination.0.iter().rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
                hashes.push((number >> [36, 35, 34, 32][usize::from(mo)] & 0xfff) as u16);
            }
            Case {
                upe: flags.0,
                mpe: flags.1,
                bam: flags.2,
                vfe: flags.3,
                cfien: flags.4,
                cfi: flags.5,
                mo,
                stations,
                hashes,
                vlans,
                destination,
                source,
                tag: tag.map(|(vid, cfi, priority)| vid | u16::from(cfi) << 12 | priority << 13),
            }
        },
    )
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Cases of the filter against the reference.
const CASES: u32 = 100_000;

#[test]
fn the_filter_does_what_the_manual_says() {
    let mut machine = Machine::off();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config(CASES), rng);
    let strategy = case();
    let mut passed = 0_u32;
    for _ in 0..CASES {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        case.set_up_on(&mut machine);
        let verdict = machine.receive(&case.frame());
        let expected = case.expected();
        assert_eq!(verdict == Verdict::Taken, expected.is_some(), "{verdict:?}: {case:?}");
        if let Some(inexact) = expected {
            passed += 1;
            assert_eq!(machine.rx_descriptor(0).status & 0x80 != 0, inexact, "PIF: {case:?}");
        }
    }
    assert!((CASES / 4..CASES / 4 * 3).contains(&passed), "{passed} of {CASES} passed the filter");
}

proptest! {
    #![proptest_config(config(4096))]

    #[test]
    fn what_the_report_excludes_is_not_received(case in case()) {
        let mut machine = case.set_up();
        let report = machine.device.rx_filter();
        let taken = machine.receive(&case.frame()) == Verdict::Taken;
        let destination = case.destination;
        let by_source = case.stations.iter().any(|(address, select, valid)| {
            *valid && *select == 1 && *address == case.source
        });
        let mode = if destination.is_group() { report.multicast } else { report.unicast };
        let table = if destination.is_group() { &report.multicast_table } else { &report.unicast_table };
        let listed = table.contains(&destination) || destination == report.main_mac;
        let address = match mode {
            ReceiveMode::All => true,
            ReceiveMode::None => false,
            ReceiveMode::Normal => listed || (destination.is_multicast() && report.multicast_overflow),
        } || listed || (destination.is_broadcast() && report.broadcast_allowed) || by_source;
        let vlan = match (case.tag, report.vlan) {
            (None, _) | (_, ReceiveMode::All) => true,
            (Some(tci), ReceiveMode::Normal) => report.vlan_table.contains(&(tci & 0xfff)),
            (Some(_), ReceiveMode::None) => false,
        };
        prop_assert!(!taken || (address && vlan), "{:?}", report);
    }
}

#[test]
fn the_report_is_announced_only_when_it_differs() {
    let mut machine = Machine::off();
    machine.w32(reg::RCTL, 2);
    assert_eq!(machine.filter_changes, 0, "enabling alone changes nothing");
    machine.w32(reg::RCTL, 0x8002);
    assert_eq!(machine.filter_changes, 1);
    for index in 0..128 {
        machine.w32(reg::MTA + index * 4, 0);
    }
    assert_eq!(machine.filter_changes, 1);
    machine.w32(reg::MTA, 1);
    machine.w32(reg::MTA, 3);
    assert_eq!(machine.filter_changes, 2, "hash bits cannot be told apart");
    machine.w32(reg::VFTA, 1);
    assert_eq!(machine.filter_changes, 2, "the VLAN table does not count while VFE is off");
    machine.w32(reg::RCTL, 0x4_8002);
    assert_eq!(machine.filter_changes, 3);
    machine.w32(reg::CTRL, 0x0414_0240);
    assert_eq!(machine.filter_changes, 4, "a reset changes it too");
}

#[test]
fn the_report_names_what_is_let_through() {
    let mut machine = Machine::off();
    let fresh = machine.device.rx_filter();
    assert_eq!(fresh.main_mac, MAC);
    assert_eq!((fresh.unicast, fresh.multicast), (ReceiveMode::Normal, ReceiveMode::None));
    assert_eq!((fresh.vlan, fresh.broadcast_allowed), (ReceiveMode::All, false));
    machine.w32(reg::RAL + 8, 0x0302_0102);
    machine.w32(reg::RAH + 8, 0x8000_0504);
    machine.w32(reg::RAL + 16, 0x005e_0001);
    machine.w32(reg::RAH + 16, 0x8000_fb00);
    machine.w32(reg::RCTL, 0x4_801a);
    let report = machine.device.rx_filter();
    assert!(report.promiscuous && report.broadcast_allowed);
    assert_eq!(report.unicast_table, [MacAddr([2, 1, 2, 3, 4, 5])]);
    assert_eq!(report.multicast_table, [MacAddr([1, 0, 0x5e, 0, 0, 0xfb])]);
    assert_eq!((report.unicast, report.vlan), (ReceiveMode::All, ReceiveMode::None));
    machine.w32(reg::VFTA + 4, 0x8000_0001);
    assert_eq!(machine.device.rx_filter().vlan_table, [32, 63]);
    machine.w32(reg::RAL, 0x4433_2202);
    assert_eq!(machine.device.mac(), MacAddr([2, 0x22, 0x33, 0x44, 0x34, 0x56]));
}
