//! The event trace: what passed between processor, devices and cable, in virtual time.
//!
//! One line an event, `TIME EVENT`, in the words of the operation language. The running hash covers exactly these lines,
//! so two runs with the same hash did the same at the same times; that is the determinism test.

use std::fmt;
use std::io::Write;

use elnic_bus::Direction;
use elnic_contract::{Fault, Frame, Gpa, GuestEvent, Size, TimerId, VTime, Verdict};

/// One event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TraceEvent<'a> {
    /// A device's register was read or written.
    Access {
        /// The device's name.
        device: &'a str,
        /// Which of its windows: `bar0`, `config`, `rom`.
        window: &'a str,
        /// Which way.
        direction: Direction,
        /// Offset in the window, in bytes.
        offset: u64,
        /// Width.
        size: Size,
        /// Read or written value.
        value: u64,
        /// Why it was refused, if it was.
        fault: Option<Fault>,
    },
    /// Nothing stands at the address.
    Unmapped {
        /// Which way.
        direction: Direction,
        /// Physical address, or port.
        address: u64,
        /// Width.
        size: Size,
        /// Read or written value.
        value: u64,
    },
    /// A NIC put a frame on its cable.
    FrameOut {
        /// The NIC.
        nic: &'a str,
        /// The frame.
        frame: &'a Frame,
    },
    /// A frame reached a NIC.
    FrameIn {
        /// The NIC.
        nic: &'a str,
        /// The frame.
        frame: &'a Frame,
        /// What became of it.
        verdict: Verdict,
    },
    /// An interrupt input changed its level.
    Interrupt {
        /// Its number.
        input: u8,
        /// The level.
        high: bool,
    },
    /// A message-signalled interrupt.
    Message {
        /// Message Address.
        address: Gpa,
        /// Message Data.
        data: u32,
    },
    /// A device's timer ran out.
    Timer {
        /// The device.
        device: &'a str,
        /// Which timer.
        timer: TimerId,
    },
    /// A character left a serial line.
    CharacterOut {
        /// The controller.
        device: &'a str,
        /// Which line.
        line: u8,
        /// The character.
        byte: u8,
    },
    /// A character arrived on a serial line.
    CharacterIn {
        /// The controller.
        device: &'a str,
        /// Which line.
        line: u8,
        /// The character.
        byte: u8,
    },
    /// The guest said something about itself.
    Guest(GuestEvent),
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for TraceEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = |direction| if direction == Direction::Read { "->" } else { "<-" };
        let letter = |direction| if direction == Direction::Read { 'r' } else { 'w' };
        match *self {
            Self::Access { device, window, direction, offset, size, value, fault } => {
                let (letter, arrow) = (letter(direction), arrow(direction));
                let bits = size.bits();
                write!(f, "{device} {letter}{bits} {window}+{offset:#x} {arrow} {value:#x}")?;
                fault.map_or(Ok(()), |fault| write!(f, " refused: {fault}"))
            }
            Self::Unmapped { direction, address, size, value } => {
                let (letter, arrow) = (letter(direction), arrow(direction));
                write!(f, "unmapped {letter}{} {address:#x} {arrow} {value:#x}", size.bits())
            }
            Self::FrameOut { nic, frame } => {
                write!(f, "{nic} tx {} {}", frame.len(), Hex(frame.data()))
            }
            Self::FrameIn { nic, frame, verdict } => {
                write!(f, "{nic} rx {} {}", frame.len(), Hex(frame.data()))?;
                match verdict {
                    Verdict::Taken => Ok(()),
                    Verdict::Dropped(reason) => write!(f, " dropped: {}", reason.as_str()),
                }
            }
            Self::Interrupt { input, high } => write!(f, "irq {input} {}", u8::from(high)),
            Self::Message { address, data } => write!(f, "msi {address} {data:#x}"),
            Self::Timer { device, timer } => write!(f, "{device} timer {}", timer.0),
            Self::CharacterOut { device, line, byte } => {
                write!(f, "{device} out {line} {byte:#04x}")
            }
            Self::CharacterIn { device, line, byte } => {
                write!(f, "{device} in {line} {byte:#04x}")
            }
            Self::Guest(event) => write!(f, "guest {event:?}"),
        }
    }
}

/// FNV-1a, 64 bits: stable across versions of the compiler, unlike the standard library's hasher.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// What a trace amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSummary {
    /// Number of events.
    pub events: u64,
    /// Hash over all lines.
    pub hash: u64,
}

/// Writes events and hashes them.
pub struct Trace {
    sink: Option<Box<dyn Write + Send>>,
    line: Vec<u8>,
    summary: TraceSummary,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}

impl Trace {
    /// A trace that is hashed and, with a sink, written.
    pub fn new(sink: Option<Box<dyn Write + Send>>) -> Self {
        let summary = TraceSummary { events: 0, hash: FNV_OFFSET };
        Self { sink, line: Vec::new(), summary }
    }

    /// Takes one event.
    pub fn record(&mut self, at: VTime, event: &TraceEvent<'_>) {
        self.line.clear();
        // Writing into a Vec does not fail.
        let _ = writeln!(self.line, "{at} {event}");
        self.summary.events += 1;
        for byte in &self.line {
            self.summary.hash = (self.summary.hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
        if let Some(sink) = &mut self.sink
            && let Err(error) = sink.write_all(&self.line)
        {
            tracing::warn!("the trace ends here: {error}");
            self.sink = None;
        }
    }

    /// What it amounts to so far.
    pub const fn summary(&self) -> TraceSummary {
        self.summary
    }

    /// Hands everything on to the sink.
    pub fn flush(&mut self) {
        if let Some(Err(error)) = self.sink.as_mut().map(Write::flush) {
            tracing::warn!("the end of the trace is lost: {error}");
            self.sink = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::DropReason;

    #[test]
    fn events_read_as_operations() {
        let access = TraceEvent::Access {
            device: "e1000.0",
            window: "bar0",
            direction: Direction::Write,
            offset: 0x3818,
            size: Size::Word,
            value: 1,
            fault: None,
        };
        assert_eq!(access.to_string(), "e1000.0 w32 bar0+0x3818 <- 0x1");
        let frame = Frame::new(vec![0xff, 1], VTime::ZERO).unwrap();
        let verdict = Verdict::Dropped(DropReason::Runt);
        let event = TraceEvent::FrameIn { nic: "e1000.0", frame: &frame, verdict };
        assert_eq!(event.to_string(), "e1000.0 rx 2 ff01 dropped: runt");
    }

    #[test]
    fn the_hash_tells_order_and_time_apart() {
        let irq = |input| TraceEvent::Interrupt { input, high: true };
        let hash = |events: &[(u64, u8)]| {
            let mut trace = Trace::new(None);
            for (at, input) in events {
                trace.record(VTime::from_nanos(*at), &irq(*input));
            }
            trace.summary()
        };
        assert_eq!(hash(&[(1, 16), (2, 17)]), hash(&[(1, 16), (2, 17)]));
        assert_ne!(hash(&[(1, 16), (2, 17)]), hash(&[(1, 17), (2, 16)]));
        assert_ne!(hash(&[(1, 16)]), hash(&[(2, 16)]));
        assert_eq!(hash(&[(1, 16), (2, 17)]).events, 2);
    }
}
