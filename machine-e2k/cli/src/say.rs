//! What the program itself writes. A reader that went away is no reason to fail, and none to panic in the middle of a run.

use std::fmt::Arguments;
use std::io::Write;

/// Writes to standard output what was asked for.
pub(crate) fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        tracing::debug!("nobody reads standard output: {error}");
    }
}

/// Writes a line to standard error.
pub(crate) fn complain(text: Arguments<'_>) {
    // There is nowhere left to say that this failed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
