//! Reception of C+ mode: a ring of descriptors, tags and checksums (DS C+ mode, RDSAR).
//!
//! A frame that does not fit a buffer goes on in the next. Software announces new descriptors by no register, so a frame
//! without one is tried again after a while.

use elnic_contract::{Cx, DmaError, DropReason, Gpa, LogEntry};
use elnic_wire::ethernet::ether_type;
use elnic_wire::layout::{Layout, Network, Transport, Verified};
use elnic_wire::vlan;

use crate::Rtl8139;
use crate::descriptors::{self, Descriptor, rx_word, status, tag_word};
use crate::rx::{Delivery, Parcel};
use crate::spec::Reg;
use crate::spec::views::Cpcr;

impl Rtl8139 {
    fn receive_ring_base(&self) -> u64 {
        let (low, high) = (self.bank.get_at(Reg::RDSAR, 0), self.bank.get_at(Reg::RDSAR, 1));
        (low | high << 32) & !0xff
    }

    /// RDSAR was written: the ring starts at its first descriptor.
    pub(crate) fn rdsar_written(&mut self, cx: &mut Cx<'_>) {
        self.rx.index = 0;
        self.receive_on(cx);
    }

    /// Takes the tag out of a frame without FCS and checks its checksums, as CPCR asks.
    pub(crate) fn offload(&self, bytes: &mut Vec<u8>, parcel: &mut Parcel) {
        let control = Cpcr(self.bank.get(Reg::CPCR));
        if control.strip_tags()
            && let Some(tci) = vlan::tag(bytes, ether_type::VLAN)
        {
            bytes.drain(vlan::TAG_AT..vlan::TAG_AT.saturating_add(vlan::TAG_LENGTH));
            parcel.tag = Some(tci.0);
        }
        if control.check_checksums() {
            parcel.checks = checks(bytes);
        }
    }

    /// Moves a frame into as many buffers as it needs.
    pub(crate) fn deliver_to_ring(&mut self, cx: &mut Cx<'_>, parcel: &mut Parcel) -> Delivery {
        if self.receive_ring_base() == 0 {
            return Delivery::Lost(DropReason::NoBuffers);
        }
        for _ in 0..descriptors::MOST {
            match self.fill(cx, parcel) {
                Ok(true) if parcel.written == parcel.bytes.len() => return Delivery::Done,
                Ok(true) => {}
                Ok(false) => return Delivery::Starved,
                Err(DmaError::NoBusMaster) => return Delivery::NoBus,
                Err(error) => {
                    cx.log.record(LogEntry::Dma { doing: "receive", error });
                    return Delivery::Lost(DropReason::DmaError);
                }
            }
        }
        Delivery::Starved
    }

    /// Fills the buffer of the next descriptor and gives the descriptor back; `false` if it is software's.
    fn fill(&mut self, cx: &mut Cx<'_>, parcel: &mut Parcel) -> Result<bool, DmaError> {
        let offset = usize::from(self.rx.index).saturating_mul(descriptors::LENGTH);
        let at = Gpa(self.receive_ring_base()).plus(offset as u64);
        let mut bytes = [0; descriptors::LENGTH];
        cx.dma.read(at, &mut bytes)?;
        let descriptor = Descriptor::from_bytes(bytes);
        if !descriptor.own() {
            return Ok(false);
        }
        let rest = parcel.bytes.get(parcel.written..).unwrap_or_default();
        let part = rest.get(..descriptor.receive_size()).unwrap_or(rest);
        if !part.is_empty() {
            cx.dma.write(Gpa(descriptor.address()), part)?;
        }
        let first = parcel.written == 0;
        let last = part.len() == rest.len();
        let length = if last { parcel.bytes.len() } else { part.len() };
        let mut word = descriptor.word() & rx_word::EOR;
        word |= u32::try_from(length).unwrap_or(u32::MAX) & rx_word::SIZE;
        if first {
            word |= rx_word::FS;
        }
        if last {
            word |= rx_word::LS | status_bits(parcel.status) | parcel.checks;
        }
        let [_, _, _, _, b4, b5, b6, b7, ..] = bytes;
        let tag = tag_word(u32::from_le_bytes([b4, b5, b6, b7]), parcel.tag);
        // The word with OWN goes last: a driver that looks meanwhile must not see it without the tag.
        cx.dma.write(at.plus(4), &tag.to_le_bytes())?;
        cx.dma.write(at, &word.to_le_bytes())?;
        parcel.written = parcel.written.saturating_add(part.len());
        let next = self.rx.index.saturating_add(1);
        let wraps = descriptor.end_of_ring() || next >= descriptors::MOST;
        self.rx.index = if wraps { 0 } else { next };
        Ok(true)
    }
}

/// The receive status of C mode in the bits of a descriptor.
fn status_bits(bits: u16) -> u32 {
    let pairs = [
        (status::FAE, rx_word::FAE | rx_word::RES),
        (status::CRC, rx_word::CRC | rx_word::RES),
        (status::LONG, rx_word::RWT | rx_word::RES),
        (status::RUNT, rx_word::RUNT | rx_word::RES),
        (status::ISE, rx_word::RES),
        (status::BAR, rx_word::BAR),
        (status::PAM, rx_word::PAM),
        (status::MAR, rx_word::MAR),
    ];
    let set = pairs.into_iter().filter(|(bit, _)| bits & bit != 0);
    set.fold(0, |word, (_, mapped)| word | mapped)
}

/// PID and the failed checksums of a frame without tag and FCS.
fn checks(frame: &[u8]) -> u32 {
    let Some(layout) = Layout::of(frame).filter(|layout| layout.network == Network::V4) else {
        return 0;
    };
    let header = if layout.network_checksum(frame) == Verified::Bad { rx_word::IPF } else { 0 };
    let (pid, failed) = match (layout.transport, layout.transport_checksum(frame)) {
        (Some((Transport::Tcp, _)), Verified::Good) => (1, 0),
        (Some((Transport::Tcp, _)), Verified::Bad) => (1, rx_word::TCPF),
        (Some((Transport::Udp, _)), Verified::Good) => (2, 0),
        (Some((Transport::Udp, _)), Verified::Bad) => (2, rx_word::UDPF),
        // Another protocol, a fragment, or a sender that made no checksum.
        _ => (3, 0),
    };
    header | failed | pid << rx_word::PID_AT
}
