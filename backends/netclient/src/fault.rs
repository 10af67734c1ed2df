//! `net-fault`: a bad line. Loses, delays, reorders, duplicates, damages and throttles frames, the same ones in every run.
//!
//! Chance comes from a seed and time from the machine, so a run with faults is as repeatable as one without. Each direction
//! has chances and a line of its own. The order is Linux's netem: loss, duplication, damage, then time.

use std::collections::VecDeque;

use elnic_contract::{Frame, VDuration, VTime};

use crate::filter::{Direction, FilterFault, NetFilter};

/// What is done to frames. Chances are in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultOptions {
    /// Where chance begins.
    pub seed: u64,
    /// Frames lost.
    pub loss: u32,
    /// Frames that come twice.
    pub duplicate: u32,
    /// Frames with one bit turned over.
    pub corrupt: u32,
    /// Frames that overtake those on their way, or without a delay let the next one overtake them.
    pub reorder: u32,
    /// How long every frame takes.
    pub delay: VDuration,
    /// How much longer it may take.
    pub jitter: VDuration,
    /// Bits a second; 0 for unlimited.
    pub rate: u64,
    /// Frames on their way beyond which further ones are lost.
    pub limit: usize,
}

impl Default for FaultOptions {
    fn default() -> Self {
        let none = VDuration::from_nanos(0);
        Self {
            seed: 0,
            loss: 0,
            duplicate: 0,
            corrupt: 0,
            reorder: 0,
            delay: none,
            jitter: none,
            rate: 0,
            limit: 1_000,
        }
    }
}

/// Certainty, in millionths.
const CERTAIN: u64 = 1_000_000;
/// How long a frame waits for one to overtake it.
const OVERTAKEN_WITHIN: VDuration = VDuration::from_millis(10);

/// What was done, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    lost: u64,
    duplicated: u64,
    corrupted: u64,
    reordered: u64,
}

/// SplitMix64 (Steele, Lea, Flood 2014): one word of state, every seed as good as another.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        // The bounds are so small beside 2⁶⁴ that the rest's lean is nothing.
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A chance of nothing takes no luck, so that switching one fault on does not change the others'.
    fn strikes(&mut self, millionths: u32) -> bool {
        millionths > 0 && self.below(CERTAIN) < u64::from(millionths)
    }
}

/// One direction.
struct Line {
    chance: Chance,
    /// Frames on their way with the time they arrive, in that order.
    waiting: VecDeque<(VTime, Frame)>,
    /// When the last frame will have been sent at the given rate.
    busy_until: VTime,
    /// When the last frame that keeps its place arrives.
    last: VTime,
}

/// The faults of one netdev's cable.
pub struct NetFault {
    options: FaultOptions,
    tx: Line,
    rx: Line,
    done: Done,
}

impl NetFault {
    /// A line with these faults.
    pub fn new(options: FaultOptions) -> Self {
        let line = |salt| Line {
            chance: Chance(options.seed ^ salt),
            waiting: VecDeque::new(),
            busy_until: VTime::ZERO,
            last: VTime::ZERO,
        };
        Self { options, tx: line(0), rx: line(u64::MAX), done: Done::default() }
    }

    fn keeps_time(&self) -> bool {
        let FaultOptions { delay, jitter, rate, reorder, .. } = self.options;
        delay.as_nanos() > 0 || jitter.as_nanos() > 0 || rate > 0 || reorder > 0
    }
}

