//! The options of tap and bridge, from the schema's to their own.

use elnic_vhost_user::VhostUser;

use crate::options::{BridgeOptions, TapOptions, VhostUserOptions};
use crate::{Chardevs, NetdevError};

/// `vhostforce` asks for what is so anyway: a guest without MSI-X gets its interrupts from the device.
pub(super) fn vhost_user(
    id: &str,
    options: &VhostUserOptions,
    chardevs: &mut Chardevs,
) -> Result<VhostUser, NetdevError> {
    let VhostUserOptions { chardev, vhostforce: _, queues } = options;
    let plan = chardevs.take_for_vhost_user(chardev)?;
    Ok(elnic_vhost_user::open(id, chardev, plan, queues.unwrap_or(1))?)
}

pub(super) fn tap(options: &TapOptions) -> elnic_tap::Options {
    let TapOptions {
        ifname,
        fd,
        fds,
        script,
        downscript,
        br,
        helper,
        sndbuf,
        vnet_hdr,
        vhost,
        vhostfd,
        vhostfds,
        vhostforce,
        queues,
        poll_us,
    } = options.clone();
    elnic_tap::Options {
        ifname,
        fd,
        fds,
        script,
        downscript,
        br,
        helper,
        sndbuf,
        vnet_hdr,
        vhost,
        vhostfd,
        vhostfds,
        vhostforce,
        queues,
        poll_us,
    }
}

pub(super) fn bridge(options: &BridgeOptions) -> elnic_tap::BridgeOptions {
    let BridgeOptions { br, helper } = options.clone();
    elnic_tap::BridgeOptions { br, helper }
}
