//! `compat=qemu`: register values that QEMU's model shows and the data sheet does not.
//!
//! The data sheet is the default (`docs/adr/0005-the-data-sheet-comes-first.md`). With `compat=qemu` the values of
//! [`QEMU_DIFFERENCES`] are QEMU's, and there is no capability list; behaviour stays the data sheet's.

use elnic_contract::Access;

/// How QEMU's value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QemuShows {
    /// The bits always read so.
    Constant(u32),
    /// The bits keep what was written to them; nothing follows from it.
    Storage,
    /// The bits follow the engine, which asks `Compat::is_qemu`.
    Engine,
}

/// A value that QEMU's model shows and this one, with the manual, does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QemuDifference {
    /// The register.
    pub register: &'static str,
    /// Offset in the register window.
    pub offset: u32,
    /// Bits that may read otherwise. All others are equal.
    pub bits: u32,
    /// How QEMU's bits come about.
    pub shows: QemuShows,
    /// Why.
    pub reason: &'static str,
}

/// Every difference a guest can see in register values after reset or a plain write and read.
pub const QEMU_DIFFERENCES: &[QemuDifference] = &[
    QemuDifference {
        register: "STATUS",
        offset: 0x00008,
        bits: 0x8008_1c00,
        shows: QemuShows::Constant(0x8008_0400),
        reason: "bits 10, 19 and 31 belong to other chips (82543 MTXCKOK, PCI Express masters) and are reserved; \
                 bits 11 and 12 tell the bus (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "EECD",
        offset: 0x00010,
        bits: 0x0000_0080,
        shows: QemuShows::Engine,
        reason: "GNT follows REQ where the EEPROM is arbitrated (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "VET",
        offset: 0x00038,
        bits: 0xffff_0000,
        shows: QemuShows::Storage,
        reason: "the type field has 16 bits; the upper half is reserved (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "RDBAL",
        offset: 0x02800,
        bits: 0x0000_000f,
        shows: QemuShows::Storage,
        reason: "the ring is 16-byte aligned and the low bits read zero (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "TDFH",
        offset: 0x03410,
        bits: 0x0000_1fff,
        shows: QemuShows::Engine,
        reason: "the transmit FIFO begins where the receive FIFO ends (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "TDFT",
        offset: 0x03418,
        bits: 0x0000_1fff,
        shows: QemuShows::Engine,
        reason: "as TDFH (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "TDFHS",
        offset: 0x03420,
        bits: 0x0000_1fff,
        shows: QemuShows::Engine,
        reason: "as TDFH (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "TDFTS",
        offset: 0x03428,
        bits: 0x0000_1fff,
        shows: QemuShows::Engine,
        reason: "as TDFH (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "TDBAL",
        offset: 0x03800,
        bits: 0x0000_000f,
        shows: QemuShows::Storage,
        reason: "the ring is 16-byte aligned and the low bits read zero (nic-models.md §1.2)",
    },
    QemuDifference {
        register: "WUC",
        offset: 0x05800,
        bits: 0x0000_0001,
        shows: QemuShows::Engine,
        reason: "APME comes from the EEPROM (nic-models.md §1.3, word 24)",
    },
];

/// Number of differences.
const COUNT: usize = QEMU_DIFFERENCES.len();

/// Whom an instance follows, and what QEMU's would have stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compat {
    qemu: bool,
    stored: [u32; COUNT],
}

/// Moves `value` at `access` to the place of the register at `offset`, with the bits that it touches; `None` if none.
fn overlap(access: Access, offset: u32) -> Option<i64> {
    let start = i64::try_from(access.offset()).ok()?;
    let (register, size) = (i64::from(offset), i64::from(access.size().bytes()));
    let touches = start < register.saturating_add(4) && register < start.saturating_add(size);
    touches.then(|| start.saturating_sub(register).saturating_mul(8))
}

fn shift(value: u64, up: i64) -> u64 {
    let bits = u32::try_from(up.unsigned_abs()).unwrap_or(u32::MAX);
    if up < 0 { value.checked_shr(bits) } else { value.checked_shl(bits) }.unwrap_or(0)
}

impl Compat {
    pub(crate) fn new(word: Option<&str>) -> Self {
        Self { qemu: word == Some("qemu"), stored: [0; COUNT] }
    }

    /// Whether the instance shows what QEMU's shows.
    #[inline]
    pub(crate) const fn is_qemu(&self) -> bool {
        self.qemu
    }

    /// What was stored is gone.
    pub(crate) fn reset(&mut self) {
        self.stored = [0; COUNT];
    }

    /// The guest has written `value` into the register window.
    pub(crate) fn written(&mut self, access: Access, value: u64) {
        for (difference, stored) in QEMU_DIFFERENCES.iter().zip(&mut self.stored) {
            if difference.shows != QemuShows::Storage {
                continue;
            }
            if let Some(up) = overlap(access, difference.offset) {
                let lanes = shift(access.size().mask(), up) & u64::from(difference.bits);
                let kept = u64::from(*stored) & !lanes;
                *stored = u32::try_from(kept | (shift(value, up) & lanes)).unwrap_or(*stored);
            }
        }
    }

    /// What the guest reads where the register window shows `value`.
    pub(crate) fn shown(&self, access: Access, value: u64) -> u64 {
        let mut shown = value;
        for (difference, stored) in QEMU_DIFFERENCES.iter().zip(&self.stored) {
            let bits = match difference.shows {
                QemuShows::Constant(bits) => bits,
                QemuShows::Storage => *stored,
                QemuShows::Engine => continue,
            };
            if let Some(up) = overlap(access, difference.offset) {
                let down = 0_i64.saturating_sub(up);
                let mask = shift(u64::from(difference.bits), down) & access.size().mask();
                shown = (shown & !mask) | (shift(u64::from(bits), down) & mask);
            }
        }
        shown
    }

    /// For a saved state.
    pub(crate) fn save(&self) -> Vec<u32> {
        self.stored.to_vec()
    }

    /// From a saved state; `None` if it holds bits that do not differ, or is another list.
    pub(crate) fn restored(&self, stored: &[u32]) -> Option<Self> {
        let stored: [u32; COUNT] = stored.try_into().ok()?;
        let fits = QEMU_DIFFERENCES.iter().zip(&stored).all(|(difference, stored)| {
            let storage = difference.shows == QemuShows::Storage && self.qemu;
            stored & !(if storage { difference.bits } else { 0 }) == 0
        });
        fits.then_some(Self { qemu: self.qemu, stored })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::Size;

    #[test]
    fn bits_are_stored_and_shown_at_any_width() {
        let mut compat = Compat::new(Some("qemu"));
        let at = |offset, size| Access::new(0, offset, size).unwrap();
        compat.written(at(0x38, Size::Word), 0xabcd_8100);
        assert_eq!(compat.shown(at(0x38, Size::Word), 0x8100), 0xabcd_8100);
        assert_eq!(compat.shown(at(0x3a, Size::Half), 0), 0xabcd);
        compat.written(at(0x3b, Size::Byte), 0x11);
        assert_eq!(compat.shown(at(0x3a, Size::Byte), 0), 0xcd);
        assert_eq!(compat.shown(at(0x38, Size::Double), 0x77_0000_8100), 0x77_11cd_8100);
        assert_eq!(compat.shown(at(0x8, Size::Word), 0x383), 0x8008_0783);
        assert_eq!(compat.shown(at(0x10, Size::Word), 0x5), 0x5);
        assert_eq!(compat.restored(&compat.save()), Some(compat.clone()));
        assert_eq!(Compat::new(None).restored(&compat.save()), None, "a data sheet stores nothing");
    }
}
