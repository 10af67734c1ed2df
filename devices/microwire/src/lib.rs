//! The 93C46, 93C56 and 93C66: serial EEPROMs of 64, 128 and 256 words of 16 bits behind four Microwire pins.
//!
//! NICs of the PCI age keep their station address in one and let software drive its pins. The chip is a value of its own:
//! a NIC feeds it the levels of its pins ([`Eeprom::drive`]), shows its output ([`Eeprom::output`]) and reads words
//! directly when it loads itself ([`Eeprom::word`]). The chip knows no time: programming is over when the NIC says so
//! ([`Eeprom::programmed`]), after [`Programming::time`] or at once.
//!
//! Source: Microchip 93C46/56/66 data sheets (DS21749, DS21794, DS21795). The image of a chip is what `ethtool -e DEVICE
//! raw on` prints: its words from address 0, each with its low byte first.
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

use elnic_contract::{ImageError, VDuration};
use serde::{Deserialize, Serialize};

/// Words of the smallest chip, the 93C46.
pub const WORDS: usize = 64;
/// What an erased word reads.
pub const ERASED: u16 = 0xffff;
/// Lengths in bytes of the images of the 93C46, 93C56 and 93C66.
pub const IMAGE_LENGTHS: &[usize] = &[128, 256, 512];

/// The chip: contents and the state of its serial interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eeprom {
    /// The contents: 64, 128 or 256 words.
    words: Vec<u16>,
    /// A word, or all of them, are being programmed; the chip hears nothing until that is over.
    busy: bool,
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
    /// Opcode and address come in: two bits of opcode, then those of the address.
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

/// What the chip has begun to program; the contents are those that will stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Programming {
    /// One word: WRITE or ERASE.
    Word,
    /// ERAL.
    EraseAll,
    /// WRAL.
    WriteAll,
}

impl Programming {
    /// How long the chip takes at most (DS21749, table 1-2: TWC, TEC and TWL of the 93C46).
    pub const fn time(self) -> VDuration {
        VDuration::from_millis(match self {
            Self::Word => 2,
            Self::EraseAll => 6,
            Self::WriteAll => 15,
        })
    }
}

impl Eeprom {
    /// A 93C46 that holds `words` from address 0; what they do not fill is erased.
    pub fn new(words: impl IntoIterator<Item = u16>) -> Self {
        let mut words: Vec<u16> = words.into_iter().take(WORDS).collect();
        words.resize(WORDS, ERASED);
        Self::holding(words)
    }

    /// A chip with the contents of `image`.
    ///
    /// # Errors
    /// The image has none of the lengths in `allowed`, which are among [`IMAGE_LENGTHS`].
    pub fn of_image(image: &[u8], allowed: &'static [usize]) -> Result<Self, ImageError> {
        let found = image.len();
        if !allowed.contains(&found) || !IMAGE_LENGTHS.contains(&found) {
            return Err(ImageError::Size { found, allowed });
        }
        let (words, _) = image.as_chunks::<2>();
        Ok(Self::holding(words.iter().copied().map(u16::from_le_bytes).collect()))
    }

