//! Saved state: a named, versioned tree, separate from any runtime type.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The state of one device as it is stored.
///
/// A device serialises its own `StateV1` type into `fields`; that type is not the runtime type and never loses a
/// version once released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedState {
    /// The model's name.
    pub kind: String,
    /// Version of the layout of `fields`.
    pub version: u32,
    /// The state.
    pub fields: serde_json::Value,
}

/// Why a saved state was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It belongs to another model.
    #[error("saved state of '{found}' cannot be restored into '{wanted}'")]
    WrongKind {
        /// The model asked to restore.
        wanted: &'static str,
        /// The model that saved.
        found: String,
    },
    /// No such version is known.
    #[error("saved state of '{kind}' has version {found}; versions 1 to {newest} can be restored")]
    WrongVersion {
        /// The model.
        kind: &'static str,
        /// The version found.
        found: u32,
        /// The newest version known.
        newest: u32,
    },
    /// A field is missing, unknown or of another type.
    #[error("saved state of '{kind}' is malformed: {why}")]
    Malformed {
        /// The model.
        kind: &'static str,
        /// What the decoder said.
        why: String,
    },
    /// The fields decode but no device can be in this state.
    #[error("saved state of '{kind}' is impossible: {field} {why}")]
    Impossible {
        /// The model.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// What is wrong with it, with the allowed range.
        why: String,
    },
}

impl SavedState {
    /// Stores `fields` as version `version` of the state of `kind`.
    ///
    /// A state type of this house is a tree of integers, strings, lists and options, which always serialises; should
    /// one ever not, the result holds `null` and `restore` refuses it.
    pub fn new(kind: &str, version: u32, fields: &impl Serialize) -> Self {
        let fields = serde_json::to_value(fields).unwrap_or(serde_json::Value::Null);
        Self { kind: kind.to_owned(), version, fields }
    }

    /// Decodes the fields after checking kind and version.
    ///
    /// # Errors
    /// Another kind, another version, or fields that do not decode.
    pub fn decode<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        version: u32,
    ) -> Result<T, RestoreError> {
        if self.kind != kind {
            return Err(RestoreError::WrongKind { wanted: kind, found: self.kind.clone() });
        }
        if self.version != version {
            return Err(RestoreError::WrongVersion { kind, found: self.version, newest: version });
        }
        T::deserialize(&self.fields)
            .map_err(|error| RestoreError::Malformed { kind, why: error.to_string() })
    }
}
