//! Words in guest memory: receive status, transmit and receive descriptors of C+ mode (DS C+ mode).
//!
//! A descriptor is 16 bytes: command and status, VLAN, and a 64-bit buffer address.

use bitfield::bitfield;

/// Length of every descriptor in bytes.
pub(crate) const LENGTH: usize = 16;
/// Descriptors of a ring at most.
pub(crate) const MOST: u8 = 64;

/// Bits of the receive status in front of a frame in the ring buffer (DS receive status register).
pub(crate) mod status {
    pub(crate) const ROK: u16 = 1 << 0;
    pub(crate) const FAE: u16 = 1 << 1;
    pub(crate) const CRC: u16 = 1 << 2;
    pub(crate) const LONG: u16 = 1 << 3;
    pub(crate) const RUNT: u16 = 1 << 4;
    pub(crate) const ISE: u16 = 1 << 5;
    pub(crate) const BAR: u16 = 1 << 13;
    pub(crate) const PAM: u16 = 1 << 14;
    pub(crate) const MAR: u16 = 1 << 15;
    /// Any of the errors.
    pub(crate) const ERRORS: u16 = FAE | CRC | LONG | RUNT | ISE;
}

/// Bits of the first word of a receive descriptor.
pub(crate) mod rx_word {
    pub(crate) const EOR: u32 = 1 << 30;
    pub(crate) const FS: u32 = 1 << 29;
    pub(crate) const LS: u32 = 1 << 28;
    pub(crate) const FAE: u32 = 1 << 27;
    pub(crate) const MAR: u32 = 1 << 26;
    pub(crate) const PAM: u32 = 1 << 25;
    pub(crate) const BAR: u32 = 1 << 24;
    pub(crate) const RWT: u32 = 1 << 21;
    pub(crate) const RES: u32 = 1 << 20;
    pub(crate) const RUNT: u32 = 1 << 19;
    pub(crate) const CRC: u32 = 1 << 18;
    /// PID: 1 TCP, 2 UDP, 3 another protocol over IP.
    pub(crate) const PID_AT: u32 = 16;
    pub(crate) const IPF: u32 = 1 << 15;
    pub(crate) const UDPF: u32 = 1 << 14;
    pub(crate) const TCPF: u32 = 1 << 13;
    pub(crate) const SIZE: u32 = 0x1fff;
}

/// TAVA of the second word of a receive descriptor: the tag was taken out and stands below.
pub(crate) const TAG_AVAILABLE: u32 = 1 << 16;

bitfield! {
    /// A descriptor of either kind.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Descriptor(pub(crate) u128);
    impl Debug;
    pub(crate) u32, word, _: 31, 0;
    pub(crate) own, _: 31;
    pub(crate) end_of_ring, _: 30;
    pub(crate) first, _: 29;
    pub(crate) last, _: 28;
    pub(crate) large_send, _: 27;
    pub(crate) u16, segment_size, _: 26, 16;
    pub(crate) insert_ip, _: 18;
    pub(crate) insert_udp, _: 17;
    pub(crate) insert_tcp, _: 16;
    pub(crate) u16, transmit_size, _: 15, 0;
    pub(crate) insert_tag, _: 49;
    u16, swapped_tag, _: 47, 32;
    pub(crate) u64, address, _: 127, 64;
}

impl Descriptor {
    pub(crate) fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// The VLAN tag, which stands most significant byte first.
    pub(crate) fn tag(&self) -> u16 {
        self.swapped_tag().swap_bytes()
    }

    /// The hardware changes the packet, or cuts it, before it leaves.
    pub(crate) fn needs_all(&self) -> bool {
        self.large_send() || self.insert_ip() || self.insert_udp() || self.insert_tcp()
    }

    /// Size of the buffer of a receive descriptor.
    pub(crate) fn receive_size(&self) -> usize {
        (self.word() & rx_word::SIZE) as usize
    }

    /// The first word once the hardware is done with a transmit descriptor: OWN and status cleared, then `report`.
    pub(crate) fn transmitted(&self, report: u32) -> u32 {
        let counts = if report & tx_word::CC == 0 { 0 } else { tx_word::CC };
        (self.word() & !(tx_word::OWN | tx_word::REPORT | counts)) | report
    }
}

/// Bits of the first word of a transmit descriptor.
pub(crate) mod tx_word {
    pub(crate) const OWN: u32 = 1 << 31;
    /// FIFO underrun.
    pub(crate) const UNF: u32 = 1 << 25;
    /// Error summary.
    pub(crate) const TES: u32 = 1 << 23;
    /// Collision out of its window.
    pub(crate) const OWC: u32 = 1 << 22;
    /// The link was down.
    pub(crate) const LNKF: u32 = 1 << 21;
    /// Too many collisions.
    pub(crate) const EXC: u32 = 1 << 20;
    /// Lowest bit of the count of collisions.
    pub(crate) const CC_AT: u32 = 16;
    /// The count of collisions, which takes the place of commands.
    pub(crate) const CC: u32 = 0xf << CC_AT;
    /// All that the hardware reports when something went wrong.
    pub(crate) const REPORT: u32 = UNF | TES | OWC | LNKF | EXC;
}

/// The second word of a receive descriptor with this tag, or none.
pub(crate) fn tag_word(old: u32, tag: Option<u16>) -> u32 {
    match tag {
        Some(tag) => (old & !0x1_ffff) | TAG_AVAILABLE | u32::from(tag.swap_bytes()),
        None => old & !TAG_AVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_data_sheet_has_them() {
        let mut bytes = [0; LENGTH];
        bytes[0..4].copy_from_slice(&0xfdb4_05ea_u32.to_le_bytes());
        bytes[4..8].copy_from_slice(&0x0002_2301_u32.to_le_bytes());
        bytes[8..16].copy_from_slice(&0x0000_0001_8000_2000_u64.to_le_bytes());
        let descriptor = Descriptor::from_bytes(bytes);
        assert!(descriptor.own() && descriptor.end_of_ring() && descriptor.first());
        assert!(descriptor.last() && descriptor.large_send() && descriptor.insert_tag());
        assert_eq!((descriptor.segment_size(), descriptor.transmit_size()), (0x5b4, 0x5ea));
        assert_eq!(descriptor.tag(), 0x0123);
        assert_eq!(descriptor.address(), 0x1_8000_2000);
        assert_eq!(descriptor.receive_size(), 0x5ea);
        assert_eq!(descriptor.transmitted(tx_word::TES), 0x7d84_05ea);
    }

    #[test]
    fn a_tag_is_stored_most_significant_byte_first() {
        assert_eq!(tag_word(0xffff_ffff, Some(0x0123)), 0xffff_2301);
        assert_eq!(tag_word(0xffff_ffff, None), 0xfffe_ffff);
    }
}
