//! What Command, Status and the power state make of a device.

use crate::support::{
    BASE, FETCH, FETCHED, LINE, RESETS, TOLD, WAKE, answer, ask, bench, function, master,
};
use elnic_contract::{
    Capability, CapabilityKind, Effect, Fault, Lines, MsiX, PowerManagement, PowerState, Size,
};
use elnic_pci::{Hit, Space, Window};

const COMMAND: u8 = 0x04;
const STATUS: u8 = 0x06;
const INTERRUPT_DISABLE: u16 = 1 << 10;

#[test]
fn addresses_are_decoded_only_in_enabled_spaces_and_only_within_the_regions() {
    let mut bench = bench(&[]);
    let hit = |bench: &elnic_testbench::PciBench, space, address| {
        bench.function.decode(space, address).map(|hit| (hit.window, hit.offset))
    };
    assert_eq!(hit(&bench, Space::Memory, BASE + 8), Some((Window::Region(0), 8)));
    assert_eq!(hit(&bench, Space::Memory, BASE + 0x1_ffff), Some((Window::Region(0), 0x1_ffff)));
    assert_eq!(hit(&bench, Space::Memory, BASE + 0x2_0000), Some((Window::Region(2), 0)));
    assert_eq!(hit(&bench, Space::Memory, BASE - 1), None);
    assert_eq!(hit(&bench, Space::Io, 0xc03f), Some((Window::Region(1), 0x3f)));
    assert_eq!(hit(&bench, Space::Io, BASE), None);
    bench.command(1);
    assert_eq!(hit(&bench, Space::Memory, BASE), None);
    assert_eq!(hit(&bench, Space::Io, 0xc000), Some((Window::Region(1), 0)));
    bench.command(0);
    assert_eq!(bench.function.mappings().count(), 0);
}

#[test]
fn the_bus_is_told_when_addresses_move_and_only_then() {
    let mut bench = bench(&[]);
    assert!(bench.function.take_map_changed(), "at first");
    assert!(!bench.function.take_map_changed());
    for (offset, value, moves) in [
        (0x3c, 0x0b, false),
        (0x10, BASE as u32, false),
        (0x10, 0x2000_0000, true),
        (u32::from(COMMAND), 7, false),
        (u32::from(COMMAND), 5, true),
    ] {
        bench.set_config(offset as u8, Size::Word, value.into());
        assert_eq!(bench.function.take_map_changed(), moves, "{offset:#x} := {value:#x}");
    }
}

#[test]
fn sixty_four_bit_addresses_reach_beyond_four_gigabytes() {
    let mut bench = bench(&[]);
    bench.set_config(0x18, Size::Word, 0x8000_0000);
    bench.set_config(0x1c, Size::Word, 0x12);
    let hit = bench.function.decode(Space::Memory, 0x12_8000_0010);
    assert_eq!(hit, Some(Hit { window: Window::Region(2), offset: 0x10 }));
    assert_eq!(bench.read(Space::Memory, 0x12_8000_0008, Size::Double), Some(Ok(0x28)));
}

#[test]
fn a_fixed_window_is_reached_without_any_register() {
    let mut bench = bench(&[]);
    bench.command(0);
    let hit = Hit { window: Window::Region(3), offset: 4 };
    assert_eq!(bench.enter(|f, cx| f.read(cx, hit, Size::Byte)), Ok(0x34));
    assert_eq!(bench.function.peek(hit, Size::Byte), Some(0x34));
    let crooked = Hit { window: Window::Region(3), offset: 1 };
    let refused = bench.enter(|f, cx| f.read(cx, crooked, Size::Word));
    assert_eq!(refused, Err(Fault::WrongSize));
}

#[test]
fn memory_is_out_of_reach_until_the_function_may_master_the_bus() {
    let mut bench = bench(&[]);
    bench.ram.store(0x5000, &[0x78, 0x56, 0x34, 0x12]);
    ask(&mut bench, FETCH, 0x5000);
    assert_eq!(answer(&mut bench, FETCHED), 0xffff_ffff);
    assert_eq!(bench.config(STATUS, Size::Half) & 0x2000, 0, "nothing was tried on the bus");
    bench.command(7);
    ask(&mut bench, FETCH, 0x5000);
    assert_eq!(answer(&mut bench, FETCHED), 0x1234_5678);
}

