//! `-object filter-…`: from text to a filter.

use std::path::{Path, PathBuf};

use elnic_contract::VTime;
use elnic_netclient::{
    DumpClock, FilterBuffer, FilterDump, FilterOptions, FilterPosition, FilterQueue, NetCore,
    NetFilter,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::parse::{Request, deserialize};
use crate::schema::{BUFFER_OPTIONS, DUMP_OPTIONS, FILTER_OPTIONS, OptionSpec};
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
    },
    /// `filter-buffer`.
    Buffer {
        /// Microseconds of virtual time between releases.
        interval: u32,
    },
}

/// The filters this version makes, and their options besides [`FILTER_OPTIONS`].
const BUILT: &[(&str, &[OptionSpec])] =
    &[("filter-dump", DUMP_OPTIONS), ("filter-buffer", BUFFER_OPTIONS)];

/// The other filters of QEMU.
const ABSENT: &[&str] =
    &["filter-mirror", "filter-redirector", "filter-rewriter", "filter-replay", "colo-compare"];

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
    let kind = match kind {
        "filter-buffer" => {
            let Buffer { interval } = deserialize(checked)?;
            FilterKind::Buffer { interval }
        }
        _ => {
            let Dump { file, maxlen, clock } = deserialize(checked)?;
            let clock = match clock {
                Some(clock) if choice("clock", &clock, ["virtual", "host"])? == "host" => {
                    DumpClock::Host
                }
                _ => DumpClock::Virtual,
            };
            let max_length = maxlen.unwrap_or(FilterDump::DEFAULT_MAX_LENGTH);
            FilterKind::Dump { file, max_length, clock }
        }
    };
    Ok(Filter { options, kind })
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
    /// Makes the filter and puts it in its place.
    ///
    /// # Errors
    /// Its file cannot be written, a value is out of range, or the core refuses the place.
    pub fn add_to(self, core: &mut NetCore, now: VTime) -> Result<(), NetdevError> {
        let Self { options, kind } = self;
        // A file is emptied only for a filter that finds its place.
        core.check_filter(&options)?;
        let filter: Box<dyn NetFilter> = match kind {
            FilterKind::Dump { file, max_length, clock } => {
                Box::new(FilterDump::create(Path::new(&file), max_length, clock)?)
            }
            FilterKind::Buffer { interval } => Box::new(FilterBuffer::new(interval, now)?),
        };
        Ok(core.add_filter(options, filter)?)
    }
}
