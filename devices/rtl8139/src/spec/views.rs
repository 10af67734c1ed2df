//! Typed views of the registers that the engines read as a whole, and names for single bits.

use bitfield::bitfield;

bitfield! {
    /// CR.
    #[derive(Clone, Copy)]
    pub(crate) struct Command(pub(crate) u64);
    pub(crate) transmitter, _: 2;
    pub(crate) receiver, _: 3;
    pub(crate) reset, _: 4;
}

bitfield! {
    /// TCR.
    #[derive(Clone, Copy)]
    pub(crate) struct Tcr(pub(crate) u64);
    pub(crate) clear_abort, _: 0;
    pub(crate) u8, burst_code, _: 10, 8;
    pub(crate) no_fcs, _: 16;
    pub(crate) u8, loopback, _: 18, 17;
    pub(crate) u8, gap_code, _: 25, 24;
}

bitfield! {
    /// RCR.
    #[derive(Clone, Copy)]
    pub(crate) struct Rcr(pub(crate) u64);
    pub(crate) all_stations, _: 0;
    pub(crate) own_station, _: 1;
    pub(crate) groups, _: 2;
    pub(crate) broadcast, _: 3;
    pub(crate) runts, _: 4;
    pub(crate) damaged, _: 5;
    pub(crate) no_wrap, _: 7;
    pub(crate) u8, burst_code, _: 10, 8;
    pub(crate) u8, length_code, _: 12, 11;
    u8, threshold_code, _: 15, 13;
    pub(crate) tiny_damaged, _: 16;
    pub(crate) every_kind_early, _: 17;
    pub(crate) u8, early_sixteenths, _: 27, 24;
}

/// Bits of RCR that are the hardware's.
pub(crate) mod rcr {
    pub(crate) const SEL9356: u64 = 1 << 6;
}

impl Rcr {
    /// Size of the ring buffer in bytes.
    pub(crate) fn ring_size(self) -> u32 {
        8192 << self.length_code()
    }

    /// How much of a frame is in the FIFO before it begins to move to memory; all of it for the highest code.
    pub(crate) fn fifo_threshold(self) -> usize {
        match self.threshold_code() {
            code @ 0..=6 => 16 << code,
            _ => usize::MAX,
        }
    }
}

bitfield! {
    /// CPCR.
    #[derive(Clone, Copy)]
    pub(crate) struct Cpcr(pub(crate) u64);
    pub(crate) transmit_rings, _: 0;
    pub(crate) receive_ring, _: 1;
    pub(crate) check_checksums, _: 5;
    pub(crate) strip_tags, _: 6;
}

bitfield! {
    /// 9346CR.
    #[derive(Clone, Copy)]
    pub(crate) struct Cr9346(pub(crate) u64);
    pub(crate) data_in, _: 1;
    pub(crate) clock, _: 2;
    pub(crate) select, _: 3;
    pub(crate) u8, mode, _: 7, 6;
}

/// Values of 9346CR.EEM.
pub(crate) mod eem {
    pub(crate) const AUTO_LOAD: u8 = 1;
    pub(crate) const PROGRAM: u8 = 2;
    pub(crate) const OPEN: u8 = 3;
}

/// Bits of ISR and IMR.
pub(crate) mod cause {
    pub(crate) const ROK: u64 = 1 << 0;
    pub(crate) const RER: u64 = 1 << 1;
    pub(crate) const TOK: u64 = 1 << 2;
    pub(crate) const TER: u64 = 1 << 3;
    pub(crate) const RXOVW: u64 = 1 << 4;
    pub(crate) const PUN: u64 = 1 << 5;
    pub(crate) const FOVW: u64 = 1 << 6;
    pub(crate) const TDU: u64 = 1 << 7;
    pub(crate) const SWINT: u64 = 1 << 8;
    pub(crate) const TIMEOUT: u64 = 1 << 14;
    pub(crate) const SERR: u64 = 1 << 15;
}

/// Bits of CR.
pub(crate) mod cr {
    pub(crate) const BUFE: u64 = 1 << 0;
    pub(crate) const TE: u64 = 1 << 2;
    pub(crate) const RE: u64 = 1 << 3;
    pub(crate) const RST: u64 = 1 << 4;
}

