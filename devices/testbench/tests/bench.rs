//! The bench itself: scripts fail where they should, time and frames behave as on the board.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use elnic_contract::{Frame, NotReady, Readiness, VDuration};
use elnic_script::Event;
use elnic_testbench::{Bench, Ring, SparseRam};
use support::{Flaw, entry};

fn bench() -> Bench {
    Bench::with(entry(Flaw::None), &[])
}

/// The message with which a script fails.
fn failure(script: &str) -> String {
    let run = || bench().run(script);
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the script should fail");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn an_expectation_that_does_not_hold_is_named_with_its_line() {
    for (script, wanted) in [
        ("# one\nr32 bar0+CTRL -> EN=0", "line 2: r32 bar0+CTRL -> 0x0/0x1: read 0x00000001"),
        ("r32 bar0+0x30 -> 0", "line 1: r32 bar0+0x30 -> 0x0: was refused: no register stands"),
        ("w32 bar0+CTRL 0 -> refused", "line 1: w32 bar0+CTRL 0x0 -> refused gave Ok(())"),
        ("w32 bar0+0x30 0", "gave Err(NoRegister)"),
        ("p32 bar0+0x30", "nothing is there"),
        ("expect irq 1", "line 1: the interrupt line is 0"),
        ("expect tx", "line 1: no frame was sent"),
        ("expect rx taken", "expected rx taken, got nothing"),
        ("frame rx 00*60\nexpect no rx", "line 2: expected no rx, got rx taken"),
        ("frame rx 00*60\nexpect rx dropped runt", "expected rx dropped runt, got rx taken"),
        ("ram 0x10 = 01\nexpect ram 0x10 = 02", "RAM at 0x10 holds [01], not [02]"),
        ("w32 bar0+CTLR 0", "1:10: 'tiny' has no register 'CTLR'; did you mean 'CTRL'?"),
    ] {
        let text = failure(script);
        assert!(text.contains(wanted), "{script:?} failed as: {text}");
    }
}

#[test]
fn events_of_a_kind_are_expected_in_order_and_used_up() {
    bench().run(
        "ram 0x2000 = u64:0x3000 u16:2\nram 0x3000 = aabb\nw64 bar0+BASE 0x2000
        w32 bar0+CTRL EN=1 GO=1\nadvance 2us\nram 0x3000 = cc\nw32 bar0+CTRL EN=1 GO=1\nadvance 2us
        expect tx aabb\nexpect tx cc..\nexpect no tx\nexpect no irq",
    );
}

#[test]
fn time_stops_at_each_deadline_and_then_at_the_end() {
    let mut bench = bench();
    bench.run("w32 bar0+CTRL EN=1 GO=1");
    assert_eq!(bench.timers().len(), 1);
    bench.advance(VDuration::from_nanos(999));
    assert!(!bench.timers().is_empty());
    bench.advance(VDuration::from_micros(5));
    assert!(bench.timers().is_empty());
    assert_eq!(bench.now().as_nanos(), 5_999);
    let sent = bench.events().iter().find(|(_, event)| matches!(event, Event::Sent(_)));
    assert_eq!(sent.map(|(at, _)| at.as_nanos()), Some(1_000));
}

#[test]
fn frames_wait_until_the_device_is_ready() {
    let mut bench = bench();
    bench.run("w32 bar0+CTRL EN=0\nframe rx 11*60\nframe rx 22*60\nexpect no rx");
    assert_eq!(bench.ready(), Some(Readiness::NotReady(NotReady::ReceiverOff)));
    let forced = bench.force_frame(&Frame::new(vec![0x33; 60], bench.now()).unwrap());
    assert!(forced.is_some(), "a frame can be forced on it");
    bench.run("expect ram 0x1000 = 33*60\nw32 bar0+CTRL EN=1\nexpect rx taken\nexpect rx taken\nexpect no rx");
    assert_eq!(bench.ram.load(0x1000, 60), [0x22; 60]);
}

#[test]
fn a_pulse_is_invisible_in_a_transcript_and_a_fault_is_not() {
    let ops = |text: &str| {
        let steps = elnic_script::parse(text, &support::MODEL).unwrap();
        steps
            .into_iter()
            .map(|step| match step.what {
                elnic_script::What::Do(op) => op,
                elnic_script::What::Expect(_) => panic!("no expectations here"),
            })
            .collect::<Vec<_>>()
    };
    let plain = "w32 bar0+CTRL EN=1 GO=1\nadvance 1us\nr32 bar0+COUNT";
    let with_pulse = "w32 bar0+CTRL EN=1 GO=1\npulse\nadvance 1us\nr32 bar0+COUNT\npulse";
    let wanted = bench().transcript(&ops(plain));
    assert_eq!(bench().transcript(&ops(with_pulse)), wanted);
    assert_eq!(wanted.last().unwrap(), "r32 bar0+COUNT  # read 0x1");
    let faulty = format!("fault dma read\n{plain}");
    let outcome = bench().transcript(&ops(&faulty));
    assert_eq!(outcome.last().unwrap(), "r32 bar0+COUNT  # read 0x0");
}

#[test]
fn rings_wrap() {
    let mut ram = SparseRam::new();
    let mut ring = Ring::new(0x4000, 16, 3);
    assert_eq!(ring.bytes(), 48);
    let tails: Vec<u64> = (1..=4_u8).map(|byte| ring.push(&mut ram, &[byte; 16])).collect();
    assert_eq!(tails, [1, 2, 0, 1]);
    assert_eq!(ring.address(4), 0x4010);
    let first: Vec<u8> = (0..3).map(|index| ring.load(&ram, index)[0]).collect();
    assert_eq!(first, [4, 2, 3]);
    assert_eq!(ram.load_le::<2>(0x4010), 0x0202);
}
