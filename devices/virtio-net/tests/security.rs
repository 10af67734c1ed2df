//! Advisories against other virtio network devices, each as what a guest or a saved state does there. Those about chains,
//! headers and offloads stand in `hostile.rs`, `offload.rs`, `pairs.rs` and `control.rs`.

mod driver;

use driver::*;
use elnic_contract::{DropReason, RestoreError, Size, Verdict};
use elnic_pci::{FunctionOptions, PciFunction, Space};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_testbench::drivers::virtio::{Buffer, Path, VirtioFunction};
use elnic_virtio_net::ENTRY;
use serde_json::{Value, json};

const NEEDS_RESET: u64 = 0x40;
const AVAILABLE: u16 = 1 << 7;
const USED: u16 = 1 << 15;

fn function(properties: &[(&str, &str)]) -> PciFunction {
    let device = ENTRY.make(properties.iter().copied()).expect("the properties are right");
    PciFunction::new(device, FunctionOptions::default()).unwrap()
}

/// A driver of packed rings whose transmit queue has four descriptors.
fn packed() -> VirtioFunction {
    let mut driver = VirtioFunction::new(function(&[("packed", "on")]), Path::Capabilities);
    driver.negotiate(feature::MAC | feature::RING_PACKED | feature::INDIRECT);
    driver.add_queue(0, 4, None);
    driver.add_queue(1, 4, None);
    driver.start();
    driver
}

/// Writes descriptor `index` of a packed transmit queue.
fn place(driver: &mut VirtioFunction, index: u64, at: u64, length: u32, flags: u16) {
    let [table, ..] = driver.queue(1).areas();
    let bytes =
        [&at.to_le_bytes()[..], &length.to_le_bytes(), &7_u16.to_le_bytes(), &flags.to_le_bytes()];
    driver.bench.ram.store(table + index * 16, &bytes.concat());
}

fn sent(driver: &mut VirtioFunction) -> usize {
    let is_frame =
        |effect: &elnic_contract::Effect| matches!(effect, elnic_contract::Effect::Send(_));
    driver.effects().iter().filter(|effect| is_frame(effect)).count()
}

/// CVE-2026-16457: a packed ring whose flags say available and used at once, in either round, made QEMU look for ever.
#[test]
fn cve_2026_16457_a_packed_ring_of_contradicting_flags_is_empty() {
    for round in 0..2_u16 {
        for filled in [AVAILABLE | USED, 0, USED, AVAILABLE] {
            let mut driver = packed();
            // In the second round the meaning of the flags is the other way round.
            for _ in 0..round * 4 {
                driver.add(1, &[Buffer { at: 0x5000_0000, length: 72, writable: false }]);
                driver.kick(1);
                driver.completions(1);
            }
            sent(&mut driver);
            for index in 0..4 {
                place(&mut driver, index, 0x5000_0000, 72, filled);
            }
            driver.kick(1);
            let available = if round == 0 { AVAILABLE } else { USED };
            // A ring full of new descriptors is worked off once; what else the flags say is no descriptor.
            let expected = if filled == available { 4 } else { 0 };
            assert_eq!(sent(&mut driver), expected, "round {round}, flags {filled:#x}");
            assert_eq!(driver.status() & NEEDS_RESET, 0);
        }
    }
}

/// QEMU's work item 3984: an indirect descriptor of a packed ring whose table has no bytes.
#[test]
fn wi_3984_a_packed_indirect_table_without_bytes_stops_the_device() {
    for (length, what) in [(0, "none"), (8, "half a descriptor"), (24, "one and a half")] {
        let mut driver = packed();
        place(&mut driver, 0, 0x6000_0000, length, AVAILABLE | TABLE);
        driver.kick(1);
        assert_eq!(driver.status() & NEEDS_RESET, NEEDS_RESET, "{what}");
        assert_eq!(sent(&mut driver), 0, "{what}");
    }
}

/// CVE-2026-6425: tables inside tables, and tables with NEXT beside them, in a packed ring.
#[test]
fn cve_2026_6425_packed_indirect_tables_are_neither_nested_nor_continued() {
    let mut nested = packed();
    let inner = [&0x6100_0000_u64.to_le_bytes()[..], &16_u32.to_le_bytes(), &[0, 0, 4, 0]].concat();
    nested.bench.ram.store(0x6000_0000, &inner);
    place(&mut nested, 0, 0x6000_0000, 16, AVAILABLE | TABLE);
    let mut continued = packed();
    place(&mut continued, 0, 0x6000_0000, 16, AVAILABLE | TABLE | NEXT);
    let mut behind = packed();
    place(&mut behind, 0, 0x5000_0000, 72, AVAILABLE | NEXT);
    place(&mut behind, 1, 0x6000_0000, 16, AVAILABLE | TABLE);
    let mut endless = packed();
    (0..4).for_each(|index| place(&mut endless, index, 0x5000_0000, 72, AVAILABLE | NEXT));
    for mut driver in [nested, continued, behind, endless] {
        driver.kick(1);
        assert_eq!((driver.status() & NEEDS_RESET, sent(&mut driver)), (NEEDS_RESET, 0));
    }
}

