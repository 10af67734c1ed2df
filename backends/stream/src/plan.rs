//! From options to a plan: what is to be opened, with all that can be known beforehand checked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use elnic_sockets::{
    BoundPath, Dial, LONGEST_PATH, Listener, StreamPlan, checked_path, descriptor, endpoint,
    port_number, socket_type, stream_listener,
};
use nix::sys::socket::SockType;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::{Address, InetAddress, Options, StreamError};

pub(crate) fn plan(options: &Options) -> Result<StreamPlan, StreamError> {
    let named = match (options.reconnect, options.reconnect_ms) {
        (Some(_), Some(_)) => return Err(StreamError::ReconnectTwice),
        (Some(_), None) => "reconnect",
        _ => "reconnect-ms",
    };
    let pause = options.pause();
    if options.server && (options.reconnect.is_some() || options.reconnect_ms.is_some()) {
        return Err(StreamError::ReconnectOfServer(named));
    }
    match &options.address {
        Address::Inet(inet) if options.server => serve_inet(inet),
        Address::Inet(inet) => {
            let dial = dial_inet(inet)?;
            Ok(StreamPlan::Client { dial, reconnect: pause })
        }
        Address::Unix { path, is_abstract, tight } => {
            let path = if *is_abstract { abstract_name(path, *tight)? } else { path.clone() };
            if !*is_abstract {
                checked_path(&path)?;
            }
            if options.server {
                return serve_unix(&path, *is_abstract);
            }
            let address = SockAddr::unix(&path).map_err(unusable(&path))?;
            let dial = Dial {
                addresses: Box::new(move || Ok(vec![address.clone()])),
                protocol: None,
                keep_alive: false,
                path: (!*is_abstract).then_some(path),
            };
            Ok(StreamPlan::Client { dial, reconnect: pause })
        }
        Address::Vsock => Err(StreamError::Vsock),
        Address::Fd { .. } if pause.is_some() => Err(StreamError::ReconnectOfFd(named)),
        Address::Fd { number } => passed_in(number, options.server),
    }
}

/// Which addresses of a host are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Any,
}

impl Family {
    fn of(inet: &InetAddress) -> Result<Self, StreamError> {
        match (inet.ipv4, inet.ipv6) {
            (Some(false), Some(false)) => Err(StreamError::NoFamily),
            (Some(true), Some(true)) | (None, None) => Ok(Self::Any),
            (Some(true), _) | (_, Some(false)) => Ok(Self::V4),
            (_, Some(true)) | (Some(false), _) => Ok(Self::V6),
        }
    }

    fn takes(self, address: &SocketAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
            Self::Any => true,
        }
    }

    /// What no host stands for: any address to listen at, or this machine to connect to.
    fn unnamed(self, server: bool) -> IpAddr {
        match (self, server) {
            (Self::V6, true) => Ipv6Addr::UNSPECIFIED.into(),
            (Self::V6, false) => Ipv6Addr::LOCALHOST.into(),
            (_, true) => Ipv4Addr::UNSPECIFIED.into(),
            (_, false) => Ipv4Addr::LOCALHOST.into(),
        }
    }
}

/// An inet address, read but not looked up.
struct Host {
    host: String,
    port: u16,
    family: Family,
}

impl Host {
    fn read(inet: &InetAddress) -> Result<Self, StreamError> {
        let is_address = inet.host.is_empty() || inet.host.parse::<IpAddr>().is_ok();
        if inet.numeric && !is_address {
            return Err(StreamError::NotNumeric(inet.host.clone()));
        }
        let port = port_number(&inet.port)?;
        let host = Self { host: inet.host.clone(), port, family: Family::of(inet)? };
        if is_address && !host.host.is_empty() {
            // Numbers are of one family or the other for good: say so now.
            host.look_up(inet.to.is_some()).map_err(|error| host.refusal(&error))?;
        }
        Ok(host)
    }

    fn look_up(&self, server: bool) -> io::Result<Vec<SocketAddr>> {
        if self.host.is_empty() {
            return Ok(vec![SocketAddr::new(self.family.unnamed(server), self.port)]);
        }
        let all = (self.host.as_str(), self.port).to_socket_addrs()?;
        let wanted: Vec<SocketAddr> = all.filter(|address| self.family.takes(address)).collect();
        if wanted.is_empty() {
            let version = if self.family == Family::V4 { "IPv4" } else { "IPv6" };
            return Err(io::Error::other(format!("it has no {version} address")));
        }
        Ok(wanted)
    }

    fn refusal(&self, error: &io::Error) -> StreamError {
        StreamError::Unresolved { host: self.host.clone(), why: error.to_string() }
    }
}

const fn protocol(inet: &InetAddress) -> Protocol {
    if inet.mptcp { Protocol::MPTCP } else { Protocol::TCP }
}

