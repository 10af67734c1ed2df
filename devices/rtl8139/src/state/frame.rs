//! Frames on their way back out of a saved state, and the words for what cannot be.

use elnic_contract::{Frame, RestoreError};
use elnic_mac::SavedFrame;

use crate::descriptors;
use crate::model::MODEL;

pub(super) fn impossible(field: &'static str, why: impl Into<String>) -> RestoreError {
    RestoreError::Impossible { kind: MODEL.name, field, why: why.into() }
}

pub(super) fn at_most(field: &'static str, found: usize, most: usize) -> Result<(), RestoreError> {
    if found <= most {
        return Ok(());
    }
    Err(impossible(field, format!("has {found}; at most {most} are possible")))
}

/// An index into a ring of C+ mode.
pub(super) fn below_ring(field: &'static str, index: u8) -> Result<(), RestoreError> {
    at_most(field, usize::from(index), usize::from(descriptors::MOST).saturating_sub(1))
}

pub(super) fn revive(frame: SavedFrame, field: &'static str) -> Result<Frame, RestoreError> {
    frame.revive().map_err(|error| impossible(field, format!("holds {error}")))
}
