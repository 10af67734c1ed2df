//! The raw floor: which words a bundle has and where they stand (ISA notes 1).
//!
//! Decoding checks everything that can be checked without knowing what a word means: the presence bits against `mdl` and
//! `lng`. What a word says is the business of [`Bundle`](crate::Bundle).

use crate::syllable::{Aas, Ales, Als, Cs0, Cs1, Hs, Pls, Rlp, Ss};
use crate::{DecodeError, EncodeError, IsaVersion, Literals};

/// Words of a bundle at most.
const MAX_WORDS: usize = 16;

/// The words of one bundle, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Syllables {
    /// HS.nop.
    pub nop: u8,
    /// HS.loop_mode.
    pub loop_mode: bool,
    /// HS.set_mark.
    pub set_mark: bool,
    /// SS.
    pub ss: Option<Ss>,
    /// ALS0..=5.
    pub als: [Option<Als>; 6],
    /// ALES0..=5; ALES2 and ALES5 without a word of their own are [`Ales::IMPLIED`].
    pub ales: [Option<Ales>; 6],
    /// The word for ALES2 and ALES5 is there (version 4).
    pub explicit_ales25: bool,
    /// CS0.
    pub cs0: Option<Cs0>,
    /// CS1.
    pub cs1: Option<Cs1>,
    /// AAS2..=5 with the destination byte from AAS0 or AAS1, by array channel 0..=3.
    pub aas: [Option<(Aas, u8)>; 4],
    /// LTS0..=3.
    pub literals: Literals,
    /// PLS0..=2.
    pub pls: [Option<Pls>; 3],
    /// CDS0..=2, high half first.
    pub cds: [Option<[Rlp; 2]>; 3],
    /// Unused length behind everything else, in units of 8 bytes.
    pub padding: u8,
}

impl Syllables {
    /// Length in bytes of the bundle that starts with `header`, whatever else is wrong with it.
    #[must_use]
    pub fn length_of(header: u32) -> usize {
        (usize::from(Hs(header).lng()) + 1) * 8
    }

    /// Takes the first bundle of `bytes` apart; its length is [`Self::length_of`] the first word.
    ///
    /// # Errors
    /// Bytes missing, or presence bits that contradict the lengths.
    pub fn from_bytes(bytes: &[u8], version: IsaVersion) -> Result<Self, DecodeError> {
        let words = Words::new(bytes)?;
        let hs = words.header();
        if hs.reserved() {
            return Err(DecodeError::ReservedHeader { hs: hs.0 });
        }
        let lone = (0..6).find(|channel| hs.ales() & !hs.als() & 1 << channel != 0);
        if let Some(channel) = lone {
            return Err(DecodeError::LoneExtension { hs: hs.0, channel });
        }
        let mut this = Self {
            nop: hs.nop(),
            loop_mode: hs.loop_mode(),
            set_mark: hs.set_mark(),
            ..Self::default()
        };
        let front = this.read_front(&words, version)?;
        let middle = this.read_middle(&words, front)?;
        this.read_tail(&words, middle);
        Ok(this)
    }

    /// HS to CS1; returns the number of words.
    fn read_front(&mut self, words: &Words, version: IsaVersion) -> Result<usize, DecodeError> {
        let hs = words.header();
        let explained = 1
            + usize::from(hs.ss())
            + hs.als().count_ones() as usize
            + usize::from(hs.cs0())
            + usize::from(hs.cs1());
        let front = usize::from(hs.mdl()) + 1;
        // The one word the presence bits do not announce (ISA notes 1.4).
        self.explicit_ales25 = version >= IsaVersion::V4 && front == explained + 1;
        if front != explained + usize::from(self.explicit_ales25) {
            return Err(DecodeError::FrontLength {
                hs: hs.0,
                front: front as u8,
                explained: explained as u8,
            });
        }
        words.require(front)?;
        let mut next = (1..front).map(|position| words.get(position));
        let mut take = |present: bool| if present { next.next() } else { None };
        self.ss = take(hs.ss()).map(Ss);
        for (channel, slot) in self.als.iter_mut().enumerate() {
            *slot = take(hs.als() >> channel & 1 == 1).map(Als);
        }
        self.cs0 = take(hs.cs0()).map(Cs0);
        let pair = take(self.explicit_ales25).unwrap_or(IMPLIED_PAIR);
        for (channel, half) in [(2, (pair >> 16) as u16), (5, pair as u16)] {
            if hs.ales() >> channel & 1 == 1 {
                self.set_ales(channel, Ales(half));
            }
        }
        self.cs1 = take(hs.cs1()).map(Cs1);
        Ok(front)
    }

