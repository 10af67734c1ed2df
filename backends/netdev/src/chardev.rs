//! The streams by name that filters hand frames to and take frames from, and that vhost-user speaks on.
//!
//! What travels for filters is a length and a frame, as in the `stream` netdev, whose options and connection these are. Reading
//! `-chardev` is the monitor's, whose devices they are until somebody takes one.

use std::path::Path;

use elnic_contract::nearest;
use elnic_netclient::{NetClient, Outlet};
use elnic_sockets::StreamPlan;
use elnic_stream::Address;

use crate::NetdevError;

/// A stream for a filter or a netdev.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chardev {
    /// Its id.
    pub id: String,
    /// How it connects.
    pub options: elnic_stream::Options,
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

/// A chardev as it is kept.
struct Known {
    id: String,
    /// How it connects, until somebody takes it; a server listens already.
    plan: Option<StreamPlan>,
    /// Descriptors can be passed over it.
    unix: bool,
}

/// Chardevs to choose from, each free for one user.
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
        self.0.push(Known { id: chardev.id.clone(), plan, unix });
        Ok(())
    }

    fn find(&mut self, name: &str) -> Result<&mut Known, NetdevError> {
        let ids = self.0.iter().map(|known| known.id.as_str());
        let nearest = nearest(name, ids).map(str::to_owned);
        let found = self.0.iter_mut().find(|known| known.id == name);
        found.ok_or_else(|| NetdevError::NoChardev { name: name.to_owned(), nearest })
    }

    /// Whether [`Chardevs::take`] would give it.
    ///
    /// # Errors
    /// There is none of that name, or it is in use.
    pub(crate) fn check(&mut self, name: &str) -> Result<(), NetdevError> {
        match self.find(name)?.plan {
            Some(_) => Ok(()),
            None => Err(NetdevError::ChardevInUse(name.to_owned())),
        }
    }

    fn take_plan(&mut self, name: &str) -> Result<StreamPlan, NetdevError> {
        let plan = self.find(name)?.plan.take();
        plan.ok_or_else(|| NetdevError::ChardevInUse(name.to_owned()))
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
                Err(NetdevError::VhostUserChardev { name, nearest })
            }
            Err(other) => Err(other),
            Ok(Known { unix: false, .. }) => Err(NetdevError::NoDescriptors(name.to_owned())),
            Ok(Known { unix: true, .. }) => self.take_plan(name),
        }
    }
}