fn serve_inet(inet: &InetAddress) -> Result<StreamPlan, StreamError> {
    let host = Host::read(inet)?;
    if let Some(to) = inet.to.filter(|to| *to < host.port) {
        return Err(StreamError::ToBelowPort { to, port: host.port });
    }
    let last = inet.to.unwrap_or(host.port);
    let addresses = host.look_up(true).map_err(|error| host.refusal(&error))?;
    let both = inet.ipv4 == Some(true) && inet.ipv6 == Some(true) && host.host.is_empty();
    let mut refused = None;
    for mut address in addresses {
        if both {
            address.set_ip(Ipv6Addr::UNSPECIFIED.into());
        }
        match stream_listener(address, last, protocol(inet), !both) {
            Ok(mut listener) => {
                listener.set_keep_alive(inet.keep_alive);
                return Ok(StreamPlan::Server(listener));
            }
            Err(error) => {
                let doing = format!("can't listen at {address}");
                refused = Some(StreamError::Os { doing, error });
            }
        }
    }
    Err(refused.unwrap_or_else(|| host.refusal(&io::Error::other("it has no address"))))
}

fn dial_inet(inet: &InetAddress) -> Result<Dial, StreamError> {
    if inet.to.is_some() {
        return Err(StreamError::ToOfClient);
    }
    let host = Host::read(inet)?;
    Ok(Dial {
        addresses: Box::new(move || {
            Ok(host.look_up(false)?.into_iter().map(SockAddr::from).collect())
        }),
        protocol: Some(protocol(inet)),
        keep_alive: inet.keep_alive,
        path: None,
    })
}

/// A name in the abstract namespace of Linux (unix(7)): a zero, the name, and zeros to the end unless it is tight.
fn abstract_name(name: &Path, tight: bool) -> Result<PathBuf, StreamError> {
    let name = name.as_os_str().as_bytes();
    if name.len() > LONGEST_PATH {
        let shown = String::from_utf8_lossy(name).into_owned();
        return Err(StreamError::AbstractTooLong(shown));
    }
    let mut whole = vec![0];
    whole.extend_from_slice(name);
    if !tight {
        whole.resize(LONGEST_PATH + 1, 0);
    }
    Ok(std::ffi::OsStr::from_bytes(&whole).into())
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> StreamError {
    StreamError::os(format!("can't use unix={}", path.display()))
}

fn serve_unix(path: &Path, is_abstract: bool) -> Result<StreamPlan, StreamError> {
    let bind = |path: &Path| {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(path)?)?;
        Ok(socket)
    };
    let (socket, path) = if is_abstract {
        let name = String::from_utf8_lossy(path.as_os_str().as_bytes()).replace('\0', "");
        (bind(path).map_err(StreamError::os(format!("can't bind unix=@{name}")))?, None)
    } else {
        let (socket, bound) = BoundPath::bind(path, bind)?;
        (socket, Some(bound))
    };
    let listener = Listener::new(socket, path).map_err(StreamError::os("can't listen"))?;
    Ok(StreamPlan::Server(listener))
}

fn passed_in(number: &str, server: bool) -> Result<StreamPlan, StreamError> {
    let socket = descriptor(number)?;
    if socket_type(&socket) != Some(SockType::Stream) {
        return Err(StreamError::NotStream(number.to_owned()));
    }
    let socket = Socket::from(socket);
    if server {
        let listener = Listener::listening(socket, None);
        let listener = listener.map_err(|_| StreamError::NotListening(number.to_owned()))?;
        return Ok(StreamPlan::Server(listener));
    }
    let unconnected = |error| StreamError::NotConnected(number.to_owned(), error);
    // As in QEMU what counts is who is at the other end, not how the socket came here.
    let address = endpoint(&socket.peer_addr().map_err(unconnected)?);
    Ok(StreamPlan::Connected { socket, address })
}

#[cfg(test)]
mod tests {
    use elnic_netclient::Endpoint;

    use super::*;

    fn options(address: Address) -> Options {
        Options { address, server: false, reconnect: None, reconnect_ms: None }
    }

    fn inet(change: impl FnOnce(&mut InetAddress)) -> Options {
        let mut inet = InetAddress {
            host: "127.0.0.1".to_owned(),
            port: "0".to_owned(),
            ..InetAddress::default()
        };
        change(&mut inet);
        options(Address::Inet(inet))
    }

