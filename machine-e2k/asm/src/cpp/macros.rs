//! `#define`: the table of macros and their replacement in a line.
//!
//! Source: ISO C 6.10.3 (arguments are replaced first, then the result is scanned again; a macro does not replace what
//! came from itself), with `#`, `##` and `__VA_ARGS__`. As in compilers' assembly mode, `#` in front of a word that is
//! no parameter stands for itself (`#LOOP_END`).

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::call::{fit, parameters, paste, stringify, take_arguments, trim};
use super::token::{Kind, Token, tokenize};

/// Tokens one line may grow to.
const MAX_TOKENS: usize = 200_000;

/// A macro of the preprocessor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Macro {
    /// Parameter names of a function-like macro.
    parameters: Option<Vec<Rc<str>>>,
    /// Whether the last parameter takes all remaining arguments.
    variadic: bool,
    body: Vec<Token>,
}

/// The macros that are defined.
#[derive(Debug, Default)]
pub(super) struct Macros {
    table: HashMap<Rc<str>, Macro>,
}

impl Macros {
    /// Whether `name` is a macro.
    pub(super) fn defined(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Forgets `name`.
    pub(super) fn undefine(&mut self, name: &str) {
        self.table.remove(name);
    }

    /// Takes the text after `#define`. Returns a warning where a different definition is replaced.
    ///
    /// # Errors
    /// Says what is wrong with the definition.
    pub(super) fn define(&mut self, text: &str) -> Result<Option<String>, String> {
        let tokens = tokenize(text.trim());
        let Some((name, rest)) = tokens.split_first() else {
            return Err("#define needs a name".to_owned());
        };
        if name.kind != Kind::Word {
            return Err(format!("#define needs a name, not '{}'", name.text));
        }
        if &*name.text == "defined" {
            return Err("'defined' cannot be a macro".to_owned());
        }
        let (parameters, variadic, body) = match rest.split_first() {
            Some((open, inside)) if open.is("(") => {
                let (names, variadic, body) = parameters(&name.text, inside)?;
                (Some(names), variadic, body)
            }
            _ => (None, false, rest),
        };
        let body = trim(body).to_vec();
        let edge = |token: Option<&Token>| token.is_some_and(|token| token.is("##"));
        if parameters.is_some() && (edge(body.first()) || edge(body.last())) {
            return Err(format!("'##' at an end of the body of macro '{}'", name.text));
        }
        let new = Macro { parameters, variadic, body };
        let old = self.table.insert(Rc::clone(&name.text), new.clone());
        let changed = old.is_some_and(|old| old != new);
        Ok(changed.then(|| format!("macro '{}' is defined anew", name.text)))
    }

    /// Whether `tokens` end inside the arguments of a function-like macro, so that the next line belongs to them.
    pub(super) fn wants_more(&self, tokens: &[Token]) -> bool {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let function = self.table.get(&token.text).is_some_and(|m| m.parameters.is_some());
            if token.kind != Kind::Word || !function {
                continue;
            }
            let mut next = at;
            while tokens.get(next).is_some_and(|token| token.kind == Kind::Blank) {
                next += 1;
            }
            if tokens.get(next).is_some_and(|token| token.is("(")) {
                let mut depth = 0usize;
                let closed = tokens.iter().skip(next).any(|token| {
                    if token.is("(") {
                        depth += 1;
                    } else if token.is(")") {
                        depth -= 1;
                    }
                    depth == 0
                });
                if !closed {
                    return true;
                }
            }
        }
        false
    }

    /// Replaces the macros in `tokens`.
    ///
    /// # Errors
    /// Wrong number of arguments, or a result beyond all bounds.
    pub(super) fn expand(&self, tokens: Vec<Token>) -> Result<Vec<Token>, String> {
        self.expand_bounded(tokens, 0)
    }

    fn expand_bounded(&self, tokens: Vec<Token>, depth: usize) -> Result<Vec<Token>, String> {
        if depth > 64 {
            return Err("macro arguments are nested too deeply".to_owned());
        }
        let mut input: VecDeque<Token> = tokens.into();
        let mut output = Vec::new();
        let mut steps = 0usize;
        while let Some(token) = input.pop_front() {
            steps += 1;
            if steps > MAX_TOKENS || input.len() > MAX_TOKENS {
                return Err(format!("macros make this line longer than {MAX_TOKENS} tokens"));
            }
            let found = match token.kind {
                Kind::Word if !token.hides(&token.text) => self.table.get(&token.text),
                _ => None,
            };
            let Some(definition) = found else {
                output.push(token);
                continue;
            };
            let arguments = match &definition.parameters {
                None => Vec::new(),
                Some(names) => match take_arguments(&mut input) {
                    None => {
                        output.push(token);
                        continue;
                    }
                    Some(Err(())) => {
                        return Err(format!(
                            "the arguments of macro '{}' are not closed",
                            token.text
                        ));
                    }
                    Some(Ok(arguments)) => {
                        fit(&token.text, names.len(), definition.variadic, arguments)?
                    }
                },
            };
            let replaced = self.substitute(definition, &arguments, depth)?;
            let mut hidden = (*token.hidden).clone();
            hidden.push(Rc::clone(&token.text));
            for mut new in replaced.into_iter().rev() {
                let mut all = hidden.clone();
                all.extend(new.hidden.iter().filter(|name| !hidden.contains(name)).cloned());
                new.hidden = Rc::new(all);
                input.push_front(new);
            }
        }
        Ok(output)
    }

