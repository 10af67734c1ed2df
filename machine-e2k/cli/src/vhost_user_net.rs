//! `elnic vhost-user-net`: our virtio-net, served to QEMU or DPDK over vhost-user and connected to any netdev.
//!
//! Options are those of QEMU's back end programs (`docs/interop/vhost-user.rst`, "Backend program conventions").

use elnic_export::Bell;
use elnic_netclient::{NetConfig, NetCore};
use elnic_netdev::{Request, stream_plan};

use crate::arguments::VhostUserNetArguments;
use crate::error::Failure;
use crate::options::KeyValues;
use crate::quit::Quit;
use crate::say;

/// What `--print-capabilities` answers.
const CAPABILITIES: &str = "{\"type\": \"net\"}\n";
/// How long a client waits before it connects again, in ms.
const RECONNECT: u32 = 200;

/// Serves front ends until there are no more, or a signal comes.
pub(crate) fn serve(arguments: &VhostUserNetArguments) -> Result<u8, Failure> {
    if arguments.print_capabilities {
        say::print(format_args!("{CAPABILITIES}"));
        return Ok(0);
    }
    let text = arguments.netdev.as_deref();
    let text = text.ok_or_else(|| Failure::Usage("-netdev is missing".to_owned()))?;
    let refuse = |error| Failure::Network {
        option: "netdev",
        value: text.to_owned(),
        error: Box::new(error),
    };
    let netdev = match elnic_netdev::parse(text).map_err(refuse)? {
        Request::Help(help) => {
            say::print(format_args!("{help}"));
            return Ok(0);
        }
        Request::Make(netdev) => netdev,
    };
    let plan = match (&arguments.socket_path, &arguments.fd) {
        (Some(path), None) if arguments.client => {
            stream_plan(elnic_netdev::unix(path), false, RECONNECT)
        }
        (Some(path), None) => stream_plan(elnic_netdev::unix(path), true, 0),
        (None, Some(number)) if !arguments.client => {
            // Listening, if it does; else it is connected.
            stream_plan(elnic_netdev::passed(number), true, 0)
                .or_else(|_| stream_plan(elnic_netdev::passed(number), false, 0))
        }
        _ => {
            let why = "one of -socket-path and -fd is wanted, and -client goes with -socket-path";
            return Err(Failure::Usage(why.to_owned()));
        }
    };
    let plan = plan.map_err(|error| Failure::Tool(format!("vhost-user-net: {error}")))?;
    let properties = match &arguments.device {
        Some(list) => KeyValues::parse("device", "model", &format!("virtio-net-pci,{list}"))?.rest,
        None => Vec::new(),
    };
    // Without a machine the first signal ends the program where it is.
    let _quit = Quit::watch()?;
    let tool = |error: &dyn std::fmt::Display| Failure::Tool(format!("vhost-user-net: {error}"));
    let (bell, button) = Bell::new().map_err(|error| tool(&error))?;
    let mut core = NetCore::new(NetConfig::default(), button);
    elnic_netdev::add(&mut core, &netdev).map_err(refuse)?;
    let mut server =
        elnic_export::export(core, &netdev.id, &properties).map_err(|error| tool(&error))?;
    server.run(plan, &bell).map_err(|error| tool(&error))?;
    Ok(0)
}
