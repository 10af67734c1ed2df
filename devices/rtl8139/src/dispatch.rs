//! What an access does: the windows, what is locked, and what writes start.
//!
//! Both windows show the same registers; all of their 256 bytes are decoded. Narrow accesses touch only their bytes, but
//! for TSD, whose write starts a transmission and which the chip takes whole (DS TSD).

use elnic_contract::{Access, Cx, Fault, LogEntry};
use elnic_registers::{Bank, Behaviour, Lanes, RegisterFile, Written};

use crate::Rtl8139;
use crate::model::Revision;
use crate::spec::views::{Command, Cpcr, Cr9346, Tcr, bmcr, cause, cr, eem, tppoll, tsd};
use crate::spec::{CPLUS, Reg, WINDOW, WINDOW_SIZE};
use crate::strict_rules::Rule;
use crate::timers::Timer;

/// Number of the second window, in memory space.
const MEMORY: u8 = 1;
/// Where IDR and MAR end.
const STATION_END: u64 = 0x10;
/// Where C mode has TSD0 and TSD1 and C+ mode DTCCR.
const DTCCR_BYTES: std::ops::Range<u64> = 0x10..0x18;

impl Rtl8139 {
    /// Where in the table an access goes.
    fn target(&self, access: Access) -> Result<Access, Fault> {
        let end = access.offset().saturating_add(u64::from(access.size().bytes()));
        let region = match access.region() {
            WINDOW | MEMORY if self.dtccr_shown && DTCCR_BYTES.contains(&access.offset()) => CPLUS,
            WINDOW | MEMORY => WINDOW,
            CPLUS => CPLUS,
            _ => return Err(Fault::NoRegion),
        };
        if end > WINDOW_SIZE {
            return Err(Fault::NoRegister);
        }
        Access::new(region, access.offset(), access.size()).map_err(|_| Fault::WrongSize)
    }

    pub(crate) fn read_access(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        let target = self.target(access)?;
        elnic_registers::read(self, cx, target)
    }

    pub(crate) fn write_access(
        &mut self,
        cx: &mut Cx<'_>,
        access: Access,
        value: u64,
    ) -> Result<(), Fault> {
        let target = self.target(access)?;
        let half = |lane: elnic_registers::Lane<Reg>| lane.register == Reg::TSD && lane.bytes < 4;
        if Lanes::new(target).any(half) {
            cx.log.record(LogEntry::Refused { access, fault: Fault::WrongSize });
            self.remark(cx, Rule::NarrowTransmitStatus, "TSD", value);
            return Err(Fault::WrongSize);
        }
        if access.offset() < STATION_END && access.size().bytes() < 4 {
            self.note_narrow_station(cx, value);
        }
        elnic_registers::write(self, cx, target, value)
    }

    /// IDR and MAR are taken by bytes here, as by QEMU's model; the chip wants doublewords.
    fn note_narrow_station(&mut self, cx: &mut Cx<'_>, value: u64) {
        if self.strict.is_on() {
            self.remark(cx, Rule::NarrowStation, "IDR, MAR", value);
        }
    }

    pub(crate) fn peek_access(&self, access: Access) -> Option<u64> {
        elnic_registers::peek(&self.bank, self.target(access).ok()?)
    }

    /// Whether software may write `register` now.
    fn may_write(&self, register: Reg) -> bool {
        if register == Reg::TCR {
            return self.command().transmitter();
        }
        let open = self.configuration_is_open()
            || (register == Reg::IDR && self.compat.station_address_is_open());
        open || !register.is_locked()
    }

    /// Software has opened what is locked.
    pub(crate) fn configuration_is_open(&self) -> bool {
        Cr9346(self.bank.get(Reg::CR9346)).mode() == eem::OPEN
    }

    /// BMCR was written. What chooses the medium is locked; RESET and RESTART are not.
    fn bmcr_written_locked(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let mut new = written.new;
        if !self.configuration_is_open() && (new ^ written.old) & bmcr::MEDIUM != 0 {
            new = (new & !bmcr::MEDIUM) | (written.old & bmcr::MEDIUM);
            self.bank.set(Reg::BMCR, new);
            self.remark(cx, Rule::Locked, "BMCR", written.raw);
        }
        self.bmcr_written(cx, written.old, new);
    }

    /// A write that the chip does not take: the register is as it was.
    fn undo(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        self.bank.set_at(written.register, written.element, written.old);
        if written.new == written.old {
            return;
        }
        let rule = match written.register {
            Reg::TCR => Rule::TransmitterOff,
            register if register.is_cplus_only() => Rule::OnlyCplus,
            _ => Rule::Locked,
        };
        self.remark(cx, rule, written.register.spec().name, written.raw);
    }

    /// CR.
    pub(crate) fn command(&self) -> Command {
        Command(self.bank.get(Reg::CR))
    }

