//! The EEPROM: a 93C46 of 64 words of 16 bits behind the pins of EECD (SDM 5; Microchip 93C46B data sheet).
//!
//! A value of its own. Programming takes no time: the chip says ready as soon as it is selected again.

use elnic_contract::MacAddr;
use serde::{Deserialize, Serialize};

/// Number of words.
pub(crate) const WORDS: usize = 64;
/// What all words add up to, modulo 2¹⁶.
const CHECKSUM: u16 = 0xbaba;
const DEVICE_ID: u16 = 0x100e;

/// Words 03 to 32 as QEMU serves them; the rest is erased. SDM 5.6 gives their meaning.
const TEMPLATE: [(usize, &[u16]); 5] = [
    (0x03, &[0x0000, 0xffff, 0x0000, 0x0000, 0x0000]),
    (0x08, &[0x3000, 0x1000, 0x6403, DEVICE_ID, 0x8086, DEVICE_ID, 0x8086, 0x3040]),
    (
        0x10,
        &[
            0x0008, 0x2000, 0x7e14, 0x0048, 0x1000, 0x00d8, 0x0000, 0x2700, 0x6cc9, 0x3150, 0x0722,
            0x040b, 0x0984, 0x0000, 0xc000, 0x0706,
        ],
    ),
    (0x20, &[0x1008, 0x0000, 0x0f04, 0x7fff, 0x4d01]),
    (0x30, &[0x0100, 0x4000, 0x121c]),
];

/// The chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Eeprom {
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

/// The pins that software drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pins {
    pub(crate) clock: bool,
    pub(crate) select: bool,
    pub(crate) data: bool,
}

impl Eeprom {
    /// A chip with the usual contents and `mac`.
    pub(crate) fn new(mac: MacAddr) -> Self {
        let mut words = vec![0xffff; WORDS];
        let [a, b, c, d, e, f] = mac.0;
        let address = [[a, b], [c, d], [e, f]].map(u16::from_le_bytes);
        let parts = std::iter::once((0, address.as_slice())).chain(TEMPLATE);
        for (start, part) in parts {
            for (word, value) in words.iter_mut().skip(start).zip(part) {
                *word = *value;
            }
        }
        if let Some((last, others)) = words.split_last_mut() {
            let sum = others.iter().fold(0_u16, |sum, word| sum.wrapping_add(*word));
            *last = CHECKSUM.wrapping_sub(sum);
        }
        Self {
            words,
            write_enabled: false,
            clock: false,
            selected: false,
            output: true,
            phase: Phase::Idle,
        }
    }

    /// The word at `address`; beyond the last one 0, as the auto-read logic of QEMU answers.
    pub(crate) fn word(&self, address: u8) -> u16 {
        self.words.get(usize::from(address)).copied().unwrap_or(0)
    }

    /// The station address in words 0 to 2.
    pub(crate) fn mac(&self) -> MacAddr {
        let [[a, b], [c, d], [e, f]] = [0, 1, 2].map(|address| self.word(address).to_le_bytes());
        MacAddr([a, b, c, d, e, f])
    }

    /// Whether this could be the state of a chip: for saved states.
    pub(crate) fn is_possible(&self) -> bool {
        let counts = match self.phase {
            Phase::Command { count, .. } => count < 8,
            Phase::Read { left, .. } => left <= 16,
            Phase::Write { count, .. } => count <= 16,
            Phase::Idle | Phase::Erase { .. } | Phase::Done => true,
        };
        self.words.len() == WORDS && counts
    }

    /// Level of the data output.
    pub(crate) const fn output(&self) -> bool {
        self.output
    }

