//! The modes of a register's fields, compiled to bit masks.

use elnic_contract::{Mode, Register};

/// Which bits of a register behave in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Bits a write stores.
    pub stored: u64,
    /// Bits a written 1 clears.
    pub write_1_clears: u64,
    /// Bits a written 1 sets (and, if the hardware clears them, starts something).
    pub write_1_sets: u64,
    /// Bits a read clears.
    pub read_clears: u64,
    /// Bits a read shows.
    pub readable: u64,
    /// Bits of no field, or of a reserved one.
    pub reserved: u64,
    /// Bits that software may set without any effect.
    pub not_modelled: u64,
}

impl Masks {
    /// A register without fields and of no width.
    pub(crate) const NONE: Self = Self {
        stored: 0,
        write_1_clears: 0,
        write_1_sets: 0,
        read_clears: 0,
        readable: 0,
        reserved: 0,
        not_modelled: 0,
    };

    /// The masks of `register`.
    pub const fn of(register: &Register) -> Self {
        let width_mask =
            u64::MAX >> 64_u32.saturating_sub((register.width as u32).saturating_mul(8));
        let mut masks = Self { reserved: width_mask, ..Self::NONE };
        let mut fields = register.fields;
        while let [field, others @ ..] = fields {
            fields = others;
            let bits = field.mask() & width_mask;
            if matches!(field.mode, Mode::Reserved) {
                continue;
            }
            masks.reserved &= !bits;
            if !matches!(field.mode, Mode::Wo) {
                masks.readable |= bits;
            }
            match field.mode {
                Mode::Rw | Mode::Wo => masks.stored |= bits,
                Mode::NotModelled => {
                    masks.stored |= bits;
                    masks.not_modelled |= bits;
                }
                Mode::Rc => masks.read_clears |= bits,
                Mode::W1c => masks.write_1_clears |= bits,
                Mode::RcW1c => {
                    masks.write_1_clears |= bits;
                    masks.read_clears |= bits;
                }
                Mode::W1s | Mode::Sc => masks.write_1_sets |= bits,
                Mode::Ro | Mode::Reserved => {}
            }
        }
        masks
    }

    /// The stored value after a guest wrote `value` over `old` with only the bits of `lanes` enabled.
    #[inline]
    pub fn write(&self, old: u64, value: u64, lanes: u64) -> u64 {
        let stored = self.stored & lanes;
        let kept = (old & !stored) | (value & stored);
        (kept & !(value & lanes & self.write_1_clears)) | (value & lanes & self.write_1_sets)
    }

    /// Bits a guest can change by writing.
    pub fn writable(&self) -> u64 {
        self.stored | self.write_1_clears | self.write_1_sets
    }
}
