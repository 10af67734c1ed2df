//! The script: one step a line, and `~ REASON` below a step whose difference is intended.

/// How lists of things with names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Item by item.
    Whole,
    /// By name; elnic may lack what QEMU has.
    Part,
    /// By name; only what both have, without descriptions, which are words of one's own.
    Shared,
}

/// What is done.
#[derive(Debug)]
pub(crate) enum What {
    /// Both are started anew with these options.
    Machine(String),
    /// A QMP command.
    Qmp { text: String, lists: Lists },
    /// Bytes that are no command, and a line end.
    Raw(Vec<u8>),
    /// A line of the human monitor.
    Human(String),
    /// A line of the test protocol.
    Test(String),
    /// The next events of that name, so many, in no order.
    Events(String, usize),
}

/// A step, with the line it stands on and why its answers may differ.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: String,
    pub(crate) what: What,
    pub(crate) intended: Option<String>,
}

/// `\xNN` and `\n` in a text of arbitrary bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        rest = match escape.strip_prefix('x') {
            Some(digits) => {
                bytes.push(u8::from_str_radix(&digits[..2], 16).unwrap());
                &digits[2..]
            }
            None => {
                bytes.push(b'\\');
                escape
            }
        };
    }
    bytes.extend(rest.as_bytes());
    bytes
}

pub(crate) fn read(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let owned = rest.to_owned();
        let what = match kind {
            "machine" => What::Machine(owned),
            "qmp" => What::Qmp { text: owned, lists: Lists::Whole },
            "part" => What::Qmp { text: owned, lists: Lists::Part },
            "shared" => What::Qmp { text: owned, lists: Lists::Shared },
            "raw" => What::Raw(bytes(rest)),
            "hmp" => What::Human(owned),
            "test" => What::Test(owned),
            "event" => What::Events(owned, 1),
            "events" => {
                let (name, count) = rest.split_once(' ').unwrap();
                What::Events(name.to_owned(), count.parse().unwrap())
            }
            "~" => {
                steps.last_mut().unwrap().intended = Some(owned);
                continue;
            }
            other => panic!("'{other}' is no step"),
        };
        steps.push(Step { line: line.to_owned(), what, intended: None });
    }
    steps
}