#[test]
fn an_access_to_nothing_is_a_master_abort_until_software_clears_it() {
    let mut bench = master(&[]);
    bench.ram = elnic_testbench::SparseRam::below(0x1000);
    ask(&mut bench, FETCH, 0x1000);
    assert_eq!(bench.config(STATUS, Size::Half), 0x2000);
    bench.set_config(STATUS, Size::Half, 0x2000);
    assert_eq!(bench.config(STATUS, Size::Half), 0);
}

#[test]
fn interrupt_disable_silences_the_pin_but_not_the_status() {
    let mut bench = bench(&[]);
    assert_eq!(bench.function.lines(), Lines::NONE);
    ask(&mut bench, LINE, 1);
    assert_eq!(bench.function.lines(), Lines::INTA);
    assert_eq!(bench.config(STATUS, Size::Half), 8);
    bench.command(3 | INTERRUPT_DISABLE);
    assert_eq!(bench.function.lines(), Lines::NONE);
    assert_eq!(bench.config(COMMAND, Size::Word), 0x0008_0403);
    assert_eq!(bench.config(STATUS, Size::Byte), 8);
    assert_eq!(bench.config(STATUS + 1, Size::Byte), 0);
    assert_eq!(bench.config(0, Size::Double) >> 32, 0x0008_0403);
}

fn power_management(no_soft_reset: bool) -> Capability {
    let kind = CapabilityKind::PowerManagement(PowerManagement {
        version: 2,
        d1: true,
        d2: false,
        pme_from: 0b11001,
        device_specific_init: false,
        no_soft_reset,
    });
    Capability { offset: 0xdc, kind }
}

const PMC: u8 = 0xde;
const PMCSR: u8 = 0xe0;

#[test]
fn a_sleeping_function_neither_decodes_nor_interrupts_nor_masters() {
    let mut bench = master(&[power_management(true)]);
    assert_eq!(bench.config(PMC, Size::Half), 0xca02);
    ask(&mut bench, LINE, 1);
    bench.set_config(PMCSR, Size::Half, 1);
    assert_eq!(bench.function.power_state(), PowerState::D1);
    assert_eq!(bench.function.decode(Space::Memory, BASE), None);
    assert_eq!(bench.function.lines(), Lines::NONE);
    assert!(!bench.function.may_master());
    bench.set_config(PMCSR, Size::Half, 2);
    assert_eq!(bench.function.power_state(), PowerState::D1, "there is no D2 to go to");
    bench.set_config(PMCSR, Size::Half, 0);
    assert_eq!(bench.function.lines(), Lines::INTA, "nothing was forgotten");
}

#[test]
fn waking_from_d3_resets_unless_the_function_says_otherwise() {
    let mut bench = master(&[power_management(false)]);
    bench.set_config(PMCSR, Size::Half, 0x0103);
    bench.set_config(PMCSR, Size::Half, 0x0100);
    assert_eq!(bench.config(COMMAND, Size::Half), 0, "configuration is lost");
    assert_eq!(bench.config(0x10, Size::Word), 0);
    assert_eq!(bench.config(PMCSR, Size::Half), 0x0100, "PME Enable belongs to the power domain");
    bench.assign(BASE, 0xc000);
    bench.command(3);
    assert_eq!(answer(&mut bench, RESETS), 1);

    let mut soft = master(&[power_management(true)]);
    soft.set_config(PMCSR, Size::Half, 3);
    soft.set_config(PMCSR, Size::Half, 0);
    assert_eq!(soft.config(COMMAND, Size::Half), 7);
    assert_eq!(answer(&mut soft, RESETS), 0);
}

