//! `strict=on` names what a driver gets away with here and not on the chip, once each.

mod harness;

use elnic_contract::LogEntry;
use elnic_rtl8139::RULES;
use harness::{MAC, Machine, PEER, RECEIVE, TRANSMIT, TX_BUFFERS, frame_to, reg};

fn strict(properties: &[(&str, &str)]) -> Machine {
    Machine::new(&[&[("strict", "on"), ("timing", "off")], properties].concat())
}

fn broken(machine: &mut Machine) -> Vec<&'static str> {
    let notes = machine.bench.notes.take().into_iter();
    notes
        .filter_map(|entry| match entry {
            LogEntry::Strict { rule, .. } => Some(rule.name),
            _ => None,
        })
        .collect()
}

/// Each way to break a rule, with its name.
#[expect(clippy::type_complexity, reason = "a table of closures")]
fn breaches() -> Vec<(&'static str, Box<dyn Fn(&mut Machine)>)> {
    fn case(
        name: &'static str,
        act: impl Fn(&mut Machine) + 'static,
    ) -> (&'static str, Box<dyn Fn(&mut Machine)>) {
        (name, Box::new(act))
    }
    let started = |machine: &mut Machine| machine.start(RECEIVE, TRANSMIT);
    vec![
        case("short-frame", move |m| {
            started(m);
            m.give(0, &frame_to(PEER, 42));
        }),
        case("long-frame", move |m| {
            started(m);
            m.give(0, &frame_to(PEER, 1800));
        }),
        case("unaligned-transmit-buffer", |m| m.w32(reg::TSAD, 0x20_0002)),
        case("unaligned-receive-buffer", |m| m.w32(reg::RBSTART, 0x20_0001)),
        case("unaligned-ring", |m| {
            m.w16(reg::CPCR, 3);
            m.w32(reg::RDSAR, 0x20_0010);
        }),
        case("unaligned-ring", |m| {
            m.w16(reg::CPCR, 3);
            m.w32(reg::TNPDS, 0x20_0010);
        }),
        case("unaligned-read", move |m| {
            started(m);
            m.receive(&frame_to(MAC, 60));
            m.w16(reg::CAPR, 49);
        }),
        case("read-past-write", move |m| {
            started(m);
            m.w16(reg::CAPR, 100);
        }),
        case("locked", |m| m.w8(reg::CONFIG1, 0xff)),
        case("locked", |m| m.w16(reg::BMCR, 0x2100)),
        case("locked", |m| m.w32(reg::IDR, 1)),
        case("narrow-station-address", |m| m.w8(reg::MAR, 1)),
        case("narrow-transmit-status", |m| {
            let place = elnic_script::Place { region: 1, offset: reg::TSD };
            m.bench.write(place, elnic_contract::Size::Half, 60).unwrap_err();
        }),
        case("transmitter-off", |m| m.w32(reg::TCR, TRANSMIT)),
        case("transmitter-off", |m| m.w32(reg::TSD, 60)),
        case("receiver-without-buffer", |m| m.w8(reg::CR, 8)),
        case("burst-unset", |m| {
            m.start(RECEIVE, TRANSMIT & !0x700);
            m.give(0, &frame_to(PEER, 60));
        }),
        case("burst-unset", |m| {
            m.start(RECEIVE & !0x700, TRANSMIT);
            m.receive(&frame_to(MAC, 60));
        }),
        case("descriptor-order", move |m| {
            started(m);
            m.w32(reg::TSAD + 8, TX_BUFFERS as u32);
            m.w32(reg::TSD + 8, 60);
        }),
        case("descriptor-taken", move |m| {
            started(m);
            m.w8(reg::HLTCLK, b'H');
            m.w32(reg::TSD, 60);
            m.w32(reg::TSD, 60);
        }),
        case("ring-before-mode", |m| m.w32(reg::RDSAR, 0x20_0000)),
        case("reserved-bits", |m| m.w16(reg::IMR, 0x0400)),
        case("overflow-first", move |m| {
            started(m);
            for _ in 0..6 {
                m.receive(&frame_to(MAC, 1514));
            }
            m.take_isr();
        }),
        case("no-first-segment", |m| {
            m.start_rings(3, 1, 0x800);
            m.put(0x30_0000, 0, 0x9000_003c, 0, TX_BUFFERS);
            m.poll(0x40);
        }),
        case("nested-packet", |m| {
            m.start_rings(3, 1, 0x800);
            m.put(0x30_0000, 0, 0xa000_003c, 0, TX_BUFFERS);
            m.put(0x30_0000, 1, 0xb000_003c, 0, TX_BUFFERS);
            m.poll(0x40);
        }),
        case("no-last-segment", |m| {
            m.start_rings(3, 1, 0x800);
            m.put(0x30_0000, 0, 0xe000_003c, 0, TX_BUFFERS);
            m.poll(0x40);
        }),
        case("impossible-packet", |m| {
            m.start_rings(3, 1, 0x800);
            m.put(0x30_0000, 0, 0xb800_003c, 0, TX_BUFFERS);
            m.poll(0x40);
        }),
    ]
}

