//! A line's words against what its command takes, with QEMU's words for what does not fit.

use super::dump::DumpFormat;
use super::expression;
use super::table::{HmpCommand, Kind};

/// A word that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Argument {
    Text(String),
    Switch(bool),
    Number(u64),
}

/// The words of a line by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(Vec<(&'static str, Argument)>);

impl Arguments {
    /// Reads what follows the command's name.
    pub(super) fn parse(
        command: &HmpCommand,
        name: &str,
        line: &str,
        format: &mut DumpFormat,
    ) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut rest = line.trim_start();
        for member in command.members {
            let argument = match member.kind {
                Kind::Format => {
                    let (word, after) = match rest.strip_prefix('/') {
                        Some(after) => after.split_once([' ', '\t']).unwrap_or((after, "")),
                        None => ("", rest),
                    };
                    format.read(word)?;
                    rest = after.trim_start();
                    continue;
                }
                Kind::Rest(_) => {
                    let text = std::mem::take(&mut rest).trim_end();
                    (!text.is_empty()).then(|| Argument::Text(text.to_owned()))
                }
                Kind::Word(_) => word(&mut rest).map(Argument::Text),
                Kind::Switch => match word(&mut rest).as_deref() {
                    Some("on") => Some(Argument::Switch(true)),
                    Some("off") => Some(Argument::Switch(false)),
                    Some(_) => return Err("Expected 'on' or 'off'".to_owned()),
                    None => None,
                },
                Kind::Number if rest.is_empty() => None,
                Kind::Number => Some(Argument::Number(expression::read(&mut rest)?)),
            };
            match argument {
                Some(argument) => arguments.0.push((member.name, argument)),
                None if member.optional => {}
                None => {
                    return Err(match member.kind {
                        Kind::Switch => "Expected 'on' or 'off'".to_owned(),
                        Kind::Number => "unexpected end of expression".to_owned(),
                        _ => format!("{name}: string expected"),
                    });
                }
            }
        }
        if rest.trim().is_empty() {
            Ok(arguments)
        } else {
            Err(format!("{name}: extraneous characters at the end of line"))
        }
    }

    fn get(&self, name: &str) -> Option<&Argument> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, argument)| argument)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Argument::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn owned(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Argument::Switch(true)))
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Argument::Number(number)) => *number,
            _ => 0,
        }
    }
}

/// The next word; one in double quotes may have blanks in it.
fn word(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let mut word = String::new();
        let mut letters = quoted.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    *rest = quoted.get(at + 1..).unwrap_or_default().trim_start();
                    return Some(word);
                }
                '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
                _ => word.push(letter),
            }
        }
        *rest = "";
        return Some(word);
    }
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    *rest = after.trim_start();
    (!word.is_empty()).then(|| word.to_owned())
}
