//! Virtual drivers: frames on the cable and in memory, interrupts, statistics, at every `timing`.

mod harness;

use elnic_contract::{DropReason, Frame, LineError, LinkState, VDuration};
use elnic_rtl8139::ENTRY;
use elnic_script::Event;
use elnic_testbench::Bench;
use elnic_testbench::drivers::rtl8139::{Asked, FreebsdRe, Ipxe, Linux8139cp, Linux8139too};
use harness::{GROUP, MAC, PEER, frame_to, tcp, udp};

const TIMINGS: [&str; 3] = ["off", "wire", "full"];
const LENGTHS: [usize; 8] = [14, 42, 60, 61, 333, 1000, 1513, 1514];

fn bench(properties: &[(&str, &str)]) -> Bench {
    Bench::with(&ENTRY, &[&[("strict", "on")], properties].concat())
}

fn sent(bench: &Bench) -> Vec<Vec<u8>> {
    let sent = bench.events().iter().filter_map(|(_, event)| match event {
        Event::Sent(bytes) => Some(bytes.clone()),
        _ => None,
    });
    sent.collect()
}

/// What the driver pads to.
fn padded(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame.resize(frame.len().max(60), 0);
    frame
}

fn arrive(bench: &mut Bench, frame: &[u8]) {
    let frame = Frame::new(frame.to_vec(), bench.now()).unwrap();
    bench.frame(frame);
}

/// Rules that the driver broke.
fn broken(bench: &mut Bench) -> Vec<&'static str> {
    let notes = bench.notes.take().into_iter();
    let rules = notes.filter_map(|entry| match entry {
        elnic_contract::LogEntry::Strict { rule, .. } => Some(rule.name),
        _ => None,
    });
    rules.collect()
}

/// Rises of the interrupt line.
fn interrupts(bench: &Bench) -> u64 {
    bench.events().iter().filter(|(_, event)| *event == Event::Irq(true)).count() as u64
}

#[test]
fn linux_8139too_sends_and_receives() {
    for timing in TIMINGS {
        let mut bench = bench(&[("rev", "c"), ("timing", timing)]);
        let mut driver = Linux8139too::open(&mut bench);
        assert_eq!(driver.station, MAC.0);
        let mut wanted = Vec::new();
        for round in 0..60 {
            let length = LENGTHS[round % LENGTHS.len()];
            let (out, back) = (frame_to(PEER, length), frame_to(MAC, length));
            while !driver.send(&mut bench, &out) {
                bench.advance(VDuration::from_micros(50));
                driver.interrupt(&mut bench);
            }
            wanted.push((padded(&out), padded(&back)));
            arrive(&mut bench, &back);
            bench.advance(VDuration::from_micros(300));
            driver.interrupt(&mut bench);
        }
        let (out, back): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        assert_eq!(sent(&bench), out, "{timing}");
        assert_eq!(driver.frames, back, "{timing}");
        let statistics = &driver.statistics;
        assert_eq!((statistics.sent, statistics.received), (60, 60));
        assert_eq!((statistics.send_errors, statistics.receive_errors), (0, 0));
        assert!(statistics.interrupts >= interrupts(&bench) && interrupts(&bench) >= 60);
        assert!(!bench.line(), "everything is acknowledged");
        assert_eq!(broken(&mut bench), [""; 0], "{timing}");
    }
}

#[test]
fn linux_8139too_changes_its_filter_while_it_runs() {
    let mut bench = bench(&[("rev", "c"), ("timing", "off")]);
    let mut driver = Linux8139too::open(&mut bench);
    for (hashes, frames) in [(0, 1), (u64::MAX, 3), (1, 4)] {
        arrive(&mut bench, &frame_to(MAC, 100));
        driver.interrupt(&mut bench);
        driver.listen(&mut bench, hashes);
        arrive(&mut bench, &frame_to(GROUP, 100));
        driver.interrupt(&mut bench);
        assert!(driver.frames.len() >= frames, "the pointers have not moved");
    }
    assert_eq!((driver.restarts, driver.statistics.receive_errors), (0, 0));
    let destinations: Vec<u8> = driver.frames.iter().map(|frame| frame[0]).collect();
    assert_eq!(destinations, [0x52, 0x52, 0x01, 0x52]);
}

