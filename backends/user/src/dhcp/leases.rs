//! Which guest has which address.
//!
//! A lease is remembered after it has run out, so that a guest that comes back finds its address, until somebody else
//! needs it.

use std::net::Ipv4Addr;

use elnic_contract::{MacAddr, VDuration, VTime};

use crate::options::Ipv4Settings;

/// How many addresses the server gives out, from `dhcpstart` on.
pub(crate) const LEASE_COUNT: u32 = 16;
/// How long a lease lasts: a day.
pub(super) const LEASE_TIME: VDuration = VDuration::from_millis(86_400_000);
/// How long an offered address is kept for the one it was offered to.
pub(super) const OFFER_TIME: VDuration = VDuration::from_millis(60_000);

/// One address of the pool.
#[derive(Clone, Copy, Debug)]
struct Slot {
    address: Ipv4Addr,
    owner: Option<MacAddr>,
    until: VTime,
}

/// The pool of addresses.
#[derive(Clone, Debug)]
pub(super) struct Leases {
    slots: Vec<Slot>,
}

impl Leases {
    pub(super) fn new(v4: &Ipv4Settings) -> Self {
        let first = u32::from(v4.dhcp_start);
        let addresses = (first..first.saturating_add(LEASE_COUNT)).map(Ipv4Addr::from);
        let usable = addresses.filter(|&address| v4.contains(address) && v4.is_guest(address));
        let slots = usable.map(|address| Slot { address, owner: None, until: VTime::ZERO });
        Self { slots: slots.collect() }
    }

    /// Gives `address` to `mac` for `span`, unless it is not ours to give or somebody else's.
    pub(super) fn claim(
        &mut self,
        now: VTime,
        address: Ipv4Addr,
        mac: MacAddr,
        span: VDuration,
    ) -> Option<Ipv4Addr> {
        let index = self.slots.iter().position(|slot| slot.address == address)?;
        if !self.slots[index].is_free_for(mac, now) {
            return None;
        }
        for slot in &mut self.slots {
            if slot.owner == Some(mac) {
                slot.owner = None;
            }
        }
        let slot = &mut self.slots[index];
        (slot.owner, slot.until) = (Some(mac), now + span);
        Some(address)
    }

    /// Gives `mac` the address it has, or a fresh one, or the one that ran out first.
    pub(super) fn assign(&mut self, now: VTime, mac: MacAddr, span: VDuration) -> Option<Ipv4Addr> {
        let own = self.slots.iter().find(|slot| slot.owner == Some(mac));
        let fresh = || self.slots.iter().find(|slot| slot.owner.is_none() && slot.until <= now);
        let run_out =
            || self.slots.iter().filter(|slot| slot.until <= now).min_by_key(|slot| slot.until);
        let address = own.or_else(fresh).or_else(run_out)?.address;
        self.claim(now, address, mac, span)
    }

    /// Takes `address` back from `mac`.
    pub(super) fn release(&mut self, address: Ipv4Addr, mac: MacAddr) {
        for slot in &mut self.slots {
            if slot.address == address && slot.owner == Some(mac) {
                (slot.owner, slot.until) = (None, VTime::ZERO);
            }
        }
    }

    /// `mac` found `address` in use: nobody gets it until its lease would have run out.
    pub(super) fn decline(&mut self, now: VTime, address: Ipv4Addr, mac: MacAddr) {
        for slot in &mut self.slots {
            if slot.address == address && slot.owner == Some(mac) {
                (slot.owner, slot.until) = (None, now + LEASE_TIME);
            }
        }
    }
}

impl Slot {
    fn is_free_for(&self, mac: MacAddr, now: VTime) -> bool {
        self.owner == Some(mac) || self.until <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    const A: MacAddr = MacAddr([0x52, 0x54, 0, 0, 0, 1]);
    const B: MacAddr = MacAddr([0x52, 0x54, 0, 0, 0, 2]);

    fn leases(options: &Options) -> Leases {
        Leases::new(&options.settings().unwrap().ipv4.unwrap())
    }

    #[test]
    fn sixteen_guests_get_an_address_and_the_next_only_when_one_runs_out() {
        let mut leases = leases(&Options::default());
        for index in 0..16 {
            let address = leases.assign(VTime::ZERO, MacAddr([2, 0, 0, 0, 0, index]), LEASE_TIME);
            assert_eq!(address, Some(Ipv4Addr::new(10, 0, 2, 15 + index)));
        }
        assert_eq!(leases.assign(VTime::ZERO, A, LEASE_TIME), None);
        let day_after = VTime::ZERO + LEASE_TIME;
        assert_eq!(leases.assign(day_after, A, LEASE_TIME), Some(Ipv4Addr::new(10, 0, 2, 15)));
    }

    #[test]
    fn a_guest_keeps_its_address_and_moves_if_it_asks() {
        let mut leases = leases(&Options::default());
        let first = leases.assign(VTime::ZERO, A, LEASE_TIME).unwrap();
        assert_eq!(leases.assign(VTime::ZERO, A, LEASE_TIME), Some(first));
        assert_eq!(leases.claim(VTime::ZERO, first, B, LEASE_TIME), None);
        let other = Ipv4Addr::new(10, 0, 2, 20);
        assert_eq!(leases.claim(VTime::ZERO, other, A, LEASE_TIME), Some(other));
        assert_eq!(leases.assign(VTime::ZERO, A, LEASE_TIME), Some(other));
        leases.release(other, B);
        assert_eq!(leases.claim(VTime::ZERO, other, B, LEASE_TIME), None);
        leases.release(other, A);
        assert_eq!(leases.claim(VTime::ZERO, other, B, LEASE_TIME), Some(other));
    }

    #[test]
    fn a_declined_address_is_given_to_nobody_for_a_day() {
        let mut leases = leases(&Options::default());
        let first = leases.assign(VTime::ZERO, A, LEASE_TIME).unwrap();
        leases.decline(VTime::ZERO, first, A);
        assert_ne!(leases.assign(VTime::ZERO, A, LEASE_TIME), Some(first));
        assert_eq!(leases.claim(VTime::ZERO, first, B, LEASE_TIME), None);
    }

    #[test]
    fn the_pool_leaves_out_what_no_guest_may_have() {
        let start = |text: &str| Options { dhcpstart: Some(text.to_owned()), ..Options::default() };
        assert_eq!(leases(&start("10.0.2.250")).slots.len(), 5);
        let options = Options { host: Some("10.0.2.20".to_owned()), ..Options::default() };
        assert_eq!(leases(&options).slots.len(), 15);
    }
}