    /// Software drives the pins.
    pub(crate) fn drive(&mut self, pins: Pins) {
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

    fn clock_in(&mut self, data: bool) {
        self.phase = match self.phase {
            Phase::Idle if data => Phase::Command { bits: 0, count: 0 },
            Phase::Command { bits, count } => {
                let bits = (bits << 1) | u16::from(data);
                if count < 7 {
                    Phase::Command { bits, count: count.saturating_add(1) }
                } else {
                    self.command(bits)
                }
            }
            Phase::Read { address, bits, left: 0 } => {
                // The chip goes on with the next word for as long as it is clocked.
                let _ = bits;
                let address = address.wrapping_add(1) & 0x3f;
                self.shift_out(address, self.word(address), 16)
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
        let address = (bits & 0x3f) as u8;
        match (bits >> 6) & 3 {
            2 => {
                // A zero goes out before the word.
                self.output = false;
                Phase::Read { address, bits: self.word(address), left: 16 }
            }
            1 => Phase::Write { address: Some(address), bits: 0, count: 0 },
            3 => Phase::Erase { address: Some(address) },
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
            Phase::Erase { address } => (address, 0xffff),
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

    const MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

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
        chip.drive(Pins { clock: false, select: false, data: false });
    }

    fn read(chip: &mut Eeprom, address: u32) -> u16 {
        send(chip, 0b110 << 6 | address, 9);
        assert!(!chip.output(), "the dummy zero");
        let word = (0..16).fold(0, |word, _| word << 1 | u16::from(bit(chip, false)));
        deselect(chip);
        word
    }

    fn write(chip: &mut Eeprom, address: u32, value: u16) {
        send(chip, 0b101 << 6 | address, 9);
        send(chip, u32::from(value), 16);
        deselect(chip);
    }

    #[test]
    fn the_words_add_up_and_start_with_the_address() {
        let chip = Eeprom::new(MAC);
        let sum = (0..64).fold(0_u16, |sum, address| sum.wrapping_add(chip.word(address)));
        assert_eq!(sum, 0xbaba);
        assert_eq!([0, 1, 2].map(|address| chip.word(address)), [0x5452, 0x1200, 0x5634]);
        assert_eq!(chip.mac(), MAC);
        assert_eq!(chip.word(64), 0);
    }

    #[test]
    fn every_word_reads_the_same_over_the_pins() {
        let mut chip = Eeprom::new(MAC);
        for address in 0..64 {
            assert_eq!(read(&mut chip, address), chip.word(address as u8), "{address}");
        }
    }

    #[test]
    fn a_long_read_runs_into_the_next_word() {
        let mut chip = Eeprom::new(MAC);
        send(&mut chip, 0b110 << 6 | 63, 9);
        let words: Vec<u16> = (0..2)
            .map(|_| (0..16).fold(0, |word, _| word << 1 | u16::from(bit(&mut chip, false))))
            .collect();
        assert_eq!(words, [chip.word(63), chip.word(0)]);
    }

    #[test]
    fn writing_needs_to_be_enabled() {
        let mut chip = Eeprom::new(MAC);
        let before = chip.word(5);
        write(&mut chip, 5, 0x1234);
        assert_eq!(chip.word(5), before);
        send(&mut chip, 0b100_110000, 9);
        deselect(&mut chip);
        write(&mut chip, 5, 0x1234);
        assert_eq!(chip.word(5), 0x1234);
        send(&mut chip, 0b111 << 6 | 5, 9);
        deselect(&mut chip);
        assert_eq!(chip.word(5), 0xffff, "erased");
        send(&mut chip, 0b100_010000, 9);
        send(&mut chip, 0x5aa5, 16);
        deselect(&mut chip);
        assert!((0..64).all(|address| chip.word(address) == 0x5aa5), "all written");
        send(&mut chip, 0b100_100000, 9);
        deselect(&mut chip);
        assert!((0..64).all(|address| chip.word(address) == 0xffff), "all erased");
        send(&mut chip, 0b100_000000, 9);
        deselect(&mut chip);
        write(&mut chip, 5, 0x1234);
        assert_eq!(chip.word(5), 0xffff, "disabled again");
    }

    #[test]
    fn a_write_cut_short_changes_nothing() {
        let mut chip = Eeprom::new(MAC);
        send(&mut chip, 0b100_110000, 9);
        deselect(&mut chip);
        let before = chip.clone();
        send(&mut chip, 0b101 << 6 | 5, 9);
        send(&mut chip, 0, 15);
        deselect(&mut chip);
        assert_eq!(chip.words, before.words);
    }
}