#[test]
fn a_wake_up_is_recorded_always_and_signalled_when_enabled() {
    let hit = Hit { window: Window::Region(0), offset: WAKE };
    let mut bench = master(&[power_management(true)]);
    bench.write_hit(hit, Size::Word, 1).unwrap();
    assert_eq!(bench.config(PMCSR, Size::Half), 0x8008);
    assert_eq!(bench.effects, []);
    bench.set_config(PMCSR, Size::Half, 0x8100);
    assert_eq!(bench.config(PMCSR, Size::Half), 0x0108, "1 clears PME Status");
    bench.write_hit(hit, Size::Word, 1).unwrap();
    assert_eq!(bench.effects, [Effect::Pme { forced: false }]);
    bench.set_config(PMCSR, Size::Half, 0x8101);
    bench.write_hit(hit, Size::Word, 1).unwrap();
    assert_eq!(bench.config(PMCSR, Size::Half), 0x0109, "it cannot signal from D1");
    let mut without = master(&[]);
    without.write_hit(hit, Size::Word, 1).unwrap();
    assert_eq!(without.effects, []);
}

#[test]
fn each_kind_of_reset_keeps_what_its_power_keeps() {
    use elnic_contract::Reset;
    for (kind, pme) in [(Reset::Cold, 0), (Reset::Warm, 0x0100), (Reset::Function, 0x0100)] {
        let mut bench = master(&[power_management(true)]);
        bench.set_config(PMCSR, Size::Half, 0x0100);
        bench.enter(|function, cx| function.reset(cx, kind));
        assert_eq!(bench.config(COMMAND, Size::Half), 0, "{kind:?}");
        assert_eq!(bench.config(PMCSR, Size::Half), 8 | pme, "{kind:?}");
        assert!(bench.function.take_map_changed());
    }
}

#[test]
fn a_function_is_restored_whole_or_not_at_all() {
    let mut bench = master(&[power_management(true)]);
    ask(&mut bench, LINE, 1);
    let saved = bench.function.save();
    let mut other = function(&[power_management(true)]).unwrap();
    let fresh = other.save();
    for (path, value) in [
        ("/config/0", serde_json::json!(0)),
        ("/config", serde_json::json!([])),
        ("/msix", serde_json::json!([])),
        ("/device/kind", serde_json::json!("another")),
        ("/config/56", serde_json::json!(0)),
        ("/config/56", serde_json::json!(0xa)),
    ] {
        let mut hostile = saved.clone();
        *hostile.fields.pointer_mut(path).unwrap() = value;
        let refused = other.restore(&hostile);
        assert!(refused.is_err(), "{path}");
        assert_eq!(other.save(), fresh, "{path}: {refused:?}");
    }
    other.restore(&saved).unwrap();
    assert_eq!(other.save(), saved);
    assert_eq!(other.lines(), Lines::INTA);
    assert!(other.take_map_changed());
    let (ours, theirs): (Vec<_>, Vec<_>) =
        (other.mappings().collect(), bench.function.mappings().collect());
    assert_eq!(ours, theirs);
}

#[test]
fn a_timer_reaches_the_device() {
    let mut bench = bench(&[]);
    bench.enter(|function, cx| function.timer(cx, elnic_contract::TimerId(0)));
    assert_eq!(bench.function.lines(), Lines::INTA);
}

#[test]
fn the_device_is_told_what_software_sets_the_function_to_and_only_when_it_changes() {
    let kind = CapabilityKind::MsiX(MsiX {
        vectors: 2,
        table_bar: 4,
        table_offset: 0,
        pending_bar: 4,
        pending_offset: 0x800,
    });
    let mut bench = bench(&[power_management(false), Capability { offset: 0x40, kind }]);
    let (master, msix, wake) = (1, 2, 4);
    let told = |bench: &mut elnic_testbench::PciBench| {
        let hit = Hit { window: Window::Region(0), offset: TOLD };
        bench.function.peek(hit, Size::Word).unwrap()
    };
    assert_eq!(told(&mut bench), 0, "nothing is new yet");
    bench.command(7);
    assert_eq!(told(&mut bench), 0x100 | master);
    bench.command(7);
    bench.command(6);
    assert_eq!(told(&mut bench), 0x100 | master, "I/O decoding does not concern it");
    bench.set_config(0x42, Size::Half, 0x8000);
    assert_eq!(told(&mut bench), 0x200 | master | msix);
    bench.set_config(PMCSR, Size::Half, 0x103);
    assert_eq!(told(&mut bench), 0x300 | 0x30 | msix | wake, "asleep it cannot master");
    bench.set_config(PMCSR, Size::Half, 0x100);
    assert_eq!(told(&mut bench), 0x400 | wake, "waking resets all but the power domain's bits");
}
