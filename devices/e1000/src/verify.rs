//! Receive checksum offload: the packet checksum, IPv4 headers, TCP and UDP (SDM 3.2.9, 13.4, RXCSUM).

use elnic_wire::checksum;
use elnic_wire::layout::{Layout, Network, Verified};

use crate::E1000;
use crate::descriptors::{RxWriteBack, rx_error, rx_status};
use crate::spec::Reg;
use crate::spec::views::rxcsum;

impl E1000 {
    /// Sums and checks `bytes`, a frame without FCS and stripped tag, as RXCSUM asks.
    pub(crate) fn verify(&self, bytes: &[u8], write_back: &mut RxWriteBack) {
        let control = self.bank.get(Reg::RXCSUM);
        let start = (control & rxcsum::PCSS) as usize;
        write_back.checksum = bytes.get(start..).map_or(0, checksum::of);
        if control & (rxcsum::IPOFL | rxcsum::TUOFL) == 0 {
            // Nothing was checked: software is told to look at none of the bits.
            write_back.status |= rx_status::IXSM;
            return;
        }
        let Some(layout) = Layout::of(bytes) else { return };
        if control & rxcsum::IPOFL != 0 {
            note(write_back, layout.network_checksum(bytes), rx_status::IPCS, rx_error::IPE);
        }
        let covered = layout.network == Network::V4 || control & rxcsum::IPV6OFL != 0;
        if control & rxcsum::TUOFL != 0 && covered {
            note(write_back, layout.transport_checksum(bytes), rx_status::TCPCS, rx_error::TCPE);
        }
    }
}

fn note(write_back: &mut RxWriteBack, verified: Verified, checked: u8, wrong: u8) {
    match verified {
        Verified::Good => write_back.status |= checked,
        Verified::Bad => {
            write_back.status |= checked;
            write_back.errors |= wrong;
        }
        Verified::Absent => {}
    }
}
