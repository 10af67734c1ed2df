//! Frames as they are stored, and the words for what cannot be.

use elnic_contract::{Frame, LineError, RestoreError, VTime};
use serde::{Deserialize, Serialize};

use crate::descriptors;
use crate::model::MODEL;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameV1 {
    bytes: Vec<u8>,
    arrival: VTime,
    error: Option<LineErrorV1>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LineErrorV1 {
    BadFcs,
    Alignment,
    Symbol,
}

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

impl FrameV1 {
    pub(super) fn of(frame: &Frame) -> Self {
        let error = frame.error().map(|error| match error {
            LineError::BadFcs => LineErrorV1::BadFcs,
            LineError::Alignment => LineErrorV1::Alignment,
            LineError::Symbol => LineErrorV1::Symbol,
        });
        Self { bytes: frame.data().to_vec(), arrival: frame.arrival(), error }
    }

    pub(super) fn revive(self, field: &'static str) -> Result<Frame, RestoreError> {
        let frame = Frame::new(self.bytes, self.arrival)
            .map_err(|error| impossible(field, format!("holds {error}")))?;
        Ok(match self.error {
            None => frame,
            Some(LineErrorV1::BadFcs) => frame.damaged(LineError::BadFcs),
            Some(LineErrorV1::Alignment) => frame.damaged(LineError::Alignment),
            Some(LineErrorV1::Symbol) => frame.damaged(LineError::Symbol),
        })
    }
}
