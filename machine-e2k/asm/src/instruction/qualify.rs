//! Giving out the halves of the conditional syllables CDS0..=CDS2.
//!
//! Source: behaviour of gas: halves are given out in the order of the source; one half serves all channels of a cluster
//! that depend on the same predicate, and an array increment with them where the signs agree (ISA notes 5.3).

use elnic_isa::{Qualifier, QualifierSource, Term};

use super::draft::Alu;

/// What a qualifier serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The operation at this place of the cluster.
    Operation(u8),
    /// The array increment or the recovery point.
    Auxiliary,
}

/// The halves of CDS0..=CDS2.
#[derive(Default)]
pub(super) struct Qualifiers(pub(super) [Option<Qualifier>; 6]);

impl Qualifiers {
    /// Adds the conditions of one operation.
    ///
    /// # Errors
    /// If the halves are used up.
    pub(super) fn serve(&mut self, alu: &Alu, channels: &[u8]) -> Result<(), String> {
        for (term, merge) in [(alu.predicate, false), (alu.merge, true), (alu.prologue, false)] {
            let Some(term) = term else { continue };
            for channel in channels {
                self.add(term, merge, *channel >= 3, Part::Operation(channel % 3))?;
            }
        }
        if let Some(term) = alu.increment {
            for channel in channels {
                self.add(term, false, *channel >= 3, Part::Auxiliary)?;
            }
        }
        Ok(())
    }

    /// Adds one condition.
    ///
    /// # Errors
    /// If the halves are used up.
    pub(super) fn add(
        &mut self,
        term: Term,
        merge: bool,
        second_cluster: bool,
        part: Part,
    ) -> Result<(), String> {
        // The auxiliary part shares its sign with the last channel of the cluster.
        let bit = if let Part::Operation(place) = part { 1 << place } else { 4 };
        let sign = if term.negated { bit } else { 0 };
        let shares = |known: &Qualifier| {
            let other = match part {
                Part::Operation(2) => known.auxiliary,
                Part::Operation(_) => false,
                Part::Auxiliary => known.channels & 4 != 0,
            };
            known.source == term.source
                && known.merge == merge
                && known.second_cluster == second_cluster
                && (!other || known.negated & 4 == sign)
        };
        let index = self
            .0
            .iter()
            .position(|half| half.as_ref().is_some_and(shares))
            .or_else(|| self.0.iter().position(Option::is_none));
        let half = index.and_then(|index| self.0.get_mut(index)).ok_or(
            "the predicates of this bundle need more than six qualifiers (three CDS syllables)",
        )?;
        let half = half.get_or_insert(Qualifier {
            source: QualifierSource::Predicate(0),
            merge,
            second_cluster,
            channels: 0,
            negated: 0,
            auxiliary: false,
        });
        half.source = term.source;
        half.negated |= sign;
        match part {
            Part::Operation(_) => half.channels |= bit,
            Part::Auxiliary => half.auxiliary = true,
        }
        Ok(())
    }
}
