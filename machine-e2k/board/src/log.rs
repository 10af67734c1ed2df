//! The guest log: what `-d` asks for.
//!
//! Items are named as in QEMU. A guest can cause any number of remarks, so each device gets a share of lines after which
//! it is silent; the line that says so is its last.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;

use elnic_contract::{Log, LogEntry, Severity, VTime, nearest};

/// One kind of remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogItem {
    /// What the guest did wrong.
    GuestErrors,
    /// What the guest asked for and the machine does not do.
    Unimplemented,
    /// Interrupt inputs and messages.
    Interrupts,
    /// Frames, and what devices do with them.
    Net,
    /// Each bundle as text, when it is executed for the first time.
    InAsm,
    /// The address of each bundle as it is executed.
    Exec,
    /// The state of the processor before each bundle.
    Cpu,
}

/// There is no such item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log item '{name}'{}; known are {}", crate::models::hint(.nearest), LogItems::names().join(", "))]
pub struct UnknownLogItem {
    /// The name given.
    pub name: String,
    /// The nearest name there is.
    pub nearest: Option<&'static str>,
}

impl LogItem {
    /// Every item with its name and what it logs.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::GuestErrors, "guest_errors", "log when the guest does what hardware would punish"),
        (Self::Unimplemented, "unimp", "log what the guest asks for and the machine does not do"),
        (Self::Interrupts, "int", "show interrupt inputs and messages"),
        (Self::Net, "net", "show frames and what network interfaces do with them"),
        (Self::InAsm, "in_asm", "show each bundle when it is executed for the first time"),
        (Self::Exec, "exec", "show the address of each executed bundle (slow)"),
        (Self::Cpu, "cpu", "show the processor before each bundle (slow)"),
    ];
}

/// A set of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogItems(u8);

impl LogItems {
    /// No item.
    pub const NONE: Self = Self(0);

    /// Names of all items.
    pub fn names() -> Vec<&'static str> {
        LogItem::ALL.iter().map(|(_, name, _)| *name).collect()
    }

    /// The same and `item`.
    #[must_use]
    pub const fn with(self, item: LogItem) -> Self {
        Self(self.0 | 1 << item as u8)
    }

    /// Whether `item` is in it.
    pub const fn has(self, item: LogItem) -> bool {
        self.0 >> (item as u8) & 1 == 1
    }

    /// Whether bundles are to be executed one by one to be shown.
    pub const fn wants_bundles(self) -> bool {
        self.has(LogItem::InAsm) || self.has(LogItem::Exec) || self.has(LogItem::Cpu)
    }

    /// The items of a comma-separated list.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn parse(list: &str) -> Result<Self, UnknownLogItem> {
        list.split(',').try_fold(Self::NONE, |items, name| {
            let found = LogItem::ALL.iter().find(|(_, known, _)| *known == name);
            found.map(|(item, _, _)| items.with(*item)).ok_or_else(|| UnknownLogItem {
                name: name.to_owned(),
                nearest: nearest(name, Self::names()),
            })
        })
    }
}

/// Lines one device may cause.
const SHARE: u64 = 10_000;

/// Writes remarks.
pub struct GuestLog {
    items: LogItems,
    sink: Box<dyn Write + Send>,
    written: BTreeMap<String, u64>,
    /// Addresses of bundles shown already.
    shown: BTreeSet<u64>,
}

impl fmt::Debug for GuestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestLog").field("items", &self.items).finish_non_exhaustive()
    }
}

impl GuestLog {
    /// A log of `items` into `sink`.
    pub fn new(items: LogItems, sink: Box<dyn Write + Send>) -> Self {
        Self { items, sink, written: BTreeMap::new(), shown: BTreeSet::new() }
    }

    /// A log of nothing.
    pub fn silent() -> Self {
        Self::new(LogItems::NONE, Box::new(std::io::sink()))
    }

    /// What it logs.
    pub const fn items(&self) -> LogItems {
        self.items
    }

