//! The link: registers, negotiation, flow control, wake-up (DS MSR, BMCR, BMSR, CONFIG3, CONFIG5; IEEE 802.3).

mod harness;

use elnic_contract::{LinkState, NotReady, Readiness, Size, VDuration};
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_rtl8139::ENTRY;
use elnic_script::Event;
use elnic_testbench::PciBench;
use elnic_wire::pause::Pause;
use harness::{GROUP, MAC, Machine, PEER, RECEIVE, TRANSMIT, frame_to, isr, reg};

#[test]
fn a_link_that_is_up_shows_everywhere() {
    let mut machine = Machine::off();
    assert_eq!(machine.r8(reg::MSR), 0xd0);
    assert_eq!((machine.r16(reg::BMCR), machine.r16(reg::BMSR)), (0x1000, 0x782d));
    assert_eq!((machine.r16(reg::ANAR), machine.r16(reg::ANLPAR)), (0x05e1, 0x05e1));
}

#[test]
fn a_lost_link_is_an_event_and_stays_in_bmsr_until_it_is_read() {
    let mut machine = Machine::off();
    machine.bench.link(LinkState::Down);
    assert_eq!(machine.take_isr(), isr::PUN);
    assert_eq!((machine.r8(reg::MSR), machine.r16(reg::ANLPAR)), (0xd4, 0));
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::LinkDown));
    machine.bench.link(LinkState::Up);
    assert_eq!((machine.take_isr(), machine.r8(reg::MSR)), (isr::PUN, 0xd0));
    assert_eq!(machine.r16(reg::BMSR) & 4, 0, "it was down");
    assert_eq!(machine.r16(reg::BMSR) & 4, 4, "and is no longer");
    assert_eq!((machine.r16(reg::DIS), machine.r16(reg::DIS)), (1, 0), "counted once");
    machine.bench.link(LinkState::Up);
    assert_eq!(machine.r16(reg::ISR), 0, "nothing has changed");
}

#[test]
fn negotiation_takes_the_time_it_is_given() {
    for (timing, milliseconds) in [("off", 0), ("wire", 2000), ("full", 2000)] {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.open(|machine| machine.w16(reg::BMCR, 0x1200));
        assert_eq!(machine.r16(reg::BMCR), 0x1000, "RESTART clears itself");
        if milliseconds > 0 {
            assert_eq!(machine.r16(reg::BMSR) & 0x24, 0);
            machine.advance(VDuration::from_millis(milliseconds));
            machine.r16(reg::BMSR);
        }
        assert_eq!(machine.r16(reg::BMSR) & 0x24, 0x24, "{timing}");
    }
    let mut machine = Machine::new(&[("autoneg-ms", "5")]);
    machine.bench.link(LinkState::Down);
    machine.bench.link(LinkState::Up);
    machine.advance(VDuration::from_millis(5));
    assert_eq!(machine.r8(reg::MSR) & 4, 0);
}

#[test]
fn the_medium_is_the_best_that_both_can() {
    let mut machine = Machine::off();
    for (advertised, media) in [(0x05e1, 0xd0), (0x01e1, 0x10), (0x0061, 0x18), (0x0001, 0x14)] {
        machine.w16(reg::ANAR, advertised);
        machine.open(|machine| machine.w16(reg::BMCR, 0x1200));
        assert_eq!(machine.r8(reg::MSR), media, "{advertised:#x}");
    }
}

#[test]
fn a_forced_medium_does_not_negotiate() {
    let mut machine = Machine::new(&[]);
    machine.open(|machine| machine.w16(reg::BMCR, 0x0100));
    assert_eq!((machine.r8(reg::MSR), machine.r16(reg::BMSR)), (0x18, 0x780d), "10 Mb/s, at once");
    machine.open(|machine| machine.w16(reg::BMCR, 0x2100));
    assert_eq!(machine.r8(reg::MSR), 0x10);
    machine.open(|machine| machine.w16(reg::BMCR, 0x8000));
    assert_eq!(machine.r16(reg::BMCR), 0x1000, "reset to its defaults");
    assert_eq!(machine.r8(reg::MSR) & 4, 4, "and negotiating");
    machine.advance(VDuration::from_millis(2000));
    assert_eq!(machine.r8(reg::MSR), 0xd0);
}

