//! What drivers get away with here and not on the chip (property `strict`).
//!
//! Each rule is checked where the engine stands anyway. With `strict=on` a broken rule is named once; otherwise every
//! breach is an ordinary remark, which the machine's log limits.

use elnic_contract::{Cx, LogEntry, StrictRule};
use elnic_registers::{RegisterFile, Written};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::{Rcr, Tcr, cause, cr, tppoll, tsd};
use crate::timers::Timer;

/// What the longest ordinary frame occupies in the ring buffer, rounded up.
const LONGEST_PLACE: usize = 1536;

/// The rules, in the order of [`RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    ShortFrame,
    LongFrame,
    UnalignedTransmitBuffer,
    UnalignedReceiveBuffer,
    UnalignedRing,
    UnalignedRead,
    ReadPastWrite,
    Locked,
    LockedStation,
    NarrowStation,
    NarrowTransmitStatus,
    TransmitterOff,
    ReceiverWithoutBuffer,
    BurstUnset,
    DescriptorOrder,
    DescriptorTaken,
    NoBusMaster,
    RingBeforeMode,
    UnwaitedReset,
    ReservedBits,
    OverflowFirst,
    OnlyCplus,
    NoFirstSegment,
    NestedPacket,
    NoLastSegment,
    ImpossiblePacket,
}

const fn rule(name: &'static str, text: &'static str, source: &'static str) -> StrictRule {
    StrictRule { name, text, source }
}

/// What the rules say.
pub const RULES: &[StrictRule] = &[
    rule(
        "short-frame",
        "frame of less than 60 bytes to send: the chip does not pad",
        "DS TSD.SIZE",
    ),
    rule(
        "long-frame",
        "frame of more than 1792 bytes to send: it does not fit the FIFO with others",
        "DS TSD.SIZE",
    ),
    rule("unaligned-transmit-buffer", "transmit buffer that is not on a doubleword", "DS TSAD"),
    rule("unaligned-receive-buffer", "receive buffer that is not on a doubleword", "DS RBSTART"),
    rule("unaligned-ring", "descriptor ring that is not on 256 bytes", "DS TNPDS, THPDS, RDSAR"),
    rule("unaligned-read", "CAPR that is not on a doubleword", "DS CAPR"),
    rule("read-past-write", "CAPR beyond what has been received", "DS CAPR, CBR"),
    rule("locked", "write of a locked register", "DS 9346CR.EEM"),
    rule(
        "locked-station-address",
        "write of IDR without opening it, which QEMU's model lets pass",
        "DS 9346CR.EEM",
    ),
    rule("narrow-station-address", "write of IDR or MAR not by doublewords", "DS IDR, MAR"),
    rule("narrow-transmit-status", "access of TSD not by doublewords", "DS TSD"),
    rule("transmitter-off", "write of TCR or TSD while the transmitter is off", "DS CR.TE, TCR"),
    rule("receiver-without-buffer", "receiver enabled with its buffer at address 0", "DS RBSTART"),
    rule(
        "burst-unset",
        "engine at work with MXDMA at its reset value: bursts of 16 bytes, which let the FIFO run dry or over",
        "DS TCR.MXDMA, RCR.MXDMA; nic-models.md §2.11",
    ),
    rule("descriptor-order", "transmit descriptors are to be used in turn", "DS TSD"),
    rule("descriptor-taken", "write of a TSD whose frame has not been sent", "DS TSD.OWN"),
    rule("no-bus-master", "transmission without bus mastering", "PCI 3.0 §6.2.2"),
    rule(
        "ring-before-mode",
        "ring address written before CPCR: turning C+ mode on clears it on the chip",
        "Linux 8139cp, cp_start_hw",
    ),
    rule("unwaited-reset", "write while CR.RST has not cleared itself", "DS CR.RST"),
    rule("reserved-bits", "reserved bits set", "DS register descriptions"),
    rule("overflow-first", "RXOVW cleared before CAPR was moved", "DS ISR.RXOVW"),
    rule("only-cplus", "write of a register that only the C+ has", "DS C+ registers"),
    rule("no-first-segment", "transmit packet without a first segment", "DS C+ Tx descriptor"),
    rule("nested-packet", "transmit packet within another", "DS C+ Tx descriptor"),
    rule("no-last-segment", "transmit ring without a last segment", "DS C+ Tx descriptor"),
    rule(
        "impossible-packet",
        "transmit descriptors describe no packet that can be sent",
        "DS C+ Tx descriptor",
    ),
];

