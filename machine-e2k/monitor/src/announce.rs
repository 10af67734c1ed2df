//! `announce-self`: when which network interface is announced again.
//!
//! The first round is at once; the others follow in intervals that grow. Times are the host's, because it is the network
//! outside that is told; they come in from outside, so this is a value like all else. Series are told apart by id; one that
//! is begun again replaces the one that runs, and no rounds end it.

use std::collections::BTreeMap;
use std::time::Duration;

use elnic_contract::{Frame, FrameError, MacAddr, VTime};
use elnic_qapi::types::AnnounceParameters;

/// A series of announcements.
#[derive(Clone, Debug)]
struct Series {
    parameters: AnnounceParameters,
    /// Rounds left, the next included.
    left: i64,
    next: Duration,
}

impl Series {
    /// The interval behind the round that was just made.
    fn interval(&self) -> Duration {
        let AnnounceParameters { initial, max, rounds, step, .. } = &self.parameters;
        let made = rounds.saturating_sub(self.left).saturating_sub(1);
        let interval = initial.saturating_add(made.saturating_mul(*step));
        let interval = if interval < 0 || interval > *max { *max } else { interval };
        Duration::from_millis(u64::try_from(interval).unwrap_or(0))
    }
}

/// All series that run.
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    series: BTreeMap<Option<String>, Series>,
}

impl Announcer {
    /// Begins, replaces or ends a series at `now`; its first round is due at once.
    pub fn arm(&mut self, parameters: AnnounceParameters, now: Duration) {
        let id = parameters.id.clone();
        if parameters.rounds == 0 {
            self.series.remove(&id);
            return;
        }
        let left = parameters.rounds;
        self.series.insert(id, Series { parameters, left, next: now });
    }

    /// The rounds that are due at `now`: for each, the interfaces it is restricted to.
    pub fn due(&mut self, now: Duration) -> Vec<Option<Vec<String>>> {
        let mut rounds = Vec::new();
        for series in self.series.values_mut().filter(|series| series.next <= now) {
            rounds.push(series.parameters.interfaces.clone());
            series.left = series.left.saturating_sub(1);
            series.next = now + series.interval();
        }
        // As in QEMU a negative number of rounds is one round.
        self.series.retain(|_, series| series.left > 0);
        rounds
    }

    /// When the next round is due.
    pub fn next(&self) -> Option<Duration> {
        self.series.values().map(|series| series.next).min()
    }
}

/// The frame that announces a station.
///
/// # Errors
/// Never: its length is that of the shortest frame.
pub(crate) fn frame(station: MacAddr, now: VTime) -> Result<Frame, FrameError> {
    Frame::new(rarp(station), now)
}

/// Shortest frame, without FCS.
const LENGTH: usize = 60;

/// A reverse ARP request (RFC 903) from a station about itself, to everybody.
fn rarp(MacAddr(station): MacAddr) -> Vec<u8> {
    const TYPE: [u8; 2] = [0x80, 0x35];
    // Ethernet, IPv4, lengths of their addresses, request reverse.
    const HEAD: [u8; 8] = [0, 1, 8, 0, 6, 4, 0, 3];
    const NO_ADDRESS: [u8; 4] = [0; 4];
    let sender_and_target = [&station[..], &NO_ADDRESS].concat().repeat(2);
    let mut frame = [&[0xff; 6][..], &station, &TYPE, &HEAD, &sender_and_target].concat();
    frame.resize(LENGTH, 0);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(id: Option<&str>, rounds: i64) -> AnnounceParameters {
        AnnounceParameters {
            initial: 50,
            max: 120,
            rounds,
            step: 50,
            interfaces: Some(vec!["vn2".to_owned()]),
            id: id.map(str::to_owned),
        }
    }

    /// The times in ms at which rounds come.
    fn rounds(announcer: &mut Announcer) -> Vec<u128> {
        let mut times = Vec::new();
        while let Some(next) = announcer.next() {
            times.extend(announcer.due(next).iter().map(|_| next.as_millis()));
        }
        times
    }

    #[test]
    fn intervals_grow_up_to_the_longest() {
        let mut announcer = Announcer::default();
        announcer.arm(parameters(None, 5), Duration::ZERO);
        assert_eq!(rounds(&mut announcer), [0, 50, 150, 270, 390]);
    }

    #[test]
    fn a_series_is_replaced_and_ended_by_its_id() {
        let mut announcer = Announcer::default();
        announcer.arm(parameters(Some("a"), 5), Duration::ZERO);
        announcer.arm(parameters(Some("b"), 1), Duration::ZERO);
        assert_eq!(announcer.due(Duration::ZERO).len(), 2);
        announcer.arm(parameters(Some("a"), 2), Duration::from_millis(10));
        assert_eq!(announcer.next(), Some(Duration::from_millis(10)), "begun again at once");
        assert_eq!(announcer.due(Duration::from_millis(10)), [Some(vec!["vn2".to_owned()])]);
        announcer.arm(parameters(Some("a"), 0), Duration::from_millis(20));
        assert_eq!(announcer.next(), None);
    }

    #[test]
    fn a_negative_number_of_rounds_is_one_round() {
        let mut announcer = Announcer::default();
        announcer.arm(parameters(None, -1), Duration::ZERO);
        assert_eq!(rounds(&mut announcer), [0]);
    }

    #[test]
    fn the_frame_is_a_reverse_arp_request() {
        let mac = MacAddr([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
        let frame = frame(mac, VTime::ZERO).unwrap();
        let bytes = frame.data();
        assert_eq!((bytes.len(), &bytes[..6], &bytes[6..12]), (60, &[0xff; 6][..], &mac.0[..]));
        assert_eq!(bytes[12..22], [0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3]);
        assert_eq!((&bytes[22..28], &bytes[32..38]), (&mac.0[..], &mac.0[..]));
    }
}
