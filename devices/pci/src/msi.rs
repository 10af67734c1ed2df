//! Message-signalled interrupts (PCI 3.0 §6.8.1).

use elnic_contract::{Gpa, Msi as MsiSpec};

use crate::SpecError;
use crate::config::ConfigSpace;

const ENABLE: u16 = 1;

/// A message: where to write what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) address: Gpa,
    pub(crate) data: u32,
}

/// Where the capability stands and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Msi {
    offset: u8,
    spec: MsiSpec,
}

impl Msi {
    pub(crate) const fn length(spec: MsiSpec) -> usize {
        match (spec.address_64, spec.per_vector_mask) {
            (false, false) => 10,
            (true, false) => 14,
            (false, true) => 20,
            (true, true) => 24,
        }
    }

    pub(crate) fn define(
        offset: u8,
        spec: MsiSpec,
        config: &mut ConfigSpace,
    ) -> Result<Self, SpecError> {
        if !spec.vectors.is_power_of_two() || spec.vectors > 32 {
            return Err(SpecError::CapabilityValue {
                capability: "MSI",
                what: "vectors",
                value: spec.vectors.into(),
                allowed: "1, 2, 4, 8, 16 or 32",
            });
        }
        let msi = Self { offset, spec };
        let capable = u16::try_from(spec.vectors.trailing_zeros()).unwrap_or(0);
        let control = (capable << 1)
            | (u16::from(spec.address_64) << 7)
            | (u16::from(spec.per_vector_mask) << 8);
        config.define16(msi.control(), control, ENABLE | (0b111 << 4));
        config.define32(msi.address(), 0, !0b11);
        if spec.address_64 {
            config.define32(msi.address().saturating_add(4), 0, u32::MAX);
        }
        config.define16(msi.data(), 0, u16::MAX);
        if spec.per_vector_mask {
            let all = u32::MAX.checked_shr(32_u32.saturating_sub(spec.vectors.into())).unwrap_or(0);
            config.define32(msi.mask(), 0, all);
            config.define32(msi.pending(), 0, 0);
            config.hardware32(msi.pending(), all);
        }
        Ok(msi)
    }

    const fn control(&self) -> u8 {
        self.offset.saturating_add(2)
    }

    const fn address(&self) -> u8 {
        self.offset.saturating_add(4)
    }

    const fn data(&self) -> u8 {
        self.offset.saturating_add(if self.spec.address_64 { 12 } else { 8 })
    }

    const fn mask(&self) -> u8 {
        self.data().saturating_add(4)
    }

    const fn pending(&self) -> u8 {
        self.data().saturating_add(8)
    }

    pub(crate) fn enabled(&self, config: &ConfigSpace) -> bool {
        config.get16(self.control()) & ENABLE != 0
    }

    /// Vectors that software allotted; never more than the function asked for.
    fn allotted(&self, config: &ConfigSpace) -> u16 {
        let exponent = (config.get16(self.control()) >> 4) & 0b111;
        1_u16.checked_shl(exponent.into()).unwrap_or(1).min(self.spec.vectors.into())
    }

    /// A vector is signalled: a message, or nothing while it is masked.
    pub(crate) fn signal(&self, config: &mut ConfigSpace, vector: u16) -> Option<Message> {
        if !self.enabled(config) {
            return None;
        }
        let last = self.allotted(config).saturating_sub(1);
        let vector = vector & last;
        if self.spec.per_vector_mask {
            let bit = 1_u32.checked_shl(vector.into()).unwrap_or(0);
            if config.get32(self.mask()) & bit != 0 {
                config.set32(self.pending(), config.get32(self.pending()) | bit);
                return None;
            }
        }
        let high =
            if self.spec.address_64 { config.get32(self.address().saturating_add(4)) } else { 0 };
        let address = u64::from(config.get32(self.address())) | (u64::from(high) << 32);
        let data = (config.get16(self.data()) & !last) | vector;
        Some(Message { address: Gpa(address), data: data.into() })
    }

    /// Takes the next vector that is pending and no longer masked, after a guest's write.
    pub(crate) fn take_unmasked(&self, config: &mut ConfigSpace) -> Option<Message> {
        if !self.spec.per_vector_mask || !self.enabled(config) {
            return None;
        }
        let due = config.get32(self.pending()) & !config.get32(self.mask());
        let vector = (due != 0).then(|| due.trailing_zeros())?;
        let bit = 1_u32.checked_shl(vector).unwrap_or(0);
        config.set32(self.pending(), config.get32(self.pending()) & !bit);
        self.signal(config, u16::try_from(vector).unwrap_or(0))
    }
}