    /// The half-syllables: ALES0, 1, 3, 4 and the array moves; returns where they end.
    fn read_middle(&mut self, words: &Words, front: usize) -> Result<usize, DecodeError> {
        let hs = words.header();
        let ales = [0, 1, 3, 4].into_iter().filter(|channel| hs.ales() >> channel & 1 == 1);
        let moves = self.array_mask();
        let destinations = destination_halves(moves);
        let count =
            ales.clone().count() + destinations.count_ones() as usize + moves.count_ones() as usize;
        let end = front + count.div_ceil(2);
        words.require(end + usize::from(hs.pls()) + usize::from(hs.cds()))?;
        let mut halves = (front..end).flat_map(|position| words.halves(position));
        for channel in ales {
            self.set_ales(channel, Ales(halves.next().unwrap_or_default()));
        }
        let mut targets = [0; 4];
        for pair in (0..2).filter(|pair| destinations >> pair & 1 == 1) {
            let [high, low] = halves.next().unwrap_or_default().to_be_bytes();
            for (target, byte) in targets.iter_mut().skip(pair * 2).zip([high, low]) {
                *target = byte;
            }
        }
        for (channel, (slot, target)) in self.aas.iter_mut().zip(targets).enumerate() {
            if moves >> channel & 1 == 1 {
                *slot = Some((Aas(halves.next().unwrap_or_default()), target));
            }
        }
        Ok(end)
    }

    /// Literals, PLS, CDS, counted from the end.
    fn read_tail(&mut self, words: &Words, middle: usize) {
        let hs = words.header();
        let mut end = words.count();
        let mut take = |count: usize| -> [Option<u32>; 4] {
            let mut taken = [None; 4];
            for slot in taken.iter_mut().take(count) {
                end -= 1;
                *slot = Some(words.get(end));
            }
            taken
        };
        let cds = take(hs.cds().into());
        for (slot, word) in self.cds.iter_mut().zip(cds) {
            *slot = word.map(|word| [Rlp((word >> 16) as u16), Rlp(word as u16)]);
        }
        let pls = take(hs.pls().into());
        for (slot, word) in self.pls.iter_mut().zip(pls) {
            *slot = word.map(Pls);
        }
        let rest = words.count() - middle - usize::from(hs.cds()) - usize::from(hs.pls());
        let literals = take(rest.min(4));
        self.literals =
            Literals { words: literals.map(Option::unwrap_or_default), count: rest.min(4) as u8 };
        // An odd word is the pad of an even length.
        self.padding = (rest.saturating_sub(4) / 2) as u8;
    }

    fn set_ales(&mut self, channel: usize, ales: Ales) {
        if let Some(slot) = self.ales.get_mut(channel) {
            *slot = Some(ales);
        }
    }

    /// Which array channels move, as SS announces them.
    fn array_mask(&self) -> u8 {
        self.ss.filter(|ss| !ss.sf2()).map_or(0, |ss| ss.aas())
    }

    /// The bundle in memory order.
    ///
    /// # Errors
    /// Too long; an ALES2 or ALES5 that needs a word of its own before version 4; array moves that SS does not announce.
    pub fn to_bytes(&self, version: IsaVersion) -> Result<Vec<u8>, EncodeError> {
        let mut hs = Hs(0);
        hs.set_nop(self.nop);
        hs.set_loop_mode(self.loop_mode);
        hs.set_set_mark(self.set_mark);
        let mut words = vec![0];
        self.write_front(&mut hs, &mut words, version)?;
        let front = words.len();
        if front > MAX_WORDS {
            return Err(EncodeError::FrontTooLong { words: front });
        }
        hs.set_mdl((front - 1) as u8);
        self.write_middle(&mut words)?;
        self.write_tail(&mut hs, &mut words);
        if words.len() > MAX_WORDS {
            return Err(EncodeError::TooLong { words: words.len() });
        }
        hs.set_lng((words.len() / 2 - 1) as u8);
        if let Some(first) = words.first_mut() {
            *first = hs.0;
        }
        Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
    }

    fn write_front(
        &self,
        hs: &mut Hs,
        words: &mut Vec<u32>,
        version: IsaVersion,
    ) -> Result<(), EncodeError> {
        let mask = |present: &dyn Fn(usize) -> bool| {
            (0..6).fold(0, |mask, channel| mask | u8::from(present(channel)) << channel)
        };
        let [_, _, ales2, _, _, ales5] = self.ales;
        hs.set_als(mask(&|channel| self.als.get(channel).is_some_and(Option::is_some)));
        hs.set_ales(mask(&|channel| self.ales.get(channel).is_some_and(Option::is_some)));
        hs.set_ss(self.ss.is_some());
        hs.set_cs0(self.cs0.is_some());
        hs.set_cs1(self.cs1.is_some());
        words.extend(self.ss.map(|ss| ss.0));
        words.extend(self.als.iter().flatten().map(|als| als.0));
        words.extend(self.cs0.map(|cs0| cs0.0));
        let own_word = [(2, ales2), (5, ales5)]
            .into_iter()
            .find(|(_, ales)| ales.is_some_and(|ales| ales != Ales::IMPLIED));
        if self.explicit_ales25 || own_word.is_some() {
            if version < IsaVersion::V4 {
                let channel = own_word.map_or(2, |(channel, _)| channel);
                return Err(EncodeError::ExtensionWord { channel });
            }
            let half = |ales: Option<Ales>| u32::from(ales.unwrap_or(Ales::IMPLIED).0);
            words.push(half(ales2) << 16 | half(ales5));
        }
        words.extend(self.cs1.map(|cs1| cs1.0));
        Ok(())
    }

