//! Filters: what stands between a netdev and its peer and may look at, keep, change or add frames.
//!
//! Directions are the netdev's: *tx* is what it sends towards its peer, *rx* what it is sent. Frames it sends pass its
//! filters from head to tail, frames for it from tail to head.

use elnic_contract::{Frame, VTime};

use crate::Doorbell;

/// Which way a frame goes, as the filter's netdev sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The netdev sends it.
    Tx,
    /// It is sent to the netdev.
    Rx,
}

/// Which frames a filter sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterQueue {
    /// What the netdev sends.
    Tx,
    /// What is sent to the netdev.
    Rx,
    /// Both.
    #[default]
    All,
}

impl FilterQueue {
    pub(crate) fn sees(self, direction: Direction) -> bool {
        match self {
            Self::All => true,
            Self::Tx => direction == Direction::Tx,
            Self::Rx => direction == Direction::Rx,
        }
    }

    /// `tx`, `rx` or `all`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tx => "tx",
            Self::Rx => "rx",
            Self::All => "all",
        }
    }
}

/// Where a new filter goes among those of its netdev.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FilterPosition {
    /// Nearest to the netdev.
    Head,
    /// Nearest to the netdev's peer.
    #[default]
    Tail,
    /// On the netdev's side of this filter (`position=id=…,insert=before`).
    Before(String),
    /// On the peer's side of this filter (`position=id=…,insert=behind`).
    Behind(String),
}

/// A filter's place and state, apart from what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterOptions {
    /// Its id, for `qom-set` and `object_del`.
    pub id: String,
    /// The netdev it stands at.
    pub netdev: String,
    /// Which frames it sees.
    pub queue: FilterQueue,
    /// Its place.
    pub position: FilterPosition,
    /// Whether it works; a filter that is off lets everything pass.
    pub active: bool,
}

/// Why a filter failed; the frames pass all the same.
pub type FilterFault = Box<dyn std::error::Error + Send + Sync>;

/// What a filter does.
pub trait NetFilter: Send {
    /// The type: `filter-dump`.
    fn kind(&self) -> &'static str;

    /// Its own properties as `info network` prints them.
    fn properties(&self) -> Vec<(&'static str, String)>;

    /// A frame comes by: what is to go on is appended to `out`, be it the frame, nothing or more. Virtual time `now`
    /// never decreases from call to call.
    ///
    /// # Errors
    /// The filter cannot do its work. It has appended what is to go on nevertheless; the core reports the fault.
    fn pass(
        &mut self,
        now: VTime,
        direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault>;

    /// An input point has come: frames it kept and lets go now are appended to `out`.
    ///
    /// # Errors
    /// As [`NetFilter::pass`].
    fn tick(&mut self, now: VTime, out: &mut Vec<(Direction, Frame)>) -> Result<(), FilterFault> {
        let _ = (now, out);
        Ok(())
    }

    /// When it wants to let frames go.
    fn next_event(&self) -> Option<VTime> {
        None
    }

    /// Takes the doorbell that wakes the machine when frames come to it from elsewhere. Called once, before anything else.
    fn attach(&mut self, doorbell: &Doorbell) {
        let _ = doorbell;
    }

    /// It was switched off or is about to be removed: frames it kept are appended to `out`.
    fn give_up(&mut self, out: &mut Vec<(Direction, Frame)>) {
        let _ = out;
    }
}

/// One filter in its place.
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) queue: FilterQueue,
    pub(crate) position: FilterPosition,
    pub(crate) active: bool,
    pub(crate) filter: Box<dyn NetFilter>,
}

impl Slot {
    /// All properties, in the order in which QEMU prints them.
    pub(crate) fn properties(&self, netdev: &str) -> Vec<(&'static str, String)> {
        let (position, insert) = match &self.position {
            FilterPosition::Head => ("head".to_owned(), "behind"),
            FilterPosition::Tail => ("tail".to_owned(), "behind"),
            FilterPosition::Before(id) => (format!("id={id}"), "before"),
            FilterPosition::Behind(id) => (format!("id={id}"), "behind"),
        };
        let mut properties = self.filter.properties();
        properties.extend([
            ("position", position),
            ("status", if self.active { "on" } else { "off" }.to_owned()),
            ("insert", insert.to_owned()),
            ("netdev", netdev.to_owned()),
            ("queue", self.queue.as_str().to_owned()),
        ]);
        properties
    }
}

/// The filters of one netdev, head first.
#[derive(Default)]
pub(crate) struct Chain {
    slots: Vec<Slot>,
}

/// A filter failed.
pub(crate) struct Fault {
    pub(crate) filter: String,
    pub(crate) why: String,
}

impl Chain {
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn slots_mut(&mut self) -> &mut [Slot] {
        &mut self.slots
    }

    pub(crate) fn index_of(&self, id: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.id == id)
    }

    /// Puts a filter in its place; the core has checked that the filter it is to stand beside is here.
    pub(crate) fn insert(&mut self, options: FilterOptions, filter: Box<dyn NetFilter>) {
        let find = |id: &String| self.index_of(id).unwrap_or(self.slots.len());
        let index = match &options.position {
            FilterPosition::Head => 0,
            FilterPosition::Tail => self.slots.len(),
            FilterPosition::Before(id) => find(id),
            FilterPosition::Behind(id) => (find(id) + 1).min(self.slots.len()),
        };
        let FilterOptions { id, queue, position, active, netdev: _ } = options;
        self.slots.insert(index, Slot { id, queue, position, active, filter });
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<Slot> {
        (index < self.slots.len()).then(|| self.slots.remove(index))
    }

    /// Passes `frames` through the filters that lie ahead of the boundary `start` in their direction: boundary *n* is the
    /// one in front of slot *n*.
    pub(crate) fn run_from(
        &mut self,
        start: usize,
        now: VTime,
        direction: Direction,
        frames: &mut Vec<Frame>,
        faults: &mut Vec<Fault>,
    ) {
        let boundary = start.min(self.slots.len());
        let (behind, ahead) = self.slots.split_at_mut(boundary);
        let mut through = |slot: &mut Slot| {
            if !slot.active || !slot.queue.sees(direction) || frames.is_empty() {
                return;
            }
            let mut out = Vec::with_capacity(frames.len());
            for frame in frames.drain(..) {
                if let Err(why) = slot.filter.pass(now, direction, frame, &mut out) {
                    faults.push(Fault { filter: slot.id.clone(), why: why.to_string() });
                }
            }
            *frames = out;
        };
        match direction {
            Direction::Tx => ahead.iter_mut().for_each(&mut through),
            Direction::Rx => behind.iter_mut().rev().for_each(&mut through),
        }
    }
}