    /// The clock is halted.
    pub(crate) fn halted(&self) -> bool {
        self.bank.get(Reg::HLTCLK) == 0
    }

    fn cr_written(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let mut old = written.old;
        if Command(written.raw).reset() {
            self.software_reset(cx);
            // What else the write says counts for the chip as it is now.
            old = 0;
            self.bank.set_bits(Reg::CR, written.new & (cr::TE | cr::RE));
        } else if !self.timers.pending(Timer::Reset) {
            self.bank.clear_bits(Reg::CR, cr::RST);
        }
        let started = self.bank.get(Reg::CR) & !old;
        if started & cr::RE != 0 {
            self.start_receiver(cx);
        }
        if started & cr::TE != 0 {
            self.tx.rewind_rings();
        }
        self.transmit(cx);
    }

    fn tcr_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        if Tcr(new).clear_abort() {
            self.bank.clear_bits(Reg::TCR, 1);
            self.clear_abort();
        }
        self.transmit(cx);
    }

    fn tsd_written(&mut self, cx: &mut Cx<'_>, element: u16, new: u64) {
        // What the hardware reported belongs to the frame before.
        self.bank.set_at(Reg::TSD, element, new & !tsd::REPORT);
        self.show_transmit_summary();
        self.transmit(cx);
    }

    fn cpcr_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        let on = Cpcr(new).transmit_rings() || Cpcr(new).receive_ring();
        let shown = on || self.compat.any_write_selects_cplus();
        if shown && !self.dtccr_shown {
            // One storage under two names.
            let halves = [0, 1].map(|element| self.bank.get_at(Reg::TSD, element));
            self.bank.set(Reg::DTCCR, halves[0] | halves[1] << 32);
        }
        self.dtccr_shown = shown;
        self.receive_on(cx);
        self.transmit(cx);
    }

    fn tppoll_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        self.bank.set(Reg::TPPOLL, 0);
        if new & tppoll::FSWINT != 0 {
            self.raise(cause::SWINT);
        }
        self.tx.poll(new & tppoll::HPQ != 0, new & tppoll::NPQ != 0);
        self.transmit(cx);
    }

    fn cr9346_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        self.drive_eeprom(cx);
        if Cr9346(new).mode() == eem::AUTO_LOAD {
            self.auto_load(cx);
        } else {
            self.timers.cancel(cx, Timer::AutoLoad);
        }
    }

    fn hltclk_written(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let running = match written.new {
            0x52 => 1,
            0x48 => 0,
            _ => written.old,
        };
        self.bank.set(Reg::HLTCLK, running);
        self.transmit(cx);
    }

    /// Registers that no other one is so closely tied to.
    fn written_plain(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let new = written.new;
        match written.register {
            Reg::IDR | Reg::MAR => self.announce_filter(cx),
            Reg::CR => self.cr_written(cx, written),
            Reg::TCTR => self.restart_count(cx),
            Reg::TIMERINT => self.await_count(cx),
            Reg::CR9346 => self.cr9346_written(cx, new),
            Reg::HLTCLK => self.hltclk_written(cx, written),
            Reg::BMCR => self.bmcr_written_locked(cx, written),
            Reg::CSCR => self.show_link(),
            Reg::DTCCR => self.dtccr_written(cx),
            // Storage that is looked at when needed, or that software cannot write.
            _ => {}
        }
    }
}

impl Behaviour<Reg> for Rtl8139 {
    fn bank(&self) -> &Bank<Reg> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Reg> {
        &mut self.bank
    }

    fn before_read(&mut self, cx: &mut Cx<'_>, register: Reg, _element: u16) {
        if register == Reg::TCTR {
            self.refresh_count(cx);
        }
    }

    fn after_read(&mut self, _cx: &mut Cx<'_>, register: Reg, _element: u16) {
        if register == Reg::BMSR {
            self.link_was_seen();
        }
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let absent = self.revision == Revision::C && written.register.is_cplus_only();
        if absent || !self.may_write(written.register) {
            self.undo(cx, written);
            return;
        }
        self.check_write(cx, &written);
        let (element, new) = (written.element, written.new);
        match written.register {
            Reg::TSD => self.tsd_written(cx, element, new),
            Reg::TSAD => self.transmit_address_written(cx, element),
            Reg::TCR => self.tcr_written(cx, new),
            Reg::TPPOLL => self.tppoll_written(cx, new),
            Reg::CPCR => self.cpcr_written(cx, new),
            Reg::RCR => self.rcr_written(cx),
            Reg::RBSTART => self.rbstart_written(),
            Reg::CAPR => self.capr_written(cx, written.old, new),
            Reg::RDSAR => self.rdsar_written(cx),
            Reg::MPC => self.bank.set(Reg::MPC, 0),
            _ => self.written_plain(cx, written),
        }
    }
}
