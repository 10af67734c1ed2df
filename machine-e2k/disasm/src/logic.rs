//! PLS: predicate logic. Printed is what contributes to a predicate that is written (ISA notes 5.2).

use elnic_isa::{Bundle, Combination, ElementSource, LocalPredicate, LogicOperation};

use crate::Options;

pub(crate) fn predicate_logic(lines: &mut Vec<String>, bundle: &Bundle, options: &Options<'_>) {
    let needed = needed(bundle);
    let shown = |local: usize| needed.get(local).copied().unwrap_or(false);
    for (number, logic) in bundle.predicate_logic.iter().enumerate().rev() {
        let Some(logic) = logic else { continue };
        if number < 2 {
            for (place, source) in (number * 2..).zip(logic.elements) {
                // Taking a random predicate changes the register it comes from.
                let acts = matches!(source, ElementSource::Random(_));
                let named = source != ElementSource::LoopCounterExpired;
                if shown(place) || acts || options.complete() && named {
                    lines.push(format!("pass {}, @p{place}", element(source)));
                }
            }
        }
        let combined = logic.combination != Combination::default();
        if shown(number + 4) || options.complete() && combined {
            combination(lines, number + 4, &logic.combination);
        }
    }
}

/// Which local predicates a written predicate depends on, through all cascades.
fn needed(bundle: &Bundle) -> [bool; 7] {
    let mut needed = [false; 7];
    for (slot, logic) in needed.iter_mut().skip(4).zip(&bundle.predicate_logic) {
        *slot = logic.is_some_and(|logic| logic.combination.commit.is_some());
    }
    // A cascade is at most three deep.
    for _ in 0..3 {
        for (number, logic) in bundle.predicate_logic.iter().enumerate() {
            let Some(logic) = logic.filter(|_| needed.get(number + 4) == Some(&true)) else {
                continue;
            };
            for operand in [logic.combination.first, logic.combination.second] {
                if let Some(slot) = needed.get_mut(usize::from(operand.number)) {
                    *slot = true;
                }
            }
        }
    }
    needed
}

fn element(source: ElementSource) -> String {
    match source {
        ElementSource::LoopCounterExpired => "%lcntex".into(),
        ElementSource::Speculative(mask) => {
            let channels = (0..5).filter(|channel| mask >> channel & 1 == 1);
            format!("%spred{}", channels.map(|channel: u8| channel.to_string()).collect::<String>())
        }
        ElementSource::GlobalRotation => "%bgrpred".into(),
        ElementSource::Random(number) => format!("%rndpred{number}"),
        ElementSource::Predicate(number) => format!("%pred{number}"),
    }
}

fn combination(lines: &mut Vec<String>, result: usize, combination: &Combination) {
    let name = match combination.operation {
        LogicOperation::And => "andp",
        LogicOperation::LogicalAnd => "landp",
        LogicOperation::Move => "movep",
    };
    let operand = |operand: LocalPredicate| {
        format!("{}@p{}", if operand.negated { "~" } else { "" }, operand.number)
    };
    lines.push(format!(
        "{name} {}, {}, @p{result}",
        operand(combination.first),
        operand(combination.second)
    ));
    if let Some(predicate) = combination.commit {
        lines.push(format!("pass @p{result}, %pred{predicate}"));
    }
}
