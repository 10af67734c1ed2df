//! From text to steps.

use elnic_contract::{
    DropReason, Gpa, GuestEvent, LineError, LinkState, Model, Reset, Size, Verdict,
};

use crate::bytes::{item, parse_bytes};
use crate::error::suggestion;
use crate::names::{parse_place, parse_value};
use crate::number::{choice, duration, level, narrow, number};
use crate::token::{Token, Tokens};
use crate::{DmaKind, Event, EventKind, Expect, Op, ParseError, Step, Want, What};

pub(crate) const RESETS: [(&str, Reset); 3] =
    [("cold", Reset::Cold), ("warm", Reset::Warm), ("function", Reset::Function)];
pub(crate) const LINKS: [(&str, LinkState); 2] = [("up", LinkState::Up), ("down", LinkState::Down)];
pub(crate) const LINE_ERRORS: [(&str, LineError); 3] = [
    ("fcs", LineError::BadFcs),
    ("alignment", LineError::Alignment),
    ("symbol", LineError::Symbol),
];

const VERBS: [&str; 21] = [
    "w8", "w16", "w32", "w64", "r8", "r16", "r32", "r64", "p8", "p16", "p32", "p64", "ram",
    "frame", "char", "advance", "pulse", "fault", "reset", "link", "expect",
];

/// Reads a script; names are those of `model`.
///
/// # Errors
/// The first mistake, with line and column.
pub fn parse(text: &str, model: &Model) -> Result<Vec<Step>, ParseError> {
    let mut steps = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut tokens = Tokens::new(text, line);
        let Some(verb) = tokens.next() else { continue };
        let what = if verb.text == "expect" {
            What::Expect(parse_expect(&mut tokens)?)
        } else {
            What::Do(parse_op(verb, &mut tokens, model)?)
        };
        tokens.end()?;
        steps.push(Step { line, what });
    }
    Ok(steps)
}

fn access_size(digits: &str) -> Option<Size> {
    match digits {
        "8" => Some(Size::Byte),
        "16" => Some(Size::Half),
        "32" => Some(Size::Word),
        "64" => Some(Size::Double),
        _ => None,
    }
}

fn parse_op(verb: Token<'_>, tokens: &mut Tokens<'_>, model: &Model) -> Result<Op, ParseError> {
    if let Some(size) = verb.text.strip_prefix('w').and_then(access_size) {
        return parse_write(tokens, model, size);
    }
    if let Some(size) = verb.text.strip_prefix('r').and_then(access_size) {
        let (at, want) = parse_read(tokens, model, size)?;
        return Ok(Op::Read { at, size, want });
    }
    if let Some(size) = verb.text.strip_prefix('p').and_then(access_size) {
        let (at, want) = parse_read(tokens, model, size)?;
        return Ok(Op::Peek { at, size, want });
    }
    match verb.text {
        "ram" => {
            let (at, bytes) = parse_ram(tokens)?;
            Ok(Op::Ram { at, bytes })
        }
        "frame" => parse_frame(tokens),
        "char" => {
            let line = narrow(&tokens.want("a serial line")?, "the serial line", u8::MAX)?;
            let byte = narrow(&tokens.want("a character")?, "the character", u8::MAX)?;
            Ok(Op::Character { line, byte })
        }
        "advance" => Ok(Op::Advance(duration(&tokens.want("a duration")?)?)),
        "pulse" => Ok(Op::Pulse),
        "fault" => parse_fault(tokens),
        "reset" => {
            Ok(Op::Reset(choice(&tokens.want("a kind of reset")?, "kind of reset", &RESETS)?))
        }
        "link" => Ok(Op::Link(choice(&tokens.want("up or down")?, "link state", &LINKS)?)),
        other => {
            let hint = suggestion(other, VERBS);
            Err(verb.error(format!("'{other}' is no operation{hint}")))
        }
    }
}

fn parse_write(tokens: &mut Tokens<'_>, model: &Model, size: Size) -> Result<Op, ParseError> {
    let at = parse_place(&tokens.want("a place")?, model)?;
    let first = tokens.want("a value")?;
    if first.text.contains('/') {
        return Err(first.error("a write takes no mask"));
    }
    let (value, _) = parse_value(tokens, first, model, at, size.mask())?;
    let refused = tokens.take("->");
    if refused {
        tokens.must("refused")?;
    }
    Ok(Op::Write { at, size, value, refused })
}

fn parse_read(
    tokens: &mut Tokens<'_>,
    model: &Model,
    size: Size,
) -> Result<(crate::Place, Option<Want>), ParseError> {
    let at = parse_place(&tokens.want("a place")?, model)?;
    if !tokens.take("->") {
        return Ok((at, None));
    }
    if tokens.take("refused") {
        return Ok((at, Some(Want::Refused)));
    }
    let first = tokens.want("a value, fields or 'refused'")?;
    let (value, mask) = parse_value(tokens, first, model, at, size.mask())?;
    Ok((at, Some(Want::Bits { value, mask })))
}

fn parse_ram(tokens: &mut Tokens<'_>) -> Result<(Gpa, Vec<u8>), ParseError> {
    let address = tokens.want("an address")?;
    let at = Gpa(number(&address, "the address", u64::MAX)?);
    tokens.must("=")?;
    let bytes = parse_bytes(tokens, "")?;
    if bytes.is_empty() {
        return Err(address.error("bytes are wanted behind '='"));
    }
    Ok((at, bytes))
}

