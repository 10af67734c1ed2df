//! Parameters and arguments of macros.
//!
//! Source: gas manual, `.macro`. Arguments are separated by commas, or by blanks between words; quotes around an argument
//! are taken off; `name=value` names a parameter.

use super::Parameter;
use crate::diagnostic::Problem;
use crate::scan::Cursor;

/// Reads `name[:req|:vararg][=default], …` up to the end of the statement.
///
/// # Errors
/// A malformed list.
pub(crate) fn parse_parameters(cursor: &mut Cursor<'_>) -> Result<Vec<Parameter>, Problem> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let parenthesised = cursor.eat("(");
    while !cursor.done() {
        if parenthesised && cursor.eat(")") {
            break;
        }
        cursor.blank();
        let at = cursor.offset();
        let name = cursor.word();
        if name.is_empty() {
            let found = cursor.found();
            return Err(Problem::at(at, format!("expected the name of a parameter{found}")));
        }
        if parameters.iter().any(|known| known.name == name) {
            return Err(Problem::at(at, format!("there are two parameters '{name}'")));
        }
        let mut parameter =
            Parameter { name: name.to_owned(), default: None, required: false, variadic: false };
        if cursor.eat(":") {
            let at = cursor.offset();
            match cursor.word() {
                "req" => parameter.required = true,
                "vararg" => parameter.variadic = true,
                other => {
                    let problem =
                        Problem::at(at, format!("'{other}' is no qualifier of a parameter"));
                    return Err(problem.help("there are :req and :vararg"));
                }
            }
        }
        if cursor.eat("=") {
            let (value, length) = take_argument(cursor.rest());
            cursor.seek(cursor.offset() + length);
            parameter.default = Some(value);
        }
        parameters.push(parameter);
        cursor.eat(",");
    }
    if let Some((_, before)) = parameters.split_last()
        && before.iter().any(|parameter| parameter.variadic)
    {
        return Err(cursor.problem("only the last parameter can be :vararg"));
    }
    Ok(parameters)
}

/// Reads the arguments of a macro with these parameters; returns a value for each.
///
/// # Errors
/// Too many arguments, an unknown name, or a required one that is missing.
pub(crate) fn parse_arguments(
    cursor: &mut Cursor<'_>,
    parameters: &[Parameter],
) -> Result<Vec<String>, Problem> {
    let mut values: Vec<Option<String>> = vec![None; parameters.len()];
    let mut next = 0;
    while !cursor.done() {
        cursor.blank();
        let at = cursor.offset();
        if let Some((name, behind)) = keyword(cursor.rest()) {
            let index = parameters.iter().position(|parameter| parameter.name == name);
            if let Some(value) = index.and_then(|index| values.get_mut(index)) {
                cursor.seek(at + behind);
                let (text, length) = take_argument(cursor.rest());
                cursor.seek(cursor.offset() + length);
                *value = Some(text);
                cursor.eat(",");
                continue;
            }
            // What looks like a name may be an operand (`wbs=8`): it is taken as it stands.
            if next >= parameters.len() {
                let names = parameters.iter().map(|parameter| parameter.name.as_str());
                let problem = Problem::at(at, format!("the macro has no parameter '{name}'"));
                return Err(problem.meant(name, names));
            }
        }
        let Some(parameter) = parameters.get(next) else {
            let count = parameters.len();
            return Err(Problem::at(at, format!("the macro takes {count} arguments at most")));
        };
        let text = if parameter.variadic {
            let rest = cursor.rest().trim_end().to_owned();
            cursor.seek(cursor.offset() + cursor.rest().len());
            rest
        } else {
            let (text, length) = take_argument(cursor.rest());
            cursor.seek(at + length);
            text
        };
        if let Some(value) = values.get_mut(next)
            && !text.is_empty()
        {
            *value = Some(text);
        }
        next += 1;
        if !cursor.eat(",") && cursor.offset() == at {
            return Err(Problem::at(at, "this argument cannot be read"));
        }
    }
    let mut result = Vec::with_capacity(values.len());
    for (parameter, value) in parameters.iter().zip(values) {
        match (value, &parameter.default) {
            (Some(value), _) => result.push(value),
            (None, Some(default)) => result.push(default.clone()),
            (None, None) if parameter.required => {
                let message = format!("the macro needs a value for '{}'", parameter.name);
                return Err(cursor.problem(message));
            }
            (None, None) => result.push(String::new()),
        }
    }
    Ok(result)
}

/// Reads a list of arguments, as `.irp` has it.
pub(crate) fn split_arguments(cursor: &mut Cursor<'_>) -> Vec<String> {
    let mut values = Vec::new();
    while !cursor.done() {
        cursor.blank();
        let at = cursor.offset();
        let (text, length) = take_argument(cursor.rest());
        cursor.seek(at + length);
        values.push(text);
        if !cursor.eat(",") && cursor.offset() == at {
            cursor.bump();
        }
    }
    values
}

