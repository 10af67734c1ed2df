//! Control commands and the filter they set (QEMU's semantics).

mod driver;

use driver::*;
use elnic_contract::{DropReason, MacAddr, ReceiveMode, RxFilter, Verdict};

fn filter(driver: &Driver) -> RxFilter {
    driver.bench.device().as_nic().unwrap().rx_filter()
}

fn table_command(unicast: usize, multicast: usize) -> Vec<u8> {
    let mut bytes = vec![1, 0];
    for (count, first) in [(unicast, 2_u8), (multicast, 1)] {
        bytes.extend((count as u32).to_le_bytes());
        for number in 0..count {
            bytes.extend([first, 0, 0, 0, 0, number as u8]);
        }
    }
    bytes
}

#[test]
fn the_table_is_shared_and_overflows_by_class() {
    let mut driver = Driver::new(ALL);
    for (unicast, multicast, want) in [
        (64, 0, (64, 0, false, false)),
        (64, 1, (64, 0, false, true)),
        (10, 60, (10, 0, false, true)),
        (65, 3, (0, 3, true, false)),
        (0, 65, (0, 0, false, true)),
        (3, 4, (3, 4, false, false)),
    ] {
        assert_eq!(driver.command(&table_command(unicast, multicast)), 0);
        let f = filter(&driver);
        let got = (f.unicast_table.len(), f.multicast_table.len());
        assert_eq!((got.0, got.1, f.unicast_overflow, f.multicast_overflow), want);
    }
}

#[test]
fn impossible_table_lengths_are_refused_and_change_nothing() {
    // CVE-2014-0150: lengths whose product wraps in 32 bits.
    let mut driver = Driver::new(ALL);
    assert_eq!(driver.command(&table_command(2, 1)), 0);
    let before = filter(&driver);
    for entries in [0x2aaa_aaab_u32, 0xffff_ffff, 3] {
        let bytes = [&[1, 0][..], &entries.to_le_bytes(), &[2; 6]].concat();
        assert_eq!(driver.command(&bytes), 1, "{entries:#x}");
        assert_eq!(filter(&driver), before);
    }
}

#[test]
fn modes_combine_as_documented() {
    let mut driver = Driver::new(ALL);
    assert!(filter(&driver).promiscuous, "after reset everything passes");
    for command in [&[0, 0, 0][..], &[0, 1, 1], &[0, 3, 1], &[0, 2, 1], &[0, 5, 1]] {
        assert_eq!(driver.command(command), 0, "{command:?}");
    }
    let f = filter(&driver);
    assert_eq!((f.multicast, f.unicast), (ReceiveMode::None, ReceiveMode::All));
    assert!(!f.promiscuous && !f.broadcast_allowed);
    assert_eq!(driver.command(&[0, 6, 1]), 1);
    assert_eq!(driver.command(&[9, 0]), 1);
    assert_eq!(driver.command(&[3, 0]), 1, "no announcement is pending");
}

#[test]
fn vlans_addresses_and_short_frames_are_filtered() {
    let mut driver = Driver::new(ALL);
    driver.command(&[0, 0, 0]);
    assert_eq!(driver.command(&[2, 0, 5, 0]), 0);
    assert_eq!(driver.command(&[2, 0, 0, 0x10]), 1, "identifier 4096");
    assert_eq!((filter(&driver).vlan_table, filter(&driver).vlan), (vec![5], ReceiveMode::Normal));
    for number in 0..8 {
        driver.chain(RX, number, &[(0x70_0000, 2048, WRITE)]);
    }
    driver.kick(RX);
    let tagged = |vlan: u8| [&MAC[..], &[2, 0, 0, 0, 0, 1, 0x81, 0, 0, vlan, 8, 0]].concat();
    assert_eq!(driver.receive(&tagged(5)), Verdict::Taken);
    let dropped = Verdict::Dropped;
    assert_eq!(driver.receive(&tagged(6)), dropped(DropReason::VlanFilter));
    assert_eq!(driver.receive(&tagged(0)), dropped(DropReason::VlanFilter));
    assert_eq!(driver.receive(&frame_to([2; 6], 60)), dropped(DropReason::AddressFilter));
    assert_eq!(driver.receive(&frame_to([0xff; 6], 60)), Verdict::Taken);
    // CVE-2026-63320: nothing is read beyond the end.
    for length in 1..14 {
        assert_eq!(driver.receive(&frame_to(MAC, 60)[..length]), dropped(DropReason::Runt));
    }
    for length in 14..16 {
        assert_eq!(driver.receive(&tagged(5)[..length]), dropped(DropReason::Runt));
    }
}

#[test]
fn a_frame_of_five_bytes_passes_while_everything_does() {
    let mut driver = Driver::new(ALL);
    driver.chain(RX, 0, &[(0x70_0000, 100, WRITE)]);
    driver.kick(RX);
    assert_eq!(driver.receive(b"TEST\0"), Verdict::Taken);
    assert_eq!(driver.bench.ram.load(0x70_000c, 5), b"TEST\0");
}

#[test]
fn the_station_address_is_set_by_command_and_back_after_reset() {
    let mut driver = Driver::new(ALL);
    assert_eq!(driver.command(&[1, 1, 2, 4, 6, 8, 10, 12]), 0);
    assert_eq!(filter(&driver).main_mac, MacAddr([2, 4, 6, 8, 10, 12]));
    driver.w(0x2000, elnic_contract::Size::Byte, 0x40);
    assert_eq!(filter(&driver).main_mac, MacAddr([2, 4, 6, 8, 10, 12]));
    driver.w(0x14, elnic_contract::Size::Byte, 0);
    assert_eq!(filter(&driver).main_mac, MacAddr(MAC));
}

#[test]
fn commands_without_their_feature_are_taken_unless_told_otherwise() {
    let few = VERSION_1 | CTRL_VQ;
    assert_eq!(Driver::new(few).command(&[0, 0, 0]), 0);
    assert_eq!(Driver::with(few, &[("strict-ctrl", "on")]).command(&[0, 0, 0]), 1);
}
