//! The receiving end of the cable: frames take their time to arrive, one behind the other.
//!
//! Software peers hand over bursts at one instant. A frame that cannot have arrived yet waits until its last bit can;
//! deadlines follow from deadlines, not from the time of a call, so that back-to-back frames keep their exact distance.

use std::collections::VecDeque;

use elnic_contract::{Frame, VDuration, VTime};
use elnic_wire::ethernet;
use serde::{Deserialize, Serialize};

use crate::SavedFrame;

/// Frames on their way in, and when the cable is free again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    /// With the time when the last bit is here.
    frames: VecDeque<(VTime, Frame)>,
    /// Their bytes.
    octets: usize,
    /// When the last of them ends.
    free: VTime,
}

/// [`Arrivals`] as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedArrivals {
    frames: Vec<(VTime, SavedFrame)>,
    free: VTime,
}

/// What became of a frame that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Its last bit is here.
    Here,
    /// It is on its way; [`Arrivals::next`] says when the first one is here.
    Waits,
    /// So many are on their way already that a peer must be ignoring that the line is busy.
    Refused,
}

impl Arrivals {
    /// Bytes that can be on their way: the pieces of the largest frame with large headers of their own, and then some.
    pub const MOST_OCTETS: usize = 256 * 1024;
    /// Frames that can be on their way.
    pub const MOST_FRAMES: usize = 4096;

    /// A frame is handed over at `now`; one bit lasts `bit`.
    pub fn offer(&mut self, now: VTime, bit: VDuration, frame: &Frame) -> Offer {
        let span = bit.times(ethernet::wire_bits(frame.len()));
        let end = frame.arrival().max(self.free + span);
        if end <= now && self.frames.is_empty() {
            // One that had to wait for us longer than it lasts arrives now; the others keep their exact distance.
            self.free = if now.since(end) > span { now } else { end };
            return Offer::Here;
        }
        let octets = self.octets.saturating_add(frame.len());
        if octets > Self::MOST_OCTETS || self.frames.len() >= Self::MOST_FRAMES {
            return Offer::Refused;
        }
        self.octets = octets;
        self.free = end;
        self.frames.push_back((end, frame.clone()));
        Offer::Waits
    }

    /// When the last bit of the first frame is here.
    pub fn next(&self) -> Option<VTime> {
        self.frames.front().map(|(at, _)| *at)
    }

    /// Takes the first frame.
    pub fn take(&mut self) -> Option<Frame> {
        let (_, frame) = self.frames.pop_front()?;
        self.octets = self.octets.saturating_sub(frame.len());
        Some(frame)
    }

    /// When the cable is free again.
    pub fn free(&self) -> VTime {
        self.free
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// For a saved state.
    pub fn save(&self) -> SavedArrivals {
        let frames = self.frames.iter().map(|(at, frame)| (*at, SavedFrame::of(frame))).collect();
        SavedArrivals { frames, free: self.free }
    }

    /// From a saved state.
    ///
    /// # Errors
    /// More is on its way than can be, or something that is no frame; in words.
    pub fn restored(saved: SavedArrivals) -> Result<Self, String> {
        let found = saved.frames.len();
        if found > Self::MOST_FRAMES {
            return Err(format!("has {found} frames; at most {} are possible", Self::MOST_FRAMES));
        }
        let mut arrivals = Self { free: saved.free, ..Self::default() };
        for (at, frame) in saved.frames {
            let frame = frame.revive().map_err(|error| format!("holds {error}"))?;
            arrivals.octets = arrivals.octets.saturating_add(frame.len());
            arrivals.frames.push_back((at, frame));
        }
        if arrivals.octets > Self::MOST_OCTETS {
            let (found, most) = (arrivals.octets, Self::MOST_OCTETS);
            return Err(format!("has {found} bytes; at most {most} are possible"));
        }
        Ok(arrivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BIT: VDuration = VDuration::from_nanos(1);

    fn frame(length: usize, at: u64) -> Frame {
        Frame::new(vec![7; length], VTime::from_nanos(at)).unwrap()
    }

    #[test]
    fn a_burst_is_spread_to_line_rate() {
        let mut arrivals = Arrivals::default();
        let now = VTime::from_nanos(1_000_000);
        assert_eq!(arrivals.offer(now, BIT, &frame(60, 1_000_000)), Offer::Here);
        for n in 1..=3_u64 {
            assert_eq!(arrivals.offer(now, BIT, &frame(60, 1_000_000)), Offer::Waits);
            assert_eq!(arrivals.next(), Some(VTime::from_nanos(1_000_672)), "the first of {n}");
        }
        let ends: Vec<u64> = std::iter::from_fn(|| {
            let at = arrivals.next()?.as_nanos();
            arrivals.take().map(|_| at)
        })
        .collect();
        assert_eq!(ends, [1_000_672, 1_001_344, 1_002_016]);
        assert!(arrivals.is_empty());
    }

    #[test]
    fn what_can_be_on_its_way_is_bounded() {
        let mut arrivals = Arrivals::default();
        let far = frame(60_000, 1_000_000_000);
        let taken = (0..10).filter(|_| arrivals.offer(VTime::ZERO, BIT, &far) == Offer::Waits);
        assert_eq!(taken.count(), 4);
        let mut saved = arrivals.save();
        saved.frames.extend(saved.frames.clone());
        assert!(Arrivals::restored(saved).unwrap_err().contains("480000 bytes"));
        let many = vec![(VTime::ZERO, SavedFrame::of(&frame(1, 0))); 5000];
        let saved = SavedArrivals { frames: many, free: VTime::ZERO };
        assert!(Arrivals::restored(saved).unwrap_err().contains("5000 frames"));
    }

    proptest! {
        #[test]
        fn frames_are_never_closer_than_the_line_allows(lengths in proptest::collection::vec(1_usize..2000, 1..40)) {
            let mut arrivals = Arrivals::default();
            for length in &lengths {
                arrivals.offer(VTime::ZERO, BIT, &frame(*length, 0));
            }
            let again = Arrivals::restored(arrivals.save()).unwrap();
            prop_assert_eq!(&again, &arrivals);
            let mut last = VTime::ZERO;
            while let Some(at) = arrivals.next() {
                let frame = arrivals.take().unwrap();
                prop_assert!(at.since(last) >= BIT.times(ethernet::wire_bits(frame.len())));
                last = at;
            }
        }
    }
}