    /// Writes a remark of `source`, if `item` is wanted and the source has lines left.
    pub fn say(&mut self, item: LogItem, source: &str, at: VTime, what: fmt::Arguments<'_>) {
        if !self.items.has(item) {
            return;
        }
        let written = match self.written.get_mut(source) {
            Some(written) => written,
            None => self.written.entry(source.to_owned()).or_default(),
        };
        *written += 1;
        let result = match (*written).cmp(&SHARE) {
            std::cmp::Ordering::Less => writeln!(self.sink, "{at} {source}: {what}"),
            std::cmp::Ordering::Equal => {
                writeln!(self.sink, "{at} {source}: {SHARE} lines; silent from here on")
            }
            std::cmp::Ordering::Greater => Ok(()),
        };
        if let Err(error) = result {
            self.give_up(&error);
        }
    }

    /// Whether the bundle at `address` was not shown yet; it counts as shown from now on.
    pub(crate) fn is_new(&mut self, address: u64) -> bool {
        self.shown.insert(address)
    }

    /// Writes a line that was asked for by other means than an item: about the processor, or a finding of `strict=on`,
    /// which a device makes once each. These are not counted.
    pub(crate) fn line(&mut self, what: fmt::Arguments<'_>) {
        if let Err(error) = writeln!(self.sink, "{what}") {
            self.give_up(&error);
        }
    }

    fn give_up(&mut self, error: &std::io::Error) {
        tracing::warn!("the guest log ends here: {error}");
        self.items = LogItems::NONE;
    }

    /// Hands everything on to the sink.
    pub fn flush(&mut self) {
        if let Err(error) = self.sink.flush() {
            self.give_up(&error);
        }
    }
}

/// Why a device was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A register was read or written.
    Access,
    /// A deadline had come.
    Timer,
    /// A frame arrived.
    Frame,
    /// The cable was plugged or pulled.
    Link,
    /// A character arrived.
    Character,
    /// The device was reset.
    Reset,
    /// A monitor asked it to announce itself.
    Announcement,
}

/// Who is behind an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) cause: Cause,
    /// The bundle that makes the access, if a processor does.
    pub(crate) bundle: Option<u64>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match (self.bundle, self.cause) {
            (Some(bundle), _) => return write!(f, "PC {bundle:#x}"),
            (None, Cause::Access) => "an access from outside the processor",
            (None, Cause::Timer) => "raised by a timer",
            (None, Cause::Frame) => "raised by a frame",
            (None, Cause::Link) => "raised by the cable",
            (None, Cause::Character) => "raised by a character",
            (None, Cause::Reset) => "raised by a reset",
            (None, Cause::Announcement) => "raised by an announcement",
        };
        write!(f, "no PC: {cause}")
    }
}

/// The log as one device sees it.
pub(crate) struct DeviceLog<'a> {
    pub(crate) log: &'a mut GuestLog,
    pub(crate) device: &'a str,
    pub(crate) now: VTime,
    pub(crate) origin: Origin,
}

fn item(severity: Severity) -> LogItem {
    match severity {
        Severity::GuestError => LogItem::GuestErrors,
        Severity::NotModelled => LogItem::Unimplemented,
        Severity::Trace => LogItem::Net,
    }
}

impl Log for DeviceLog<'_> {
    fn record(&mut self, entry: LogEntry) {
        if let LogEntry::Strict { .. } = entry {
            let Self { now, device, origin, .. } = self;
            return self.log.line(format_args!("{now} {device}: {} ({origin})", Words(&entry)));
        }
        let item = item(entry.severity());
        self.log.say(item, self.device, self.now, format_args!("{}", Words(&entry)));
    }

    fn wants(&self, severity: Severity) -> bool {
        self.log.items.has(item(severity))
    }
}

