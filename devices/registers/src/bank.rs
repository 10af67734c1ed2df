//! The values of a model's registers.

use std::collections::BTreeMap;

use elnic_contract::{Log, LogEntry, Register, Severity};
use serde::{Deserialize, Serialize};

use crate::layout::Slot;
use crate::memory::{Memory, Run};
use crate::{Lane, Masks, RegisterFile};

/// What a guest's write did to one register, for the model's hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<R> {
    /// The register.
    pub register: R,
    /// Which element of an array.
    pub element: u16,
    /// The stored value before.
    pub old: u64,
    /// The stored value after.
    pub new: u64,
    /// The bits as the guest wrote them, at their place in the register, before any mode was applied.
    pub raw: u64,
    /// The bits that the access touched.
    pub lanes: u64,
}

/// The values of all registers of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank<R: RegisterFile> {
    values: Vec<u64>,
    memories: Vec<Memory>,
    file: std::marker::PhantomData<R>,
}

impl<R: RegisterFile> Default for Bank<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: RegisterFile> Bank<R> {
    /// All registers at their reset values.
    pub fn new() -> Self {
        let mut bank =
            Self { values: Vec::new(), memories: Vec::new(), file: std::marker::PhantomData };
        for (row, slot) in R::TABLE.iter().zip(R::SLOTS) {
            if slot.is_memory {
                bank.memories.push(Memory::default());
            } else {
                bank.values.extend(std::iter::repeat_n(row.reset, usize::from(row.count)));
            }
        }
        bank
    }

    /// Puts every register back to its reset value.
    pub fn reset(&mut self) {
        for register in R::ALL {
            self.reset_register(*register);
        }
    }

    /// Puts one register, all elements, back to its reset value.
    pub fn reset_register(&mut self, register: R) {
        if let Some(memory) = self.memory_slot(register) {
            memory.clear();
            return;
        }
        let row = register.spec();
        for element in 0..row.count {
            self.set_at(register, element, row.reset);
        }
    }

    #[inline]
    fn slot(register: R) -> &'static Slot {
        // `SLOTS` has a row for each register; the fallback keeps this total.
        const NONE: Slot = Slot { first: 0, count: 0, is_memory: false, masks: Masks::NONE };
        R::SLOTS.get(register.index()).unwrap_or(&NONE)
    }

    #[inline]
    fn position(slot: &Slot, element: u16) -> Option<usize> {
        (element < slot.count && !slot.is_memory)
            .then(|| (slot.first as usize).saturating_add(usize::from(element)))
    }

    fn memory_slot(&mut self, register: R) -> Option<&mut Memory> {
        let slot = Self::slot(register);
        self.memories.get_mut(slot.first as usize).filter(|_| slot.is_memory)
    }

    /// The bytes of an array of [`crate::MEMORY_ELEMENTS`] or more, first element first, each little-endian. Empty while
    /// all are zero; `None` for other registers.
    pub fn memory(&self, register: R) -> Option<&[u8]> {
        let slot = Self::slot(register);
        self.memories.get(slot.first as usize).filter(|_| slot.is_memory).map(Memory::bytes)
    }

    /// As [`Bank::memory`], all of it and to be changed.
    pub fn memory_mut(&mut self, register: R) -> Option<&mut [u8]> {
        self.memory_slot(register).map(|memory| memory.bytes_mut(register.spec()))
    }

    /// The stored value of a single register.
    #[inline]
    pub fn get(&self, register: R) -> u64 {
        self.get_at(register, 0)
    }

    /// The stored value of an array element; 0 outside the array.
    #[inline]
    pub fn get_at(&self, register: R, element: u16) -> u64 {
        let slot = Self::slot(register);
        match Self::position(slot, element) {
            Some(position) => self.values.get(position).copied().unwrap_or(0),
            None => self.get_in_memory(register, element),
        }
    }

    #[cold]
    fn get_in_memory(&self, register: R, element: u16) -> u64 {
        let slot = Self::slot(register);
        let memory = self.memories.get(slot.first as usize).filter(|_| slot.is_memory);
        memory.map_or(0, |memory| memory.get(register.spec(), element))
    }

    /// Stores into a single register as the hardware: no mode applies.
    #[inline]
    pub fn set(&mut self, register: R, value: u64) {
        self.set_at(register, 0, value);
    }

    /// Stores into an array element as the hardware; outside the array nothing happens.
    #[inline]
    pub fn set_at(&mut self, register: R, element: u16, value: u64) {
        let slot = Self::slot(register);
        match Self::position(slot, element) {
            Some(position) => {
                if let Some(stored) = self.values.get_mut(position) {
                    *stored = value;
                }
            }
            None => self.set_in_memory(register, element, value),
        }
    }

    #[cold]
    fn set_in_memory(&mut self, register: R, element: u16, value: u64) {
        if let Some(memory) = self.memory_slot(register) {
            memory.set(register.spec(), element, value);
        }
    }

    /// Sets the bits of `bits` in a single register as the hardware.
    #[inline]
    pub fn set_bits(&mut self, register: R, bits: u64) {
        self.set(register, self.get(register) | bits);
    }

    /// Clears the bits of `bits` in a single register as the hardware.
    #[inline]
    pub fn clear_bits(&mut self, register: R, bits: u64) {
        self.set(register, self.get(register) & !bits);
    }

    /// What a guest's read of this lane shows, at its place in the access. No side effects.
    #[inline]
    pub fn peek(&self, lane: Lane<R>) -> u64 {
        let readable = Self::slot(lane.register).masks.readable;
        lane.to_access(self.get_at(lane.register, lane.element) & readable)
    }

    /// A guest's read of this lane: what [`Bank::peek`] shows; then clears what a read clears, in the whole register.
    #[inline]
    pub fn guest_read(&mut self, lane: Lane<R>) -> u64 {
        let shown = self.peek(lane);
        let clears = Self::slot(lane.register).masks.read_clears;
        if clears != 0 {
            let kept = self.get_at(lane.register, lane.element) & !clears;
            self.set_at(lane.register, lane.element, kept);
        }
        shown
    }

    /// A guest's write of this lane: applies each field's mode and says what came of it.
    #[inline]
    pub fn guest_write(&mut self, lane: Lane<R>, value: u64, log: &mut dyn Log) -> Written<R> {
        let (masks, row) = (&Self::slot(lane.register).masks, lane.register.spec());
        let (raw, lanes) = (lane.to_register(value), lane.mask());
        let old = self.get_at(lane.register, lane.element);
        let new = masks.write(old, raw, lanes);
        self.set_at(lane.register, lane.element, new);
        if raw & !old & (masks.reserved | masks.not_modelled) != 0 {
            report(row, masks, raw, old, log);
        }
        Written { register: lane.register, element: lane.element, old, new, raw, lanes }
    }

    /// All values, by name, for a saved state.
    pub fn save(&self) -> BankState {
        let values = R::ALL.iter().map(|register| {
            let (row, slot) = (register.spec(), Self::slot(*register));
            let values = match self.memories.get(slot.first as usize).filter(|_| slot.is_memory) {
                Some(memory) => Saved::Memory(memory.save()),
                None => {
                    Saved::Elements((0..row.count).map(|at| self.get_at(*register, at)).collect())
                }
            };
            (row.name.to_owned(), values)
        });
        BankState(values.collect())
    }

    /// Takes over saved values.
    ///
    /// # Errors
    /// A register is missing, unknown, has another number of elements or a bit that it does not have; nothing changes.
    pub fn restore(&mut self, state: &BankState) -> Result<(), BankStateError> {
        for name in state.0.keys() {
            if !R::TABLE.iter().any(|row| row.name == name) {
                return Err(BankStateError::Unknown(name.clone()));
            }
        }
        let (mut values, mut memories) = (Vec::with_capacity(self.values.len()), Vec::new());
        for (row, slot) in R::TABLE.iter().zip(R::SLOTS) {
            match state.0.get(row.name).ok_or(BankStateError::Missing(row.name))? {
                Saved::Elements(saved) if !slot.is_memory => {
                    check_elements(row, &slot.masks, saved)?;
                    values.extend_from_slice(saved);
                }
                Saved::Memory(runs) if slot.is_memory => {
                    let memory = Memory::restored(row, runs);
                    memories.push(memory.ok_or(BankStateError::Memory(row.name))?);
                }
                // An empty list is either.
                Saved::Elements(saved) if saved.is_empty() => memories.push(Memory::default()),
                _ => return Err(BankStateError::Memory(row.name)),
            }
        }
        self.values = values;
        self.memories = memories;
        Ok(())
    }
}

