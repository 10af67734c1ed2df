//! The one place where an access to anything but RAM is dispatched.
//!
//! An address where nothing stands reads as ones and swallows writes, as a PCI master abort does on a host bridge that
//! reports none (PCI 3.0 §3.2.2.3.1); the observer is told, so the guest's error does not go unseen.

use elnic_contract::{Fault, Size};

use crate::{AddressMap, Hit, Piece, pieces};

/// The address spaces of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Physical memory addresses.
    Memory,
    /// x86-style I/O ports.
    Port,
}

/// Which way a value moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the processor.
    Read,
    /// From the processor.
    Write,
}

/// What became of a piece of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The target served it.
    Served(T),
    /// The target refused it; a read gave ones.
    Refused(T, Fault),
    /// Nothing stands there; a read gave ones.
    Unmapped,
}

/// One naturally aligned piece of an access, after it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction<T> {
    /// Which space.
    pub space: Space,
    /// Which way.
    pub direction: Direction,
    /// Where, in the space.
    pub address: u64,
    /// Where, in the target; 0 if there is none.
    pub offset: u64,
    /// How wide.
    pub size: Size,
    /// What was read or written.
    pub value: u64,
    /// What became of it.
    pub outcome: Outcome<T>,
}

/// What stands behind the address map.
pub trait Fabric {
    /// A thing that serves accesses.
    type Target: Copy;

    /// The map of a space. Asked before every piece: serving one may change it.
    fn map(&self, space: Space) -> &AddressMap<Self::Target>;

    /// Serves a read of a naturally aligned piece at `offset` bytes into the target.
    ///
    /// # Errors
    /// The target does not serve it; nothing changed.
    fn read(&mut self, target: Self::Target, offset: u64, size: Size) -> Result<u64, Fault>;

    /// Serves a write; bits of `value` above the width are zero.
    ///
    /// # Errors
    /// As [`Fabric::read`].
    fn write(
        &mut self,
        target: Self::Target,
        offset: u64,
        size: Size,
        value: u64,
    ) -> Result<(), Fault>;

    /// Sees every piece after it was made.
    fn observe(&mut self, transaction: &Transaction<Self::Target>);
}

/// Reads `size` bytes at any alignment, zero-extended.
pub fn read<F: Fabric>(fabric: &mut F, space: Space, address: u64, size: Size) -> u64 {
    if let Some(hit) = whole(fabric, space, address, size) {
        return serve(fabric, space, address, size, hit, Direction::Read, 0);
    }
    cut(fabric, space, address, size)
        .into_iter()
        .fold(0, |value, piece| value | piece.put(access(fabric, space, piece, Direction::Read, 0)))
}

/// Writes the low `size` bytes of `value` at any alignment.
pub fn write<F: Fabric>(fabric: &mut F, space: Space, address: u64, size: Size, value: u64) {
    let value = value & size.mask();
    if let Some(hit) = whole(fabric, space, address, size) {
        serve(fabric, space, address, size, hit, Direction::Write, value);
        return;
    }
    for piece in cut(fabric, space, address, size) {
        access(fabric, space, piece, Direction::Write, piece.take(value));
    }
}

fn is_natural(address: u64, size: Size) -> bool {
    address.is_multiple_of(u64::from(size.bytes()))
}

/// What serves an access that is aligned and does not leave its target, as nearly all: there is nothing to cut then.
#[inline]
fn whole<F: Fabric>(fabric: &F, space: Space, address: u64, size: Size) -> Option<Hit<F::Target>> {
    let hit = fabric.map(space).find(address)?;
    (is_natural(address, size) && hit.left >= u64::from(size.bytes())).then_some(hit)
}

/// The pieces of an access, cut along the map as it stands when the access begins: they are one access to the guest.
#[cold]
fn cut<F: Fabric>(fabric: &F, space: Space, address: u64, size: Size) -> Vec<Piece> {
    let map = fabric.map(space);
    if is_natural(address, size) && map.find(address).is_none() {
        return vec![Piece { address, size, shift: 0 }];
    }
    pieces(address, size, |at| map.find(at).map_or(1, |hit| hit.left)).collect()
}

/// Makes one piece, wherever it lies now.
fn access<F: Fabric>(
    fabric: &mut F,
    space: Space,
    piece: Piece,
    direction: Direction,
    value: u64,
) -> u64 {
    let Piece { address, size, .. } = piece;
    if let Some(hit) = fabric.map(space).find(address) {
        return serve(fabric, space, address, size, hit, direction, value);
    }
    let value = if direction == Direction::Read { size.mask() } else { value };
    let outcome = Outcome::Unmapped;
    fabric.observe(&Transaction { space, direction, address, offset: 0, size, value, outcome });
    value
}

