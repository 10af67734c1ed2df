//! Runs scripts on a bench and writes down what came of them.

use elnic_contract::{Frame, Size};
use elnic_script::{Event, EventKind, Expect, Op, Step, Want, What, parse, print_event, print_op};

use crate::Bench;

/// Where the next expectation of each kind of event starts to look.
#[derive(Clone, Copy, Debug, Default)]
struct Cursors([usize; EventKind::ALL.len()]);

impl Cursors {
    fn of(&mut self, kind: EventKind) -> &mut usize {
        &mut self.0[kind as usize]
    }
}

impl Bench {
    /// Runs a script written in the names of the device's model. Expectations look at events since its start.
    ///
    /// # Panics
    /// The script has a mistake, or an expectation does not hold; the message has its line.
    pub fn run(&mut self, text: &str) {
        let steps = match parse(text, self.device().describe()) {
            Ok(steps) => steps,
            Err(error) => panic!("{error}"),
        };
        self.run_steps(&steps);
    }

    /// Runs steps.
    ///
    /// # Panics
    /// An expectation does not hold.
    pub fn run_steps(&mut self, steps: &[Step]) {
        let start = self.events().len();
        let mut cursors = Cursors([start; EventKind::ALL.len()]);
        for step in steps {
            let held = match &step.what {
                What::Do(op) => self.check(op),
                What::Expect(expect) => self.expect(expect, &mut cursors),
            };
            if let Err(why) = held {
                let events: Vec<String> = self.events()[start..]
                    .iter()
                    .map(|(at, e)| format!("{at} {}", print_event(e)))
                    .collect();
                let events = events[events.len().saturating_sub(20)..].join("\n  ");
                panic!("line {}: {why}\nlast events:\n  {events}", step.line);
            }
        }
    }

    /// Carries out an operation; says what came of it in words, for comparing.
    pub fn execute(&mut self, op: &Op) -> String {
        match op {
            Op::Write { at, size, value, .. } => match self.write(*at, *size, *value) {
                Ok(()) => "written".to_owned(),
                Err(fault) => format!("refused: {fault}"),
            },
            Op::Read { at, size, .. } => match self.read(*at, *size) {
                Ok(value) => format!("read {value:#x}"),
                Err(fault) => format!("refused: {fault}"),
            },
            Op::Peek { at, size, .. } => match self.peek(*at, *size) {
                Some(value) => format!("peeked {value:#x}"),
                None => "nothing to peek at".to_owned(),
            },
            Op::Ram { at, bytes } => {
                self.ram.store(at.0, bytes);
                String::new()
            }
            Op::Frame { bytes, error } => {
                let frame = Frame::new(bytes.clone(), self.now())
                    .expect("a frame of a script has a length");
                self.frame(match error {
                    Some(error) => frame.damaged(*error),
                    None => frame,
                });
                String::new()
            }
            Op::Character { line, byte } => {
                self.character(*line, *byte);
                String::new()
            }
            Op::Advance(span) => {
                self.advance(*span);
                String::new()
            }
            Op::Pulse => {
                self.pulse();
                String::new()
            }
            Op::Fault { kind, after, times } => {
                self.ram.fail(*kind, *after, *times);
                String::new()
            }
            Op::Reset(kind) => {
                self.reset(*kind);
                String::new()
            }
            Op::Link(state) => {
                self.link(*state);
                String::new()
            }
        }
    }

    /// Carries out an operation that says what must come of it.
    fn check(&mut self, op: &Op) -> Result<(), String> {
        let model = self.device().describe();
        match op {
            Op::Write { at, size, value, refused } => {
                let result = self.write(*at, *size, *value);
                if result.is_err() == *refused {
                    Ok(())
                } else {
                    Err(format!("{} gave {result:?}", print_op(op, model)))
                }
            }
            Op::Read { at, size, want } => {
                let got = self.read(*at, *size).map_err(|fault| fault.to_string());
                compare(got, *want, *size).map_err(|why| format!("{}: {why}", print_op(op, model)))
            }
            Op::Peek { at, size, want } => {
                let got = self.peek(*at, *size).ok_or_else(|| "nothing is there".to_owned());
                compare(got, *want, *size).map_err(|why| format!("{}: {why}", print_op(op, model)))
            }
            other => {
                self.execute(other);
                Ok(())
            }
        }
    }

    fn expect(&mut self, expect: &Expect, cursors: &mut Cursors) -> Result<(), String> {
        match expect {
            Expect::Irq(level) => {
                *cursors.of(EventKind::Irq) = self.events().len();
                if self.line() == *level {
                    Ok(())
                } else {
                    Err(format!("the interrupt line is {}", u8::from(self.line())))
                }
            }
            Expect::Next(event) => match self.next_event(event.kind(), cursors) {
                Some(next) if next == event => Ok(()),
                Some(next) => {
                    Err(format!("expected {}, got {}", print_event(event), print_event(next)))
                }
                None => Err(format!("expected {}, got nothing", print_event(event))),
            },
            Expect::SentPrefix(prefix) => match self.next_event(EventKind::Tx, cursors) {
                Some(Event::Sent(bytes)) if bytes.starts_with(prefix) => Ok(()),
                Some(next) => Err(format!("another frame was sent: {}", print_event(next))),
                None => Err("no frame was sent".to_owned()),
            },
            Expect::No(kind) => match self.next_event(*kind, cursors) {
                None => Ok(()),
                Some(next) => {
                    Err(format!("expected no {}, got {}", kind.as_str(), print_event(next)))
                }
            },
            Expect::Ram { at, bytes } => {
                let found = self.ram.load(at.0, bytes.len());
                if found == *bytes {
                    Ok(())
                } else {
                    Err(format!("RAM at {at} holds {found:02x?}, not {bytes:02x?}"))
                }
            }
        }
    }

    fn next_event(&self, kind: EventKind, cursors: &mut Cursors) -> Option<&Event> {
        let cursor = cursors.of(kind);
        let rest = self.events().get(*cursor..)?;
        let distance = rest.iter().position(|(_, event)| event.kind() == kind)?;
        *cursor += distance + 1;
        Some(&rest[distance].1)
    }

    /// What came of these operations, and every event with its time: equal for devices that behave alike.
    pub fn transcript(&mut self, ops: &[Op]) -> Vec<String> {
        let model = self.device().describe();
        let mut lines = Vec::new();
        for op in ops {
            let before = self.events().len();
            let outcome = self.execute(op);
            if !matches!(op, Op::Pulse) {
                lines.push(format!("{}  # {outcome}", print_op(op, model)));
            }
            let events = &self.events()[before..];
            lines.extend(
                events.iter().map(|(at, event)| format!("#   {at} {}", print_event(event))),
            );
        }
        lines
    }
}

fn compare(got: Result<u64, String>, want: Option<Want>, size: Size) -> Result<(), String> {
    let digits = usize::from(size.bytes()) * 2 + 2;
    match (got, want) {
        (Ok(_), None) | (Err(_), Some(Want::Refused)) => Ok(()),
        (Ok(got), Some(Want::Bits { value, mask })) if got & mask == value => Ok(()),
        (Ok(got), _) => Err(format!("read {got:#0digits$x}")),
        (Err(why), _) => Err(format!("was refused: {why}")),
    }
}