    fn refusal(options: &Options) -> String {
        match plan(options) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{options:?} is accepted"),
        }
    }

    #[test]
    fn reconnect_goes_with_clients_that_can() {
        let server = Options { server: true, reconnect: Some(1), ..inet(|_| ()) };
        assert_eq!(
            refusal(&server),
            "'reconnect' option is incompatible with socket in server mode"
        );
        let server = Options { server: true, reconnect_ms: Some(0), ..inet(|_| ()) };
        assert_eq!(
            refusal(&server),
            "'reconnect-ms' option is incompatible with socket in server mode"
        );
        let both = Options { reconnect: Some(1), reconnect_ms: Some(1), ..inet(|_| ()) };
        assert_eq!(refusal(&both), "'reconnect' and 'reconnect-ms' are mutually exclusive");
        let fd = Address::Fd { number: "0".to_owned() };
        let fd = Options { reconnect: Some(1), ..options(fd) };
        assert!(refusal(&fd).starts_with("'reconnect' does not go with addr.type=fd"));
        let pause =
            |reconnect, reconnect_ms| Options { reconnect, reconnect_ms, ..inet(|_| ()) }.pause();
        assert_eq!(pause(Some(2), None), Some(Duration::from_secs(2)));
        assert_eq!(pause(None, Some(20)), Some(Duration::from_millis(20)));
        assert_eq!(
            (pause(Some(0), None), pause(None, Some(0)), pause(None, None)),
            (None, None, None)
        );
    }

    use std::time::Duration;

    #[test]
    fn each_member_of_an_inet_address_works_or_says_why_not() {
        let name = |inet: &mut InetAddress| inet.host = "localhost".to_owned();
        for (options, why) in [
            (
                inet(|inet| (inet.ipv4, inet.ipv6) = (Some(false), Some(false))),
                "Cannot disable IPv4 and IPv6 at same time",
            ),
            (
                inet(|inet| inet.ipv4 = Some(false)),
                "can't resolve host address '127.0.0.1': it has no IPv6 address",
            ),
            (
                inet(|inet| inet.ipv6 = Some(true)),
                "can't resolve host address '127.0.0.1': it has no IPv6 address",
            ),
            (
                inet(|inet| (inet.host, inet.ipv6) = ("::1".to_owned(), Some(false))),
                "can't resolve host address '::1': it has no IPv4 address",
            ),
            (inet(|inet| inet.to = Some(9)), "'addr.to' is a range of ports to listen at"),
            (
                inet(|inet| {
                    name(inet);
                    inet.numeric = true;
                }),
                "'addr.numeric=on', but the host 'localhost' is a name",
            ),
            (inet(|inet| inet.port = "http".to_owned()), "port number 'http' is invalid"),
            (
                Options {
                    server: true,
                    ..inet(|inet| (inet.port, inet.to) = ("9".to_owned(), Some(8)))
                },
                "'addr.to=8' is below 'addr.port=9'",
            ),
            (
                options(Address::Vsock),
                "addr.type=vsock is not supported: stream takes inet, unix and fd",
            ),
        ] {
            assert!(refusal(&options).starts_with(why), "{options:?}: {}", refusal(&options));
        }
        let family =
            |ipv4, ipv6| Family::of(&InetAddress { ipv4, ipv6, ..InetAddress::default() }).unwrap();
        assert_eq!(family(None, None), Family::Any);
        assert_eq!(family(Some(true), Some(true)), Family::Any);
        assert_eq!(family(Some(true), None), Family::V4);
        assert_eq!(family(None, Some(false)), Family::V4);
        assert_eq!(family(Some(false), None), Family::V6);
        assert_eq!(family(Some(true), Some(false)), Family::V4);
    }

    #[test]
    fn a_port_in_use_is_stepped_over_only_as_far_as_to_allows() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let server = |to| Options {
            server: true,
            ..inet(|inet| (inet.port, inet.to) = (port.to_string(), to))
        };
        assert!(refusal(&server(None)).starts_with(&format!("can't listen at 127.0.0.1:{port}: ")));
        let Ok(StreamPlan::Server(listener)) = plan(&server(Some(port.saturating_add(50)))) else {
            panic!("a later port is taken")
        };
        assert!(
            matches!(listener.local().unwrap(), Endpoint::Inet { port: found, .. } if found > port)
        );
    }

    #[test]
    fn paths_and_names_have_a_length() {
        let unix = |path: &str, is_abstract| Options {
            server: true,
            ..options(Address::Unix { path: path.into(), is_abstract, tight: true })
        };
        let long = "x".repeat(108);
        assert!(refusal(&unix(&long, false)).ends_with("is too long: it takes at most 107 bytes"));
        assert!(refusal(&unix(&long, true)).ends_with("an abstract one takes at most 107 bytes"));
        assert_eq!(abstract_name(Path::new("ab"), true).unwrap().as_os_str().as_bytes(), b"\0ab");
        assert_eq!(abstract_name(Path::new("ab"), false).unwrap().as_os_str().len(), 108);
    }
}
