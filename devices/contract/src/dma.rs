//! Bus-master access to guest memory: copy in, copy out.
//!
//! There is no pointer into guest memory, so nothing can be fetched twice with different results; and RAM only, so a
//! device can never re-enter itself through its own registers.

use crate::Gpa;

/// Why a bus-master access failed. Nothing, or a prefix, was transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DmaError {
    /// The range is not, or not wholly, guest RAM.
    #[error("{0} is not guest RAM")]
    NotRam(Gpa),
    /// The function may not master the bus.
    #[error("bus mastering is off")]
    NoBusMaster,
}

/// Guest RAM as a bus master sees it.
pub trait Dma {
    /// Copies guest RAM from `at` into `into`.
    ///
    /// # Errors
    /// The range is not RAM, or the function may not master the bus.
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError>;

    /// Copies `from` into guest RAM at `at`.
    ///
    /// # Errors
    /// The range is not RAM, or the function may not master the bus.
    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError>;
}

/// No bus mastering at all: every access fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDma;

impl Dma for NoDma {
    fn read(&mut self, _at: Gpa, _into: &mut [u8]) -> Result<(), DmaError> {
        Err(DmaError::NoBusMaster)
    }

    fn write(&mut self, _at: Gpa, _from: &[u8]) -> Result<(), DmaError> {
        Err(DmaError::NoBusMaster)
    }
}