#[test]
fn linux_8139too_recovers_from_overflow() {
    let mut bench = bench(&[("rev", "c"), ("timing", "off"), ("rx-drop", "on")]);
    let mut driver = Linux8139too::open(&mut bench);
    for _ in 0..40 {
        arrive(&mut bench, &frame_to(MAC, 1514));
    }
    assert!(bench.line());
    driver.interrupt(&mut bench);
    let counters = bench.device().as_nic().unwrap().counters();
    let lost = counters.rx_dropped(DropReason::FifoOverflow);
    assert_eq!(driver.frames.len() as u64 + lost, 40);
    assert!(lost > 0, "the ring of 32 KiB has no room for all");
    arrive(&mut bench, &frame_to(MAC, 100));
    driver.interrupt(&mut bench);
    assert_eq!(driver.frames.last().unwrap(), &frame_to(MAC, 100));
    assert_eq!(driver.restarts, 0);
}

#[test]
fn linux_8139too_gets_over_aborted_transmissions() {
    let properties = [
        ("rev", "c"),
        ("timing", "wire"),
        ("duplex", "half"),
        ("tx-fault", "excessive"),
        ("tx-fault-every", "3"),
    ];
    let mut bench = bench(&properties);
    let mut driver = Linux8139too::open(&mut bench);
    let frames: Vec<Vec<u8>> = (0..12).map(|n| frame_to(PEER, 60 + n)).collect();
    for frame in &frames {
        while !driver.send(&mut bench, frame) {
            bench.advance(VDuration::from_micros(50));
            driver.interrupt(&mut bench);
        }
    }
    for _ in 0..100 {
        bench.advance(VDuration::from_micros(100));
        driver.interrupt(&mut bench);
    }
    assert_eq!(sent(&bench), frames, "each left once, in order");
    assert_eq!(driver.statistics.sent, 12);
    assert!(driver.statistics.send_errors >= 5, "{:?}", driver.statistics);
}

#[test]
fn linux_8139cp_sends_and_receives() {
    for timing in TIMINGS {
        let mut bench = bench(&[("timing", timing)]);
        let mut driver = Linux8139cp::open(&mut bench);
        let mut wanted = Vec::new();
        for round in 0..150 {
            let length = LENGTHS[round % LENGTHS.len()];
            let (out, back) = (frame_to(PEER, length), frame_to(MAC, length));
            assert!(driver.send(&mut bench, &out, Asked::default()));
            arrive(&mut bench, &back);
            bench.advance(VDuration::from_micros(400));
            driver.interrupt(&mut bench);
            wanted.push((padded(&out), padded(&back)));
        }
        let (out, back): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        assert_eq!(sent(&bench), out, "{timing}");
        let got: Vec<_> = driver.frames.iter().map(|got| got.bytes.clone()).collect();
        assert_eq!(got, back, "{timing}");
        assert_eq!((driver.statistics.sent, driver.statistics.received), (150, 150));
        assert_eq!(driver.tally(&mut bench), [150, 150, 0, 0, 0]);
        assert!(!bench.line() && interrupts(&bench) >= 150);
        assert_eq!(broken(&mut bench), [""; 0], "{timing}");
    }
}

#[test]
fn linux_8139cp_leaves_work_to_the_hardware() {
    let mut bench = bench(&[("timing", "off")]);
    let mut driver = Linux8139cp::open(&mut bench);
    let good = tcp(0x19, 3000);
    let mut bare = tcp(0x18, 100);
    let whole = bare.clone();
    bare[24..26].fill(0);
    bare[50..52].fill(0);
    let asked = Asked { checksums: true, tag: Some(0x0123), ..Asked::default() };
    driver.send(&mut bench, &bare, asked);
    driver.send(&mut bench, &good, Asked { segment: Some(1400), ..Asked::default() });
    driver.interrupt(&mut bench);
    let frames = sent(&bench);
    assert_eq!(frames.len(), 1 + 3);
    assert_eq!(frames[0][12..16], [0x81, 0x00, 0x01, 0x23]);
    assert_eq!([&frames[0][..12], &frames[0][16..]].concat(), whole, "checksums are in");
    let flags: Vec<u8> = frames[1..].iter().map(|frame| frame[47] & 9).collect();
    assert_eq!(flags, [0, 0, 9], "FIN and PSH in the last only");
    let lengths: Vec<usize> = frames[1..].iter().map(Vec::len).collect();
    assert_eq!(lengths, [1454, 1454, 254]);

    let mut tagged = whole.clone();
    tagged.splice(12..12, [0x81, 0x00, 0x01, 0x23]);
    let mut wrong = whole.clone();
    wrong[60] ^= 1;
    for frame in [&tagged, &udp(40), &wrong, &frame_to(MAC, 60)] {
        arrive(&mut bench, frame);
    }
    driver.interrupt(&mut bench);
    let seen: Vec<_> = driver.frames.iter().map(|got| (got.tag, got.checked)).collect();
    assert_eq!(seen, [(Some(0x0123), true), (None, true), (None, false), (None, false)]);
    assert_eq!(driver.frames[0].bytes, whole);
    assert_eq!(broken(&mut bench), [""; 0]);
}