/// Makes one piece with its target. One that does not decode eight bytes at once gets four and four, as on a 32-bit bus.
fn serve<F: Fabric>(
    fabric: &mut F,
    space: Space,
    address: u64,
    size: Size,
    hit: Hit<F::Target>,
    direction: Direction,
    value: u64,
) -> u64 {
    let answer = match direction {
        Direction::Read => fabric.read(hit.target, hit.offset, size),
        Direction::Write => fabric.write(hit.target, hit.offset, size, value).map(|()| value),
    };
    if answer == Err(Fault::WrongSize) && size == Size::Double {
        let halves = [0, 4].map(|offset| Piece {
            address: address + offset,
            size: Size::Word,
            shift: offset as u32 * 8,
        });
        return halves.into_iter().fold(0, |whole, half| {
            whole | half.put(access(fabric, space, half, direction, half.take(value)))
        });
    }
    let (value, outcome) = match answer {
        Ok(answer) => (answer & size.mask(), Outcome::Served(hit.target)),
        Err(fault) => {
            let value = if direction == Direction::Read { size.mask() } else { value };
            (value, Outcome::Refused(hit.target, fault))
        }
    };
    let offset = hit.offset;
    fabric.observe(&Transaction { space, direction, address, offset, size, value, outcome });
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two devices of 16 bytes side by side; the second decodes at most 32 bits. Storage is the value of each byte.
    struct Pair {
        map: AddressMap<u8>,
        bytes: [[u8; 16]; 2],
        seen: Vec<(u64, u8, u64)>,
        failed: usize,
    }

    impl Pair {
        fn new() -> Self {
            let mut map = AddressMap::new();
            map.claim(0x100, 16, 0);
            map.claim(0x110, 16, 1);
            let mut bytes = [[0; 16]; 2];
            for (index, byte) in bytes.as_flattened_mut().iter_mut().enumerate() {
                *byte = index as u8;
            }
            Self { map, bytes, seen: Vec::new(), failed: 0 }
        }
    }

    impl Fabric for Pair {
        type Target = u8;

        fn map(&self, _space: Space) -> &AddressMap<u8> {
            &self.map
        }

        fn read(&mut self, target: u8, offset: u64, size: Size) -> Result<u64, Fault> {
            if target == 1 && size == Size::Double {
                return Err(Fault::WrongSize);
            }
            let bytes = &self.bytes[usize::from(target)][offset as usize..];
            let bytes = &bytes[..usize::from(size.bytes())];
            Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
        }

        fn write(&mut self, target: u8, offset: u64, size: Size, value: u64) -> Result<(), Fault> {
            if target == 1 && size == Size::Double {
                return Err(Fault::WrongSize);
            }
            for index in 0..usize::from(size.bytes()) {
                self.bytes[usize::from(target)][offset as usize + index] =
                    (value >> (index * 8)) as u8;
            }
            Ok(())
        }

        fn observe(&mut self, transaction: &Transaction<u8>) {
            let Transaction { address, size, value, outcome, .. } = *transaction;
            self.seen.push((address, size.bytes(), value));
            self.failed += usize::from(!matches!(outcome, Outcome::Served(_)));
        }
    }

    #[test]
    fn an_access_across_two_devices_is_cut_between_them() {
        let mut pair = Pair::new();
        let value = read(&mut pair, Space::Memory, 0x10d, Size::Double);
        assert_eq!(value, 0x1413_1211_100f_0e0d);
        assert_eq!(
            pair.seen,
            [(0x10d, 1, 0x0d), (0x10e, 2, 0x0f0e), (0x110, 4, 0x1312_1110), (0x114, 1, 0x14)]
        );
    }

    #[test]
    fn a_device_of_a_32_bit_bus_gets_a_64_bit_access_in_two() {
        let mut pair = Pair::new();
        write(&mut pair, Space::Memory, 0x118, Size::Double, 0x8877_6655_4433_2211);
        assert_eq!(pair.seen, [(0x118, 4, 0x4433_2211), (0x11c, 4, 0x8877_6655)]);
        assert_eq!(read(&mut pair, Space::Memory, 0x118, Size::Double), 0x8877_6655_4433_2211);
        assert_eq!(pair.failed, 0);
    }

    #[test]
    fn where_nothing_stands_reads_are_ones_and_the_observer_is_told() {
        let mut pair = Pair::new();
        assert_eq!(read(&mut pair, Space::Memory, 0x200, Size::Word), 0xffff_ffff);
        write(&mut pair, Space::Memory, u64::MAX, Size::Byte, 1);
        assert_eq!(pair.seen, [(0x200, 4, 0xffff_ffff), (u64::MAX, 1, 1)]);
        assert_eq!(pair.failed, 2);
    }

    #[test]
    fn an_access_half_in_a_hole_is_served_by_half() {
        let mut pair = Pair::new();
        assert_eq!(read(&mut pair, Space::Memory, 0xfe, Size::Word), 0x0100_ffff);
        assert_eq!(pair.failed, 2);
    }
}
