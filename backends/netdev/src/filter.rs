//! `-object filter-…`: from text to a filter.

use std::path::{Path, PathBuf};

use elnic_contract::{VDuration, VTime};
use elnic_netclient::{
    DumpClock, DumpFormat, FaultOptions, FilterBuffer, FilterDump, FilterMirror, FilterOptions,
    FilterPosition, FilterQueue, FilterRedirector, NetCore, NetFault, NetFilter,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chardev::Chardevs;
use crate::parse::{Request, deserialize};
use crate::schema::{
    BUFFER_OPTIONS, DUMP_OPTIONS, FAULT_OPTIONS, FILTER_OPTIONS, MIRROR_OPTIONS, OptionSpec,
    REDIRECTOR_OPTIONS,
};
use crate::validate::{self, OptionError, Origin, choice, identifier};
use crate::{NetdevError, help, json, keyval};

/// A filter as the user described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its place and state.
    pub options: FilterOptions,
    /// What it does.
    pub kind: FilterKind,
}

/// What a filter does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// `filter-dump`.
    Dump {
        /// The pcap file.
        file: PathBuf,
        /// Bytes kept of a frame.
        max_length: u32,
        /// What stamps the frames.
        clock: DumpClock,
        /// What it is written as.
        format: DumpFormat,
    },
    /// `filter-buffer`.
    Buffer {
        /// Microseconds of virtual time between releases.
        interval: u32,
    },
    /// `filter-mirror`.
    Mirror {
        /// The chardev that gets copies.
        outdev: String,
    },
    /// `filter-redirector`.
    Redirector {
        /// The chardev frames come from.
        indev: Option<String>,
        /// The chardev frames go to.
        outdev: Option<String>,
    },
    /// `net-fault`.
    Fault(FaultOptions),
}

/// The filters this version makes, and their options besides [`FILTER_OPTIONS`].
const BUILT: &[(&str, &[OptionSpec])] = &[
    ("filter-dump", DUMP_OPTIONS),
    ("filter-buffer", BUFFER_OPTIONS),
    ("filter-mirror", MIRROR_OPTIONS),
    ("filter-redirector", REDIRECTOR_OPTIONS),
    ("net-fault", FAULT_OPTIONS),
];

/// The other filters of QEMU.
const ABSENT: &[&str] = &["filter-rewriter", "filter-replay", "colo-compare"];

