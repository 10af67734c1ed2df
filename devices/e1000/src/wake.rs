//! Wake-up: while the function sleeps, frames are only looked at (nic-models.md §1.11).
//!
//! Two ways lead out of sleep. APM: a magic packet, if WUC.APME, whether a driver has set anything up or not. ACPI: the
//! filters that WUFC enables, of which four compare up to 128 bytes at will. The frame that woke the machine stands in
//! WUPM; which filter it was, in WUS. All of this survives the resets that waking up brings (`reset.rs`).

use elnic_contract::{Cx, DropReason, Frame, PowerState};
use elnic_wire::ethernet::{self, ether_type};
use elnic_wire::{ipv4, ipv6};

use crate::E1000;
use crate::filter::Pass;
use crate::spec::Reg;
use crate::spec::views::{Rctl, wuc, wufc};
use crate::stats::Cast;

/// Bytes that a flexible filter compares at most, and that WUPM holds.
const CAPTURED: usize = 128;
/// Both bits of APM: magic packets are looked for, and signalled.
const APM: u64 = wuc::APME | wuc::APMPME;
/// Flexible filters.
const FLEXIBLE: u16 = 4;

impl E1000 {
    /// Whether the function sleeps.
    #[inline]
    pub(crate) fn sleeps(&self) -> bool {
        self.function.power != PowerState::D0
    }

