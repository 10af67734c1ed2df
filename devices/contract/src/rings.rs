//! Rings that somebody outside the device works on: vhost-user, vhost-net, vDPA.
//!
//! A device stays a value: it says where its rings lie and how far they were worked off ([`RingOwner::rings`], a pure
//! function of its state, compared after each entry like [`crate::Device::lines`]), asks for notifications to be passed on
//! ([`crate::Effect::Kick`]), and is told of used buffers and of rings that come back. Who works on them, in which process
//! and by which descriptors, it does not know. What is lost is determinism: such a worker reads and writes guest memory
//! when it pleases, so two runs differ and nothing of it is in a trace.

use serde::{Deserialize, Serialize};

use crate::{Cx, Gpa};

/// How far a ring was worked off, as `VHOST_SET_VRING_BASE` writes it: of a split ring the index of the next available
/// entry; of a packed ring the next available position in bits 0 to 14 with its wrap counter in bit 15, and the next used
/// one in bits 16 to 30 and 31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RingPosition(pub u32);

/// A ring to be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Number of its queue.
    pub queue: u16,
    /// Descriptors.
    pub size: u16,
    /// Descriptor area.
    pub descriptors: Gpa,
    /// Driver area: available ring, or event suppression.
    pub driver: Gpa,
    /// Device area: used ring, or event suppression.
    pub device: Gpa,
    /// Where work begins.
    pub position: RingPosition,
    /// Whether work is wanted now: a ring of a queue pair that is not in use is set up and stands still.
    pub enabled: bool,
}

/// All rings of a device that are to be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    /// Virtio features that driver and device agreed on.
    pub features: u64,
    /// The largest MTU the driver was told of.
    pub mtu: Option<u16>,
    /// The rings, by ascending number.
    pub list: Vec<Ring>,
}

impl Rings {
    /// Whether the two differ at most in what is enabled.
    pub fn lie_as(&self, other: &Self) -> bool {
        let alike = |one: &Ring, other: &Ring| Ring { enabled: other.enabled, ..*one } == *other;
        self.features == other.features
            && self.mtu == other.mtu
            && self.list.len() == other.list.len()
            && self.list.iter().zip(&other.list).all(|(one, other)| alike(one, other))
    }
}

/// Why a device cannot give its rings away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingRefusal {
    /// It has more queue pairs than the worker takes.
    #[error("it has {pairs} queue pairs, and the back end serves {served}")]
    Pairs {
        /// Pairs of the device.
        pairs: u16,
        /// Pairs the worker takes.
        served: u16,
    },
    /// It lacks what the device cannot do without.
    #[error("the back end lacks {0}")]
    Lacks(&'static str),
}

/// A device whose data rings others can work on.
pub trait RingOwner {
    /// From now on others work on the rings of up to `pairs` queue pairs, with `features` of virtio's: the device offers
    /// its driver no more than that in what concerns them, and no longer touches them. Called once, before power-on.
    ///
    /// # Errors
    /// The device and the worker do not fit together; nothing has changed.
    fn give_rings_away(&mut self, features: u64, pairs: u16) -> Result<(), RingRefusal>;

    /// The data rings as they stand, for whoever works on them; `None` while nobody may touch them. A pure function of the
    /// state.
    fn rings(&self) -> Option<Rings>;

    /// The worker has used buffers of this queue and its driver wants to hear of it.
    fn ring_called(&mut self, cx: &mut Cx<'_>, queue: u16);

    /// Whoever worked on the ring has stopped at `position`; `None` if it is gone without a word, and the ring tells where it was. Does
    /// nothing to a queue that was reset in the meantime.
    fn ring_returned(&mut self, cx: &mut Cx<'_>, queue: u16, position: Option<RingPosition>);
}
