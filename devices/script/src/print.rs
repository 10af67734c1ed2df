//! From steps to text: one line each, names where the table has any.

use elnic_contract::{GuestEvent, Model, Verdict};

use crate::bytes::print_bytes;
use crate::names::print_place;
use crate::number::print_duration;
use crate::parse::{LINE_ERRORS, LINKS, RESETS};
use crate::{DmaKind, Event, Expect, Op, Step, Want, What};

/// The script as text.
pub fn print(steps: &[Step], model: &Model) -> String {
    let mut text = String::new();
    for step in steps {
        match &step.what {
            What::Do(op) => text.push_str(&print_op(op, model)),
            What::Expect(expect) => text.push_str(&print_expect(expect)),
        }
        text.push('\n');
    }
    text
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, candidate)| candidate == value).map_or("?", |(word, _)| word)
}

fn print_want(want: Option<Want>, width: u64) -> String {
    match want {
        None => String::new(),
        Some(Want::Refused) => " -> refused".to_owned(),
        Some(Want::Bits { value, mask }) if mask == width => format!(" -> {value:#x}"),
        Some(Want::Bits { value, mask }) => format!(" -> {value:#x}/{mask:#x}"),
    }
}

/// One operation as text.
pub fn print_op(op: &Op, model: &Model) -> String {
    match op {
        Op::Write { at, size, value, refused } => {
            let end = if *refused { " -> refused" } else { "" };
            format!("w{} {} {value:#x}{end}", size.bits(), print_place(model, *at))
        }
        Op::Read { at, size, want } => {
            let want = print_want(*want, size.mask());
            format!("r{} {}{want}", size.bits(), print_place(model, *at))
        }
        Op::Peek { at, size, want } => {
            let want = print_want(*want, size.mask());
            format!("p{} {}{want}", size.bits(), print_place(model, *at))
        }
        Op::Ram { at, bytes } => format!("ram {at} = {}", print_bytes(bytes)),
        Op::Frame { bytes, error } => {
            let bytes = print_bytes(bytes);
            let error = error.map(|error| format!(" error {}", word(&LINE_ERRORS, &error)));
            format!("frame rx {bytes}{}", error.unwrap_or_default())
        }
        Op::Character { line, byte } => format!("char {line} {byte:#04x}"),
        Op::Advance(duration) => format!("advance {}", print_duration(*duration)),
        Op::Pulse => "pulse".to_owned(),
        Op::Fault { kind, after, times } => {
            let kind = match kind {
                DmaKind::Read => "read ",
                DmaKind::Write => "write ",
                DmaKind::Any => "",
            };
            format!("fault dma {kind}after {after} times {times}")
        }
        Op::Reset(kind) => format!("reset {}", word(&RESETS, kind)),
        Op::Link(state) => format!("link {}", word(&LINKS, state)),
    }
}

/// One event as text: what `expect` takes, and `irq 1` for an edge.
pub fn print_event(event: &Event) -> String {
    match event {
        Event::Sent(bytes) => format!("tx {}", print_bytes(bytes)),
        Event::Irq(level) => format!("irq {}", u8::from(*level)),
        Event::Msi(vector) => format!("msi {vector}"),
        Event::Message { address, data } => format!("message {address} {data:#x}"),
        Event::Character { line, byte } => format!("char {line} {byte:#04x}"),
        Event::Guest(GuestEvent::Panicked { code }) => format!("guest panicked {code}"),
        Event::Guest(GuestEvent::Shutdown { code }) => format!("guest shutdown {code}"),
        Event::Guest(GuestEvent::CrashLoaded) => "guest crash-loaded".to_owned(),
        Event::Pme => "pme".to_owned(),
        Event::RxFilterChanged => "rx-filter".to_owned(),
        Event::ImageChanged => "image".to_owned(),
        Event::Received(Verdict::Taken) => "rx taken".to_owned(),
        Event::Received(Verdict::Dropped(reason)) => format!("rx dropped {}", reason.as_str()),
    }
}

fn print_expect(expect: &Expect) -> String {
    match expect {
        Expect::Irq(level) => format!("expect irq {}", u8::from(*level)),
        Expect::Next(event) => format!("expect {}", print_event(event)),
        Expect::SentPrefix(bytes) if bytes.is_empty() => "expect tx".to_owned(),
        Expect::SentPrefix(bytes) => format!("expect tx {}..", print_bytes(bytes)),
        Expect::No(kind) => format!("expect no {}", kind.as_str()),
        Expect::Ram { at, bytes } => format!("expect ram {at} = {}", print_bytes(bytes)),
    }
}