#[test]
fn linux_8139cp_hears_of_the_link_and_of_damage() {
    let mut bench = bench(&[("timing", "off")]);
    let mut driver = Linux8139cp::open(&mut bench);
    bench.link(LinkState::Down);
    driver.interrupt(&mut bench);
    driver.send(&mut bench, &frame_to(PEER, 60), Asked::default());
    driver.interrupt(&mut bench);
    assert_eq!((driver.statistics.sent, driver.statistics.send_errors), (0, 1));
    bench.link(LinkState::Up);
    driver.interrupt(&mut bench);
    assert_eq!(driver.link_changes, 2);
    let frame = Frame::new(frame_to(MAC, 60), bench.now()).unwrap();
    bench.frame(frame.damaged(LineError::BadFcs));
    driver.interrupt(&mut bench);
    assert!(driver.frames.is_empty());
    assert_eq!(driver.tally(&mut bench), [0, 0, 1, 1, 0]);
}

#[test]
fn freebsd_re_checks_itself_and_moderates_by_the_timer() {
    for timing in TIMINGS {
        let mut bench = bench(&[("timing", timing)]);
        let mut driver = FreebsdRe::open(&mut bench);
        driver.check_itself(&mut bench, &frame_to(MAC, 60));
        assert!(sent(&bench).is_empty(), "nothing left");
        let mut wanted = Vec::new();
        for round in 0..100 {
            let frame = frame_to(PEER, LENGTHS[round % LENGTHS.len()]);
            assert!(driver.send(&mut bench, &frame));
            arrive(&mut bench, &frame_to(MAC, 700));
            bench.advance(VDuration::from_micros(250));
            driver.interrupt(&mut bench);
            wanted.push(padded(&frame));
        }
        bench.advance(VDuration::from_micros(100));
        driver.interrupt(&mut bench);
        assert_eq!(sent(&bench), wanted, "{timing}");
        assert_eq!(driver.frames, vec![frame_to(MAC, 700); 100]);
        assert_eq!((driver.statistics.sent, driver.statistics.send_errors), (100, 0), "{timing}");
        assert!(driver.ticks >= 90, "{timing}: {}", driver.ticks);
        assert_eq!(broken(&mut bench), [""; 0], "{timing}");
    }
}

#[test]
fn ipxe_tells_the_chips_apart_and_polls() {
    for timing in TIMINGS {
        for (revision, enhanced) in [("c", false), ("cplus", true)] {
            let mut bench = bench(&[("rev", revision), ("timing", timing)]);
            let mut driver = Ipxe::open(&mut bench);
            assert_eq!(driver.enhanced, enhanced);
            let mut wanted = Vec::new();
            for round in 0..60 {
                let length = LENGTHS[round % LENGTHS.len()];
                assert!(driver.send(&mut bench, &frame_to(PEER, length)));
                arrive(&mut bench, &frame_to(MAC, length));
                for _ in 0..8 {
                    bench.advance(VDuration::from_micros(50));
                    driver.poll(&mut bench);
                }
                wanted.push((padded(&frame_to(PEER, length)), padded(&frame_to(MAC, length))));
            }
            let (out, back): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
            assert_eq!(sent(&bench), out, "{revision} {timing}");
            assert_eq!(driver.frames, back, "{revision} {timing}");
            assert_eq!((driver.statistics.sent, driver.statistics.received), (60, 60));
            assert_eq!(interrupts(&bench), 0, "it never asks for interrupts");
            let allowed: &[&str] = if enhanced { &[] } else { &["only-cplus"] };
            assert_eq!(broken(&mut bench), allowed, "{revision} {timing}");
        }
    }
}
