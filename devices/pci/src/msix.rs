//! Message-signalled interrupts from a table in memory space (PCI 3.0 §6.8.2).

use elnic_contract::{Gpa, MsiX as MsiXSpec, Size};
use serde::{Deserialize, Serialize};

use crate::bar::{Bar, BarKind, halves};
use crate::config::ConfigSpace;
use crate::msi::Message;
use crate::{SpecError, Window};

const ENABLE: u16 = 1 << 15;
const FUNCTION_MASK: u16 = 1 << 14;
const ENTRY_BYTES: u64 = 16;

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    address: u64,
    data: u32,
    masked: bool,
    pending: bool,
}

impl Vector {
    const RESET: Self = Self { address: 0, data: 0, masked: true, pending: false };

    fn word(&self, number: u64) -> u32 {
        let [low, high] = halves(self.address);
        match number {
            0 => low,
            1 => high,
            2 => self.data,
            _ => u32::from(self.masked),
        }
    }

    fn set_word(&mut self, number: u64, value: u32) {
        let high = self.address & !u64::from(u32::MAX);
        match number {
            0 => self.address = high | u64::from(value & !0b11),
            1 => self.address = u64::from(self.word(0)) | (u64::from(value) << 32),
            2 => self.data = value,
            _ => self.masked = value & 1 != 0,
        }
    }
}

/// The table and where everything stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MsiX {
    offset: u8,
    spec: MsiXSpec,
    vectors: Vec<Vector>,
}

/// The table as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MsiXState(Vec<Vector>);

impl MsiX {
    pub(crate) fn define(
        offset: u8,
        spec: MsiXSpec,
        config: &mut ConfigSpace,
    ) -> Result<Self, SpecError> {
        let wrong = |what, value: u64, allowed| SpecError::CapabilityValue {
            capability: "MSI-X",
            what,
            value,
            allowed,
        };
        if !(1..=2048).contains(&spec.vectors) {
            return Err(wrong("vectors", spec.vectors.into(), "1 to 2048"));
        }
        for (what, value) in
            [("table offset", spec.table_offset), ("pending offset", spec.pending_offset)]
        {
            if !value.is_multiple_of(8) {
                return Err(wrong(what, value.into(), "multiples of 8"));
            }
        }
        for (what, value) in [("table bar", spec.table_bar), ("pending bar", spec.pending_bar)] {
            if value > 5 {
                return Err(wrong(what, value.into(), "0 to 5"));
            }
        }
        let control = offset.saturating_add(2);
        config.define16(control, spec.vectors.saturating_sub(1), ENABLE | FUNCTION_MASK);
        let table = spec.table_offset | u32::from(spec.table_bar);
        config.define32(offset.saturating_add(4), table, 0);
        let pending = spec.pending_offset | u32::from(spec.pending_bar);
        config.define32(offset.saturating_add(8), pending, 0);
        let vectors = vec![Vector::RESET; spec.vectors.into()];
        let msix = Self { offset, spec, vectors };
        if msix.table().overlaps(&msix.pending()) {
            let allowed = "places outside the table";
            return Err(wrong("pending offset", spec.pending_offset.into(), allowed));
        }
        Ok(msix)
    }

    fn table(&self) -> Part {
        let bytes = u64::from(self.spec.vectors).saturating_mul(ENTRY_BYTES);
        Part { bar: self.spec.table_bar, start: self.spec.table_offset.into(), bytes }
    }

    fn pending(&self) -> Part {
        let bytes = u64::from(self.spec.vectors.div_ceil(64)).saturating_mul(8);
        Part { bar: self.spec.pending_bar, start: self.spec.pending_offset.into(), bytes }
    }

    /// Checks the structures against the base address registers; adds those that are not the device's own.
    pub(crate) fn place(&self, bars: &mut Vec<Bar>) -> Result<(), SpecError> {
        for (what, part) in [("table", self.table()), ("pending bits", self.pending())] {
            let end = part.start.saturating_add(part.bytes);
            if let Some(bar) = bars.iter().find(|bar| bar.slot == part.bar) {
                if bar.kind == BarKind::Io {
                    return Err(SpecError::MsiXIo(part.bar));
                }
                if bar.size < end {
                    let (slot, size) = (part.bar, bar.size);
                    return Err(SpecError::MsiXFit { what, slot, end, size });
                }
                continue;
            }
            let both = [self.table(), self.pending()];
            let ends = both.iter().filter(|other| other.bar == part.bar);
            let end =
                ends.map(|other| other.start.saturating_add(other.bytes)).max().unwrap_or(end);
            let size = end.max(0x1000).checked_next_power_of_two().unwrap_or(u64::MAX);
            let (kind, window) = (BarKind::Memory32, Window::MsiX(part.bar));
            Bar { slot: part.bar, kind, size, window }.insert_into(bars)?;
        }
        Ok(())
    }

