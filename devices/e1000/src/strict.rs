//! `strict=on`: what drivers do that this model lets pass and the hardware would punish. Each is said once.
//!
//! The rules follow what driver authors met when they moved from an emulator to a chip (nic-models.md §6.1, §6.3) and what
//! the register descriptions forbid.

use elnic_contract::{Access, Cx, Mode, Size, StrictRule};
use elnic_registers::{Lanes, RegisterFile, Written};

use crate::E1000;
use crate::model::MEMORY;
use crate::ring::Ring;
use crate::spec::Reg;
use crate::spec::views::{Rctl, Tctl, eecd, eerd};
use crate::timers::Timer;

const fn rule(name: &'static str, text: &'static str, source: &'static str) -> StrictRule {
    StrictRule { name, text, source }
}

/// A rule, by its position in [`STRICT_RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Rule {
    ShortFrame,
    NarrowAccess,
    NoRegister,
    ReservedBits,
    RingUnaligned,
    RingLength,
    TailOutside,
    TailBeforeEnable,
    RingMoved,
    NoBusMaster,
    EepromUnasked,
    MdicBusy,
    EerdBusy,
    EerdLayout,
    BufferSize,
    BadDescriptor,
    GapUnset,
    PayloadLength,
    NullBuffer,
}

/// The rules, in the order of their numbers.
pub const STRICT_RULES: &[StrictRule] = &[
    rule(
        "short-frame",
        "a frame below 60 bytes was sent without TCTL.PSP; receivers drop it as a runt",
        "nic-models.md §6.1",
    ),
    rule(
        "narrow-access",
        "a register was accessed with less than 32 bits; the chip leaves the result undefined",
        "nic-models.md §1.1",
    ),
    rule("no-register", "an offset without a register was accessed", "nic-models.md §1.2"),
    rule(
        "reserved-bits",
        "reserved bits were set; they must be written as zero",
        "nic-models.md §6.3",
    ),
    rule(
        "ring-unaligned",
        "a descriptor ring was placed at an address that is no multiple of 16; the chip drops the low bits",
        "nic-models.md §1.2, RDBAL",
    ),
    rule(
        "ring-length",
        "a ring's length is no multiple of 128 bytes; the chip drops the low bits",
        "nic-models.md §1.2, RDLEN; §1.12, Zephyr",
    ),
    rule(
        "tail-outside",
        "a tail beyond the ring's end was written; the chip reads what stands behind the ring",
        "nic-models.md §5.1, CVE-2016-1981",
    ),
    rule(
        "tail-before-enable",
        "transmit descriptors were handed over while TCTL.EN is clear",
        "nic-models.md §6.3",
    ),
    rule(
        "ring-moved",
        "base, length or head of a ring was written while its engine is enabled",
        "nic-models.md §1.12, TDBA changes while EN",
    ),
    rule(
        "no-bus-master",
        "the controller was made to work while it may not master the bus; the chip does nothing",
        "nic-models.md §1.1, §6.1",
    ),
    rule(
        "eeprom-unasked",
        "the EEPROM's pins were driven without EECD.REQ; the hardware may be using it",
        "nic-models.md §1.3, REQ/GNT",
    ),
    rule(
        "mdic-busy",
        "MDIC was written before the last access was ready",
        "nic-models.md §1.2, MDIC",
    ),
    rule("eerd-busy", "EERD was started before the last read was done", "nic-models.md §1.3, EERD"),
    rule(
        "eerd-layout",
        "EERD was written in the layout of later parts (address from bit 2); these have the address in bits 8 to 15",
        "nic-models.md §6.1, ReactOS; §1.2, EERD",
    ),
    rule(
        "buffer-size",
        "RCTL has the reserved buffer size (BSEX with BSIZE 0)",
        "nic-models.md §1.8",
    ),
    rule(
        "bad-descriptor",
        "transmit descriptors describe no packet that can be sent; the chip's transmitter may hang",
        "nic-models.md §1.5",
    ),
    rule(
        "gap-unset",
        "frames are sent with TIPG at its reset value; the gap between them is too small",
        "nic-models.md §1.2, TIPG",
    ),
    rule(
        "payload-length",
        "PAYLEN of a segmentation context is not what its descriptors bring; the chip goes by PAYLEN",
        "nic-models.md §1.5",
    ),
    rule(
        "null-buffer",
        "a receive descriptor without a buffer was handed over",
        "nic-models.md §1.6",
    ),
];

