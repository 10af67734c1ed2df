//! Events on their way to clients: stamped with the host's time, and the frequent ones held back.

use std::time::Duration;

use elnic_qapi::Event;
use serde_json::{Value, json};

/// An event and when it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// What happened.
    pub event: Event,
    /// When, since 1970.
    pub at: Duration,
}

impl Stamped {
    /// As clients read it.
    pub fn message(&self) -> Value {
        let mut message = json!({
            "event": self.event.name(),
            "timestamp": {
                "seconds": self.at.as_secs(),
                "microseconds": self.at.subsec_micros(),
            },
        });
        if let (Some(data), Value::Object(members)) = (self.event.data(), &mut message) {
            members.insert("data".to_owned(), data);
        }
        message
    }
}

/// How often each kind of event is told at most: QEMU holds none of the events of this schema back; here the ones a
/// flapping peer makes are, if the user asks for it.
#[derive(Debug, Default)]
pub struct Throttle {
    interval: Option<Duration>,
    /// Name and subject of what was told, when, and the latest that was held back since.
    told: Vec<(&'static str, Value, Duration, Option<Event>)>,
}

impl Throttle {
    /// At most one event of a kind and subject in `interval`; none held back if `None`.
    pub const fn new(interval: Option<Duration>) -> Self {
        Self { interval, told: Vec::new() }
    }

    /// Takes an event; returns it if it is to be told now. One that is held back replaces an earlier one.
    pub fn pass(&mut self, stamped: Stamped) -> Option<Stamped> {
        let Some(interval) = self.interval else { return Some(stamped) };
        let Some(subject) = subject(&stamped.event) else { return Some(stamped) };
        let name = stamped.event.name();
        let known = self.told.iter_mut().find(|told| (told.0, &told.1) == (name, &subject));
        match known {
            Some((.., at, held)) if stamped.at < *at + interval => {
                *held = Some(stamped.event);
                None
            }
            Some((.., at, held)) => {
                (*at, *held) = (stamped.at, None);
                Some(stamped)
            }
            None => {
                self.told.push((name, subject, stamped.at, None));
                Some(stamped)
            }
        }
    }

    /// Events that were held back and are due at `now`.
    pub fn due(&mut self, now: Duration) -> Vec<Stamped> {
        let Some(interval) = self.interval else { return Vec::new() };
        let mut due = Vec::new();
        for (.., at, held) in &mut self.told {
            if now >= *at + interval
                && let Some(event) = held.take()
            {
                *at = now;
                due.push(Stamped { event, at: now });
            }
        }
        self.told.retain(|(.., at, held)| held.is_some() || now < *at + interval);
        due
    }

    /// When something held back is due.
    pub fn next(&self) -> Option<Duration> {
        let interval = self.interval?;
        let waiting = self.told.iter().filter(|(.., held)| held.is_some());
        waiting.map(|(_, _, at, _)| *at + interval).min()
    }
}

/// What a frequent event is about.
fn subject(event: &Event) -> Option<Value> {
    match event {
        Event::NetdevStreamConnected(_) | Event::NetdevStreamDisconnected(_) => {
            event.data()?.get("netdev-id").cloned()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use elnic_qapi::events::NetdevStreamDisconnected;

    use super::*;

    fn gone(netdev: &str, at: u64) -> Stamped {
        let data = NetdevStreamDisconnected { netdev_id: netdev.to_owned() };
        Stamped { event: Event::NetdevStreamDisconnected(data), at: Duration::from_millis(at) }
    }

    #[test]
    fn an_event_has_time_name_and_data() {
        let text = gone("st0", 1500).message().to_string();
        let wanted = r#"{"data":{"netdev-id":"st0"},"event":"NETDEV_STREAM_DISCONNECTED","timestamp":{"microseconds":500000,"seconds":1}}"#;
        assert_eq!(text, wanted);
    }

    #[test]
    fn nothing_is_held_back_unless_asked_for() {
        let mut throttle = Throttle::default();
        for at in 0..10 {
            assert!(throttle.pass(gone("st0", at)).is_some());
        }
    }

    #[test]
    fn of_a_flapping_peer_the_first_and_the_last_are_told() {
        let mut throttle = Throttle::new(Some(Duration::from_secs(1)));
        assert!(throttle.pass(gone("st0", 0)).is_some());
        assert!(throttle.pass(gone("st0", 10)).is_none());
        assert!(throttle.pass(gone("st0", 20)).is_none());
        assert!(throttle.pass(gone("st1", 20)).is_some(), "another netdev");
        assert_eq!(throttle.next(), Some(Duration::from_secs(1)));
        assert!(throttle.due(Duration::from_millis(999)).is_empty());
        assert_eq!(throttle.due(Duration::from_secs(1)), [gone("st0", 1000)]);
        assert_eq!(throttle.next(), None);
    }
}