    /// Whether an access at `offset` of base address register `slot` is to these structures.
    pub(crate) fn covers(&self, slot: u8, offset: u64) -> bool {
        self.table().word_at(slot, offset).is_some()
            || self.pending().word_at(slot, offset).is_some()
    }

    fn word(&self, slot: u8, offset: u64) -> u32 {
        if let Some(word) = self.table().word_at(slot, offset) {
            return self.vector(word >> 2).map_or(0, |vector| vector.word(word & 3));
        }
        let Some(word) = self.pending().word_at(slot, offset) else { return 0 };
        let first = usize::try_from(word.saturating_mul(32)).unwrap_or(usize::MAX);
        let bits = self.vectors.iter().skip(first).take(32).enumerate();
        bits.fold(0, |value, (bit, vector)| value | (u32::from(vector.pending) << bit))
    }

    fn vector(&self, number: u64) -> Option<&Vector> {
        self.vectors.get(usize::try_from(number).ok()?)
    }

    /// A guest's read. Bytes beyond the structures are zero.
    pub(crate) fn read(&self, slot: u8, offset: u64, size: Size) -> u64 {
        let low = u64::from(self.word(slot, offset & !3));
        let high = u64::from(self.word(slot, (offset & !3).wrapping_add(4)));
        let shift = u32::try_from(offset & 3).unwrap_or(0).saturating_mul(8);
        ((low | (high << 32)) >> shift) & size.mask()
    }

    /// A guest's write. Narrow ones, which the specification leaves undefined, change their bytes only.
    pub(crate) fn write(&mut self, slot: u8, offset: u64, size: Size, value: u64) {
        let shift = u32::try_from(offset & 3).unwrap_or(0).saturating_mul(8);
        let (value, lanes) = (halves(value << shift), halves(size.mask() << shift));
        for ((at, value), lanes) in
            [offset & !3, (offset & !3).wrapping_add(4)].into_iter().zip(value).zip(lanes)
        {
            let Some(word) = self.table().word_at(slot, at).filter(|_| lanes != 0) else {
                continue;
            };
            let number = usize::try_from(word >> 2).unwrap_or(usize::MAX);
            if let Some(vector) = self.vectors.get_mut(number) {
                let old = vector.word(word & 3);
                vector.set_word(word & 3, (old & !lanes) | (value & lanes));
            }
        }
    }

    const fn control(&self) -> u8 {
        self.offset.saturating_add(2)
    }

    pub(crate) fn enabled(&self, config: &ConfigSpace) -> bool {
        config.get16(self.control()) & ENABLE != 0
    }

    fn open(&self, config: &ConfigSpace) -> bool {
        config.get16(self.control()) & (ENABLE | FUNCTION_MASK) == ENABLE
    }

    /// A vector is signalled: a message, or nothing while it is masked.
    pub(crate) fn signal(&mut self, config: &ConfigSpace, vector: u16) -> Option<Message> {
        let (enabled, open) = (self.enabled(config), self.open(config));
        let vector = self.vectors.get_mut(usize::from(vector)).filter(|_| enabled)?;
        if vector.masked || !open {
            vector.pending = true;
            return None;
        }
        Some(Message { address: Gpa(vector.address), data: vector.data })
    }

    /// Takes the next vector that is pending and no longer masked, after a guest's write.
    pub(crate) fn take_unmasked(&mut self, config: &ConfigSpace) -> Option<Message> {
        let open = self.open(config);
        let vector = self.vectors.iter_mut().find(|v| open && v.pending && !v.masked)?;
        vector.pending = false;
        Some(Message { address: Gpa(vector.address), data: vector.data })
    }

    pub(crate) fn reset(&mut self) {
        self.vectors.fill(Vector::RESET);
    }

    pub(crate) fn save(&self) -> MsiXState {
        MsiXState(self.vectors.clone())
    }

    /// Whether a saved table is one of this function.
    pub(crate) fn accepts(&self, state: &MsiXState) -> bool {
        let aligned = state.0.iter().all(|vector| vector.address & 0b11 == 0);
        state.0.len() == self.vectors.len() && aligned
    }

    pub(crate) fn restore(&mut self, state: MsiXState) {
        self.vectors = state.0;
    }
}

/// A stretch of a base address register.
#[derive(Clone, Copy, Debug)]
struct Part {
    bar: u8,
    start: u64,
    bytes: u64,
}

impl Part {
    /// Number of the 32-bit word of this stretch that stands at `offset` of `bar`.
    fn word_at(&self, bar: u8, offset: u64) -> Option<u64> {
        let within = offset.checked_sub(self.start)?;
        (bar == self.bar && within < self.bytes).then_some(within >> 2)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let end = |part: &Self| part.start.saturating_add(part.bytes);
        self.bar == other.bar && self.start < end(other) && other.start < end(self)
    }
}
