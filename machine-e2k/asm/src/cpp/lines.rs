//! Physical lines to logical lines: continuations joined, comments of C blanked out.
//!
//! Source: ISO C translation phases 2 and 3. A comment of several lines joins them, as `cpp -P` does; comments become
//! as many blanks as they had characters on their first line, so that columns stay true.

use super::token::quoted_length;

/// A logical line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logical {
    /// Number of its first physical line, from 1.
    pub(super) number: u32,
    /// Its text.
    pub(super) text: String,
}

/// Splits a file into logical lines.
///
/// # Errors
/// A comment that is not closed: the number of the line it begins in.
pub(super) fn split(source: &str) -> Result<Vec<Logical>, u32> {
    let mut result = Vec::new();
    let mut open: Option<Logical> = None;
    let mut comment: Option<u32> = None;
    for (physical, number) in source.lines().zip(1u32..) {
        let mut line = open.take().unwrap_or_else(|| Logical { number, text: String::new() });
        let (body, continued) = match physical.strip_suffix('\\') {
            Some(body) => (body, true),
            None => (physical, false),
        };
        strip(body, number, &mut line.text, &mut comment);
        if continued || comment.is_some() {
            if comment.is_some() {
                line.text.push(' ');
            }
            open = Some(line);
        } else {
            result.push(line);
        }
    }
    match comment {
        Some(number) => Err(number),
        None => {
            result.extend(open);
            Ok(result)
        }
    }
}

/// Appends `body` without comments to `text`; `comment` says where an open comment began.
fn strip(body: &str, number: u32, text: &mut String, comment: &mut Option<u32>) {
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        if comment.is_some() {
            let (length, closed) = rest.find("*/").map_or((rest.len(), false), |at| (at + 2, true));
            let (inside, after) = rest.split_at(length);
            text.extend(inside.chars().map(|c| if c == '\t' { '\t' } else { ' ' }));
            rest = after;
            if closed {
                *comment = None;
            }
            continue;
        }
        if rest.starts_with("//") {
            return;
        }
        if let Some(after) = rest.strip_prefix("/*") {
            *comment = Some(number);
            text.push_str("  ");
            rest = after;
            continue;
        }
        let length = match first {
            '"' | '\'' => quoted_length(rest, first).unwrap_or(1),
            _ => first.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        text.push_str(part);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(u32, String)> {
        let lines = split(source).expect("closed");
        lines.into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn comments_become_blanks_of_the_same_width() {
        assert_eq!(texts("a /* b */ c // d"), [(1, "a         c ".to_owned())]);
        assert_eq!(texts("\"/* no */\" x"), [(1, "\"/* no */\" x".to_owned())]);
    }

    #[test]
    fn lines_are_joined_and_keep_their_first_number() {
        assert_eq!(texts("a\\\nb\nc"), [(1, "ab".to_owned()), (3, "c".to_owned())]);
        assert_eq!(texts("a/*\n*/b\nc"), [(1, "a     b".to_owned()), (3, "c".to_owned())]);
    }

    #[test]
    fn open_comment_is_an_error() {
        assert_eq!(split("a\n/* b"), Err(2));
    }
}
