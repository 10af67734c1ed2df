//! What `strict=on` says of a driver's dealings with the network device, once each; the transport has rules of its own
//! ([`elnic_virtio::RULES`]).

use elnic_contract::StrictRule;

const fn rule(name: &'static str, text: &'static str, source: &'static str) -> StrictRule {
    StrictRule { name, text, source }
}

/// Positions in [`RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    CommandWithoutFeature,
    TransmitHeaderWithoutFeature,
    TransmitHeaderWrong,
    TransmitLongerThanMtu,
    TransmitOnIdlePair,
    TransmitWritable,
    ReceiveBufferShort,
    MacWrittenDirectly,
    CommandLayout,
    TransmitLargeWithoutChecksum,
}

/// The rules of the network device.
pub const RULES: &[StrictRule] = &[
    rule(
        "command-without-feature",
        "a control command was sent whose feature was not negotiated",
        "virtio 1.3 §5.1.6.5",
    ),
    rule(
        "transmit-header-without-feature",
        "the header of a transmitted frame asks for work that was not negotiated",
        "virtio 1.3 §5.1.6.2.1",
    ),
    rule(
        "transmit-header-wrong",
        "the header of a transmitted frame does not fit the frame, which is dropped",
        "virtio 1.3 §5.1.6.2.1",
    ),
    rule(
        "transmit-longer-than-mtu",
        "a transmitted frame is longer than the MTU that was negotiated",
        "virtio 1.3 §5.1.4.2",
    ),
    rule(
        "transmit-on-idle-pair",
        "a frame was given to a transmit queue that is not in use",
        "virtio 1.3 §5.1.6.5.6.1",
    ),
    rule(
        "transmit-writable",
        "a transmitted frame has descriptors for writing",
        "virtio 1.3 §5.1.6.2",
    ),
    rule(
        "receive-buffer-short",
        "a receive buffer is too short for the longest frame that was negotiated",
        "virtio 1.3 §5.1.6.3.1",
    ),
    rule(
        "mac-written-directly",
        "the station address was written in the configuration though a command sets it",
        "virtio 1.3 §5.1.4.1",
    ),
    rule(
        "command-layout",
        "a control command has no room for its answer, or is shorter than its header",
        "virtio 1.3 §5.1.6.5",
    ),
    rule(
        "transmit-large-without-checksum",
        "the header of a large frame does not leave its checksum to the device",
        "virtio 1.3 §5.1.6.2.1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_has_its_rule() {
        assert_eq!(RULES.len(), Broken::TransmitLargeWithoutChecksum as usize + 1);
        assert_eq!(RULES[Broken::TransmitWritable as usize].name, "transmit-writable");
    }
}
