//! `filter-dump`: frames into a pcap or pcapng file.
//!
//! The file is the classic one unless the user asks for the other (a header of 24 bytes, microseconds, little-endian on
//! every host, link type Ethernet; draft-ietf-opsawg-pcap). Times are virtual time since power-on, so that two runs of one
//! machine write the same file.

mod pcapng;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::SystemTime;

use byteorder::{LittleEndian, WriteBytesExt};
use elnic_contract::{Frame, VTime};

use crate::filter::{Direction, FilterFault, NetFilter};

/// Which clock stamps the frames of a dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DumpClock {
    /// Virtual time since power-on.
    #[default]
    Virtual,
    /// The host's time of day, to compare with captures of the host.
    Host,
}

impl DumpClock {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Host => "host",
        }
    }
}

/// What a dump is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DumpFormat {
    /// The classic format, as QEMU writes it.
    #[default]
    Pcap,
    /// Nanoseconds, and the direction of each frame.
    PcapNg,
}

/// The pcap writer as a filter; every frame passes unchanged.
pub struct FilterDump {
    /// `None` once writing failed.
    out: Option<Box<dyn Write + Send>>,
    file: String,
    max_length: u32,
    clock: DumpClock,
    format: DumpFormat,
    unflushed: bool,
}

/// Why a dump was not begun or ended early.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file cannot be made.
    #[error("net dump: can't open {file}: {error}")]
    Open {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// A write failed; the dump has ended, frames pass all the same.
    #[error("net dump: can't write {file}: {error}; the dump ends here")]
    Write {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// Nothing would be kept of any frame.
    #[error("Property 'filter-dump.maxlen' takes 1 to {max}, not 0", max = u32::MAX)]
    MaxLength,
}

impl FilterDump {
    /// Bytes kept of a frame unless the user says otherwise.
    pub const DEFAULT_MAX_LENGTH: u32 = 65_536;

    /// Starts a classic dump into `file`, which is emptied if it exists. Of each frame `max_length` bytes are kept.
    ///
    /// # Errors
    /// The file cannot be made or written; or `max_length` is 0, and the file is left alone.
    pub fn create(file: &Path, max_length: u32, clock: DumpClock) -> Result<Self, DumpError> {
        Self::create_as(DumpFormat::Pcap, file, max_length, clock)
    }

    /// The same in a format.
    ///
    /// # Errors
    /// As [`FilterDump::create`].
    pub fn create_as(
        format: DumpFormat,
        file: &Path,
        max_length: u32,
        clock: DumpClock,
    ) -> Result<Self, DumpError> {
        if max_length == 0 {
            return Err(DumpError::MaxLength);
        }
        let name = file.display().to_string();
        match File::create(file) {
            Ok(out) => Self::start(format, Box::new(BufWriter::new(out)), name, max_length, clock),
            Err(error) => Err(DumpError::Open { file: name, error }),
        }
    }

    /// Starts a dump into `out`, which errors and `info network` call `file`.
    ///
    /// # Errors
    /// The header cannot be written, or `max_length` is 0.
    pub fn new(
        out: Box<dyn Write + Send>,
        file: String,
        max_length: u32,
        clock: DumpClock,
    ) -> Result<Self, DumpError> {
        Self::start(DumpFormat::Pcap, out, file, max_length, clock)
    }

    fn start(
        format: DumpFormat,
        mut out: Box<dyn Write + Send>,
        file: String,
        max_length: u32,
        clock: DumpClock,
    ) -> Result<Self, DumpError> {
        if max_length == 0 {
            return Err(DumpError::MaxLength);
        }
        let begun = match format {
            DumpFormat::Pcap => write_header(&mut out, max_length),
            DumpFormat::PcapNg => pcapng::write_header(&mut out, max_length),
        };
        match begun {
            Ok(()) => {
                Ok(Self { out: Some(out), file, max_length, clock, format, unflushed: false })
            }
            Err(error) => Err(DumpError::Write { file, error }),
        }
    }

    /// Since power-on or 1970, in nanoseconds.
    fn stamp(&self, now: VTime) -> u64 {
        match self.clock {
            DumpClock::Virtual => now.as_nanos(),
            DumpClock::Host => SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
        }
    }

    /// Does `work` with the writer unless it failed before.
    fn write(
        &mut self,
        work: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FilterFault> {
        let Some(out) = &mut self.out else { return Ok(()) };
        work(out).map_err(|error| {
            self.out = None;
            DumpError::Write { file: self.file.clone(), error }.into()
        })
    }
}

fn write_header(out: &mut dyn Write, max_length: u32) -> io::Result<()> {
    const MAGIC: u32 = 0xa1b2_c3d4;
    const ETHERNET: u32 = 1;
    out.write_u32::<LittleEndian>(MAGIC)?;
    out.write_u16::<LittleEndian>(2)?;
    out.write_u16::<LittleEndian>(4)?;
    // Offset from UTC and accuracy, zero in all files.
    out.write_u64::<LittleEndian>(0)?;
    out.write_u32::<LittleEndian>(max_length)?;
    out.write_u32::<LittleEndian>(ETHERNET)?;
    out.flush()
}

fn write_frame(
    out: &mut dyn Write,
    microseconds: u64,
    data: &[u8],
    max_length: u32,
) -> io::Result<()> {
    // A frame is shorter than 2³² bytes by far; the seconds of the format end after 136 years.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let kept = length.min(max_length);
    let seconds = u32::try_from(microseconds / 1_000_000).unwrap_or(u32::MAX);
    out.write_u32::<LittleEndian>(seconds)?;
    out.write_u32::<LittleEndian>((microseconds % 1_000_000) as u32)?;
    out.write_u32::<LittleEndian>(kept)?;
    out.write_u32::<LittleEndian>(length)?;
    out.write_all(data.get(..kept as usize).unwrap_or(data))
}

impl NetFilter for FilterDump {
    fn kind(&self) -> &'static str {
        "filter-dump"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let mut properties =
            vec![("file", self.file.clone()), ("maxlen", self.max_length.to_string())];
        if self.clock != DumpClock::default() {
            properties.push(("clock", self.clock.as_str().to_owned()));
        }
        if self.format == DumpFormat::PcapNg {
            properties.push(("format", "pcapng".to_owned()));
        }
        properties
    }

    fn pass(
        &mut self,
        now: VTime,
        direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        let (stamp, max_length) = (self.stamp(now), self.max_length);
        let format = self.format;
        let written = self.write(|file| match format {
            DumpFormat::Pcap => write_frame(file, stamp / 1_000, frame.data(), max_length),
            DumpFormat::PcapNg => {
                pcapng::write_frame(file, stamp, direction, frame.data(), max_length)
            }
        });
        self.unflushed = true;
        out.push(frame);
        written
    }

    /// What was seen since the last input point is in the file at the next.
    fn tick(&mut self, _now: VTime, _out: &mut Vec<(Direction, Frame)>) -> Result<(), FilterFault> {
        if std::mem::take(&mut self.unflushed) { self.write(|file| file.flush()) } else { Ok(()) }
    }
}
