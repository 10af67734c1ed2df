//! Ties a table of registers to an `enum`, so that hooks are an ordinary exhaustive `match`.

use elnic_contract::Register;

use crate::layout::{Map, Slot};

/// The registers of one model: an `enum` whose variants are the rows of a table, in order.
///
/// Made by [`crate::register_file!`]; not meant to be implemented by hand.
pub trait RegisterFile: Copy + Eq + std::fmt::Debug + Send + 'static {
    /// The table, ascending by region and offset.
    const TABLE: &'static [Register];
    /// The variants in the order of the table.
    const ALL: &'static [Self];
    /// Where the values of each row are.
    #[doc(hidden)]
    const SLOTS: &'static [Slot];
    /// Decodes offsets into rows.
    #[doc(hidden)]
    const MAP: Map;

    /// The row of this register.
    fn index(self) -> usize;

    /// The table's row for this register.
    #[inline]
    fn spec(self) -> &'static Register {
        // `ALL` and `TABLE` are made from one list, so the row is always there; the fallback keeps this total.
        const NONE: Register = Register::new("?", 0, 1, &[]);
        Self::TABLE.get(self.index()).unwrap_or(&NONE)
    }
}

/// Declares the registers of a model: an `enum` and its table from one list.
///
/// ```
/// use elnic_contract::{Field, Mode, Register};
///
/// elnic_registers::register_file! {
///     /// Registers of a tiny device.
///     pub enum Tiny {
///         CTRL = Register::new("CTRL", 0x0, 4, &[Field::new("EN", 0, 1, Mode::Rw, "enable")]),
///         STATUS = Register::new("STATUS", 0x4, 4, &[Field::new("UP", 1, 1, Mode::Ro, "link is up")]).reset(2),
///     }
/// }
/// use elnic_registers::RegisterFile;
/// assert_eq!(Tiny::STATUS.spec().reset, 2);
/// ```
#[macro_export]
macro_rules! register_file {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident { $($variant:ident = $register:expr),+ $(,)? }) => {
        $(#[$attribute])*
        #[expect(
            non_camel_case_types,
            clippy::upper_case_acronyms,
            reason = "registers carry the datasheet's names"
        )]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility enum $name {
            $(#[doc = concat!("The datasheet's `", stringify!($variant), "`.")] $variant),+
        }

        impl $crate::RegisterFile for $name {
            const TABLE: &'static [$crate::__Register] = &[$($register),+];
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const SLOTS: &'static [$crate::layout::Slot] = &$crate::layout::slots::<
                { <$name as $crate::RegisterFile>::TABLE.len() },
            >(Self::TABLE);
            const MAP: $crate::layout::Map = $crate::layout::Map::new(
                Self::TABLE,
                &$crate::layout::entries::<
                    { $crate::layout::map_length(<$name as $crate::RegisterFile>::TABLE) },
                >(Self::TABLE),
            );

            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