/// `name=` at the start of `rest` (but not `name==`): the name and the length up to the value.
fn keyword(rest: &str) -> Option<(&str, usize)> {
    let end = rest.find(|c: char| !crate::scan::is_word(c))?;
    let (name, after) = rest.split_at(end);
    let behind = after.trim_start().strip_prefix('=')?;
    let named = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    (named && !behind.starts_with('=')).then(|| (name, rest.len() - behind.len()))
}

/// The argument at the start of `rest` and the number of bytes it takes.
fn take_argument(rest: &str) -> (String, usize) {
    let mut text = String::new();
    // Bytes that came in quotes: their blanks mean something.
    let mut solid = 0usize;
    let mut brackets = 0usize;
    let mut chars = rest.char_indices().peekable();
    while let Some(&(at, c)) = chars.peek() {
        match c {
            '"' => {
                chars.next();
                // Quotes around a whole argument are taken off; `""` stands for one quote.
                let bare = text.is_empty();
                if !bare {
                    text.push('"');
                }
                let mut escaped = false;
                while let Some((_, inner)) = chars.next() {
                    let doubled = inner == '"' && chars.peek().is_some_and(|&(_, c)| c == '"');
                    if !escaped && doubled {
                        chars.next();
                        text.push('"');
                    } else if !escaped && inner == '"' {
                        break;
                    } else {
                        text.push(inner);
                    }
                    escaped = !escaped && inner == '\\';
                }
                if !bare {
                    text.push('"');
                }
                solid = text.len();
                continue;
            }
            '\'' => {
                chars.next();
                text.push(c);
                if let Some((_, inner)) = chars.next() {
                    text.push(inner);
                    if inner == '\\'
                        && let Some((_, escaped)) = chars.next()
                    {
                        text.push(escaped);
                    }
                }
                continue;
            }
            ',' => return (trimmed(text, solid), at),
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            c if c.is_whitespace() && brackets == 0 => {
                let after = rest.get(at..).unwrap_or("").trim_start();
                let word = |c: char| crate::scan::is_word(c) || matches!(c, '%' | '"' | '\\');
                let before =
                    text.chars().next_back().is_some_and(|c| word(c) || c == ')' || c == ']');
                let operand = crate::scan::is_word;
                if before
                    && after.starts_with(|c: char| operand(c) || matches!(c, '%' | '"' | '\\'))
                {
                    return (trimmed(text, solid), at);
                }
            }
            _ => {}
        }
        text.push(c);
        chars.next();
    }
    (trimmed(text, solid), rest.len())
}

/// `text` without the blanks at its end, as far as they stand behind its first `solid` bytes.
fn trimmed(mut text: String, solid: usize) -> String {
    let length = text.trim_end().len().max(solid);
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(parameters: &str, text: &str) -> Result<Vec<String>, Problem> {
        let parameters = parse_parameters(&mut Cursor::new(parameters, 0, parameters.len()))?;
        parse_arguments(&mut Cursor::new(text, 0, text.len()), &parameters)
    }

    fn values(parameters: &str, text: &str) -> Vec<String> {
        arguments(parameters, text).expect("well-formed")
    }

    #[test]
    fn commas_and_blanks_between_words_separate() {
        assert_eq!(values("a, b", "%dr16, (9980f + 24)"), ["%dr16", "(9980f + 24)"]);
        assert_eq!(values("a b", "x y"), ["x", "y"]);
        assert_eq!(values("a, b", "x + 1, y"), ["x + 1", "y"]);
        assert_eq!(values("a b", "%r1 %r2"), ["%r1", "%r2"]);
    }

    #[test]
    fn quotes_are_taken_off_and_escapes_kept() {
        assert_eq!(values("s", "\"a, b\\n\""), ["a, b\\n"]);
        assert_eq!(values("s, t", "\" a \" , b "), [" a ", "b"]);
        assert_eq!(values("s", "\"say \\\"x\\\"\""), ["say \\\"x\\\""]);
    }

    #[test]
    fn names_defaults_and_rest() {
        assert_eq!(values("a, b=5, c=6", "1, c=9"), ["1", "5", "9"]);
        assert_eq!(values("a, b:vararg", "1, 2, 3"), ["1", "2, 3"]);
        assert_eq!(values("a", "wbs=8"), ["wbs=8"]);
        assert_eq!(values("a, b", ", 2"), ["", "2"]);
        assert!(arguments("a:req", "").is_err());
        assert!(arguments("a", "1, 2").is_err());
        assert!(arguments("a, a", "").is_err());
    }
}
