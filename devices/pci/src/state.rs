//! Saved state of a function: configuration space, MSI-X table, and the device's own.

use elnic_contract::{RestoreError, SavedState};
use serde::{Deserialize, Serialize};

use crate::PciFunction;
use crate::msix::MsiXState;

const KIND: &str = "pci-function";
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionStateV1 {
    /// The 64 words of configuration space.
    config: Vec<u32>,
    msix: Option<MsiXState>,
    device: SavedState,
}

impl PciFunction {
    /// The whole state, the device's included.
    pub fn save(&self) -> SavedState {
        let state = FunctionStateV1 {
            config: self.config.save(),
            msix: self.capabilities.msix.as_ref().map(crate::MsiX::save),
            device: self.device.save(),
        };
        SavedState::new(KIND, VERSION, &state)
    }

    /// Takes over a saved state. The input is hostile.
    ///
    /// # Errors
    /// The state is of something else, malformed or inconsistent; function and device are unchanged.
    pub fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let state: FunctionStateV1 = state.decode(KIND, VERSION)?;
        let impossible = |field, why| RestoreError::Impossible { kind: KIND, field, why };
        let config = self
            .config
            .with_saved(&state.config)
            .map_err(|word| impossible("config", word.to_string()))?;
        if self.capabilities.pm.is_some_and(|pm| !pm.has_state(&config)) {
            return Err(impossible("config", "is in a power state that there is not".to_owned()));
        }
        let table_fits = match (&self.capabilities.msix, &state.msix) {
            (Some(msix), Some(table)) => msix.accepts(table),
            (None, None) => true,
            _ => false,
        };
        if !table_fits {
            let why = "is no table of this function".to_owned();
            return Err(impossible("msix", why));
        }
        self.device.restore(&state.device)?;
        self.config = config;
        if let (Some(msix), Some(table)) = (&mut self.capabilities.msix, state.msix) {
            msix.restore(table);
        }
        self.map_changed = true;
        Ok(())
    }
}
