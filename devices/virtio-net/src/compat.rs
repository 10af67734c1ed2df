//! Where QEMU's model and the specification disagree (`docs/adr/0005-the-data-sheet-comes-first.md`).

/// What QEMU does otherwise, and whether a property follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QemuDifference {
    /// The register or command.
    pub place: &'static str,
    /// What QEMU does.
    pub qemu: &'static str,
    /// What this model does, and why.
    pub reason: &'static str,
    /// The property, with its value, that follows QEMU; `None` if the specification is followed always.
    pub switch: Option<&'static str>,
}

const fn differs(
    place: &'static str,
    qemu: &'static str,
    reason: &'static str,
    switch: Option<&'static str>,
) -> QemuDifference {
    QemuDifference { place, qemu, reason, switch }
}

const COMPAT: Option<&str> = Some("compat=qemu");
const FILTER: Option<&str> = Some("x-qemu-rx-filter-compat=on");

/// Every difference a guest or a manager can see.
pub const QEMU_DIFFERENCES: &[QemuDifference] = &[
    differs(
        "DEVICE_STATUS.FEATURES_OK",
        "stays set though a feature lacks what it needs",
        "reads back clear (virtio 1.3 §3.1.1, §5.1.3.1)",
        COMPAT,
    ),
    differs(
        "ISR_STATUS",
        "shows QUEUE too when the configuration has changed",
        "shows CONFIGURATION alone (§4.1.4.5)",
        COMPAT,
    ),
    differs(
        "LEGACY_QUEUE_ADDRESS",
        "0 resets the device",
        "0 takes the selected queue out of work (§4.1.5.1.3)",
        COMPAT,
    ),
    differs(
        "device configuration",
        "bytes behind the last field read as ones",
        "they read as zeros, as all that does not exist in a window",
        None,
    ),
    differs(
        "MAC_TABLE_SET",
        "a count whose length wraps in 32 bits is answered OK",
        "it is refused, and nothing changes (CVE-2014-0150)",
        None,
    ),
    differs(
        "query-rx-filter: broadcast-allowed",
        "inverted",
        "true while broadcast is received, as the schema says",
        FILTER,
    ),
    differs(
        "query-rx-filter: tables",
        "all VLANs are listed while none is filtered",
        "none is",
        FILTER,
    ),
    differs(
        "NIC_RX_FILTER_CHANGED",
        "not at a reset, feature negotiation or a write of the station address through the configuration",
        "whenever what is reported may have changed",
        FILTER,
    ),
];
