//! The description as tables.

/// A type every schema has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// Text.
    Str,
    /// True or false.
    Bool,
    /// 64 bits with sign.
    Int,
    /// 32 bits with sign.
    Int32,
    /// 8 bits.
    Uint8,
    /// 16 bits.
    Uint16,
    /// 32 bits.
    Uint32,
    /// 64 bits.
    Uint64,
    /// Bytes, 64 bits.
    Size,
    /// A number, whole or not.
    Number,
    /// Anything.
    Any,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Of a type every schema has.
    Builtin(Builtin),
    /// Of a type defined here.
    Named(&'static str),
}

/// One value or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeRef {
    /// One.
    One(Item),
    /// A list.
    List(Item),
}

/// A member of a type, or an argument.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// It may be left out.
    pub optional: bool,
    /// What it holds.
    pub kind: TypeRef,
    /// What holds without it.
    pub default: Option<&'static str>,
    /// The version of QEMU that brought it.
    pub since: &'static str,
    /// It may change without notice.
    pub unstable: bool,
    /// What it is for.
    pub about: &'static str,
}

/// A type.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it consists of.
    pub shape: Shape,
    /// The version of QEMU that brought it.
    pub since: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// What a type consists of.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// One of these words.
    Enum(&'static [&'static str]),
    /// All of these members.
    Struct(&'static [Member]),
    /// Common members, and those of the branch that one of them chooses.
    Union {
        /// The member that chooses.
        by: &'static str,
        /// The common members.
        base: &'static [Member],
        /// Word and type of each branch; a word without one has no further members.
        branches: &'static [(&'static str, &'static str)],
    },
}

/// What a command takes.
#[derive(Clone, Copy, Debug)]
pub enum Arguments {
    /// These members.
    Members(&'static [Member]),
    /// The members of this type.
    Boxed(&'static str),
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub arguments: Arguments,
    /// It takes further members that no schema knows: a device's properties.
    pub open: bool,
    /// What it answers; nothing if `None`.
    pub returns: Option<TypeRef>,
    /// It may overtake others.
    pub oob: bool,
    /// It may be given before the machine is made.
    pub preconfig: bool,
    /// The version of QEMU that brought it.
    pub since: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub data: &'static [Member],
    /// The version of QEMU that brought it.
    pub since: &'static str,
    /// When it comes.
    pub about: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The command of that name.
pub fn command(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// The type of that name.
pub fn definition(name: &str) -> Option<&'static Definition> {
    TYPES.iter().find(|definition| definition.name == name)
}
