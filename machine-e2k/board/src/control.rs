//! What a monitor may do to a machine between two runs: call, reset, wait, look at what happened.

use std::time::{Duration, Instant};

use elnic_clock::{Pace, Pacer};
use elnic_contract::{LinkState, MacAddr, Reset, RxFilter, VDuration, VTime};
use elnic_netclient::PortId;

use crate::devices::Body;
use crate::doorbell::CallButton;
use crate::interrupts::Activity;
use crate::loader::{self, Handover, LoadError, Program};
use crate::log::Cause;
use crate::machine::{self, Machine, Outcome};
use crate::models::MachineModel;
use crate::notice::Notice;
use crate::world::World;

/// What a reset needs to start over.
pub(crate) struct Again {
    /// What processors but the first do at first.
    pub(crate) secondaries: Activity,
    pub(crate) program: Program,
    pub(crate) board: Handover,
}

/// How time passes in a machine whose processor does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Not at all: the guest is stopped, and so are its devices and cables.
    Stopped,
    /// Not by itself: a test moves the clock.
    Stepped,
    /// As the host's: there is no processor, and devices and cables are on their own.
    HostTime,
}

/// How long a machine with nothing to do waits for its bell at a time.
const PATIENCE: Duration = Duration::from_secs(3600);

impl Machine {
    /// The button that ends a run with [`Outcome::Called`].
    pub fn call_button(&self) -> CallButton {
        self.world.bell.call_button()
    }

