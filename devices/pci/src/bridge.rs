//! A PCI-to-PCI bridge: a type-1 header and what it forwards (PCI-to-PCI Bridge Architecture Specification 1.2).
//!
//! Reset values are QEMU's: bus numbers 0/0/0, 16-bit I/O windows, 64-bit prefetchable windows. Left out: VGA and ISA
//! forwarding (the bits are storage), the discard timers, subtractive decode.

use elnic_contract::{PciIdentity, RestoreError, SavedState, Size};
use pci_types::CommandRegister;
use serde::{Deserialize, Serialize};

use crate::Space;
use crate::config::ConfigSpace;
use crate::header::{self, COMMAND, INTERRUPT_PIN, Layout};

const PRIMARY: u8 = 0x18;
const SECONDARY: u8 = 0x19;
const SUBORDINATE: u8 = 0x1a;
const SECONDARY_LATENCY: u8 = 0x1b;
const IO_BASE: u8 = 0x1c;
const IO_LIMIT: u8 = 0x1d;
const SECONDARY_STATUS: u8 = 0x1e;
const MEMORY_BASE: u8 = 0x20;
const MEMORY_LIMIT: u8 = 0x22;
const PREFETCHABLE_BASE: u8 = 0x24;
const PREFETCHABLE_LIMIT: u8 = 0x26;
const PREFETCHABLE_BASE_HIGH: u8 = 0x28;
const PREFETCHABLE_LIMIT_HIGH: u8 = 0x2c;
const CONTROL: u8 = 0x3e;

const RANGE_64: u16 = 1;
/// Bridge Control: hold the secondary bus in reset.
const SECONDARY_RESET: u16 = 1 << 6;
const CONTROL_WRITABLE: u16 = 0x0bff;
const DISCARD_STATUS: u16 = 1 << 10;

const KIND: &str = "pci-bridge";
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BridgeStateV1 {
    config: Vec<u32>,
}

/// A bridge. The bus behind it belongs to whoever owns the bridge.
#[derive(Clone, Debug)]
pub struct Bridge {
    config: ConfigSpace,
    map_changed: bool,
    reset_due: bool,
}

impl Bridge {
    /// A bridge of this identity; its subsystem and timing values are not shown by this header type.
    pub fn new(identity: &PciIdentity, multifunction: bool) -> Self {
        let mut config = header::header(identity, Layout::Bridge, multifunction);
        for offset in [PRIMARY, SECONDARY, SUBORDINATE, SECONDARY_LATENCY] {
            config.define8(offset, 0, 0xff);
        }
        config.define8(IO_BASE, 0, 0xf0);
        config.define8(IO_LIMIT, 0, 0xf0);
        config.write_1_clears16(SECONDARY_STATUS, 0xf900);
        config.define16(MEMORY_BASE, 0, 0xfff0);
        config.define16(MEMORY_LIMIT, 0, 0xfff0);
        config.define16(PREFETCHABLE_BASE, RANGE_64, 0xfff0);
        config.define16(PREFETCHABLE_LIMIT, RANGE_64, 0xfff0);
        config.define32(PREFETCHABLE_BASE_HIGH, 0, u32::MAX);
        config.define32(PREFETCHABLE_LIMIT_HIGH, 0, u32::MAX);
        config.define16(CONTROL, 0, CONTROL_WRITABLE);
        config.write_1_clears16(CONTROL, DISCARD_STATUS);
        Self { config, map_changed: true, reset_due: false }
    }

    /// Reads configuration space. No side effects.
    pub fn config_read(&self, offset: u8, size: Size) -> u64 {
        self.config.read(offset, size)
    }

    /// Writes configuration space.
    pub fn config_write(&mut self, offset: u8, size: Size, value: u64) {
        let decoded = self.decoding();
        let held = self.holds_reset();
        self.config.write(offset, size, value);
        self.map_changed |= decoded != self.decoding();
        self.reset_due |= self.holds_reset() && !held;
    }

    fn decoding(&self) -> ([u64; 3], u16) {
        let words = [PRIMARY, MEMORY_BASE, PREFETCHABLE_BASE_HIGH];
        let words = words.map(|offset| self.config.read(offset, Size::Double));
        (words, self.config.get16(COMMAND) & 7)
    }

