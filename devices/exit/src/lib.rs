//! The exit device: QEMU's `pvpanic-pci`, by which a guest says that it is done.
//!
//! Writing a byte with bit 0 set to offset 0 of BAR0 ends the emulation. On QEMU that is all; here a guest may say with
//! which exit code: the byte at offset 1, before that write or as the upper half of a 2-byte write (`0x0501` ends with
//! code 5). An image that only stores the byte 1 ends with code 0 on both, and so does the 2-byte write on QEMU.
//!
//! Source: QEMU `docs/specs/pvpanic.txt` and the behaviour of qemu-system-e2k. BAR0 decodes 2 bytes and shows its low
//! address bits as writable (`fffffffe`), which PCI does not allow and QEMU does. Different from QEMU: offset 1 is the exit
//! code, not a second copy of offset 0.
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

use elnic_contract::{
    Access, BuildError, Cx, Device, Entry, Fault, Field, GuestEvent, Lines, LogEntry, Mode, Model,
    PciIdentity, Properties, PropertyKind, PropertySpec, RegionKind, RegionSpec, Register, Reset,
    RestoreError, SavedState, TimerId,
};
use elnic_registers::{Bank, BankState, Behaviour, RegisterFile, Written};
use serde::{Deserialize, Serialize};

const PANICKED: u64 = 1 << 0;
const CRASH_LOADED: u64 = 1 << 1;
const SHUTDOWN: u64 = 1 << 2;
const EVENTS: u64 = 0xff;

elnic_registers::register_file! {
    /// Registers of the exit device.
    pub enum Pvpanic {
        EVENT = Register::new("EVENT", 0x0, 2, &[
            Field::new("PANICKED", 0, 1, Mode::Ro, "reads: supported; writing 1 ends the emulation"),
            Field::new("CRASH_LOADED", 1, 1, Mode::Ro, "reads: supported; writing 1 announces a crash kernel"),
            Field::new("SHUTDOWN", 2, 1, Mode::Ro, "reads: supported; writing 1 ends the emulation"),
            Field::new("EXIT_CODE", 8, 8, Mode::Rw, "exit code of the emulator; not in QEMU"),
        ]).reset(PANICKED | CRASH_LOADED).about("events of the guest", "pvpanic.txt"),
    }
}

/// The model `pvpanic-pci`.
pub static MODEL: Model = Model {
    name: "pvpanic-pci",
    aliases: &["exit"],
    summary: "Ends the emulation when the guest says so, with an exit code",
    pci: Some(PciIdentity {
        vendor: 0x1b36,
        device: 0x0011,
        revision: 1,
        class: [0x08, 0x80, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem: 0x1100,
        interrupt_pin: 0,
        min_gnt: 0,
        max_lat: 0,
    }),
    regions: &[RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: 2 }],
    registers: Pvpanic::TABLE,
    sources: &["QEMU docs/specs/pvpanic.txt", "qemu-system-e2k, observed"],
};

/// How the catalogue makes one.
pub static ENTRY: Entry = Entry {
    model: &MODEL,
    properties: &[PropertySpec {
        name: "events",
        kind: PropertyKind::Number { min: 0, max: 7 },
        default: Some("3"),
        about: "events shown as supported: 1 panicked, 2 crash loaded, 4 shutdown; all three work",
    }],
    build,
    is_nic: false,
    scenarios: &[],
};

fn build(properties: &Properties) -> Result<Box<dyn Device>, BuildError> {
    let events = properties.number("events").unwrap_or(PANICKED | CRASH_LOADED);
    Ok(Box::new(Exit::new(events)))
}

/// The exit device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    bank: Bank<Pvpanic>,
    /// Shown as supported; fixed when made.
    supported: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExitStateV1 {
    registers: BankState,
}

const VERSION: u32 = 1;

impl Exit {
    /// A device that shows these events (bits 0 to 2) as supported.
    pub fn new(supported: u64) -> Self {
        let supported = supported & (PANICKED | CRASH_LOADED | SHUTDOWN);
        let mut exit = Self { bank: Bank::new(), supported };
        exit.bank.set(Pvpanic::EVENT, supported);
        exit
    }
}

impl Behaviour<Pvpanic> for Exit {
    fn bank(&self) -> &Bank<Pvpanic> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Pvpanic> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: Pvpanic, _element: u16) {}

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Pvpanic>) {
        let Pvpanic::EVENT = written.register;
        let events = written.raw & EVENTS;
        let [_, code, ..] = written.new.to_le_bytes();
        let unknown = events & !(PANICKED | CRASH_LOADED | SHUTDOWN);
        if unknown != 0 {
            cx.log.record(LogEntry::Guest { what: "unknown pvpanic event", value: unknown });
        }
        // One write is one event, the gravest of its bits.
        if events & PANICKED != 0 {
            cx.outbox.guest(GuestEvent::Panicked { code });
        } else if events & CRASH_LOADED != 0 {
            cx.outbox.guest(GuestEvent::CrashLoaded);
        } else if events & SHUTDOWN != 0 {
            cx.outbox.guest(GuestEvent::Shutdown { code });
        }
    }
}

impl Device for Exit {
    fn describe(&self) -> &'static Model {
        &MODEL
    }

    fn reset(&mut self, _cx: &mut Cx<'_>, _kind: Reset) {
        *self = Self::new(self.supported);
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        elnic_registers::read(self, cx, access)
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        elnic_registers::write(self, cx, access, value)
    }

    fn peek(&self, access: Access) -> Option<u64> {
        elnic_registers::peek(&self.bank, access)
    }

    fn timer(&mut self, _cx: &mut Cx<'_>, _timer: TimerId) {}

    fn lines(&self) -> Lines {
        Lines::NONE
    }

    fn save(&self) -> SavedState {
        SavedState::new(MODEL.name, VERSION, &ExitStateV1 { registers: self.bank.save() })
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let state: ExitStateV1 = state.decode(MODEL.name, VERSION)?;
        let impossible =
            |why: String| RestoreError::Impossible { kind: MODEL.name, field: "registers", why };
        let mut bank = self.bank.clone();
        bank.restore(&state.registers).map_err(|error| impossible(error.to_string()))?;
        let supported = bank.get(Pvpanic::EVENT) & EVENTS;
        if supported != self.supported {
            let why = format!("show events {supported:#x}; this device has {:#x}", self.supported);
            return Err(impossible(why));
        }
        self.bank = bank;
        Ok(())
    }
}
