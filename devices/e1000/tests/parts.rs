//! What tells the three parts apart (nic-models.md §1.1), and what they have in common.

mod harness;

use elnic_contract::{CapabilityKind, Device, Entry};
use elnic_e1000::{Chip, ENTRY, ENTRY_82544GC, ENTRY_82545EM};
use harness::{MAC, Machine, PEER, RECEIVE, SEND, frame_to, reg};

const PARTS: [(Chip, &Entry, u16, u32, u16, u32); 3] = [
    (Chip::I82540em, &ENTRY, 0x100e, 0x0383, 0x0c20, 0x108),
    (Chip::I82544gc, &ENTRY_82544GC, 0x100c, 0x1b83, 0x0c30, 0x188),
    (Chip::I82545em, &ENTRY_82545EM, 0x100f, 0x1b83, 0x0c20, 0x108),
];

#[test]
fn each_part_has_its_identity() {
    for (chip, entry, id, status, phy, eecd) in PARTS {
        let mut machine = Machine::of(chip, &[]);
        assert!(std::ptr::eq(machine.device.describe(), entry.model));
        assert_eq!(entry.model.pci.map(|pci| (pci.vendor, pci.device)), Some((0x8086, id)));
        assert_eq!(machine.r32(reg::STATUS), status);
        assert_eq!((machine.read_phy(2), machine.read_phy(3)), (0x0141, phy));
        assert_eq!(machine.r32(reg::EECD), eecd);
        machine.w32(reg::EERD, 0x0d01);
        assert_eq!(machine.r32(reg::EERD), u32::from(id) << 16 | 0x0d10, "EEPROM word 0d");
    }
}

#[test]
fn the_eeprom_is_granted_when_asked_for() {
    let mut machine = Machine::new(&[("timing", "full")]);
    machine.w32(reg::EECD, 0x40);
    assert_eq!(machine.r32(reg::EECD) & 0x80, 0x80);
    machine.w32(reg::EERD, 1);
    assert_eq!(machine.r32(reg::EECD) & 0x80, 0, "the hardware reads");
    machine.settle();
    assert_eq!(machine.r32(reg::EECD) & 0x80, 0x80);
    machine.w32(reg::EECD, 0);
    assert_eq!(machine.r32(reg::EECD) & 0x80, 0);
}

#[test]
fn each_part_has_its_capabilities() {
    for (chip, expected) in [
        (Chip::I82540em, &[(0xdc, 1)][..]),
        (Chip::I82544gc, &[(0xdc, 1), (0xe4, 7)]),
        (Chip::I82545em, &[(0xdc, 1), (0xe4, 7)]),
    ] {
        let list = |given: &[(&str, &str)]| {
            let kinds = Machine::of(chip, given).device.capabilities().into_iter();
            kinds
                .map(|capability| {
                    let id = match capability.kind {
                        CapabilityKind::PowerManagement(_) => 1,
                        CapabilityKind::Msi(_) => 5,
                        CapabilityKind::Constant { id, .. } => id,
                        other => panic!("{other:?}"),
                    };
                    (capability.offset, id)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(list(&[]), expected);
        assert_eq!(list(&[("msi", "on")]), [expected, &[(0xf0, 5)]].concat());
    }
}

#[test]
fn each_part_sends_and_receives_and_saves_itself_under_its_name() {
    for (chip, entry, ..) in PARTS {
        for timing in ["off", "wire", "full"] {
            let mut machine = Machine::of(chip, &[("timing", timing)]);
            machine.start_transmitter(8);
            machine.start_receiver(8, RECEIVE);
            machine.send(&frame_to(PEER, 100), SEND);
            machine.receive(&frame_to(MAC, 100));
            machine.settle();
            assert_eq!((machine.sent.len(), machine.rx_descriptor(0).length), (1, 100));
            let state = machine.device.save();
            assert_eq!(state.kind, entry.model.name);
            assert!(Machine::of(chip, &[]).device.restore(&state).is_ok());
        }
    }
}
