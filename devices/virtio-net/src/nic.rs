//! The device and its cable, as the machine sees them.

use elnic_contract::{
    Access, Capability, Counters, Cx, Device, DropReason, Fault, Frame, Lines, LinkState, MacAddr,
    Model, Nic, Readiness, Reset, RestoreError, RxFilter, SavedState, Size, TimerId, Verdict,
};
use elnic_virtio::registers::{LEGACY, MODERN};
use elnic_virtio::{Event, capabilities};
use elnic_wire::offload;

use crate::VirtioNet;
use crate::config::{self, Reg};
use crate::features::{CONTROL, CTRL_VLAN, GUEST_ANNOUNCE, KIND, RECEIVE, STATUS, TRANSMIT};
use crate::filter::Filter;
use crate::model::{LEGACY_LENGTH, MODEL};

/// Work that gave way goes on.
pub(crate) const RESUME: TimerId = TimerId(0);
/// Length of the standard region in bytes.
const MODERN_LENGTH: u64 = 0x4000;

/// The two halves of an access of eight bytes to the device configuration, which has nothing that wide.
fn halves(access: Access) -> Option<[Access; 2]> {
    let half =
        |at: u64| Access::new(access.region(), access.offset().wrapping_add(at), Size::Word).ok();
    // Queue addresses are eight bytes wide; in the legacy window such an access may reach over both parts.
    let splits = access.size() == Size::Double && access.region() == LEGACY;
    if splits { Some([half(0)?, half(4)?]) } else { None }
}

fn check(access: Access) -> Result<(), Fault> {
    let size = match access.region() {
        LEGACY => LEGACY_LENGTH,
        MODERN => MODERN_LENGTH,
        _ => return Err(Fault::NoRegion),
    };
    let end = access.offset().saturating_add(u64::from(access.size().bytes()));
    if end > size { Err(Fault::NoRegister) } else { Ok(()) }
}

impl Device for VirtioNet {
    fn describe(&self) -> &'static Model {
        &MODEL
    }

    fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        self.transport.reset();
        self.driver_reset(cx);
        if kind == Reset::Cold {
            // The cable counts as plugged until the machine says otherwise.
            self.link_up = true;
            self.counters = Counters::default();
            self.show();
        }
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        check(access)?;
        if let Some([low, high]) = halves(access) {
            let low = self.read(cx, low)?;
            return Ok(low | self.read(cx, high)? << 32);
        }
        if config::covers(access) {
            Ok(elnic_registers::read::<Reg, _>(self, cx, access).unwrap_or(0))
        } else {
            Ok(self.transport.read(cx, access))
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        check(access)?;
        if let Some([low, high]) = halves(access) {
            self.write(cx, low, value & Size::Word.mask())?;
            return self.write(cx, high, value >> 32);
        }
        if config::covers(access) {
            // The engine has logged what stands in no table.
            let _ = elnic_registers::write::<Reg, _>(self, cx, access, value);
            return Ok(());
        }
        for event in self.transport.write(cx, access, value) {
            self.happened(cx, event);
        }
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        check(access).ok()?;
        if let Some([low, high]) = halves(access) {
            return Some(self.peek(low)? | self.peek(high)? << 32);
        }
        if config::covers(access) {
            Some(elnic_registers::peek(&self.bank, access).unwrap_or(0))
        } else {
            Some(self.transport.peek(access))
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(at) = self.resume_at.filter(|_| timer == RESUME) else { return };
        if at > cx.now {
            cx.outbox.arm(RESUME, at);
            return;
        }
        self.resume_at = None;
        self.control(cx);
        self.transmit(cx);
        self.deliver(cx);
    }

    fn lines(&self) -> Lines {
        Lines::inta(self.transport.interrupts().asserted())
    }

    fn save(&self) -> SavedState {
        self.save_state()
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.restore_state(state)
    }

    fn capabilities(&self) -> Vec<Capability> {
        capabilities(KIND.vectors)
    }

    fn as_nic(&self) -> Option<&dyn Nic> {
        Some(self)
    }

    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        Some(self)
    }
}

impl Nic for VirtioNet {
    fn can_receive(&self) -> Readiness {
        self.obstacle().map_or(Readiness::Ready, Readiness::NotReady)
    }

    fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        match self.take(cx, frame) {
            Ok(()) => Verdict::Taken,
            Err(reason) => Verdict::Dropped(reason),
        }
    }

    fn link(&mut self, cx: &mut Cx<'_>, state: LinkState) {
        let up = state == LinkState::Up;
        if up == self.link_up {
            return;
        }
        self.link_up = up;
        self.show();
        if self.transport.has(STATUS) {
            self.transport.configuration_changed(cx);
        }
    }

    fn rx_filter(&self) -> RxFilter {
        self.filter.report(self.transport.has(CTRL_VLAN))
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn mac(&self) -> MacAddr {
        self.filter.mac
    }
}

impl VirtioNet {
    /// Asks the driver to announce itself to the network, as after a migration; says whether it can be asked.
    pub fn announce(&mut self, cx: &mut Cx<'_>) -> bool {
        if !self.transport.has(GUEST_ANNOUNCE) || !self.transport.running() {
            return false;
        }
        self.announcing = true;
        self.show();
        self.transport.configuration_changed(cx);
        true
    }

    /// Everything a driver has set up is gone (virtio 1.3 §2.4); the transport is reset already.
    fn driver_reset(&mut self, cx: &mut Cx<'_>) {
        while let Some(frame) = self.waiting.pop_front() {
            self.lose(cx, DropReason::ReceiverOff, frame.len());
        }
        if self.resume_at.take().is_some() {
            cx.outbox.cancel(RESUME);
        }
        let before = self.rx_filter();
        self.filter = Filter::new(self.permanent);
        (self.starved, self.announcing) = (false, false);
        if self.rx_filter() != before {
            cx.outbox.rx_filter_changed();
        }
        self.show();
    }

    fn happened(&mut self, cx: &mut Cx<'_>, event: Event) {
        match event {
            Event::Reset => self.driver_reset(cx),
            Event::Features => self.filter.forget_vlans(),
            Event::Started => {
                self.look_for_buffers(cx);
                self.control(cx);
                self.transmit(cx);
            }
            Event::Notified(RECEIVE) => {
                self.deliver(cx);
            }
            Event::Notified(TRANSMIT) => self.transmit(cx),
            Event::Notified(CONTROL) => {
                self.control(cx);
                self.show();
            }
            Event::Notified(_) => {}
        }
    }

    /// Takes a frame, and delivers it if there are buffers.
    fn take(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Result<(), DropReason> {
        let refused = if !self.link_up {
            Some(DropReason::LinkDown)
        } else if !self.transport.ready(RECEIVE) {
            Some(DropReason::ReceiverOff)
        } else if !self.waiting.is_empty() {
            Some(DropReason::NoBuffers)
        } else if frame.error().is_some() {
            Some(DropReason::LineError)
        } else {
            self.filter.check(frame.data(), self.transport.has(CTRL_VLAN)).err()
        };
        if let Some(reason) = refused {
            self.lose(cx, reason, frame.len());
            return Err(reason);
        }
        // The sender may have left work to us; no offload is negotiated, so the driver gets what a cable would carry.
        let Ok(pieces) = offload::materialise(frame) else {
            self.lose(cx, DropReason::LineError, frame.len());
            return Err(DropReason::LineError);
        };
        self.waiting.extend(pieces.iter().map(|piece| piece.data().to_vec()));
        self.deliver(cx).map_or(Ok(()), Err)
    }
}
