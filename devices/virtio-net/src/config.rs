//! Device configuration (virtio 1.3 §5.1.4): station address and link status, in both interfaces.

use elnic_contract::Mode::{Ro, Rw};
use elnic_contract::{Access, Cx, Field, LogEntry, Register};
use elnic_registers::{Bank, Behaviour, Written};
use elnic_virtio::feature;
use elnic_virtio::registers::{DEVICE, LEGACY, LEGACY_DEVICE, MODERN, WINDOW_LENGTH};

use crate::{VirtioNet, features};

/// `VIRTIO_NET_S_LINK_UP`.
const LINK_UP: u64 = 1;
/// `VIRTIO_NET_S_ANNOUNCE`.
const ANNOUNCE: u64 = 2;

const ADDRESS: &[Field] =
    &[Field::new("OCTET", 0, 8, Rw, "writable without VERSION_1 and CTRL_MAC_ADDR").volatile()];
const STATUS: &[Field] = &[
    Field::new("LINK_UP", 0, 1, Ro, "the link is up").volatile(),
    Field::new("ANNOUNCE", 1, 1, Ro, "the driver shall announce itself").volatile(),
];
const SOURCE: &str = "virtio 1.3 §5.1.4";

elnic_registers::register_file! {
    /// The registers of the device configuration.
    pub(crate) enum Reg {
        LEGACY_MAC = Register::new("LEGACY_MAC", LEGACY_DEVICE, 1, ADDRESS)
            .array(6, 1).about("legacy: station address", SOURCE),
        LEGACY_NET_STATUS = Register::new("LEGACY_NET_STATUS", LEGACY_DEVICE + 6, 2, STATUS)
            .about("legacy: link status", SOURCE),
        MAC = Register::new("MAC", DEVICE, 1, ADDRESS)
            .region(MODERN).array(6, 1).about("station address", SOURCE),
        NET_STATUS = Register::new("NET_STATUS", DEVICE + 6, 2, STATUS)
            .region(MODERN).about("link status", SOURCE),
    }
}

/// Whether an access goes to the device configuration rather than the transport.
pub(crate) fn covers(access: Access) -> bool {
    let (start, end) = match access.region() {
        LEGACY => (u64::from(LEGACY_DEVICE), u64::MAX),
        _ => (u64::from(DEVICE), u64::from(DEVICE.saturating_add(WINDOW_LENGTH))),
    };
    (start..end).contains(&access.offset())
}

impl VirtioNet {
    /// Brings the registers in line with the state.
    pub(crate) fn show(&mut self) {
        for (element, octet) in (0..).zip(self.filter.mac.0) {
            self.bank.set_at(Reg::LEGACY_MAC, element, octet.into());
            self.bank.set_at(Reg::MAC, element, octet.into());
        }
        let link = if self.link_up { LINK_UP } else { 0 };
        let announce = if self.announcing { ANNOUNCE } else { 0 };
        self.bank.set(Reg::LEGACY_NET_STATUS, link | announce);
        self.bank.set(Reg::NET_STATUS, link | announce);
    }

    fn octet_written(&mut self, cx: &mut Cx<'_>, element: u16, value: u64) {
        let negotiated = self.transport.negotiated();
        if negotiated & (feature::VERSION_1 | features::CTRL_MAC_ADDR) != 0 {
            let what = "station address written though it is set by command";
            cx.log.record(LogEntry::Guest { what, value });
            return;
        }
        let [octet, ..] = value.to_le_bytes();
        if let Some(place) = self.filter.mac.0.get_mut(usize::from(element)) {
            *place = octet;
        }
    }
}

impl Behaviour<Reg> for VirtioNet {
    fn bank(&self) -> &Bank<Reg> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Reg> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: Reg, _element: u16) {}

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        match written.register {
            Reg::LEGACY_MAC | Reg::MAC => self.octet_written(cx, written.element, written.new),
            Reg::LEGACY_NET_STATUS | Reg::NET_STATUS => {}
        }
        self.show();
    }
}
