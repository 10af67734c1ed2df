//! Decoded bundles by physical page.
//!
//! A page is forgotten when somebody writes to one of its bundles; data beside code costs nothing. The processor's own stores ask a small
//! filter first, which may say yes too often but never no wrongly; writes by others come from the bus and count for the whole page. A bundle
//! that runs over the end of its page belongs to both pages.

use std::collections::BTreeMap;

use super::bundle::{Bundle, Paths};
use super::translate::translate;
use crate::bus::Bus;
use crate::config::Config;
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// Bytes of a page.
pub(crate) const PAGE: u64 = 4096;
/// Decoded pages kept; a program that needs more starts over.
const MOST_PAGES: usize = 1024;
const RECENT: usize = 64;
const FILTER_BITS: u64 = 4096;
/// Places at the end of a page from which a bundle may run over.
const OVERHANGING: usize = 7;
/// Places in a page where a bundle can start.
const UNITS: usize = (PAGE / 8) as usize;

/// Which pages hold decoded code, as a filter over the page number.
#[derive(Clone, Debug)]
pub(crate) struct CodeFilter(Box<[u64; (FILTER_BITS / 64) as usize]>);

impl Default for CodeFilter {
    fn default() -> Self {
        Self(Box::new([0; (FILTER_BITS / 64) as usize]))
    }
}

impl CodeFilter {
    #[inline]
    fn place(address: u64) -> (usize, u64) {
        let page = address / PAGE % FILTER_BITS;
        ((page / 64) as usize, 1 << (page % 64))
    }

    /// Whether the page of `address` may hold decoded code.
    #[inline]
    pub(crate) fn may_hold(&self, address: u64) -> bool {
        let (word, bit) = Self::place(address);
        self.0[word] & bit != 0
    }

    fn add(&mut self, address: u64) {
        let (word, bit) = Self::place(address);
        self.0[word] |= bit;
    }
}

/// The decoded bundles of one page.
#[derive(Debug)]
pub(crate) struct CodePage {
    /// For each eight bytes: number of the bundle that starts there, plus one.
    starts: Box<[u16; UNITS]>,
    /// Bit n: the n-th eight bytes belong to a decoded bundle.
    covered: [u64; UNITS / 64],
    bundles: Vec<Bundle>,
    /// Physical address of the page that the last bundles run over into, if any does.
    follows: Option<u64>,
}

impl CodePage {
    fn new() -> Self {
        Self {
            starts: Box::new([0; UNITS]),
            covered: [0; UNITS / 64],
            bundles: Vec::new(),
            follows: None,
        }
    }

    fn unit(address: u64) -> usize {
        (address % PAGE / 8) as usize
    }

    /// The bundle at the place in this page that `address` has in its own, if it is decoded.
    #[inline]
    pub(crate) fn bundle(&self, address: u64) -> Option<&Bundle> {
        let number = self.starts[Self::unit(address)];
        self.bundles.get(usize::from(number).wrapping_sub(1))
    }

    fn cover(&mut self, address: u64) {
        let unit = Self::unit(address);
        self.covered[unit / 64] |= 1 << (unit % 64);
    }

    fn covers(&self, address: u64) -> bool {
        let unit = Self::unit(address);
        self.covered[unit / 64] >> (unit % 64) & 1 != 0
    }

    /// The slot stays: the page is most likely code again.
    fn clear(&mut self) {
        self.bundles.clear();
        self.starts.fill(0);
        self.covered.fill(0);
        self.follows = None;
    }

    /// Forgets the bundles that run over into another page than `next`.
    fn follow(&mut self, next: Option<u64>) {
        if self.follows.is_none() || self.follows == next {
            return;
        }
        self.follows = None;
        for (unit, start) in self.starts.iter_mut().enumerate().skip(UNITS - OVERHANGING) {
            let bundle = self.bundles.get(usize::from(*start).wrapping_sub(1));
            if bundle.is_some_and(|bundle| 8 * unit as u64 + u64::from(bundle.length) > PAGE) {
                *start = 0;
            }
        }
    }
}

/// All decoded pages.
#[derive(Debug)]
pub(crate) struct CodeCache {
    pages: Vec<CodePage>,
    by_address: BTreeMap<u64, usize>,
    recent: Box<[(u64, usize); RECENT]>,
    filter: CodeFilter,
    /// Pages of which other processors hold decoded code; part of the filter whatever is forgotten here.
    foreign: CodeFilter,
    paths: Paths,
}

impl Default for CodeCache {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            by_address: BTreeMap::new(),
            // No page has an odd address.
            recent: Box::new([(1, 0); RECENT]),
            filter: CodeFilter::default(),
            foreign: CodeFilter::default(),
            paths: Paths::default(),
        }
    }
}

impl CodeCache {
    /// An empty cache of bundles for `paths`.
    pub(crate) fn new(paths: Paths) -> Self {
        Self { paths, ..Self::default() }
    }

    /// The filter for stores.
    pub(crate) fn filter(&self) -> &CodeFilter {
        &self.filter
    }

    /// The page numbered by [`CodeCache::locate`].
    pub(crate) fn page(&self, slot: usize) -> &CodePage {
        &self.pages[slot]
    }

