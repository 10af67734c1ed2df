//! What a user types behind `-netdev user`, and what it means.
//!
//! [`Options`] mirrors `NetdevUserOptions` of the QAPI schema, text as given; [`Options::validate`] turns it into
//! [`Settings`] or says, in QEMU's words, what is wrong. Nothing is opened or bound here.
//!

mod address;
mod error;
mod forward;
mod guest_forward;
mod ipv4;
mod ipv6;
mod smb;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use bytes::Bytes;
use elnic_contract::VDuration;

pub(crate) use address::parse_ipv4;
pub use error::OptionsError;
pub use forward::{ForwardError, ForwardKey, ForwardProtocol, HostForward};
pub use guest_forward::GuestForwardError;
pub(crate) use guest_forward::{GuestForward, GuestTarget};
pub(crate) use ipv4::Ipv4Settings;
pub(crate) use ipv6::Ipv6Settings;
pub(crate) use smb::SmbShare;

/// The longest `hostname`, `domainname` and `tftp-server-name`, in bytes: what one DHCP option holds.
const LONGEST_NAME: usize = 255;
/// The longest `bootfile`, in bytes: the `file` field of a BOOTP message and its final NUL (RFC 951 §3).
const LONGEST_BOOT_FILE: usize = 127;

/// What the built-in TFTP server serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TftpRoot {
    /// The files below a directory of the host, read-only. Links that lead outside are not followed.
    Directory(PathBuf),
    /// Files that exist in memory only, by name.
    Memory(BTreeMap<String, Bytes>),
}

/// The options of a user-mode network, as given. `None` and empty mean "not given".
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Client hostname reported by the DHCP server.
    pub hostname: Option<String>,
    /// Isolate the guest: only the stack itself and explicit forwarding rules are reachable.
    pub restrict: bool,
    /// Whether to enable IPv4. Not given means yes, unless only `ipv6` is given and on.
    pub ipv4: Option<bool>,
    /// Whether to enable IPv6. Not given means yes, unless only `ipv4` is given and on.
    pub ipv6: Option<bool>,
    /// Legacy form of `net`: an address whose /24 is the network.
    pub ip: Option<String>,
    /// The network: `address`, `address/length` or `address/mask`. Default 10.0.2.0/24.
    pub net: Option<String>,
    /// The guest-visible address of the host. Default: the second of the network.
    pub host: Option<String>,
    /// What the TFTP server serves; not given means no server.
    pub tftp: Option<TftpRoot>,
    /// Boot file name the DHCP server announces, up to 127 bytes.
    pub bootfile: Option<String>,
    /// The first of the 16 addresses the DHCP server gives out. Default: the 15th of the network.
    pub dhcpstart: Option<String>,
    /// The guest-visible address of the name server. Default: the third of the network.
    pub dns: Option<String>,
    /// Domain suffixes the DHCP server announces.
    pub dnssearch: Vec<String>,
    /// Domain name the DHCP server announces.
    pub domainname: Option<String>,
    /// IPv6 network prefix. Default `fec0::`.
    pub ipv6_prefix: Option<String>,
    /// IPv6 network prefix length, 0 to 126. Default 64.
    pub ipv6_prefixlen: Option<i64>,
    /// Guest-visible IPv6 address of the host.
    pub ipv6_host: Option<String>,
    /// Guest-visible IPv6 address of the name server.
    pub ipv6_dns: Option<String>,
    /// Root directory of a built-in SMB server. Refused.
    pub smb: Option<String>,
    /// Address of the built-in SMB server. Refused.
    pub smbserver: Option<String>,
    /// Host forwarding rules, `[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport`.
    pub hostfwd: Vec<String>,
    /// Guest forwarding rules, `[tcp]:[server]:port-cmd:COMMAND` or `-tcp:HOST:PORT`.
    pub guestfwd: Vec<String>,
    /// TFTP server name the DHCP server announces (RFC 2132 option 66).
    pub tftp_server_name: Option<String>,
    /// The resolver queries to `dns` are forwarded to. Not given means the first of the host's `/etc/resolv.conf`.
    /// No option of QEMU.
    pub resolver: Option<SocketAddr>,
    /// How long after its cause a frame of the stack reaches the guest, in virtual time. Default none. No option of QEMU.
    pub latency: VDuration,
}

/// Checked options.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) restrict: bool,
    pub(crate) ipv4: Option<Ipv4Settings>,
    pub(crate) ipv6: Option<Ipv6Settings>,
    pub(crate) announce: Announcements,
    pub(crate) tftp: Option<TftpRoot>,
    pub(crate) forwards: Vec<HostForward>,
    pub(crate) guest_forwards: Vec<GuestForward>,
    pub(crate) resolver: Option<SocketAddr>,
    pub(crate) latency: VDuration,
}

/// What the configuration protocols tell the guest beside addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcements {
    pub(crate) hostname: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) search: Vec<String>,
    pub(crate) boot_file: Option<String>,
    pub(crate) tftp_server: Option<String>,
}