impl Line {
    /// Puts a frame on its way; false if there are too many.
    fn send(&mut self, now: VTime, frame: Frame, options: &FaultOptions, done: &mut Done) -> bool {
        if self.waiting.len() >= options.limit {
            return false;
        }
        let mut due = now;
        if options.rate > 0 {
            let bits = frame.len() as u64 * 8;
            let nanos = u128::from(bits) * 1_000_000_000 / u128::from(options.rate);
            let span = VDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            self.busy_until = self.busy_until.max(now) + span;
            due = self.busy_until;
        }
        let delayed = options.delay.as_nanos() > 0 || options.jitter.as_nanos() > 0;
        let overtakes = self.chance.strikes(options.reorder);
        done.reordered += u64::from(overtakes);
        if overtakes && !delayed {
            // It steps aside until the next frame has passed.
            self.waiting.push_back((due + OVERTAKEN_WITHIN, frame));
            return true;
        }
        if !overtakes {
            let jitter = self.chance.below(options.jitter.as_nanos().saturating_add(1));
            due = (due + options.delay + VDuration::from_nanos(jitter)).max(self.last);
            self.last = due;
        }
        let place = self.waiting.partition_point(|(other, _)| *other <= due);
        self.waiting.insert(place, (due, frame));
        // Whoever had stepped aside has been overtaken now, and goes right behind.
        if !delayed && let Some((aside, _)) = self.waiting.get_mut(place + 1) {
            *aside = due;
        }
        true
    }

    fn arrived(&mut self, now: VTime) -> Option<Frame> {
        if self.waiting.front()?.0 > now {
            return None;
        }
        self.waiting.pop_front().map(|(_, frame)| frame)
    }
}

impl NetFilter for NetFault {
    fn kind(&self) -> &'static str {
        "net-fault"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let Done { lost, duplicated, corrupted, reordered } = self.done;
        vec![
            ("seed", self.options.seed.to_string()),
            ("lost", lost.to_string()),
            ("duplicated", duplicated.to_string()),
            ("corrupted", corrupted.to_string()),
            ("reordered", reordered.to_string()),
        ]
    }

    fn pass(
        &mut self,
        now: VTime,
        direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        let keeps_time = self.keeps_time();
        let Self { options, tx, rx, done } = self;
        let line = if direction == Direction::Tx { tx } else { rx };
        if line.chance.strikes(options.loss) {
            done.lost += 1;
            return Ok(());
        }
        let twice = line.chance.strikes(options.duplicate);
        done.duplicated += u64::from(twice);
        for _ in 0..=u8::from(twice) {
            let mut copy = frame.clone();
            if line.chance.strikes(options.corrupt) {
                copy = with_a_bit_over(&copy, line.chance.next());
                done.corrupted += 1;
            }
            if !keeps_time {
                out.push(copy);
            } else if !line.send(now, copy, options, done) {
                done.lost += 1;
            }
        }
        out.extend(std::iter::from_fn(|| line.arrived(now)));
        Ok(())
    }

    fn tick(&mut self, now: VTime, out: &mut Vec<(Direction, Frame)>) -> Result<(), FilterFault> {
        for (direction, line) in [(Direction::Tx, &mut self.tx), (Direction::Rx, &mut self.rx)] {
            out.extend(std::iter::from_fn(|| line.arrived(now)).map(|frame| (direction, frame)));
        }
        Ok(())
    }

    fn next_event(&self) -> Option<VTime> {
        let first = |line: &Line| line.waiting.front().map(|(due, _)| *due);
        first(&self.tx).into_iter().chain(first(&self.rx)).min()
    }

    fn give_up(&mut self, out: &mut Vec<(Direction, Frame)>) {
        for (direction, line) in [(Direction::Tx, &mut self.tx), (Direction::Rx, &mut self.rx)] {
            out.extend(line.waiting.drain(..).map(|(_, frame)| (direction, frame)));
        }
    }
}

/// The frame as a cable would damage it if it had no checksum.
fn with_a_bit_over(frame: &Frame, luck: u64) -> Frame {
    let mut data = frame.data().to_vec();
    let bits = data.len() as u64 * 8;
    let bit = luck.checked_rem(bits).unwrap_or(0);
    // Below the length of the frame, so it fits.
    let byte = usize::try_from(bit / 8).unwrap_or(0);
    if let Some(byte) = data.get_mut(byte) {
        *byte ^= 1 << (bit % 8);
    }
    Frame::with_offload(data, frame.arrival(), frame.offload()).unwrap_or_else(|_| frame.clone())
}