    fn holds_reset(&self) -> bool {
        self.config.get16(CONTROL) & SECONDARY_RESET != 0
    }

    /// Number of the bus behind the bridge; 0 until software has given it one.
    pub fn secondary_bus(&self) -> u8 {
        self.config.get8(SECONDARY)
    }

    /// Whether configuration accesses to `bus` go through the bridge.
    pub fn leads_to(&self, bus: u8) -> bool {
        let (first, last) = (self.secondary_bus(), self.config.get8(SUBORDINATE));
        first != 0 && (first..=last).contains(&bus) && !self.holds_reset()
    }

    /// Whether an access from the primary side goes through the bridge.
    pub fn forwards(&self, space: Space, address: u64) -> bool {
        let command = header::command(&self.config);
        let inside = |(first, last): (u64, u64)| (first..=last).contains(&address);
        !self.holds_reset()
            && match space {
                Space::Memory => {
                    command.contains(CommandRegister::MEMORY_ENABLE)
                        && (inside(self.memory_window()) || inside(self.prefetchable_window()))
                }
                Space::Io => {
                    command.contains(CommandRegister::IO_ENABLE) && inside(self.io_window())
                }
            }
    }

    /// Whether bus masters behind the bridge reach the primary side.
    pub fn may_master(&self) -> bool {
        header::command(&self.config).contains(CommandRegister::BUS_MASTER_ENABLE)
    }

    /// First and last I/O address of the window; empty if the first lies above the last. 4 KiB steps.
    pub fn io_window(&self) -> (u64, u64) {
        let [base, limit] =
            [IO_BASE, IO_LIMIT].map(|at| u64::from(self.config.get8(at) & 0xf0) << 8);
        (base, limit | 0xfff)
    }

    /// First and last address of the memory window; empty if the first lies above the last. 1 MiB steps.
    pub fn memory_window(&self) -> (u64, u64) {
        let [base, limit] =
            [MEMORY_BASE, MEMORY_LIMIT].map(|at| u64::from(self.config.get16(at) & 0xfff0) << 16);
        (base, limit | 0xf_ffff)
    }

    /// First and last address of the prefetchable window; empty if the first lies above the last. 1 MiB steps.
    pub fn prefetchable_window(&self) -> (u64, u64) {
        let address = |low, high| {
            (u64::from(self.config.get16(low) & 0xfff0) << 16)
                | (u64::from(self.config.get32(high)) << 32)
        };
        let base = address(PREFETCHABLE_BASE, PREFETCHABLE_BASE_HIGH);
        (base, address(PREFETCHABLE_LIMIT, PREFETCHABLE_LIMIT_HIGH) | 0xf_ffff)
    }

    /// Which interrupt pin the bridge itself has: 0 none, 1 INTA … 4 INTD.
    pub fn interrupt_pin(&self) -> u8 {
        self.config.get8(INTERRUPT_PIN)
    }

    /// Whether what the bridge forwards may have changed since this was last asked; true at first.
    pub fn take_map_changed(&mut self) -> bool {
        std::mem::take(&mut self.map_changed)
    }

    /// Whether software has put the secondary bus into reset since this was last asked: every function behind the
    /// bridge is then due a [`elnic_contract::Reset::Warm`].
    pub fn take_secondary_reset(&mut self) -> bool {
        std::mem::take(&mut self.reset_due)
    }

    /// Puts everything back to power-on values; every kind of reset is alike for a bridge.
    pub fn reset(&mut self) {
        self.config.reset();
        self.map_changed = true;
        self.reset_due = false;
    }

    /// The whole state. Both take-flags must have been asked before.
    pub fn save(&self) -> SavedState {
        SavedState::new(KIND, VERSION, &BridgeStateV1 { config: self.config.save() })
    }

    /// Takes over a saved state. The input is hostile.
    ///
    /// # Errors
    /// The state is of something else, malformed or inconsistent; the bridge is unchanged.
    pub fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let state: BridgeStateV1 = state.decode(KIND, VERSION)?;
        let config = self.config.with_saved(&state.config).map_err(|word| {
            RestoreError::Impossible { kind: KIND, field: "config", why: word.to_string() }
        })?;
        self.config = config;
        self.map_changed = true;
        self.reset_due = false;
        Ok(())
    }
}
