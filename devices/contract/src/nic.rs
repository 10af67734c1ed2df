//! What a network interface adds to a device.

use serde::{Deserialize, Serialize};

use crate::{Counters, Cx, Device, DropReason, Frame, MacAddr, OffloadSupport, RxFilter};

/// Whether a NIC takes a frame now. Pure, and asked again after every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The next frame may be handed over.
    Ready,
    /// Frames wait in the link's queue; the reason is shown to the user.
    NotReady(NotReady),
}

/// Why a NIC takes no frame now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotReady {
    /// The receiver is not enabled (e1000 `RCTL.EN`, rtl8139 `CR.RE`).
    ReceiverOff,
    /// No receive descriptor or ring space is free.
    NoBuffers,
    /// The function may not master the bus (`Command.BME` clear).
    NoBusMaster,
    /// The function sleeps (D1 to D3).
    PoweredDown,
    /// The link is down or still negotiating.
    LinkDown,
    /// The last bit of the previous frame has not arrived yet (`timing=wire` and `full`).
    LineBusy,
    /// The driver has not finished bringing the device up (virtio `DRIVER_OK`).
    DriverNotReady,
}

impl NotReady {
    /// The reason in words, for `info network`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReceiverOff => "receiver off",
            Self::NoBuffers => "no receive buffers",
            Self::NoBusMaster => "bus mastering off",
            Self::PoweredDown => "powered down",
            Self::LinkDown => "link down",
            Self::LineBusy => "line busy",
            Self::DriverNotReady => "driver not ready",
        }
    }
}

/// What became of a frame handed to a NIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is, or will be, in guest memory (or was consumed as flow control).
    Taken,
    /// It was discarded; the NIC counted it.
    Dropped(DropReason),
}

/// What the cable's other end and its administrator make of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// A partner is there.
    Up,
    /// No partner, or `set_link off`.
    Down,
}

/// How much of the hardware's time a NIC keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// Effects are immediate, as in QEMU.
    Off,
    /// Serialisation on the cable, link negotiation, interrupt moderation.
    #[default]
    Wire,
    /// `Wire`, and descriptor fetch, DMA bursts, FIFOs, EEPROM and MDIO times.
    Full,
}

/// A network interface.
pub trait Nic: Device {
    /// Whether the next frame may be handed over now. A NIC that sleeps ([`crate::FunctionState::power`]) takes frames only
    /// if one of them may wake the system.
    fn can_receive(&self) -> Readiness;

    /// A frame has arrived. Called only while [`Nic::can_receive`] says [`Readiness::Ready`], though a NIC must survive
    /// it at any time.
    fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict;

    /// The cable was plugged or pulled.
    fn link(&mut self, cx: &mut Cx<'_>, state: LinkState);

    /// What the NIC lets through, as `query-rx-filter` reports it.
    fn rx_filter(&self) -> RxFilter;

    /// Frames seen, sent and discarded, with reasons.
    fn counters(&self) -> &Counters;

    /// The station address the NIC answers to now.
    fn mac(&self) -> MacAddr;

    /// Which work left in a frame its guest takes over now: what the driver has negotiated, or switched on since. Pure,
    /// and asked again after every entry; other frames are finished on their way. Hardware takes finished frames only.
    fn offloads(&self) -> OffloadSupport {
        OffloadSupport::NONE
    }

    /// Which work left in a frame somebody at the other end of the cable takes over from now on. A NIC may leave such
    /// work in what it sends; hardware finishes its frames.
    fn peer_offloads(&mut self, support: OffloadSupport) {
        let _ = support;
    }

    /// Whether the driver knows that this interface stands in for another with the same address (virtio `STANDBY`). Pure,
    /// and asked again after every entry.
    fn is_standby(&self) -> bool {
        false
    }

    /// Asks the guest to tell the network where its address is, as after a move to another host; `false` if it cannot be
    /// asked.
    fn announce(&mut self, cx: &mut Cx<'_>) -> bool {
        let _ = cx;
        false
    }
}
