//! The compact form of a bundle.

use elnic_isa::ControlCondition;

use super::action::Operation;
use super::control::{Advances, Rare, Setup, Transfer};

/// Three bounds on register numbers in one word, so that one subtraction compares them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits(u64);

impl Limits {
    const GUARDS: u64 = 0x8000_8000_8000;

    /// One above the highest numbers: of `%r` read, of `%r` written, of `%b`; each below 0x8000.
    pub(crate) const fn new(read: u16, written: u16, based: u16) -> Self {
        Self(read as u64 | (written as u64) << 16 | (based as u64) << 32)
    }

    /// Whether each of `self` is at most that of `available`.
    #[inline]
    pub(crate) const fn fit(self, available: Self) -> bool {
        (available.0 | Self::GUARDS).wrapping_sub(self.0) & Self::GUARDS == Self::GUARDS
    }
}

/// A bundle, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// In an order in which each reads what it would read if all read first, if `direct`; else by channel.
    pub(crate) operations: Box<[Operation]>,
    /// Registers used.
    pub(crate) limits: Limits,
    /// How much of the machinery it needs.
    pub(crate) effort: Effort,
    /// The operations can be executed one after the other (see `order.rs`).
    pub(crate) direct: bool,
    /// So they can, but more than one of them may fail: loads in front, then stores.
    pub(crate) several: bool,
    /// Some operation asks for predicates or stages.
    pub(crate) guarded: bool,
    /// It touches memory, or does something rare.
    pub(crate) memory: bool,
    /// It has stores that obey prologue and epilogue of the loop (`loop_mode`).
    pub(crate) loop_stores: bool,
    /// Bytes.
    pub(crate) length: u8,
    /// One and the idle cycles.
    pub(crate) cycles: u8,
    pub(crate) condition: ControlCondition,
    pub(crate) transfer: Transfer,
    pub(crate) advances: Advances,
    pub(crate) setup: Setup,
    pub(crate) rare: Option<Box<Rare>>,
}

/// How much of the machinery a bundle needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Operations that can be executed one after the other and ask for nothing.
    Plain,
    /// Predicates, transfers, rotation, operations that have to be evaluated first.
    Transfer,
    /// Windows and targets.
    Setup,
    /// Anything.
    Rare,
}

/// Which paths bundles may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paths {
    /// The shortest that does.
    #[default]
    Short,
    /// The one that evaluates everything before it writes anything.
    General,
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn limits_fit_if_each_of_them_does() {
        let available = Limits::new(16, 32, 8);
        assert!(Limits::new(16, 32, 8).fit(available));
        assert!(!Limits::new(17, 0, 0).fit(available));
        assert!(!Limits::new(0, 33, 0).fit(available));
        assert!(!Limits::new(0, 0, 9).fit(available));
        assert!(Limits::default().fit(Limits::default()));
    }
}
