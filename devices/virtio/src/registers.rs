//! Registers of both interfaces that do not depend on the kind of device (virtio 1.3 §4.1.4.3, §4.1.4.10).
//!
//! The legacy window is the first 20 bytes of the I/O region; the device's own configuration follows. With MSI-X enabled two
//! vector registers stand in between: that layout is a region of its own in the table, though not on the bus. The standard
//! windows share the memory region. Most values depend on which queue is selected, so the table calls them volatile.

use elnic_contract::Mode::{Ro, Rw, Wo};
use elnic_contract::{Field, Mode, Register};

/// Region number of the legacy interface.
pub const LEGACY: u8 = 0;
/// Region number of the standard interface.
pub const MODERN: u8 = 1;
/// Region number of the part of the legacy interface that MSI-X moves, as it is while MSI-X is enabled.
pub const LEGACY_MSIX: u8 = 2;
/// Where the device's own configuration starts in the legacy region.
pub const LEGACY_DEVICE: u32 = 0x14;
/// Where it starts while MSI-X is enabled.
pub const LEGACY_MSIX_DEVICE: u32 = 0x18;
/// Length of the standard region in bytes.
pub const MODERN_LENGTH: u64 = 0x4000;
/// Offset of the common configuration in the standard region.
pub const COMMON: u32 = 0x0000;
/// Offset of the ISR status.
pub const ISR: u32 = 0x1000;
/// Offset of the device's own configuration.
pub const DEVICE: u32 = 0x2000;
/// Offset of the notification registers.
pub const NOTIFY: u32 = 0x3000;
/// Length of each standard window in bytes.
pub const WINDOW_LENGTH: u32 = 0x1000;
/// Bytes between notification registers.
pub const NOTIFY_MULTIPLIER: u32 = 4;
/// Most queues a device of this transport has.
pub const MAX_QUEUES: u16 = 64;

const fn whole(name: &'static str, bits: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, 0, bits, mode, about).volatile()
}

const fn plain(name: &'static str, bits: u8, about: &'static str) -> Field {
    Field::new(name, 0, bits, Rw, about)
}

const LEGACY_SOURCE: &str = "virtio 1.3 §4.1.4.10";
const COMMON_SOURCE: &str = "virtio 1.3 §4.1.4.3";

const STATUS: &[Field] = &[
    Field::new("ACKNOWLEDGE", 0, 1, Rw, "the driver has noticed the device").volatile(),
    Field::new("DRIVER", 1, 1, Rw, "it knows how to drive it").volatile(),
    Field::new("DRIVER_OK", 2, 1, Rw, "it is ready").volatile(),
    Field::new("FEATURES_OK", 3, 1, Rw, "features are agreed").volatile(),
    Field::new("DEVICE_NEEDS_RESET", 6, 1, Ro, "the device cannot go on").volatile(),
    Field::new("FAILED", 7, 1, Rw, "the driver has given up").volatile(),
];

const ISR_STATUS: &[Field] = &[
    Field::new("QUEUE", 0, 1, Ro, "a queue has used buffers").volatile(),
    Field::new("CONFIGURATION", 1, 1, Ro, "the device configuration has changed").volatile(),
];

const VECTOR: &[Field] = &[whole("VECTOR", 16, Rw, "MSI-X vector; ffff: none")];

const fn common(name: &'static str, offset: u32, width: u8, fields: &'static [Field]) -> Register {
    Register::new(name, offset, width, fields).region(MODERN)
}

