//! Pages whose change by anybody but the processor must be noticed: it keeps decoded code of them.

use crate::PAGE;

/// A set of watched pages and the list of those that were written.
#[derive(Clone, Debug, Default)]
pub struct WatchedPages {
    /// One bit a page, by bank.
    banks: Vec<Bits>,
    written: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Bits {
    start: u64,
    words: Vec<u64>,
}

impl Bits {
    /// The word and bit of a page, if it lies in this bank.
    fn place(&self, page: u64) -> Option<(usize, u64)> {
        let index = page.checked_sub(self.start)? / PAGE;
        let word = usize::try_from(index / 64).ok().filter(|word| *word < self.words.len())?;
        Some((word, 1 << (index % 64)))
    }
}

impl WatchedPages {
    /// No page watched in banks of RAM (start, length).
    pub fn new(banks: &[(u64, u64)]) -> Self {
        let bits = |(start, length): &(u64, u64)| Bits {
            start: *start,
            words: vec![0; usize::try_from(length.div_ceil(PAGE * 64)).unwrap_or(0)],
        };
        Self { banks: banks.iter().map(bits).collect(), written: Vec::new() }
    }

    /// Watches the page that `address` lies in; outside RAM nothing happens.
    pub fn watch(&mut self, address: u64) {
        let page = address & !(PAGE - 1);
        for bank in &mut self.banks {
            if let Some((word, bit)) = bank.place(page) {
                bank.words[word] |= bit;
            }
        }
    }

    /// Notes a write of `length` bytes at `address`; a page it touches is watched no longer.
    pub fn wrote(&mut self, address: u64, length: u64) {
        let Some(last) = length.checked_sub(1).and_then(|rest| address.checked_add(rest)) else {
            return;
        };
        let Some(bank) = self.banks.iter_mut().rfind(|bank| bank.start <= address) else { return };
        if address / PAGE == last / PAGE {
            // The usual case: one page, that nobody watches.
            let page = address & !(PAGE - 1);
            if let Some((word, bit)) = bank.place(page)
                && bank.words[word] & bit != 0
            {
                bank.words[word] &= !bit;
                self.written.push(page);
            }
            return;
        }
        for page in (address / PAGE)..=(last / PAGE) {
            let page = page * PAGE;
            let Some((word, bit)) = bank.place(page) else { return };
            if bank.words[word] & bit != 0 {
                bank.words[word] &= !bit;
                self.written.push(page);
            }
        }
    }

    /// Whether a watched page was written.
    pub fn any_written(&self) -> bool {
        !self.written.is_empty()
    }

    /// A watched page that was written, until there are no more.
    pub fn take_written(&mut self) -> Option<u64> {
        self.written.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(watched: &mut WatchedPages) -> Vec<u64> {
        let mut pages: Vec<u64> = std::iter::from_fn(|| watched.take_written()).collect();
        pages.sort_unstable();
        pages
    }

    #[test]
    fn a_write_across_pages_reports_each_watched_one_once() {
        let mut watched = WatchedPages::new(&[(0, 1 << 20), (0x4_0000_0000, 1 << 20)]);
        for page in [0x1000, 0x3000, 0x4_0000_2000] {
            watched.watch(page + 0x123);
        }
        watched.wrote(0xfff, 0x2002);
        assert_eq!(taken(&mut watched), [0x1000, 0x3000]);
        watched.wrote(0x1000, 8);
        assert!(!watched.any_written());
        watched.wrote(0x4_0000_2fff, 1);
        assert_eq!(taken(&mut watched), [0x4_0000_2000]);
    }

    #[test]
    fn addresses_outside_ram_are_nobodys() {
        let mut watched = WatchedPages::new(&[(0, 1 << 20)]);
        watched.watch(u64::MAX);
        watched.watch(1 << 20);
        watched.wrote(u64::MAX, u64::MAX);
        watched.wrote(1 << 20, 4096);
        watched.wrote(0, 0);
        assert!(!watched.any_written());
    }
}
