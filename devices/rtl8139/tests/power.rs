//! What the bus lets the function do: bus mastering, power states, wake-up frames (DS power management).

mod harness;

use elnic_contract::{Device, Effect, Frame, LogEntry, NotReady, PowerState, Readiness, Size};
use elnic_pci::{FunctionOptions, PciFunction, Space};
use elnic_rtl8139::ENTRY;
use elnic_script::Event;
use elnic_testbench::PciBench;
use harness::{GROUP, MAC, Machine, PEER, RECEIVE, RX_BUFFER, TRANSMIT, TX_BUFFERS, frame_to, reg};

const WINDOW: u64 = 0xfebf_0000;

/// A function with its registers in memory space, its bus mastering off.
fn function(properties: &[(&str, &str)]) -> PciBench {
    let device: Box<dyn Device> = ENTRY.make(properties.iter().copied()).unwrap();
    let mut bench = PciBench::new(PciFunction::new(device, FunctionOptions::default()).unwrap());
    bench.set_config(0x14, Size::Word, WINDOW);
    bench.command(3);
    bench
}

fn w(bench: &mut PciBench, offset: u64, size: Size, value: u64) {
    bench.write(Space::Memory, WINDOW + offset, size, value).unwrap().unwrap();
}

fn r(bench: &mut PciBench, offset: u64, size: Size) -> u64 {
    bench.read(Space::Memory, WINDOW + offset, size).unwrap().unwrap()
}

fn start(bench: &mut PciBench) {
    w(bench, reg::CR, Size::Byte, 0x0c);
    w(bench, reg::TCR, Size::Word, TRANSMIT.into());
    w(bench, reg::RBSTART, Size::Word, RX_BUFFER);
    w(bench, reg::RCR, Size::Word, RECEIVE.into());
}

fn sent(bench: &PciBench) -> usize {
    bench.effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count()
}

#[test]
fn a_transmitter_without_the_bus_goes_on_when_it_gets_it() {
    for timing in ["off", "wire"] {
        let mut bench = function(&[("timing", timing)]);
        start(&mut bench);
        bench.ram.store(TX_BUFFERS, &frame_to(PEER, 60));
        w(&mut bench, reg::TSAD, Size::Word, TX_BUFFERS);
        w(&mut bench, reg::TSD, Size::Word, 60);
        assert_eq!(
            r(&mut bench, reg::TSD, Size::Word) & 0x6000_e000,
            0,
            "neither done nor aborted"
        );
        assert_eq!(bench.function.can_receive(), Readiness::NotReady(NotReady::NoBusMaster));
        bench.command(7);
        if timing == "off" {
            assert_eq!(sent(&bench), 1);
            assert_eq!(r(&mut bench, reg::TSD, Size::Word), 0xa03c);
        } else {
            let armed = |effect: &Effect| matches!(effect, Effect::Arm(..));
            assert!(bench.effects.iter().any(armed), "it is on the line");
        }
    }
}

#[test]
fn transmission_without_the_bus_is_named() {
    let mut bench = function(&[("timing", "off"), ("strict", "on")]);
    start(&mut bench);
    w(&mut bench, reg::TSD, Size::Word, 60);
    let named = bench.notes.take().into_iter().any(|entry| match entry {
        LogEntry::Strict { rule, .. } => rule.name == "no-bus-master",
        _ => false,
    });
    assert!(named);
}

#[test]
fn a_looped_frame_waits_in_the_fifo_for_the_bus() {
    let mut bench = function(&[("timing", "off")]);
    bench.command(7);
    start(&mut bench);
    w(&mut bench, reg::TCR, Size::Word, (TRANSMIT | 0x6_0000).into());
    bench.ram.store(TX_BUFFERS, &frame_to(MAC, 60));
    let frame = Frame::new(frame_to(MAC, 60), bench.now).unwrap();
    w(&mut bench, reg::TCR, Size::Word, TRANSMIT.into());
    bench.command(3);
    bench.enter(|function, cx| function.receive(cx, &frame));
    assert_eq!(r(&mut bench, reg::CR, Size::Byte) & 1, 1, "the buffer is empty");
    bench.command(7);
    assert_eq!(r(&mut bench, reg::CR, Size::Byte) & 1, 0);
    assert_eq!(bench.ram.load(RX_BUFFER + 4, 60), frame_to(MAC, 60));
}

#[test]
fn a_dump_of_the_tally_counters_waits_for_the_bus() {
    let mut bench = function(&[("timing", "off")]);
    w(&mut bench, 0xe0, Size::Half, 3);
    w(&mut bench, reg::DTCCR, Size::Word, 0x1_0008);
    assert_eq!(r(&mut bench, reg::DTCCR, Size::Word), 0x1_0008);
    bench.command(7);
    assert_eq!(r(&mut bench, reg::DTCCR, Size::Word), 0x1_0000);
}

