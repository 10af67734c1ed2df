//! Bits of the device status (virtio 1.3 §2.1).

/// The driver has noticed the device.
pub const ACKNOWLEDGE: u8 = 0x01;
/// It knows how to drive it.
pub const DRIVER: u8 = 0x02;
/// It is ready.
pub const DRIVER_OK: u8 = 0x04;
/// Features are agreed.
pub const FEATURES_OK: u8 = 0x08;
/// The device cannot go on until it is reset.
pub const NEEDS_RESET: u8 = 0x40;
/// The driver has given up.
pub const FAILED: u8 = 0x80;

/// What a driver may write.
pub(crate) const WRITABLE: u8 = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;
