//! Everything of a machine but its processor.
//!
//! The processor's accesses, due timers and host input all come down to one thing: a device is entered with a context and
//! afterwards what it wants is carried out ([`World::enter`]). Nothing is ever entered from inside an entry.

use elnic_bus::AddressMap;
use elnic_clock::{Clock, DeviceId, EventQueue};
use elnic_contract::{Cx, Cycles, Dma, GuestEvent, NoDma, Outbox, VTime};
use elnic_cpu::Attention;
use elnic_memory::GuestRam;
use elnic_netclient::NetCore;
use elnic_soc::map::AddressPlan;
use elnic_soc::{ConfigPorts, Slots, Wires};

use crate::address_space::{FixedWindow, Target};
use crate::devices::{Body, BusSide, Devices};
use crate::doorbell::Bell;
use crate::failover::Failover;
use crate::interrupts::Inputs;
use crate::link::Links;
use crate::log::{Cause, DeviceLog, GuestLog, Origin};
use crate::models::Profile;
use crate::notice::Notices;
use crate::pc::PcState;
use crate::serial::SerialLines;
use crate::trace::{Trace, TraceEvent};

/// RAM, devices, wires, time.
pub(crate) struct World {
    pub(crate) ram: GuestRam,
    pub(crate) devices: Devices,
    /// What lies where.
    pub(crate) plan: &'static AddressPlan,
    pub(crate) bridge: Option<DeviceId>,
    /// What kind of machine this is.
    pub(crate) profile: Profile,
    pub(crate) pic: Option<DeviceId>,
    /// The processor's interrupt inputs as it was last told of them.
    pub(crate) inputs: Inputs,
    pub(crate) root: Slots,
    pub(crate) secondary: Slots,
    pub(crate) fixed: Vec<FixedWindow>,
    pub(crate) memory_map: AddressMap<Target>,
    pub(crate) port_map: AddressMap<Target>,
    pub(crate) config_ports: ConfigPorts,
    pub(crate) wires: Wires,
    pub(crate) clock: Clock,
    /// Cycles of the processor at the start of the running slice.
    pub(crate) slice_start: Cycles,
    /// How far the processor is into the running slice.
    pub(crate) ahead: Cycles,
    /// Address of the bundle that the processor executes, or executed last.
    pub(crate) bundle: u64,
    /// That bundle is accessing something that is not RAM.
    pub(crate) accessing: bool,
    pub(crate) events: EventQueue,
    pub(crate) net: NetCore,
    pub(crate) links: Links,
    pub(crate) serials: SerialLines,
    pub(crate) trace: Option<Trace>,
    pub(crate) log: GuestLog,
    pub(crate) bell: Bell,
    /// What the processor is to look at before its next bundle.
    pub(crate) attention: Attention,
    /// An input point is due at once: something was sent that may be answered.
    pub(crate) input_due: bool,
    /// The end of the running slice, so that an earlier deadline cuts it short.
    pub(crate) slice_end: VTime,
    pub(crate) guest_event: Option<GuestEvent>,
    /// State of the ports of a PC.
    pub(crate) pc: PcState,
    /// Some device's memory is ahead of the file behind it.
    pub(crate) images_changed: bool,
    /// Network interfaces that others stand in for.
    pub(crate) failover: Failover,
    /// What happened that a monitor may want to tell.
    pub(crate) notices: Notices,
    /// Kept for its allocation; empty between entries.
    pub(crate) outbox: Outbox,
}

impl World {
    /// The present instant: that of the bundle being executed.
    pub(crate) fn now(&self) -> VTime {
        self.clock.after(self.ahead)
    }

    /// Calls a device with its view of the world, then carries out what it wants. `None` if there is no such device.
    pub(crate) fn enter<T>(
        &mut self,
        id: DeviceId,
        cause: Cause,
        call: impl FnOnce(&mut Body, &mut Cx<'_>) -> T,
    ) -> Option<T> {
        let now = self.now();
        let cut_off = self.cut_off(id);
        let slot = self.devices.get_mut(id)?;
        let mut no_dma = NoDma;
        let dma: &mut dyn Dma = if cut_off { &mut no_dma } else { &mut self.ram };
        let bundle = (cause == Cause::Access && self.accessing).then_some(self.bundle);
        let origin = Origin { cause, bundle };
        let mut log = DeviceLog { log: &mut self.log, device: &slot.name, now, origin };
        let mut cx = Cx::new(now, dma, &mut self.outbox, &mut log);
        let result = call(&mut slot.body, &mut cx);
        self.carry_out(id, now);
        Some(result)
    }

    /// Whether a device cannot reach RAM: it stands behind a bridge that does not forward bus masters.
    fn cut_off(&self, id: DeviceId) -> bool {
        let wiring = self.devices.get(id).and_then(|slot| slot.wiring.pci());
        let behind = wiring.is_some_and(|wiring| wiring.side == BusSide::Secondary);
        behind && !self.bridge().is_some_and(elnic_pci::Bridge::may_master)
    }

    /// The bridge between the two buses.
    pub(crate) fn bridge(&self) -> Option<&elnic_pci::Bridge> {
        match &self.devices.get(self.bridge?)?.body {
            Body::Bridge(bridge) => Some(bridge),
            Body::Function(_) | Body::Block(_) | Body::Pic(_) => None,
        }
    }

    /// Asks the processor to stop after the bundle it is in.
    pub(crate) fn stop_slice(&mut self) {
        self.attention = self.attention.and(Attention::STOP);
    }

    /// Records an event, if anybody wants a trace.
    pub(crate) fn record(&mut self, event: &TraceEvent<'_>) {
        let now = self.now();
        if let Some(trace) = &mut self.trace {
            trace.record(now, event);
        }
    }
}
