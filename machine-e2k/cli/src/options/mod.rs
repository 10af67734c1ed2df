//! Values of options: sizes, lists of `key=value`, machines, processors.

mod cpu;
mod keyvalue;
mod machine;
mod size;
mod smp;

pub(crate) use cpu::{CPU_PROPERTIES, parse_cpu};
pub(crate) use keyvalue::{KeyValues, is_help};
pub(crate) use machine::{MACHINE_PROPERTIES, MachineOptions};
pub(crate) use size::parse_size;
pub(crate) use smp::parse_smp;