/// CVE-2017-17381: a legacy queue without an address or alignment divided by zero.
#[test]
fn cve_2017_17381_a_legacy_queue_without_an_address_is_not_there() {
    let mut driver = VirtioFunction::new(function(&[("disable-modern", "on")]), Path::Legacy);
    driver.negotiate(feature::MAC);
    driver.start();
    let base = driver.bench.config(0x10, Size::Word) & !3;
    let mut port =
        |offset: u64, size, value| driver.bench.write(Space::Io, base + offset, size, value);
    for queue in [0, 1, 2, 3, 0xffff_u64] {
        port(0xe, Size::Half, queue);
        for address in [0, 0, u64::from(u32::MAX), 0] {
            port(0x8, Size::Word, address);
            for notified in [queue, 0, 1] {
                port(0x10, Size::Half, notified);
            }
        }
    }
    driver.add_queue(1, 256, None);
    let parts = [(0x5000_0000, 10), (0x5000_0100, 60)];
    driver.add(1, &parts.map(|(at, length)| Buffer { at, length, writable: false }));
    sent(&mut driver);
    driver.kick(1);
    assert_eq!(sent(&mut driver), 1, "with an address it works");
}

/// CVE-2020-13754: accesses over the end of the MSI-X table.
#[test]
fn cve_2020_13754_the_msi_x_region_is_decoded_to_its_end_and_no_further() {
    let mut driver = VirtioFunction::new(function(&[]), Path::Capabilities);
    driver.enable_msix(4);
    let base = driver.bench.config(0x14, Size::Word) & !0xf;
    let length = 0x1000;
    for size in [Size::Byte, Size::Half, Size::Word, Size::Double] {
        let step = u64::from(size.bytes());
        for offset in (0..length).step_by(step as usize) {
            let read = driver.bench.read(Space::Memory, base + offset, size);
            assert!(read.is_some(), "{offset:#x} is decoded");
            driver.bench.write(Space::Memory, base + offset, size, size.mask());
        }
        let behind = driver.bench.read(Space::Memory, base + length, size);
        assert!(behind.is_none(), "nothing is decoded behind the region");
    }
    // The function goes on, and its vectors are masked as software has written.
    assert_ne!(driver.status(), 0xff);
}

/// CVE-2021-3748: buffers that overlap the rings, so that a header overwrites what it was found by.
#[test]
fn cve_2021_3748_buffers_that_overlap_their_rings_harm_nobody_else() {
    for overlapped in [table(RX), table(RX) + 0x4000, table(RX) + 0x8000, table(CTRL)] {
        let mut driver = Driver::new(ALL);
        for head in 0..4 {
            driver.chain(RX, head, &[(overlapped, 64, WRITE)]);
        }
        driver.kick(RX);
        driver.receive(&frame_to(MAC, 200));
        driver.receive(&frame_to(MAC, 60));
        driver.kick(CTRL);
        // Whatever came of it, a reset makes all well.
        driver.negotiate(ALL);
        driver.start();
        driver.chain(RX, 0, &[(0x70_0000, 2048, WRITE)]);
        driver.kick(RX);
        assert_eq!(driver.receive(&frame_to(MAC, 60)), Verdict::Taken, "{overlapped:#x}");
        assert_eq!(driver.used(RX), 1);
    }
}

/// CVE-2026-50626 is about a register of the MMIO transport; here are the same values by PCI.
#[test]
fn cve_2026_50626_impossible_queue_sizes_are_not_taken() {
    for size in [0, 3, 255, 257, 512, 0x8000, 0xffff] {
        let mut driver = Driver::new(ALL);
        driver.negotiate(ALL);
        driver.w(0x16, Size::Half, TX);
        driver.w(0x18, Size::Half, size);
        let shown = driver.r(0x18, Size::Half);
        assert!(shown.is_power_of_two() && shown <= 256, "{size} is shown as {shown}");
        driver.start();
        driver.bench.ram.store(0x50_0000, &[0; 72]);
        driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
        driver.kick(TX);
        assert!(driver.sent().len() <= 1);
    }
}

