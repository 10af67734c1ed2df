//! Why a machine could not be built.

use elnic_contract::{BuildError as DeviceError, PropertyError};
use elnic_memory::{LayoutError, RamError};
use elnic_netclient::NetError;
use elnic_pci::SpecError;
use elnic_soc::PlaceError;

use crate::image_file::ImageFileError;
use crate::loader::LoadError;

/// Why a machine could not be built. Nothing of it exists then.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// RAM of that size is not possible.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// RAM could not be had.
    #[error(transparent)]
    Ram(#[from] RamError),
    /// The program could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no such device model.
    #[error(transparent)]
    UnknownModel(#[from] elnic_catalogue::UnknownModel),
    /// The model is part of the board.
    #[error("'{0}' is soldered to the board and cannot be added")]
    Soldered(&'static str),
    /// A property of the machine does not fit.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The model refused.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The machine has no bus for it.
    #[error("No 'PCI' bus found for device '{0}'")]
    NoBus(String),
    /// An id that cannot be one.
    #[error("'{0}' is no id: it starts with a letter; letters, digits, '-', '.' and '_' follow")]
    BadId(String),
    /// An id that is taken.
    #[error("Duplicate ID '{0}' for device")]
    DuplicateId(String),
    /// A primary that could not be named.
    #[error("Device with failover_pair_id needs to have id")]
    FailoverId,
    /// A primary that is no network interface.
    #[error("failover primary device is not an Ethernet device")]
    FailoverNotEthernet,
    /// A primary that cannot be pulled alone.
    #[error("failover: primary device must be in its own PCI slot")]
    FailoverShared,
    /// A standby stands in for one only.
    #[error("Cannot attach more than one primary device to '{standby}': '{one}' and '{other}'")]
    FailoverTwice {
        /// The standby's id.
        standby: String,
        /// The primary it has.
        one: String,
        /// The other.
        other: String,
    },
    /// The device does not fit where it was told to stand.
    #[error("device '{device}': {error}")]
    Place {
        /// Its name.
        device: String,
        /// Why.
        error: PlaceError,
    },
    /// The device cannot be a PCI function.
    #[error("device '{device}': {error}")]
    Function {
        /// Its name.
        device: String,
        /// Why.
        error: SpecError,
    },
    /// The expansion ROM cannot be read.
    #[error("device '{device}': romfile '{file}' cannot be read: {error}")]
    Rom {
        /// Its name.
        device: String,
        /// The file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file with the contents of its nonvolatile memory cannot be used.
    #[error("device '{device}': {property} '{file}' cannot be used: {error}")]
    Image {
        /// Its name.
        device: String,
        /// The property that names the file.
        property: &'static str,
        /// The file.
        file: String,
        /// Why.
        error: ImageFileError,
    },
    /// A group address given to a network interface.
    #[error(
        "property 'mac' of '{device}' cannot be '{mac}': bit 0 of the first byte marks a group, not a station"
    )]
    GroupMac {
        /// Its name.
        device: String,
        /// The address.
        mac: elnic_contract::MacAddr,
    },
    /// All addresses of the range are taken.
    #[error(
        "device '{0}': no MAC address is left between 52:54:00:12:34:56 and :fe; give one with mac="
    )]
    NoMac(String),
    /// The cable could not be connected.
    #[error(transparent)]
    Net(#[from] NetError),
    /// More serial lines than the console has.
    #[error("-serial is given {given} times: the console has {available} lines")]
    Serials {
        /// Lines asked for.
        given: usize,
        /// Lines there are.
        available: usize,
    },
}
