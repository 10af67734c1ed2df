//! What `strict=on` says of a driver's dealings with the transport, once each.

use elnic_contract::StrictRule;

const fn rule(name: &'static str, text: &'static str, source: &'static str) -> StrictRule {
    StrictRule { name, text, source }
}

/// Positions in [`RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    FeatureNotOffered,
    FeatureWithoutItsNeed,
    FeaturesAfterAgreement,
    DriverOkWithoutFeatures,
    StatusOutOfOrder,
    StatusBitCleared,
    NotifiedBeforeDriverOk,
    NotifiedNoQueue,
    NotifiedWithoutBusMaster,
    AreaMisaligned,
    QueueShapedAtWork,
    QueueEnableNotOne,
    IsrReadWithMsix,
}

/// The rules of the transport.
pub const RULES: &[StrictRule] = &[
    rule("feature-not-offered", "features were accepted that are not offered", "virtio 1.3 §2.2.1"),
    rule(
        "feature-without-its-need",
        "a feature was accepted without one that it depends on",
        "virtio 1.3 §5.1.3.1",
    ),
    rule(
        "features-after-agreement",
        "features were written after they had been agreed",
        "virtio 1.3 §3.1.1",
    ),
    rule(
        "driver-ok-without-features",
        "DRIVER_OK was set by a standard driver while FEATURES_OK was not",
        "virtio 1.3 §3.1.1",
    ),
    rule(
        "status-out-of-order",
        "DRIVER_OK was set without ACKNOWLEDGE and DRIVER",
        "virtio 1.3 §3.1.1",
    ),
    rule(
        "status-bit-cleared",
        "a status bit was cleared other than by a reset",
        "virtio 1.3 §2.1.1",
    ),
    rule(
        "notified-before-driver-ok",
        "buffers were announced before DRIVER_OK",
        "virtio 1.3 §3.1.1",
    ),
    rule(
        "notified-no-queue",
        "a queue was notified that is not there or not enabled",
        "virtio 1.3 §4.1.5.2",
    ),
    rule(
        "notified-without-bus-master",
        "the device was to fetch from a ring while it may not master the bus",
        "PCI 3.0 §6.2.2",
    ),
    rule(
        "area-misaligned",
        "a queue was enabled with an area that is not aligned as its kind wants",
        "virtio 1.3 §2.7, §2.8.10",
    ),
    rule(
        "queue-shaped-at-work",
        "size or place of an enabled queue was written",
        "virtio 1.3 §4.1.4.3.2",
    ),
    rule(
        "queue-enable-not-one",
        "queue_enable was written with another value than 1",
        "virtio 1.3 §4.1.4.3.2",
    ),
    rule(
        "isr-read-with-msix",
        "ISR status was read though MSI-X is enabled",
        "virtio 1.3 §4.1.4.5.2",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_has_its_rule() {
        assert_eq!(RULES.len(), Broken::IsrReadWithMsix as usize + 1);
        assert_eq!(RULES[Broken::StatusBitCleared as usize].name, "status-bit-cleared");
        assert_eq!(RULES[Broken::QueueEnableNotOne as usize].name, "queue-enable-not-one");
    }
}