    /// The body of `definition` with `arguments` in place of its parameters.
    fn substitute(
        &self,
        definition: &Macro,
        arguments: &[Vec<Token>],
        depth: usize,
    ) -> Result<Vec<Token>, String> {
        let body = &definition.body;
        let Some(names) = &definition.parameters else { return paste(body.clone()) };
        let argument = |token: &Token| {
            let index =
                names.iter().position(|name| token.kind == Kind::Word && *name == token.text);
            index.and_then(|index| arguments.get(index))
        };
        let solid = |mut range: std::slice::Iter<'_, Token>, back: bool| {
            let mut next = || if back { range.next_back() } else { range.next() };
            std::iter::from_fn(&mut next).find(|token| token.kind != Kind::Blank).cloned()
        };
        let mut result = Vec::new();
        let mut at = 0;
        while let Some(token) = body.get(at) {
            at += 1;
            if token.is("#")
                && let Some(value) = body.get(at).and_then(argument)
            {
                result.push(Token::new(Kind::Quoted, &stringify(value)));
                at += 1;
                continue;
            }
            let Some(value) = argument(token) else {
                result.push(token.clone());
                continue;
            };
            let before = body.get(..at - 1).and_then(|slice| solid(slice.iter(), true));
            let after = body.get(at..).and_then(|slice| solid(slice.iter(), false));
            let pasted = [before, after].iter().flatten().any(|token| token.is("##"));
            if pasted {
                // An empty argument must stay visible to `##`.
                result.extend(value.iter().cloned());
                if value.is_empty() {
                    result.push(Token::new(Kind::Other, ""));
                }
            } else {
                result.extend(self.expand_bounded(value.clone(), depth + 1)?);
            }
            if result.len() > MAX_TOKENS {
                return Err(format!("macros make this line longer than {MAX_TOKENS} tokens"));
            }
        }
        paste(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(definitions: &[&str], line: &str) -> Result<String, String> {
        let mut macros = Macros::default();
        for definition in definitions {
            macros.define(definition)?;
        }
        let tokens = macros.expand(tokenize(line))?;
        Ok(tokens.iter().map(|token| &*token.text).collect())
    }

    #[test]
    fn object_and_function_like_macros_are_replaced() {
        let definitions = ["PCICFG 0x200000000", "CFG(d)  (PCICFG | ((d) << 15))"];
        assert_eq!(run(&definitions, "x CFG(8) y"), Ok("x (0x200000000 | ((8) << 15)) y".into()));
        assert_eq!(run(&definitions, "CFG"), Ok("CFG".into()));
        assert_eq!(run(&definitions, "\"CFG(8)\" XCFG(8)"), Ok("\"CFG(8)\" XCFG(8)".into()));
    }

    #[test]
    fn a_macro_does_not_replace_itself() {
        assert_eq!(run(&["a b a", "b a"], "a"), Ok("a a".into()));
    }

    #[test]
    fn stringify_paste_and_variadic_arguments() {
        assert_eq!(run(&["s(x) #x"], "s( a  \"b\" )"), Ok("\"a \\\"b\\\"\"".into()));
        assert_eq!(run(&["cat(a, b) a ## b"], "cat(r, 1)"), Ok("r1".into()));
        assert_eq!(run(&["f(a, ...) a:__VA_ARGS__"], "f(1, 2, 3)"), Ok("1:2, 3".into()));
        assert_eq!(run(&["f(x) ct ? #LOOP_END x"], "f(1)"), Ok("ct ? #LOOP_END 1".into()));
    }

    #[test]
    fn exponential_growth_is_bounded() {
        let definitions: Vec<String> =
            (0..40).map(|n| format!("m{n} m{} m{}", n + 1, n + 1)).collect();
        let definitions: Vec<&str> = definitions.iter().map(String::as_str).collect();
        assert!(run(&definitions, "m0").is_err());
    }

    #[test]
    fn wrong_argument_counts_are_refused() {
        assert!(run(&["f(a, b) a b"], "f(1)").is_err());
        assert!(run(&["f(a) a"], "f(1").is_err());
        assert!(run(&["f( a"], "").is_err());
    }
}
