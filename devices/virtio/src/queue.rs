//! A split virtqueue as its device sees it (virtio 1.3 §2.7).

use elnic_contract::{Dma, DmaError, Gpa};
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::feature;
use crate::interrupts::NO_VECTOR;

/// `VIRTQ_AVAIL_F_NO_INTERRUPT`.
const NO_INTERRUPT: u16 = 1;
/// Alignment of the legacy layout's used ring in bytes (§2.7.2).
const LEGACY_ALIGN: u64 = 4096;

/// Why a queue cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Its memory cannot be reached.
    #[error(transparent)]
    Dma(#[from] DmaError),
    /// The driver broke a rule.
    #[error("{what}: {value:#x}")]
    Rule {
        /// What it did.
        what: &'static str,
        /// The value concerned.
        value: u64,
    },
}

impl QueueError {
    /// The driver did `what`.
    pub fn rule(what: &'static str, value: impl Into<u64>) -> Self {
        Self::Rule { what, value: value.into() }
    }
}

/// Where the three parts of a ring stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// The descriptor table.
    pub descriptors: u64,
    /// The available ring, or driver area.
    pub driver: u64,
    /// The used ring, or device area.
    pub device: u64,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Entries: a power of two.
    pub(crate) size: u16,
    /// MSI-X vector of its interrupts, or [`NO_VECTOR`].
    pub(crate) vector: u16,
    pub(crate) ring: Ring,
    /// The driver has said where it stands.
    pub(crate) enabled: bool,
    /// Index of the next entry of the available ring.
    next_available: u16,
    /// The driver's index as last seen.
    seen_available: u16,
    /// Index of the next entry of the used ring.
    next_used: u16,
    /// The used index when an interrupt was last considered.
    signalled: Option<u16>,
}

impl Queue {
    /// A queue after reset, of that many entries.
    pub(crate) const fn new(size: u16) -> Self {
        Self {
            size,
            vector: NO_VECTOR,
            ring: Ring { descriptors: 0, driver: 0, device: 0 },
            enabled: false,
            next_available: 0,
            seen_available: 0,
            next_used: 0,
            signalled: None,
        }
    }

    /// Starts it, from the beginning of its rings.
    pub(crate) fn enable(&mut self) {
        let (vector, ring) = (self.vector, self.ring);
        *self = Self { vector, ring, enabled: true, ..Self::new(self.size) };
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
            self.ring = Ring { descriptors, driver, device };
            self.enabled = true;
        }
    }

    /// The page number that the legacy interface shows.
    pub(crate) fn legacy_page(&self) -> u32 {
        let page = self.ring.descriptors >> 12 & 0xffff_ffff;
        u32::try_from(page).unwrap_or(0)
    }

    /// The driver has said where it stands.
    pub const fn enabled(&self) -> bool {
        self.enabled
    }

    /// Entries in the ring.
    pub const fn size(&self) -> u16 {
        self.size
    }

    /// Entries the driver has made available, as last seen.
    pub const fn available(&self) -> u16 {
        self.seen_available.wrapping_sub(self.next_available)
    }

    /// Looks how many entries the driver has made available.
    ///
    /// # Errors
    /// The ring cannot be read, or its index has moved by more than the ring holds.
    pub fn look(&mut self, dma: &mut dyn Dma) -> Result<u16, QueueError> {
        let index = read16(dma, Gpa(self.ring.driver).plus(2))?;
        let available = index.wrapping_sub(self.next_available);
        if available > self.size {
            return Err(QueueError::rule("available index beyond the ring", index));
        }
        self.seen_available = index;
        Ok(available)
    }

    /// Position of a free-running index in the ring.
    fn slot(&self, index: u16) -> u64 {
        // The size is a power of two.
        u64::from(index & self.size.wrapping_sub(1))
    }

    /// The chain `ahead` entries behind the next one; it stays where it is.
    ///
    /// # Errors
    /// It cannot be read or breaks a rule.
    pub fn chain(&self, dma: &mut dyn Dma, features: u64, ahead: u16) -> Result<Chain, QueueError> {
        let slot = self.slot(self.next_available.wrapping_add(ahead));
        let at = Gpa(self.ring.driver).plus(slot.wrapping_mul(2).wrapping_add(4));
        let head = read16(dma, at)?;
        let indirect = features & feature::INDIRECT_DESC != 0;
        Chain::walk(dma, Gpa(self.ring.descriptors), self.size, head, indirect)
    }

    /// Gives `used` (head, bytes written) back to the driver and leaves as many entries of the available ring behind.
    ///
    /// # Errors
    /// The ring cannot be written; then the driver sees none of them.
    pub fn give_back(&mut self, dma: &mut dyn Dma, used: &[(u16, u32)]) -> Result<(), QueueError> {
        let mut index = self.next_used;
        for (head, written) in used {
            let [a, b, c, d] = u32::from(*head).to_le_bytes();
            let [e, f, g, h] = written.to_le_bytes();
            let offset = self.slot(index).wrapping_mul(8).wrapping_add(4);
            dma.write(Gpa(self.ring.device).plus(offset), &[a, b, c, d, e, f, g, h])?;
            index = index.wrapping_add(1);
        }
        dma.write(Gpa(self.ring.device).plus(2), &index.to_le_bytes())?;
        let count = index.wrapping_sub(self.next_used);
        self.next_used = index;
        self.next_available = self.next_available.wrapping_add(count);
        Ok(())
    }

    /// Asks the driver to notify at the next entry it makes available (§2.7.10). Without event indices it always does.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub fn ask_for_notification(&self, dma: &mut dyn Dma, features: u64) -> Result<(), QueueError> {
        if features & feature::EVENT_IDX != 0 {
            let offset = u64::from(self.size).wrapping_mul(8).wrapping_add(4);
            let at = Gpa(self.ring.device).plus(offset);
            dma.write(at, &self.seen_available.to_le_bytes())?;
        }
        Ok(())
    }

    /// Whether the driver wants an interrupt for what was given back since this was last asked (§2.7.7).
    ///
    /// # Errors
    /// The ring cannot be read.
    pub fn wants_interrupt(
        &mut self,
        dma: &mut dyn Dma,
        features: u64,
    ) -> Result<bool, QueueError> {
        let before = self.signalled.replace(self.next_used);
        if features & feature::NOTIFY_ON_EMPTY != 0 && self.look(dma)? == 0 {
            return Ok(true);
        }
        if features & feature::EVENT_IDX == 0 {
            return Ok(read16(dma, Gpa(self.ring.driver))? & NO_INTERRUPT == 0);
        }
        let offset = u64::from(self.size).wrapping_mul(2).wrapping_add(4);
        let wanted = read16(dma, Gpa(self.ring.driver).plus(offset))?;
        Ok(before.is_none_or(|before| {
            let (passed, moved) =
                (self.next_used.wrapping_sub(wanted), self.next_used.wrapping_sub(before));
            passed.wrapping_sub(1) < moved
        }))
    }

    /// Whether a device can be in this state.
    pub(crate) fn is_possible(&self, largest: u16) -> bool {
        self.size.is_power_of_two() && self.size <= largest && self.available() <= self.size
    }
}

fn read16(dma: &mut dyn Dma, at: Gpa) -> Result<u16, DmaError> {
    let mut bytes = [0; 2];
    dma.read(at, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}
