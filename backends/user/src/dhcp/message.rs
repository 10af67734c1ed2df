//! DHCP messages on the wire (RFC 2131 §2, RFC 2132).

use std::net::Ipv4Addr;

use elnic_contract::MacAddr;
use smoltcp::wire::{
    ArpHardware, DhcpFlags, DhcpMessageType, DhcpOpCode, DhcpOption, DhcpPacket, EthernetAddress,
};

const MAGIC_COOKIE: u32 = 0x6382_5363;
/// Bytes before the options, cookie included (RFC 2131 §2).
const FIXED_LENGTH: usize = 240;
/// Where the boot file name stands and how much room it has (RFC 951 §3).
const FILE: std::ops::Range<usize> = 108..236;
/// The message every client takes, in bytes of UDP payload: 576 of IP (RFC 2131 §2).
const SMALLEST_MAXIMUM: usize = 548;
/// The longest message that fits one frame, in bytes of UDP payload.
const LARGEST_MAXIMUM: usize = 1472;
/// IP and UDP headers, which clients count into the maximum they announce.
const IP_AND_UDP: usize = 28;

/// Option codes of RFC 2132 and RFC 3397.
pub(super) mod code {
    pub(in super::super) const SUBNET_MASK: u8 = 1;
    pub(in super::super) const ROUTER: u8 = 3;
    pub(in super::super) const NAME_SERVER: u8 = 6;
    pub(in super::super) const HOST_NAME: u8 = 12;
    pub(in super::super) const DOMAIN_NAME: u8 = 15;
    pub(in super::super) const REQUESTED_ADDRESS: u8 = 50;
    pub(in super::super) const LEASE_TIME: u8 = 51;
    pub(in super::super) const MESSAGE_TYPE: u8 = 53;
    pub(in super::super) const SERVER_IDENTIFIER: u8 = 54;
    pub(in super::super) const MESSAGE: u8 = 56;
    pub(in super::super) const MAXIMUM_SIZE: u8 = 57;
    pub(in super::super) const VENDOR_CLASS: u8 = 60;
    pub(in super::super) const TFTP_SERVER_NAME: u8 = 66;
    pub(in super::super) const BOOT_FILE_NAME: u8 = 67;
    pub(in super::super) const DOMAIN_SEARCH: u8 = 119;
}

/// What a client asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// `None` is a BOOTP client's request (RFC 951).
    pub(super) kind: Option<DhcpMessageType>,
    pub(super) mac: MacAddr,
    pub(super) client: Option<Ipv4Addr>,
    pub(super) requested: Option<Ipv4Addr>,
    pub(super) server: Option<Ipv4Addr>,
    transaction: u32,
    broadcast: bool,
    room: usize,
}

impl Request {
    /// Reads a client's message; `None` if it is none, or not of an Ethernet client.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let packet = DhcpPacket::new_checked(payload).ok()?;
        let mac = MacAddr(packet.client_hardware_address().0);
        let ethernet =
            packet.hardware_type() == ArpHardware::Ethernet && packet.hardware_len() == 6;
        if packet.opcode() != DhcpOpCode::Request || !ethernet || mac.is_group() {
            return None;
        }
        let given = |address: Ipv4Addr| (!address.is_unspecified()).then_some(address);
        let mut request = Self {
            kind: None,
            mac,
            client: given(packet.client_ip()),
            requested: None,
            server: None,
            transaction: packet.transaction_id(),
            broadcast: packet.flags().contains(DhcpFlags::BROADCAST),
            room: SMALLEST_MAXIMUM,
        };
        if packet.magic_number() == MAGIC_COOKIE {
            for option in packet.options() {
                request.take(option);
            }
        }
        Some(request)
    }

    fn take(&mut self, option: DhcpOption<'_>) {
        match (option.kind, option.data) {
            (code::MESSAGE_TYPE, &[kind]) => self.kind = Some(DhcpMessageType::from(kind)),
            (code::REQUESTED_ADDRESS, &[a, b, c, d]) => {
                self.requested = Some(Ipv4Addr::new(a, b, c, d));
            }
            (code::SERVER_IDENTIFIER, &[a, b, c, d]) => {
                self.server = Some(Ipv4Addr::new(a, b, c, d));
            }
            (code::MAXIMUM_SIZE, &[high, low]) => {
                let announced = usize::from(u16::from_be_bytes([high, low]));
                let room = announced.saturating_sub(IP_AND_UDP);
                self.room = room.clamp(SMALLEST_MAXIMUM, LARGEST_MAXIMUM);
            }
            _ => {}
        }
    }
}

/// An answer in the making.
pub(super) struct Reply {
    packet: Vec<u8>,
    room: usize,
}

impl Reply {
    /// An answer to `request` without options yet.
    pub(super) fn new(request: &Request, server: Ipv4Addr, yours: Ipv4Addr) -> Self {
        let mut packet = vec![0; FIXED_LENGTH];
        let mut view = DhcpPacket::new_unchecked(&mut packet[..]);
        view.set_opcode(DhcpOpCode::Reply);
        view.set_hardware_type(ArpHardware::Ethernet);
        view.set_hardware_len(6);
        view.set_transaction_id(request.transaction);
        view.set_client_hardware_address(EthernetAddress(request.mac.0));
        view.set_client_ip(request.client.unwrap_or(Ipv4Addr::UNSPECIFIED));
        view.set_your_ip(yours);
        view.set_server_ip(server);
        view.set_magic_number(MAGIC_COOKIE);
        if request.broadcast {
            view.set_flags(DhcpFlags::BROADCAST);
        }
        Self { packet, room: request.room }
    }

    /// Writes the boot file name into its field; the options hold what does not fit.
    pub(super) fn boot_file(&mut self, name: &str) {
        // The field ends with a NUL, which the buffer has already.
        let field = &mut self.packet[FILE];
        let length = name.len().min(field.len() - 1);
        field[..length].copy_from_slice(&name.as_bytes()[..length]);
    }

    /// Adds an option, in several parts if it is longer than one holds (RFC 3396), unless the message is full: callers
    /// add what matters most first.
    pub(super) fn option(&mut self, code: u8, data: &[u8]) {
        let length = data.len() + 2 * data.len().div_ceil(255).max(1);
        // One byte is for the end.
        if self.packet.len() + length + 1 > self.room {
            tracing::debug!(code, length, "a DHCP option does not fit the message and is left out");
            return;
        }
        for part in data.chunks(255) {
            self.packet.extend([code, u8::try_from(part.len()).unwrap_or(u8::MAX)]);
            self.packet.extend_from_slice(part);
        }
    }

    /// The message, padded to what every client takes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        const END: u8 = 255;
        self.packet.push(END);
        let length = self.packet.len().max(SMALLEST_MAXIMUM);
        self.packet.resize(length, 0);
        self.packet
    }
}
