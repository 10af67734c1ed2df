//! The values of a model's registers.

use std::collections::BTreeMap;

use elnic_contract::{Log, LogEntry, Register, Severity};
use serde::{Deserialize, Serialize};

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
    /// Index of each register's first element in `values`, and its masks. Derived from the table.
    rows: Vec<(usize, Masks)>,
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
        let mut rows = Vec::with_capacity(R::TABLE.len());
        let mut values = Vec::new();
        for row in R::TABLE {
            rows.push((values.len(), Masks::of(row)));
            values.extend(std::iter::repeat_n(row.reset, usize::from(row.count)));
        }
        Self { values, rows, file: std::marker::PhantomData }
    }

    /// Puts every register back to its reset value.
    pub fn reset(&mut self) {
        for register in R::ALL {
            self.reset_register(*register);
        }
    }

    /// Puts one register, all elements, back to its reset value.
    pub fn reset_register(&mut self, register: R) {
        let row = register.spec();
        for element in 0..row.count {
            self.set_at(register, element, row.reset);
        }
    }

    fn masks(&self, register: R) -> Masks {
        self.rows.get(register.index()).map(|row| row.1).unwrap_or_default()
    }

    fn slot(&self, register: R, element: u16) -> Option<usize> {
        let row = self.rows.get(register.index())?;
        (element < register.spec().count).then(|| row.0.saturating_add(usize::from(element)))
    }

    /// The stored value of a single register.
    pub fn get(&self, register: R) -> u64 {
        self.get_at(register, 0)
    }

    /// The stored value of an array element; 0 outside the array.
    pub fn get_at(&self, register: R, element: u16) -> u64 {
        self.slot(register, element).and_then(|slot| self.values.get(slot)).copied().unwrap_or(0)
    }

    /// Stores into a single register as the hardware: no mode applies.
    pub fn set(&mut self, register: R, value: u64) {
        self.set_at(register, 0, value);
    }

    /// Stores into an array element as the hardware; outside the array nothing happens.
    pub fn set_at(&mut self, register: R, element: u16, value: u64) {
        let slot = self.slot(register, element);
        if let Some(stored) = slot.and_then(|slot| self.values.get_mut(slot)) {
            *stored = value;
        }
    }

    /// Sets the bits of `bits` in a single register as the hardware.
    pub fn set_bits(&mut self, register: R, bits: u64) {
        self.set(register, self.get(register) | bits);
    }

    /// Clears the bits of `bits` in a single register as the hardware.
    pub fn clear_bits(&mut self, register: R, bits: u64) {
        self.set(register, self.get(register) & !bits);
    }

    /// What a guest's read of this lane shows, at its place in the access. No side effects.
    pub fn peek(&self, lane: Lane<R>) -> u64 {
        let readable = self.masks(lane.register).readable;
        lane.to_access(self.get_at(lane.register, lane.element) & readable)
    }

    /// A guest's read of this lane: what [`Bank::peek`] shows; then clears what a read clears, in the whole register.
    pub fn guest_read(&mut self, lane: Lane<R>) -> u64 {
        let shown = self.peek(lane);
        let clears = self.masks(lane.register).read_clears;
        if clears != 0 {
            let kept = self.get_at(lane.register, lane.element) & !clears;
            self.set_at(lane.register, lane.element, kept);
        }
        shown
    }

    /// A guest's write of this lane: applies each field's mode and says what came of it.
    pub fn guest_write(&mut self, lane: Lane<R>, value: u64, log: &mut dyn Log) -> Written<R> {
        let (masks, row) = (self.masks(lane.register), lane.register.spec());
        let (raw, lanes) = (lane.to_register(value), lane.mask());
        let old = self.get_at(lane.register, lane.element);
        let new = masks.write(old, raw, lanes);
        self.set_at(lane.register, lane.element, new);
        report(row, &masks, raw, old, log);
        Written { register: lane.register, element: lane.element, old, new, raw, lanes }
    }

    /// All values, by name, for a saved state.
    pub fn save(&self) -> BankState {
        let values = R::ALL.iter().map(|register| {
            let row = register.spec();
            let elements = (0..row.count).map(|element| self.get_at(*register, element)).collect();
            (row.name.to_owned(), elements)
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
        let mut values = Vec::with_capacity(self.values.len());
        for (row, (_, masks)) in R::TABLE.iter().zip(&self.rows) {
            let saved = state.0.get(row.name).ok_or(BankStateError::Missing(row.name))?;
            if saved.len() != usize::from(row.count) {
                return Err(BankStateError::Elements {
                    register: row.name,
                    found: saved.len(),
                    wanted: row.count,
                });
            }
            let width = u64::MAX >> 64_u32.saturating_sub(u32::from(row.width).saturating_mul(8));
            let allowed = (!masks.reserved & width) | row.reset;
            if let Some(value) = saved.iter().find(|value| **value & !allowed != 0) {
                return Err(BankStateError::Bits { register: row.name, value: *value, allowed });
            }
            values.extend_from_slice(saved);
        }
        self.values = values;
        Ok(())
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
pub struct BankState(BTreeMap<String, Vec<u64>>);

/// Why saved register values were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankStateError {
    /// The model has no such register.
    #[error("there is no register '{0}'")]
    Unknown(String),
    /// A register is not there.
    #[error("register '{0}' is missing")]
    Missing(&'static str),
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
