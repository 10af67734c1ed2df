//! Values of options: sizes, lists of `key=value`, processors.

mod cpu;
mod keyvalue;
mod size;

pub(crate) use cpu::{CPU_PROPERTIES, parse_cpu};
pub(crate) use keyvalue::{KeyValues, is_help};
pub(crate) use size::parse_size;