/// A remark in words.
struct Words<'a>(&'a LogEntry);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.0 {
            LogEntry::ReservedBits { register, bits } => {
                write!(f, "{register}: reserved bits {bits:#x} set")
            }
            LogEntry::NotModelled { register, field, bits } => {
                write!(f, "{register}.{field}: {bits:#x} set, which has no effect here")
            }
            LogEntry::WrongDirection { register, access } => {
                write!(f, "{register}: wrong direction at {:#x}", access.offset())
            }
            LogEntry::Refused { access, fault } => write!(
                f,
                "region {} offset {:#x}, {} bits: {fault}",
                access.region(),
                access.offset(),
                access.size().bits()
            ),
            LogEntry::Dma { doing, error } => write!(f, "{doing}: {error}"),
            LogEntry::Strict { rule, register, value } => {
                write!(
                    f,
                    "strict: {}: {register} = {value:#x}: {} ({})",
                    rule.name, rule.text, rule.source
                )
            }
            LogEntry::Guest { what, value } => write!(f, "{what} ({value:#x})"),
            LogEntry::Dropped { reason, length } => {
                write!(f, "frame of {length} bytes discarded: {}", reason.as_str())
            }
            LogEntry::Did { what, value } => write!(f, "{what} {value:#x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Lines(mpsc::Sender<String>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(items: LogItems, times: u64) -> (String, u64) {
        let (sender, lines) = mpsc::channel();
        let mut log = GuestLog::new(items, Box::new(Lines(sender)));
        let origin = Origin { cause: Cause::Access, bundle: None };
        let mut device = DeviceLog { log: &mut log, device: "e1000.0", now: VTime::ZERO, origin };
        for _ in 0..times {
            device.record(LogEntry::ReservedBits { register: "CTRL", bits: 2 });
        }
        drop(log);
        let text: String = lines.iter().collect();
        let count = text.lines().count() as u64;
        (text, count)
    }

    #[test]
    fn only_wanted_items_are_written() {
        let (text, _) = written(LogItems::parse("unimp,guest_errors").unwrap(), 1);
        assert_eq!(text, "0.000000000000 e1000.0: CTRL: reserved bits 0x2 set\n");
        assert_eq!(written(LogItems::parse("unimp").unwrap(), 1).1, 0);
    }

    #[test]
    fn a_finding_of_strict_mode_says_where_the_guest_was() {
        static RULE: elnic_contract::StrictRule =
            elnic_contract::StrictRule { name: "word", text: "text", source: "source" };
        let said = |cause, bundle| {
            let (sender, lines) = mpsc::channel();
            let mut log = GuestLog::new(LogItems::NONE, Box::new(Lines(sender)));
            let origin = Origin { cause, bundle };
            let now = VTime::ZERO;
            let mut device = DeviceLog { log: &mut log, device: "e1000.0", now, origin };
            device.record(LogEntry::Strict { rule: &RULE, register: "TDT", value: 9 });
            drop(log);
            lines.iter().collect::<String>()
        };
        let line = "0.000000000000 e1000.0: strict: word: TDT = 0x9: text (source)";
        assert_eq!(said(Cause::Access, Some(0x10a8)), format!("{line} (PC 0x10a8)\n"));
        for (cause, words) in [
            (Cause::Access, "an access from outside the processor"),
            (Cause::Timer, "raised by a timer"),
            (Cause::Frame, "raised by a frame"),
            (Cause::Link, "raised by the cable"),
        ] {
            assert_eq!(said(cause, None), format!("{line} (no PC: {words})\n"));
        }
    }

    #[test]
    fn a_device_is_silenced_after_its_share() {
        let (text, count) = written(LogItems::parse("guest_errors").unwrap(), SHARE + 100);
        assert_eq!(count, SHARE);
        assert!(text.ends_with("silent from here on\n"));
    }

    #[test]
    fn an_unknown_item_gets_the_nearest_one() {
        let error = LogItems::parse("guest_error").unwrap_err().to_string();
        assert!(error.contains("did you mean 'guest_errors'?"), "{error}");
    }
}
