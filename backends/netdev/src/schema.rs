//! What an option, a netdev type and a socket address are: the vocabulary of the tables in `tables`.
//!
//! Parsing, errors and help are all made from these tables, and the tests hold the typed structs to them.

mod tables;

pub use tables::{
    ADDRESSES, BUFFER_OPTIONS, DUMP_OPTIONS, FAULT_OPTIONS, FILTER_OPTIONS, MIRROR_OPTIONS,
    REDIRECTOR_OPTIONS, TYPES,
};

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its key.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// What holds without it, in words; empty if nothing does.
    pub default: &'static str,
    /// What it does, with its unit.
    pub about: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// `on` or `off`.
    Switch,
    /// A whole number.
    Integer {
        /// The type as errors call it.
        name: &'static str,
        /// Smallest value.
        min: i128,
        /// Largest value.
        max: i128,
    },
    /// A part of a hundred, with a fraction; millionths in the result.
    Percent,
    /// Bytes, with a suffix `k`, `M`, `G`, `T`, `P`, `E`.
    Size,
    /// Texts, one for each time the key is given.
    Texts,
    /// A socket address.
    Address,
}

impl Kind {
    /// `int`.
    pub const INT: Self =
        Self::Integer { name: "integer", min: i64::MIN as i128, max: i64::MAX as i128 };
    /// `int32`.
    pub const INT32: Self =
        Self::Integer { name: "int32_t", min: i32::MIN as i128, max: i32::MAX as i128 };
    /// `uint16`.
    pub const UINT16: Self = Self::Integer { name: "uint16_t", min: 0, max: u16::MAX as i128 };
    /// `uint32`.
    pub const UINT32: Self = Self::Integer { name: "uint32_t", min: 0, max: u32::MAX as i128 };
    /// `uint64`.
    pub const UINT64: Self = Self::Integer { name: "uint64_t", min: 0, max: u64::MAX as i128 };

    /// The values in a word, for help.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Switch => "on|off",
            Self::Integer { name, .. } => name,
            Self::Percent => "percent",
            Self::Size => "size",
            Self::Texts => "text, repeatable",
            Self::Address => "socket address",
        }
    }
}

/// A netdev type.
#[derive(Clone, Copy, Debug)]
pub struct TypeSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether this version can make one.
    pub built: bool,
    /// Written in the dotted grammar.
    pub dotted: bool,
    /// Its options, without `type` and `id`.
    pub options: &'static [OptionSpec],
}

/// The type of that name.
pub fn find(name: &str) -> Option<&'static TypeSpec> {
    TYPES.iter().find(|spec| spec.name == name)
}
