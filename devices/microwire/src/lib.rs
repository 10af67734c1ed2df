//! The 93C46: a serial EEPROM of 64 words of 16 bits behind four Microwire pins.
//!
//! NICs of the PCI age keep their station address in one and let software drive its pins. The chip is a value of its own:
//! a NIC feeds it the levels of its pins ([`Eeprom::drive`]), shows its output ([`Eeprom::output`]) and reads words
//! directly when it loads itself ([`Eeprom::word`]).
//!
//! Source: Microchip 93C46B data sheet (DS21749). Left out: programming takes no time; the chip says ready as soon as it
//! is selected again.
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

use serde::{Deserialize, Serialize};

/// Number of words of 16 bits.
pub const WORDS: usize = 64;
/// What an erased word reads.
pub const ERASED: u16 = 0xffff;
/// Bits of an address.
const ADDRESS_BITS: u8 = 6;
/// Bits of a command behind its start bit: two of opcode, then the address.
const COMMAND_BITS: u8 = ADDRESS_BITS + 2;
/// The highest address.
const LAST: u8 = 0x3f;

/// The chip: contents and the state of its serial interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eeprom {
    /// The contents; exactly [`WORDS`] words.
    words: Vec<u16>,
    /// EWEN was given.
    write_enabled: bool,
    clock: bool,
    selected: bool,
    /// Level of the data output.
    output: bool,
    phase: Phase,
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Phase {
    /// Waiting for the start bit.
    Idle,
    /// Opcode and address come in.
    Command { bits: u16, count: u8 },
    /// A word goes out, and the next after it.
    Read { address: u8, bits: u16, left: u8 },
    /// A word comes in; `None` addresses all words.
    Write { address: Option<u8>, bits: u16, count: u8 },
    /// Erase when deselected; `None` addresses all words.
    Erase { address: Option<u8> },
    /// The command is complete.
    Done,
}

/// The levels of the pins that software drives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// Clock (SK).
    pub clock: bool,
    /// Chip select (CS).
    pub select: bool,
    /// Data into the chip (DI).
    pub data: bool,
}

impl Eeprom {
    /// A chip that holds `words` from address 0; what they do not fill is erased.
    pub fn new(words: impl IntoIterator<Item = u16>) -> Self {
        let mut words: Vec<u16> = words.into_iter().take(WORDS).collect();
        words.resize(WORDS, ERASED);
        Self {
            words,
            write_enabled: false,
            clock: false,
            selected: false,
            output: true,
            phase: Phase::Idle,
        }
    }

    /// The word at `address`, as the NIC's own logic reads it; `None` beyond the last.
    pub fn word(&self, address: u8) -> Option<u16> {
        self.words.get(usize::from(address)).copied()
    }

    /// Whether this could be the state of a chip: saved states are hostile.
    pub fn is_possible(&self) -> bool {
        let counts = match self.phase {
            Phase::Command { count, .. } => count < COMMAND_BITS,
            Phase::Read { left, address, .. } => left <= 16 && address <= LAST,
            Phase::Write { count, .. } => count <= 16,
            Phase::Idle | Phase::Erase { .. } | Phase::Done => true,
        };
        self.words.len() == WORDS && counts
    }

    /// Level of the data output (DO).
    pub const fn output(&self) -> bool {
        self.output
    }

    /// Software drives the pins.
    pub fn drive(&mut self, pins: Pins) {
        let rising = pins.clock && !self.clock;
        self.clock = pins.clock;
        if !pins.select {
            if self.selected {
                self.commit();
            }
            self.selected = false;
            self.phase = Phase::Idle;
            self.output = true;
            return;
        }
        if !self.selected {
            // Selected again: ready is shown on the data output until the start bit.
            self.selected = true;
            self.phase = Phase::Idle;
            self.output = true;
        }
        if rising {
            self.clock_in(pins.data);
        }
    }

    fn read_word(&self, address: u8) -> u16 {
        self.word(address).unwrap_or(ERASED)
    }

    fn clock_in(&mut self, data: bool) {
        self.phase = match self.phase {
            Phase::Idle if data => Phase::Command { bits: 0, count: 0 },
            Phase::Command { bits, count } => {
                let bits = (bits << 1) | u16::from(data);
                let count = count.saturating_add(1);
                if count < COMMAND_BITS {
                    Phase::Command { bits, count }
                } else {
                    self.command(bits)
                }
            }
            Phase::Read { address, left: 0, .. } => {
                // The chip goes on with the next word for as long as it is clocked.
                let address = address.wrapping_add(1) & LAST;
                self.shift_out(address, self.read_word(address), 16)
            }
            Phase::Read { address, bits, left } => self.shift_out(address, bits, left),
            Phase::Write { address, bits, count } if count < 16 => {
                let bits = (bits << 1) | u16::from(data);
                Phase::Write { address, bits, count: count.saturating_add(1) }
            }
            other => other,
        };
    }

    fn shift_out(&mut self, address: u8, bits: u16, left: u8) -> Phase {
        self.output = bits & 0x8000 != 0;
        Phase::Read { address, bits: bits << 1, left: left.saturating_sub(1) }
    }

