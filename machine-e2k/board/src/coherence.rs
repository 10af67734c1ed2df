//! What processors have to tell each other about code: a store by one must reach what others have decoded.
//!
//! A processor notices its own stores by itself, and bus masters' by the watched pages of RAM. Here stand the pages any
//! processor has decoded code of, which all the others must know, and the stores to such pages, which each of the others
//! learns of at the start of its next turn. With one processor nothing is kept.

use std::collections::BTreeSet;

/// Stores kept for a processor that does not run; when there are more, it forgets all its code instead.
const MOST_STORES: usize = 256;

/// Pages of code and stores to them.
#[derive(Debug, Default)]
pub(crate) struct Coherence {
    pages: BTreeSet<u64>,
    /// The same pages in the order in which they were first watched.
    order: Vec<u64>,
    /// Stores (start, length) that a processor has not been told of, by processor.
    untold: Vec<Vec<(u64, u64)>>,
}

impl Coherence {
    pub(crate) fn new(processors: usize) -> Self {
        Self { untold: vec![Vec::new(); processors], ..Self::default() }
    }

    /// Whether there are several processors.
    pub(crate) fn is_shared(&self) -> bool {
        self.untold.len() > 1
    }

    /// A processor holds decoded code of `page`.
    pub(crate) fn holds(&mut self, page: u64) {
        if self.is_shared() && self.pages.insert(page) {
            self.order.push(page);
        }
    }

    /// `length` bytes of code at `start` were written: by processor `writer`, or noticed by it.
    pub(crate) fn wrote(&mut self, writer: usize, start: u64, length: u64) {
        if !self.is_shared() {
            return;
        }
        for (processor, untold) in self.untold.iter_mut().enumerate() {
            if processor == writer {
                continue;
            }
            if untold.len() >= MOST_STORES {
                *untold = vec![(0, u64::MAX)];
            } else if untold.last() != Some(&(start, length)) {
                untold.push((start, length));
            }
        }
    }

    /// Pages of code beyond the first `known`.
    pub(crate) fn pages_after(&self, known: usize) -> &[u64] {
        self.order.get(known..).unwrap_or_default()
    }

    /// Takes the stores that `processor` has not been told of.
    pub(crate) fn take_stores(&mut self, processor: usize) -> Vec<(u64, u64)> {
        self.untold.get_mut(processor).map(std::mem::take).unwrap_or_default()
    }

    /// All processors have forgotten all code.
    pub(crate) fn forget(&mut self) {
        self.untold.iter_mut().for_each(Vec::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_processor_but_the_writer_is_told_once() {
        let mut coherence = Coherence::new(3);
        coherence.holds(0x1000);
        coherence.holds(0x1000);
        assert_eq!(coherence.pages_after(0), [0x1000]);
        coherence.wrote(1, 0x1008, 8);
        assert_eq!(coherence.take_stores(0), [(0x1008, 8)]);
        assert_eq!(coherence.take_stores(0), []);
        assert_eq!(coherence.take_stores(1), []);
        assert_eq!(coherence.take_stores(2), [(0x1008, 8)]);
    }

    #[test]
    fn a_processor_that_sleeps_long_forgets_everything() {
        let mut coherence = Coherence::new(2);
        for store in 0..=MOST_STORES as u64 {
            coherence.wrote(0, store * 16, 8);
        }
        assert_eq!(coherence.take_stores(1), [(0, u64::MAX)]);
    }

    #[test]
    fn one_processor_keeps_nothing() {
        let mut coherence = Coherence::new(1);
        coherence.holds(0x1000);
        coherence.wrote(0, 0x1000, 8);
        assert!(coherence.pages_after(0).is_empty() && coherence.take_stores(0).is_empty());
    }
}
