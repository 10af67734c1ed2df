//! The Netdev union of the schema: options, validation, factory.
//!
//! [`parse`] reads `-netdev`, [`parse_nic`] reads `-nic`, [`parse_net`] reads `-net`, [`parse_filter`] reads `-object filter-…`, [`from_json`] and
//! [`filter_from_json`] read QMP's arguments; [`add`] and [`Filter::add_to`] put what was read into a
//! [`elnic_netclient::NetCore`]. All types of the schema are read and checked; [`add`] refuses those this version does not
//! have.
//!
//! [`keyval`] is of use to whoever else reads `key=value,…`.
#![forbid(unsafe_code)]

mod chardev;
mod error;
mod factory;
mod filter;
mod help;
mod json;
pub mod keyval;
mod nic;
pub mod options;
mod parse;
pub mod schema;
mod size;
mod validate;

pub use chardev::{Chardev, Chardevs, passed, stream_plan, unix};
pub use elnic_stream::{Address as StreamAddress, InetAddress, Options as StreamOptions};
pub use error::NetdevError;
pub use factory::{add, add_using, create};
pub use filter::{Filter, FilterKind, filter_from_json, is_filter, parse_filter};
pub use nic::{Interface, MAX_NICS, NetRequest, NicRequest, parse_net, parse_nic};
pub use options::{Netdev, NetdevOptions};
pub use parse::{Request, from_json, parse};
pub use validate::{OptionError, Origin};
