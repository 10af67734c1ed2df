//! What an engine does with a ring, whether it is split or packed.
//!
//! A ring has two positions: up to where chains were taken, and up to where they were given back. Between the two lie the
//! chains the device is working on; it may put the latest of them back untouched.

use elnic_contract::{Dma, RingPosition};
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, Used};
use crate::error::QueueError;
use crate::feature;

/// Where the three parts of a ring stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Areas {
    /// The descriptor area: table or ring.
    pub(crate) descriptors: u64,
    /// The driver area: available ring or event suppression.
    pub(crate) driver: u64,
    /// The device area: used ring or event suppression.
    pub(crate) device: u64,
}

/// What a ring's positions have to be read against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) areas: Areas,
    /// Descriptors of the ring; never zero.
    pub(crate) size: u16,
    /// Features both sides have.
    pub(crate) features: u64,
}

impl Place {
    pub(crate) const fn has(&self, feature: u64) -> bool {
        self.features & feature != 0
    }

    pub(crate) const fn indirect(&self) -> bool {
        self.has(feature::INDIRECT_DESC)
    }
}

/// The positions of one kind of ring, and what can be done with it.
pub(crate) trait Ring {
    /// Whether the driver has made a chain available that was not taken.
    fn has_more(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError>;

    /// Takes the next chain, if there is one. After an error nothing is taken.
    fn take(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<Option<Chain>, QueueError>;

    /// Puts back the chain that was taken last.
    fn put_back(&mut self, place: &Place, chain: &Chain);

    /// Gives chains back to the driver, which sees all of them at once or, after an error, none.
    fn give_back(
        &mut self,
        dma: &mut dyn Dma,
        place: &Place,
        used: &[Used],
    ) -> Result<(), QueueError>;

    /// Asks the driver to notify when it makes the next chain available.
    fn ask_for_notification(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<(), QueueError>;

    /// Whether the driver wants an interrupt for what was given back since this was last asked.
    fn wants_interrupt(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError>;

    /// How far it was worked off.
    fn position(&self) -> RingPosition;

    /// Goes on at `position`, where somebody else has stopped; without one, at the place the ring itself tells of.
    fn go_on_at(
        &mut self,
        dma: &mut dyn Dma,
        place: &Place,
        position: Option<RingPosition>,
    ) -> Result<(), QueueError>;

    /// Whether a ring of `size` descriptors can be in this state.
    fn is_possible(&self, size: u16) -> bool;
}