    /// The contents as bytes.
    pub fn image(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The same contents in a chip that has just got power.
    #[must_use]
    pub fn powered_on(&self) -> Self {
        Self::holding(self.words.clone())
    }

    fn holding(words: Vec<u16>) -> Self {
        Self {
            words,
            busy: false,
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

    /// Number of words.
    pub const fn words(&self) -> usize {
        self.words.len()
    }

    /// Bits of an address: the 93C56 takes as many as the 93C66 and ignores the first.
    fn address_bits(&self) -> u8 {
        if self.words.len() > WORDS { 8 } else { 6 }
    }

    /// Bits of a command behind its start bit.
    fn command_bits(&self) -> u8 {
        self.address_bits().saturating_add(2)
    }

    /// The part of `address` that the chip decodes.
    fn decoded(&self, address: u8) -> u8 {
        let last = self.words.len().saturating_sub(1);
        u8::try_from(usize::from(address) & last).unwrap_or(address)
    }

    /// Whether this could be the state of a chip: saved states are hostile.
    pub fn is_possible(&self) -> bool {
        let counts = match self.phase {
            Phase::Command { count, .. } => count < self.command_bits(),
            Phase::Read { left, address, .. } => left <= 16 && address == self.decoded(address),
            Phase::Write { count, .. } => count <= 16,
            Phase::Idle | Phase::Erase { .. } | Phase::Done => true,
        };
        [64, 128, 256].contains(&self.words.len()) && counts
    }

    /// Level of the data output (DO). While the chip is busy and selected it is low.
    pub const fn output(&self) -> bool {
        self.output && !(self.busy && self.selected)
    }

    /// Programming is over.
    pub const fn programmed(&mut self) {
        self.busy = false;
    }

    /// Software drives the pins; what it has made the chip program, if anything. The chip is busy from then on until
    /// [`Eeprom::programmed`].
    #[must_use]
    pub fn drive(&mut self, pins: Pins) -> Option<Programming> {
        let rising = pins.clock && !self.clock;
        self.clock = pins.clock;
        if !pins.select {
            let begun = if self.selected { self.commit() } else { None };
            self.selected = false;
            self.phase = Phase::Idle;
            self.output = true;
            return begun;
        }
        if !self.selected {
            // Selected again: ready is shown on the data output until the start bit.
            self.selected = true;
            self.phase = Phase::Idle;
            self.output = true;
        }
        if rising && !self.busy {
            self.clock_in(pins.data);
        }
        None
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
                if count < self.command_bits() {
                    Phase::Command { bits, count }
                } else {
                    self.command(bits)
                }
            }
            Phase::Read { address, left: 0, .. } => {
                // The chip goes on with the next word for as long as it is clocked.
                let address = self.decoded(address.wrapping_add(1));
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

    /// Two bits of opcode and all of the address are in.
    fn command(&mut self, bits: u16) -> Phase {
        let width = u32::from(self.address_bits());
        let [sent, _] = bits.to_le_bytes();
        let address = self.decoded(sent);
        match bits.checked_shr(width).unwrap_or(0) & 3 {
            2 => {
                // A zero goes out before the word.
                self.output = false;
                Phase::Read { address, bits: self.read_word(address), left: 16 }
            }
            1 => Phase::Write { address: Some(address), bits: 0, count: 0 },
            3 => Phase::Erase { address: Some(address) },
            // The others are told apart by the upper two bits of the address.
            _ => match sent.checked_shr(width.saturating_sub(2)).unwrap_or(0) & 3 {
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
    fn commit(&mut self) -> Option<Programming> {
        let (address, value, all) = match self.phase {
            Phase::Write { address, bits, count: 16 } => (address, bits, Programming::WriteAll),
            Phase::Erase { address } => (address, ERASED, Programming::EraseAll),
            _ => return None,
        };
        if !self.write_enabled {
            return None;
        }
        self.busy = true;
        let Some(address) = address else {
            self.words.fill(value);
            return Some(all);
        };
        if let Some(word) = self.words.get_mut(usize::from(address)) {
            *word = value;
        }
        Some(Programming::Word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bit(chip: &mut Eeprom, data: bool) -> bool {
        assert_eq!(chip.drive(Pins { clock: false, select: true, data }), None);
        assert_eq!(chip.drive(Pins { clock: true, select: true, data }), None);
        chip.output()
    }

    fn send(chip: &mut Eeprom, bits: u32, count: u32) {
        for n in (0..count).rev() {
            bit(chip, bits >> n & 1 != 0);
        }
    }

    /// Ends a command; what it makes the chip program takes no time.
    fn deselect(chip: &mut Eeprom) -> Option<Programming> {
        let begun = chip.drive(Pins::default());
        chip.programmed();
        begun
    }

    fn read(chip: &mut Eeprom, address: u32) -> u16 {
        send(chip, 0b110 << 6 | address, 9);
        assert!(!chip.output(), "the dummy zero");
        let word = (0..16).fold(0, |word, _| word << 1 | u16::from(bit(chip, false)));
        assert_eq!(deselect(chip), None);
        word
    }

    fn command(chip: &mut Eeprom, bits: u32) -> Option<Programming> {
        send(chip, 0b1 << 8 | bits, 9);
        deselect(chip)
    }

    fn write(chip: &mut Eeprom, bits: u32, value: u16) -> Option<Programming> {
        send(chip, 0b1 << 8 | bits, 9);
        send(chip, u32::from(value), 16);
        deselect(chip)
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
        assert_eq!(write(&mut chip, 0b01 << 6, 0x1234), None);
        assert_eq!(chip.word(0), Some(7));
        assert_eq!(command(&mut chip, ENABLE), None);
        assert_eq!(write(&mut chip, 0b01 << 6, 0x1234), Some(Programming::Word));
        assert_eq!(chip.word(0), Some(0x1234));
        assert_eq!(command(&mut chip, 0b11 << 6), Some(Programming::Word));
        assert_eq!(chip.word(0), Some(ERASED));
        assert_eq!(write(&mut chip, WRITE_ALL, 0x5a5a), Some(Programming::WriteAll));
        assert_eq!(
            (chip.word(0), chip.word(63), chip.word(64)),
            (Some(0x5a5a), Some(0x5a5a), None)
        );
        assert_eq!(command(&mut chip, DISABLE), None);
        assert_eq!(command(&mut chip, ERASE_ALL), None);
        assert_eq!(chip.word(9), Some(0x5a5a));
        assert_eq!(command(&mut chip, ENABLE), None);
        assert_eq!(command(&mut chip, ERASE_ALL), Some(Programming::EraseAll));
        assert_eq!(chip.word(9), Some(ERASED));
    }

    #[test]
    fn a_chip_that_programs_shows_busy_and_hears_nothing() {
        let mut chip = Eeprom::new([7]);
        assert_eq!(command(&mut chip, ENABLE), None);
        send(&mut chip, 0b101 << 6, 9);
        send(&mut chip, 0x1234, 16);
        assert_eq!(chip.drive(Pins::default()), Some(Programming::Word));
        assert!(chip.output(), "not selected, it drives nothing");
        send(&mut chip, 0b110 << 6, 9);
        assert!(!chip.output(), "busy");
        chip.programmed();
        assert!(chip.output(), "ready, and the command was not heard");
        assert_eq!(deselect(&mut chip), None);
        assert_eq!(read(&mut chip, 0), 0x1234);
    }

    #[test]
    fn a_larger_chip_takes_two_more_bits_of_address() {
        let image: Vec<u8> = (0..256_u16).flat_map(u16::to_le_bytes).collect();
        for (length, asked, found) in [(512, 0xc8, 0xc8), (256, 0xc8, 0x48)] {
            let mut chip = Eeprom::of_image(&image[..length], IMAGE_LENGTHS).unwrap();
            send(&mut chip, 0b110 << 8 | asked, 11);
            let word = (0..16).fold(0, |word, _| word << 1 | u16::from(bit(&mut chip, false)));
            assert_eq!(word, found, "{length} bytes");
            assert_eq!(deselect(&mut chip), None);
            send(&mut chip, 0b100_1100_0000, 11);
            assert_eq!(deselect(&mut chip), None);
            send(&mut chip, 0b101 << 8 | 0x7f, 11);
            send(&mut chip, 0xbeef, 16);
            assert_eq!(deselect(&mut chip), Some(Programming::Word));
            assert_eq!(chip.word(0x7f), Some(0xbeef));
            assert!(chip.is_possible());
        }
    }

    #[test]
    fn an_image_is_the_words_low_byte_first() {
        let chip = Eeprom::new([0x5452, 0x1200]);
        let image = chip.image();
        assert_eq!((image.len(), &image[..4]), (128, &[0x52, 0x54, 0x00, 0x12][..]));
        assert_eq!(Eeprom::of_image(&image, &[128]), Ok(chip));
        let refused = Eeprom::of_image(&[0; 256], &[128, 512]).unwrap_err();
        assert_eq!(refused, ImageError::Size { found: 256, allowed: &[128, 512] });
    }

    #[test]
    fn power_leaves_the_contents_and_nothing_else() {
        let mut chip = Eeprom::new([7]);
        assert_eq!(command(&mut chip, ENABLE), None);
        send(&mut chip, 0b101, 3);
        assert_eq!(chip.powered_on(), Eeprom::new([7]));
    }

    #[test]
    fn a_command_cut_short_does_nothing() {
        let mut chip = Eeprom::new([7]);
        assert_eq!(command(&mut chip, ENABLE), None);
        send(&mut chip, 0b101 << 6, 9);
        send(&mut chip, 0, 15);
        assert_eq!(deselect(&mut chip), None);
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
                if chip.drive(Pins { clock, select, data }).is_some() && data {
                    chip.programmed();
                }
                prop_assert!(chip.is_possible());
            }
        }
    }
}