#[test]
fn a_software_reset_does_not_lose_the_link() {
    for (compat, forced) in [("datasheet", 0x18), ("qemu", 0xd0)] {
        let mut machine = Machine::new(&[("compat", compat)]);
        machine.w8(reg::CR, 0x10);
        assert_eq!((machine.r8(reg::MSR), machine.r16(reg::BMSR)), (0xd0, 0x782d));
        machine.open(|machine| machine.w16(reg::BMCR, 0x0100));
        machine.w8(reg::CR, 0x10);
        machine.advance(VDuration::from_millis(2000));
        assert_eq!(machine.r8(reg::MSR), forced, "QEMU's reset goes back to negotiation");
    }
}

#[test]
fn a_pause_holds_the_transmitter_for_its_time() {
    let mut machine = Machine::new(&[]);
    machine.start(RECEIVE, TRANSMIT);
    machine.advance_us(1000);
    machine.receive(&Pause { quanta: 100 }.emit_standard(PEER));
    assert_eq!(machine.r8(reg::MSR) & 1, 1);
    assert_eq!(machine.r16(reg::CBR), 0, "it is not delivered");
    machine.give(0, &frame_to(PEER, 60));
    // 100 quanta of 512 bits of 10 ns, then the frame.
    machine.advance(VDuration::from_nanos(512_000 + 5_759));
    assert!(machine.frames().is_empty());
    machine.advance(VDuration::from_nanos(1));
    assert_eq!((machine.frames().len(), machine.r8(reg::MSR) & 1), (1, 0));
    machine.receive(&Pause { quanta: 0xffff }.emit_standard(PEER));
    machine.give(1, &frame_to(PEER, 60));
    machine.receive(&Pause { quanta: 0 }.emit_standard(PEER));
    machine.advance_us(20);
    assert_eq!(machine.frames().len(), 2, "resumed");
}

#[test]
fn without_flow_control_a_pause_is_a_frame_like_others() {
    let mut machine = Machine::off();
    machine.w16(reg::ANAR, 0x01e1);
    assert_eq!(machine.r8(reg::MSR), 0xd0, "not before the next negotiation");
    machine.w16(reg::BMCR, 0x0200);
    assert_eq!(machine.r8(reg::MSR), 0x10, "which needs no open lock");
    machine.w32(reg::MAR, 0xffff_ffff);
    machine.w32(reg::MAR + 4, 0xffff_ffff);
    machine.start(RECEIVE, TRANSMIT);
    machine.receive(&Pause { quanta: 100 }.emit_standard(PEER));
    assert_eq!(machine.buffered(0).0, 0x8001);
}

fn magic() -> Vec<u8> {
    let mut frame = frame_to(MAC, 20);
    frame.extend([0xff; 6]);
    (0..16).for_each(|_| frame.extend(MAC.0));
    frame
}

#[test]
fn frames_wake_the_system_as_configured() {
    let mut broken = magic();
    broken[80] ^= 1;
    let mut elsewhere = magic();
    elsewhere[..6].copy_from_slice(&PEER.0);
    let broadcast = frame_to(elnic_contract::MacAddr::BROADCAST, 60);
    for (config3, config5, frame, wakes) in [
        (0x20, 0, magic(), 1),
        (0x20, 0, broken, 0),
        (0x20, 0, elsewhere, 0),
        (0, 0, magic(), 0),
        (0, 0x10, frame_to(MAC, 60), 1),
        (0, 0x20, frame_to(GROUP, 60), 1),
        (0, 0x40, broadcast.clone(), 1),
        (0, 0x30, broadcast, 0),
        (0, 0x70, frame_to(PEER, 60), 0),
    ] {
        for armed in [1, 0] {
            let mut machine = Machine::off();
            machine.open(|machine| {
                machine.w8(reg::CONFIG1, armed);
                machine.w8(reg::CONFIG3, config3);
            });
            machine.w8(reg::CONFIG5, config5);
            machine.receive(&frame);
            assert_eq!(machine.count(&Event::Pme), wakes * usize::from(armed), "{frame:02x?}");
        }
    }
}

