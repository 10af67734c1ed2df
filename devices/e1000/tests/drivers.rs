//! Drivers of other houses, and Linux's `ethtool -t`, on every part and at every fidelity (nic-models.md §8.4, §10).

use elnic_contract::{Entry, LogEntry};
use elnic_e1000::{ENTRY, ENTRY_82544GC, ENTRY_82545EM};
use elnic_testbench::Bench;
use elnic_testbench::drivers::e1000::{FreeBsdEm, IpxeIntel, LinuxE1000, ethtool};
use elnic_testbench::drivers::{NicDriver, converse};

const PARTS: [&Entry; 3] = [&ENTRY, &ENTRY_82544GC, &ENTRY_82545EM];
const TIMINGS: [&str; 3] = ["off", "wire", "full"];

fn everywhere(mut run: impl FnMut(&mut Bench)) {
    for (part, timing) in PARTS.into_iter().flat_map(|part| TIMINGS.map(|timing| (part, timing))) {
        let properties = [("timing", timing), ("autoneg-ms", "1000"), ("strict", "on")];
        println!("{}, timing={timing}", part.model.name);
        run(&mut Bench::with(part, &properties));
    }
}

/// The driver talks, and strict mode has to say of it what is known of it and nothing else.
fn drives(make: impl Fn() -> Box<dyn NicDriver>, known: &[&str]) {
    everywhere(|bench| {
        bench.notes.take();
        converse(bench, &mut *make(), 150);
        let said = bench.notes.take().into_iter().filter_map(|entry| match entry {
            LogEntry::Strict { rule, .. } => Some(rule.name),
            _ => None,
        });
        assert_eq!(said.collect::<Vec<_>>(), known);
    });
}

#[test]
fn linux_e1000_drives_every_part() {
    drives(|| Box::new(LinuxE1000::default()), &[]);
}

#[test]
fn freebsd_em_drives_every_part() {
    drives(|| Box::new(FreeBsdEm::default()), &[]);
}

#[test]
fn ipxe_drives_every_part() {
    // It enables rings by a bit that later chips have, and never sets TIPG.
    drives(|| Box::new(IpxeIntel::default()), &["reserved-bits", "gap-unset"]);
}

#[test]
fn one_driver_takes_over_from_another() {
    everywhere(|bench| {
        converse(bench, &mut IpxeIntel::default(), 10);
        converse(bench, &mut LinuxE1000::default(), 10);
        converse(bench, &mut FreeBsdEm::default(), 10);
    });
}

/// A part whose driver is up, as `ethtool -t` finds it.
fn up(bench: &mut Bench) {
    LinuxE1000::default().start(bench);
}

#[test]
fn the_register_test_of_ethtool_passes() {
    everywhere(|bench| {
        up(bench);
        assert_eq!(ethtool::registers(bench), Ok(()));
    });
}

#[test]
fn the_eeprom_test_of_ethtool_passes() {
    everywhere(|bench| {
        up(bench);
        assert_eq!(ethtool::eeprom(bench), Ok(()));
    });
}

#[test]
fn the_interrupt_test_of_ethtool_passes() {
    everywhere(|bench| {
        up(bench);
        assert_eq!(ethtool::interrupts(bench), Ok(()));
    });
}

#[test]
fn the_loopback_test_of_ethtool_passes() {
    everywhere(|bench| {
        up(bench);
        assert_eq!(ethtool::loopback(bench), Ok(()));
    });
}

#[test]
fn the_link_test_of_ethtool_passes() {
    everywhere(|bench| {
        up(bench);
        assert_eq!(ethtool::link(bench), Ok(()));
        bench.link(elnic_contract::LinkState::Down);
        assert!(ethtool::link(bench).is_err(), "and fails without a cable");
    });
}

#[test]
fn what_ethtool_checks_can_fail() {
    let qemu = [("compat", "qemu"), ("timing", "off")];
    let mut bench = Bench::with(&ENTRY, &qemu);
    let failed = ethtool::registers(&mut bench).expect_err("QEMU's model keeps reserved bits");
    for register in ["0x38 ", "0x2800 ", "0x3800 "] {
        assert!(failed.contains(register), "{register}: {failed}");
    }
}
