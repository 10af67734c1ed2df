//! The input gate: the one door through which the host's world enters the core.
//!
//! Everything a machine learns from a backend it learns here, at an input point: the frames, whether the far end is there
//! and how much it takes. A gate that writes these down records a run; a gate that reads them back, over clients that do
//! nothing, replays it. What goes out to a backend has no way back but through the gate: the core hands over as many frames
//! as it saw credits for, and a client takes what it gave credits for. *When* to ask is the board's to decide and to log.

use elnic_contract::{Frame, LinkState, VTime};

use crate::NetClient;

/// Which backend is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// The netdev's id.
    pub name: &'a str,
    /// The netdev's type.
    pub kind: &'static str,
}

/// What the core knows of a backend until the next input point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Whether its far end is there.
    pub carrier: LinkState,
    /// How many frames it takes.
    pub credits: usize,
}

/// Asks the backends on the core's behalf.
pub trait InputGate: Send {
    /// Appends at most `budget` frames from `source` to `frames`, in order, and says how the backend stands.
    fn poll(
        &mut self,
        now: VTime,
        source: Source<'_>,
        client: &mut dyn NetClient,
        budget: usize,
        frames: &mut Vec<Frame>,
    ) -> Observation;
}

/// The gate of an ordinary run: everything passes.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveGate;

impl InputGate for LiveGate {
    fn poll(
        &mut self,
        now: VTime,
        _source: Source<'_>,
        client: &mut dyn NetClient,
        budget: usize,
        frames: &mut Vec<Frame>,
    ) -> Observation {
        client.poll(now, budget, frames);
        Observation { carrier: client.carrier(), credits: client.credits() }
    }
}
