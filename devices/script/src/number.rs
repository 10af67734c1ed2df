//! Numbers, durations and words of fixed choices.

use elnic_contract::VDuration;

use crate::ParseError;
use crate::error::suggestion;
use crate::token::Token;

/// Decimal, `0x…` or `0b…`, with `_` anywhere between digits.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = if let Some(digits) = text.strip_prefix("0x") {
        (digits, 16)
    } else if let Some(digits) = text.strip_prefix("0b") {
        (digits, 2)
    } else {
        (text, 10)
    };
    let digits: String = digits.chars().filter(|digit| *digit != '_').collect();
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    if plain { u64::from_str_radix(&digits, radix).ok() } else { None }
}

/// A number up to `max`; `what` names it.
pub(crate) fn number(token: &Token<'_>, what: &str, max: u64) -> Result<u64, ParseError> {
    let value = parse_number(token.text)
        .ok_or_else(|| token.error(format!("'{}' is no number; {what} is wanted", token.text)))?;
    if value <= max {
        Ok(value)
    } else {
        Err(token.error(format!("{what} cannot be {value:#x}: it takes 0 to {max:#x}")))
    }
}

/// A number that fits the type asked for.
pub(crate) fn narrow<T: TryFrom<u64>>(
    token: &Token<'_>,
    what: &str,
    max: T,
) -> Result<T, ParseError>
where
    u64: From<T>,
{
    let value = number(token, what, u64::from(max))?;
    T::try_from(value).map_err(|_| token.error(format!("{what} is out of range")))
}

/// `0` or `1`.
pub(crate) fn level(token: &Token<'_>) -> Result<bool, ParseError> {
    match token.text {
        "0" => Ok(false),
        "1" => Ok(true),
        other => Err(token.error(format!("'{other}' is no level: 0 or 1 is wanted"))),
    }
}

/// Units of time, in picoseconds.
const UNITS: [(&str, u64); 5] =
    [("ps", 1), ("ns", 1_000), ("us", 1_000_000), ("ms", 1_000_000_000), ("s", 1_000_000_000_000)];

/// A duration such as `10us`.
pub(crate) fn duration(token: &Token<'_>) -> Result<VDuration, ParseError> {
    let text = token.text;
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(split).unwrap_or((text, ""));
    let Some((_, factor)) = UNITS.into_iter().find(|(name, _)| *name == unit) else {
        let hint = suggestion(unit, UNITS.map(|(name, _)| name));
        return Err(token.error_at(split, format!("'{unit}' is no unit of time{hint}")));
    };
    let picoseconds = parse_number(digits)
        .ok_or_else(|| token.error(format!("'{digits}' is no number of {unit}")))?
        .checked_mul(factor)
        .ok_or_else(|| token.error("more than 213 days"))?;
    Ok(VDuration::from_picos(picoseconds))
}

/// The duration in the largest unit that divides it.
pub(crate) fn print_duration(duration: VDuration) -> String {
    let picoseconds = duration.as_picos();
    let (unit, factor) = UNITS
        .into_iter()
        .rev()
        .find(|(_, factor)| picoseconds.checked_rem(*factor) == Some(0))
        .unwrap_or(("ps", 1));
    format!("{}{unit}", picoseconds.checked_div(factor).unwrap_or(0))
}

/// One of some words.
pub(crate) fn choice<T: Copy>(
    token: &Token<'_>,
    what: &str,
    words: &[(&'static str, T)],
) -> Result<T, ParseError> {
    words.iter().find(|(word, _)| *word == token.text).map(|(_, value)| *value).ok_or_else(|| {
        let hint = suggestion(token.text, words.iter().map(|(word, _)| *word));
        token.error(format!("'{}' is no {what}{hint}", token.text))
    })
}
