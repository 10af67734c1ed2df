//! QEMU's long options have one dash, clap's have two: this makes the one into the other.
//!
//! Which names are long options, and which of them take a value that must not be touched, is read from clap's own table.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory};

use crate::arguments::Arguments;

/// The arguments with two dashes before every long option; the first is the program's name and stays.
pub(crate) fn normalise(given: Vec<OsString>) -> Vec<OsString> {
    let mut given = given.into_iter();
    let mut result: Vec<OsString> = given.by_ref().take(1).collect();
    let table = Arguments::command();
    let mut command = &table;
    while let Some(argument) = given.next() {
        let Some(text) = argument.to_str().map(str::to_owned) else {
            result.push(argument);
            continue;
        };
        if text == "--" {
            result.push(argument);
            break;
        }
        let name = text.trim_start_matches('-');
        let dashes = text.len() - name.len();
        if dashes == 0 {
            command = command.find_subcommand(&text).unwrap_or(command);
            result.push(argument);
            continue;
        }
        let bare = name.split_once('=').map_or(name, |(bare, _)| bare);
        let (long, short) = (find(command, |a| named(a, bare)), find(command, |a| short(a, name)));
        let (option, attached) = match (long, short) {
            (Some(option), _) => (Some(option), bare.len() < name.len()),
            (None, option) => (option, false),
        };
        // One letter is a short option unless there is a long one of that name.
        let is_long = long.is_some() || (name.chars().count() > 1 && short.is_none());
        result.push(if is_long { format!("--{name}").into() } else { argument });
        if option.is_some_and(takes_value) && !attached {
            result.extend(given.next());
        }
    }
    result.extend(given);
    result
}

fn find(command: &Command, wanted: impl Fn(&Arg) -> bool) -> Option<&Arg> {
    command.get_arguments().find(|argument| wanted(argument))
}

fn named(argument: &Arg, name: &str) -> bool {
    let aliases = argument.get_all_aliases().unwrap_or_default();
    argument.get_long() == Some(name) || aliases.contains(&name)
}

fn short(argument: &Arg, name: &str) -> bool {
    let mut letters = name.chars();
    argument.get_short().is_some()
        && argument.get_short() == letters.next()
        && letters.next().is_none()
}

fn takes_value(argument: &Arg) -> bool {
    argument.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(line: &str) -> String {
        let given = std::iter::once("elnic").chain(line.split(' ')).map(OsString::from).collect();
        let result = normalise(given).into_iter().skip(1);
        result.map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn long_options_get_their_second_dash_and_short_ones_do_not() {
        assert_eq!(
            normalised("-machine e2k -M e2k -m 128 --serial stdio -S"),
            "--machine e2k -M e2k -m 128 --serial stdio -S"
        );
    }

    #[test]
    fn values_are_left_alone_even_if_they_look_like_options() {
        assert_eq!(normalised("-append -serial -kernel x"), "--append -serial --kernel x");
        assert_eq!(normalised("-append=-x -D -y"), "--append=-x -D -y");
    }

    #[test]
    fn sub_commands_have_options_of_their_own() {
        assert_eq!(
            normalised("asm x.S -o x.elf -mcpu=elbrus-8c"),
            "asm x.S -o x.elf --mcpu=elbrus-8c"
        );
    }

    #[test]
    fn an_unknown_option_is_long_so_that_the_message_is_about_all_of_it() {
        assert_eq!(normalised("-devise e1000"), "--devise e1000");
    }
}
