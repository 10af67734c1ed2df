//! Sections while they are being filled.
//!
//! Source: gas manual, "Sections and Relocation"; alignment of `.data`, `.bss` and `.section .rodata` (16 bytes) as the
//! e2k port does it. Subsections are kept apart and joined by the layout.

use std::rc::Rc;

/// Index of a section (or subsection) in [`Sections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SectionId(usize);

impl SectionId {
    /// `.text`, which is always there.
    pub(crate) const TEXT: Self = Self(0);
}

/// A place in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The section.
    pub(crate) section: SectionId,
    /// Bytes from its start.
    pub(crate) offset: u64,
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Part of the image.
    pub(crate) alloc: bool,
    /// Written to.
    pub(crate) write: bool,
    /// Executed.
    pub(crate) execute: bool,
    /// Zeros only, no bytes of its own.
    pub(crate) nobits: bool,
}

impl Flags {
    /// What a section of this name holds if nothing else is said.
    pub(crate) fn by_name(name: &str) -> Self {
        let is = |stem: &str| {
            name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let code = is(".text") || is(".init") || is(".fini");
        let nobits = is(".bss") || is(".sbss") || is(".tbss");
        let write = nobits || is(".data") || is(".sdata") || is(".tdata");
        let read = is(".rodata") || is(".data1") || is(".init_array") || is(".fini_array");
        Self { alloc: code || write || read, write, execute: code, nobits }
    }
}

/// A section.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Number of the subsection.
    pub(crate) part: u32,
    /// What it holds.
    pub(crate) flags: Flags,
    /// Alignment in bytes, a power of two.
    pub(crate) align: u64,
    /// Size in bytes.
    pub(crate) size: u64,
    /// Its bytes; zeros at the end may be missing, with [`Flags::nobits`] all are.
    pub(crate) bytes: Vec<u8>,
}

impl Section {
    /// Bytes a section, and the whole image, may have, so that a slip of the pen does not eat the memory of the host.
    pub(crate) const MAX_SIZE: u64 = 1 << 28;

    /// Appends bytes.
    ///
    /// # Errors
    /// If the section holds zeros only, or would grow beyond [`Self::MAX_SIZE`].
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.flags.nobits {
            if bytes.iter().any(|byte| *byte != 0) {
                return Err(format!("section '{}' can hold zeros only", self.name));
            }
            return self.append_zeros(bytes.len() as u64);
        }
        self.check(bytes.len() as u64)?;
        self.bytes.resize(usize::try_from(self.size).unwrap_or(usize::MAX), 0);
        self.bytes.extend_from_slice(bytes);
        self.size = self.bytes.len() as u64;
        Ok(())
    }

    /// Appends `count` zeros.
    ///
    /// # Errors
    /// If the section would grow beyond [`Self::MAX_SIZE`].
    pub(crate) fn append_zeros(&mut self, count: u64) -> Result<(), String> {
        self.check(count)?;
        self.size += count;
        Ok(())
    }

    /// Overwrites bytes at `offset`; what does not exist is left alone.
    pub(crate) fn patch(&mut self, offset: u64, bytes: &[u8]) {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(bytes.len());
        if let Some(target) = self.bytes.get_mut(start..end) {
            target.copy_from_slice(bytes);
        }
    }

    /// Demands an alignment, a power of two.
    pub(crate) fn demand(&mut self, align: u64) {
        self.align = self.align.max(align);
    }

    fn check(&self, count: u64) -> Result<(), String> {
        let room = Self::MAX_SIZE.saturating_sub(self.size);
        if count <= room {
            return Ok(());
        }
        let limit = Self::MAX_SIZE;
        Err(format!("section '{}' would be larger than {limit:#x} bytes", self.name))
    }
}

/// All sections, the current one and the way back.
#[derive(Debug)]
pub(crate) struct Sections {
    all: Vec<Section>,
    current: SectionId,
    previous: SectionId,
    stack: Vec<(SectionId, SectionId)>,
}

impl Default for Sections {
    fn default() -> Self {
        let mut sections = Self {
            all: Vec::new(),
            current: SectionId::TEXT,
            previous: SectionId::TEXT,
            stack: Vec::new(),
        };
        sections.find(".text", 0);
        sections
    }
}

impl Sections {
    /// The section called `name` with subsection number `part`, made if there is none.
    pub(crate) fn find(&mut self, name: &str, part: u32) -> SectionId {
        let found =
            self.all.iter().position(|section| &*section.name == name && section.part == part);
        let index = found.unwrap_or_else(|| {
            let known = self.all.iter().find(|section| &*section.name == name);
            let flags = known.map_or_else(|| Flags::by_name(name), |section| section.flags);
            let (name, bytes) = (name.into(), Vec::new());
            self.all.push(Section { name, part, flags, align: 1, size: 0, bytes });
            self.all.len() - 1
        });
        SectionId(index)
    }

    /// Whether a section of this name was ever named.
    pub(crate) fn exists(&self, name: &str) -> bool {
        self.all.iter().any(|section| &*section.name == name)
    }

    /// Says what the sections called `name` hold.
    pub(crate) fn set_flags(&mut self, name: &str, flags: Flags) {
        for section in self.all.iter_mut().filter(|section| &*section.name == name) {
            section.flags = flags;
        }
    }

    /// Goes on in `section`.
    pub(crate) fn enter(&mut self, section: SectionId) {
        self.previous = self.current;
        self.current = section;
    }

    /// Remembers where we are, to come back by [`Self::pop`]; false if that was done too often.
    pub(crate) fn push(&mut self) -> bool {
        self.stack.push((self.current, self.previous));
        self.stack.len() <= 256
    }

    /// Goes back to where the last [`Self::push`] was; false if there was none.
    pub(crate) fn pop(&mut self) -> bool {
        match self.stack.pop() {
            Some((current, previous)) => {
                (self.current, self.previous) = (current, previous);
                true
            }
            None => false,
        }
    }

    /// Changes to the section before this one.
    pub(crate) fn swap(&mut self) {
        std::mem::swap(&mut self.current, &mut self.previous);
    }

    /// The place the next byte goes to.
    pub(crate) fn here(&self) -> Location {
        Location { section: self.current, offset: self.get(self.current).map_or(0, |s| s.size) }
    }

    /// The section `id`.
    pub(crate) fn get(&self, id: SectionId) -> Option<&Section> {
        self.all.get(id.0)
    }

    /// The section `id`, to be changed.
    pub(crate) fn get_mut(&mut self, id: SectionId) -> Option<&mut Section> {
        self.all.get_mut(id.0)
    }

    /// The current section.
    pub(crate) fn current(&mut self) -> &mut Section {
        let index = if self.current.0 < self.all.len() { self.current.0 } else { 0 };
        &mut self.all[index]
    }

    /// All sections in the order of their first mention.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SectionId, &Section)> {
        self.all.iter().enumerate().map(|(index, section)| (SectionId(index), section))
    }
}
