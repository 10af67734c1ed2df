//! Addresses: of guest memory and of stations on the cable.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A guest physical address as a bus master puts it on the bus.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Gpa(pub u64);

impl Gpa {
    /// The address `offset` bytes further, wrapping at 2⁶⁴ as an address adder does.
    #[must_use]
    pub const fn plus(self, offset: u64) -> Self {
        Self(self.0.wrapping_add(offset))
    }
}

impl fmt::Display for Gpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// The 48-bit address of an Ethernet station or group (IEEE 802-2014 §8).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr(pub [u8; 6]);

/// Why a text is not a MAC address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a MAC address: six hexadecimal bytes are wanted, as in 52:54:00:12:34:56")]
pub struct MacParseError(pub String);

impl MacAddr {
    /// All stations.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether this addresses a group (the I/G bit), which includes broadcast.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Whether this addresses all stations.
    pub fn is_broadcast(self) -> bool {
        self == Self::BROADCAST
    }

    /// Whether this addresses a group other than all stations.
    pub fn is_multicast(self) -> bool {
        self.is_group() && !self.is_broadcast()
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MacAddr {
    type Err = MacParseError;

    /// Six bytes of one or two hexadecimal digits, separated by `:` or by `-` throughout.
    fn from_str(text: &str) -> Result<Self, MacParseError> {
        let refuse = || MacParseError(text.to_owned());
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut parts = text.split(separator);
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(refuse)?;
            let digits =
                (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
            if !digits {
                return Err(refuse());
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| refuse())?;
        }
        if parts.next().is_some() { Err(refuse()) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for MacAddr {
    type Error = MacParseError;

    fn try_from(text: String) -> Result<Self, MacParseError> {
        text.parse()
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_are_read_and_colons_are_written() {
        let mac: MacAddr = "52-54-0-12-34-ab".parse().unwrap();
        assert_eq!(mac.to_string(), "52:54:00:12:34:ab");
        assert_eq!(mac.to_string().parse(), Ok(mac));
    }

    #[test]
    fn anything_else_is_refused_with_its_text() {
        for text in [
            "",
            "52:54:00:12:34",
            "52:54:00:12:34:56:78",
            "52:54:00:12:34:5g",
            "+1:2:3:4:5:6",
            "a-b:c-d:e-f",
        ] {
            assert_eq!(text.parse::<MacAddr>(), Err(MacParseError(text.to_owned())));
        }
    }

    #[test]
    fn broadcast_is_a_group_but_no_multicast() {
        assert!(MacAddr::BROADCAST.is_group() && !MacAddr::BROADCAST.is_multicast());
        assert!(MacAddr([1, 0, 0x5e, 0, 0, 1]).is_multicast());
        assert!(!MacAddr([0x52, 0x54, 0, 0, 0, 1]).is_group());
    }
}
