//! Device configuration (virtio 1.3 §5.1.4), in both interfaces; in the legacy one it stands at one of two places
//! (§4.1.4.10.1).

use elnic_contract::Mode::{Ro, Rw};
use elnic_contract::{Access, Cx, Field, LogEntry, Register};
use elnic_registers::{Bank, Behaviour, Written};
use elnic_virtio::feature;
use elnic_virtio::registers::{
    DEVICE, LEGACY, LEGACY_DEVICE, LEGACY_MSIX, LEGACY_MSIX_DEVICE, MODERN, WINDOW_LENGTH,
};

use crate::VirtioNet;
use crate::features::{self, CTRL_MAC_ADDR, HASH_REPORT, MQ, RSS};
use crate::settings::Duplex;
use crate::steering::{HASH_TYPES, MAX_KEY, MAX_TABLE};
use crate::strict::Broken;

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

const fn fixed(bits: u8, about: &'static str) -> Field {
    Field::new("VALUE", 0, bits, Ro, about).volatile()
}

const PAIRS: &[Field] = &[fixed(16, "most queue pairs; with MQ or RSS")];
const MTU: &[Field] = &[fixed(16, "largest MTU in bytes; with MTU")];
const SPEED: &[Field] = &[fixed(32, "Mb/s, ffffffff: unknown; with SPEED_DUPLEX")];
const DUPLEX: &[Field] = &[fixed(8, "0 half, 1 full, ff unknown; with SPEED_DUPLEX")];
const KEY: &[Field] = &[fixed(8, "bytes of the longest hash key; with RSS or HASH_REPORT")];
const TABLE: &[Field] = &[fixed(16, "entries of the largest indirection table; with RSS")];
const TYPES: &[Field] = &[fixed(32, "hash types that there are; with RSS or HASH_REPORT")];

const fn at(base: u32, offset: u32) -> u32 {
    base.saturating_add(offset)
}

macro_rules! configuration {
    ($($variant:ident $region:ident $base:ident $offset:literal $width:literal $count:literal $fields:ident $about:literal;)*) => {
        elnic_registers::register_file! {
            /// The registers of the device configuration, at their three places.
            pub(crate) enum Reg {
                $($variant = Register::new(stringify!($variant), at($base, $offset), $width, $fields)
                    .region($region).array($count, $width).about($about, SOURCE)),*
            }
        }
    };
}

configuration! {
    LEGACY_MAC LEGACY LEGACY_DEVICE 0 1 6 ADDRESS "legacy: station address";
    LEGACY_NET_STATUS LEGACY LEGACY_DEVICE 6 2 1 STATUS "legacy: link status";
    LEGACY_MAX_PAIRS LEGACY LEGACY_DEVICE 8 2 1 PAIRS "legacy: queue pairs";
    LEGACY_MTU LEGACY LEGACY_DEVICE 10 2 1 MTU "legacy: MTU";
    LEGACY_SPEED LEGACY LEGACY_DEVICE 12 4 1 SPEED "legacy: speed";
    LEGACY_DUPLEX LEGACY LEGACY_DEVICE 16 1 1 DUPLEX "legacy: duplex mode";
    LEGACY_RSS_MAX_KEY LEGACY LEGACY_DEVICE 17 1 1 KEY "legacy: hash key";
    LEGACY_RSS_MAX_TABLE LEGACY LEGACY_DEVICE 18 2 1 TABLE "legacy: indirection table";
    LEGACY_HASH_TYPES LEGACY LEGACY_DEVICE 20 4 1 TYPES "legacy: hash types";
    MAC MODERN DEVICE 0 1 6 ADDRESS "station address";
    NET_STATUS MODERN DEVICE 6 2 1 STATUS "link status";
    MAX_PAIRS MODERN DEVICE 8 2 1 PAIRS "queue pairs";
    NET_MTU MODERN DEVICE 10 2 1 MTU "MTU";
    NET_SPEED MODERN DEVICE 12 4 1 SPEED "speed";
    NET_DUPLEX MODERN DEVICE 16 1 1 DUPLEX "duplex mode";
    RSS_MAX_KEY MODERN DEVICE 17 1 1 KEY "hash key";
    RSS_MAX_TABLE MODERN DEVICE 18 2 1 TABLE "indirection table";
    NET_HASH_TYPES MODERN DEVICE 20 4 1 TYPES "hash types";
    MSIX_MAC LEGACY_MSIX LEGACY_MSIX_DEVICE 0 1 6 ADDRESS "legacy, MSI-X enabled: station address";
    MSIX_NET_STATUS LEGACY_MSIX LEGACY_MSIX_DEVICE 6 2 1 STATUS "legacy, MSI-X enabled: link status";
    MSIX_MAX_PAIRS LEGACY_MSIX LEGACY_MSIX_DEVICE 8 2 1 PAIRS "legacy, MSI-X enabled: queue pairs";
    MSIX_MTU LEGACY_MSIX LEGACY_MSIX_DEVICE 10 2 1 MTU "legacy, MSI-X enabled: MTU";
    MSIX_SPEED LEGACY_MSIX LEGACY_MSIX_DEVICE 12 4 1 SPEED "legacy, MSI-X enabled: speed";
    MSIX_DUPLEX LEGACY_MSIX LEGACY_MSIX_DEVICE 16 1 1 DUPLEX "legacy, MSI-X enabled: duplex mode";
    MSIX_RSS_MAX_KEY LEGACY_MSIX LEGACY_MSIX_DEVICE 17 1 1 KEY "legacy, MSI-X enabled: hash key";
    MSIX_RSS_MAX_TABLE LEGACY_MSIX LEGACY_MSIX_DEVICE 18 2 1 TABLE "legacy, MSI-X enabled: indirection table";
    MSIX_HASH_TYPES LEGACY_MSIX LEGACY_MSIX_DEVICE 20 4 1 TYPES "legacy, MSI-X enabled: hash types";
}

