//! Station addresses for NICs that were given none.
//!
//! QEMU's: 52:54:00:12:34 followed by the first number from 0x56 that no NIC of the machine has, given or assigned.

use elnic_contract::MacAddr;

const PREFIX: [u8; 5] = [0x52, 0x54, 0x00, 0x12, 0x34];
const FIRST: u8 = 0x56;
const LAST: u8 = 0xfe;

/// Which addresses of the range are in use, and by how many NICs.
#[derive(Clone, Debug)]
pub struct MacPool {
    users: [u32; 256],
}

impl Default for MacPool {
    fn default() -> Self {
        Self { users: [0; 256] }
    }
}

impl MacPool {
    /// The address for a NIC: the one it was `given`, noted if it lies in the range, or the first free one; `None` if none
    /// is free.
    pub fn assign(&mut self, given: Option<MacAddr>) -> Option<MacAddr> {
        let mac = match given {
            Some(mac) => mac,
            None => {
                let last_byte = (FIRST..=LAST).find(|byte| self.users[usize::from(*byte)] == 0)?;
                let [a, b, c, d, e] = PREFIX;
                MacAddr([a, b, c, d, e, last_byte])
            }
        };
        if let Some(users) = self.users_of(mac) {
            *users = users.saturating_add(1);
        }
        Some(mac)
    }

    /// The NIC with this address is gone.
    pub fn release(&mut self, mac: MacAddr) {
        if let Some(users) = self.users_of(mac) {
            *users = users.saturating_sub(1);
        }
    }

    fn users_of(&mut self, mac: MacAddr) -> Option<&mut u32> {
        let [prefix @ .., last] = mac.0;
        (prefix == PREFIX).then_some(&mut self.users[usize::from(last)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_address_is_assigned_and_given_ones_are_minded() {
        let mut pool = MacPool::default();
        let taken: MacAddr = "52:54:00:12:34:57".parse().unwrap();
        assert_eq!(pool.assign(Some(taken)), Some(taken));
        let mut next = || pool.assign(None).unwrap().to_string();
        assert_eq!(next(), "52:54:00:12:34:56");
        assert_eq!(next(), "52:54:00:12:34:58");
        pool.release(taken);
        assert_eq!(pool.assign(None), Some(taken));
    }

    #[test]
    fn the_pool_runs_dry_after_169_addresses() {
        let mut pool = MacPool::default();
        assert_eq!(std::iter::from_fn(|| pool.assign(None)).count(), 169);
    }
}
