//! Why a text is no script.

use elnic_contract::nearest;

/// A mistake in a script, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The end of a message about a wrong word: the nearest right one, or all of them if they are few.
pub(crate) fn suggestion<'a>(given: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match nearest(given, words.iter().copied()) {
        Some(word) => format!("; did you mean '{word}'?"),
        None if words.len() <= 16 => format!("; there is {}", words.join(", ")),
        None => String::new(),
    }
}