/// Whether `-object` with this type is one for [`parse_filter`].
pub fn is_filter(kind: &str) -> bool {
    ABSENT.contains(&kind) || BUILT.iter().any(|(built, _)| *built == kind)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    netdev: String,
    queue: Option<String>,
    status: Option<String>,
    position: Option<String>,
    insert: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dump {
    file: PathBuf,
    maxlen: Option<u32>,
    clock: Option<String>,
    format: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outlets {
    indev: Option<String>,
    outdev: Option<String>,
    vnet_hdr_support: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    seed: Option<u64>,
    loss: Option<u32>,
    duplicate: Option<u32>,
    corrupt: Option<u32>,
    reorder: Option<u32>,
    delay: Option<u32>,
    jitter: Option<u32>,
    rate: Option<u64>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buffer {
    interval: u32,
}

/// Reads the argument of `-object`: `filter-dump,id=ID,netdev=ID,file=FILE,…`, `{"qom-type": …}` or `TYPE,help`.
///
/// # Errors
/// The text is no option list, or an option is unknown, missing or of another type.
pub fn parse_filter(text: &str) -> Result<Request<Filter>, NetdevError> {
    if text.starts_with('{') {
        let members = json::object(text).map_err(|error| NetdevError::Json(error.to_string()))?;
        return from_tree(members, Origin::Json).map(Request::Make);
    }
    if keyval::wants_help(&keyval::traditional(text, Some("qom-type"))?) {
        let members = keyval::dotted(text, Some("qom-type"))?;
        let (kind, own) = kind_of(&members)?;
        let mut text = format!("{kind} options:\n");
        help::option_lines(&mut text, "", FILTER_OPTIONS);
        help::option_lines(&mut text, "", own);
        return Ok(Request::Help(text));
    }
    from_tree(keyval::dotted(text, Some("qom-type"))?, Origin::Dotted).map(Request::Make)
}

/// Reads the arguments of QMP's `object-add`.
///
/// # Errors
/// An option is unknown, missing or of another type.
pub fn filter_from_json(members: Map<String, Value>) -> Result<Filter, NetdevError> {
    from_tree(members, Origin::Json)
}

fn kind_of(
    members: &Map<String, Value>,
) -> Result<(&'static str, &'static [OptionSpec]), NetdevError> {
    let built = || BUILT.iter().map(|(kind, _)| *kind);
    let kind = match members.get("qom-type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) => {
            let key = "qom-type".to_owned();
            return Err(OptionError::Type { key, expected: "string" }.into());
        }
        None => return Err(OptionError::Missing("qom-type".to_owned()).into()),
    };
    if ABSENT.contains(&kind) {
        let (kind, built) = (kind.to_owned(), built().collect());
        return Err(NetdevError::FilterNotBuilt { kind, built });
    }
    let kind = choice("qom-type", kind, built())?;
    let own = BUILT.iter().find(|(built, _)| *built == kind).map_or(&[][..], |(_, own)| own);
    Ok((kind, own))
}

fn from_tree(mut members: Map<String, Value>, origin: Origin) -> Result<Filter, NetdevError> {
    let (kind, own) = kind_of(&members)?;
    members.remove("qom-type");
    let id = match members.remove("id") {
        Some(Value::String(id)) => identifier("id", id)?,
        Some(_) => {
            return Err(OptionError::Type { key: "id".to_owned(), expected: "string" }.into());
        }
        None => return Err(OptionError::Missing("id".to_owned()).into()),
    };
    let all: Vec<OptionSpec> = FILTER_OPTIONS.iter().chain(own).copied().collect();
    let mut checked = validate::object(&all, members, "", origin)?;
    let mut common = Map::new();
    for spec in FILTER_OPTIONS {
        common.extend(checked.remove_entry(spec.name));
    }
    let options = common_options(id, deserialize(common)?)?;
    Ok(Filter { options, kind: own_options(kind, checked)? })
}

fn own_options(kind: &str, own: Map<String, Value>) -> Result<FilterKind, NetdevError> {
    Ok(match kind {
        "filter-buffer" => {
            let Buffer { interval } = deserialize(own)?;
            FilterKind::Buffer { interval }
        }
        "filter-mirror" | "filter-redirector" => outlets(kind, deserialize(own)?)?,
        "net-fault" => FilterKind::Fault(fault(deserialize(own)?)),
        _ => dump(deserialize(own)?)?,
    })
}

fn dump(own: Dump) -> Result<FilterKind, NetdevError> {
    let Dump { file, maxlen, clock, format } = own;
    let clock = match clock {
        Some(clock) if choice("clock", &clock, ["virtual", "host"])? == "host" => DumpClock::Host,
        _ => DumpClock::Virtual,
    };
    let format = match format {
        Some(format) if choice("format", &format, ["pcap", "pcapng"])? == "pcapng" => {
            DumpFormat::PcapNg
        }
        _ => DumpFormat::Pcap,
    };
    let max_length = maxlen.unwrap_or(FilterDump::DEFAULT_MAX_LENGTH);
    Ok(FilterKind::Dump { file, max_length, clock, format })
}

fn outlets(kind: &str, own: Outlets) -> Result<FilterKind, NetdevError> {
    let Outlets { indev, outdev, vnet_hdr_support } = own;
    if vnet_hdr_support == Some(true) {
        return Err(NetdevError::VnetHeaderSupport);
    }
    match (kind, indev, outdev) {
        ("filter-mirror", _, Some(outdev)) => Ok(FilterKind::Mirror { outdev }),
        (_, None, None) => Err(NetdevError::NoOutlet),
        (_, Some(indev), Some(outdev)) if indev == outdev => Err(NetdevError::SameOutlet),
        (_, indev, outdev) => Ok(FilterKind::Redirector { indev, outdev }),
    }
}

fn fault(own: Fault) -> FaultOptions {
    let Fault { seed, loss, duplicate, corrupt, reorder, delay, jitter, rate, limit } = own;
    let micros = |time: Option<u32>| VDuration::from_micros(time.unwrap_or(0).into());
    FaultOptions {
        seed: seed.unwrap_or(0),
        loss: loss.unwrap_or(0),
        duplicate: duplicate.unwrap_or(0),
        corrupt: corrupt.unwrap_or(0),
        reorder: reorder.unwrap_or(0),
        delay: micros(delay),
        jitter: micros(jitter),
        rate: rate.unwrap_or(0),
        limit: limit.map_or(FaultOptions::default().limit, |limit| limit as usize),
    }
}

fn common_options(id: String, common: Common) -> Result<FilterOptions, NetdevError> {
    let queue = match common.queue.map(|queue| choice("queue", &queue, ["all", "rx", "tx"])) {
        None => FilterQueue::All,
        Some(queue) => match queue? {
            "rx" => FilterQueue::Rx,
            "tx" => FilterQueue::Tx,
            _ => FilterQueue::All,
        },
    };
    let active = match common.status {
        Some(status) => choice("status", &status, ["on", "off"])? == "on",
        None => true,
    };
    let before = match common.insert {
        Some(insert) => choice("insert", &insert, ["before", "behind"])? == "before",
        None => false,
    };
    let position = common.position.as_deref().unwrap_or("tail");
    let position = match position.strip_prefix("id=") {
        Some(beside) if before => FilterPosition::Before(beside.to_owned()),
        Some(beside) => FilterPosition::Behind(beside.to_owned()),
        None if choice("position", position, ["head", "tail", "id=FILTER"])? == "head" => {
            FilterPosition::Head
        }
        None => FilterPosition::Tail,
    };
    Ok(FilterOptions { id, netdev: common.netdev, queue, position, active })
}

impl Filter {
    /// The chardevs it takes.
    pub fn chardevs(&self) -> impl Iterator<Item = &str> {
        let names = match &self.kind {
            FilterKind::Mirror { outdev } => [None, Some(outdev)],
            FilterKind::Redirector { indev, outdev } => [indev.as_ref(), outdev.as_ref()],
            FilterKind::Dump { .. } | FilterKind::Buffer { .. } | FilterKind::Fault(_) => [None; 2],
        };
        names.into_iter().flatten().map(String::as_str)
    }

    /// What QEMU calls its type.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            FilterKind::Dump { .. } => "filter-dump",
            FilterKind::Buffer { .. } => "filter-buffer",
            FilterKind::Mirror { .. } => "filter-mirror",
            FilterKind::Redirector { .. } => "filter-redirector",
            FilterKind::Fault(_) => "net-fault",
        }
    }

    /// Makes the filter, with the chardevs it names, and puts it in its place.
    ///
    /// # Errors
    /// Its file cannot be written, a value is out of range, a chardev is not there or in use, or the core refuses the
    /// place. The chardevs are as they were then.
    pub fn add_to(
        self,
        core: &mut NetCore,
        chardevs: &mut Chardevs,
        now: VTime,
    ) -> Result<(), NetdevError> {
        let Self { options, kind } = self;
        // A file is emptied only for a filter that finds its place.
        core.check_filter(&options)?;
        let filter: Box<dyn NetFilter> = match kind {
            FilterKind::Dump { file, max_length, clock, format } => {
                Box::new(FilterDump::create_as(format, Path::new(&file), max_length, clock)?)
            }
            FilterKind::Buffer { interval } => Box::new(FilterBuffer::new(interval, now)?),
            FilterKind::Mirror { outdev } => Box::new(FilterMirror::new(chardevs.take(&outdev)?)),
            FilterKind::Redirector { indev, outdev } => {
                for name in [&indev, &outdev].into_iter().flatten() {
                    chardevs.check(name)?;
                }
                let mut take = |name: Option<String>| name.map(|name| chardevs.take(&name));
                let (indev, outdev) = (take(indev).transpose()?, take(outdev).transpose()?);
                Box::new(FilterRedirector::new(indev, outdev, options.queue))
            }
            FilterKind::Fault(faults) => Box::new(NetFault::new(faults)),
        };
        Ok(core.add_filter(options, filter)?)
    }
}
