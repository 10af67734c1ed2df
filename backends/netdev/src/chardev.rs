//! `-chardev socket,…`: streams by name, for the filters that hand frames to other programs.
//!
//! What travels is a length and a frame, as in the `stream` netdev, whose options and connection these are. Of QEMU's kinds
//! of chardev this is the one filters take; a machine's serial lines have `-serial`.

use std::path::{Path, PathBuf};

use elnic_contract::nearest;
use elnic_netclient::{NetClient, Outlet};
use elnic_sockets::StreamPlan;
use elnic_stream::{Address, InetAddress};
use serde::Deserialize;

use crate::parse::{Request, deserialize};
use crate::schema::CHARDEV_OPTIONS;
use crate::validate::{self, OptionError, Origin, choice, identifier};
use crate::{NetdevError, help, keyval};

/// A chardev as the user described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chardev {
    /// Its id.
    pub id: String,
    /// How it connects.
    pub options: elnic_stream::Options,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Given {
    path: Option<PathBuf>,
    r#abstract: Option<bool>,
    tight: Option<bool>,
    host: Option<String>,
    port: Option<String>,
    to: Option<u16>,
    ipv4: Option<bool>,
    ipv6: Option<bool>,
    fd: Option<String>,
    server: Option<bool>,
    wait: Option<bool>,
    reconnect: Option<u32>,
    reconnect_ms: Option<u32>,
}

/// Reads the argument of `-chardev`: `socket,id=ID,path=PATH,…` or `socket,help`.
///
/// # Errors
/// The text is no option list, or an option is unknown, missing or of another type.
pub fn parse_chardev(text: &str) -> Result<Request<Chardev>, NetdevError> {
    let mut pairs = keyval::traditional(text, Some("backend"))?;
    let asks_for_help = keyval::wants_help(&pairs);
    let mut take = |key: &str| {
        let at = pairs.iter().position(|pair| pair.key == key)?;
        pairs.remove(at).value
    };
    let missing = |key: &str| OptionError::Missing(key.to_owned());
    let backend = take("backend").ok_or_else(|| missing("backend"))?;
    if backend == "help" || (asks_for_help && backend == "socket") {
        let mut text = "socket options:\n".to_owned();
        help::option_lines(&mut text, "", CHARDEV_OPTIONS);
        return Ok(Request::Help(text));
    }
    choice("backend", &backend, ["socket"])?;
    let id = identifier("id", take("id").ok_or_else(|| missing("id"))?)?;
    let gathered = validate::gather(CHARDEV_OPTIONS, pairs)?;
    let checked = validate::object(CHARDEV_OPTIONS, gathered, "", Origin::Traditional)?;
    Ok(Request::Make(Chardev { id, options: options(deserialize(checked)?)? }))
}

/// A unix socket at a path.
pub fn unix(path: &Path) -> Address {
    Address::Unix { path: path.to_owned(), is_abstract: false, tight: true }
}

/// A socket that was passed in, by number.
pub fn passed(number: &str) -> Address {
    Address::Fd { number: number.to_owned() }
}

/// How connections at that address come about, for whoever speaks something else on them than frames; a `server` listens
/// already, a client connects again after `reconnect` ms if that is not 0.
///
/// # Errors
/// The address is none, or cannot be listened at.
pub fn stream_plan(
    address: Address,
    server: bool,
    reconnect: u32,
) -> Result<StreamPlan, NetdevError> {
    let reconnect_ms = Some(reconnect).filter(|pause| *pause > 0);
    let options = elnic_stream::Options { address, server, reconnect: None, reconnect_ms };
    Ok(elnic_stream::plan(&options)?)
}