/// Bits of TSD.
pub(crate) mod tsd {
    pub(crate) const SIZE: u64 = 0x1fff;
    pub(crate) const OWN: u64 = 1 << 13;
    pub(crate) const TUN: u64 = 1 << 14;
    pub(crate) const TOK: u64 = 1 << 15;
    /// Lowest bit of the early threshold.
    pub(crate) const ERTXTH_AT: u32 = 16;
    /// Lowest bit of the count of collisions.
    pub(crate) const NCC_AT: u32 = 24;
    pub(crate) const CDH: u64 = 1 << 28;
    pub(crate) const OWC: u64 = 1 << 29;
    pub(crate) const TABT: u64 = 1 << 30;
    pub(crate) const CRS: u64 = 1 << 31;
    /// What the hardware reports.
    pub(crate) const REPORT: u64 = 0xff00_c000;
}

/// Bits of MSR.
pub(crate) mod msr {
    pub(crate) const RXPF: u64 = 1 << 0;
    pub(crate) const TXPF: u64 = 1 << 1;
    pub(crate) const LINKB: u64 = 1 << 2;
    pub(crate) const SPEED_10: u64 = 1 << 3;
    pub(crate) const AUX: u64 = 1 << 4;
    pub(crate) const FLOW_CONTROL: u64 = 3 << 6;
    pub(crate) const RXFCE: u64 = 1 << 6;
    pub(crate) const TXFCE: u64 = 1 << 7;
}

/// Bits of BMCR.
pub(crate) mod bmcr {
    pub(crate) const DUPLEX: u64 = 1 << 8;
    pub(crate) const RESTART: u64 = 1 << 9;
    pub(crate) const ANE: u64 = 1 << 12;
    pub(crate) const SPD: u64 = 1 << 13;
    pub(crate) const RESET: u64 = 1 << 15;
    /// What chooses the medium.
    pub(crate) const MEDIUM: u64 = DUPLEX | ANE | SPD;
}

/// Bits of BMSR.
pub(crate) mod bmsr {
    pub(crate) const LINK: u64 = 1 << 2;
    pub(crate) const AN_COMPLETE: u64 = 1 << 5;
}

/// Bits of ANAR and ANLPAR.
pub(crate) mod ability {
    pub(crate) const HD10: u16 = 1 << 5;
    pub(crate) const FD10: u16 = 1 << 6;
    pub(crate) const HD100: u16 = 1 << 7;
    pub(crate) const FD100: u16 = 1 << 8;
    pub(crate) const PAUSE: u16 = 1 << 10;
}

/// Bits of CSCR.
pub(crate) mod cscr {
    pub(crate) const CON_STATUS_EN: u64 = 1 << 2;
    pub(crate) const CON_STATUS: u64 = 1 << 3;
}

/// Bits of CONFIG1, CONFIG3 and CONFIG5 that arm wake-up.
pub(crate) mod wake {
    pub(crate) const PMEN: u64 = 1 << 0;
    pub(crate) const LINKUP: u64 = 1 << 4;
    pub(crate) const MAGIC: u64 = 1 << 5;
    pub(crate) const UWF: u64 = 1 << 4;
    pub(crate) const MWF: u64 = 1 << 5;
    pub(crate) const BWF: u64 = 1 << 6;
    /// CONFIG4: some patterns are long.
    pub(crate) const LONGWF: u64 = 1 << 5;
}

/// Bits of ERSR.
pub(crate) mod ersr {
    pub(crate) const EROK: u64 = 1 << 0;
    pub(crate) const EROVW: u64 = 1 << 1;
    pub(crate) const ERBAD: u64 = 1 << 2;
    pub(crate) const ERGOOD: u64 = 1 << 3;
}

/// Bits of TPPOLL.
pub(crate) mod tppoll {
    pub(crate) const FSWINT: u64 = 1 << 0;
    pub(crate) const NPQ: u64 = 1 << 6;
    pub(crate) const HPQ: u64 = 1 << 7;
}

/// CMD of DTCCR.
pub(crate) const DUMP: u64 = 1 << 3;