impl Settings {
    /// The rule for what a guest sends there.
    pub(crate) fn guest_forward(&self, server: SocketAddr) -> Option<&GuestForward> {
        self.guest_forwards.iter().find(|rule| rule.server == server)
    }
}

impl Options {
    /// Checks everything that can be checked without touching the host.
    ///
    /// # Errors
    /// The first option that is wrong, in the order and the words of QEMU.
    pub(crate) fn settings(&self) -> Result<Settings, OptionsError> {
        let (ipv4, ipv6) = self.families();
        self.check_families(ipv4, ipv6)?;
        let v4 = Ipv4Settings::new(self)?;
        smb::address(self.smbserver.as_deref(), &v4)?;
        match (&self.smb, &self.smbserver) {
            (Some(_), _) if !ipv4 => return Err(OptionsError::SmbWithoutIpv4),
            (None, Some(_)) => return Err(OptionsError::SmbServerAlone),
            _ => {}
        }
        let v6 = Ipv6Settings::new(self)?;
        let announce = self.announcements()?;
        let guest = ipv4.then_some(v4.dhcp_start);
        let guest_forwards = self.parse_guest_forwards(&v4)?;
        let forwards = self.parse_forwards(guest)?;
        Ok(Settings {
            restrict: self.restrict,
            ipv4: ipv4.then_some(v4),
            ipv6: ipv6.then_some(v6),
            announce,
            tftp: self.tftp.clone(),
            forwards,
            guest_forwards,
            resolver: self.resolver,
            latency: self.latency,
        })
    }

    /// Checks everything that can be checked without touching the host.
    ///
    /// # Errors
    /// The first option that is wrong, in the order and the words of QEMU.
    pub fn validate(&self) -> Result<(), OptionsError> {
        self.settings().map(drop)
    }

    /// Turning one family on turns the other off, unless that one is asked for too.
    fn families(&self) -> (bool, bool) {
        let on = |this: Option<bool>, other: Option<bool>| this.unwrap_or(other != Some(true));
        (on(self.ipv4, self.ipv6), on(self.ipv6, self.ipv4))
    }

    fn check_families(&self, ipv4: bool, ipv6: bool) -> Result<(), OptionsError> {
        let v4_given = [&self.net, &self.ip, &self.host, &self.dns];
        if !ipv4 && v4_given.into_iter().any(Option::is_some) {
            return Err(OptionsError::Ipv4Disabled);
        }
        let v6_given = [&self.ipv6_prefix, &self.ipv6_host, &self.ipv6_dns];
        if !ipv6 && v6_given.into_iter().any(Option::is_some) {
            return Err(OptionsError::Ipv6Disabled);
        }
        if ipv4 || ipv6 { Ok(()) } else { Err(OptionsError::BothDisabled) }
    }

    fn announcements(&self) -> Result<Announcements, OptionsError> {
        if self.domainname.as_deref() == Some("") {
            return Err(OptionsError::EmptyDomainName);
        }
        let names = [
            ("domainname", &self.domainname),
            ("vhostname", &self.hostname),
            ("tftp-server-name", &self.tftp_server_name),
        ];
        for (option, value) in names {
            if value.as_ref().is_some_and(|value| value.len() > LONGEST_NAME) {
                return Err(OptionsError::NameTooLong(option));
            }
        }
        if let Some(file) = &self.bootfile
            && file.len() > LONGEST_BOOT_FILE
        {
            return Err(OptionsError::BootFileTooLong(file.len()));
        }
        crate::dhcp::check_search_list(&self.dnssearch)?;
        Ok(Announcements {
            hostname: self.hostname.clone().filter(|name| !name.is_empty()),
            domain: self.domainname.clone(),
            search: self.dnssearch.clone(),
            boot_file: self.bootfile.clone().filter(|name| !name.is_empty()),
            tftp_server: self.tftp_server_name.clone().filter(|name| !name.is_empty()),
        })
    }

    /// What `smb` needs of the host, and the rules that lead there.
    ///
    /// # Errors
    /// There is no server to run, or nothing to share.
    pub(crate) fn share(&self, settings: &mut Settings) -> Result<Option<SmbShare>, OptionsError> {
        let (Some(directory), Some(v4)) = (&self.smb, settings.ipv4) else { return Ok(None) };
        let share = SmbShare::new(directory)?;
        let server = smb::address(self.smbserver.as_deref(), &v4)?;
        settings.guest_forwards.extend(share.rules(server));
        Ok(Some(share))
    }

    fn parse_guest_forwards(&self, v4: &Ipv4Settings) -> Result<Vec<GuestForward>, OptionsError> {
        let rules = self.guestfwd.iter().map(|rule| GuestForward::parse(rule, v4));
        Ok(rules.collect::<Result<_, _>>()?)
    }

    fn parse_forwards(&self, guest: Option<Ipv4Addr>) -> Result<Vec<HostForward>, OptionsError> {
        // QEMU collects the rules on a stack, so the last is parsed and bound first.
        let rules = self.hostfwd.iter().rev();
        Ok(rules.map(|rule| HostForward::parse(rule, guest)).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests;
