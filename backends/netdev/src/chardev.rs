//! The streams by name that filters hand frames to and take frames from.
//!
//! What travels is a length and a frame, as in the `stream` netdev, whose options and connection these are. Reading
//! `-chardev` is the monitor's, whose devices they are until a filter takes one.

use elnic_contract::nearest;
use elnic_netclient::{NetClient, Outlet};

use crate::NetdevError;

/// A stream for a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chardev {
    /// Its id.
    pub id: String,
    /// How it connects.
    pub options: elnic_stream::Options,
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