    /// Two bits of opcode and six of address are in.
    fn command(&mut self, bits: u16) -> Phase {
        let [low, _] = bits.to_le_bytes();
        let address = low & LAST;
        match low >> ADDRESS_BITS {
            2 => {
                // A zero goes out before the word.
                self.output = false;
                Phase::Read { address, bits: self.read_word(address), left: 16 }
            }
            1 => Phase::Write { address: Some(address), bits: 0, count: 0 },
            3 => Phase::Erase { address: Some(address) },
            // The others are told apart by the upper bits of the address.
            _ => match address >> 4 {
                3 => {
                    self.write_enabled = true;
                    Phase::Done
                }
                0 => {
                    self.write_enabled = false;
                    Phase::Done
                }
                2 => Phase::Erase { address: None },
                _ => Phase::Write { address: None, bits: 0, count: 0 },
            },
        }
    }

    /// Deselected: programming starts, if a command for it is complete.
    fn commit(&mut self) {
        let (address, value) = match self.phase {
            Phase::Write { address, bits, count: 16 } => (address, bits),
            Phase::Erase { address } => (address, ERASED),
            _ => return,
        };
        if !self.write_enabled {
            return;
        }
        match address {
            Some(address) => {
                if let Some(word) = self.words.get_mut(usize::from(address)) {
                    *word = value;
                }
            }
            None => self.words.fill(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bit(chip: &mut Eeprom, data: bool) -> bool {
        chip.drive(Pins { clock: false, select: true, data });
        chip.drive(Pins { clock: true, select: true, data });
        chip.output()
    }

    fn send(chip: &mut Eeprom, bits: u32, count: u32) {
        for n in (0..count).rev() {
            bit(chip, bits >> n & 1 != 0);
        }
    }

    fn deselect(chip: &mut Eeprom) {
        chip.drive(Pins::default());
    }

    fn read(chip: &mut Eeprom, address: u32) -> u16 {
        send(chip, 0b110 << 6 | address, 9);
        assert!(!chip.output(), "the dummy zero");
        let word = (0..16).fold(0, |word, _| word << 1 | u16::from(bit(chip, false)));
        deselect(chip);
        word
    }

    fn command(chip: &mut Eeprom, bits: u32) {
        send(chip, 0b1 << 8 | bits, 9);
        deselect(chip);
    }

    fn write(chip: &mut Eeprom, bits: u32, value: u16) {
        send(chip, 0b1 << 8 | bits, 9);
        send(chip, u32::from(value), 16);
        deselect(chip);
    }

    const ENABLE: u32 = 0b00_11_0000;
    const DISABLE: u32 = 0b00_00_0000;
    const ERASE_ALL: u32 = 0b00_10_0000;
    const WRITE_ALL: u32 = 0b00_01_0000;

    #[test]
    fn words_are_read_and_the_next_follows() {
        let mut chip = Eeprom::new([0x8129, 0x10ec]);
        assert_eq!((read(&mut chip, 0), read(&mut chip, 2)), (0x8129, ERASED));
        send(&mut chip, 0b110 << 6, 9);
        let words = (0..32).fold(0_u32, |word, _| word << 1 | u32::from(bit(&mut chip, false)));
        assert_eq!(words, 0x8129_10ec);
    }

    #[test]
    fn nothing_is_programmed_until_it_is_enabled() {
        let mut chip = Eeprom::new([7]);
        write(&mut chip, 0b01 << 6, 0x1234);
        assert_eq!(chip.word(0), Some(7));
        command(&mut chip, ENABLE);
        write(&mut chip, 0b01 << 6, 0x1234);
        assert_eq!(chip.word(0), Some(0x1234));
        command(&mut chip, 0b11 << 6);
        assert_eq!(chip.word(0), Some(ERASED));
        write(&mut chip, WRITE_ALL, 0x5a5a);
        assert_eq!(
            (chip.word(0), chip.word(63), chip.word(64)),
            (Some(0x5a5a), Some(0x5a5a), None)
        );
        command(&mut chip, DISABLE);
        command(&mut chip, ERASE_ALL);
        assert_eq!(chip.word(9), Some(0x5a5a));
        command(&mut chip, ENABLE);
        command(&mut chip, ERASE_ALL);
        assert_eq!(chip.word(9), Some(ERASED));
    }

    #[test]
    fn a_command_cut_short_does_nothing() {
        let mut chip = Eeprom::new([7]);
        command(&mut chip, ENABLE);
        send(&mut chip, 0b101 << 6, 9);
        send(&mut chip, 0, 15);
        deselect(&mut chip);
        assert_eq!(chip.word(0), Some(7));
        assert_eq!(read(&mut chip, 0), 7, "and leaves the chip ready");
    }

    #[test]
    fn impossible_states_are_told() {
        let state = serde_json::to_value(Eeprom::new([])).unwrap();
        for (pointer, value) in [
            ("/words", serde_json::json!([1, 2])),
            ("/phase", serde_json::json!({"Command": {"bits": 0, "count": 8}})),
            ("/phase", serde_json::json!({"Read": {"address": 64, "bits": 0, "left": 1}})),
            ("/phase", serde_json::json!({"Write": {"address": 0, "bits": 0, "count": 17}})),
        ] {
            let mut hostile = state.clone();
            *hostile.pointer_mut(pointer).unwrap() = value;
            let chip: Eeprom = serde_json::from_value(hostile).unwrap();
            assert!(!chip.is_possible(), "{pointer}");
        }
    }

    proptest! {
        #[test]
        fn any_levels_leave_a_possible_chip(levels in proptest::collection::vec(any::<[bool; 3]>(), 0..400)) {
            let mut chip = Eeprom::new([1, 2, 3]);
            for [clock, select, data] in levels {
                chip.drive(Pins { clock, select, data });
                prop_assert!(chip.is_possible());
            }
        }
    }
}
