//! Feature bits that do not depend on the kind of device (virtio 1.3 §6), as masks.

/// Legacy: interrupt when the device has used all buffers, even if interrupts are suppressed (§6.3).
pub const NOTIFY_ON_EMPTY: u64 = 1 << 24;
/// Legacy: no assumption about how messages are split over descriptors (§6.3).
pub const ANY_LAYOUT: u64 = 1 << 27;
/// A descriptor may refer to a table of descriptors.
pub const INDIRECT_DESC: u64 = 1 << 28;
/// Notifications are suppressed by index instead of by flag.
pub const EVENT_IDX: u64 = 1 << 29;
/// Legacy: offered to find drivers that accept what they do not know; QEMU's `VIRTIO_F_BAD_FEATURE`.
pub const BAD_FEATURE: u64 = 1 << 30;
/// The driver follows the standard, not the legacy interface.
pub const VERSION_1: u64 = 1 << 32;
/// Queues are packed rings.
pub const RING_PACKED: u64 = 1 << 34;
/// Buffers are used in the order in which they were made available.
pub const IN_ORDER: u64 = 1 << 35;
/// Notifications say how far the driver has come.
pub const NOTIFICATION_DATA: u64 = 1 << 38;
/// A queue can be reset by itself.
pub const RING_RESET: u64 = 1 << 40;

/// Bits that only the legacy interface shows.
pub const LEGACY_ONLY: u64 = NOTIFY_ON_EMPTY | ANY_LAYOUT | BAD_FEATURE;
/// Bits that only the standard interface can show.
pub const STANDARD_ONLY: u64 = !0xffff_ffff;
