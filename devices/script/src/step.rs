//! Steps: operations, and expectations between them.

use elnic_contract::Gpa;

use crate::{Event, EventKind, Op};

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Line number in the text, from 1; 0 for a step that was not parsed.
    pub line: u32,
    /// What the line says.
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Do this.
    Do(Op),
    /// This must hold.
    Expect(Expect),
}

/// What must hold at some point of a script.
///
/// Events of one kind are expected in the order in which they happened; each expectation uses one up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The interrupt line has this level now.
    Irq(bool),
    /// The next event of its kind is this one (of any kind but [`Event::Irq`]).
    Next(Event),
    /// The next frame sent begins with these bytes; with none, there is one.
    SentPrefix(Vec<u8>),
    /// No event of this kind is left (for [`EventKind::Irq`]: the line has not moved since it was last expected).
    No(EventKind),
    /// Guest RAM holds these bytes.
    Ram {
        /// First address.
        at: Gpa,
        /// The bytes; at least one.
        bytes: Vec<u8>,
    },
}

impl From<Op> for Step {
    fn from(op: Op) -> Self {
        Self { line: 0, what: What::Do(op) }
    }
}

impl From<Expect> for Step {
    fn from(expect: Expect) -> Self {
        Self { line: 0, what: What::Expect(expect) }
    }
}
