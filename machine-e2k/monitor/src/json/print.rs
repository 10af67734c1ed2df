//! Values as QEMU writes them: a blank after every colon and comma.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// On one line.
pub(crate) fn print(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing a value into a vector does not fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, Spaced));
    out
}

/// On as many lines as it takes.
pub(crate) fn print_pretty(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, formatter));
    out
}