impl Rtl8139 {
    /// A rule was broken by `value` in `register`.
    pub(crate) fn remark(
        &mut self,
        cx: &mut Cx<'_>,
        rule: Rule,
        register: &'static str,
        value: u64,
    ) {
        if self.strict.is_on() {
            self.strict.broken(cx.log, RULES, rule as usize, register, value);
        } else if let Some(rule) = RULES.get(rule as usize) {
            cx.log.record(LogEntry::Guest { what: rule.text, value });
        }
    }

    /// Looks at a write with the eyes of the chip. Only for what the engines do not notice by themselves.
    pub(crate) fn check_write(&mut self, cx: &mut Cx<'_>, written: &Written<Reg>) {
        if !self.strict.is_on() {
            return;
        }
        let (spec, raw) = (written.register.spec(), written.raw);
        // Acknowledging everything is how drivers begin.
        let acknowledges = written.register == Reg::ISR;
        if raw & !spec.mask_of(|_| true) != 0 && !acknowledges {
            self.remark(cx, Rule::ReservedBits, spec.name, raw);
        }
        if self.timers.pending(Timer::Reset) {
            self.remark(cx, Rule::UnwaitedReset, spec.name, raw);
        }
        let (register, new) = (written.register, written.new);
        let sends = (register == Reg::TSD && new & tsd::OWN == 0)
            || (register == Reg::TPPOLL && new & (tppoll::HPQ | tppoll::NPQ) != 0);
        if sends {
            let tcr = self.bank.get(Reg::TCR);
            self.check_burst(cx, "TCR", tcr, Tcr(tcr).burst_code());
        }
        if let Some(rule) = self.broken_by(written) {
            self.remark(cx, rule, spec.name, raw);
        }
    }

    /// A frame is on its way into memory.
    pub(crate) fn check_reception(&mut self, cx: &mut Cx<'_>) {
        let rcr = self.bank.get(Reg::RCR);
        self.check_burst(cx, "RCR", rcr, Rcr(rcr).burst_code());
    }

    /// An engine works with the bursts that `code` stands for.
    fn check_burst(&mut self, cx: &mut Cx<'_>, register: &'static str, value: u64, code: u8) {
        if self.strict.is_on() && code == 0 {
            self.remark(cx, Rule::BurstUnset, register, value);
        }
    }

    /// The rule that a write breaks by its value or its moment.
    fn broken_by(&self, written: &Written<Reg>) -> Option<Rule> {
        let Written { register, element, old, new, raw, .. } = *written;
        let unaligned = element % 2 == 0 && new & 0xff != 0;
        let wrong = |rule, broken: bool| broken.then_some(rule);
        match register {
            Reg::IDR => wrong(Rule::LockedStation, !self.configuration_is_open()),
            Reg::RBSTART => wrong(Rule::UnalignedReceiveBuffer, new & 3 != 0),
            Reg::RDSAR if !self.receives_into_ring() => Some(Rule::RingBeforeMode),
            Reg::RDSAR => wrong(Rule::UnalignedRing, unaligned),
            Reg::TSAD if self.sends_from_rings() => wrong(Rule::UnalignedRing, unaligned),
            Reg::TSD if old & tsd::OWN == 0 => Some(Rule::DescriptorTaken),
            Reg::TSD if new & tsd::OWN != 0 => None,
            Reg::TSD if !self.command().transmitter() => Some(Rule::TransmitterOff),
            Reg::TSD => wrong(Rule::DescriptorOrder, self.is_out_of_turn(element)),
            Reg::CR => {
                let lone = self.bank.get(Reg::RBSTART) == 0 && !self.receives_into_ring();
                wrong(Rule::ReceiverWithoutBuffer, new & !old & cr::RE != 0 && lone)
            }
            Reg::ISR if raw & old & cause::RXOVW != 0 && !self.receives_into_ring() => {
                wrong(Rule::OverflowFirst, self.free_bytes() < LONGEST_PLACE)
            }
            _ => None,
        }
    }

    /// Whether TSD number `element` is not the one whose turn it is, the ones before it being on their way.
    fn is_out_of_turn(&self, element: u16) -> bool {
        let next = self.tx.next;
        let ahead = element.wrapping_sub(next) & 3;
        (0..ahead).any(|step| {
            let number = next.wrapping_add(step) & 3;
            self.bank.get_at(Reg::TSD, number) & tsd::OWN != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_text_and_a_name_of_its_own() {
        assert_eq!(Rule::ImpossiblePacket as usize + 1, RULES.len());
        assert_eq!(RULES[Rule::NoBusMaster as usize].name, "no-bus-master");
        assert_eq!(RULES[Rule::ReservedBits as usize].name, "reserved-bits");
        for (number, rule) in RULES.iter().enumerate() {
            let words = rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(words && !rule.text.is_empty() && !rule.source.is_empty(), "{rule:?}");
            assert!(RULES[..number].iter().all(|other| other.name != rule.name), "{rule:?}");
        }
    }
}