/// CVE-2023-22098 to -22100: control commands of a driver that cuts them where it likes.
#[test]
fn cve_2023_22098_a_command_is_the_same_however_it_is_cut() {
    let table = [
        &[1, 0][..],
        &1_u32.to_le_bytes(),
        &[2, 0, 0, 0, 0, 9],
        &1_u32.to_le_bytes(),
        &[1, 0, 0x5e, 0, 0, 9],
    ];
    for command in [vec![0, 0, 0], vec![1, 1, 2, 0, 0, 0, 0, 7], vec![2, 0, 5, 0], table.concat()] {
        for first in 1..=command.len() {
            for second in first..=command.len() {
                let mut driver = Driver::new(ALL);
                driver.bench.ram.store(0x40_0000, &command);
                let cuts = [0, first, second, command.len()];
                let pieces = cuts.windows(2).filter(|cut| cut[0] < cut[1]);
                let mut parts: Vec<_> = pieces
                    .map(|cut| (0x40_0000 + cut[0] as u64, (cut[1] - cut[0]) as u32, 0))
                    .collect();
                parts.push((0x41_0000, 1, WRITE));
                driver.bench.ram.store(0x41_0000, &[0xee]);
                driver.chain(CTRL, 0, &parts);
                driver.kick(CTRL);
                assert_eq!(driver.bench.ram.load(0x41_0000, 1), [0], "{command:?} cut at {cuts:?}");
            }
        }
    }
    // Cut short it is refused, or, below a header's length, stops the device; it is never read on.
    for command in
        [vec![0, 0], vec![1, 1, 2, 0, 0, 0, 0], vec![2, 0, 5], table.concat()[..21].to_vec()]
    {
        assert_eq!(Driver::new(ALL).command(&command), 1, "{command:?}");
    }
}

/// CVE-2020-16843: frames that cannot leave kept others from leaving.
#[test]
fn cve_2020_16843_nothing_stalls_behind_a_frame_that_is_lost() {
    let mut driver = Driver::new(ALL);
    driver.bench.ram.store(0x50_0000, &[0; 72]);
    for head in (0..60).step_by(3) {
        driver.chain(TX, head, &[(0x50_0000, 12, 0)]);
        driver.chain(TX, head + 1, &[(0x50_0000, u32::MAX, 0)]);
        driver.chain(TX, head + 2, &[(0x50_0000, 72, 0)]);
    }
    driver.kick(TX);
    assert_eq!((driver.used(TX), driver.sent().len()), (60, 20));
    let counters = driver.bench.device().as_nic().unwrap().counters();
    assert_eq!(counters.tx_dropped(DropReason::BadDescriptor), 40);
}

/// The saved state of a device at work, with the value at `pointer` replaced.
fn hostile(properties: &[(&str, &str)], pointer: &str, value: &Value) -> Result<(), RestoreError> {
    let mut driver = NetDriver::bring_up(function(properties), Personality::Ipxe, 0);
    driver.send(&[0xff; 60]);
    let mut state = driver.function.bench.function.device().save();
    let place = state.fields.pointer_mut(pointer);
    *place.unwrap_or_else(|| panic!("there is a field {pointer}")) = value.clone();
    let mut fresh = ENTRY.make(properties.iter().copied()).expect("the properties are right");
    let before = fresh.save();
    let result = fresh.restore(&state);
    assert!(result.is_ok() || fresh.save() == before, "{pointer}: a refusal changes nothing");
    result
}