    fn write_middle(&self, words: &mut Vec<u32>) -> Result<(), EncodeError> {
        let [ales0, ales1, _, ales3, ales4, _] = self.ales;
        let mut halves: Vec<u16> =
            [ales0, ales1, ales3, ales4].into_iter().flatten().map(|ales| ales.0).collect();
        let announced = self.array_mask();
        if (0..4)
            .zip(&self.aas)
            .any(|(channel, aas)| aas.is_some() != (announced >> channel & 1 == 1))
        {
            return Err(EncodeError::StubMissing);
        }
        let target = |aas: Option<(Aas, u8)>| aas.map_or(0, |(_, target)| target);
        let [aas0, aas1, aas2, aas3] = self.aas;
        for (first, second) in [(aas0, aas1), (aas2, aas3)] {
            if first.is_some() || second.is_some() {
                halves.push(u16::from_be_bytes([target(first), target(second)]));
            }
        }
        halves.extend(self.aas.iter().flatten().map(|(aas, _)| aas.0));
        words.extend(halves.chunks(2).map(|pair| {
            let half = |place| u32::from(pair.get(place).copied().unwrap_or_default());
            half(0) << 16 | half(1)
        }));
        Ok(())
    }

    fn write_tail(&self, hs: &mut Hs, words: &mut Vec<u32>) {
        let cds = present(&self.cds);
        let pls = present(&self.pls);
        hs.set_cds(cds as u8);
        hs.set_pls(pls as u8);
        let literals = usize::from(self.literals.count.min(4));
        let odd = (words.len() + literals + pls + cds) % 2;
        words.extend(vec![0; odd + usize::from(self.padding) * 2]);
        words.extend(self.literals.words.iter().take(literals).rev());
        words.extend(self.pls.iter().take(pls).rev().map(|pls| pls.map_or(0, |pls| pls.0)));
        words.extend(
            self.cds
                .iter()
                .take(cds)
                .rev()
                .map(|cds| cds.map_or(0, |[high, low]| u32::from(high.0) << 16 | u32::from(low.0))),
        );
    }
}

/// ALES2 and ALES5 as one word where both are implied.
const IMPLIED_PAIR: u32 = (Ales::IMPLIED.0 as u32) << 16 | Ales::IMPLIED.0 as u32;

/// Which of AAS0, AAS1 are there: each holds the destinations of two array channels.
fn destination_halves(moves: u8) -> u8 {
    u8::from(moves & 3 != 0) | u8::from(moves & 12 != 0) << 1
}

/// Number of slots up to the last one in use.
fn present<T>(slots: &[Option<T>]) -> usize {
    slots.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
}

/// The words of one bundle; positions beyond its length read as 0 (they are checked by [`Self::require`]).
struct Words {
    words: [u32; MAX_WORDS],
    count: usize,
}

impl Words {
    fn new(bytes: &[u8]) -> Result<Self, DecodeError> {
        let truncated = |needed| DecodeError::Truncated { available: bytes.len(), needed };
        let header = bytes.first_chunk().ok_or_else(|| truncated(8))?;
        let length = Syllables::length_of(u32::from_le_bytes(*header));
        let bytes = bytes.get(..length).ok_or_else(|| truncated(length))?;
        let mut words = [0; MAX_WORDS];
        for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*chunk);
        }
        Ok(Self { words, count: length / 4 })
    }

    fn header(&self) -> Hs {
        Hs(self.get(0))
    }

    fn count(&self) -> usize {
        self.count
    }

    fn get(&self, position: usize) -> u32 {
        self.words.get(position).copied().unwrap_or_default()
    }

    fn halves(&self, position: usize) -> [u16; 2] {
        let word = self.get(position);
        [(word >> 16) as u16, word as u16]
    }

    fn require(&self, needed: usize) -> Result<(), DecodeError> {
        if needed <= self.count {
            return Ok(());
        }
        Err(DecodeError::TooShort {
            hs: self.header().0,
            needed: needed as u8,
            room: self.count as u8,
        })
    }
}