    /// Number of the page that holds the bundle at the physical `address`, which is decoded if it was not. `next` tells the physical page
    /// that follows.
    ///
    /// # Errors
    /// There is no bundle at `address`.
    pub(crate) fn locate<B: Bus>(
        &mut self,
        address: u64,
        bus: &mut B,
        config: &Config,
        mut next: impl FnMut(&mut B) -> Result<u64, Trap>,
    ) -> Result<usize, Trap> {
        let mut slot = self.slot(address);
        if self.pages[slot].follows.is_some() {
            let next = next(bus).ok();
            self.pages[slot].follow(next);
        }
        if self.pages[slot].bundle(address).is_none() {
            // Decoding may start the cache over.
            self.decode(address, bus, config, next)?;
            slot = self.slot(address);
        }
        Ok(slot)
    }

    /// Number of the page of `address`, which is made if there is none.
    fn slot(&mut self, address: u64) -> usize {
        let base = address & !(PAGE - 1);
        let place = (address / PAGE) as usize % RECENT;
        if let (page, slot) = self.recent[place]
            && page == base
        {
            return slot;
        }
        let slot = match self.by_address.get(&base) {
            Some(slot) => *slot,
            None => {
                self.filter.add(base);
                self.by_address.insert(base, self.pages.len());
                self.pages.push(CodePage::new());
                self.pages.len() - 1
            }
        };
        self.recent[place] = (base, slot);
        slot
    }

    fn decode<B: Bus>(
        &mut self,
        address: u64,
        bus: &mut B,
        config: &Config,
        next: impl FnMut(&mut B) -> Result<u64, Trap>,
    ) -> Result<(), Trap> {
        let code = read(address, bus, next)?;
        let (bundle, length) =
            elnic_isa::Bundle::from_bytes(code.bytes(), config.isa).map_err(|error| {
                Trap::new(ExceptionKind::IllegalOpcode, Reason::Decode(Box::new(error)))
            })?;
        let bundle = translate(&bundle, length as u8, config, self.paths)?;
        if self.pages.len() + 2 > MOST_PAGES {
            self.forget_all();
        }
        bus.watch_code(address & !(PAGE - 1));
        if let Some(next) = code.next {
            bus.watch_code(next);
        }
        for unit in (0..length as u64).step_by(8) {
            let place = code.place(address, unit);
            let slot = self.slot(place);
            self.pages[slot].cover(place);
        }
        let slot = self.slot(address);
        let page = &mut self.pages[slot];
        if code.next.is_some() {
            page.follow(code.next);
            page.follows = code.next;
        }
        page.bundles.push(bundle);
        page.starts[CodePage::unit(address)] = page.bundles.len() as u16;
        Ok(())
    }

    /// Forgets the page of every decoded bundle that has one of the `length` bytes at `start`.
    pub(crate) fn forget_written(&mut self, start: u64, length: u64) {
        let end = start.saturating_add(length);
        let hit: Vec<u64> = self
            .by_address
            .range(start & !(PAGE - 1)..end)
            .filter(|(base, slot)| {
                let (from, to) = (start.max(**base), end.min(base.saturating_add(PAGE)));
                let page = &self.pages[**slot];
                (from & !7..to).step_by(8).any(|place| page.covers(place))
            })
            .map(|(base, _)| *base)
            .collect();
        for base in hit {
            self.forget_page(base);
        }
    }

    /// Forgets all of the page of `address`, and the pages whose last bundles reach into this one.
    pub(crate) fn forget_page(&mut self, address: u64) {
        let base = address & !(PAGE - 1);
        if let Some(slot) = self.by_address.get(&base) {
            self.pages[*slot].clear();
        }
        for page in self.pages.iter_mut().filter(|page| page.follows == Some(base)) {
            page.clear();
        }
    }

    /// Another processor holds decoded code of `page`.
    pub(crate) fn note_foreign(&mut self, page: u64) {
        self.foreign.add(page);
        self.filter.add(page);
    }

    /// Forgets everything but what others hold.
    pub(crate) fn forget_all(&mut self) {
        let foreign = std::mem::take(&mut self.foreign);
        *self = Self { filter: foreign.clone(), foreign, ..Self::new(self.paths) };
    }
}

/// The bytes of a bundle.
pub(crate) struct Code {
    bytes: [u8; 64],
    length: usize,
    /// Physical address of the page it runs over into.
    next: Option<u64>,
}

impl Code {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Physical address of the `offset`-th byte, of a bundle at `address`.
    fn place(&self, address: u64, offset: u64) -> u64 {
        let place = address.wrapping_add(offset);
        match self.next {
            Some(next) if (place ^ address) & !(PAGE - 1) != 0 => next | place & (PAGE - 1),
            _ => place,
        }
    }
}

/// The bytes of the bundle at the physical `address`. `next` tells the physical page that follows.
///
/// # Errors
/// There is no memory, or no page.
pub(crate) fn read<B: Bus>(
    address: u64,
    bus: &mut B,
    mut next: impl FnMut(&mut B) -> Result<u64, Trap>,
) -> Result<Code, Trap> {
    let mut bytes = [0; 64];
    let fault = |fault| Trap::new(ExceptionKind::IllegalInstructionAddress, Reason::Fetch(fault));
    bus.fetch(address, &mut bytes[..8]).map_err(fault)?;
    let header = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let length = elnic_isa::Syllables::length_of(header).clamp(8, 64);
    let here = usize::try_from(PAGE - address % PAGE).unwrap_or(length).min(length);
    bus.fetch(address, &mut bytes[..here]).map_err(fault)?;
    let next = if here < length {
        let page = next(bus)?;
        bus.fetch(page, &mut bytes[here..length]).map_err(fault)?;
        Some(page)
    } else {
        None
    };
    Ok(Code { bytes, length, next })
}