    /// A frame came while the function sleeps: nobody receives it, but it may wake the machine.
    pub(crate) fn look_at(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> DropReason {
        if frame.error().is_none() {
            let causes = self.wake_causes(frame.data());
            if causes != 0 {
                self.capture(frame.data());
                self.wake(cx, causes);
            }
        }
        DropReason::ReceiverOff
    }

    /// The link came or went.
    pub(crate) fn link_may_wake(&mut self, cx: &mut Cx<'_>) {
        if self.sleeps() && self.bank.get(Reg::WUFC) & wufc::LNKC != 0 {
            self.wake(cx, wufc::LNKC);
        }
    }

    fn wake(&mut self, cx: &mut Cx<'_>, causes: u64) {
        let control = self.bank.get(Reg::WUC);
        self.bank.set_bits(Reg::WUS, causes);
        self.bank.set_bits(Reg::WUC, wuc::PME_STATUS);
        // APM needs nobody's leave (SDM 6.4.1). PME_EN here is another way to set the one of PMCSR (SDM 13.6.1).
        let advanced = causes & wufc::MAG != 0 && control & (wuc::APME | wuc::APMPME) == APM;
        if advanced || control & wuc::PME_EN != 0 {
            cx.outbox.pme_forced();
        } else {
            cx.outbox.pme();
        }
    }

    /// Whether some frame would wake the machine, or at least leave its trace in WUS.
    pub(crate) fn listens_asleep(&self) -> bool {
        let filters = self.bank.get(Reg::WUFC) & !wufc::LNKC;
        filters != 0 || self.bank.get(Reg::WUC) & wuc::APME != 0
    }

    /// Which filters let `frame` through.
    fn wake_causes(&self, frame: &[u8]) -> u64 {
        let enabled = self.bank.get(Reg::WUFC);
        let magic = self.is_magic(frame);
        let mut causes = if magic { enabled & wufc::MAG } else { 0 };
        if magic && self.bank.get(Reg::WUC) & wuc::APME != 0 {
            causes |= wufc::MAG;
        }
        if enabled == 0 {
            return causes;
        }
        causes |= enabled & self.address_causes(frame);
        causes |= enabled & self.protocol_causes(frame);
        for filter in 0..FLEXIBLE {
            if self.flexible_matches(filter, frame) {
                causes |= enabled & (wufc::FLX0 << filter);
            }
        }
        causes
    }

    /// Directed, multicast, broadcast: as the receive filter has it, promiscuous modes aside.
    fn address_causes(&self, frame: &[u8]) -> u64 {
        let rctl = Rctl(self.bank.get(Reg::RCTL));
        let exact = Rctl(rctl.0 & !(Rctl::UPE | Rctl::MPE | Rctl::VFE));
        match Cast::of(frame) {
            Cast::Broadcast => wufc::BC,
            Cast::Multicast if self.filter(exact, frame, Cast::Multicast).is_ok() => wufc::MC,
            Cast::Unicast if self.filter(exact, frame, Cast::Unicast) == Ok(Pass::Exact) => {
                wufc::EX
            }
            _ => 0,
        }
    }

    /// ARP requests and IP packets for an address in IP4AT or IP6AT.
    fn protocol_causes(&self, frame: &[u8]) -> u64 {
        let type_at = match elnic_wire::vlan::tag(frame, self.vlan_type()) {
            Some(_) => elnic_wire::vlan::TAG_AT.saturating_add(elnic_wire::vlan::TAG_LENGTH),
            None => elnic_wire::vlan::TAG_AT,
        };
        let Some(found) = ethernet::protocol(frame, type_at) else { return 0 };
        let Some(packet) = frame.get(found.at..) else { return 0 };
        match found.ether_type {
            ether_type::ARP => {
                // A request (operation 1); the wanted address is the last field.
                let target = packet.get(24..28).and_then(|bytes| bytes.first_chunk());
                let request = packet.get(6..8) == Some(&[0, 1]);
                let ours = target.is_some_and(|target| self.is_own_v4(*target));
                if request && ours { wufc::ARP } else { 0 }
            }
            ether_type::IPV4 => {
                let ours = ipv4::Header::new(packet)
                    .is_some_and(|header| self.is_own_v4(header.destination()));
                if ours { wufc::IPV4 } else { 0 }
            }
            ether_type::IPV6 => {
                let ours = ipv6::Header::new(packet)
                    .is_some_and(|header| self.is_own_v6(header.destination()));
                if ours { wufc::IPV6 } else { 0 }
            }
            _ => 0,
        }
    }

    fn is_own_v4(&self, address: [u8; 4]) -> bool {
        let valid = self.bank.get(Reg::IPAV);
        (0..4).any(|n| {
            let stored = self.bank.get_at(Reg::IP4AT, n);
            valid >> n & 1 != 0 && stored == u64::from(u32::from_le_bytes(address))
        })
    }

    fn is_own_v6(&self, address: [u8; 16]) -> bool {
        let (words, _) = address.as_chunks::<4>();
        let same = |(n, word): (u16, &[u8; 4])| {
            self.bank.get_at(Reg::IP6AT, n) == u64::from(u32::from_le_bytes(*word))
        };
        self.bank.get(Reg::IPAV) >> 16 & 1 != 0 && (0..).zip(words).all(same)
    }

    /// Six bytes of ones and sixteen times the station address, anywhere in a frame for this station or a group.
    fn is_magic(&self, frame: &[u8]) -> bool {
        let mac = self.main_mac().0;
        let addressed = Cast::of(frame) != Cast::Unicast || frame.starts_with(&mac);
        let pattern: Vec<u8> = [[0xff; 6], mac].into_iter().chain([mac; 15]).flatten().collect();
        addressed && frame.windows(pattern.len()).any(|window| window == pattern)
    }

    fn flexible_matches(&self, filter: u16, frame: &[u8]) -> bool {
        let length = ((self.bank.get_at(Reg::FFLT, filter) & 0x7ff) as usize).min(CAPTURED);
        let Some(compared) = frame.get(..length).filter(|_| length != 0) else { return false };
        (0..).zip(compared).all(|(at, byte)| {
            let looks = self.bank.get_at(Reg::FFMT, at) >> filter & 1 != 0;
            let value = self.bank.get_at(Reg::FFVT, at).to_le_bytes();
            !looks || value.get(usize::from(filter)) == Some(byte)
        })
    }

    /// Keeps the packet that woke the machine.
    fn capture(&mut self, frame: &[u8]) {
        self.bank.set(Reg::WUPL, (frame.len() as u64).min(0xfff));
        let mut bytes = [0; CAPTURED];
        bytes.iter_mut().zip(frame).for_each(|(into, byte)| *into = *byte);
        let (words, _) = bytes.as_chunks::<4>();
        for (element, word) in (0..).zip(words) {
            self.bank.set_at(Reg::WUPM, element, u64::from(u32::from_le_bytes(*word)));
        }
    }
}
