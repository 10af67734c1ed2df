//! TAP interfaces of the host: `-netdev tap` and `-netdev bridge`.
//!
//! An interface is made by name, taken over as an open descriptor, or handed over by a helper that may do what this program
//! may not. With `vnet_hdr` the kernel and the guest leave each other checksums and segmentation, the kernel as much as the
//! other end of the cable takes at the time (`TUNSETOFFLOAD`) (`../shared/reference/backends.md` §1.3, §1.4).
//!
//! # Left out
//! `vhost`, `vhostforce`, `vhostfd` and `vhostfds` are refused: nothing hands guest memory to the kernel yet. `TUNSETQUEUE`:
//! all queues are attached all the time; frames to the host go through the first, in order, and all are read.
#![deny(unsafe_code)]

mod error;
mod helper;
mod interface;
mod io;
mod options;
mod rules;
mod script;
mod vnet;

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use elnic_contract::{Frame, LinkState, VTime};
use elnic_netclient::mailbox::Mailbox;
use elnic_netclient::{Doorbell, NetClient, OffloadSupport};
use elnic_sockets::descriptor;

pub use error::TapError;
pub use options::{BridgeOptions, Options};

use interface::Queue;
use rules::Plan;
use script::DownScript;

/// Frames that wait between the core and the interface, each way.
const MAILBOX: usize = 256;

/// What the thread tells.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// The interface was removed.
    gone: AtomicBool,
    /// What was read is longer than any frame, or shorter than its header.
    malformed: AtomicU64,
    /// Frames the kernel refused: the interface is down, or they are not what their header claims.
    refused: AtomicU64,
}

impl Status {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A netdev on an interface of the host. Dropping it ends its thread, runs the script for that and closes the interface.
pub struct Tap {
    info: String,
    /// What the kernel takes unfinished.
    offload: OffloadSupport,
    status: Arc<Status>,
    /// One of the queues, for what concerns the whole interface.
    control: Queue,
    // Before the script: first the thread ends, then the script runs on an interface that still is there.
    mailbox: Mailbox,
    _down: Option<DownScript>,
}

/// Makes or takes over the interface of `-netdev tap` and starts the I/O thread, which `id` names.
///
/// # Errors
/// Options that contradict each other, vhost, a script or a helper that fails, or a refusal of the system.
pub fn open(id: &str, options: &Options) -> Result<Tap, TapError> {
    let plan = rules::plan(options)?;
    let sndbuf = options.sndbuf;
    let pause = Duration::from_micros(options.poll_us.unwrap_or(0).into());
    match plan {
        Plan::Named { name, script, downscript, vnet_hdr, queues } => {
            let (name, opened) = interface::create(name.as_deref(), vnet_hdr, queues)?;
            let queues = set_up(opened, sndbuf)?;
            script::run(script.as_deref(), &name)?;
            let shown = |script: &Option<String>| script.clone().unwrap_or_else(|| "no".to_owned());
            let (up, after) = (shown(&script), shown(&downscript));
            let info = format!("ifname={name},script={up},downscript={after}");
            let down = match downscript {
                Some(script) => Some(DownScript::new(script, name, &queues)?),
                None => None,
            };
            start(id, info, queues, down, pause)
        }
        Plan::Descriptors { numbers } => {
            let opened = numbers.iter().map(|number| Ok(descriptor(number)?));
            let opened = opened.collect::<Result<Vec<OwnedFd>, TapError>>()?;
            let queues = interface::adopt(opened, &numbers)?;
            let queues = set_up(queues, sndbuf)?;
            start(id, format!("fd={}", numbers.join(":")), queues, None, pause)
        }
        Plan::Helper { helper, bridge } => {
            let queues = from_helper(&helper, &bridge, sndbuf)?;
            start(id, format!("helper={helper}"), queues, None, pause)
        }
    }
}

/// Has the helper of `-netdev bridge` make an interface and starts the I/O thread, which `id` names.
///
/// # Errors
/// The helper fails, or what it hands over is no TAP interface.
pub fn open_bridge(id: &str, options: &BridgeOptions) -> Result<Tap, TapError> {
    let helper = options.helper.as_deref().unwrap_or(options::DEFAULT_HELPER);
    let bridge = options.br.as_deref().unwrap_or(options::DEFAULT_BRIDGE);
    let queues = from_helper(helper, bridge, None)?;
    start(id, format!("helper={helper},br={bridge}"), queues, None, Duration::ZERO)
}

fn from_helper(helper: &str, bridge: &str, sndbuf: Option<u64>) -> Result<Vec<Queue>, TapError> {
    let opened = helper::ask(helper, bridge)?;
    set_up(interface::adopt(vec![opened], &["of the helper".to_owned()])?, sndbuf)
}

fn set_up(queues: Vec<Queue>, sndbuf: Option<u64>) -> Result<Vec<Queue>, TapError> {
    for queue in &queues {
        queue.set_send_buffer(sndbuf)?;
    }
    Ok(queues)
}

fn start(
    id: &str,
    info: String,
    queues: Vec<Queue>,
    down: Option<DownScript>,
    pause: Duration,
) -> Result<Tap, TapError> {
    let status = Arc::<Status>::default();
    let told = Arc::clone(&status);
    let control = queues.first().map(Queue::handle).transpose();
    let control = control.map_err(TapError::os("can't duplicate a queue of the interface"))?;
    let control = control.ok_or(TapError::Queues(0))?;
    let offload = control.probe();
    control.leave_us(OffloadSupport::NONE);
    let run = move |end| io::Io::new(queues, pause, told, end).run();
    let mailbox = Mailbox::spawn(format!("tap {id}"), MAILBOX, run)
        .map_err(TapError::os("can't start the I/O thread"))?;
    Ok(Tap { info, offload, status, control, mailbox, _down: down })
}

impl NetClient for Tap {
    fn kind(&self) -> &'static str {
        "tap"
    }

    fn info(&self) -> String {
        self.info.clone()
    }

    fn credits(&self) -> usize {
        self.mailbox.room()
    }

    fn deliver(&mut self, _now: VTime, frames: &mut VecDeque<Frame>) {
        self.mailbox.send(frames);
    }

    fn poll(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        self.mailbox.receive(now, budget, out);
    }

    fn carrier(&self) -> LinkState {
        let up = !self.status.gone.load(Ordering::Acquire) || self.mailbox.waiting() > 0;
        if up { LinkState::Up } else { LinkState::Down }
    }

    fn offload(&self) -> OffloadSupport {
        self.offload
    }

    fn peer_offload(&mut self, support: OffloadSupport) {
        self.control.leave_us(support);
    }

    fn has_vnet_header(&self) -> bool {
        self.control.header_length() > 0
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        let Status { gone: _, malformed, refused } = &*self.status;
        [("malformed", malformed), ("refused", refused)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
            .to_vec()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        self.mailbox.attach(doorbell);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tap {}", self.info)
    }
}
