//! What an access does: the two windows, and what writes start.
//!
//! The chip decodes its whole window: what stands in no table reads zero, takes writes without effect and is logged. An
//! access of eight bytes is two of four; narrower ones touch only their bytes.

use elnic_contract::{Access, Cx, Fault, LogEntry, Size};
use elnic_registers::{Bank, Behaviour, Written};

use crate::E1000;
use crate::model::{MEMORY, PORTS, PORTS_SIZE};
use crate::spec::views::{Ctrl, Rctl, Tctl, ctrl_ext};
use crate::spec::{Reg, WINDOW, canonical};
use crate::timers::Timer;
use crate::{descriptors, fifo};

/// Offset of IODATA in the I/O window.
const IODATA: u64 = 4;
/// Length of IODATA.
const IODATA_LENGTH: u64 = 4;

/// Where an access ends up.
enum Target {
    /// At registers.
    Table(Access),
    /// At nothing, within a window.
    Nothing,
}

impl E1000 {
    #[inline]
    fn target(&self, access: Access) -> Result<Target, Fault> {
        let offset = access.offset();
        let end = offset.saturating_add(u64::from(access.size().bytes()));
        let size = match access.region() {
            MEMORY => WINDOW,
            PORTS => PORTS_SIZE,
            _ => return Err(Fault::NoRegion),
        };
        if end > size {
            return Err(Fault::NoRegister);
        }
        let (region, offset) = match (access.region(), offset.checked_sub(IODATA)) {
            (MEMORY, _) => (MEMORY, canonical(offset)),
            (_, Some(byte)) if byte < IODATA_LENGTH => {
                // The low two bits of IOADDR choose nothing: IODATA is a doubleword.
                let register = self.bank.get(Reg::IOADDR) & !3;
                if register >= WINDOW {
                    return Ok(Target::Nothing);
                }
                (MEMORY, canonical(register | byte))
            }
            _ => (PORTS, offset),
        };
        // The translation keeps the low bits, so the access stays aligned.
        Ok(Access::new(region, offset, access.size()).map_or(Target::Nothing, Target::Table))
    }

    /// The two halves of an access of eight bytes.
    #[inline]
    fn halves(access: Access) -> Option<[Access; 2]> {
        if access.size() != Size::Double {
            return None;
        }
        let half = |at: u64| {
            Access::new(access.region(), access.offset().wrapping_add(at), Size::Word).ok()
        };
        Some([half(0)?, half(4)?])
    }

    pub(crate) fn read_access(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        if let Some([low, high]) = Self::halves(access) {
            let low = self.read_access(cx, low)?;
            return Ok(low | self.read_access(cx, high)? << 32);
        }
        match self.target(access)? {
            Target::Table(target) => {
                // The engine has logged what stands in no table.
                let value = elnic_registers::read(self, cx, target).unwrap_or(0);
                self.judge_access(cx, target, value);
                Ok(self.show(target, value))
            }
            Target::Nothing => {
                cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister });
                Ok(0)
            }
        }
    }

    pub(crate) fn write_access(
        &mut self,
        cx: &mut Cx<'_>,
        access: Access,
        value: u64,
    ) -> Result<(), Fault> {
        if let Some([low, high]) = Self::halves(access) {
            self.write_access(cx, low, value & Size::Word.mask())?;
            return self.write_access(cx, high, value >> 32);
        }
        match self.target(access)? {
            Target::Table(target) => {
                self.judge_access(cx, target, value);
                // As above.
                let _ = elnic_registers::write(self, cx, target, value);
                if self.compat.is_qemu() && target.region() == MEMORY {
                    self.compat.written(target, value);
                }
            }
            Target::Nothing => {
                cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister });
            }
        }
        Ok(())
    }

    pub(crate) fn peek_access(&self, access: Access) -> Option<u64> {
        if let Some([low, high]) = Self::halves(access) {
            return Some(self.peek_access(low)? | self.peek_access(high)? << 32);
        }
        match self.target(access).ok()? {
            Target::Table(target) => {
                let value = elnic_registers::peek(&self.bank, target).unwrap_or(0);
                Some(self.show(target, value))
            }
            Target::Nothing => Some(0),
        }
    }

    /// What the guest sees where the table shows `value`.
    #[inline]
    fn show(&self, access: Access, value: u64) -> u64 {
        let differs = self.compat.is_qemu() && access.region() == MEMORY;
        if differs { self.compat.shown(access, value) } else { value }
    }

    fn ctrl_written(&mut self, cx: &mut Cx<'_>, old: u64, new: u64) {
        let (old, new) = (Ctrl(old), Ctrl(new));
        if new.reset() {
            self.soft_reset(cx);
            return;
        }
        if old.phy_reset() == new.phy_reset() {
            self.refresh_status(cx);
        } else {
            self.timers.cancel(cx, Timer::Negotiation);
            let action = self.phy.reset_pin(new.phy_reset());
            self.settle(cx, action);
        }
        self.transmit(cx);
    }

    fn ctrl_ext_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        self.bank.clear_bits(Reg::CTRL_EXT, ctrl_ext::ASDCHK | ctrl_ext::EE_RST);
        if new & ctrl_ext::EE_RST != 0 {
            self.load_eeprom(cx);
        }
        self.refresh_status(cx);
    }

    fn tctl_written(&mut self, cx: &mut Cx<'_>, new: u64) {
        if Tctl(new).send_xoff() {
            self.bank.clear_bits(Reg::TCTL, 1 << 22);
            self.software_xoff(cx);
        }
        self.transmit(cx);
    }
}

