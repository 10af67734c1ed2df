//! What the 93C46 holds, and what the chip loads from it (DS EEPROM contents).
//!
//! The words carry the values that the registers reset to, so a driver that reads the EEPROM and one that reads the
//! registers agree. The chip checks no checksum and neither do drivers.

use elnic_contract::{Cx, ImageError, MacAddr};
use elnic_microwire::{Eeprom, Pins};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::{Cr9346, eem};
use crate::timers::Timer;

/// Word 0: without it the chip loads nothing (DS EEPROM contents).
const SIGNATURE: u16 = 0x8129;

/// Lengths in bytes of the images of the chips that it takes: a 93C46 or a 93C56.
pub(crate) const IMAGE_LENGTHS: &[usize] = &[128, 256];

/// Words by number.
mod word {
    pub(super) const SIGNATURE: u8 = 0x00;
    /// CONFIG3 above MSRBMCR.
    pub(super) const CONFIG3: u8 = 0x06;
    /// The station address, three words.
    pub(super) const STATION: u8 = 0x07;
    /// CONFIG1 above CONFIG0.
    pub(super) const CONFIG0: u8 = 0x0a;
    /// CONFIG4 below.
    pub(super) const CONFIG4: u8 = 0x0c;
}

/// An EEPROM with the usual contents and `mac`.
pub(crate) fn contents(mac: MacAddr) -> Eeprom {
    let [a, b, c, d, e, f] = mac.0;
    let [first, second, third] = [[a, b], [c, d], [e, f]].map(u16::from_le_bytes);
    Eeprom::new([
        SIGNATURE, 0x10ec, 0x8139, // vendor and device
        0x1af4, 0x1100, // subsystem
        0x4020, // Max_Lat, Min_Gnt
        0x0110, // CONFIG3; MSRBMCR: negotiate
        first, second, third,  //
        0x0c00, // CONFIG1, CONFIG0
        0xf7c2, // power management capabilities
        0x0000, // CONFIG4
        0x0000, 0x0000, 0x0000, // analogue parameters
    ])
}

impl Rtl8139 {
    fn eeprom_word(&self, address: u8) -> u16 {
        self.eeprom.word(address).unwrap_or(elnic_microwire::ERASED)
    }

    /// Loads IDR and CONFIG. Without the signature the registers keep the values of their table and the address is void.
    pub(crate) fn load_eeprom(&mut self) {
        if self.eeprom_word(word::SIGNATURE) != SIGNATURE {
            return;
        }
        let station = (0..3_u8).rev().fold(0, |address, part| {
            (address << 16) | u64::from(self.eeprom_word(word::STATION.saturating_add(part)))
        });
        self.bank.set(Reg::IDR, station);
        let [config0, config1] = self.eeprom_word(word::CONFIG0).to_le_bytes();
        let [_, config3] = self.eeprom_word(word::CONFIG3).to_le_bytes();
        let [config4, _] = self.eeprom_word(word::CONFIG4).to_le_bytes();
        // What software cannot change is strapped, not loaded.
        self.load_field(Reg::CONFIG0, config0, 0x07);
        self.load_field(Reg::CONFIG1, config1, 0xf3);
        self.load_field(Reg::CONFIG3, config3, 0x70);
        self.load_field(Reg::CONFIG4, config4, 0xf5);
    }

    fn load_field(&mut self, register: Reg, value: u8, mask: u8) {
        let kept = self.bank.get(register) & !u64::from(mask);
        self.bank.set(register, kept | u64::from(value & mask));
    }

    /// Another chip, or one with other contents, is put in while power is off.
    pub(crate) fn insert_eeprom(&mut self, image: &[u8]) -> Result<(), ImageError> {
        self.eeprom = Eeprom::of_image(image, IMAGE_LENGTHS)?;
        self.bank.reset();
        self.load_power_on_values();
        self.reported = self.report_filter();
        Ok(())
    }

    /// The pins follow 9346CR while it says so; in other modes the chip is not selected.
    pub(crate) fn drive_eeprom(&mut self, cx: &mut Cx<'_>) {
        let command = Cr9346(self.bank.get(Reg::CR9346));
        let pins = if command.mode() == eem::PROGRAM {
            Pins { clock: command.clock(), select: command.select(), data: command.data_in() }
        } else {
            Pins::default()
        };
        if let Some(programming) = self.eeprom.drive(pins) {
            cx.outbox.image_changed();
            if self.fidelity.full() {
                self.timers.arm(cx, Timer::Programming, cx.now + programming.time());
            } else {
                self.eeprom.programmed();
            }
        }
        self.show_eeprom_output();
    }

    /// The time of programming is over.
    pub(crate) fn eeprom_programmed(&mut self) {
        self.eeprom.programmed();
        self.show_eeprom_output();
    }

    /// Shows the EEPROM's data output while the EEPROM is selected; nobody drives the line otherwise.
    pub(crate) fn show_eeprom_output(&mut self) {
        let command = Cr9346(self.bank.get(Reg::CR9346));
        let shown = command.mode() == eem::PROGRAM && command.select();
        if shown && self.eeprom.output() {
            self.bank.set_bits(Reg::CR9346, 1);
        } else {
            self.bank.clear_bits(Reg::CR9346, 1);
        }
    }
}
