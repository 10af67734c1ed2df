//! Registers of the array access unit.
//!
//! Source: e2k-isa.md §2.7, §8.9. The prefetch program itself runs in `crate::execute`.

use serde::{Deserialize, Serialize};

/// An array descriptor (`%aad`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayDescriptor {
    /// Base address and access rights.
    pub lo: u64,
    /// Size and the like.
    pub hi: u64,
}

/// An area of the array buffer: where the elements that `mova` takes come from.
///
/// The buffer itself is not modelled: an element is read from memory when it is taken, which a program that obeys the rules of prefetching
/// cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefetchArea {
    /// The slot of the prefetch program, as it stands in memory; zero for none.
    pub slot: u64,
    /// Current index in bytes (`%aaldi`).
    pub index: u32,
}

/// All registers of the array access unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aau {
    /// `%aad0` to `%aad31`.
    pub descriptors: [ArrayDescriptor; 32],
    /// `%aasti0` to `%aasti15`: store indices.
    pub store_indices: [u32; 16],
    /// Tags of the store indices, two bits each.
    pub store_tags: u32,
    /// `%aaind0` to `%aaind15`: load indices; index 0 always counts as zero.
    pub load_indices: [u32; 16],
    /// Tags of the load indices.
    pub load_tags: u32,
    /// `%aaincr0` to `%aaincr7`: increments in elements; increment 0 always counts as one.
    pub increments: [u32; 8],
    /// Tags of the increments.
    pub increment_tags: u32,
    /// What `bap` loaded: areas 0 to 31 of the array channels 0 and 1, then those of 2 and 3; empty before the first one.
    pub areas: Vec<PrefetchArea>,
    /// `%aafstr`.
    pub fault_store: u32,
    /// `%aaldv`.
    pub load_valid: u64,
    /// `%aaldm`.
    pub load_mask: u64,
    /// `%aasr`.
    pub status: u32,
}
