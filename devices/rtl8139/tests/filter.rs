//! The receive filter against a reference of its own, and the report of it (DS RCR, MAR).
mod harness;

use elnic_contract::{DropReason, MacAddr, ReceiveMode, Reset, RxFilter, Verdict};
use elnic_script::Event;
use harness::{GROUP, MAC, Machine, PEER, RECEIVE, TRANSMIT, frame_to, reg};
use proptest::prelude::*;

/// What the data sheet says of RCR and MAR, bit by bit: accepted or not, and the status.
fn reference(rcr: u32, mar: u64, destination: [u8; 6]) -> Option<u16> {
    let bit = |n: u32| rcr >> n & 1 != 0;
    if destination == [0xff; 6] {
        return bit(3).then_some(1 << 13);
    }
    if destination[0] & 1 != 0 {
        let mut crc = u32::MAX;
        for byte in destination {
            for n in 0..8 {
                let carry = (crc >> 31) ^ u32::from(byte >> n & 1);
                crc = crc << 1 ^ if carry != 0 { 0x04c1_1db7 } else { 0 };
            }
        }
        return (bit(2) && mar >> (crc >> 26) & 1 != 0).then_some(1 << 15);
    }
    if destination == MAC.0 {
        return (bit(1) || bit(0)).then_some(1 << 14);
    }
    bit(0).then_some(0)
}

fn started(compat: &str, rcr: u32, mar: u64) -> Machine {
    let mut machine = Machine::new(&[("timing", "off"), ("compat", compat)]);
    machine.w32(reg::MAR, mar as u32);
    machine.w32(reg::MAR + 4, (mar >> 32) as u32);
    machine.start(rcr, TRANSMIT);
    machine
}

/// Steele, Lea and Flood's SplitMix64: the same cases every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn address(&mut self) -> [u8; 6] {
        let mut address = [0; 6];
        address.copy_from_slice(&self.next().to_le_bytes()[..6]);
        match self.next() % 8 {
            0 | 1 => MAC.0,
            2 => [0xff; 6],
            3..=5 => {
                address[0] |= 1;
                address
            }
            6 => {
                address[0] &= !1;
                address
            }
            _ => {
                let mut near = MAC.0;
                near[usize::from(address[0] % 6)] ^= 1 << (address[1] % 8);
                near
            }
        }
    }

    fn hashes(&mut self) -> u64 {
        match self.next() % 4 {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << (self.next() % 64),
            _ => self.next(),
        }
    }
}

#[test]
fn the_filter_lets_through_what_the_reference_does_in_120_000_cases() {
    let mut random = Random(1);
    for compat in ["datasheet", "qemu"] {
        let mut machine = started(compat, 0xe700, 0);
        for _ in 0..60_000 {
            let (bits, mar, destination) =
                ((random.next() % 16) as u32, random.hashes(), random.address());
            machine.w32(reg::MAR, mar as u32);
            machine.w32(reg::MAR + 4, (mar >> 32) as u32);
            machine.w32(reg::RCR, 0xe700 | bits);
            let place = machine.r16(reg::CBR);
            let verdict = machine.receive(&frame_to(MacAddr(destination), 64));
            let all = compat == "qemu" && bits & 1 != 0;
            let expected = if all { Some(0) } else { reference(bits, mar, destination) };
            let case = (compat, bits, mar, MacAddr(destination));
            match expected {
                Some(status) => {
                    assert_eq!(verdict, Verdict::Taken, "{case:x?}");
                    assert_eq!(machine.buffered(place.into()).0, status | 1, "{case:x?}");
                }
                None => {
                    let filtered = Verdict::Dropped(DropReason::AddressFilter);
                    assert_eq!(verdict, filtered, "{case:x?}");
                }
            }
            let read = machine.r16(reg::CBR).wrapping_sub(16);
            machine.w16(reg::CAPR, read);
        }
    }
}

proptest! {
    #[test]
    fn frames_of_any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 1..80), bits in 0_u32..64) {
        let mut machine = started("datasheet", 0xe700 | bits, u64::MAX);
        machine.receive(&bytes);
    }
}

fn report(rcr: u32, mar: u64) -> RxFilter {
    started("qemu", 0xe700 | rcr, mar).filter()
}

#[test]
fn the_report_says_what_the_registers_say() {
    let normal = report(0x0e, 0x10);
    assert_eq!(normal.main_mac, MAC);
    assert_eq!((normal.promiscuous, normal.broadcast_allowed), (false, true));
    assert_eq!((normal.unicast, normal.multicast), (ReceiveMode::Normal, ReceiveMode::Normal));
    assert!(normal.multicast_overflow && !normal.unicast_overflow, "a hash cannot be listed");
    assert_eq!((normal.vlan, normal.vlan_table.len()), (ReceiveMode::All, 0));
    assert_eq!((normal.unicast_table.len(), normal.multicast_table.len()), (0, 0));
    let all = report(0x0f, u64::MAX);
    assert!(all.promiscuous && !all.multicast_overflow);
    assert_eq!((all.unicast, all.multicast), (ReceiveMode::All, ReceiveMode::All));
    let none = report(0, 0x10);
    assert_eq!((none.unicast, none.multicast), (ReceiveMode::None, ReceiveMode::None));
    assert!(!none.broadcast_allowed && !none.multicast_overflow);
}

#[test]
fn a_change_of_the_report_is_an_event_and_anything_else_is_none() {
    let mut machine = Machine::off();
    let events = |machine: &Machine| machine.count(&Event::RxFilterChanged);
    let before = events(&machine);
    machine.w32(reg::RCR, RECEIVE);
    assert_eq!(events(&machine), before + 1);
    machine.w32(reg::RCR, RECEIVE | 0x80);
    machine.w32(reg::MAR, 0);
    assert_eq!(events(&machine), before + 1);
    machine.w32(reg::MAR, 1);
    machine.w32(reg::MAR, 2);
    assert_eq!(events(&machine), before + 2, "another hash is the same report");
    machine.open(|machine| machine.w32(reg::IDR, 0x0403_0201));
    assert_eq!(events(&machine), before + 3);
    machine.w8(reg::CR, 0x10);
    assert_eq!(events(&machine), before + 3, "a software reset leaves the filter alone");
    machine.bench.reset(Reset::Warm);
    assert_eq!(events(&machine), before + 4, "a bus reset is a change");
}

#[test]
fn drops_are_counted_by_reason() {
    let mut machine = started("qemu", 0xe702, 0);
    for destination in [PEER, GROUP, MacAddr::BROADCAST, MAC] {
        machine.receive(&frame_to(destination, 60));
    }
    let counters = machine.nic().counters();
    assert_eq!((counters.rx_dropped(DropReason::AddressFilter), counters.rx_frames), (3, 1));
}
