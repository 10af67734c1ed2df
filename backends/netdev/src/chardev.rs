//! `-chardev socket,…`: streams by name, for the filters that hand frames to other programs.
//!
//! What travels is a length and a frame, as in the `stream` netdev, whose options and connection these are. Of QEMU's kinds
//! of chardev this is the one filters take; a machine's serial lines have `-serial`.

use std::path::PathBuf;

use elnic_contract::nearest;
use elnic_netclient::{NetClient, Outlet};
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

/// The chardevs of a machine, each free for one user.
#[derive(Default)]
pub struct Chardevs(Vec<(String, Option<Box<dyn NetClient>>)>);

impl Chardevs {
    /// Opens a chardev.
    ///
    /// # Errors
    /// The id is taken, or the host refuses.
    pub fn add(&mut self, chardev: &Chardev) -> Result<(), NetdevError> {
        if self.0.iter().any(|(id, _)| *id == chardev.id) {
            return Err(NetdevError::DuplicateChardev(chardev.id.clone()));
        }
        let client = elnic_stream::open(&chardev.id, &chardev.options)?;
        self.0.push((chardev.id.clone(), Some(Box::new(client))));
        Ok(())
    }

    /// Whether [`Chardevs::take`] would give it.
    ///
    /// # Errors
    /// There is none of that name, or it is in use.
    pub(crate) fn check(&self, name: &str) -> Result<(), NetdevError> {
        match self.0.iter().find(|(id, _)| id == name) {
            Some((_, Some(_))) => Ok(()),
            Some((_, None)) => Err(NetdevError::ChardevInUse(name.to_owned())),
            None => {
                let nearest = nearest(name, self.0.iter().map(|(id, _)| id.as_str()));
                let nearest = nearest.map(str::to_owned);
                Err(NetdevError::NoChardev { name: name.to_owned(), nearest })
            }
        }
    }

    /// Hands it to its user.
    ///
    /// # Errors
    /// As [`Chardevs::check`].
    pub(crate) fn take(&mut self, name: &str) -> Result<Outlet, NetdevError> {
        self.check(name)?;
        let found = self.0.iter_mut().find(|(id, _)| id == name);
        let client = found.and_then(|(_, client)| client.take());
        let client = client.ok_or_else(|| NetdevError::ChardevInUse(name.to_owned()))?;
        Ok(Outlet::new(name.to_owned(), client))
    }
}
