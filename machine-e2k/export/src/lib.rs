//! Our virtio-net served to another program: the back end's side of vhost-user.
//!
//! The device is the very value a guest of ours has, and this is its machine: memory is what the front end shares, the
//! driver's side of negotiation is done here as its messages say (`device`, `front_end`), frames go through a net core to
//! any netdev, interrupts are the rings' calls. All of it runs on one thread (`serve`), in the host's time.
//!
//! One pair of queues; the front end keeps configuration and control queue, as QEMU and DPDK's virtio_user do. Left out of
//! the protocol: several pairs, logging of dirty pages, inflight regions (a chain is taken and given back in one step), the
//! back end's own requests.
#![forbid(unsafe_code)]

mod device;
mod early;
mod front_end;
mod memory;
mod serve;

use elnic_contract::{BuildError, OffloadSupport};
use elnic_netclient::{NetCore, NetError, NicOptions};

pub use serve::{Bell, ServeError, Server};

/// Model of the device, and what it is made with: large rings, nothing that the front end does itself, and all the work on
/// checksums and segments that a netdev may not do.
const MODEL: &str = "virtio-net-pci";
const PROPERTIES: [(&str, &str); 5] = [
    ("rx_queue_size", "1024"),
    ("tx_queue_size", "1024"),
    ("ctrl_vq", "off"),
    ("status", "off"),
    ("offloads", "on"),
];

/// Why there is no device to serve.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A property of it cannot be.
    #[error(transparent)]
    Device(#[from] BuildError),
    /// It cannot be connected to its netdev.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The catalogue does not have it.
    #[error("there is no model '{0}'")]
    Model(&'static str),
}

/// Makes the device, with `properties` of its user's, and connects it to a netdev of `core`.
///
/// # Errors
/// A property cannot be, or there is no such netdev.
pub fn export(
    mut core: NetCore,
    netdev: &str,
    properties: &[(String, String)],
) -> Result<Server, ExportError> {
    let entry = elnic_catalogue::find(MODEL).map_err(|_| ExportError::Model(MODEL))?;
    let given = |name: &str| properties.iter().any(|(own, _)| own == name);
    let ours = PROPERTIES.iter().filter(|(name, _)| !given(name)).copied();
    let theirs = properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let device = entry.make(ours.chain(theirs))?;
    let mac = device.as_nic().map(elnic_contract::Nic::mac).unwrap_or_default();
    let port = core.add_nic(NicOptions {
        id: None,
        model: MODEL.to_owned(),
        mac,
        netdev: Some(netdev.to_owned()),
        pad_short: false,
        offload: OffloadSupport::NONE,
        rings: false,
    })?;
    Ok(Server::new(device, core, port))
}
