//! What a bridge forwards, and what it saves.

use elnic_contract::Size;
use elnic_pci::{Bridge, Space};

fn bridge() -> Bridge {
    let mut bridge = Bridge::new(&crate::support::IDENTITY, true);
    bridge.config_write(0x18, Size::Word, 0x0001_0100);
    bridge
}

#[test]
fn windows_forward_what_lies_in_them_once_enabled() {
    let mut bridge = bridge();
    bridge.config_write(0x20, Size::Word, 0x1010_1000);
    bridge.config_write(0x1c, Size::Half, 0xd0c0);
    bridge.config_write(0x24, Size::Word, 0x0010_0000);
    bridge.config_write(0x28, Size::Word, 4);
    bridge.config_write(0x2c, Size::Word, 4);
    let memory = |bridge: &Bridge, address| bridge.forwards(Space::Memory, address);
    assert!(!memory(&bridge, 0x1000_0000), "Command is 0");
    bridge.config_write(0x04, Size::Half, 7);
    assert_eq!(bridge.memory_window(), (0x1000_0000, 0x101f_ffff));
    assert!(memory(&bridge, 0x1000_0000) && memory(&bridge, 0x101f_ffff));
    assert!(!memory(&bridge, 0x0fff_ffff) && !memory(&bridge, 0x1020_0000));
    assert_eq!(bridge.prefetchable_window(), (0x4_0000_0000, 0x4_001f_ffff));
    assert!(memory(&bridge, 0x4_0010_0000));
    assert!(bridge.forwards(Space::Io, 0xc000) && bridge.forwards(Space::Io, 0xdfff));
    assert!(!bridge.forwards(Space::Io, 0xbfff) && !bridge.forwards(Space::Io, 0xe000));
    assert!(bridge.may_master());
}

#[test]
fn a_window_whose_limit_lies_below_its_base_is_closed() {
    let mut bridge = bridge();
    bridge.config_write(0x04, Size::Half, 7);
    bridge.config_write(0x20, Size::Word, 0x0000_1000);
    assert!(!bridge.forwards(Space::Memory, 0x1000_0000));
    assert!(bridge.forwards(Space::Memory, 0), "at reset windows are 1 MiB at 0, as in QEMU");
}

#[test]
fn the_secondary_reset_bit_cuts_the_bus_off_and_is_told_once() {
    let mut bridge = bridge();
    assert!(bridge.take_map_changed() && !bridge.take_map_changed());
    assert!(bridge.leads_to(1));
    bridge.config_write(0x3e, Size::Half, 0x40);
    assert!(!bridge.leads_to(1));
    assert!(bridge.take_secondary_reset() && !bridge.take_secondary_reset());
    bridge.config_write(0x3e, Size::Half, 0x40);
    assert!(!bridge.take_secondary_reset(), "it was in reset already");
    bridge.config_write(0x3e, Size::Half, 0);
    assert!(bridge.leads_to(1));
}

#[test]
fn state_is_saved_and_hostile_state_refused() {
    let bridge = bridge();
    let saved = bridge.save();
    let mut other = Bridge::new(&crate::support::IDENTITY, true);
    other.restore(&saved).unwrap();
    assert_eq!((other.save(), other.secondary_bus()), (saved.clone(), 1));
    let mut hostile = saved.clone();
    hostile.fields["config"][0] = serde_json::json!(1);
    assert!(other.restore(&hostile).is_err());
    assert_eq!(other.save(), saved);
    other.reset();
    assert_eq!(other.secondary_bus(), 0);
}
