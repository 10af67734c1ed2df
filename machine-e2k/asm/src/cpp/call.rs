//! Parameter lists, arguments, and the operators `#` and `##` of macros.
//!
//! Source: ISO C 6.10.3.

use std::collections::VecDeque;
use std::rc::Rc;

use super::token::{Kind, Token, tokenize};

/// Names, whether the last takes all remaining arguments, and the body.
pub(super) type Parameters<'a> = (Vec<Rc<str>>, bool, &'a [Token]);

/// Reads a parameter list behind its `(`; returns names, whether the last is variadic, and the body.
pub(super) fn parameters<'a>(name: &str, inside: &'a [Token]) -> Result<Parameters<'a>, String> {
    let bad = || format!("the parameter list of macro '{name}' is malformed");
    let close = inside.iter().position(|token| token.is(")")).ok_or_else(bad)?;
    let (list, body) = inside.split_at(close);
    let body = body.get(1..).unwrap_or(&[]);
    let mut names: Vec<Rc<str>> = Vec::new();
    let mut variadic = false;
    let list: Vec<&Token> = list.iter().filter(|token| token.kind != Kind::Blank).collect();
    if list.is_empty() {
        return Ok((names, false, body));
    }
    for item in list.split(|token| token.is(",")) {
        if variadic {
            return Err(bad());
        }
        let dots = item.iter().rev().take_while(|token| token.is(".")).count();
        variadic = dots == 3;
        let word = match (item, dots) {
            ([word], 0) | ([word, _, _, _], 3) if word.kind == Kind::Word => Rc::clone(&word.text),
            ([_, _, _], 3) => "__VA_ARGS__".into(),
            _ => return Err(bad()),
        };
        if names.contains(&word) {
            return Err(format!("macro '{name}' has two parameters '{word}'"));
        }
        names.push(word);
    }
    Ok((names, variadic, body))
}

/// Takes the parenthesised arguments from the front of `input`; `None` if no parenthesis follows.
pub(super) fn take_arguments(input: &mut VecDeque<Token>) -> Option<Result<Vec<Vec<Token>>, ()>> {
    let open = input.iter().position(|token| token.kind != Kind::Blank)?;
    if !input.get(open).is_some_and(|token| token.is("(")) {
        return None;
    }
    input.drain(..=open);
    let mut arguments = vec![Vec::new()];
    let mut depth = 0usize;
    while let Some(token) = input.pop_front() {
        if token.is(")") && depth == 0 {
            return Some(Ok(arguments));
        }
        if token.is(",") && depth == 0 {
            arguments.push(Vec::new());
            continue;
        }
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth -= 1;
        }
        if let Some(last) = arguments.last_mut() {
            last.push(token);
        }
    }
    Some(Err(()))
}

/// Brings the arguments of a call to the number of parameters.
pub(super) fn fit(
    name: &str,
    wanted: usize,
    variadic: bool,
    arguments: Vec<Vec<Token>>,
) -> Result<Vec<Vec<Token>>, String> {
    let mut arguments = arguments;
    let nothing = arguments.len() == 1 && arguments.iter().all(|tokens| trim(tokens).is_empty());
    if nothing && wanted == 0 {
        return Ok(Vec::new());
    }
    if variadic && arguments.len() > wanted {
        let rest = arguments.split_off(wanted);
        for tokens in rest {
            if let Some(last) = arguments.last_mut() {
                last.push(Token::new(Kind::Other, ","));
                last.extend(tokens);
            }
        }
    } else if variadic && arguments.len() + 1 == wanted {
        arguments.push(Vec::new());
    }
    if arguments.len() != wanted {
        let given = arguments.len();
        return Err(format!("macro '{name}' takes {wanted} arguments, {given} are given"));
    }
    Ok(arguments.iter().map(|tokens| trim(tokens).to_vec()).collect())
}

/// Carries out the `##` of a body.
pub(super) fn paste(tokens: Vec<Token>) -> Result<Vec<Token>, String> {
    if !tokens.iter().any(|token| token.is("##")) {
        return Ok(tokens);
    }
    let mut result: Vec<Token> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !token.is("##") {
            result.push(token);
            continue;
        }
        while result.last().is_some_and(|last| last.kind == Kind::Blank) {
            result.pop();
        }
        while tokens.peek().is_some_and(|next| next.kind == Kind::Blank) {
            tokens.next();
        }
        let left = result.pop().map_or_else(String::new, |token| token.text.to_string());
        let right = tokens.next().map_or_else(String::new, |token| token.text.to_string());
        result.extend(tokenize(&format!("{left}{right}")));
    }
    Ok(result)
}

/// The spelling of an argument as a string constant.
pub(super) fn stringify(tokens: &[Token]) -> String {
    let mut text = String::from("\"");
    for token in trim(tokens) {
        match token.kind {
            Kind::Blank => text.push(' '),
            Kind::Quoted => text.push_str(&token.text.replace('\\', "\\\\").replace('"', "\\\"")),
            _ => text.push_str(&token.text),
        }
    }
    text.push('"');
    text
}

/// `tokens` without blanks at the ends.
pub(super) fn trim(tokens: &[Token]) -> &[Token] {
    let mut tokens = tokens;
    while let [first, rest @ ..] = tokens
        && first.kind == Kind::Blank
    {
        tokens = rest;
    }
    while let [rest @ .., last] = tokens
        && last.kind == Kind::Blank
    {
        tokens = rest;
    }
    tokens
}
