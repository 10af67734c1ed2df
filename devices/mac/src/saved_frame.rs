//! A frame in a saved state.

use elnic_contract::{Frame, FrameError, LineError, VTime};
use serde::{Deserialize, Serialize};

/// A frame as it is stored. Its bytes are untrusted until [`SavedFrame::revive`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFrame {
    bytes: Vec<u8>,
    arrival: VTime,
    error: Option<SavedError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SavedError {
    BadFcs,
    Alignment,
    Symbol,
}

impl SavedFrame {
    /// Stores a frame without offload metadata: a controller holds only what a cable can carry.
    pub fn of(frame: &Frame) -> Self {
        let error = frame.error().map(|error| match error {
            LineError::BadFcs => SavedError::BadFcs,
            LineError::Alignment => SavedError::Alignment,
            LineError::Symbol => SavedError::Symbol,
        });
        Self { bytes: frame.data().to_vec(), arrival: frame.arrival(), error }
    }

    /// The frame.
    ///
    /// # Errors
    /// No frame has that length.
    pub fn revive(self) -> Result<Frame, FrameError> {
        let frame = Frame::new(self.bytes, self.arrival)?;
        Ok(match self.error {
            None => frame,
            Some(SavedError::BadFcs) => frame.damaged(LineError::BadFcs),
            Some(SavedError::Alignment) => frame.damaged(LineError::Alignment),
            Some(SavedError::Symbol) => frame.damaged(LineError::Symbol),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_and_impossible_ones_do_not() {
        let plain = Frame::new(vec![1, 2, 3], VTime::from_nanos(9)).unwrap();
        let errors = [LineError::BadFcs, LineError::Alignment, LineError::Symbol];
        let damaged = errors.map(|error| plain.clone().damaged(error));
        for frame in damaged.into_iter().chain([plain]) {
            let text = serde_json::to_string(&SavedFrame::of(&frame)).unwrap();
            let saved: SavedFrame = serde_json::from_str(&text).unwrap();
            assert_eq!(saved.revive(), Ok(frame));
        }
        let empty = SavedFrame { bytes: vec![], arrival: VTime::ZERO, error: None };
        assert_eq!(empty.revive(), Err(FrameError::Length(0)));
    }
}
