//! What a catalogue knows of a model: how to make one.

use crate::{Device, Model, Properties, PropertyError, PropertySpec};

/// A model as users meet it: `-device MODEL,name=value`. Each model's crate has one as `ENTRY`.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The model.
    pub model: &'static Model,
    /// The properties of an instance. Those that every PCI function has (`addr`, `romfile`, …) are the machine's.
    pub properties: &'static [PropertySpec],
    /// Makes an instance of properties that [`Properties::parse`] has checked.
    pub build: fn(&Properties) -> Result<Box<dyn Device>, BuildError>,
    /// It is a network interface and takes a `netdev`.
    pub is_nic: bool,
    /// Scripts (see `elnic-script`) that bring an instance of default properties into states worth testing.
    pub scenarios: &'static [&'static str],
}

/// Why an instance was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A property does not fit by itself.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// Properties that fit by themselves do not fit together.
    #[error("'{model}' cannot be made: {why}")]
    Together {
        /// The model.
        model: &'static str,
        /// Which properties clash, with their values and what is allowed.
        why: String,
    },
}

impl Entry {
    /// Checks `given` and makes an instance.
    ///
    /// # Errors
    /// A property is unknown, given twice or does not fit.
    pub fn make<'a>(
        &self,
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Box<dyn Device>, BuildError> {
        let properties = Properties::parse(self.model.name, self.properties, given)?;
        (self.build)(&properties)
    }
}
