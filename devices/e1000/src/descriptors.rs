//! Descriptors: 16 bytes of guest memory each, little-endian (SDM 3.2.3, 3.3.3, 3.3.6, 3.3.7).

use bitfield::bitfield;

/// Length of every descriptor in bytes.
pub(crate) const LENGTH: usize = 16;

bitfield! {
    /// A transmit descriptor of any of the three kinds.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) struct TxDescriptor(pub(crate) u128);
    impl Debug;
    pub(crate) u64, address, _: 63, 0;
    // Legacy.
    u32, legacy_length, _: 79, 64;
    pub(crate) u8, checksum_offset, _: 87, 80;
    pub(crate) u8, checksum_start, _: 111, 104;
    // Extended.
    u32, data_length, _: 83, 64;
    u8, extended_type, _: 87, 84;
    pub(crate) u8, packet_options, _: 111, 104;
    // The command byte.
    pub(crate) end_of_packet, _: 88;
    pub(crate) insert_fcs, _: 89;
    pub(crate) insert_checksum, _: 90;
    pub(crate) segment, _: 90;
    pub(crate) report_status, _: 91;
    extended, _: 93;
    pub(crate) insert_vlan, _: 94;
    pub(crate) delay_interrupt, _: 95;
    // Behind it.
    u8, status_byte, _: 103, 96;
    pub(crate) u16, special, _: 127, 112;
}

/// Which kind of transmit descriptor it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TxKind {
    /// The layout of the 82542.
    Legacy,
    /// Sets the offload context; carries no data.
    Context,
    /// Data with offload.
    Data,
    /// A type that the manual does not define.
    Unknown,
}

impl TxDescriptor {
    #[inline]
    pub(crate) fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    #[inline]
    pub(crate) fn kind(&self) -> TxKind {
        match (self.extended(), self.extended_type()) {
            (false, _) => TxKind::Legacy,
            (true, 0) => TxKind::Context,
            (true, 1) => TxKind::Data,
            (true, _) => TxKind::Unknown,
        }
    }

    /// Bytes of data.
    #[inline]
    pub(crate) fn length(&self) -> u32 {
        match self.kind() {
            TxKind::Legacy => self.legacy_length(),
            TxKind::Data => self.data_length(),
            TxKind::Context | TxKind::Unknown => 0,
        }
    }

    /// The status byte after completion: DD, no error; the reserved half is kept.
    #[inline]
    pub(crate) fn completed_status(&self) -> u8 {
        (self.status_byte() & 0xf0) | 1
    }
}

bitfield! {
    /// A context descriptor.
    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    pub(crate) struct Context(pub(crate) u128);
    impl Debug;
    pub(crate) u8, ip_start, _: 7, 0;
    pub(crate) u8, ip_offset, _: 15, 8;
    pub(crate) u16, ip_end, _: 31, 16;
    pub(crate) u8, transport_start, _: 39, 32;
    pub(crate) u8, transport_offset, _: 47, 40;
    pub(crate) u16, transport_end, _: 63, 48;
    pub(crate) u32, payload_length, _: 83, 64;
    pub(crate) is_tcp, _: 88;
    pub(crate) is_ipv4, _: 89;
    pub(crate) segmentation, _: 90;
    pub(crate) u8, header_length, _: 111, 104;
    pub(crate) u16, segment_size, _: 127, 112;
}

impl From<TxDescriptor> for Context {
    fn from(descriptor: TxDescriptor) -> Self {
        Self(descriptor.0)
    }
}

/// POPTS of a data descriptor: insert the IP checksum.
pub(crate) const INSERT_IP: u8 = 1;
/// POPTS of a data descriptor: insert the TCP or UDP checksum.
pub(crate) const INSERT_TRANSPORT: u8 = 2;

/// What the hardware reads of a receive descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RxDescriptor {
    /// Address of the buffer; 0 for none.
    pub(crate) buffer: u64,
    /// The status byte as software left it.
    pub(crate) status: u8,
}

impl RxDescriptor {
    #[inline]
    pub(crate) fn from_bytes(bytes: &[u8; LENGTH]) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, _, _, _, _, status, ..] = *bytes;
        Self { buffer: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]), status }
    }
}

/// Status bits of a receive descriptor.
pub(crate) mod rx_status {
    pub(crate) const DD: u8 = 1 << 0;
    pub(crate) const EOP: u8 = 1 << 1;
    pub(crate) const IXSM: u8 = 1 << 2;
    pub(crate) const VP: u8 = 1 << 3;
    pub(crate) const TCPCS: u8 = 1 << 5;
    pub(crate) const IPCS: u8 = 1 << 6;
    pub(crate) const PIF: u8 = 1 << 7;
}

/// Error bits of a receive descriptor.
pub(crate) mod rx_error {
    pub(crate) const CE: u8 = 1 << 0;
    pub(crate) const SE: u8 = 1 << 1;
    pub(crate) const TCPE: u8 = 1 << 5;
    pub(crate) const IPE: u8 = 1 << 6;
    pub(crate) const RXE: u8 = 1 << 7;
}

/// What the hardware writes into the second half of a receive descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RxWriteBack {
    pub(crate) length: u16,
    pub(crate) checksum: u16,
    pub(crate) status: u8,
    pub(crate) errors: u8,
    pub(crate) special: u16,
}

impl RxWriteBack {
    #[inline]
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        let [l0, l1] = self.length.to_le_bytes();
        let [c0, c1] = self.checksum.to_le_bytes();
        let [s0, s1] = self.special.to_le_bytes();
        [l0, l1, c0, c1, self.status, self.errors, s0, s1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_told_apart() {
        let kind = |command: u8, kind: u8| {
            let mut bytes = [0; 16];
            bytes[10] = kind << 4;
            bytes[11] = command;
            TxDescriptor::from_bytes(bytes).kind()
        };
        assert_eq!(kind(0x0b, 1), TxKind::Legacy);
        assert_eq!(kind(0x20, 0), TxKind::Context);
        assert_eq!(kind(0x20, 1), TxKind::Data);
        assert_eq!(kind(0x20, 2), TxKind::Unknown);
    }

    #[test]
    fn fields_stand_where_the_manual_has_them() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 0x34, 0x12, 0x5f, 0x20, 0xf0, 0x66, 0xcd, 0xab];
        let data = TxDescriptor::from_bytes(
            [&bytes[..10], &[0x1f], &bytes[11..]].concat().try_into().unwrap(),
        );
        assert_eq!(data.address(), 0x0807_0605_0403_0201);
        assert_eq!(data.length(), 0xf1234);
        assert_eq!((data.packet_options(), data.special()), (0x66, 0xabcd));
        assert_eq!(data.completed_status(), 0xf1);
        let context = Context::from(data);
        assert_eq!((context.ip_start(), context.ip_offset(), context.ip_end()), (1, 2, 0x0403));
        assert_eq!((context.header_length(), context.segment_size()), (0x66, 0xabcd));
        let legacy = TxDescriptor::from_bytes(
            [&bytes[..11], &[0x05], &bytes[12..]].concat().try_into().unwrap(),
        );
        assert_eq!((legacy.length(), legacy.checksum_offset()), (0x1234, 0x5f));
        assert!(legacy.end_of_packet() && legacy.insert_checksum() && !legacy.insert_fcs());
    }
}
