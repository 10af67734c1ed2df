//! Which function stands where on a PCI bus.
//!
//! A bus here is what a board wires: 32 slots of eight functions. Bus *numbers* are the guest's business: it writes them
//! into the bridge.

use std::collections::BTreeMap;
use std::fmt;

/// A place on a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Slot, 0 to 31.
    pub slot: u8,
    /// Function, 0 to 7.
    pub function: u8,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}.{:x}", self.slot, self.function)
    }
}

impl std::str::FromStr for Place {
    type Err = PlaceError;

    /// `SLOT` or `SLOT.FUNCTION`, as QEMU reads `addr`: hexadecimal with or without `0x`.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let refuse = || PlaceError::Text(text.to_owned());
        let number = |digits: &str, last: u8| {
            let digits = digits.strip_prefix("0x").unwrap_or(digits);
            let plain = (1..=2).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let value = u8::from_str_radix(digits, 16).ok().filter(|value| *value <= last);
            value.filter(|_| plain).ok_or_else(refuse)
        };
        let (slot, function) = text.split_once('.').unwrap_or((text, "0"));
        Ok(Self { slot: number(slot, 31)?, function: number(function, 7)? })
    }
}

/// Why a function cannot stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The text is no place.
    #[error("'{0}' is no PCI address: SLOT or SLOT.FUNCTION in hexadecimal, 0 to 1f and 0 to 7")]
    Text(String),
    /// Somebody is there.
    #[error("{place} of bus '{bus}' is taken by '{by}'")]
    Taken {
        /// Where.
        place: Place,
        /// Name of the bus.
        bus: &'static str,
        /// Who is there.
        by: String,
    },
    /// Function 0 says that it stands alone.
    #[error(
        "{place} of bus '{bus}' needs function 0 of the slot to be given before it with multifunction=on"
    )]
    Alone {
        /// Where.
        place: Place,
        /// Name of the bus.
        bus: &'static str,
    },
    /// All slots are taken.
    #[error("bus '{0}' has no free slot")]
    Full(&'static str),
}

struct Occupant {
    device: u16,
    name: String,
    multifunction: bool,
}

/// One bus of the board.
pub struct Slots {
    bus: &'static str,
    first_free: u8,
    occupants: BTreeMap<Place, Occupant>,
}

impl Slots {
    /// An empty bus called `bus`; slots that are chosen automatically start at `first_free`.
    pub const fn new(bus: &'static str, first_free: u8) -> Self {
        Self { bus, first_free, occupants: BTreeMap::new() }
    }

    /// Name of the bus.
    pub const fn name(&self) -> &'static str {
        self.bus
    }

    /// Function 0 of the lowest free slot.
    ///
    /// # Errors
    /// There is none.
    pub fn free(&self) -> Result<Place, PlaceError> {
        (self.first_free..32)
            .find(|slot| !self.occupants.keys().any(|place| place.slot == *slot))
            .map(|slot| Place { slot, function: 0 })
            .ok_or(PlaceError::Full(self.bus))
    }

    /// Puts a function that the board itself wires where it belongs: no rule but that the place is free.
    ///
    /// # Errors
    /// The place is taken.
    pub fn solder(&mut self, place: Place, device: u16, name: &str) -> Result<(), PlaceError> {
        if let Some(by) = self.occupants.get(&place) {
            return Err(PlaceError::Taken { place, bus: self.bus, by: by.name.clone() });
        }
        let occupant = Occupant { device, name: name.to_owned(), multifunction: true };
        self.occupants.insert(place, occupant);
        Ok(())
    }

    /// Puts a function into a slot. One that is not function 0 needs a multifunction function 0 before it, because
    /// software does not look for it otherwise (PCI 3.0 §3.2.2.3.4).
    ///
    /// # Errors
    /// The place is taken, or function 0 is absent or says that it stands alone.
    pub fn insert(
        &mut self,
        place: Place,
        device: u16,
        name: &str,
        multifunction: bool,
    ) -> Result<(), PlaceError> {
        let first = self.occupants.get(&Place { slot: place.slot, function: 0 });
        if place.function != 0 && !first.is_some_and(|first| first.multifunction) {
            return Err(PlaceError::Alone { place, bus: self.bus });
        }
        self.solder(place, device, name)?;
        if let Some(occupant) = self.occupants.get_mut(&place) {
            occupant.multifunction = multifunction;
        }
        Ok(())
    }

    /// Takes a device out of its place.
    pub fn remove(&mut self, device: u16) {
        self.occupants.retain(|_, occupant| occupant.device != device);
    }

    /// The device at a place.
    pub fn get(&self, place: Place) -> Option<u16> {
        self.occupants.get(&place).map(|occupant| occupant.device)
    }

    /// All (place, device), ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Place, u16)> + '_ {
        self.occupants.iter().map(|(place, occupant)| (*place, occupant.device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_qemu_reads_them() {
        let place = |slot, function| Ok(Place { slot, function });
        assert_eq!("3".parse(), place(3, 0));
        assert_eq!("0x1f.7".parse(), place(31, 7));
        assert_eq!("a.1".parse(), place(10, 1));
        for text in ["", "20", "3.8", "3.", "-1", "0x", "+3", "003", "3.1.2"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::Text(text.to_owned())));
        }
    }

    #[test]
    fn slots_are_chosen_from_the_first_free_one() {
        let mut bus = Slots::new("pci.0", 3);
        bus.solder(Place { slot: 2, function: 2 }, 0, "console").unwrap();
        assert_eq!(bus.free(), Ok(Place { slot: 3, function: 0 }));
        bus.insert(Place { slot: 3, function: 0 }, 1, "e1000", false).unwrap();
        assert_eq!(bus.free(), Ok(Place { slot: 4, function: 0 }));
        for slot in 4..32 {
            bus.insert(Place { slot, function: 0 }, 1, "e1000", false).unwrap();
        }
        assert_eq!(bus.free(), Err(PlaceError::Full("pci.0")));
    }

    #[test]
    fn a_second_function_needs_a_multifunction_first_one() {
        let mut bus = Slots::new("pci.0", 3);
        let (first, second) = (Place { slot: 3, function: 0 }, Place { slot: 3, function: 1 });
        let alone = Err(PlaceError::Alone { place: second, bus: "pci.0" });
        assert_eq!(bus.insert(second, 1, "a", false), alone);
        bus.insert(first, 1, "a", false).unwrap();
        assert_eq!(bus.insert(second, 2, "b", false), alone);
        let taken = bus.insert(first, 2, "b", true);
        assert_eq!(taken.unwrap_err().to_string(), "03.0 of bus 'pci.0' is taken by 'a'");
    }
}
