//! The EEPROM: what stands in it (SDM 5.6), its pins in EECD and the read logic of EERD. The chip is `elnic-microwire`.
//!
//! Left out: what the controller's PCI configuration takes over from words 0b to 0e (SDM 5.6.5); the machine gives that.

use elnic_contract::{Cx, ImageError, MacAddr};
use elnic_microwire::{ERASED, Eeprom, Pins, WORDS};

use crate::E1000;
use crate::spec::views::{eecd, eerd, wuc};
use crate::spec::{EECD_GRANT, Reg};
use crate::timers::Timer;

/// What all words add up to, modulo 2¹⁶.
const CHECKSUM: u16 = 0xbaba;
/// Words that hold the device ID: of the subsystem, and of the function.
const DEVICE_ID: [usize; 2] = [0x0b, 0x0d];
/// Initialization Control 1: the upper two bits are the signature.
const CONTROL_1: u8 = 0x0a;
/// Initialization Control 3: bit 10 lets magic packets wake without a driver.
const CONTROL_3: u8 = 0x24;

/// Lengths in bytes of the images of the chips that the family takes: a 93C46 or a 93C66.
pub(crate) const IMAGE_LENGTHS: &[usize] = &[128, 512];

/// Words 03 to 32 as QEMU serves them; the rest is erased. Words 0b and 0d hold the
/// device ID. SDM 5.6 gives their meaning.
const TEMPLATE: [(usize, &[u16]); 5] = [
    (0x03, &[0x0000, 0xffff, 0x0000, 0x0000, 0x0000]),
    (0x08, &[0x3000, 0x1000, 0x6403, 0x0000, 0x8086, 0x0000, 0x8086, 0x3040]),
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

/// A chip with the usual contents, `mac` and the controller's device ID.
pub(crate) fn contents(mac: MacAddr, device: u16) -> Eeprom {
    let mut words = vec![ERASED; WORDS];
    let [a, b, c, d, e, f] = mac.0;
    let address = [[a, b], [c, d], [e, f]].map(u16::from_le_bytes);
    let parts = std::iter::once((0, address.as_slice())).chain(TEMPLATE);
    for (start, part) in parts {
        for (word, value) in words.iter_mut().skip(start).zip(part) {
            *word = *value;
        }
    }
    for word in DEVICE_ID {
        if let Some(word) = words.get_mut(word) {
            *word = device;
        }
    }
    if let Some((last, others)) = words.split_last_mut() {
        let sum = others.iter().fold(0_u16, |sum, word| sum.wrapping_add(*word));
        *last = CHECKSUM.wrapping_sub(sum);
    }
    Eeprom::new(words)
}

/// The word at `address`; beyond the last one 0, as the auto-read logic of QEMU answers.
pub(crate) fn word(eeprom: &Eeprom, address: u8) -> u16 {
    eeprom.word(address).unwrap_or(0)
}

/// The station address in words 0 to 2.
pub(crate) fn station(eeprom: &Eeprom) -> MacAddr {
    let [[a, b], [c, d], [e, f]] = [0, 1, 2].map(|address| word(eeprom, address).to_le_bytes());
    MacAddr([a, b, c, d, e, f])
}

/// Whether the contents are to be believed: without the signature the controller loads nothing (SDM 5.6.4).
pub(crate) fn is_signed(eeprom: &Eeprom) -> bool {
    word(eeprom, CONTROL_1) >> 14 == 0b01
}

/// Whether magic packets wake the machine before any driver asks for it (WUC.APME).
pub(crate) fn wakes_without_driver(eeprom: &Eeprom) -> bool {
    is_signed(eeprom) && word(eeprom, CONTROL_3) & 0x0400 != 0
}

impl E1000 {
    /// EECD was written: software drives the pins.
    pub(crate) fn eecd_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        let begun = self.eeprom.drive(Pins {
            clock: new & eecd::SK != 0,
            select: new & eecd::CS != 0,
            data: new & eecd::DI != 0,
        });
        if let Some(programming) = begun {
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

    /// Another chip, or one with other contents, is put in while power is off.
    pub(crate) fn insert_eeprom(&mut self, image: &[u8]) -> Result<(), ImageError> {
        self.eeprom = Eeprom::of_image(image, IMAGE_LENGTHS)?;
        self.bank.clear_bits(Reg::WUC, wuc::APME);
        self.load_power_on_defaults();
        self.reported = self.report_filter();
        Ok(())
    }

    /// Shows the EEPROM's data output, and who may use it, in EECD.
    pub(crate) fn show_eeprom_output(&mut self) {
        let asked = self.bank.get(Reg::EECD) & eecd::REQ != 0;
        let arbitrated = self.chip.arbitrates_eeprom() && !self.compat.is_qemu();
        let busy = self.timers.pending(Timer::Eeprom);
        if !arbitrated || (asked && !busy) {
            self.bank.set_bits(Reg::EECD, EECD_GRANT);
        } else {
            self.bank.clear_bits(Reg::EECD, EECD_GRANT);
        }
        if self.eeprom.output() {
            self.bank.set_bits(Reg::EECD, eecd::DO);
        } else {
            self.bank.clear_bits(Reg::EECD, eecd::DO);
        }
    }

    /// EERD was written: a read may start.
    pub(crate) fn eerd_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        if new & eerd::START == 0 {
            return;
        }
        self.bank.clear_bits(Reg::EERD, eerd::DONE);
        if self.fidelity.full() {
            self.timers.arm(cx, Timer::Eeprom, cx.now + self.fidelity.latencies.eeprom_read);
            self.show_eeprom_output();
        } else {
            self.eerd_done();
        }
    }

    /// The word that EERD asked for is there.
    pub(crate) fn eerd_done(&mut self) {
        let [_, address, ..] = self.bank.get(Reg::EERD).to_le_bytes();
        let word = u64::from(word(&self.eeprom, address));
        self.bank.set(Reg::EERD, word << 16 | u64::from(address) << 8 | eerd::DONE);
        self.show_eeprom_output();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

    #[test]
    fn the_contents_add_up_for_every_part() {
        for device in [0x100e, 0x100c, 0x100f] {
            let eeprom = contents(MAC, device);
            let words: Vec<u16> = (0..64).map(|address| word(&eeprom, address)).collect();
            assert_eq!(words.iter().fold(0_u16, |sum, word| sum.wrapping_add(*word)), CHECKSUM);
            assert_eq!((words[0x0b], words[0x0d], words[0x0a]), (device, device, 0x6403));
            assert_eq!(&words[..3], [0x5452, 0x1200, 0x5634]);
            assert_eq!((station(&eeprom), word(&eeprom, 64)), (MAC, 0));
            assert!(wakes_without_driver(&eeprom));
        }
    }
}
