//! Character devices as the command line writes them: `-chardev socket,id=…`, and the short form of `-qmp`, `-monitor` and
//! `-qtest`.

use std::path::PathBuf;

use elnic_contract::{nearest, parse_switch};
use elnic_netdev::keyval::{self, Pair};

use super::{Address, Kind, Socket, families};

/// Why a text is no character device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No list of options.
    #[error("{0}")]
    List(String),
    /// An option that is not known.
    #[error("Invalid parameter '{key}'{}", .nearest.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
    Unknown {
        /// The option.
        key: String,
        /// The nearest there is.
        nearest: Option<&'static str>,
    },
    /// An option with a value it does not take.
    #[error("Parameter '{key}' expects {wanted}, not '{value}'")]
    Value {
        /// The option.
        key: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// What was given.
        value: String,
    },
    /// Something that must be there is not.
    #[error("chardev: {0}")]
    Missing(&'static str),
    /// A type that is not known.
    #[error("'{0}' is not a valid char driver name: there are file, null, socket and stdio")]
    Type(String),
    /// Options that do not go together.
    #[error("{0}")]
    Together(&'static str),
}

/// A character device as a user asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChardevOption {
    /// Its id.
    pub id: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// The options, and what each says.
const OPTIONS: &[(&str, &str)] = &[
    ("backend", "socket, stdio, file or null"),
    ("id", "its name"),
    ("path", "unix socket, or the file that is written"),
    ("abstract", "socket in the abstract namespace of Linux (default: off)"),
    ("host", "name or address of an internet socket"),
    ("port", "port number"),
    ("ipv4", "allow IPv4"),
    ("ipv6", "allow IPv6"),
    ("fd", "number of an open descriptor"),
    ("server", "listen (default: off)"),
    ("wait", "a server waits for its first peer before anything else happens (default: on)"),
    ("nodelay", "small packets are not gathered (default: off)"),
    ("reconnect", "connect again after so many seconds (default: 0, never)"),
    ("append", "what a file holds is kept (default: off)"),
    ("signal", "Ctrl-C on stdio ends the program: on (-nographic turns it off)"),
    ("telnet", "off: the protocol is not spoken"),
    ("mux", "off: each monitor has a device of its own"),
];

/// What `-chardev help` prints.
pub fn chardev_help() -> String {
    let line = |(name, about): &(&str, &str)| format!("  {name:<10} {about}\n");
    let lines: String = OPTIONS.iter().map(line).collect();
    format!("chardev options:\n{lines}")
}

/// Options by key; a switch alone is on, `nowait` and its like are off.
#[derive(Default)]
struct Options(Vec<(&'static str, String)>);

impl Options {
    fn read(pairs: Vec<Pair>) -> Result<Self, SpecError> {
        let mut options = Self::default();
        for Pair { key, value } in pairs {
            let names = || OPTIONS.iter().map(|(name, _)| *name);
            let find = |wanted: &str| names().find(|key| *key == wanted);
            let negated = key.strip_prefix("no").and_then(find);
            match (find(&key), negated, value) {
                (Some(key), _, value) => {
                    options.0.push((key, value.unwrap_or_else(|| "on".to_owned())));
                }
                (None, Some(key), None) => options.0.push((key, "off".to_owned())),
                (None, ..) => {
                    let nearest = nearest(&key, names());
                    return Err(SpecError::Unknown { key, nearest });
                }
            }
        }
        Ok(options)
    }

    fn text(&self, key: &str) -> Option<&str> {
        let mut given = self.0.iter().rev();
        given.find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }

    fn switch(&self, key: &'static str, default: bool) -> Result<bool, SpecError> {
        let Some(value) = self.text(key) else { return Ok(default) };
        let wanted = "'on' or 'off'";
        parse_switch(value).ok_or_else(|| SpecError::Value { key, wanted, value: value.to_owned() })
    }

    fn socket(&self) -> Result<Socket, SpecError> {
        let address = match (self.text("path"), self.text("port"), self.text("fd")) {
            (Some(path), None, None) => Address::Unix {
                path: PathBuf::from(path),
                is_abstract: self.switch("abstract", false)?,
            },
            (None, Some(port), None) => {
                let family = |key| self.text(key).map(|_| self.switch(key, true)).transpose();
                let (ipv4, ipv6) = families(family("ipv4")?, family("ipv6")?);
                let host = self.text("host").unwrap_or_default().to_owned();
                Address::Inet { host, port: port.to_owned(), ipv4, ipv6 }
            }
            (None, None, Some(number)) => Address::Descriptor(number.to_owned()),
            (None, None, None) => return Err(SpecError::Missing("socket: no address was given")),
            _ => {
                return Err(SpecError::Together(
                    "socket: only one of path, port and fd can be given",
                ));
            }
        };
        if self.switch("telnet", false)? {
            return Err(SpecError::Together("socket: telnet=on is not supported"));
        }
        let server = self.switch("server", false)?;
        let reconnect = match self.text("reconnect") {
            None => 0,
            Some(text) => text.parse().map_err(|_| SpecError::Value {
                key: "reconnect",
                wanted: "a number of seconds",
                value: text.to_owned(),
            })?,
        };
        let socket = Socket {
            address,
            server,
            // A server waits unless told otherwise; a client has nobody to wait for.
            wait: self.switch("wait", server)?,
            no_delay: self.switch("nodelay", false)?,
            reconnect,
        };
        socket.check().map_err(SpecError::Together)?;
        Ok(socket)
    }

    fn kind(&self, backend: &str) -> Result<Kind, SpecError> {
        if self.switch("mux", false)? {
            return Err(SpecError::Together(
                "mux=on is not supported: each monitor has a device of its own",
            ));
        }
        if !self.switch("signal", true)? {
            return Err(SpecError::Together(
                "signal=off is not supported: -nographic leaves Ctrl-C to the guest",
            ));
        }
        match backend {
            "null" => Ok(Kind::Null),
            "stdio" => Ok(Kind::Stdio),
            "socket" => Ok(Kind::Socket(self.socket()?)),
            "file" => Ok(Kind::File {
                path: self
                    .text("path")
                    .ok_or(SpecError::Missing("file: no filename given"))?
                    .into(),
                append: self.switch("append", false)?,
            }),
            other => Err(SpecError::Type(other.to_owned())),
        }
    }
}

fn pairs(text: &str, implied: &str) -> Result<Vec<Pair>, SpecError> {
    keyval::traditional(text, Some(implied)).map_err(|error| SpecError::List(error.to_string()))
}

impl ChardevOption {
    /// Reads the argument of `-chardev`: `TYPE,id=ID,…`.
    ///
    /// # Errors
    /// It is no such list, or an option is unknown, missing or of another type.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let options = Options::read(pairs(text, "backend")?)?;
        let backend = options.text("backend").unwrap_or_default();
        let id = options.text("id").ok_or(SpecError::Missing("'id' is missing"))?.to_owned();
        Ok(Self { id: Some(id), kind: options.kind(backend)? })
    }

    /// Reads the short form: `stdio`, `null`, `none`, `file:PATH`, `unix:PATH[,…]`, `tcp:[HOST]:PORT[,…]`, `fd:N` or
    /// `chardev:ID`. `None` for `none`.
    ///
    /// # Errors
    /// As [`ChardevOption::parse`].
    pub fn parse_short(text: &str) -> Result<Option<Short>, SpecError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let socket = |key: &str, rest: &str| -> Result<Option<Short>, SpecError> {
            let options = Options::read(pairs(rest, key)?)?;
            Ok(Some(Short::New(Kind::Socket(options.socket()?))))
        };
        match (kind, rest) {
            ("none", "") => Ok(None),
            ("null", "") => Ok(Some(Short::New(Kind::Null))),
            ("stdio", "") => Ok(Some(Short::New(Kind::Stdio))),
            ("chardev", id) if !id.is_empty() => Ok(Some(Short::Known(id.to_owned()))),
            ("file", path) if !path.is_empty() => {
                Ok(Some(Short::New(Kind::File { path: path.into(), append: false })))
            }
            ("unix", rest) if !rest.is_empty() => socket("path", rest),
            ("fd", rest) if !rest.is_empty() => socket("fd", rest),
            ("tcp", rest) => {
                let (place, options) = rest.split_once(',').unwrap_or((rest, ""));
                let missing = SpecError::Missing("tcp: HOST:PORT is wanted");
                let (host, port) = place.rsplit_once(':').ok_or(missing)?;
                let host = host.trim_start_matches('[').trim_end_matches(']');
                socket("host", format!("{host},port={port},{options}").trim_end_matches(','))
            }
            _ => Err(SpecError::Type(text.to_owned())),
        }
    }
}

/// The device that a short form names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Short {
    /// A new one.
    New(Kind),
    /// One that `-chardev` made.
    Known(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(path: &str, server: bool, wait: bool) -> Kind {
        let address = Address::Unix { path: path.into(), is_abstract: false };
        Kind::Socket(Socket { address, server, wait, no_delay: false, reconnect: 0 })
    }

    #[test]
    fn sockets_are_written_in_two_ways() {
        let long = ChardevOption::parse("socket,id=c0,path=/tmp/x,server=on,wait=off").unwrap();
        assert_eq!(
            long,
            ChardevOption { id: Some("c0".to_owned()), kind: unix("/tmp/x", true, false) }
        );
        for (text, wanted) in [
            ("unix:/tmp/x,server=on,wait=off", unix("/tmp/x", true, false)),
            ("unix:/tmp/x,server,nowait", unix("/tmp/x", true, false)),
            ("unix:/tmp/x,server", unix("/tmp/x", true, true)),
            ("unix:/tmp/x", unix("/tmp/x", false, false)),
        ] {
            assert_eq!(ChardevOption::parse_short(text), Ok(Some(Short::New(wanted))), "{text}");
        }
        let tcp =
            ChardevOption::parse_short("tcp:[::1]:4444,server=on,wait=off,nodelay=on").unwrap();
        let Some(Short::New(Kind::Socket(tcp))) = tcp else { panic!("{tcp:?}") };
        assert_eq!(
            tcp.address,
            Address::Inet {
                host: "::1".to_owned(),
                port: "4444".to_owned(),
                ipv4: true,
                ipv6: true
            }
        );
        assert!(tcp.server && tcp.no_delay && !tcp.wait);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (text, wanted) in [
            ("socket,path=/x", "'id' is missing"),
            ("socket,id=a", "no address"),
            ("sockt,id=a", "'sockt' is not a valid char driver"),
            ("socket,id=a,path=/x,sever=on", "did you mean 'server'"),
            ("socket,id=a,path=/x,server=maybe", "'on' or 'off', not 'maybe'"),
            ("socket,id=a,path=/x,server=on,reconnect=1", "incompatible"),
            ("file,id=a", "no filename"),
        ] {
            let error = ChardevOption::parse(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        assert!(ChardevOption::parse_short("pty").is_err());
        assert_eq!(ChardevOption::parse_short("none"), Ok(None));
    }
}
