//! Accesses of every kind: survived, bounded, and peeking tells the truth.

use elnic_contract::{Entry, Register, Size};
use elnic_registers::MEMORY_ELEMENTS;
use elnic_script::Place;
use proptest::prop_assert_eq;

use super::strategies::{element_offset, ops, sampled_elements, scenario};
use super::{bench_after, property};
use crate::Bench;

const SIZES: [Size; 4] = [Size::Byte, Size::Half, Size::Word, Size::Double];

/// Every offset of every region, and some beyond, at every size: read, written with ones, zeros and a mixture. Of large
/// arrays only the elements that `sampled_elements` names and those around them.
///
/// # Panics
/// The device does, or does too much at once.
pub fn every_access_is_survived(entry: &'static Entry) {
    let mut bench = Bench::with(entry, &[]);
    let regions = u8::try_from(entry.model.regions.len()).expect("few regions");
    for region in 0..=regions {
        let offsets = offsets(entry, region);
        for (number, value) in [u64::MAX, 0, 0x5a5a_a5a5_0ff0_f00f].into_iter().enumerate() {
            for size in SIZES {
                let aligned = offsets.iter().filter(|at| **at % u64::from(size.bytes()) == 0);
                // The mixture goes backwards: another order of side effects.
                let mut aligned: Vec<u64> = aligned.copied().collect();
                if number == 2 {
                    aligned.reverse();
                }
                for offset in aligned {
                    let place = Place { region, offset };
                    let _ = bench.write(place, size, value);
                    let _ = bench.read(place, size);
                    let _ = bench.peek(place, size);
                }
            }
        }
        let far = Place { region, offset: u64::MAX - 7 };
        let _ = bench.read(far, Size::Double);
        let _ = bench.write(far, Size::Double, 0);
    }
    bench.advance(elnic_contract::VDuration::from_millis(10));
}

/// The offsets of a region that are worth an access, ascending, and the first beyond it.
fn offsets(entry: &'static Entry, region: u8) -> Vec<u64> {
    let size = entry.model.regions.get(usize::from(region)).map_or(8, |region| region.size);
    let length = usize::try_from(size).expect("a region fits memory");
    let mut worth = vec![true; length + 1];
    let rows = entry.model.registers.iter();
    for row in rows.filter(|row| row.region == region && row.count >= MEMORY_ELEMENTS) {
        let (start, width) = (element_offset(row, 0) as usize, usize::from(row.width));
        worth[start..start + usize::from(row.stride) * usize::from(row.count)].fill(false);
        for element in sampled_elements(row) {
            let at = element_offset(row, element) as usize;
            worth[at..(at + width).min(length)].fill(true);
        }
    }
    (0..).zip(worth).filter(|(_, worth)| *worth).map(|(offset, _)| offset).collect()
}

/// Whatever the state, a peek shows what a read would give, for every register whose read the table does not call
/// special; and a peek changes nothing.
///
/// # Panics
/// It does not.
pub fn peeking_shows_what_reading_gives(entry: &'static Entry) {
    property(48, (scenario(entry), ops(entry, 24)), |(scenario, ops)| {
        let mut bench = bench_after(entry, scenario);
        bench.transcript(&ops);
        let places: Vec<(String, Place, Size)> =
            entry.model.registers.iter().flat_map(places).collect();
        let state = bench.device().save();
        for (_, place, size) in &places {
            bench.peek(*place, *size);
        }
        prop_assert_eq!(bench.device().save(), state, "a peek changed the state");
        for (name, place, size) in &places {
            let peeked = bench.peek(*place, *size);
            let read = bench.read(*place, *size);
            prop_assert_eq!(peeked, read.ok(), "{}: peeked, read", name);
        }
        Ok(())
    });
}

/// The first, middle and last element of a register whose reads are not hooked.
fn places(row: &'static Register) -> Vec<(String, Place, Size)> {
    let elements = [0, row.count / 2, row.count - 1].into_iter().filter(|_| !row.read_hook);
    let place = |element| {
        let size = Size::from_bytes(row.width).expect("a register has an access's width");
        let place = Place { region: row.region, offset: element_offset(row, element) };
        (format!("{}[{element}]", row.name), place, size)
    };
    elements.map(place).collect()
}

/// Whatever is done, no call does more than [`crate::Limits`] allow, and no timer is armed for now or earlier.
///
/// # Panics
/// One does.
pub fn work_is_bounded(entry: &'static Entry) {
    property(96, (scenario(entry), ops(entry, 60)), |(scenario, ops)| {
        // The bench checks on the way.
        bench_after(entry, scenario).transcript(&ops);
        Ok(())
    });
}