/// Whether an access, in the numbers inside, goes to the device configuration rather than the transport.
pub(crate) fn covers(access: Access) -> bool {
    let (start, end) = match access.region() {
        LEGACY => (u64::from(LEGACY_DEVICE), u64::MAX),
        LEGACY_MSIX => (u64::from(LEGACY_MSIX_DEVICE), u64::MAX),
        _ => (u64::from(DEVICE), u64::from(DEVICE.saturating_add(WINDOW_LENGTH))),
    };
    (start..end).contains(&access.offset())
}

impl VirtioNet {
    /// Brings the registers in line with the state.
    pub(crate) fn show(&mut self) {
        for (element, octet) in (0..).zip(self.filter.mac.0) {
            for register in [Reg::LEGACY_MAC, Reg::MAC, Reg::MSIX_MAC] {
                self.bank.set_at(register, element, octet.into());
            }
        }
        let link = if self.link_up { LINK_UP } else { 0 };
        let announce = if self.announcing { ANNOUNCE } else { 0 };
        for register in [Reg::LEGACY_NET_STATUS, Reg::NET_STATUS, Reg::MSIX_NET_STATUS] {
            self.bank.set(register, link | announce);
        }
    }

    /// Brings those in line that never change.
    pub(crate) fn show_settings(&mut self) {
        let settings = &self.settings;
        let with = |features: u64, value: u64| {
            if settings.features & features != 0 { value } else { 0 }
        };
        let speed = settings.speed.map_or(0xffff_ffff, u64::from);
        let duplex = match settings.duplex {
            Duplex::Half => 0,
            Duplex::Full => 1,
            Duplex::Unknown => 0xff,
        };
        let values = [
            (
                [Reg::LEGACY_MAX_PAIRS, Reg::MAX_PAIRS, Reg::MSIX_MAX_PAIRS],
                with(MQ | RSS, settings.pairs.into()),
            ),
            (
                [Reg::LEGACY_MTU, Reg::NET_MTU, Reg::MSIX_MTU],
                with(features::MTU, settings.mtu.into()),
            ),
            (
                [Reg::LEGACY_SPEED, Reg::NET_SPEED, Reg::MSIX_SPEED],
                with(features::SPEED_DUPLEX, speed),
            ),
            (
                [Reg::LEGACY_DUPLEX, Reg::NET_DUPLEX, Reg::MSIX_DUPLEX],
                with(features::SPEED_DUPLEX, duplex),
            ),
            (
                [Reg::LEGACY_RSS_MAX_KEY, Reg::RSS_MAX_KEY, Reg::MSIX_RSS_MAX_KEY],
                with(RSS | HASH_REPORT, MAX_KEY as u64),
            ),
            (
                [Reg::LEGACY_RSS_MAX_TABLE, Reg::RSS_MAX_TABLE, Reg::MSIX_RSS_MAX_TABLE],
                with(RSS, MAX_TABLE as u64),
            ),
            (
                [Reg::LEGACY_HASH_TYPES, Reg::NET_HASH_TYPES, Reg::MSIX_HASH_TYPES],
                with(RSS | HASH_REPORT, HASH_TYPES.into()),
            ),
        ];
        for (registers, value) in values {
            registers.into_iter().for_each(|register| self.bank.set(register, value));
        }
    }

    fn octet_written(&mut self, cx: &mut Cx<'_>, element: u16, value: u64) {
        let negotiated = self.transport.negotiated();
        if negotiated & (feature::VERSION_1 | CTRL_MAC_ADDR) != 0 {
            let what = "station address written though it is set by command";
            cx.log.record(LogEntry::Guest { what, value });
            self.broke(cx, Broken::MacWrittenDirectly, "MAC", value);
            return;
        }
        let [octet, ..] = value.to_le_bytes();
        if let Some(place) = self.filter.mac.0.get_mut(usize::from(element)) {
            let old = std::mem::replace(place, octet);
            if old != octet && !self.settings.qemu_filter {
                cx.outbox.rx_filter_changed();
            }
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
        if let Reg::LEGACY_MAC | Reg::MAC | Reg::MSIX_MAC = written.register {
            self.octet_written(cx, written.element, written.new);
        }
        self.show();
    }
}
