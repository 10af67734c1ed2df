//! Large arrays: bytes instead of values, no bytes at all until something is stored, text instead of numbers when saved.

use elnic_contract::Register;
use serde::{Deserialize, Serialize};

/// The bytes of an array whose elements stand side by side and reset to zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// Empty while every element is zero.
    bytes: Vec<u8>,
}

/// A stretch of a memory that is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// First byte.
    at: u32,
    /// Its bytes as hexadecimal digits.
    bytes: String,
}

/// Zeros that are worth a new [`Run`].
const GAP: usize = 32;

fn range(register: &Register, element: u16) -> std::ops::Range<usize> {
    let width = usize::from(register.width);
    let start = usize::from(element).saturating_mul(width);
    start..start.saturating_add(width)
}

/// Bytes of all elements of `register`.
fn length(register: &Register) -> usize {
    range(register, register.count).start
}

impl Memory {
    /// Every element is zero again.
    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
    }

    /// The bytes; none if all are zero.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, to be changed.
    pub(crate) fn bytes_mut(&mut self, register: &Register) -> &mut [u8] {
        self.bytes.resize(length(register), 0);
        &mut self.bytes
    }

    pub(crate) fn get(&self, register: &Register, element: u16) -> u64 {
        let mut wide = [0; 8];
        if let Some(found) = self.bytes.get(range(register, element)) {
            wide.iter_mut().zip(found).for_each(|(into, byte)| *into = *byte);
        }
        u64::from_le_bytes(wide)
    }

    pub(crate) fn set(&mut self, register: &Register, element: u16, value: u64) {
        if value == 0 && self.bytes.is_empty() {
            return;
        }
        if let Some(into) = self.bytes_mut(register).get_mut(range(register, element)) {
            into.iter_mut().zip(value.to_le_bytes()).for_each(|(into, byte)| *into = byte);
        }
    }

    /// What is not zero.
    pub(crate) fn save(&self) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut at = 0_usize;
        let mut rest = self.bytes.as_slice();
        while let Some(start) = rest.iter().position(|byte| *byte != 0) {
            at = at.saturating_add(start);
            rest = rest.get(start..).unwrap_or_default();
            let end = rest
                .windows(GAP)
                .position(|window| window.iter().all(|byte| *byte == 0))
                .unwrap_or_else(|| {
                    rest.iter()
                        .rposition(|byte| *byte != 0)
                        .map_or(0, |last| last.saturating_add(1))
                });
            let (run, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            runs.push(Run { at: u32::try_from(at).unwrap_or(u32::MAX), bytes: hexadecimal(run) });
            at = at.saturating_add(end);
            rest = behind;
        }
        runs
    }

    /// The memory that was saved as `runs`; `None` if they do not fit into `register`.
    pub(crate) fn restored(register: &Register, runs: &[Run]) -> Option<Self> {
        let mut memory = Self::default();
        for run in runs {
            let start = usize::try_from(run.at).ok()?;
            let end = start.checked_add(run.bytes.len().div_ceil(2))?;
            if end > length(register) {
                return None;
            }
            let digits = run.bytes.as_bytes().chunks(2);
            for (into, pair) in
                memory.bytes_mut(register).get_mut(start..end)?.iter_mut().zip(digits)
            {
                let text = std::str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
                *into = u8::from_str_radix(text, 16).ok().filter(|_| !text.contains('+'))?;
            }
        }
        Some(memory)
    }
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.bytes, &other.bytes);
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let (same, rest) = long.split_at_checked(short.len()).unwrap_or((long, &[]));
        same == short.as_slice() && rest.iter().all(|byte| *byte == 0)
    }
}

impl Eq for Memory {}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble & 15), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Field, Mode};
    use proptest::prelude::*;

    const ROW: Register =
        Register::new("M", 0, 4, &[Field::new("M", 0, 32, Mode::Rw, "a word")]).array(1024, 4);

    #[test]
    fn what_was_never_stored_costs_nothing() {
        let mut memory = Memory::default();
        memory.set(&ROW, 3, 0);
        assert!(memory.bytes().is_empty() && memory.save().is_empty());
        memory.set(&ROW, 3, 0x1234_5678);
        assert_eq!((memory.get(&ROW, 3), memory.get(&ROW, 2)), (0x1234_5678, 0));
        let runs = memory.save();
        assert_eq!(runs, [Run { at: 12, bytes: "78563412".to_owned() }]);
    }

    #[test]
    fn runs_that_do_not_fit_are_refused() {
        for (at, bytes) in
            [(4093, "00000000"), (u32::MAX, "00"), (0, "0"), (0, "+1"), (0, "xy"), (0, "é")]
        {
            let run = Run { at, bytes: bytes.to_owned() };
            assert_eq!(Memory::restored(&ROW, std::slice::from_ref(&run)), None, "{run:?}");
        }
    }

    proptest! {
        #[test]
        fn a_memory_survives_being_saved(stores in proptest::collection::vec((0_u16..1024, any::<u32>()), 0..40)) {
            let mut memory = Memory::default();
            for (element, value) in stores {
                memory.set(&ROW, element, value.into());
            }
            let runs = memory.save();
            let again = Memory::restored(&ROW, &runs).unwrap();
            prop_assert_eq!(again.save(), runs);
            prop_assert_eq!(again, memory);
        }
    }
}