#[test]
fn each_breach_is_named() {
    for (name, act) in breaches() {
        let mut machine = strict(&[]);
        act(&mut machine);
        let found = broken(&mut machine);
        assert!(found.contains(&name), "{name}: {found:?}");
    }
}

#[test]
fn each_rule_has_a_breach_here_or_in_a_test_of_its_own() {
    let elsewhere = ["no-bus-master", "unwaited-reset", "only-cplus", "locked-station-address"];
    for rule in RULES {
        let here = breaches().iter().any(|(name, _)| *name == rule.name);
        assert!(here || elsewhere.contains(&rule.name), "{}", rule.name);
    }
}

#[test]
fn a_rule_is_named_once_and_never_without_strict() {
    let mut machine = strict(&[]);
    machine.start(RECEIVE, TRANSMIT);
    for number in 0..4 {
        machine.give(number, &frame_to(PEER, 42));
    }
    assert_eq!(broken(&mut machine), ["short-frame"]);
    for (_, act) in breaches() {
        let mut machine = Machine::off();
        act(&mut machine);
        assert!(broken(&mut machine).is_empty());
    }
}

#[test]
fn what_qemu_leaves_open_is_named_too() {
    let mut machine = strict(&[("compat", "qemu")]);
    machine.w32(reg::IDR, 1);
    assert_eq!(machine.r32(reg::IDR), 1);
    assert!(broken(&mut machine).contains(&"locked-station-address"));
}

#[test]
fn a_write_during_a_reset_is_named() {
    let mut machine = Machine::new(&[("strict", "on"), ("timing", "full")]);
    machine.w8(reg::CR, 0x10);
    machine.w8(reg::CR, 0x0c);
    assert!(broken(&mut machine).contains(&"unwaited-reset"));
}

#[test]
fn the_plain_chip_names_what_only_the_other_has() {
    let mut machine = strict(&[("rev", "c")]);
    machine.w16(reg::CPCR, 3);
    assert!(broken(&mut machine).contains(&"only-cplus"));
}

#[test]
fn a_driver_that_does_everything_right_is_named_nothing() {
    let mut machine = strict(&[]);
    machine.w8(reg::CR, 0x10);
    machine.open(|machine| {
        machine.w32(reg::IDR, 0x4433_2211);
        machine.w32(reg::IDR + 4, 0x6655);
    });
    machine.w32(reg::RBSTART, harness::RX_BUFFER as u32);
    machine.w8(reg::CR, harness::ON);
    machine.w32(reg::TCR, TRANSMIT);
    machine.w32(reg::RCR, RECEIVE | 1);
    machine.w16(reg::IMR, 0xc07f);
    let mut place = 0;
    for round in 0..40 {
        machine.give(round % 4, &frame_to(PEER, 60));
        machine.receive(&frame_to(MAC, 1514));
        machine.take_isr();
        place = (place + 1524) % 8192;
        machine.w16(reg::CAPR, (place as u16).wrapping_sub(16));
    }
    assert_eq!(broken(&mut machine), [""; 0]);
    assert_eq!(machine.nic().counters().rx_frames, 40);
}
