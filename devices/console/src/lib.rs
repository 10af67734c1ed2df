//! The serial controller of Elbrus south bridges: Zilog Z85C30 (AM85C30, "ESCC"), asynchronous modes.
//!
//! Two channels of two byte-wide addresses each. On a board it is a PCI function with BAR1, and its boot console stands
//! besides at a fixed address that no base address register moves: the board routes that window to region 0, too.
//!
//! Sources: Zilog UM0109 "SCC/ESCC User's Manual", the behaviour of qemu-system-e2k where a guest can see it.
//! As in QEMU, characters are immediate whatever the baud rate generator says, pass whole whatever the bits per character
//! say, and are dropped while the transmitter is off. Left out: synchronous modes (logged), modem lines and the
//! external/status interrupts they cause, break, wait/DMA request pins (logged).
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod access;
mod channel;
mod interrupts;
mod registers;
mod state;

use elnic_contract::{
    Access, BuildError, Cx, Device, Entry, Fault, Field, Lines, LogEntry, Mode, Model, PciIdentity,
    Properties, RegionKind, RegionSpec, Register, Reset, RestoreError, SavedState, Serial, Size,
    TimerId,
};

use crate::access::Port;
use crate::channel::Channel;

/// The model `escc-pci`.
pub static MODEL: Model = Model {
    name: "escc-pci",
    aliases: &["escc", "z85c30", "am85c30"],
    summary: "Zilog Z85C30 serial controller with two channels",
    pci: Some(PciIdentity {
        vendor: 0x1fff,
        device: 0x8019,
        revision: 1,
        class: [0x07, 0x00, 0x02],
        subsystem_vendor: 0x1af4,
        subsystem: 0x1100,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }),
    regions: &[RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Memory32, size: 4 }],
    registers: &[
        Register::new("CTRL_B", 0, 1, CONTROL).reset(0x44).read_hook().about(
            "control of channel B: WR0 to WR15, RR0 to RR15 through the pointer in WR0",
            "UM0109 §5",
        ),
        Register::new("DATA_B", 1, 1, DATA).read_hook().about("data of channel B", "UM0109 §5"),
        Register::new("CTRL_A", 2, 1, CONTROL).reset(0x44).read_hook().about(
            "control of channel A: WR0 to WR15, RR0 to RR15 through the pointer in WR0",
            "UM0109 §5",
        ),
        Register::new("DATA_A", 3, 1, DATA).read_hook().about("data of channel A", "UM0109 §5"),
    ],
    sources: &["Zilog UM0109 SCC/ESCC User's Manual", "qemu-system-e2k, observed"],
};

const CONTROL: &[Field] = &[Field::new(
    "VALUE",
    0,
    8,
    Mode::Rw,
    "the register that the pointer selects; WR0/RR0 otherwise",
)
.volatile()];
const DATA: &[Field] =
    &[Field::new("CHARACTER", 0, 8, Mode::Rw, "received; to be transmitted").volatile()];

/// How the catalogue makes one.
pub static ENTRY: Entry =
    Entry { model: &MODEL, properties: &[], build, is_nic: false, scenarios: SCENARIOS };

const SCENARIOS: &[&str] = &["
    # channel A as a console: all characters interrupt, so does an empty transmitter
    w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x0a
    w8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x12
    w8 bar1+CTRL_A 3\nw8 bar1+CTRL_A 0xc1
    w8 bar1+CTRL_A 5\nw8 bar1+CTRL_A 0x68
"];

fn build(_properties: &Properties) -> Result<Box<dyn Device>, BuildError> {
    Ok(Box::new(Escc::new()))
}

/// The serial controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escc {
    /// Channel B, channel A: the order of their addresses.
    channels: [Channel; 2],
    /// WR2.
    vector: u8,
    /// WR9 but for its reset commands.
    master: u8,
    /// Interrupt sources under service, as in RR3.
    under_service: u8,
}

impl Default for Escc {
    fn default() -> Self {
        Self::new()
    }
}

impl Escc {
    /// A controller after a hardware reset.
    pub fn new() -> Self {
        let channels = [Channel::new(), Channel::new()];
        Self { channels, vector: 0, master: 0, under_service: 0 }
    }
}

impl Device for Escc {
    fn describe(&self) -> &'static Model {
        &MODEL
    }

    fn reset(&mut self, _cx: &mut Cx<'_>, _kind: Reset) {
        *self = Self::new();
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        Ok(match decode(access).inspect_err(|fault| refuse(cx, access, *fault))? {
            (side, Port::Control) => self.read_control(side).into(),
            (side, Port::Data) => self.channel_mut(side).pop().into(),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        let [byte, ..] = value.to_le_bytes();
        match decode(access).inspect_err(|fault| refuse(cx, access, *fault))? {
            (side, Port::Control) => self.write_control(cx, side, byte),
            (side, Port::Data) => self.transmit(cx, side, byte),
        }
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        Some(match decode(access).ok()? {
            (side, Port::Control) => self.show(side, self.channel(side).pointer).into(),
            (side, Port::Data) => self.channel(side).top().into(),
        })
    }

    fn timer(&mut self, _cx: &mut Cx<'_>, _timer: TimerId) {}

    fn lines(&self) -> Lines {
        Lines::inta(self.interrupts())
    }

    fn save(&self) -> SavedState {
        self.saved()
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        *self = Self::restored(state)?;
        Ok(())
    }

    fn as_serial(&self) -> Option<&dyn Serial> {
        Some(self)
    }

    fn as_serial_mut(&mut self) -> Option<&mut dyn Serial> {
        Some(self)
    }
}

impl Serial for Escc {
    fn line_names(&self) -> &'static [&'static str] {
        &["A", "B"]
    }

    fn room(&self, line: u8) -> usize {
        Side::of_line(line).map_or(0, |side| self.channel(side).room())
    }

    fn receive_character(&mut self, cx: &mut Cx<'_>, line: u8, byte: u8) {
        if let Some(side) = Side::of_line(line) {
            self.receive(cx, side, byte);
        }
    }
}

/// Which channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    B,
    A,
}

impl Side {
    /// Serial lines count from the console: channel A is line 0.
    const fn of_line(line: u8) -> Option<Self> {
        match line {
            0 => Some(Self::A),
            1 => Some(Self::B),
            _ => None,
        }
    }

    pub(crate) const fn line(self) -> u8 {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

fn decode(access: Access) -> Result<(Side, Port), Fault> {
    match (access.region(), access.offset(), access.size()) {
        (1.., _, _) => Err(Fault::NoRegion),
        (0, 4.., _) => Err(Fault::NoRegister),
        (0, 0, Size::Byte) => Ok((Side::B, Port::Control)),
        (0, 1, Size::Byte) => Ok((Side::B, Port::Data)),
        (0, 2, Size::Byte) => Ok((Side::A, Port::Control)),
        (0, 3, Size::Byte) => Ok((Side::A, Port::Data)),
        (0, _, _) => Err(Fault::WrongSize),
    }
}

fn refuse(cx: &mut Cx<'_>, access: Access, fault: Fault) {
    cx.log.record(LogEntry::Refused { access, fault });
}
