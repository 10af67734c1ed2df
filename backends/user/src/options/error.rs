//! What can be wrong with the options, in QEMU's words where QEMU has words.

use std::net::Ipv4Addr;

use super::{ForwardError, GuestForwardError};

/// Why the options were refused. Texts are those of QEMU's `net_slirp_init` wherever it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// `ipv4=off` and `ipv6=off`.
    #[error("IPv4 and IPv6 disabled")]
    BothDisabled,
    /// An IPv4 address option without IPv4.
    #[error("IPv4 disabled but netmask/host/dns provided")]
    Ipv4Disabled,
    /// An IPv6 address option without IPv6.
    #[error("IPv6 disabled but prefix/host6/dns6 provided")]
    Ipv6Disabled,
    /// `net` is no address.
    #[error("Failed to parse netmask")]
    Net,
    /// What follows the `/` of `net` is neither a length nor a mask.
    #[error("Failed to parse netmask (trailing chars)")]
    NetMask,
    /// The length of `net` is out of range.
    #[error("Invalid netmask provided (must be in range 4-32)")]
    NetLength,
    /// `host` is no address.
    #[error("Failed to parse host")]
    Host,
    /// `host` lies outside `net`.
    #[error("Host doesn't belong to network")]
    HostOutside,
    /// `dns` is no address.
    #[error("Failed to parse DNS")]
    Dns,
    /// `dns` lies outside `net`, which `restrict` makes unreachable.
    #[error("DNS doesn't belong to network")]
    DnsOutside,
    /// `dns` and `host` are one address.
    #[error("DNS must be different from host")]
    DnsIsHost,
    /// `dhcpstart` is no address.
    #[error("Failed to parse DHCP start address")]
    DhcpStart,
    /// `dhcpstart` lies outside `net`.
    #[error("DHCP doesn't belong to network")]
    DhcpOutside,
    /// `dhcpstart` is taken.
    #[error("DHCP must be different from host and DNS")]
    DhcpTaken,
    /// `smbserver` is no address.
    #[error("Failed to parse SMB address")]
    SmbAddress(String),
    /// `ipv6-prefix` is no address.
    #[error("Failed to parse IPv6 prefix")]
    Ipv6Prefix,
    /// `ipv6-prefixlen` is out of range.
    #[error("Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)")]
    Ipv6PrefixLength,
    /// `ipv6-host` is no address.
    #[error("Failed to parse IPv6 host")]
    Ipv6Host,
    /// `ipv6-host` lies outside the prefix.
    #[error("IPv6 Host doesn't belong to network")]
    Ipv6HostOutside,
    /// `ipv6-dns` is no address.
    #[error("Failed to parse IPv6 DNS")]
    Ipv6Dns,
    /// `ipv6-dns` lies outside the prefix, which `restrict` makes unreachable.
    #[error("IPv6 DNS doesn't belong to network")]
    Ipv6DnsOutside,
    /// `domainname` is given and empty.
    #[error("'domainname' parameter cannot be empty")]
    EmptyDomainName,
    /// A name does not fit its DHCP option.
    #[error("'{0}' parameter cannot exceed 255 bytes")]
    NameTooLong(&'static str),
    /// `bootfile` does not fit the BOOTP message.
    #[error("'bootfile' of {0} bytes exceeds the 127 bytes a BOOTP message has for it")]
    BootFileTooLong(usize),
    /// An entry of `dnssearch` is no domain name.
    #[error(
        "'dnssearch' entry '{0}' is no domain name (labels of 1 to 63 bytes, 253 bytes in all)"
    )]
    SearchDomain(String),
    /// `dnssearch` as a whole does not fit a DHCP message.
    #[error("'dnssearch' takes {0} bytes in a DHCP message, at most {max} fit", max = crate::dhcp::LONGEST_SEARCH_LIST)]
    SearchListTooLong(usize),
    /// A host forwarding rule is wrong or cannot be set up.
    #[error(transparent)]
    HostForward(#[from] ForwardError),
    /// A guest forwarding rule is wrong.
    #[error(transparent)]
    GuestForward(#[from] GuestForwardError),
    /// `smbserver` is an address of somebody else's.
    #[error("SMB server doesn't belong to network, or has the address of host or DNS: {0}")]
    SmbOutside(Ipv4Addr),
    /// `smbserver` without `smb`.
    #[error("'smbserver' is where the server of 'smb' is: give smb=DIRECTORY too")]
    SmbServerAlone,
    /// `smb` without IPv4.
    #[error("'smb' needs IPv4: its server has an address of that network")]
    SmbWithoutIpv4,
    /// `smb` without Samba.
    #[error("Could not find '{0}', please install it")]
    SmbMissing(String),
    /// `smb` names no directory.
    #[error("Error accessing shared directory '{path}': {reason}")]
    SmbDirectory {
        /// The path as given.
        path: String,
        /// What the host said.
        reason: String,
    },
    /// The server's own folder cannot be made.
    #[error("Could not create the SMB server's folder: {0}")]
    SmbFolder(String),
    /// `tftp` names no directory.
    #[error("'tftp={path}' is no readable directory: {reason}")]
    TftpRoot {
        /// The path as given.
        path: String,
        /// What the host said.
        reason: String,
    },
}
