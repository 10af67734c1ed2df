//! `-nic` and `-net`: interfaces with their netdevs in one option, and the older way by which both meet on a hub.

use elnic_contract::MacAddr;
use serde_json::{Map, Value};

use crate::options::LegacyNicOptions;
use crate::parse::{Read, Request, read, typed};
use crate::schema::{Kind, OptionSpec};
use crate::validate::{OptionError, identifier};
use crate::{Netdev, NetdevError, NetdevOptions};

/// Network interfaces there can be of `-nic` and `-net`, as in QEMU.
pub const MAX_NICS: usize = 8;
/// MSI-X vectors that can be asked for, as in QEMU; a model takes fewer.
const MAX_VECTORS: u32 = 0x07ff_ffff;

/// A network interface as `-nic` and `-net nic` describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its id; without one it is called after its model.
    pub id: Option<String>,
    /// Model; the board's own if not given. May be `help`.
    pub model: Option<String>,
    /// Station address.
    pub mac: Option<MacAddr>,
    /// Where it stands on its bus.
    pub addr: Option<String>,
    /// MSI-X vectors.
    pub vectors: Option<u32>,
}

/// `-nic TYPE,…`: a netdev and a network interface on it in one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NicRequest {
    /// The netdev; `None` for `-nic none`, which wants no interface at all.
    pub netdev: Option<Netdev>,
    /// The interface.
    pub interface: Interface,
}

/// `-net TYPE,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetRequest {
    /// `none`: nothing at all.
    None,
    /// An interface, on the netdev of that id or else on hub 0.
    Nic(Option<String>, Interface),
    /// A netdev on hub 0. One without an id of its own is called after its type.
    Backend(Option<String>, Box<NetdevOptions>),
}

const fn of_interface(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> OptionSpec {
    OptionSpec { name, kind, required: false, default, about }
}

/// Options of `-nic` that are the interface's.
const NIC_OPTIONS: &[OptionSpec] = &[
    of_interface("model", Kind::Text, "", "model of the interface"),
    of_interface("mac", Kind::Text, "the next free one", "station address"),
    of_interface("addr", Kind::Text, "the next free one", "PCI slot and function of the interface"),
    of_interface("vectors", Kind::UINT32, "the model's own", "MSI-X vectors, 0 for none"),
];

/// The old name of `id`.
const NET_OPTIONS: &[OptionSpec] =
    &[of_interface("name", Kind::Text, "", "identifier: the old name of id=")];

/// Reads the argument of `-nic`: as `-netdev`, with `model=`, `mac=`, `addr=` and `vectors=`. Without `id=` the netdev is
/// called `#netN`, which no user can choose, with `number` for N.
///
/// # Errors
/// As [`crate::parse`], and for a `mac` that is none or addresses a group, or a number of vectors that cannot be.
pub fn parse_nic(text: &str, number: usize) -> Result<Request<NicRequest>, NetdevError> {
    let Read { spec, id, members, nic } = match read(text, NIC_OPTIONS)? {
        Request::Help(text) => return Ok(Request::Help(text)),
        Request::Make(read) => read,
    };
    let id = match id {
        Some(id) => identifier("id", id)?,
        None => format!("#net{number}"),
    };
    let netdev = match typed(spec.name, members)? {
        NetdevOptions::None => None,
        options => Some(Netdev { id, options }),
    };
    let interface = Interface {
        id: None,
        model: taken(&nic, "model"),
        mac: taken(&nic, "mac").map(station).transpose()?,
        addr: taken(&nic, "addr"),
        vectors: taken(&nic, "vectors").map(vectors).transpose()?,
    };
    Ok(Request::Make(NicRequest { netdev, interface }))
}

/// Reads the argument of `-net`: `nic,…`, `none`, or a netdev, each with `id=` or `name=`.
///
/// # Errors
/// As [`parse_nic`], and for `hubport`, which has no place here.
pub fn parse_net(text: &str) -> Result<Request<NetRequest>, NetdevError> {
    let Read { spec, id, members, nic } = match read(text, NET_OPTIONS)? {
        Request::Help(text) => return Ok(Request::Help(text)),
        Request::Make(read) => read,
    };
    let id = id.map(|id| identifier("id", id)).transpose()?;
    let name = taken(&nic, "name").map(|name| identifier("name", name)).transpose()?;
    let id = match (id, name) {
        (Some(_), Some(_)) => return Err(NetdevError::NamedTwice),
        (id, name) => id.or(name),
    };
    Ok(Request::Make(match typed(spec.name, members)? {
        NetdevOptions::None => NetRequest::None,
        NetdevOptions::Hubport(_) => return Err(NetdevError::NoLegacy("hubport")),
        NetdevOptions::Nic(LegacyNicOptions { netdev, macaddr, model, addr, vectors }) => {
            let vectors = vectors.map(|number| self::vectors(number.to_string())).transpose()?;
            let mac = macaddr.map(station).transpose()?;
            NetRequest::Nic(netdev, Interface { id, model, mac, addr, vectors })
        }
        options => NetRequest::Backend(id, Box::new(options)),
    }))
}

fn taken(members: &Map<String, Value>, key: &str) -> Option<String> {
    members.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn station(text: String) -> Result<MacAddr, NetdevError> {
    match text.parse::<MacAddr>() {
        Ok(mac) if mac.is_group() => Err(NetdevError::MulticastMac(text)),
        Ok(mac) => Ok(mac),
        Err(_) => Err(NetdevError::Mac(text)),
    }
}

fn vectors(text: String) -> Result<u32, NetdevError> {
    let number = text.parse().ok().filter(|number| *number <= MAX_VECTORS);
    number.ok_or_else(|| match text.parse::<u32>() {
        Ok(_) => NetdevError::Vectors(text),
        Err(_) => OptionError::Type { key: "vectors".to_owned(), expected: "uint32" }.into(),
    })
}