/// Says so if a tail was written that lies outside of a ring of some length.
#[inline]
fn check_tail(cx: &mut Cx<'_>, length: u64, tail: u64) {
    // A length counts in 128 bytes, so nothing is lost by asking in bytes.
    if length != 0 && tail.saturating_mul(descriptors::LENGTH as u64) >= length {
        let what = "head or tail lies outside of the descriptor ring";
        cx.log.record(LogEntry::Guest { what, value: tail });
    }
}

impl Behaviour<Reg> for E1000 {
    fn bank(&self) -> &Bank<Reg> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Reg> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: Reg, _element: u16) {}

    fn after_read(&mut self, cx: &mut Cx<'_>, register: Reg, _element: u16) {
        match register {
            Reg::ICR => {
                self.set_causes(self.bank.get(Reg::ICR));
                self.update_line(cx);
            }
            high => self.clear_pair(high),
        }
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let new = written.new;
        if self.strict.is_on() {
            self.judge_write(cx, &written);
        }
        match written.register {
            Reg::CTRL => self.ctrl_written(cx, written.old, new),
            Reg::CTRL_EXT => self.ctrl_ext_written(cx, new),
            Reg::EECD => self.eecd_written(cx, new),
            Reg::EERD => self.eerd_written(cx, new),
            Reg::MDIC => self.mdic_written(cx),
            Reg::ICR => {
                self.set_causes(new);
                self.update_line(cx);
            }
            Reg::ICS => {
                self.set_causes(new);
                self.update_line(cx);
            }
            Reg::IMS | Reg::ITR => self.update_line(cx),
            Reg::IMC => {
                self.bank.clear_bits(Reg::IMS, new);
                self.bank.set(Reg::IMC, 0);
                self.update_line(cx);
            }
            Reg::RCTL => {
                self.announce_filter(cx);
                self.receive_on(cx);
            }
            Reg::TCTL => self.tctl_written(cx, new),
            Reg::RDT => {
                check_tail(cx, self.bank.get(Reg::RDLEN), new);
                self.receive_on(cx);
            }
            Reg::RDH | Reg::RDLEN => {
                self.forget_receive_ring();
                self.receive_on(cx);
            }
            Reg::RDBAL | Reg::RDBAH => self.forget_receive_ring(),
            // What a former threshold held back.
            Reg::RXDCTL => self.flush_received(cx),
            Reg::TXDCTL => self.flush_transmitted(cx),
            Reg::TDT => {
                check_tail(cx, self.bank.get(Reg::TDLEN), new);
                self.transmit(cx);
            }
            Reg::TDH | Reg::TDLEN => {
                self.forget_transmit_ring(cx);
                self.transmit(cx);
            }
            // Half a new address is no address: nothing starts.
            Reg::TDBAL | Reg::TDBAH => self.forget_transmit_ring(cx),
            Reg::RDTR => self.flush_receive_delay(cx),
            Reg::RAL | Reg::RAH => {
                self.refresh_stations();
                self.announce_filter(cx);
            }
            // The report says of the hash table only whether it is in use, and of the VLAN table nothing while it is not.
            Reg::MTA if (written.old == 0) != (new == 0) => self.announce_filter(cx),
            Reg::VFTA if Rctl(self.bank.get(Reg::RCTL)).vlan_filter() => self.announce_filter(cx),
            Reg::MTA | Reg::VFTA => {}
            Reg::PBA => self.bank.set(Reg::PBA, (new & 0x7f) | fifo::transmit_share(new)),
            // Never reached: accesses go to the registers themselves.
            Reg::CTRL_DUP | Reg::RAL_A | Reg::RAH_A | Reg::MTA_A | Reg::VFTA_A => {}
            // Storage that is looked at when needed, or that software cannot write.
            Reg::STATUS
            | Reg::FLA
            | Reg::FCAL
            | Reg::FCAH
            | Reg::FCT
            | Reg::VET
            | Reg::FCTTV
            | Reg::TXCW
            | Reg::RXCW
            | Reg::TIPG
            | Reg::TBT
            | Reg::AIT
            | Reg::LEDCTL
            | Reg::FCRTL
            | Reg::FCRTH
            | Reg::RDFH
            | Reg::RDFT
            | Reg::RDFHS
            | Reg::RDFTS
            | Reg::RDFPC
            | Reg::RADV
            | Reg::RSRPD
            | Reg::TXDMAC
            | Reg::TDFH
            | Reg::TDFT
            | Reg::TDFHS
            | Reg::TDFTS
            | Reg::TDFPC
            | Reg::TIDV
            | Reg::TADV
            | Reg::TSPMT
            | Reg::CRCERRS
            | Reg::ALGNERRC
            | Reg::SYMERRS
            | Reg::RXERRC
            | Reg::MPC
            | Reg::SCC
            | Reg::ECOL
            | Reg::MCC
            | Reg::LATECOL
            | Reg::COLC
            | Reg::DC
            | Reg::TNCRS
            | Reg::SEC
            | Reg::CEXTERR
            | Reg::RLEC
            | Reg::XONRXC
            | Reg::XONTXC
            | Reg::XOFFRXC
            | Reg::XOFFTXC
            | Reg::FCRUC
            | Reg::PRC64
            | Reg::PRC127
            | Reg::PRC255
            | Reg::PRC511
            | Reg::PRC1023
            | Reg::PRC1522
            | Reg::GPRC
            | Reg::BPRC
            | Reg::MPRC
            | Reg::GPTC
            | Reg::GORCL
            | Reg::GORCH
            | Reg::GOTCL
            | Reg::GOTCH
            | Reg::RNBC
            | Reg::RUC
            | Reg::RFC
            | Reg::ROC
            | Reg::RJC
            | Reg::MGTPRC
            | Reg::MGTPDC
            | Reg::MGTPTC
            | Reg::TORL
            | Reg::TORH
            | Reg::TOTL
            | Reg::TOTH
            | Reg::TPR
            | Reg::TPT
            | Reg::PTC64
            | Reg::PTC127
            | Reg::PTC255
            | Reg::PTC511
            | Reg::PTC1023
            | Reg::PTC1522
            | Reg::MPTC
            | Reg::BPTC
            | Reg::TSCTC
            | Reg::TSCTFC
            | Reg::RXCSUM
            | Reg::WUC
            | Reg::WUFC
            | Reg::WUS
            | Reg::MANC
            | Reg::IPAV
            | Reg::IP4AT
            | Reg::IP6AT
            | Reg::WUPL
            | Reg::WUPM
            | Reg::FFLT
            | Reg::FFMT
            | Reg::FFVT
            | Reg::PBM
            | Reg::IOADDR
            | Reg::IODATA => {}
        }
    }
}