/// CVE-2013-4148 to -4151, CVE-2013-4535, -4536, -6399, CVE-2014-0182, and QEMU's RSS table: counts in a saved state that no
/// device can have.
#[test]
fn cve_2013_4148_saved_states_with_impossible_counts_are_refused() {
    const RSS: &[(&str, &str)] = &[("mq", "on"), ("rss", "on"), ("queue-pairs", "2")];
    let address = json!("02:00:00:00:00:01");
    let addresses =
        |count: usize| json!({"addresses": vec![address.clone(); count], "overflow": false});
    let hash = json!({"types": 1, "key": vec![0; 40]});
    let steering = |table: usize, key: usize| {
        json!({
            "hash": {"types": 1, "key": vec![0; key]},
            "redirection": {"unclassified": 0, "table": vec![0; table]},
            "flows": [],
        })
    };
    for (properties, pointer, value) in [
        (&[][..], "/filter/unicast", addresses(65)),
        (&[], "/filter/vlans", json!([0])),
        (&[], "/active_pairs", json!(0)),
        (&[], "/active_pairs", json!(2)),
        (&[], "/active_pairs", json!(-1)),
        (RSS, "/active_pairs", json!(3)),
        (&[], "/pairs", json!([])),
        (&[], "/transport/queues", json!([])),
        (&[], "/transport/queues/0/size", json!(0)),
        (&[], "/transport/queues/0/size", json!(300)),
        (&[], "/transport/queues/0/vector", json!(9)),
        (&[], "/transport/status", json!(0xff)),
        (RSS, "/steering", steering(3, 40)),
        (RSS, "/steering", steering(256, 40)),
        (RSS, "/steering", steering(0, 40)),
        (RSS, "/steering", steering(2, 41)),
        (RSS, "/steering/hash/types", json!(0x200)),
    ] {
        let result = hostile(properties, pointer, &value);
        assert!(result.is_err(), "{pointer} = {value}");
    }
    assert_eq!(hostile(RSS, "/steering", &steering(128, 40)), Ok(()));
    assert_eq!(hostile(RSS, "/steering/hash", &hash), Ok(()));
    assert_eq!(hostile(&[], "/filter/unicast", &addresses(62)), Ok(()), "and what can be is taken");
}

/// QEMU's `virtqueue_ordered_fill`: with IN_ORDER buffers come back in the order in which they were given, over the end of
/// the ring too.
#[test]
fn buffers_used_in_order_come_back_in_order_over_the_end_of_the_ring() {
    const IN_ORDER: u64 = 1 << 35;
    for (rings, properties) in [
        (0, &[("in_order", "on")][..]),
        (feature::RING_PACKED, &[("in_order", "on"), ("packed", "on")]),
    ] {
        let mut driver = VirtioFunction::new(function(properties), Path::Capabilities);
        driver.negotiate(feature::MAC | IN_ORDER | rings);
        driver.add_queue(0, 8, None);
        driver.add_queue(1, 8, None);
        driver.start();
        for round in 0..20 {
            let part = |at| Buffer { at, length: 36, writable: false };
            let parts = [part(0x5000_0000), part(0x5000_0100)];
            let names: Vec<u16> = (0..3).map(|_| driver.add(1, &parts)).collect();
            driver.kick(1);
            let back: Vec<u16> = driver.completions(1).iter().map(|done| done.id).collect();
            assert_eq!(back, names, "round {round} of rings {rings:#x}");
        }
    }
}

/// QEMU's VLAN table at a reset: it lets everything through until the feature is agreed, then nothing until told.
#[test]
fn the_vlan_filter_follows_the_feature_and_not_the_reset_alone() {
    let mut driver = Driver::new(ALL);
    for head in 0..4 {
        driver.chain(RX, head, &[(0x70_0000, 2048, WRITE)]);
    }
    driver.kick(RX);
    assert_eq!(driver.command(&[0, 0, 0]), 0, "not promiscuous");
    let tagged = [&MAC[..], &[2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5], &[0; 50]].concat();
    assert_eq!(driver.receive(&tagged), Verdict::Dropped(DropReason::VlanFilter));
    assert_eq!(driver.command(&[2, 0, 5, 0]), 0);
    assert_eq!(driver.receive(&tagged), Verdict::Taken);
    // Without the feature there is no filter, whatever was set before the reset.
    driver.negotiate(ALL & !CTRL_VLAN);
    driver.start();
    for head in 0..4 {
        driver.chain(RX, head, &[(0x70_0000, 2048, WRITE)]);
    }
    driver.kick(RX);
    assert_eq!(driver.command(&[0, 0, 0]), 0);
    assert_eq!(driver.receive(&tagged), Verdict::Taken);
    driver.negotiate(ALL);
    driver.start();
    driver.chain(RX, 0, &[(0x70_0000, 2048, WRITE)]);
    driver.kick(RX);
    assert_eq!(driver.command(&[0, 0, 0]), 0);
    assert_eq!(driver.receive(&tagged), Verdict::Dropped(DropReason::VlanFilter));
}

/// CVE-2018-17963: lengths that are negative as a C `int`.
#[test]
fn cve_2018_17963_a_chain_longer_than_any_frame_is_dropped_and_given_back() {
    let mut driver = Driver::new(ALL);
    let huge = [(0x50_0000, 0x8000_0000, 0); 3];
    driver.chain(TX, 0, &huge);
    driver.kick(TX);
    assert_eq!((driver.used(TX), driver.sent().len(), driver.status()), (1, 0, 0xf));
}
