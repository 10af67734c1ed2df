//! From options to a plan: which combinations of local and remote there are, decided before any socket is opened.
//!
//! | remote | local | |
//! | --- | --- | --- |
//! | none | fd | the descriptor's own peer |
//! | group | none, inet | join the group, on that interface |
//! | group | fd | the descriptor has joined; send to the group |
//! | inet, unix | the same type | from local to remote |
//!
//! Everything else is refused, in the order and words of QEMU (`../shared/reference/backends.md` §1.7).

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use elnic_sockets::{checked_path, resolve};

use crate::{Address, DgramError, Options};

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Udp { local: SocketAddr, remote: SocketAddr },
    Multicast { group: SocketAddrV4, interface: Option<Ipv4Addr> },
    Unix { local: PathBuf, remote: PathBuf },
    Fd { number: String, group: Option<SocketAddrV4> },
}

pub(crate) fn plan(options: &Options) -> Result<Plan, DgramError> {
    let remote = match &options.remote {
        Some(Address::Inet { host, port }) => Some(resolve(host, port)?),
        _ => None,
    };
    match remote {
        Some(SocketAddr::V4(group)) if group.ip().is_multicast() => {
            return multicast(nonzero(group)?, options.local.as_ref());
        }
        Some(SocketAddr::V6(group)) if group.ip().is_multicast() => {
            return Err(DgramError::Ipv6Group(group.ip().to_string()));
        }
        _ => {}
    }
    let local = options.local.as_ref().ok_or(DgramError::NoLocal)?;
    match (&options.remote, local) {
        (None, Address::Fd { number }) => Ok(Plan::Fd { number: number.clone(), group: None }),
        (None, _) => Err(DgramError::NoRemote),
        (Some(_), Address::Fd { .. }) => Err(DgramError::RemoteWithFd),
        (Some(Address::Inet { .. }), Address::Inet { host, port }) => {
            let local = resolve(host, port)?;
            let remote = remote.ok_or(DgramError::NoRemote)?;
            if local.is_ipv4() != remote.is_ipv4() {
                return Err(DgramError::VersionsDiffer {
                    remote: remote.ip().to_string(),
                    local: local.ip().to_string(),
                });
            }
            Ok(Plan::Udp { local, remote: nonzero(remote)? })
        }
        (Some(Address::Unix { path: remote }), Address::Unix { path: local }) => {
            Ok(Plan::Unix { local: checked_path(local)?, remote: checked_path(remote)? })
        }
        (Some(Address::Vsock), Address::Vsock) => Err(DgramError::LocalType),
        (Some(_), _) => Err(DgramError::TypesDiffer),
    }
}

fn multicast(group: SocketAddrV4, local: Option<&Address>) -> Result<Plan, DgramError> {
    match local {
        None => Ok(Plan::Multicast { group, interface: None }),
        // The group's port is bound; a port given here has no use, in QEMU neither.
        Some(Address::Inet { host, .. }) => {
            let address = host.parse().map_err(|_| DgramError::BadLocalHost(host.clone()))?;
            Ok(Plan::Multicast { group, interface: Some(address) })
        }
        Some(Address::Fd { number }) => Ok(Plan::Fd { number: number.clone(), group: Some(group) }),
        Some(Address::Unix { .. } | Address::Vsock) => Err(DgramError::LocalType),
    }
}

fn nonzero<A: Copy + Into<SocketAddr>>(remote: A) -> Result<A, DgramError> {
    if remote.into().port() == 0 { Err(DgramError::RemotePortZero) } else { Ok(remote) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inet(host: &str, port: &str) -> Option<Address> {
        Some(Address::Inet { host: host.to_owned(), port: port.to_owned() })
    }

    fn unix(path: &str) -> Option<Address> {
        Some(Address::Unix { path: path.into() })
    }

    fn fd(number: &str) -> Option<Address> {
        Some(Address::Fd { number: number.to_owned() })
    }

    fn refusal(remote: Option<Address>, local: Option<Address>) -> String {
        plan(&Options { local, remote }).unwrap_err().to_string()
    }

    fn accepted(remote: Option<Address>, local: Option<Address>) -> Plan {
        plan(&Options { local, remote }).unwrap()
    }

    #[test]
    fn each_wrong_combination_has_qemus_text() {
        let group = || inet("230.0.0.1", "1234");
        let peer = || inet("127.0.0.1", "1234");
        let table = [
            (None, None, "dgram requires local= parameter"),
            (None, peer(), "type=inet or type=unix requires remote parameter"),
            (None, unix("/l"), "type=inet or type=unix requires remote parameter"),
            (group(), unix("/l"), "only support inet or fd type for local"),
            (group(), inet("nowhere", "0"), "localaddr 'nowhere' is not a valid IPv4 address"),
            (peer(), None, "dgram requires local= parameter"),
            (peer(), fd("3"), "don't set remote with local.fd"),
            (unix("/r"), fd("3"), "don't set remote with local.fd"),
            (peer(), unix("/l"), "remote and local types must be the same"),
            (unix("/r"), peer(), "remote and local types must be the same"),
            (fd("3"), peer(), "remote and local types must be the same"),
            (Some(Address::Vsock), Some(Address::Vsock), "only support inet or fd type for local"),
            (inet("1.2.3", "1"), peer(), "host address '1.2.3' is not a valid IPv4 address"),
        ];
        for (remote, local, text) in table {
            assert_eq!(refusal(remote.clone(), local.clone()), text, "{remote:?} {local:?}");
        }
    }

    #[test]
    fn ports_and_paths_are_checked_with_their_range() {
        let local = || inet("127.0.0.1", "0");
        for port in ["", "x", "-1", "65536", "+1"] {
            assert!(
                refusal(inet("127.0.0.1", port), local()).starts_with("port number '"),
                "{port}"
            );
        }
        assert!(refusal(inet("127.0.0.1", "0"), local()).contains("1 to 65535"));
        let long = "/".repeat(108);
        assert_eq!(
            refusal(unix(&long), unix("/l")),
            format!("UNIX socket path '{long}' is too long: it takes at most 107 bytes")
        );
        assert!(plan(&Options { remote: unix(&long[1..]), local: unix("/l") }).is_ok());
    }

    #[test]
    fn right_combinations_become_plans() {
        let group = "230.0.0.1:1234".parse().unwrap();
        assert_eq!(
            accepted(inet("230.0.0.1", "1234"), None),
            Plan::Multicast { group, interface: None }
        );
        assert_eq!(
            accepted(inet("230.0.0.1", "1234"), inet("127.0.0.1", "9")),
            Plan::Multicast { group, interface: Some(Ipv4Addr::LOCALHOST) }
        );
        assert_eq!(
            accepted(inet("230.0.0.1", "1234"), fd("7")),
            Plan::Fd { number: "7".to_owned(), group: Some(group) }
        );
        assert_eq!(accepted(None, fd("7")), Plan::Fd { number: "7".to_owned(), group: None });
        assert_eq!(
            accepted(inet("::1", "2"), inet("::1", "1")),
            Plan::Udp { local: "[::1]:1".parse().unwrap(), remote: "[::1]:2".parse().unwrap() }
        );
        assert!(refusal(inet("::1", "2"), inet("127.0.0.1", "1")).contains("versions of IP"));
        assert!(refusal(inet("ff02::1", "2"), inet("::1", "1")).contains("IPv6 group"));
    }
}
