//! A NIC takes frames in any state, and no frame is lost without a count.

use elnic_contract::{Counters, DropReason, Entry, Frame, Verdict};
use elnic_script::{Event, Op};
use proptest::prelude::*;

use super::strategies::{frame_op, ops, scenario};
use super::{bench_after, property};
use crate::Bench;

fn counters(bench: &Bench) -> Counters {
    bench.device().as_nic().expect("the entry says it is a NIC").counters().clone()
}

fn dropped(counters: &Counters) -> u64 {
    DropReason::ALL.into_iter().map(|reason| counters.rx_dropped(reason)).sum()
}

/// Frames handed over at any time, ready or not, are survived; a dropped one is counted once and under the reason that
/// the verdict names, a taken one is not counted as dropped; frames put on the cable are counted as sent. A model that is
/// no NIC passes.
///
/// # Panics
/// It does not.
pub fn frames_are_taken_at_any_time_and_counted(entry: &'static Entry) {
    if !entry.is_nic {
        return;
    }
    let frames = prop::collection::vec(frame_op(entry), 1..12);
    property(64, (scenario(entry), ops(entry, 30), frames), |(scenario, ops, frames)| {
        let mut bench = bench_after(entry, scenario);
        bench.transcript(&ops);
        for op in &frames {
            let Op::Frame { bytes, error } = op else { continue };
            let frame = Frame::new(bytes.clone(), bench.now()).expect("it has a length");
            let frame = error.map_or(frame.clone(), |error| frame.damaged(error));
            let (before, ready) = (counters(&bench), bench.ready());
            prop_assert_eq!(bench.ready(), ready, "can_receive is a pure function of the state");
            let verdict = bench.force_frame(&frame).expect("it is a NIC");
            let after = counters(&bench);
            let lost = dropped(&after) - dropped(&before);
            match verdict {
                Verdict::Taken => prop_assert_eq!(lost, 0, "taken, and counted as dropped"),
                Verdict::Dropped(reason) => {
                    let counted = after.rx_dropped(reason) - before.rx_dropped(reason);
                    prop_assert_eq!((lost, counted), (1, 1), "dropped: {}", reason.as_str());
                }
            }
            let filter = bench.device().as_nic().expect("it is a NIC").rx_filter();
            let ascending = filter.vlan_table.windows(2).all(|pair| pair[0] < pair[1]);
            prop_assert!(ascending, "VLAN identifiers ascend: {:?}", filter.vlan_table);
        }
        Ok(())
    });
    sent_frames_are_counted(entry);
}

/// Between two cold resets every frame on the cable is counted.
fn sent_frames_are_counted(entry: &'static Entry) {
    property(64, (scenario(entry), ops(entry, 60)), |(scenario, ops)| {
        let mut bench = bench_after(entry, scenario);
        let (before, start) = (counters(&bench).tx_frames, bench.events().len());
        let ops: Vec<Op> = ops.iter().filter(|op| !matches!(op, Op::Reset(_))).cloned().collect();
        bench.transcript(&ops);
        let sent =
            bench.events()[start..].iter().filter(|(_, e)| matches!(e, Event::Sent(_))).count();
        prop_assert_eq!(counters(&bench).tx_frames - before, sent as u64, "counted, sent");
        Ok(())
    });
}
