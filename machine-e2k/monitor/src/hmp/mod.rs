//! The human monitor: lines in, text out, worded as QEMU's, whose output scripts read.
//!
//! What a line may say stands in one table ([`table`]); what it does is what QMP's command does.

mod arguments;
mod dump;
mod editor;
mod expression;
mod info;
mod pci;
mod table;

use crate::commands::Context;
use arguments::Arguments;
pub(crate) use dump::DumpFormat;
pub use editor::Hmp;
use table::{COMMANDS, HmpCommand, INFO};

/// Carries out one line; the text ends its lines as a terminal wants them.
pub(crate) fn execute(cx: &mut Context<'_>, line: &str) -> String {
    run(cx, line).replace('\n', "\r\n")
}

fn run(cx: &mut Context<'_>, line: &str) -> String {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return String::new();
    }
    let (word, rest) = first_word(line);
    if word == "info" {
        let (item, rest) = first_word(rest);
        if item.is_empty() {
            return list(INFO, "info ");
        }
        return match find(INFO, item) {
            Some(command) => carry_out(cx, command, &format!("info {item}"), rest),
            None => format!("unknown command: 'info {item}'\n"),
        };
    }
    match find(COMMANDS, word) {
        Some(command) => carry_out(cx, command, command.name(), rest),
        None => format!("unknown command: '{word}'\n"),
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let end = text.find([' ', '\t', '/']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// The command of that name or short name.
fn find(table: &'static [HmpCommand], name: &str) -> Option<&'static HmpCommand> {
    table.iter().find(|command| command.names.split('|').any(|known| known == name))
}

fn carry_out(cx: &mut Context<'_>, command: &HmpCommand, name: &str, rest: &str) -> String {
    let result = Arguments::parse(command, name, rest, &mut cx.state.dump);
    let arguments = match result {
        Ok(arguments) => arguments,
        Err(text) => return format!("{text}\nTry \"help {name}\" for more information\n"),
    };
    match (command.run)(cx, &arguments) {
        Ok(text) => text,
        Err(error) => format!("Error: {}\n", error.text),
    }
}

fn list(table: &[HmpCommand], before: &str) -> String {
    table.iter().map(|command| describe(command, before)).collect()
}

fn describe(command: &HmpCommand, before: &str) -> String {
    format!("{before}{} {} -- {}\n", command.names, command.parameters, command.about)
}

/// `help [COMMAND [ITEM]]`.
fn help(_: &mut Context<'_>, arguments: &Arguments) -> table::Printed {
    let (word, rest) = first_word(arguments.text("name").unwrap_or_default());
    Ok(match word {
        "" => list(COMMANDS, ""),
        "info" => {
            find(INFO, rest).map_or_else(|| list(INFO, "info "), |info| describe(info, "info "))
        }
        word => find(COMMANDS, word).map(|command| describe(command, "")).unwrap_or_default(),
    })
}

/// What the word under the cursor could be: `line` is all before the cursor.
pub(crate) fn complete(cx: &mut Context<'_>, line: &str) -> Vec<String> {
    let start = line.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
    let (before, word) = line.split_at(start);
    let before: Vec<&str> = before.split_whitespace().collect();
    let candidates: Vec<String> = match before[..] {
        [] => names(COMMANDS),
        ["info"] | ["help" | "?", "info"] => names(INFO),
        ["help" | "?"] => names(COMMANDS),
        [command, ..] => {
            match find(COMMANDS, command).and_then(|it| it.members.get(before.len() - 1)) {
                Some(member) => member.candidates(cx),
                None => Vec::new(),
            }
        }
    };
    candidates.into_iter().filter(|candidate| candidate.starts_with(word)).collect()
}

fn names(table: &[HmpCommand]) -> Vec<String> {
    table.iter().flat_map(|command| command.names.split('|')).map(str::to_owned).collect()
}
