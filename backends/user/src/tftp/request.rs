//! TFTP packets on the wire (RFC 1350 §5, RFC 2347, RFC 2348, RFC 2349, RFC 7440).

use elnic_contract::VDuration;

/// The block size where none is negotiated, in bytes (RFC 1350).
pub(super) const PLAIN_BLOCK: usize = 512;
/// The largest block granted, in bytes: what fits a frame of 1500 bytes.
const LARGEST_BLOCK: usize = 1468;
/// The largest window granted, in blocks.
const LARGEST_WINDOW: u64 = 64;

mod opcode {
    pub(super) const READ: u16 = 1;
    pub(super) const WRITE: u16 = 2;
    pub(super) const DATA: u16 = 3;
    pub(super) const ACKNOWLEDGE: u16 = 4;
    pub(super) const ERROR: u16 = 5;
    pub(super) const OPTIONS: u16 = 6;
}

/// Why a transfer ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    FileNotFound,
    AccessViolation,
    ReadOnly,
    UnsupportedMode,
    IllegalOperation,
    UnknownTransfer,
    TooManyTransfers,
    TooLargeForText,
    ReadError,
}

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Read(Read<'a>),
    Acknowledge(u16),
    Error,
    /// Nothing a reading client sends, with what to tell it.
    Wrong(Failure),
}

/// A request to read a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read<'a> {
    pub(super) name: &'a [u8],
    pub(super) text: bool,
    pub(super) block_size: Option<usize>,
    pub(super) window: Option<u64>,
    pub(super) timeout: Option<u8>,
    pub(super) wants_size: bool,
}

impl<'a> Message<'a> {
    /// Reads a packet; `None` if it is too short to be one.
    pub(super) fn parse(packet: &'a [u8]) -> Option<Self> {
        let (&opcode, rest) = packet.split_first_chunk()?;
        Some(match u16::from_be_bytes(opcode) {
            opcode::READ => match Read::parse(rest) {
                Ok(read) => Self::Read(read),
                Err(failure) => Self::Wrong(failure),
            },
            opcode::WRITE => Self::Wrong(Failure::ReadOnly),
            opcode::ACKNOWLEDGE => {
                let (&block, _) = rest.split_first_chunk()?;
                Self::Acknowledge(u16::from_be_bytes(block))
            }
            opcode::ERROR => Self::Error,
            _ => Self::Wrong(Failure::IllegalOperation),
        })
    }
}

impl<'a> Read<'a> {
    fn parse(rest: &'a [u8]) -> Result<Self, Failure> {
        // Every string ends with a NUL, the last one too.
        let strings = rest.strip_suffix(b"\0").ok_or(Failure::IllegalOperation)?;
        let mut strings = strings.split(|&byte| byte == 0);
        let name = strings.next().ok_or(Failure::IllegalOperation)?;
        let mode = strings.next().ok_or(Failure::IllegalOperation)?;
        let text = match mode.to_ascii_lowercase().as_slice() {
            b"octet" => false,
            b"netascii" => true,
            _ => return Err(Failure::UnsupportedMode),
        };
        let mut read =
            Self { name, text, block_size: None, window: None, timeout: None, wants_size: false };
        while let (Some(option), Some(value)) = (strings.next(), strings.next()) {
            read.take(option, value);
        }
        Ok(read)
    }

    /// Notes an option; one that is unknown or senseless is as if not given (RFC 2347).
    fn take(&mut self, option: &[u8], value: &[u8]) {
        let value = std::str::from_utf8(value).ok().and_then(|value| value.parse::<u64>().ok());
        let Some(value) = value else { return };
        match option.to_ascii_lowercase().as_slice() {
            b"blksize" if (8..=65_464).contains(&value) => {
                let size = usize::try_from(value).unwrap_or(LARGEST_BLOCK);
                self.block_size = Some(size.min(LARGEST_BLOCK));
            }
            b"windowsize" if (1..=65_535).contains(&value) => {
                self.window = Some(value.min(LARGEST_WINDOW));
            }
            b"timeout" => self.timeout = u8::try_from(value).ok().filter(|&seconds| seconds > 0),
            b"tsize" => self.wants_size = true,
            _ => {}
        }
    }

    /// The packet that grants the options, if there are any.
    pub(super) fn grant(&self, length: u64) -> Option<Vec<u8>> {
        let options = [
            ("blksize", self.block_size.map(|size| size as u64)),
            ("windowsize", self.window),
            ("timeout", self.timeout.map(u64::from)),
            ("tsize", self.wants_size.then_some(length)),
        ];
        if options.iter().all(|(_, value)| value.is_none()) {
            return None;
        }
        let mut packet = opcode::OPTIONS.to_be_bytes().to_vec();
        for (option, value) in options {
            if let Some(value) = value {
                packet.extend_from_slice(format!("{option}\0{value}\0").as_bytes());
            }
        }
        Some(packet)
    }

    /// How long to wait for an answer before sending again.
    pub(super) fn patience(&self) -> VDuration {
        VDuration::from_millis(1000).times(self.timeout.unwrap_or(1).into())
    }
}

/// A block of data. Block numbers wrap, as every client expects of files over 65535 blocks.
pub(super) fn data(number: u64, block: &[u8]) -> Vec<u8> {
    let [.., high, low] = number.to_be_bytes();
    [&opcode::DATA.to_be_bytes(), &[high, low][..], block].concat()
}

impl Failure {
    /// The packet that tells the client.
    pub(super) fn packet(self) -> Vec<u8> {
        let (code, text): (u16, &str) = match self {
            Self::FileNotFound => (1, "File not found"),
            Self::AccessViolation => (2, "Access violation"),
            Self::ReadOnly => (2, "Access violation: read only"),
            Self::UnsupportedMode => (4, "Unsupported transfer mode"),
            Self::IllegalOperation => (4, "Illegal TFTP operation"),
            Self::UnknownTransfer => (5, "Unknown transfer ID"),
            Self::TooManyTransfers => (0, "Too many transfers"),
            Self::TooLargeForText => (0, "File too large for netascii"),
            Self::ReadError => (0, "Read error"),
        };
        let parts = [&opcode::ERROR.to_be_bytes(), &code.to_be_bytes(), text.as_bytes(), b"\0"];
        parts.concat()
    }
}
