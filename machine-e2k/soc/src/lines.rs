//! Interrupt wires: which device drives which, and what level comes of it.
//!
//! PCI interrupts are wired as qemu-e2k-contract.md §6 has them: pin and slot rotate over four wires, which reach the I/O
//! interrupt controller's inputs 16 to 19. The wires are shared: a wire is high while anybody drives it.

use std::collections::{BTreeMap, BTreeSet};

use elnic_contract::Lines;
use serde::{Deserialize, Serialize};

/// Number of interrupt inputs of a machine with APIC; one with EPIC has 64.
pub const INPUTS: u8 = 24;

/// One interrupt input of the machine: 0 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Input(u8);

impl Input {
    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Input `number`, of which the lower six bits count.
    pub const fn numbered(number: u8) -> Self {
        Self(number & 63)
    }
}

/// The input of the system timer (e2k-machine.md §6.5).
pub const SYSTEM_TIMER_INPUT: Input = Input(2);

/// The input that pin `pin` (0 is INTA) of the function in `slot` of bus 0 reaches.
pub const fn pci_input(slot: u8, pin: u8) -> Input {
    Input(16 + (slot.wrapping_add(pin).wrapping_sub(1) & 3))
}

/// The pin of a bridge that pin `pin` of a function in `slot` behind it becomes (PCI-to-PCI Bridge 1.2 §9.1).
pub const fn through_bridge(slot: u8, pin: u8) -> u8 {
    slot.wrapping_add(pin) & 3
}

/// Something that happened to an input's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Which input.
    pub input: Input,
    /// The level it has now.
    pub high: bool,
}

/// The levels of all inputs and who drives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wires {
    /// Who drives which input now.
    driven: BTreeSet<(Input, u16)>,
    /// How often each input rose.
    raised: BTreeMap<Input, u64>,
}

impl Wires {
    /// No wire driven.
    pub const fn new() -> Self {
        Self { driven: BTreeSet::new(), raised: BTreeMap::new() }
    }

    /// `driver` drives, or no longer drives, `input`. Returns the edge, if the wire's level changed.
    pub fn drive(&mut self, driver: u16, input: Input, high: bool) -> Option<Edge> {
        let before = self.level(input);
        if high {
            self.driven.insert((input, driver));
        } else {
            self.driven.remove(&(input, driver));
        }
        let after = self.level(input);
        if after && !before {
            *self.raised.entry(input).or_default() += 1;
        }
        (before != after).then_some(Edge { input, high: after })
    }

    /// Drives the wires of a device: `pins` are its levels, `input` says where each of the first four goes, if anywhere.
    pub fn drive_pins<F: Fn(u8) -> Option<Input>>(
        &mut self,
        driver: u16,
        pins: Lines,
        input: F,
    ) -> impl Iterator<Item = Edge> + use<F> {
        let edges = [0, 1, 2, 3].map(|pin| self.drive(driver, input(pin)?, pins.0 >> pin & 1 == 1));
        edges.into_iter().flatten()
    }

    /// Whether anybody drives `input`.
    pub fn level(&self, input: Input) -> bool {
        self.driven.range((input, u16::MIN)..=(input, u16::MAX)).next().is_some()
    }

    /// Inputs that are or were high, with their level and how often they rose: what `info irq` shows.
    pub fn seen(&self) -> impl Iterator<Item = (Input, bool, u64)> + '_ {
        self.raised.iter().map(|(input, count)| (*input, self.level(*input), *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_rotate_over_inputs_16_to_19_as_observed() {
        let inputs = [(3, 18), (4, 19), (5, 16), (6, 17)];
        for (slot, input) in inputs {
            assert_eq!(pci_input(slot, 0).number(), input, "slot {slot}");
        }
        assert_eq!(pci_input(3, 1).number(), 19, "INTB of slot 3");
        assert_eq!(pci_input(0, 0).number(), 19);
    }

    #[test]
    fn a_shared_wire_is_high_while_anybody_drives_it() {
        let (mut wires, input) = (Wires::new(), pci_input(3, 0));
        assert_eq!(wires.drive(1, input, true), Some(Edge { input, high: true }));
        assert_eq!(wires.drive(2, input, true), None);
        assert_eq!(wires.drive(1, input, false), None);
        assert!(wires.level(input));
        assert_eq!(wires.drive(2, input, false), Some(Edge { input, high: false }));
        assert_eq!(wires.seen().collect::<Vec<_>>(), [(input, false, 1)]);
    }

    #[test]
    fn each_pin_reaches_its_own_wire() {
        let mut wires = Wires::new();
        let edges: Vec<Edge> =
            wires.drive_pins(1, Lines(0b1001), |pin| Some(pci_input(3, pin))).collect();
        let raised: Vec<u8> = edges.iter().map(|edge| edge.input.number()).collect();
        assert_eq!(raised, [18, 17]);
    }
}