elnic_registers::register_file! {
    /// The registers of the transport.
    pub enum Reg {
        LEGACY_DEVICE_FEATURES = Register::new("LEGACY_DEVICE_FEATURES", 0x00, 4, &[
            whole("FEATURES", 32, Ro, "features offered"),
        ]).about("legacy: device features", LEGACY_SOURCE),
        LEGACY_DRIVER_FEATURES = Register::new("LEGACY_DRIVER_FEATURES", 0x04, 4, &[
            whole("FEATURES", 32, Rw, "features accepted"),
        ]).about("legacy: driver features", LEGACY_SOURCE),
        LEGACY_QUEUE_ADDRESS = Register::new("LEGACY_QUEUE_ADDRESS", 0x08, 4, &[
            whole("PAGE", 32, Rw, "4 KiB page of the selected queue; 0: none"),
        ]).about("legacy: queue address", LEGACY_SOURCE),
        LEGACY_QUEUE_SIZE = Register::new("LEGACY_QUEUE_SIZE", 0x0c, 2, &[
            whole("SIZE", 16, Ro, "entries of the selected queue"),
        ]).about("legacy: queue size", LEGACY_SOURCE),
        LEGACY_QUEUE_SELECT = Register::new("LEGACY_QUEUE_SELECT", 0x0e, 2, &[
            plain("QUEUE", 16, "which queue the others are about"),
        ]).about("legacy: queue select", LEGACY_SOURCE),
        LEGACY_QUEUE_NOTIFY = Register::new("LEGACY_QUEUE_NOTIFY", 0x10, 2, &[
            whole("QUEUE", 16, Wo, "queue that has buffers available"),
        ]).about("legacy: queue notify", LEGACY_SOURCE),
        LEGACY_DEVICE_STATUS = Register::new("LEGACY_DEVICE_STATUS", 0x12, 1, STATUS)
            .about("legacy: device status; 0 resets", "virtio 1.3 §2.1"),
        LEGACY_ISR_STATUS = Register::new("LEGACY_ISR_STATUS", 0x13, 1, ISR_STATUS)
            .read_hook().about("legacy: ISR status, cleared by a read", "virtio 1.3 §4.1.4.5"),
        DEVICE_FEATURE_SELECT = common("DEVICE_FEATURE_SELECT", 0x00, 4, &[
            plain("WORD", 32, "which 32 bits DEVICE_FEATURE shows"),
        ]).about("device feature select", COMMON_SOURCE),
        DEVICE_FEATURE = common("DEVICE_FEATURE", 0x04, 4, &[
            whole("FEATURES", 32, Ro, "features offered"),
        ]).about("device features", COMMON_SOURCE),
        DRIVER_FEATURE_SELECT = common("DRIVER_FEATURE_SELECT", 0x08, 4, &[
            plain("WORD", 32, "which 32 bits DRIVER_FEATURE sets"),
        ]).about("driver feature select", COMMON_SOURCE),
        DRIVER_FEATURE = common("DRIVER_FEATURE", 0x0c, 4, &[
            whole("FEATURES", 32, Rw, "features accepted"),
        ]).about("driver features", COMMON_SOURCE),
        CONFIG_MSIX_VECTOR = common("CONFIG_MSIX_VECTOR", 0x10, 2, VECTOR).reset(0xffff).about("configuration vector", COMMON_SOURCE),
        NUM_QUEUES = common("NUM_QUEUES", 0x12, 2, &[
            whole("QUEUES", 16, Ro, "number of queues"),
        ]).about("number of queues", COMMON_SOURCE),
        DEVICE_STATUS = common("DEVICE_STATUS", 0x14, 1, STATUS)
            .about("device status; 0 resets", "virtio 1.3 §2.1"),
        CONFIG_GENERATION = common("CONFIG_GENERATION", 0x15, 1, &[
            whole("GENERATION", 8, Ro, "counts changes of the device configuration"),
        ]).about("configuration atomicity", COMMON_SOURCE),
        QUEUE_SELECT = common("QUEUE_SELECT", 0x16, 2, &[
            plain("QUEUE", 16, "which queue the others are about"),
        ]).about("queue select", COMMON_SOURCE),
        QUEUE_SIZE = common("QUEUE_SIZE", 0x18, 2, &[
            whole("SIZE", 16, Rw, "descriptors; a power of two unless packed; 0: no such queue"),
        ]).about("queue size", COMMON_SOURCE),
        QUEUE_MSIX_VECTOR = common("QUEUE_MSIX_VECTOR", 0x1a, 2, VECTOR).reset(0xffff).about("queue vector", COMMON_SOURCE),
        QUEUE_ENABLE = common("QUEUE_ENABLE", 0x1c, 2, &[
            whole("ENABLE", 16, Rw, "1 enables the queue"),
        ]).about("queue enable", COMMON_SOURCE),
        QUEUE_NOTIFY_OFF = common("QUEUE_NOTIFY_OFF", 0x1e, 2, &[
            whole("OFFSET", 16, Ro, "notification register of the queue, in units of the multiplier"),
        ]).about("queue notify offset", COMMON_SOURCE),
        QUEUE_DESC = common("QUEUE_DESC", 0x20, 8, &[
            whole("ADDRESS", 64, Rw, "descriptor table"),
        ]).about("descriptor area", COMMON_SOURCE),
        QUEUE_DRIVER = common("QUEUE_DRIVER", 0x28, 8, &[
            whole("ADDRESS", 64, Rw, "available ring"),
        ]).about("driver area", COMMON_SOURCE),
        QUEUE_DEVICE = common("QUEUE_DEVICE", 0x30, 8, &[
            whole("ADDRESS", 64, Rw, "used ring"),
        ]).about("device area", COMMON_SOURCE),
        QUEUE_RESET = common("QUEUE_RESET", 0x3a, 2, &[
            whole("RESET", 16, Rw, "1 resets the queue; 0 when done"),
        ]).about("queue reset", COMMON_SOURCE),
        ISR_STATUS_ = common("ISR_STATUS", ISR, 1, ISR_STATUS)
            .read_hook().about("ISR status, cleared by a read", "virtio 1.3 §4.1.4.5"),
        QUEUE_NOTIFY = common("QUEUE_NOTIFY", NOTIFY, 4, &[
            whole("QUEUE", 16, Wo, "any write says that the queue has buffers available"),
            Field::new("NEXT_OFF", 16, 15, Wo, "where the driver has come to, with NOTIFICATION_DATA").volatile(),
            Field::new("NEXT_WRAP", 31, 1, Wo, "and in which round, of a packed ring").volatile(),
        ]).array(MAX_QUEUES, 4).about("queue notifications", "virtio 1.3 §4.1.4.4, §4.1.5.2"),
        LEGACY_CONFIG_VECTOR = Register::new("LEGACY_CONFIG_VECTOR", 0x14, 2, VECTOR)
            .region(LEGACY_MSIX).reset(0xffff).about("legacy, MSI-X enabled: configuration vector", LEGACY_SOURCE),
        LEGACY_QUEUE_VECTOR = Register::new("LEGACY_QUEUE_VECTOR", 0x16, 2, VECTOR)
            .region(LEGACY_MSIX).reset(0xffff).about("legacy, MSI-X enabled: vector of the selected queue", LEGACY_SOURCE),
    }
}
