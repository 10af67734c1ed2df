//! What `-serial` plugs into a line.

mod output;
mod stdio;
pub(crate) mod tty;
mod unix;

use std::path::PathBuf;

use elnic_board::Terminal;

use crate::error::Failure;
use crate::image;
use crate::options::KeyValues;
use crate::quit::Quit;

const FORMS: &str = "stdio, file:PATH, unix:PATH[,server=on|off][,wait=on|off], null or none";

/// A line's terminal; `None` leaves it open.
type Line = Option<Box<dyn Terminal>>;

/// A terminal that prints on standard output and reads nothing.
pub(crate) fn console() -> output::Output<std::io::Stdout> {
    output::Output::new("stdout".to_owned(), std::io::stdout())
}

/// Makes the terminals of all `-serial` options, in order. `signals`: Ctrl-C at a terminal ends the run.
pub(crate) fn open_all(
    options: &[String],
    signals: bool,
    quit: &Quit,
) -> Result<Vec<Line>, Failure> {
    let mut stdio_taken = false;
    let mut lines = Vec::new();
    for option in options {
        if option == "stdio" && std::mem::replace(&mut stdio_taken, true) {
            let why = "standard input and output are taken by another -serial";
            return Err(Failure::option("serial", option, why));
        }
        lines.push(open(option, signals, quit)?);
    }
    Ok(lines)
}

fn open(text: &str, signals: bool, quit: &Quit) -> Result<Line, Failure> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let refuse = |why: String| Err(Failure::option("serial", text, why));
    let terminal: Box<dyn Terminal> = match (kind, rest) {
        ("none", "") => return Ok(None),
        ("null", "") => Box::new(output::Null),
        ("stdio", "") => Box::new(stdio::Stdio::new(signals, quit.clone())),
        ("file", path) if !path.is_empty() => {
            let file = image::create("serial", &PathBuf::from(path))?;
            Box::new(output::Output::new(path.to_owned(), file))
        }
        ("unix", rest) if !rest.is_empty() => {
            let list = KeyValues::parse("serial", "path", rest)?;
            Box::new(unix::UnixSocket::open(text, &list)?)
        }
        ("mon" | "pty" | "vc" | "tcp" | "udp" | "telnet" | "pipe" | "chardev", _) => {
            return refuse(format!("'{kind}' is not supported; what is: {FORMS}"));
        }
        _ => return refuse(format!("it takes {FORMS}")),
    };
    Ok(Some(terminal))
}
