//! Wake-up: which frames wake a sleeping machine, and what is found afterwards (nic-models.md §1.11).

mod harness;

use elnic_contract::{
    Device, Effect, Frame, FunctionState, LinkState, MacAddr, Nic, NotReady, PowerState, Readiness,
    Reset, Size, Verdict,
};
use elnic_pci::{FunctionOptions, Hit, PciFunction, Window};
use elnic_testbench::PciBench;
use harness::{MAC, Machine, PEER, frame_to, reg};

/// The control and status register of the power management capability.
const PMCSR: u8 = 0xe0;

fn asleep(given: &[(&str, &str)], filters: u32, control: u32) -> Machine {
    let mut machine = Machine::new(given);
    machine.w32(reg::WUFC, filters);
    machine.w32(reg::WUC, control);
    machine
}

fn sleep(machine: &mut Machine) {
    let state =
        FunctionState { power: PowerState::D3Hot, pme_enabled: true, ..FunctionState::default() };
    machine.call(|device, cx| device.function_changed(cx, state));
}

fn magic(destination: MacAddr, station: MacAddr) -> Vec<u8> {
    let mut frame = frame_to(destination, 30);
    frame.extend([0xff; 6]);
    frame.extend([station.0; 16].concat());
    frame.extend([0; 10]);
    frame
}

/// The filters that let `frame` through, of those enabled; 0 if the machine slept on.
fn woken_by(mut machine: Machine, frame: &[u8]) -> u32 {
    sleep(&mut machine);
    assert!(matches!(machine.receive(frame), Verdict::Dropped(_)), "nobody receives it");
    machine.settle();
    let causes = machine.r32(reg::WUS);
    assert_eq!(machine.wake_ups, usize::from(causes != 0));
    assert_eq!(machine.r32(reg::WUC) >> 2 & 1, u32::from(causes != 0), "PME_Status");
    assert_eq!(machine.r32(reg::WUPL), if causes == 0 { 0 } else { frame.len() as u32 });
    if causes != 0 {
        let captured: Vec<u8> =
            (0..32).flat_map(|n| machine.r32(reg::WUPM + n * 4).to_le_bytes()).collect();
        let kept = frame.len().min(128);
        assert_eq!(captured[..kept], frame[..kept]);
    }
    assert_eq!(machine.device.counters().rx_frames, 0);
    causes
}

#[test]
fn magic_packets_wake_by_apm_and_by_filter() {
    let multicast = MacAddr([1, 0, 0x5e, 0, 0, 1]);
    for destination in [MAC, MacAddr::BROADCAST, multicast] {
        let frame = magic(destination, MAC);
        assert_eq!(woken_by(asleep(&[], 0, 1), &frame), 2, "APM, as the EEPROM has it");
        assert_eq!(woken_by(asleep(&[], 2, 2), &frame), 2, "MAG");
        assert_eq!(woken_by(asleep(&[("timing", "off")], 2, 2), &frame), 2);
        assert_eq!(woken_by(asleep(&[], 0, 2), &frame), 0, "neither");
    }
    assert_eq!(woken_by(asleep(&[], 2, 3), &magic(MAC, PEER)), 0, "another's address");
    assert_eq!(woken_by(asleep(&[], 2, 3), &magic(PEER, MAC)), 0, "to another");
    let mut cut = magic(MAC, MAC);
    cut.truncate(30 + 6 + 15 * 6);
    assert_eq!(woken_by(asleep(&[], 2, 3), &cut), 0, "fifteen times");
}

#[test]
fn directed_multicast_and_broadcast_frames_wake() {
    let group = MacAddr([1, 0, 0x5e, 0, 0, 1]);
    for (frame, cause) in [(MAC, 4), (group, 8), (MacAddr::BROADCAST, 0x10), (PEER, 0)] {
        let set_up = |filters| {
            let mut machine = asleep(&[], filters, 2);
            // MO 0: bits 47 to 36 of the address.
            let hash = u16::from_le_bytes([0, 1]) >> 4;
            machine.w32(reg::MTA + u64::from(hash >> 5) * 4, 1 << (hash & 31));
            machine
        };
        assert_eq!(woken_by(set_up(0x1c), &frame_to(frame, 60)), cause);
        assert_eq!(woken_by(set_up(0x1c & !cause), &frame_to(frame, 60)), 0);
    }
}

