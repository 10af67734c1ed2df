//! Typed views of the registers that the engines read as a whole.

use bitfield::bitfield;

bitfield! {
    /// CTRL.
    #[derive(Clone, Copy)]
    pub(crate) struct Ctrl(pub(crate) u64);
    pub(crate) full_duplex, _: 0;
    pub(crate) set_link_up, _: 6;
    pub(crate) u8, speed, _: 9, 8;
    pub(crate) force_speed, _: 11;
    pub(crate) force_duplex, _: 12;
    pub(crate) reset, _: 26;
    pub(crate) receive_flow_control, _: 27;
    pub(crate) transmit_flow_control, _: 28;
    pub(crate) vlan_mode, _: 30;
    pub(crate) phy_reset, _: 31;
}

bitfield! {
    /// RCTL.
    #[derive(Clone, Copy)]
    pub(crate) struct Rctl(pub(crate) u64);
    pub(crate) enable, _: 1;
    pub(crate) store_bad, _: 2;
    pub(crate) unicast_promiscuous, _: 3;
    pub(crate) multicast_promiscuous, _: 4;
    pub(crate) long_packets, _: 5;
    pub(crate) u8, loopback, _: 7, 6;
    pub(crate) u8, minimum_threshold, _: 9, 8;
    pub(crate) u8, multicast_offset, _: 13, 12;
    pub(crate) accept_broadcast, _: 15;
    pub(crate) u8, buffer_size_code, _: 17, 16;
    pub(crate) vlan_filter, _: 18;
    pub(crate) compare_cfi, _: 19;
    pub(crate) wanted_cfi, _: 20;
    pub(crate) discard_pause, _: 22;
    pub(crate) pass_control, _: 23;
    pub(crate) buffer_size_extension, _: 25;
    pub(crate) strip_fcs, _: 26;
}

impl Rctl {
    /// Unicast promiscuous.
    pub(crate) const UPE: u64 = 1 << 3;
    /// Multicast promiscuous.
    pub(crate) const MPE: u64 = 1 << 4;
    /// VLAN filter.
    pub(crate) const VFE: u64 = 1 << 18;

    /// BSEX with BSIZE 0, which the manual reserves.
    pub(crate) fn buffer_size_is_reserved(self) -> bool {
        self.buffer_size_extension() && self.buffer_size_code() == 0
    }

    /// Receive buffer size in bytes. The reserved code (extension with code 0) is taken as 2048.
    pub(crate) fn buffer_size(self) -> usize {
        match (self.buffer_size_extension(), self.buffer_size_code()) {
            (false, 1) => 1024,
            (false, 2) => 512,
            (false, 3) => 256,
            (true, 1) => 16384,
            (true, 2) => 8192,
            (true, 3) => 4096,
            _ => 2048,
        }
    }
}

bitfield! {
    /// TCTL.
    #[derive(Clone, Copy)]
    pub(crate) struct Tctl(pub(crate) u64);
    pub(crate) enable, _: 1;
    pub(crate) pad_short, _: 3;
    pub(crate) send_xoff, _: 22;
}

bitfield! {
    /// MDIC.
    #[derive(Clone, Copy)]
    pub(crate) struct Mdic(pub(crate) u64);
    pub(crate) u16, data, set_data: 15, 0;
    pub(crate) u8, register, _: 20, 16;
    pub(crate) u8, phy, _: 25, 21;
    pub(crate) u8, operation, _: 27, 26;
    pub(crate) ready, set_ready: 28;
    pub(crate) interrupt, _: 29;
    pub(crate) error, set_error: 30;
}

/// Bits of STATUS.
pub(crate) mod status {
    pub(crate) const FD: u64 = 1 << 0;
    pub(crate) const LU: u64 = 1 << 1;
    pub(crate) const TXOFF: u64 = 1 << 4;
    pub(crate) const SPEED_AT: u32 = 6;
    /// ASDV: what automatic detection has found. Both 2 and 3 mean 1000 Mb/s; this chip says 3.
    pub(crate) const ASDV_AT: u32 = 8;
}

/// Bits of EECD.
pub(crate) mod eecd {
    pub(crate) const SK: u64 = 1 << 0;
    pub(crate) const CS: u64 = 1 << 1;
    pub(crate) const DI: u64 = 1 << 2;
    pub(crate) const DO: u64 = 1 << 3;
    pub(crate) const REQ: u64 = 1 << 6;
    pub(crate) const PRES: u64 = 1 << 8;
    pub(crate) const SIZE: u64 = 1 << 9;
    pub(crate) const PINS: u64 = SK | CS | DI;
}

/// Bits of TXDMAC.
pub(crate) mod txdmac {
    pub(crate) const DPP: u64 = 1 << 0;
}

/// Bits of EERD.
pub(crate) mod eerd {
    pub(crate) const START: u64 = 1 << 0;
    pub(crate) const DONE: u64 = 1 << 4;
    /// Where parts from the 82541 on have the lower part of the address, and these nothing that software sets.
    pub(crate) const LATER_ADDRESS: u64 = 0xec;
}

/// Bits of CTRL_EXT.
pub(crate) mod ctrl_ext {
    pub(crate) const ASDCHK: u64 = 1 << 12;
    pub(crate) const EE_RST: u64 = 1 << 13;
    pub(crate) const SPD_BYPS: u64 = 1 << 15;
}

/// Bits of the interrupt registers.
pub(crate) mod cause {
    pub(crate) const TXDW: u64 = 1 << 0;
    pub(crate) const TXQE: u64 = 1 << 1;
    pub(crate) const LSC: u64 = 1 << 2;
    pub(crate) const RXDMT0: u64 = 1 << 4;
    pub(crate) const RXO: u64 = 1 << 6;
    pub(crate) const RXT0: u64 = 1 << 7;
    pub(crate) const MDAC: u64 = 1 << 9;
    pub(crate) const TXD_LOW: u64 = 1 << 15;
    pub(crate) const SRPD: u64 = 1 << 16;
}

/// Bits of RXCSUM.
pub(crate) mod rxcsum {
    pub(crate) const PCSS: u64 = 0xff;
    pub(crate) const IPOFL: u64 = 1 << 8;
    pub(crate) const TUOFL: u64 = 1 << 9;
    pub(crate) const IPV6OFL: u64 = 1 << 10;
}

/// FPD of RDTR.
pub(crate) const FLUSH_DELAY: u64 = 1 << 31;
/// AV of RAH.
pub(crate) const ADDRESS_VALID: u64 = 1 << 31;

/// Bits of WUC.
pub(crate) mod wuc {
    pub(crate) const APME: u64 = 1 << 0;
    pub(crate) const PME_EN: u64 = 1 << 1;
    pub(crate) const PME_STATUS: u64 = 1 << 2;
    pub(crate) const APMPME: u64 = 1 << 3;
}

/// Bits of WUFC and WUS.
pub(crate) mod wufc {
    pub(crate) const LNKC: u64 = 1 << 0;
    pub(crate) const MAG: u64 = 1 << 1;
    pub(crate) const EX: u64 = 1 << 2;
    pub(crate) const MC: u64 = 1 << 3;
    pub(crate) const BC: u64 = 1 << 4;
    pub(crate) const ARP: u64 = 1 << 5;
    pub(crate) const IPV4: u64 = 1 << 6;
    pub(crate) const IPV6: u64 = 1 << 7;
    pub(crate) const FLX0: u64 = 1 << 16;
}
