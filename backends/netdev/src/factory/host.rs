//! The options of tap and bridge, from the schema's to their own.

use crate::options::{BridgeOptions, TapOptions};

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
