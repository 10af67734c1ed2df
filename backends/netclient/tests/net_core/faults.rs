//! `net-fault`: the same faults in every run, and nothing done that was not asked for.

use elnic_contract::{Frame, VDuration, VTime};
use elnic_netclient::{Direction, FaultOptions, NetFault, NetFilter};
use proptest::prelude::*;

use crate::far_end::at;

fn frame(number: u16) -> Frame {
    let mut data = vec![0; 60];
    data[..2].copy_from_slice(&number.to_be_bytes());
    Frame::new(data, VTime::ZERO).unwrap()
}

/// What comes out for `count` frames, one a microsecond, and in the ticks until all is out; each with its time.
fn run(options: FaultOptions, count: u16) -> Vec<(u64, Frame)> {
    let mut line = NetFault::new(options);
    let mut out = Vec::new();
    for number in 0..count {
        let now = VTime::from_nanos(u64::from(number) * 1_000);
        tick(&mut line, now, &mut out);
        let mut passed = Vec::new();
        line.pass(now, Direction::Tx, frame(number), &mut passed).unwrap();
        out.extend(passed.into_iter().map(|frame| (now.as_nanos(), frame)));
    }
    while let Some(next) = line.next_event() {
        tick(&mut line, next, &mut out);
    }
    out
}

fn tick(line: &mut NetFault, now: VTime, out: &mut Vec<(u64, Frame)>) {
    let mut released = Vec::new();
    line.tick(now, &mut released).unwrap();
    out.extend(released.into_iter().map(|(direction, frame)| {
        assert_eq!(direction, Direction::Tx);
        (now.as_nanos(), frame)
    }));
}

fn number(frame: &Frame) -> u16 {
    u16::from_be_bytes([frame.data()[0], frame.data()[1]])
}

fn numbers(out: &[(u64, Frame)]) -> Vec<u16> {
    out.iter().map(|(_, frame)| number(frame)).collect()
}

const NONE: fn() -> FaultOptions = FaultOptions::default;

#[test]
fn without_faults_every_frame_passes_at_once() {
    let out = run(NONE(), 100);
    assert_eq!(numbers(&out), (0..100).collect::<Vec<_>>());
    assert!(out.iter().enumerate().all(|(index, (time, _))| *time == index as u64 * 1_000));
}

#[test]
fn chances_are_kept_and_a_seed_repeats_them() {
    let lossy = |seed| run(FaultOptions { loss: 250_000, seed, ..NONE() }, 4_000);
    let kept = lossy(7).len();
    assert!((2_850..3_150).contains(&kept), "{kept} of 4000 at a loss of 25 %");
    assert_eq!(lossy(7), lossy(7));
    assert_ne!(numbers(&lossy(7)), numbers(&lossy(8)));
    assert!(run(FaultOptions { loss: 1_000_000, ..NONE() }, 50).is_empty());
    let twice = run(FaultOptions { duplicate: 1_000_000, ..NONE() }, 3);
    assert_eq!(numbers(&twice), [0, 0, 1, 1, 2, 2]);
}

#[test]
fn a_corrupted_frame_differs_by_one_bit() {
    let out = run(FaultOptions { corrupt: 1_000_000, ..NONE() }, 50);
    for (number, (_, damaged)) in (0..50).zip(&out) {
        let whole = frame(number);
        let pairs = whole.data().iter().zip(damaged.data());
        assert_eq!(pairs.map(|(one, other)| (one ^ other).count_ones()).sum::<u32>(), 1);
    }
}

#[test]
fn delay_and_rate_are_virtual_time_and_keep_the_order() {
    let options = FaultOptions { delay: VDuration::from_micros(500), ..NONE() };
    for (index, (time, frame)) in run(options, 20).iter().enumerate() {
        assert_eq!((*time, usize::from(number(frame))), (index as u64 * 1_000 + 500_000, index));
    }
    // 60 bytes at 1 Mbit/s take 480 µs, one after the other.
    let out = run(FaultOptions { rate: 1_000_000, ..NONE() }, 5);
    let times: Vec<u64> = out.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [480_000, 960_000, 1_440_000, 1_920_000, 2_400_000]);
    let jitter = FaultOptions { jitter: VDuration::from_millis(1), ..options };
    assert_eq!(numbers(&run(jitter, 200)), (0..200).collect::<Vec<_>>());
    let full = FaultOptions { rate: 1_000_000, limit: 2, ..NONE() };
    assert_eq!(numbers(&run(full, 9)), [0, 1]);
}

#[test]
fn reordering_swaps_without_a_delay_and_overtakes_with_one() {
    let swapped = run(FaultOptions { reorder: 300_000, ..NONE() }, 400);
    let order = numbers(&swapped);
    assert_ne!(order, (0..400).collect::<Vec<_>>());
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..400).collect::<Vec<_>>(), "nothing is lost or doubled");
    let delay = VDuration::from_micros(100);
    let overtaken = numbers(&run(FaultOptions { reorder: 100_000, delay, ..NONE() }, 400));
    assert_ne!(overtaken, (0..400).collect::<Vec<_>>());
    // A frame nobody overtakes goes after a while.
    let alone = run(FaultOptions { reorder: 1_000_000, ..NONE() }, 1);
    assert_eq!(alone, [(10_000_000, frame(0))]);
}

#[test]
fn directions_have_chances_of_their_own_and_giving_up_lets_all_go() {
    let mut line = NetFault::new(FaultOptions { delay: VDuration::from_millis(1), ..NONE() });
    let mut passed = Vec::new();
    line.pass(at(0), Direction::Tx, frame(1), &mut passed).unwrap();
    line.pass(at(0), Direction::Rx, frame(2), &mut passed).unwrap();
    assert!(passed.is_empty());
    let mut released = Vec::new();
    line.give_up(&mut released);
    assert_eq!(released, [(Direction::Tx, frame(1)), (Direction::Rx, frame(2))]);
    assert_eq!(line.next_event(), None);
    let lossy = FaultOptions { loss: 500_000, ..NONE() };
    let fate = |direction| {
        let mut line = NetFault::new(lossy);
        let mut out = Vec::new();
        (0..64).for_each(|number| line.pass(at(0), direction, frame(number), &mut out).unwrap());
        out
    };
    assert_ne!(fate(Direction::Tx), fate(Direction::Rx));
}

proptest! {
    #[test]
    fn frames_are_lost_only_by_loss_and_limit(
        seed: u64, duplicate in 0..1_000_000_u32, reorder in 0..1_000_000_u32, delay in 0..2_000_u64,
        jitter in 0..2_000_u64, rate in prop_oneof![Just(0), 1_000_000..1_000_000_000_u64], count in 0..100_u16,
    ) {
        let options = FaultOptions {
            seed, duplicate, reorder, rate,
            delay: VDuration::from_micros(delay), jitter: VDuration::from_micros(jitter),
            ..NONE()
        };
        let out = run(options, count);
        let mut seen = numbers(&out);
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        prop_assert!(out.windows(2).all(|pair| pair[0].0 <= pair[1].0), "time does not go back");
    }
}
