//! A cache of translations, direct-mapped by virtual page.
//!
//! It is no architectural state: every change of a register that translation depends on empties it, and so does a restore. A page that is
//! part of a larger one is kept as its 4096 bytes; flushing any address then has to forget them all.

/// What a page allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) write: bool,
    /// Only with `psr.pm`.
    pub(crate) privileged: bool,
    pub(crate) execute: bool,
    /// Its entry already says that it was written.
    pub(crate) dirty: bool,
    /// Part of a large page.
    pub(crate) large: bool,
}

/// One translation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Virtual address of the page; an odd one for none.
    page: u64,
    /// Physical address of the page.
    pub(crate) frame: u64,
    pub(crate) rights: Rights,
}

const LINES: usize = 512;
const NONE: u64 = 1;

/// The cache.
#[derive(Debug)]
pub(crate) struct Tlb {
    lines: Box<[Line; LINES]>,
    /// Whether parts of large pages may be in it.
    large: bool,
}

impl Default for Tlb {
    fn default() -> Self {
        let none = Line { page: NONE, frame: 0, rights: Rights::default() };
        Self { lines: Box::new([none; LINES]), large: false }
    }
}

const fn place(address: u64) -> usize {
    (address >> 12) as usize % LINES
}

impl Tlb {
    /// What is known of the page of `address`.
    #[inline]
    pub(crate) fn find(&self, address: u64) -> Option<Line> {
        let line = self.lines[place(address)];
        (line.page == address & !0xfff).then_some(line)
    }

    /// Remembers a translation.
    pub(crate) fn add(&mut self, address: u64, frame: u64, rights: Rights) {
        self.large |= rights.large;
        self.lines[place(address)] = Line { page: address & !0xfff, frame, rights };
    }

    /// Forgets the page of `address`.
    pub(crate) fn flush_page(&mut self, address: u64) {
        if self.large {
            self.flush();
        } else {
            self.lines[place(address)].page = NONE;
        }
    }

    /// Forgets everything.
    pub(crate) fn flush(&mut self) {
        for line in &mut *self.lines {
            line.page = NONE;
        }
        self.large = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_of_one_page_leaves_the_others_unless_large_ones_are_known() {
        let mut tlb = Tlb::default();
        tlb.add(0x1234, 0x8000, Rights::default());
        tlb.add(0x2000, 0x9000, Rights::default());
        assert_eq!(tlb.find(0x1fff).map(|line| line.frame), Some(0x8000));
        assert!(tlb.find(0x1234 + (LINES << 12) as u64).is_none());
        tlb.flush_page(0x1000);
        assert!(tlb.find(0x1000).is_none() && tlb.find(0x2000).is_some());
        tlb.add(0x3000, 0xa000, Rights { large: true, ..Rights::default() });
        tlb.flush_page(0x20_0000);
        assert!(tlb.find(0x2000).is_none() && tlb.find(0x3000).is_none());
    }
}
