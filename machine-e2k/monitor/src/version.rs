//! The version clients are told.

use elnic_qapi::types::{VersionInfo, VersionTriple};

/// The interface is that of QEMU 8.0: clients ask for `reconnect` of that version on. The package says what this is.
pub(crate) fn info() -> VersionInfo {
    VersionInfo {
        qemu: VersionTriple { major: 8, minor: 0, micro: 0 },
        package: concat!("elnic ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