fn check_elements(
    row: &'static Register,
    masks: &Masks,
    saved: &[u64],
) -> Result<(), BankStateError> {
    if saved.len() != usize::from(row.count) {
        let (found, wanted) = (saved.len(), row.count);
        return Err(BankStateError::Elements { register: row.name, found, wanted });
    }
    let width = u64::MAX >> 64_u32.saturating_sub(u32::from(row.width).saturating_mul(8));
    let allowed = (!masks.reserved & width) | row.reset;
    match saved.iter().find(|value| **value & !allowed != 0) {
        Some(value) => Err(BankStateError::Bits { register: row.name, value: *value, allowed }),
        None => Ok(()),
    }
}

/// Says what of a write has no effect; only bits that change count, so that a read-modify-write is silent.
fn report(row: &Register, masks: &Masks, raw: u64, old: u64, log: &mut dyn Log) {
    let reserved = raw & masks.reserved & !old;
    if reserved != 0 && log.wants(Severity::GuestError) {
        log.record(LogEntry::ReservedBits { register: row.name, bits: reserved });
    }
    let unmodelled = raw & masks.not_modelled & !old;
    if unmodelled != 0 && log.wants(Severity::NotModelled) {
        for field in row.fields.iter().filter(|field| field.mask() & unmodelled != 0) {
            let bits = field.mask() & unmodelled;
            log.record(LogEntry::NotModelled { register: row.name, field: field.name, bits });
        }
    }
}

/// The values of a [`Bank`] as they are stored: by the datasheet's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankState(BTreeMap<String, Saved>);

/// One register as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Saved {
    /// Each element.
    Elements(Vec<u64>),
    /// What of a large array is not zero.
    Memory(Vec<Run>),
}

/// Why saved register values were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankStateError {
    /// The model has no such register.
    #[error("there is no register '{0}'")]
    Unknown(String),
    /// A register is not there.
    #[error("register '{0}' is missing")]
    Missing(&'static str),
    /// A large array is not what one is saved as, or reaches beyond its end.
    #[error("register '{0}' does not hold runs of hexadecimal digits within its length")]
    Memory(&'static str),
    /// An array has another length.
    #[error("register '{register}' has {found} elements instead of {wanted}")]
    Elements {
        /// The register.
        register: &'static str,
        /// Elements found.
        found: usize,
        /// Elements it has.
        wanted: u16,
    },
    /// A value has bits that the register does not have.
    #[error("register '{register}' cannot hold {value:#x}: its bits are {allowed:#x}")]
    Bits {
        /// The register.
        register: &'static str,
        /// The value found.
        value: u64,
        /// All bits it may have.
        allowed: u64,
    },
}
