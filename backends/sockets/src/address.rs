//! `host:port` and socket paths, as QEMU reads them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Why an address was refused, in QEMU's words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The host starts with a digit but is no address.
    #[error("host address '{0}' is not a valid IPv4 address")]
    BadHost(String),
    /// The host has no IPv4 address.
    #[error("can't resolve host address '{0}'")]
    Unresolved(String),
    /// The port is no number from 0 to 65535.
    #[error("port number '{0}' is invalid: it takes 0 to 65535")]
    BadPort(String),
    /// `host:port` without its colon.
    #[error("host address '{0}' doesn't contain ':' separating host from port")]
    NoColon(String),
    /// Longer than a socket address holds.
    #[error("UNIX socket path '{path}' is too long: it takes at most {max} bytes")]
    PathTooLong {
        /// The path.
        path: String,
        /// The most bytes.
        max: usize,
    },
}

/// A unix socket address holds 108 bytes, of which one ends the path (unix(7)).
pub const LONGEST_PATH: usize = 107;

/// The path, if it fits a socket address.
///
/// # Errors
/// [`AddressError::PathTooLong`].
pub fn checked_path(path: &Path) -> Result<PathBuf, AddressError> {
    if path.as_os_str().len() > LONGEST_PATH {
        let path = path.display().to_string();
        return Err(AddressError::PathTooLong { path, max: LONGEST_PATH });
    }
    Ok(path.to_owned())
}

/// A port number, digits only.
///
/// # Errors
/// [`AddressError::BadPort`].
pub fn port_number(port: &str) -> Result<u16, AddressError> {
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let number: Option<u16> = if digits { port.parse().ok() } else { None };
    number.ok_or_else(|| AddressError::BadPort(port.to_owned()))
}

/// An address of a host and a port: a name stands for its first IPv4 address, nothing for any, and IPv6 addresses are
/// taken as numbers.
///
/// # Errors
/// The host is no address and no name that resolves, or the port is no number.
pub fn resolve(host: &str, port: &str) -> Result<SocketAddr, AddressError> {
    let number = port_number(port)?;
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, number));
    }
    if host.is_empty() {
        return Ok(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), number));
    }
    if host.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(AddressError::BadHost(host.to_owned()));
    }
    let found = (host, number).to_socket_addrs().ok();
    found
        .and_then(|mut addresses| addresses.find(SocketAddr::is_ipv4))
        .ok_or_else(|| AddressError::Unresolved(host.to_owned()))
}

/// An IPv4 address of `host:port` in one text, as the legacy `socket` netdev writes it.
///
/// # Errors
/// There is no colon, or as [`resolve`]; IPv6 is none of it.
pub fn ipv4_host(text: &str) -> Result<std::net::SocketAddrV4, AddressError> {
    let (host, port) =
        text.rsplit_once(':').ok_or_else(|| AddressError::NoColon(text.to_owned()))?;
    match resolve(host, port)? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(_) => Err(AddressError::BadHost(host.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_read_as_qemu_reads_them() {
        let read = |text| ipv4_host(text).map(|address| address.to_string());
        assert_eq!(read("127.0.0.1:5").as_deref(), Ok("127.0.0.1:5"));
        assert_eq!(read(":5").as_deref(), Ok("0.0.0.0:5"));
        assert_eq!(read("localhost:5").as_deref(), Ok("127.0.0.1:5"));
        let refusal = |text: &str| ipv4_host(text).unwrap_err().to_string();
        assert_eq!(refusal("5"), "host address '5' doesn't contain ':' separating host from port");
        assert_eq!(refusal("1.2.3:5"), "host address '1.2.3' is not a valid IPv4 address");
        assert_eq!(refusal("::1:5"), "host address '::1' is not a valid IPv4 address");
        for port in ["", "x", "-1", "65536", "+1"] {
            let said = refusal(&format!("127.0.0.1:{port}"));
            assert_eq!(said, format!("port number '{port}' is invalid: it takes 0 to 65535"));
        }
    }

    #[test]
    fn a_path_longer_than_an_address_holds_is_refused() {
        let long = "/".repeat(108);
        assert_eq!(
            checked_path(Path::new(&long)).unwrap_err().to_string(),
            format!("UNIX socket path '{long}' is too long: it takes at most 107 bytes")
        );
        assert!(checked_path(Path::new(&long[1..])).is_ok());
    }
}