impl E1000 {
    /// Says that a rule was broken, if anybody listens and for the first time.
    #[inline]
    pub(crate) fn broken(
        &mut self,
        cx: &mut Cx<'_>,
        rule: Rule,
        register: &'static str,
        value: u64,
    ) {
        if self.strict.is_on() {
            self.strict.broken(cx.log, STRICT_RULES, rule as usize, register, value);
        }
    }

    /// What of an access strict mode has something to say about, whatever it writes or has read.
    #[inline]
    pub(crate) fn judge_access(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) {
        if self.strict.is_on() && access.region() == MEMORY {
            self.judge_access_strictly(cx, access, value);
        }
    }

    #[cold]
    fn judge_access_strictly(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) {
        match Lanes::<Reg>::new(access).next() {
            Some(lane) if access.size() < Size::Word => {
                self.broken(cx, Rule::NarrowAccess, lane.register.spec().name, value);
            }
            Some(_) => {}
            None => self.broken(cx, Rule::NoRegister, "the offset", access.offset()),
        }
    }

    /// What of a write strict mode has something to say about.
    pub(crate) fn judge_write(&mut self, cx: &mut Cx<'_>, written: &Written<Reg>) {
        let row = written.register.spec();
        let (name, raw) = (row.name, written.raw);
        let reserved = raw & !written.old & !row.mask_of(|field| field.mode != Mode::Reserved);
        let ring_low = matches!(written.register, Reg::RDBAL | Reg::TDBAL);
        let ring_length = matches!(written.register, Reg::RDLEN | Reg::TDLEN);
        if ring_low && raw & 15 != 0 {
            self.broken(cx, Rule::RingUnaligned, name, raw);
        } else if ring_length && raw & 127 != 0 {
            self.broken(cx, Rule::RingLength, name, raw);
        } else if reserved != 0 && !matches!(written.register, Reg::IMC | Reg::ICR) {
            // All ones there are how every driver says "all".
            self.broken(cx, Rule::ReservedBits, name, raw);
        }
        let transmits = Tctl(self.bank.get(Reg::TCTL)).enable();
        let receives = Rctl(self.bank.get(Reg::RCTL)).enable();
        match written.register {
            Reg::TDBAL | Reg::TDBAH | Reg::TDLEN | Reg::TDH if transmits => {
                self.broken(cx, Rule::RingMoved, name, raw);
            }
            Reg::RDBAL | Reg::RDBAH | Reg::RDLEN | Reg::RDH if receives => {
                self.broken(cx, Rule::RingMoved, name, raw);
            }
            Reg::TDT if !transmits && raw != self.bank.get(Reg::TDH) => {
                self.broken(cx, Rule::TailBeforeEnable, name, raw);
            }
            Reg::TCTL if transmits && self.bank.get(Reg::TIPG) == 0 => {
                self.broken(cx, Rule::GapUnset, name, raw);
            }
            Reg::RCTL if Rctl(raw).buffer_size_is_reserved() => {
                self.broken(cx, Rule::BufferSize, name, raw);
            }
            Reg::EECD
                if self.chip.arbitrates_eeprom()
                    && raw & eecd::REQ == 0
                    && raw & eecd::PINS != 0 =>
            {
                self.broken(cx, Rule::EepromUnasked, name, raw);
            }
            Reg::MDIC if self.timers.pending(Timer::Mdio) => {
                self.broken(cx, Rule::MdicBusy, name, raw);
            }
            Reg::EERD if raw & eerd::LATER_ADDRESS != 0 => {
                self.broken(cx, Rule::EerdLayout, name, raw);
            }
            Reg::EERD if self.timers.pending(Timer::Eeprom) => {
                self.broken(cx, Rule::EerdBusy, name, raw);
            }
            _ => {}
        }
        let ring = match written.register {
            Reg::TDT => Some((Ring::transmit(&self.bank), Reg::TDLEN)),
            Reg::RDT => Some((Ring::receive(&self.bank), Reg::RDLEN)),
            _ => None,
        };
        if let Some((None, length)) = ring
            && self.bank.get(length) != 0
        {
            self.broken(cx, Rule::TailOutside, name, raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_row() {
        assert_eq!(STRICT_RULES.len(), Rule::NullBuffer as usize + 1);
        let row = |rule: Rule| STRICT_RULES[rule as usize].name;
        assert_eq!(row(Rule::NoBusMaster), "no-bus-master");
        assert_eq!(row(Rule::GapUnset), "gap-unset");
        assert_eq!(row(Rule::NullBuffer), "null-buffer");
    }
}
