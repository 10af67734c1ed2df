//! pcapng (draft-ietf-opsawg-pcapng): nanoseconds, and which way each frame went.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use byteorder::LittleEndian;
use pcap_file::pcapng::PcapNgBlock;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::{DataLink, Endianness};

use crate::filter::Direction;

/// Times are in 10⁻⁹ s.
const NANOSECONDS: u8 = 9;
/// The frame came to the interface, which is the netdev (§4.3.1 of the draft).
const INBOUND: u32 = 1;
/// The netdev sent it.
const OUTBOUND: u32 = 2;

pub(super) fn write_header(mut out: &mut dyn Write, max_length: u32) -> io::Result<()> {
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        major_version: 1,
        minor_version: 0,
        // Not known beforehand.
        section_length: -1,
        options: Vec::new(),
    };
    section.into_block().write_to::<LittleEndian, _>(&mut out)?;
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: max_length,
        options: vec![InterfaceDescriptionOption::IfTsResol(NANOSECONDS)],
    };
    interface.into_block().write_to::<LittleEndian, _>(&mut out)?;
    out.flush()
}

pub(super) fn write_frame(
    mut out: &mut dyn Write,
    nanoseconds: u64,
    direction: Direction,
    data: &[u8],
    max_length: u32,
) -> io::Result<()> {
    let kept = data.get(..max_length as usize).unwrap_or(data);
    let flags = if direction == Direction::Rx { INBOUND } else { OUTBOUND };
    let packet = EnhancedPacketBlock {
        interface_id: 0,
        timestamp: Duration::from_nanos(nanoseconds),
        // A frame is shorter than 2³² bytes by far.
        original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
        data: Cow::Borrowed(kept),
        options: vec![EnhancedPacketOption::Flags(flags)],
    };
    packet.into_block().write_to::<LittleEndian, _>(&mut out).map(drop)
}
