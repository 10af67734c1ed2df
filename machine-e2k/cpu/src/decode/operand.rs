//! Names of registers in a decoded bundle, and the conditions under which operations execute.

/// A source, resolved as far as it can be before the window is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// `%r[n]`.
    Window(u8),
    /// `%b[n]`.
    Based(u8),
    /// `%g[n]`.
    Global(u8),
    /// A constant or literal; 0 where the format has no such operand.
    Constant(u64),
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nowhere: stores, `%empty`.
    Nothing,
    /// `%r[n]`.
    Window(u8),
    /// `%b[n]`.
    Based(u8),
    /// `%g[n]`.
    Global(u8),
    /// `%pred[n]`.
    Predicate(u8),
    /// `%ctpr(n+1)`.
    Ctpr(u8),
}

/// How much of a register a result replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// Bits 31:0, or 63:0 with zeroes above if the window says `dbl`.
    Single,
    /// Bits 63:0.
    Double,
    /// Bits 63:0 and the 16-bit exponent in the extension.
    Extended,
    /// Bits 63:0 and the whole extension.
    Quad,
}

/// A condition over the predicates or the stages of the pipeline: one of the `wanted` is true or one of the `unwanted` false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Bit n: `%pred(n)` or `%pcnt(n)`.
    pub(crate) wanted: u32,
    /// Bit n: `~%pred(n)` or `~%pcnt(n)`.
    pub(crate) unwanted: u32,
}

impl Condition {
    /// Whether it asks for anything.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.wanted | self.unwanted == 0
    }

    /// Whether it holds for `values`; a condition that asks for nothing does not.
    #[inline]
    pub(crate) const fn holds(self, values: u32) -> bool {
        values & self.wanted | !values & self.unwanted != 0
    }
}

/// When an operation executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Over the predicates.
    pub(crate) predicates: Condition,
    /// Over the stages of the software pipeline.
    pub(crate) stages: Condition,
}

impl Guard {
    /// Whether nothing is asked.
    #[inline]
    pub(crate) const fn is_always(self) -> bool {
        self.predicates.is_empty() && self.stages.is_empty()
    }

    /// Whether the operation executes.
    #[inline]
    pub(crate) const fn allows(self, predicates: u32, stages: u32) -> bool {
        (self.predicates.is_empty() || self.predicates.holds(predicates))
            && (self.stages.is_empty() || self.stages.holds(stages))
    }
}