fn arp(operation: u8, target: [u8; 4]) -> Vec<u8> {
    let mut frame = frame_to(MacAddr::BROADCAST, 60);
    frame[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame[38..42].copy_from_slice(&target);
    frame
}

fn ip(v6: bool, target: &[u8]) -> Vec<u8> {
    let mut frame = frame_to(MAC, 80);
    frame[14..].fill(0);
    if v6 {
        frame[12..15].copy_from_slice(&[0x86, 0xdd, 0x60]);
        frame[18..20].copy_from_slice(&[0, 26]);
        frame[38..54].copy_from_slice(target);
    } else {
        frame[12..18].copy_from_slice(&[8, 0, 0x45, 0, 0, 66]);
        frame[30..34].copy_from_slice(target);
    }
    frame
}

#[test]
fn packets_for_the_own_addresses_wake() {
    let v6: [u8; 16] = std::array::from_fn(|n| n as u8 | 0x20);
    let set_up = |valid: u32| {
        let mut machine = asleep(&[], 0xe0, 2);
        machine.w32(reg::IP4AT + 8, u32::from_le_bytes([10, 0, 2, 15]));
        for (n, word) in (0..).zip(v6.chunks(4)) {
            machine.w32(reg::IP6AT + n * 4, u32::from_le_bytes(word.try_into().unwrap()));
        }
        machine.w32(reg::IPAV, valid);
        machine
    };
    for (frame, cause) in [
        (arp(1, [10, 0, 2, 15]), 0x20),
        (arp(2, [10, 0, 2, 15]), 0),
        (arp(1, [10, 0, 2, 16]), 0),
        (ip(false, &[10, 0, 2, 15]), 0x40),
        (ip(false, &[10, 0, 2, 1]), 0),
        (ip(true, &v6), 0x80),
        (ip(true, &[0; 16]), 0),
    ] {
        assert_eq!(woken_by(set_up(0x1_0002), &frame), cause);
        assert_eq!(woken_by(set_up(0x0_000d), &frame), 0, "not valid");
    }
}

#[test]
fn flexible_filters_compare_the_bytes_they_are_told_to() {
    for filter in 0..4_u64 {
        let set_up = |length: u32| {
            let mut machine = asleep(&[], 0x1_0000 << filter, 2);
            machine.w32(reg::FFLT + filter * 8, length);
            for (at, value) in [(12_u64, 0x88_u32), (13, 0xb5), (63, 0x11)] {
                machine.w32(reg::FFMT + at * 8, 1 << filter);
                machine.w32(reg::FFVT + at * 8, value << (filter * 8));
            }
            machine
        };
        let mut frame = frame_to(PEER, 64);
        assert_eq!(woken_by(set_up(64), &frame), 0, "byte 63 differs");
        assert_eq!(woken_by(set_up(63), &frame), 0x1_0000 << filter, "and is not looked at");
        frame[63] = 0x11;
        assert_eq!(woken_by(set_up(64), &frame), 0x1_0000 << filter);
        assert_eq!(woken_by(set_up(65), &frame), 0, "the frame is too short");
        assert_eq!(woken_by(set_up(0), &frame), 0, "a filter of no length is none");
    }
}

#[test]
fn frames_are_looked_at_only_if_one_may_wake() {
    for (filters, control, wanted) in [
        (0, 1, Readiness::Ready),
        (0x1_0000, 0, Readiness::Ready),
        (1, 2, Readiness::NotReady(NotReady::PoweredDown)),
    ] {
        let mut machine = asleep(&[], filters, control);
        sleep(&mut machine);
        assert_eq!(machine.device.can_receive(), wanted, "WUFC {filters:#x} WUC {control:#x}");
    }
}

/// PME# driven by a magic packet in D3 with WUC as `control`, and PMCSR then.
fn driven_in_d3(control: u32, pme_enable: u64) -> (Vec<Effect>, u64) {
    let device = elnic_e1000::ENTRY.make([("timing", "off")]).unwrap();
    let mut bench = PciBench::new(PciFunction::new(device, FunctionOptions::default()).unwrap());
    bench.assign(0x8000_0000, 0xc000);
    bench.command(7);
    let hit = Hit { window: Window::Region(0), offset: reg::WUC };
    bench.write_hit(hit, Size::Word, control.into()).unwrap();
    bench.set_config(PMCSR, Size::Half, pme_enable << 8 | 3);
    assert_eq!(bench.function.can_receive(), Readiness::Ready);
    bench.effects.clear();
    let frame = Frame::new(magic(MAC, MAC), bench.now).unwrap();
    bench.enter(|function, cx| function.receive(cx, &frame));
    (bench.effects.clone(), bench.config(PMCSR, Size::Half))
}

#[test]
fn apm_wakes_without_the_leave_of_configuration_space() {
    // SDM 6.4.1: with APMPME the controller sets PME_Status and drives PME#; nobody has set PME_En before a driver runs.
    assert_eq!(driven_in_d3(0x9, 0), (vec![Effect::Pme { forced: true }], 0x8003));
    assert_eq!(driven_in_d3(0x1, 0), (vec![], 0x8003), "without APMPME it is recorded");
    assert_eq!(driven_in_d3(0x1, 1), (vec![Effect::Pme { forced: false }], 0x8103));
    assert_eq!(driven_in_d3(0x3, 0).0, [Effect::Pme { forced: true }], "WUC.PME_EN enables too");
}

#[test]
fn a_link_change_wakes() {
    let mut machine = asleep(&[("timing", "off")], 1, 2);
    sleep(&mut machine);
    machine.call(|device, cx| device.link(cx, LinkState::Down));
    assert_eq!((machine.wake_ups, machine.r32(reg::WUS)), (1, 1));
    let mut machine = asleep(&[("timing", "off")], 1, 2);
    machine.call(|device, cx| device.link(cx, LinkState::Down));
    assert_eq!((machine.wake_ups, machine.r32(reg::WUS)), (0, 0), "awake");
}

#[test]
fn what_woke_the_machine_is_found_after_the_reset_that_waking_brings() {
    let mut machine = asleep(&[("timing", "off")], 2, 2);
    sleep(&mut machine);
    let frame = magic(MAC, MAC);
    machine.receive(&frame);
    machine.reset(Reset::Function);
    assert_eq!(machine.device.can_receive(), Readiness::NotReady(NotReady::ReceiverOff));
    assert_eq!((machine.r32(reg::WUS), machine.r32(reg::WUPL)), (2, frame.len() as u32));
    machine.w32(reg::WUS, 2);
    machine.w32(reg::WUC, 4);
    assert_eq!((machine.r32(reg::WUS), machine.r32(reg::WUC) & 4), (0, 0), "written 1 to clear");
}
