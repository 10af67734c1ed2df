//! What a device says of itself: identity, regions and the register table.
//!
//! The table is *data* (`docs/adr/0003-registers-are-data.md`): decode, masks, reset values, dumps, documentation,
//! conformance tests and fuzzing all read it. `elnic-registers` is the engine that runs it.

/// A kind of device, the same for all its instances.
#[derive(Debug)]
pub struct Model {
    /// The name a user types: `e1000`.
    pub name: &'static str,
    /// Other names for the same model.
    pub aliases: &'static [&'static str],
    /// One line for `-device help`.
    pub summary: &'static str,
    /// Identity on PCI; `None` for a device that is not a PCI function.
    pub pci: Option<PciIdentity>,
    /// Address regions in the order of their numbers in [`crate::Access::region`].
    pub regions: &'static [RegionSpec],
    /// Every register, ascending by region and offset.
    pub registers: &'static [Register],
    /// Documents the model was built from.
    pub sources: &'static [&'static str],
}

/// The identity part of a type-0 configuration header (PCI 3.0 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciIdentity {
    /// Vendor ID.
    pub vendor: u16,
    /// Device ID.
    pub device: u16,
    /// Revision ID.
    pub revision: u8,
    /// Base class, subclass, programming interface.
    pub class: [u8; 3],
    /// Subsystem vendor ID.
    pub subsystem_vendor: u16,
    /// Subsystem ID.
    pub subsystem: u16,
    /// Interrupt Pin: 0 none, 1 INTA … 4 INTD.
    pub interrupt_pin: u8,
    /// Min_Gnt in units of ¼ µs.
    pub min_gnt: u8,
    /// Max_Lat in units of ¼ µs.
    pub max_lat: u8,
}

/// How a region is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// Memory space, 32-bit base address register.
    Memory32,
    /// Memory space, 64-bit base address register (takes two).
    Memory64 {
        /// Reads have no side effects.
        prefetchable: bool,
    },
    /// I/O space.
    Io,
    /// A fixed window that no base address register moves.
    Fixed,
}

/// One address region of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionSpec {
    /// Name for traces and documentation: `bar0`.
    pub name: &'static str,
    /// Which base address register (0 to 5); ignored for [`RegionKind::Fixed`].
    pub bar: u8,
    /// How it is reached.
    pub kind: RegionKind,
    /// Length in bytes; for a base address register a power of two.
    pub size: u64,
}

/// What software may do to a field, and what the hardware does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Read and write.
    Rw,
    /// Read only; the hardware sets it.
    Ro,
    /// Write only; reads give zero.
    Wo,
    /// Cleared by a read.
    Rc,
    /// Reads give the value, writing 1 clears the bit.
    W1c,
    /// Reads give the value, writing 1 sets the bit.
    W1s,
    /// Written 1 starts something; the hardware clears it (at once, or when done).
    Sc,
    /// Write 1 to clear, and a read clears too.
    RcW1c,
    /// Reads zero, writes are dropped, a written 1 is logged.
    Reserved,
    /// Software sees plain storage (read and write); what the datasheet says it does is not modelled. Logged when set.
    NotModelled,
}

/// Some neighbouring bits of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The datasheet's name.
    pub name: &'static str,
    /// Lowest bit.
    pub lo: u8,
    /// Number of bits, 1 to 64.
    pub bits: u8,
    /// What software may do.
    pub mode: Mode,
    /// The hardware changes the stored value by itself, so a write followed by a read need not give it back.
    pub volatile: bool,
    /// What it does, in a few words.
    pub about: &'static str,
}

impl Field {
    /// A field of `bits` bits from bit `lo` upwards.
    pub const fn new(
        name: &'static str,
        lo: u8,
        bits: u8,
        mode: Mode,
        about: &'static str,
    ) -> Self {
        assert!(
            bits >= 1 && bits <= 64 && lo <= 64_u8.saturating_sub(bits),
            "a field lies within 64 bits"
        );
        Self { name, lo, bits, mode, volatile: false, about }
    }

    /// The same field, changed by the hardware too.
    #[must_use]
    pub const fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// The bits of this field in its register.
    pub const fn mask(&self) -> u64 {
        (u64::MAX >> 64_u32.saturating_sub(self.bits as u32)) << self.lo
    }
}

/// One register, or an array of registers of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// The datasheet's name.
    pub name: &'static str,
    /// Index into [`Model::regions`].
    pub region: u8,
    /// Offset of the first element in bytes.
    pub offset: u32,
    /// Width of one element in bytes: 1, 2, 4 or 8.
    pub width: u8,
    /// Number of elements.
    pub count: u16,
    /// Distance between elements in bytes.
    pub stride: u16,
    /// Value after reset.
    pub reset: u64,
    /// Fields, ascending; bits that no field names are [`Mode::Reserved`].
    pub fields: &'static [Field],
    /// A read has side effects beyond what the fields' modes say.
    pub read_hook: bool,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Where the datasheet describes it.
    pub source: &'static str,
}

impl Register {
    /// A single register of `width` bytes that resets to zero.
    pub const fn new(name: &'static str, offset: u32, width: u8, fields: &'static [Field]) -> Self {
        assert!(matches!(width, 1 | 2 | 4 | 8), "a register is 1, 2, 4 or 8 bytes wide");
        Self {
            name,
            region: 0,
            offset,
            width,
            count: 1,
            stride: width as u16,
            reset: 0,
            fields,
            read_hook: false,
            about: "",
            source: "",
        }
    }

    /// In another region than the first.
    #[must_use]
    pub const fn region(mut self, region: u8) -> Self {
        self.region = region;
        self
    }

    /// With another reset value than zero.
    #[must_use]
    pub const fn reset(mut self, value: u64) -> Self {
        self.reset = value;
        self
    }

    /// `count` such registers, `stride` bytes apart.
    #[must_use]
    pub const fn array(mut self, count: u16, stride: u16) -> Self {
        assert!(count >= 1 && stride >= self.width as u16, "array elements do not overlap");
        self.count = count;
        self.stride = stride;
        self
    }

    /// A read has side effects beyond the fields' modes.
    #[must_use]
    pub const fn read_hook(mut self) -> Self {
        self.read_hook = true;
        self
    }

    /// With a description and the place in the datasheet.
    #[must_use]
    pub const fn about(mut self, about: &'static str, source: &'static str) -> Self {
        self.about = about;
        self.source = source;
        self
    }

    /// All bits of fields that `wanted` accepts.
    pub fn mask_of(&self, wanted: impl Fn(&Field) -> bool) -> u64 {
        self.fields.iter().filter(|field| wanted(field)).fold(0, |mask, field| mask | field.mask())
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
