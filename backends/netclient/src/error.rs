//! Why the core refused a change to the wiring.

/// Why a port, a link or a filter could not be made, changed or removed. Nothing is changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// A netdev of that id exists.
    #[error("Duplicate ID '{0}' for netdev")]
    DuplicateNetdev(String),
    /// A filter of that id exists.
    #[error("Duplicate ID '{0}' for filter")]
    DuplicateFilter(String),
    /// `set_link` or `netdev_del` of something that is not there. QMP calls this class `DeviceNotFound`.
    #[error("Device '{name}' not found{}", hint(.nearest))]
    DeviceNotFound {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// `netdev_del` of a network interface.
    #[error("Device '{0}' is not a netdev")]
    NotNetdev(String),
    /// A hub port's `netdev=` names nothing.
    #[error("netdev '{name}' not found{}", hint(.nearest))]
    NetdevNotFound {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A hub port's `netdev=` is connected already.
    #[error("netdev '{name}' is already connected to '{peer}'")]
    NetdevInUse {
        /// The netdev.
        name: String,
        /// What it is connected to.
        peer: String,
    },
    /// A NIC's `netdev=` names nothing.
    #[error("Property '{model}.netdev' can't find value '{netdev}'{}", hint(.nearest))]
    PropertyNotFound {
        /// The model of the NIC.
        model: String,
        /// The netdev given.
        netdev: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A NIC's `netdev=` is connected already.
    #[error("Property '{model}.netdev' can't take value '{netdev}', it's in use")]
    PropertyInUse {
        /// The model of the NIC.
        model: String,
        /// The netdev given.
        netdev: String,
    },
    /// The netdev works on rings, and this end has none.
    #[error(
        "{kind} requires frontend driver virtio-net-*: netdev '{netdev}' works on its rings, and '{model}' has none"
    )]
    NeedsRings {
        /// The type of the netdev.
        kind: &'static str,
        /// The netdev.
        netdev: String,
        /// The model of the NIC, or `hubport`.
        model: String,
    },
    /// No frame passes where a filter would stand.
    #[error(
        "Vhost is not supported: no frame of netdev '{netdev}' passes here, {kind} works on rings of the guest's"
    )]
    FilterOnRings {
        /// The type of the netdev.
        kind: &'static str,
        /// The netdev.
        netdev: String,
    },
    /// The port was removed, or is not of the kind the call is for.
    #[error("port {0} is gone or of another kind")]
    NoSuchPort(crate::PortId),
    /// A filter's `netdev=` names nothing.
    #[error("Parameter 'netdev' expects a network backend id: there is no '{name}'{}", hint(.nearest))]
    FilterNetdev {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// There is no such filter.
    #[error("filter '{name}' not found{}", hint(.nearest))]
    FilterNotFound {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// `position=id=…` names a filter on another netdev.
    #[error("filter '{filter}' belongs to a different netdev than '{netdev}'")]
    FilterElsewhere {
        /// The filter named.
        filter: String,
        /// The netdev of the new filter.
        netdev: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}
