//! Frames and characters on their way in: gated as everything else that would make the device master the bus.

use elnic_contract::{
    Cx, DropReason, Frame, LinkState, Nic, NotReady, OffloadSupport, PowerState, Readiness, Serial,
    Verdict,
};
use pci_types::CommandRegister;

use crate::PciFunction;

impl PciFunction {
    /// The device as a NIC, if it is one: filters, counters, address.
    pub fn nic(&self) -> Option<&dyn Nic> {
        self.device.as_nic()
    }

    /// The device as a serial controller, if it is one.
    pub fn serial(&self) -> Option<&dyn Serial> {
        self.device.as_serial()
    }

    /// Whether the next frame may be handed over now. A device that sleeps says by itself whether it looks at frames, for
    /// which it needs no bus; one that is no NIC takes none.
    pub fn can_receive(&self) -> Readiness {
        let Some(nic) = self.nic() else {
            return Readiness::NotReady(NotReady::DriverNotReady);
        };
        let asleep = self.power_state() != PowerState::D0;
        if asleep || self.command().contains(CommandRegister::BUS_MASTER_ENABLE) {
            nic.can_receive()
        } else {
            Readiness::NotReady(NotReady::NoBusMaster)
        }
    }

    /// A frame has arrived.
    pub fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        self.enter(cx, |device, cx| match device.as_nic_mut() {
            Some(nic) => nic.receive(cx, frame),
            None => Verdict::Dropped(DropReason::ReceiverOff),
        })
    }

    /// The cable was plugged or pulled.
    pub fn link(&mut self, cx: &mut Cx<'_>, state: LinkState) {
        self.enter(cx, |device, cx| {
            if let Some(nic) = device.as_nic_mut() {
                nic.link(cx, state);
            }
        });
    }

    /// The other end of the cable takes this work left in frames over from now on.
    pub fn peer_offloads(&mut self, support: OffloadSupport) {
        if let Some(nic) = self.device.as_nic_mut() {
            nic.peer_offloads(support);
        }
    }

    /// Asks the guest to announce itself to the network; `false` if it cannot be asked.
    pub fn announce(&mut self, cx: &mut Cx<'_>) -> bool {
        self.enter(cx, |device, cx| device.as_nic_mut().is_some_and(|nic| nic.announce(cx)))
    }

    /// A character has arrived on a serial line of the device.
    pub fn receive_character(&mut self, cx: &mut Cx<'_>, line: u8, byte: u8) {
        self.enter(cx, |device, cx| {
            if let Some(serial) = device.as_serial_mut() {
                serial.receive_character(cx, line, byte);
            }
        });
    }
}