#[test]
fn a_change_of_the_link_wakes_the_system_as_configured() {
    let mut machine = Machine::off();
    machine.open(|machine| {
        machine.w8(reg::CONFIG1, 1);
        machine.w8(reg::CONFIG3, 0x10);
    });
    machine.bench.link(LinkState::Down);
    machine.bench.link(LinkState::Up);
    assert_eq!(machine.count(&Event::Pme), 2);
}

#[test]
fn a_sleeping_function_looks_for_its_magic_packet_with_the_receiver_off() {
    let device = ENTRY.make([("pm", "on"), ("timing", "off")]).unwrap();
    let mut bench = PciBench::new(PciFunction::new(device, FunctionOptions::default()).unwrap());
    bench.set_config(0x14, Size::Word, 0xfebf_0000);
    bench.command(7);
    let window = elnic_pci::Space::Memory;
    for (offset, value) in [(0x50, 0xc0), (0x52, 1), (0x59, 0x20), (0x50, 0)] {
        bench.write(window, 0xfebf_0000 + offset, Size::Byte, value).unwrap().unwrap();
    }
    bench.set_config(0x54, Size::Half, 0x0103);
    assert_eq!(bench.function.can_receive(), Readiness::Ready);
    let frame = elnic_contract::Frame::new(magic(), bench.now).unwrap();
    bench.enter(|function, cx| function.receive(cx, &frame));
    assert_eq!(bench.config(0x54, Size::Half), 0x8103, "PME status");
    assert!(bench.effects.contains(&elnic_contract::Effect::Pme { forced: false }));
}

/// What was said of PAUSE on the cable, in quanta.
fn pauses(machine: &Machine) -> Vec<u16> {
    let frames = machine.frames();
    frames
        .iter()
        .filter(|frame| frame[12..14] == [0x88, 0x08])
        .filter_map(|f| Pause::parse(f))
        .map(|p| p.quanta)
        .collect()
}

#[test]
fn a_receiver_without_room_asks_for_a_pause_and_ends_it() {
    for (properties, expected) in
        [(&[][..], &[0xffff, 0][..]), (&[("duplex", "half")], &[]), (&[("compat", "qemu")], &[])]
    {
        let properties = [&[("timing", "off"), ("rx-drop", "on")], properties].concat();
        let mut machine = Machine::new(&properties);
        machine.start(RECEIVE, TRANSMIT);
        machine.w16(reg::IMR, 0x10);
        for _ in 0..7 {
            machine.receive(&frame_to(MAC, 1514));
        }
        let held = u8::from(!expected.is_empty()) * 2;
        assert_eq!(machine.r8(reg::MSR) & 2, held, "TXPF");
        machine.w16(reg::CAPR, 1524 * 2 - 16);
        assert_eq!(machine.r8(reg::MSR) & 2, 0);
        assert_eq!(pauses(&machine), expected, "{properties:?}");
    }
}

#[test]
fn speed_and_duplex_limit_the_partner() {
    for (speed, duplex, msr, partner) in [
        ("100", "full", 0xd0, 0x05e1),
        ("100", "half", 0x10, 0x00a1),
        ("10", "full", 0xd8, 0x0461),
        ("10", "half", 0x18, 0x0021),
    ] {
        let mut machine = Machine::new(&[("timing", "off"), ("speed", speed), ("duplex", duplex)]);
        assert_eq!(machine.r8(reg::MSR), msr, "{speed} {duplex}");
        assert_eq!(machine.r16(reg::ANLPAR), partner, "{speed} {duplex}");
    }
    let mut machine = Machine::new(&[("timing", "off"), ("speed", "10")]);
    machine.open(|machine| machine.w16(reg::BMCR, 0x2000));
    assert_eq!(machine.r8(reg::MSR) & 4, 4, "a partner of 10 Mb/s hears nothing of 100");
}
