//! `strict=on` names each thing a driver does that the hardware would punish, once.

mod harness;

use elnic_contract::{LogEntry, Size};
use elnic_e1000::STRICT_RULES;
use harness::{Context, Machine, PEER, RECEIVE, RX_RING, SEND, TX_BUFFER, data, frame_to, reg};

fn said(machine: &Machine) -> Vec<&'static str> {
    let rules = machine.notes.0.iter().filter_map(|entry| match entry {
        LogEntry::Strict { rule, .. } => Some(rule.name),
        _ => None,
    });
    rules.collect()
}

fn narrow(machine: &mut Machine) {
    let access = machine.access(0, reg::RDT, Size::Half);
    machine.call(|device, cx| elnic_contract::Device::write(device, cx, access, 0)).unwrap();
}

fn segments(machine: &mut Machine, context: Context) {
    machine.start_transmitter(8);
    machine.put_descriptor(0, context.bytes());
    machine.put_descriptor(1, data(TX_BUFFER, 500, 0x0f, 3, 0));
    machine.w32(reg::TDT, 2);
}

/// The name of a rule, and how to break it.
type Mistake = (&'static str, fn(&mut Machine));

const MISTAKES: &[Mistake] = &[
    ("short-frame", |machine| {
        machine.start_transmitter(8);
        machine.w32(reg::TCTL, 2);
        machine.send(&frame_to(PEER, 40), SEND);
    }),
    ("narrow-access", narrow),
    ("no-register", |machine| {
        machine.r32(0x0d00);
    }),
    ("reserved-bits", |machine| machine.w32(reg::TCTL, 1)),
    ("ring-unaligned", |machine| machine.w32(reg::TDBAL, 0x1008)),
    ("ring-length", |machine| machine.w32(reg::RDLEN, 16)),
    ("tail-outside", |machine| {
        machine.start_transmitter(8);
        machine.w32(reg::TDT, 8);
    }),
    ("tail-before-enable", |machine| {
        machine.start_transmitter(8);
        machine.w32(reg::TCTL, 0);
        machine.w32(reg::TDT, 1);
    }),
    ("ring-moved", |machine| {
        machine.start_receiver(8, RECEIVE);
        machine.w32(reg::RDBAL, 0x2000);
    }),
    ("no-bus-master", |machine| {
        machine.start_transmitter(8);
        machine.ram.master = false;
        machine.w32(reg::TDT, 1);
    }),
    ("eeprom-unasked", |machine| machine.w32(reg::EECD, 2)),
    ("mdic-busy", |machine| {
        machine.w32(reg::MDIC, 0x0822_0000);
        machine.w32(reg::MDIC, 0x0823_0000);
    }),
    ("eerd-busy", |machine| {
        machine.w32(reg::EERD, 1);
        machine.w32(reg::EERD, 0x101);
    }),
    ("eerd-layout", |machine| machine.w32(reg::EERD, 5 << 2 | 1)),
    ("buffer-size", |machine| machine.w32(reg::RCTL, 1 << 25)),
    ("bad-descriptor", |machine| segments(machine, Context { command: 4, ..Context::default() })),
    ("gap-unset", |machine| machine.w32(reg::TCTL, 0xa)),
    ("payload-length", |machine| {
        let context = Context {
            ip: (14, 24, 33),
            transport: (34, 50, 0),
            payload: 1,
            command: 7,
            header: 54,
            mss: 100,
        };
        segments(machine, context);
    }),
    ("null-buffer", |machine| {
        machine.start_receiver(8, RECEIVE);
        machine.write_ram(RX_RING, &[0; 8]);
        machine.receive(&frame_to(harness::MAC, 60));
    }),
];

#[test]
fn each_mistake_is_named_once_and_only_with_strict() {
    assert_eq!(MISTAKES.len(), STRICT_RULES.len(), "every rule has a mistake");
    for (name, make) in MISTAKES {
        let mut machine = Machine::new(&[("timing", "full"), ("strict", "on")]);
        make(&mut machine);
        machine.settle();
        assert!(said(&machine).contains(name), "{name}: {:?}", said(&machine));
        machine.ram.master = true;
        make(&mut machine);
        machine.settle();
        let times = said(&machine).iter().filter(|said| *said == name).count();
        assert_eq!(times, 1, "{name} is said once");
        let mut lenient = Machine::new(&[("timing", "full")]);
        make(&mut lenient);
        lenient.settle();
        assert!(said(&lenient).is_empty(), "{name}");
    }
}

#[test]
fn a_careful_driver_hears_nothing() {
    let mut machine = Machine::new(&[("strict", "on")]);
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE);
    for _ in 0..20 {
        machine.send(&frame_to(PEER, 100), SEND);
        machine.receive(&frame_to(harness::MAC, 60));
        machine.settle();
        let head = machine.r32(reg::RDH);
        machine.w32(reg::RDT, (head + 7) % 8);
    }
    assert_eq!(machine.read_phy(1) & 4, 4);
    machine.r32(reg::ICR);
    assert_eq!(said(&machine), Vec::<&str>::new());
}

#[test]
fn what_was_said_is_state() {
    let mut machine = Machine::new(&[("strict", "on")]);
    narrow(&mut machine);
    let state = elnic_contract::Device::save(&machine.device);
    let mut fresh = Machine::new(&[("strict", "on")]);
    elnic_contract::Device::restore(&mut fresh.device, &state).unwrap();
    narrow(&mut fresh);
    assert!(said(&fresh).is_empty());
}
