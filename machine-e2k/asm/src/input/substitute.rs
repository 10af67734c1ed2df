//! The body of a macro with its arguments in place.
//!
//! Source: gas manual, `.macro`: `\name`, `\()` for nothing, `\@` for the number of the expansion; everywhere, also in
//! strings; any other backslash stays.

use std::rc::Rc;

use crate::source::{ExpansionId, Line};

/// Longest line an expansion may produce.
const MAX_LINE: usize = 1 << 16;

/// The lines of `body` with `values` in place of `names`.
///
/// # Errors
/// If a line would grow beyond all bounds.
pub(crate) fn substitute(
    body: &[Line],
    names: &[&str],
    values: &[String],
    count: Option<u64>,
    expansion: ExpansionId,
) -> Result<Vec<Line>, String> {
    body.iter()
        .map(|line| {
            let mut origin = line.origin;
            origin.expansion = Some(expansion);
            let text: Rc<str> = if line.text.contains('\\') {
                replace(&line.text, names, values, count)?.into()
            } else {
                Rc::clone(&line.text)
            };
            Ok(Line { text, origin })
        })
        .collect()
}

fn replace(
    text: &str,
    names: &[&str],
    values: &[String],
    count: Option<u64>,
) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        let after = after.get(1..).unwrap_or("");
        if let (Some(behind), Some(count)) = (after.strip_prefix('@'), count) {
            result.push_str(&count.to_string());
            rest = behind;
        } else if let Some(behind) = after.strip_prefix("()") {
            rest = behind;
        } else {
            let end = after.find(|c: char| !crate::scan::is_word(c)).unwrap_or(after.len());
            let (name, behind) = after.split_at(end);
            let value = names.iter().position(|known| *known == name).and_then(|i| values.get(i));
            match value {
                Some(value) => {
                    result.push_str(value);
                    rest = behind;
                }
                None => {
                    result.push('\\');
                    rest = after;
                }
            }
        }
        if result.len() > MAX_LINE {
            return Err(format!("a macro makes a line longer than {MAX_LINE} characters"));
        }
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_by_longest_name() {
        let values = ["X".to_owned(), "Y".to_owned()];
        let run = |text: &str| replace(text, &["a", "ab"], &values, Some(7));
        assert_eq!(run("\\a \\ab \\a\\()b \\abc"), Ok("X Y Xb \\abc".into()));
        assert_eq!(run("l\\@: .asciz \"\\a\\n\""), Ok("l7: .asciz \"X\\n\"".into()));
    }

    #[test]
    fn runaway_growth_is_refused() {
        let values = ["x".repeat(1000)];
        assert!(replace(&"\\a ".repeat(1000), &["a"], &values, None).is_err());
    }
}
