//! One virtqueue as its device sees it: size, place, vector, and a ring of either kind.

use elnic_contract::{Dma, Gpa, RingPosition};
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, Used};
use crate::error::QueueError;
use crate::feature;
use crate::interrupts::NO_VECTOR;
use crate::packed::Packed;
use crate::ring::{Areas, Place, Ring};
use crate::split::Split;

/// Alignment of the legacy layout's used ring in bytes (§2.7.2).
const LEGACY_ALIGN: u64 = 4096;

/// The kind of ring, with its positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    Split(Split),
    Packed(Packed),
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Descriptors in the ring.
    pub(crate) size: u16,
    /// MSI-X vector of its interrupts, or [`NO_VECTOR`].
    pub(crate) vector: u16,
    pub(crate) areas: Areas,
    /// The driver has said where it stands.
    pub(crate) enabled: bool,
    form: Form,
}

impl Queue {
    /// A queue after reset, of that many descriptors.
    pub(crate) fn new(size: u16) -> Self {
        let form = Form::Split(Split::default());
        Self { size, vector: NO_VECTOR, areas: Areas::default(), enabled: false, form }
    }

    /// Starts it, from the beginning of a ring of the kind that was agreed.
    pub(crate) fn enable(&mut self, features: u64) {
        self.form = if features & feature::RING_PACKED != 0 {
            Form::Packed(Packed::default())
        } else {
            Form::Split(Split::default())
        };
        self.enabled = true;
    }

    /// Places it as the legacy interface does, from the number of its first 4 KiB page (§4.1.5.1.3); 0 takes it away.
    pub(crate) fn place_legacy(&mut self, page: u32) {
        let (vector, size) = (self.vector, self.size);
        *self = Self { vector, ..Self::new(size) };
        let descriptors = u64::from(page).wrapping_mul(LEGACY_ALIGN);
        let entries = u64::from(size);
        let driver = descriptors.wrapping_add(entries.wrapping_mul(16));
        let end = driver.wrapping_add(entries.wrapping_mul(2)).wrapping_add(6);
        let device = end.wrapping_add(LEGACY_ALIGN.wrapping_sub(1)) & !LEGACY_ALIGN.wrapping_sub(1);
        if page != 0 {
            self.areas = Areas { descriptors, driver, device };
            self.enabled = true;
        }
    }

    /// The page number that the legacy interface shows.
    pub(crate) fn legacy_page(&self) -> u32 {
        let page = self.areas.descriptors >> 12 & 0xffff_ffff;
        u32::try_from(page).unwrap_or(0)
    }

    /// The driver has said where it stands.
    pub const fn enabled(&self) -> bool {
        self.enabled
    }

    /// Descriptors in the ring.
    pub const fn size(&self) -> u16 {
        self.size
    }

    /// Whether it is a packed ring.
    pub(crate) const fn is_packed(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }

    /// The ring as somebody else is to work on it.
    pub(crate) fn lend(&self, queue: u16) -> elnic_contract::Ring {
        let Areas { descriptors, driver, device } = self.areas;
        let position = match &self.form {
            Form::Split(split) => split.position(),
            Form::Packed(packed) => packed.position(),
        };
        elnic_contract::Ring {
            queue,
            size: self.size,
            descriptors: Gpa(descriptors),
            driver: Gpa(driver),
            device: Gpa(device),
            position,
            enabled: true,
        }
    }

    /// Goes on where somebody else has stopped.
    pub(crate) fn go_on_at(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
        position: Option<RingPosition>,
    ) -> Result<(), QueueError> {
        let place = self.place(features);
        self.ring().go_on_at(dma, &place, position)
    }

    fn ring(&mut self) -> &mut dyn Ring {
        match &mut self.form {
            Form::Split(split) => split,
            Form::Packed(packed) => packed,
        }
    }

    const fn place(&self, features: u64) -> Place {
        Place { areas: self.areas, size: self.size, features }
    }

    /// Whether the driver has made a chain available that was not taken.
    pub(crate) fn has_more(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
    ) -> Result<bool, QueueError> {
        let place = self.place(features);
        self.ring().has_more(dma, &place)
    }

    /// Takes the next chain, if there is one.
    pub(crate) fn take(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
    ) -> Result<Option<Chain>, QueueError> {
        let place = self.place(features);
        self.ring().take(dma, &place)
    }

    /// Puts back the chain that was taken last.
    pub(crate) fn put_back(&mut self, chain: &Chain) {
        let place = self.place(0);
        self.ring().put_back(&place, chain);
    }

    /// Gives chains back to the driver: all or, after an error, none.
    pub(crate) fn give_back(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
        used: &[Used],
    ) -> Result<(), QueueError> {
        let place = self.place(features);
        self.ring().give_back(dma, &place, used)
    }

    /// Asks the driver to notify when it makes the next chain available.
    pub(crate) fn ask_for_notification(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
    ) -> Result<(), QueueError> {
        let place = self.place(features);
        self.ring().ask_for_notification(dma, &place)
    }

    /// Whether the driver wants an interrupt for what was given back since this was last asked.
    pub(crate) fn wants_interrupt(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
    ) -> Result<bool, QueueError> {
        let place = self.place(features);
        self.ring().wants_interrupt(dma, &place)
    }

    /// Whether a device can be in this state.
    pub(crate) fn is_possible(&self, largest: u16) -> bool {
        let ring = match &self.form {
            Form::Split(split) => split.is_possible(self.size),
            Form::Packed(packed) => packed.is_possible(self.size),
        };
        (1..=largest).contains(&self.size) && ring
    }
}
