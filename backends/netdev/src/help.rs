//! `-netdev help` and `-netdev TYPE,help`, made from the schema's tables.

use std::fmt::Write;

use crate::schema::{ADDRESSES, Kind, OptionSpec, TYPES, TypeSpec};

/// All types: those this version makes with what they are, the others by name.
pub(crate) fn types() -> String {
    let mut text = "Available netdev backend types:\n".to_owned();
    for spec in TYPES.iter().filter(|spec| spec.built) {
        line(&mut text, spec.name, spec.about);
    }
    text.push_str("Known, but not compiled into this binary:\n");
    for spec in TYPES.iter().filter(|spec| !spec.built) {
        line(&mut text, spec.name, spec.about);
    }
    text.push_str("-netdev TYPE,help lists the options of a type.\n");
    text
}

/// The options of one type.
pub(crate) fn options(spec: &TypeSpec, extra: &[OptionSpec]) -> String {
    let mut text = format!("{} options ({}):\n", spec.name, spec.about);
    option_lines(&mut text, "", extra);
    option_lines(&mut text, "", spec.options);
    if spec.options.iter().any(|option| option.kind == Kind::Address) {
        for (kind, members) in ADDRESSES {
            let _ = writeln!(text, "a socket address with .type={kind} takes:");
            option_lines(&mut text, ".", members);
        }
    }
    if !spec.built {
        let _ = writeln!(text, "{} is not compiled into this binary.", spec.name);
    }
    text
}

/// One line an option: `name=<type>`, what it does, whether it must be, what holds without it.
pub(crate) fn option_lines(text: &mut String, prefix: &str, options: &[OptionSpec]) {
    for option in options {
        let name = format!("{prefix}{}=<{}>", option.name, option.kind.describe());
        let holds = match (option.required, option.default) {
            (true, _) => " (required)".to_owned(),
            (false, "") => String::new(),
            (false, default) => format!(" (default: {default})"),
        };
        line(text, &name, &format!("{}{holds}", option.about));
    }
}

fn line(text: &mut String, name: &str, about: &str) {
    // Writing into a String does not fail.
    let _ = writeln!(text, "  {name:<28} {about}");
}
