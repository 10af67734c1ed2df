//! From typed options to a netdev in the core.

mod host;
mod sockets;
mod user;

use elnic_netclient::{NetClient, NetCore, NetError, PortId};
use elnic_socket::Client;
use elnic_user::UserNet;

use crate::options::{HubPortOptions, Netdev, NetdevOptions};
use crate::schema::TYPES;
use crate::{Chardevs, NetdevError};

/// Makes the client of a netdev, opening what it needs of the host.
///
/// # Errors
/// This version cannot make the type (a hub port has no client: use [`add`]), an option is wrong, or the host refuses.
pub fn create(netdev: &Netdev) -> Result<Box<dyn NetClient>, NetdevError> {
    create_using(netdev, &mut Chardevs::default())
}

fn create_using(
    netdev: &Netdev,
    chardevs: &mut Chardevs,
) -> Result<Box<dyn NetClient>, NetdevError> {
    match &netdev.options {
        NetdevOptions::VhostUser(options) => {
            Ok(Box::new(host::vhost_user(&netdev.id, options, chardevs)?))
        }
        NetdevOptions::User(options) => Ok(Box::new(UserNet::new(&user::options(options))?)),
        NetdevOptions::Dgram(options) => {
            Ok(Box::new(elnic_dgram::open(&netdev.id, &sockets::dgram(options)?)?))
        }
        NetdevOptions::Stream(options) => {
            Ok(Box::new(elnic_stream::open(&netdev.id, &sockets::stream(options))?))
        }
        NetdevOptions::Socket(options) => {
            Ok(match elnic_socket::open(&netdev.id, &sockets::socket(options))? {
                Client::Stream(client) => Box::new(client),
                Client::Datagram(client) => Box::new(client),
            })
        }
        NetdevOptions::L2tpv3(options) => {
            Ok(Box::new(elnic_l2tpv3::open(&netdev.id, &sockets::l2tpv3(options))?))
        }
        NetdevOptions::Vde(options) => {
            Ok(Box::new(elnic_vde::open(&netdev.id, &sockets::vde(options))?))
        }
        NetdevOptions::Tap(options) => {
            Ok(Box::new(elnic_tap::open(&netdev.id, &host::tap(options))?))
        }
        NetdevOptions::Bridge(options) => {
            Ok(Box::new(elnic_tap::open_bridge(&netdev.id, &host::bridge(options))?))
        }
        NetdevOptions::None => Err(NetdevError::NoBackend("none")),
        NetdevOptions::Nic(_) => Err(NetdevError::NoBackend("nic")),
        other => Err(NetdevError::NotBuilt {
            kind: other.kind().to_owned(),
            built: TYPES.iter().filter(|spec| spec.built).map(|spec| spec.name).collect(),
        }),
    }
}

/// Makes a netdev that uses no chardev and adds it to the core.
///
/// # Errors
/// As [`create`], and if the id is taken or a hub port's netdev is not there or not free.
pub fn add(core: &mut NetCore, netdev: &Netdev) -> Result<PortId, NetdevError> {
    add_using(core, netdev, &mut Chardevs::default())
}

/// Makes a netdev and adds it to the core: what `-netdev` and `netdev_add` do.
///
/// # Errors
/// As [`add`], and if the chardev is not there, in use or of the wrong kind.
pub fn add_using(
    core: &mut NetCore,
    netdev: &Netdev,
    chardevs: &mut Chardevs,
) -> Result<PortId, NetdevError> {
    if let NetdevOptions::Hubport(HubPortOptions { hubid, netdev: to }) = &netdev.options {
        return Ok(core.add_hub_port(&netdev.id, *hubid, to.as_deref())?);
    }
    // Before anything is opened: a path of the netdev that has the id must not be cleared for this one.
    if core.netdev(&netdev.id).is_some() {
        return Err(NetError::DuplicateNetdev(netdev.id.clone()).into());
    }
    Ok(core.add_backend(&netdev.id, create_using(netdev, chardevs)?)?)
}