    /// Which model this is.
    pub const fn model(&self) -> &'static MachineModel {
        self.model
    }

    /// Whether there is a program for the processor to run.
    pub const fn has_program(&self) -> bool {
        self.start.is_some()
    }

    /// Waits without the processor running until somebody calls or `limit` has passed; time passes as `waiting` says.
    pub fn wait(&mut self, waiting: Waiting, limit: Option<Duration>) -> Outcome {
        self.world.hold_rings(waiting == Waiting::Stopped);
        let started = Instant::now();
        let end = limit.and_then(|limit| started.checked_add(limit));
        // Without a processor that could hurry, time is the host's whatever the pace.
        let pacer = Pacer::new(Pace::RealTime, started, self.world.now());
        loop {
            match waiting {
                Waiting::Stopped => self.world.hear_netdevs(),
                Waiting::HostTime | Waiting::Stepped => self.catch_up(waiting, &pacer),
            }
            self.world.hand_on();
            if self.world.bell.is_stopped() {
                return Outcome::Stopped;
            }
            if self.world.bell.take_call() || !self.world.notices.is_empty() {
                return Outcome::Called;
            }
            if let Some(event) = self.world.guest_event.take() {
                return Outcome::Exit(event);
            }
            let now = Instant::now();
            let left = end.map_or(PATIENCE, |end| end.saturating_duration_since(now));
            if left.is_zero() {
                return Outcome::Limit;
            }
            let due = match waiting {
                Waiting::HostTime => self.next_deadline().map(|due| pacer.wait(due, now)),
                Waiting::Stopped | Waiting::Stepped => None,
            };
            self.world.bell.wait(due.unwrap_or(PATIENCE).min(left));
            self.world.bell.answer();
        }
    }

    /// Lets what is due happen, and host input come in.
    fn catch_up(&mut self, waiting: Waiting, pacer: &Pacer) {
        if waiting == Waiting::HostTime {
            let reached = pacer.reached(Instant::now());
            self.advance_to(reached);
        }
        self.settle();
    }

    /// Lets everything happen that is due now: deadlines, host input, ejected devices.
    pub fn settle(&mut self) {
        self.world.serve_deadlines();
        self.next_input = self.world.now() + machine::INPUT_INTERVAL;
        self.world.take_input();
        self.let_go(false);
        self.follow_standbys();
    }

    /// Moves the clock of a machine whose processor does not run, deadline by deadline.
    pub fn advance_to(&mut self, target: VTime) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= target) {
            self.world.clock.advance_to(due);
            self.settle();
            if self.next_deadline().is_some_and(|next| next <= due) {
                // A device that wants to be served again at once is, but time goes on.
                self.world.clock.advance_to(due + VDuration::from_nanos(1));
            }
        }
        self.world.clock.advance_to(target);
        self.settle();
    }

    /// When something happens by itself next.
    pub fn next_deadline(&self) -> Option<VTime> {
        let deadlines = [self.world.events.next_deadline(), self.world.net.next_event()];
        deadlines.into_iter().flatten().min()
    }

    /// Host time begins to count again here: the machine was stopped.
    pub fn resume_pace(&mut self) {
        let now = self.world.now();
        self.pacer = Pacer::new(self.pacer.pace(), Instant::now(), now);
    }

    /// Pulls the reset line: devices are reset, devices that were told to go do, the program is loaded and started again.
    /// RAM keeps what the program does not load.
    ///
    /// # Errors
    /// The program does not load any more; it did once, so this does not happen.
    pub fn reset(&mut self) -> Result<(), LoadError> {
        self.let_go(true);
        self.world.hold_rings(true);
        let start = loader::load(&self.again.program, &self.again.board, &mut self.world.ram)?;
        self.start = start;
        self.processors.reset(start);
        self.world.coherence.forget();
        self.round = None;
        self.world.begin_activities(self.again.secondaries);
        self.world.guest_event = None;
        self.world.config_ports = elnic_soc::ConfigPorts::default();
        for device in self.world.devices.ids() {
            self.world.reset_device(device, Reset::Warm);
        }
        self.follow_standbys();
        self.world.rebuild_maps();
        if start.is_some_and(|start| start.system.is_some()) {
            self.world.set_up_as_firmware();
        }
        self.world.hold_rings(false);
        Ok(())
    }

    // ---- what happened --------------------------------------------------------------------------------------------

    /// From now on notices are kept, and end a run.
    pub fn listen(&mut self) {
        self.world.notices.listen();
    }

    /// From now on edges of interrupt inputs are noticed too.
    pub fn listen_to_interrupts(&mut self) {
        self.world.notices.interrupts = true;
    }

    /// What has happened since the last call.
    pub fn notices(&mut self) -> Vec<Notice> {
        let (changed, others) = self.world.notices.take();
        let changed = changed.into_iter().filter_map(|device| self.describe_device(device));
        let mut notices: Vec<Notice> = changed.map(Notice::RxFilterChanged).collect();
        notices.extend(others);
        notices
    }

    // ---- network interfaces ---------------------------------------------------------------------------------------

    /// What the network interface at `port` lets through.
    pub fn rx_filter(&self, port: PortId) -> Option<RxFilter> {
        let function = self.function(self.world.links.at(port)?)?;
        function.nic().map(|nic| nic.rx_filter())
    }

    /// The station address that the network interface at `port` has now.
    pub fn station(&self, port: PortId) -> Option<MacAddr> {
        Some(self.function(self.world.links.at(port)?)?.nic()?.mac())
    }

    /// Asks the guest to announce the network interface at `port`; whether it can be asked.
    pub fn announce(&mut self, port: PortId) -> bool {
        let Some(device) = self.world.links.at(port) else { return false };
        let asked = self.world.enter(device, Cause::Announcement, |body, cx| match body {
            Body::Function(function) => function.announce(cx),
            Body::Bridge(_) | Body::Block(_) | Body::Pic(_) => false,
        });
        self.world.after_entry(device);
        asked.unwrap_or(false)
    }

    /// Tells network interfaces now of a link that a command has changed.
    pub fn settle_links(&mut self) {
        self.world.deliver_net_events();
    }
}

impl World {
    /// Tells a new network interface of a cable that is not plugged.
    pub(crate) fn notice_link(&mut self, device: elnic_clock::DeviceId) {
        if let Some(port) = self.links.port_of(device)
            && self.net.link_state(port) == Some(LinkState::Down)
        {
            self.set_link(device, LinkState::Down);
        }
    }
}