fn options(given: Given) -> Result<elnic_stream::Options, NetdevError> {
    let Given { path, r#abstract, tight, host, port, to, ipv4, ipv6, fd, server, wait, .. } = given;
    if wait == Some(true) {
        return Err(NetdevError::ChardevWait);
    }
    let of_inet = host.is_some() || to.is_some() || ipv4.is_some() || ipv6.is_some();
    let of_unix = r#abstract.is_some() || tight.is_some();
    let address = match (path, fd, port) {
        (Some(path), None, None) if !of_inet => Address::Unix {
            path,
            is_abstract: r#abstract == Some(true),
            tight: tight != Some(false),
        },
        (None, Some(number), None) if !of_inet && !of_unix => Address::Fd { number },
        (None, None, Some(port)) if !of_unix => {
            let host = host.unwrap_or_default();
            let inet = InetAddress { host, port, to, ipv4, ipv6, ..InetAddress::default() };
            Address::Inet(inet)
        }
        _ => return Err(NetdevError::ChardevAddress),
    };
    Ok(elnic_stream::Options {
        address,
        server: server == Some(true),
        reconnect: given.reconnect,
        reconnect_ms: given.reconnect_ms,
    })
}

/// A chardev as it is kept.
struct Known {
    id: String,
    kind: Kind,
}

enum Kind {
    /// A socket, until somebody takes it; a server listens already.
    Socket {
        plan: Option<StreamPlan>,
        /// Descriptors can be passed over it.
        unix: bool,
    },
    /// Of another kind: a monitor's, or no socket.
    Other,
}

/// The chardevs of a machine, each free for one user.
#[derive(Default)]
pub struct Chardevs(Vec<Known>);

/// What a unix address, or a descriptor that was passed in, can do: pass descriptors.
fn is_unix(address: &Address) -> bool {
    match address {
        Address::Unix { .. } => true,
        Address::Fd { number } => elnic_sockets::descriptor(number)
            .is_ok_and(|socket| elnic_sockets::socket_family(&socket) == Some("unix")),
        Address::Inet(_) | Address::Vsock => false,
    }
}

impl Chardevs {
    /// Opens a chardev.
    ///
    /// # Errors
    /// The id is taken, or the host refuses.
    pub fn add(&mut self, chardev: &Chardev) -> Result<(), NetdevError> {
        if self.0.iter().any(|known| known.id == chardev.id) {
            return Err(NetdevError::DuplicateChardev(chardev.id.clone()));
        }
        let unix = is_unix(&chardev.options.address);
        let plan = Some(elnic_stream::plan(&chardev.options)?);
        self.0.push(Known { id: chardev.id.clone(), kind: Kind::Socket { plan, unix } });
        Ok(())
    }

    /// There is a chardev of that id that netdevs and filters cannot use: refusals say so instead of not knowing it.
    pub fn note_other(&mut self, id: &str) {
        self.0.push(Known { id: id.to_owned(), kind: Kind::Other });
    }

    fn find(&mut self, name: &str) -> Result<&mut Kind, NetdevError> {
        let ids = self.0.iter().map(|known| known.id.as_str());
        let nearest = nearest(name, ids).map(str::to_owned);
        let found = self.0.iter_mut().find(|known| known.id == name);
        let missing = || NetdevError::NoChardev { name: name.to_owned(), nearest };
        Ok(&mut found.ok_or_else(missing)?.kind)
    }

    /// Whether [`Chardevs::take`] would give it.
    ///
    /// # Errors
    /// There is none of that name, it is no socket, or it is in use.
    pub(crate) fn check(&mut self, name: &str) -> Result<(), NetdevError> {
        match self.find(name)? {
            Kind::Socket { plan: Some(_), .. } => Ok(()),
            Kind::Socket { plan: None, .. } => Err(NetdevError::ChardevInUse(name.to_owned())),
            Kind::Other => Err(NetdevError::NoStream(name.to_owned())),
        }
    }

    fn take_plan(&mut self, name: &str) -> Result<StreamPlan, NetdevError> {
        self.check(name)?;
        match self.find(name)? {
            Kind::Socket { plan, .. } => plan.take(),
            Kind::Other => None,
        }
        .ok_or_else(|| NetdevError::ChardevInUse(name.to_owned()))
    }

    /// Hands it to a filter.
    ///
    /// # Errors
    /// As [`Chardevs::check`].
    pub(crate) fn take(&mut self, name: &str) -> Result<Outlet, NetdevError> {
        let plan = self.take_plan(name)?;
        let client: Box<dyn NetClient> = Box::new(elnic_stream::start(name, plan)?);
        Ok(Outlet::new(name.to_owned(), client))
    }

    /// Hands it to a vhost-user netdev.
    ///
    /// # Errors
    /// As [`Chardevs::check`] in QEMU's words, or no descriptors can be passed over it.
    pub(crate) fn take_for_vhost_user(&mut self, name: &str) -> Result<StreamPlan, NetdevError> {
        match self.find(name) {
            Err(NetdevError::NoChardev { name, nearest }) => {
                return Err(NetdevError::VhostUserChardev { name, nearest });
            }
            Err(other) => return Err(other),
            Ok(Kind::Other) => return Err(NetdevError::NotReconnectable(name.to_owned())),
            Ok(Kind::Socket { unix: false, .. }) => {
                return Err(NetdevError::NoDescriptors(name.to_owned()));
            }
            Ok(Kind::Socket { unix: true, .. }) => {}
        }
        self.take_plan(name)
    }
}
