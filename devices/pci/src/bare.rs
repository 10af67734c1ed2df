//! A function that is configuration space alone: a host bridge, a placeholder of a chip set.

use elnic_contract::{
    Access, Cx, Device, Fault, Lines, LogEntry, Model, Reset, RestoreError, SavedState, TimerId,
};

/// A device without registers.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    model: &'static Model,
}

impl Bare {
    /// A device of this model, which only its identity matters of.
    pub const fn new(model: &'static Model) -> Self {
        Self { model }
    }
}

/// Its saved state: there is nothing to save.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct BareStateV1 {}

impl Device for Bare {
    fn describe(&self) -> &'static Model {
        self.model
    }

    fn reset(&mut self, _cx: &mut Cx<'_>, _kind: Reset) {}

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegion });
        Err(Fault::NoRegion)
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, _value: u64) -> Result<(), Fault> {
        cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegion });
        Err(Fault::NoRegion)
    }

    fn peek(&self, _access: Access) -> Option<u64> {
        None
    }

    fn timer(&mut self, _cx: &mut Cx<'_>, _timer: TimerId) {}

    fn lines(&self) -> Lines {
        Lines::NONE
    }

    fn save(&self) -> SavedState {
        SavedState::new(self.model.name, 1, &BareStateV1 {})
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        state.decode::<BareStateV1>(self.model.name, 1).map(|_| ())
    }
}