fn parse_frame(tokens: &mut Tokens<'_>) -> Result<Op, ParseError> {
    let direction = tokens.want("'rx'")?;
    if direction.text != "rx" {
        return Err(direction.error("only frames towards the device are operations: 'frame rx'"));
    }
    let bytes = parse_bytes(tokens, "error")?;
    if bytes.is_empty() {
        return Err(direction.error("a frame has at least one byte"));
    }
    let error = if tokens.take("error") {
        Some(choice(&tokens.want("a line error")?, "line error", &LINE_ERRORS)?)
    } else {
        None
    };
    Ok(Op::Frame { bytes, error })
}

fn parse_fault(tokens: &mut Tokens<'_>) -> Result<Op, ParseError> {
    tokens.must("dma")?;
    let kind = if tokens.take("read") {
        DmaKind::Read
    } else if tokens.take("write") {
        DmaKind::Write
    } else {
        DmaKind::Any
    };
    let mut count = |word: &str, default| {
        if tokens.take(word) {
            narrow(&tokens.want("a number of accesses")?, "the number of accesses", u32::MAX)
        } else {
            Ok(default)
        }
    };
    let (after, times) = (count("after", 0)?, count("times", 1)?);
    Ok(Op::Fault { kind, after, times })
}

fn event_kind(token: &Token<'_>) -> Result<EventKind, ParseError> {
    choice(token, "kind of event", &EventKind::ALL.map(|kind| (kind.as_str(), kind)))
}

fn parse_expect(tokens: &mut Tokens<'_>) -> Result<Expect, ParseError> {
    if tokens.take("no") {
        return Ok(Expect::No(event_kind(&tokens.want("a kind of event")?)?));
    }
    if tokens.take("ram") {
        let (at, bytes) = parse_ram(tokens)?;
        return Ok(Expect::Ram { at, bytes });
    }
    let kind = event_kind(&tokens.want("what to expect")?)?;
    Ok(match kind {
        EventKind::Irq => Expect::Irq(level(&tokens.want("a level")?)?),
        EventKind::Tx => parse_sent(tokens)?,
        EventKind::Msi => {
            let vector = narrow(&tokens.want("a vector")?, "the vector", u16::MAX)?;
            Expect::Next(Event::Msi(vector))
        }
        EventKind::Message => {
            let address = Gpa(number(&tokens.want("an address")?, "the address", u64::MAX)?);
            let data = narrow(&tokens.want("data")?, "the data", u32::MAX)?;
            Expect::Next(Event::Message { address, data })
        }
        EventKind::Char => {
            let line = narrow(&tokens.want("a serial line")?, "the serial line", u8::MAX)?;
            let byte = narrow(&tokens.want("a character")?, "the character", u8::MAX)?;
            Expect::Next(Event::Character { line, byte })
        }
        EventKind::Guest => Expect::Next(Event::Guest(parse_guest(tokens)?)),
        EventKind::Pme => Expect::Next(Event::Pme),
        EventKind::RxFilter => Expect::Next(Event::RxFilterChanged),
        EventKind::Image => Expect::Next(Event::ImageChanged),
        EventKind::Rx => Expect::Next(Event::Received(parse_verdict(tokens)?)),
    })
}

/// `expect tx`, `expect tx HEX`, `expect tx HEX..`.
fn parse_sent(tokens: &mut Tokens<'_>) -> Result<Expect, ParseError> {
    let (mut bytes, mut prefix) = (Vec::new(), true);
    while let Some(token) = tokens.next() {
        let whole = token.text.strip_suffix("..");
        let text = whole.unwrap_or(token.text);
        if !text.is_empty() {
            item(&token, text, &mut bytes)?;
        }
        prefix = whole.is_some();
        if prefix {
            break;
        }
    }
    Ok(if prefix { Expect::SentPrefix(bytes) } else { Expect::Next(Event::Sent(bytes)) })
}

fn parse_guest(tokens: &mut Tokens<'_>) -> Result<GuestEvent, ParseError> {
    let word = tokens.want("a guest event")?;
    let mut code = || narrow(&tokens.want("an exit code")?, "the exit code", u8::MAX);
    match word.text {
        "panicked" => Ok(GuestEvent::Panicked { code: code()? }),
        "shutdown" => Ok(GuestEvent::Shutdown { code: code()? }),
        "crash-loaded" => Ok(GuestEvent::CrashLoaded),
        other => {
            let hint = suggestion(other, ["panicked", "shutdown", "crash-loaded"]);
            Err(word.error(format!("'{other}' is no guest event{hint}")))
        }
    }
}

fn parse_verdict(tokens: &mut Tokens<'_>) -> Result<Verdict, ParseError> {
    let word = tokens.want("a verdict")?;
    match word.text {
        "taken" => Ok(Verdict::Taken),
        "dropped" => {
            let reasons = DropReason::ALL.map(|reason| (reason.as_str(), reason));
            let token = tokens.want("a reason")?;
            Ok(Verdict::Dropped(choice(&token, "reason to drop", &reasons)?))
        }
        other => {
            let hint = suggestion(other, ["taken", "dropped"]);
            Err(word.error(format!("'{other}' is no verdict{hint}")))
        }
    }
}
