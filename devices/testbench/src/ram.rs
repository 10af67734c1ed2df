//! Guest RAM for tests: at any address, and failing on demand.

use std::collections::BTreeMap;

use elnic_contract::{Dma, DmaError, Gpa};
use elnic_script::DmaKind;

const PAGE: u64 = 4096;

/// Guest RAM that is there wherever it is touched; bytes never written are zero.
#[derive(Clone, Debug, Default)]
pub struct SparseRam {
    pages: BTreeMap<u64, Box<[u8; PAGE as usize]>>,
    /// First address that is not RAM; everything is if absent.
    end: Option<u64>,
    faults: Vec<Plan>,
    accesses: u64,
}

/// Some accesses that are going to fail.
#[derive(Clone, Copy, Debug)]
struct Plan {
    kind: DmaKind,
    after: u32,
    times: u32,
}

impl SparseRam {
    /// RAM everywhere, all zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// RAM below `end` only.
    pub fn below(end: u64) -> Self {
        Self { end: Some(end), ..Self::default() }
    }

    /// Makes `times` bus-master accesses of this kind fail, after `after` more of them.
    pub fn fail(&mut self, kind: DmaKind, after: u32, times: u32) {
        self.faults.push(Plan { kind, after, times });
    }

    /// How many bus-master accesses there have been, failed ones included.
    pub fn accesses(&self) -> u64 {
        self.accesses
    }

    /// Bytes as a processor stores them: no fault applies.
    pub fn store(&mut self, at: u64, bytes: &[u8]) {
        for (offset, byte) in (0..).zip(bytes) {
            let address = at.wrapping_add(offset);
            let page =
                self.pages.entry(address / PAGE).or_insert_with(|| Box::new([0; PAGE as usize]));
            page[(address % PAGE) as usize] = *byte;
        }
    }

    /// Bytes as a processor loads them.
    pub fn load(&self, at: u64, length: usize) -> Vec<u8> {
        let byte = |offset| {
            let address = at.wrapping_add(offset);
            self.pages.get(&(address / PAGE)).map_or(0, |page| page[(address % PAGE) as usize])
        };
        (0..length as u64).map(byte).collect()
    }

    /// A little-endian number of `N` bytes, at most 8.
    pub fn load_le<const N: usize>(&self, at: u64) -> u64 {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(&self.load(at, N));
        u64::from_le_bytes(wide)
    }

    /// A hash of everything stored, for comparing two RAMs.
    pub fn digest(&self) -> u64 {
        // FNV-1a over the pages that differ from zero.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut mix = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        for (number, page) in self.pages.iter().filter(|(_, page)| page.iter().any(|b| *b != 0)) {
            number.to_le_bytes().into_iter().for_each(&mut mix);
            page.iter().copied().for_each(&mut mix);
        }
        hash
    }

    fn check(&mut self, kind: DmaKind, at: Gpa, length: usize) -> Result<(), DmaError> {
        self.accesses += 1;
        let matching = |plan: &Plan| plan.kind == kind || plan.kind == DmaKind::Any;
        let mut failed = false;
        for plan in self.faults.iter_mut().filter(|plan| matching(plan)) {
            if plan.after > 0 {
                plan.after -= 1;
            } else if plan.times > 0 {
                plan.times -= 1;
                failed = true;
            }
        }
        self.faults.retain(|plan| plan.times > 0);
        let end = at.0.checked_add(length as u64);
        let outside = end.is_none_or(|end| self.end.is_some_and(|limit| end > limit));
        if failed || outside { Err(DmaError::NotRam(at)) } else { Ok(()) }
    }
}

impl Dma for SparseRam {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        self.check(DmaKind::Read, at, into.len())?;
        into.copy_from_slice(&self.load(at.0, into.len()));
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.check(DmaKind::Write, at, from.len())?;
        self.store(at.0, from);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cross_pages_and_wrap_for_the_processor_only() {
        let mut ram = SparseRam::new();
        ram.store(0x1ffe, &[1, 2, 3, 4]);
        assert_eq!(ram.load(0x1fff, 2), [2, 3]);
        let mut bytes = [0; 4];
        assert_eq!(ram.read(Gpa(0x1ffe), &mut bytes), Ok(()));
        assert_eq!(bytes, [1, 2, 3, 4]);
        let top = Gpa(u64::MAX - 1);
        assert_eq!(ram.read(top, &mut bytes), Err(DmaError::NotRam(top)));
    }

    #[test]
    fn faults_hit_the_accesses_they_were_planned_for() {
        let mut ram = SparseRam::new();
        ram.fail(DmaKind::Write, 1, 2);
        let mut results = Vec::new();
        for _ in 0..4 {
            results.push(ram.write(Gpa(0), &[1]).is_ok());
            assert_eq!(ram.read(Gpa(0), &mut [0]), Ok(()));
        }
        assert_eq!(results, [true, false, false, true]);
        assert_eq!(ram.accesses(), 8);
    }

    #[test]
    fn what_is_not_ram_is_refused_whole() {
        let mut ram = SparseRam::below(0x1000);
        assert!(ram.write(Gpa(0xffe), &[1, 2]).is_ok());
        assert_eq!(ram.write(Gpa(0xfff), &[3, 4]), Err(DmaError::NotRam(Gpa(0xfff))));
        assert_eq!(ram.load(0xfff, 1), [2], "nothing was transferred");
    }
}