#[test]
fn a_sleeping_function_takes_frames_to_wake_up_by_and_stores_none() {
    let mut bench = function(&[("timing", "off"), ("pm", "on")]);
    bench.command(7);
    start(&mut bench);
    for (offset, value) in [(0x50, 0xc0), (0x52, 1), (0x50, 0), (0xd8, 0x10)] {
        w(&mut bench, offset, Size::Byte, value);
    }
    bench.set_config(0x54, Size::Half, 0x0100 | PowerState::D1 as u64);
    assert_eq!(bench.function.can_receive(), Readiness::Ready);
    let frame = Frame::new(frame_to(MAC, 60), bench.now).unwrap();
    bench.enter(|function, cx| function.receive(cx, &frame));
    assert_eq!(bench.config(0x54, Size::Half) & 0x8000, 0x8000, "PME_Status");
    bench.set_config(0x54, Size::Half, 0x8000);
    assert_eq!(r(&mut bench, reg::CR, Size::Byte) & 1, 1, "nothing was stored");
    bench.enter(|function, cx| function.receive(cx, &frame));
    assert_eq!(r(&mut bench, reg::CR, Size::Byte) & 1, 0, "awake, it receives");
}

#[test]
fn asleep_and_waiting_for_nothing_it_is_not_ready() {
    let mut bench = function(&[("timing", "off"), ("pm", "on")]);
    bench.command(7);
    start(&mut bench);
    bench.set_config(0x54, Size::Half, 0x0103);
    assert_eq!(bench.function.can_receive(), Readiness::NotReady(NotReady::PoweredDown));
}

/// ITU-T I.432, bit by bit over a message and its eight check bits.
fn check8(bytes: &[u8]) -> u8 {
    let mut rest = 0_u32;
    for bit in bytes.iter().chain([&0]).flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1)) {
        rest = rest << 1 | u32::from(bit);
        if rest & 0x100 != 0 {
            rest ^= 0x107;
        }
    }
    rest as u8
}

fn armed() -> Machine {
    let mut machine = Machine::off();
    machine.open(|machine| machine.w8(reg::CONFIG1, 1));
    machine
}

#[test]
fn a_wake_up_frame_has_the_masked_bytes_of_its_pattern() {
    let frame = frame_to(MAC, 80);
    let masked = [frame[12], frame[13], frame[30], frame[75]];
    let mask = 0b11 | 1_u64 << 18 | 1 << 63;
    for (number, check, last, destination, wakes) in [
        (0, check8(&masked), frame[75], MAC, 1),
        (7, check8(&masked), frame[75], MAC, 1),
        (3, check8(&masked) ^ 1, frame[75], MAC, 0),
        (3, check8(&masked), frame[75] ^ 1, MAC, 0),
        (3, check8(&masked), frame[75], PEER, 0),
        (3, check8(&masked), frame[75], GROUP, 1),
    ] {
        let mut machine = armed();
        machine.w32(0x8c + 8 * number, mask as u32);
        machine.w32(0x90 + 8 * number, (mask >> 32) as u32);
        machine.w8(0x84 + number, check);
        machine.w8(0xcc + number, last);
        let mut frame = frame.clone();
        frame[..6].copy_from_slice(&destination.0);
        machine.receive(&frame);
        assert_eq!(machine.count(&Event::Pme), wakes, "{number} {destination}");
        machine.receive(&frame[..75]);
        assert_eq!(machine.count(&Event::Pme), wakes, "a frame that ends before does not match");
    }
}

#[test]
fn two_patterns_make_a_long_one() {
    let mut machine = armed();
    machine.open(|machine| machine.w8(reg::CONFIG4, 0x20));
    let frame = frame_to(MAC, 128);
    // Bytes 6 and 127: the CCITT check of two bytes, by hand.
    let mut check = 0xffff_u32;
    for byte in [frame[6], frame[127]] {
        check ^= u32::from(byte) << 8;
        for _ in 0..8 {
            check <<= 1;
            if check & 0x1_0000 != 0 {
                check ^= 0x1_1021;
            }
        }
    }
    machine.w32(0x8c + 8 * 4, 1 << 6);
    machine.w32(0x90 + 8 * 5, 1 << 31);
    machine.w8(0x84 + 4, check as u8);
    machine.receive(&frame);
    assert_eq!(machine.count(&Event::Pme), 0, "its upper half is missing");
    machine.w8(0xcc + 4, (check >> 8) as u8);
    machine.receive(&frame);
    assert_eq!(machine.count(&Event::Pme), 1);
}
