//! `strict=on`: what a driver does that this model lets pass and real hardware would punish, said once each.
//!
//! A model lists its rules in one `const` table, which the documentation prints, and checks them where the engine stands
//! anyway. The machine's log adds where the guest was when it broke one.

use serde::{Deserialize, Serialize};

use crate::{Log, LogEntry};

/// One thing that drivers must not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrictRule {
    /// A word for it, in kebab-case: `tail-beyond-ring`.
    pub name: &'static str,
    /// What the driver did and what the hardware would make of it, in one sentence.
    pub text: &'static str,
    /// Where it is written: datasheet section, specification paragraph, erratum.
    pub source: &'static str,
}

/// Which rules of a table of at most 64 have been broken so far. Off, it never says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strict {
    on: bool,
    told: u64,
}

/// [`Strict`] as it is stored: bit n is rule n of the model's table. Whether it is on is a property, not state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrictState(u64);

impl Strict {
    /// Listens, or does not.
    pub const fn new(on: bool) -> Self {
        Self { on, told: 0 }
    }

    /// Whether it listens: a check that costs something asks first.
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// Rule number `index` of `rules` was broken by `value` in `register`. The first time it is recorded; an index
    /// outside the table is not.
    pub fn broken(
        &mut self,
        log: &mut dyn Log,
        rules: &'static [StrictRule],
        index: usize,
        register: &'static str,
        value: u64,
    ) {
        let bit = u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0);
        if let Some(rule) = rules.get(index)
            && self.on
            && self.told & bit == 0
        {
            self.told |= bit;
            log.record(LogEntry::Strict { rule, register, value });
        }
    }

    /// Everything may be said again, as after power-on.
    pub const fn forget(&mut self) {
        self.told = 0;
    }

    /// What has been said.
    pub const fn save(&self) -> StrictState {
        StrictState(self.told)
    }

    /// Takes over what had been said; `false`, and nothing changes, if it names rules that `rules` does not have.
    #[must_use]
    pub fn restore(&mut self, rules: &'static [StrictRule], state: StrictState) -> bool {
        let known = u32::try_from(rules.len())
            .map_or(u64::MAX, |count| !u64::MAX.checked_shl(count).unwrap_or(0));
        if state.0 & !known != 0 {
            return false;
        }
        self.told = state.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[StrictRule] = &[
        StrictRule { name: "first", text: "the first", source: "§1" },
        StrictRule { name: "second", text: "the second", source: "§2" },
    ];

    #[derive(Default)]
    struct Said(Vec<&'static str>);

    impl Log for Said {
        fn record(&mut self, entry: LogEntry) {
            if let LogEntry::Strict { rule, .. } = entry {
                self.0.push(rule.name);
            }
        }
    }

    #[test]
    fn each_rule_is_said_once_until_forgotten() {
        let (mut strict, mut said) = (Strict::new(true), Said::default());
        for index in [0, 1, 0, 1, 2, 64, usize::MAX] {
            strict.broken(&mut said, RULES, index, "TDT", 0);
        }
        assert_eq!(said.0, ["first", "second"]);
        strict.forget();
        strict.broken(&mut said, RULES, 1, "TDT", 0);
        assert_eq!(said.0, ["first", "second", "second"]);
    }

    #[test]
    fn off_it_says_nothing() {
        let (mut strict, mut said) = (Strict::new(false), Said::default());
        strict.broken(&mut said, RULES, 0, "TDT", 0);
        assert!(said.0.is_empty());
        assert_eq!(strict.save(), StrictState::default());
    }

    #[test]
    fn what_was_said_survives_saving_and_unknown_rules_are_refused() {
        let (mut strict, mut said) = (Strict::new(true), Said::default());
        strict.broken(&mut said, RULES, 1, "TDT", 0);
        let mut fresh = Strict::new(true);
        assert!(fresh.restore(RULES, strict.save()));
        fresh.broken(&mut said, RULES, 1, "TDT", 0);
        assert_eq!(said.0, ["second"]);
        assert!(!fresh.restore(RULES, StrictState(0b100)));
        assert_eq!(fresh, strict);
    }
}
