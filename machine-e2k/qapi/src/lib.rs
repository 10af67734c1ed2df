//! The monitor's schema: one description, and what is made from it.
//!
//! `schema/*.qapi` says once what commands, events and types there are. The build makes from it the Rust types
//! ([`types`]), a trait with a method for each command ([`Commands`]; one that nobody implements does not compile), all
//! events ([`Event`]) and tables ([`table`]), from which arguments are checked ([`check_arguments`]) and clients are told
//! what there is ([`introspection`]). Texts of refusals are QEMU's, since clients compare them.
#![forbid(unsafe_code)]

mod check;
mod introspect;
pub mod table;

pub use check::{ArgumentError, check_arguments};
pub use introspect::introspection;

/// The types of arguments and answers.
pub mod types {
    use serde::{Deserialize, Serialize};
    use serde_json::Value;

    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

/// Commands and their arguments.
pub mod commands {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use serde_json::{Map, Value};

    use crate::ArgumentError;
    use crate::types::*;

    include!(concat!(env!("OUT_DIR"), "/commands.rs"));

    /// Checked arguments fit their type: both are made from one description.
    fn typed<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, ArgumentError> {
        serde_json::from_value(Value::Object(arguments))
            .map_err(|error| ArgumentError::Unfit(error.to_string()))
    }

    fn answer<T: Serialize>(value: &T) -> Value {
        crate::to_value(value)
    }

    fn nothing() -> Value {
        Value::Object(Map::new())
    }
}

/// Events and what they tell.
pub mod events {
    use serde::{Deserialize, Serialize};
    use serde_json::Value;

    use crate::to_value as answer;
    use crate::types::*;

    include!(concat!(env!("OUT_DIR"), "/events.rs"));
}

pub use commands::{Commands, dispatch};
pub use events::Event;

/// JSON of a schema type: their keys are strings and their numbers finite, so this does not fail.
fn to_value<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
