//! What the host's errors mean for the guest.

use std::io;

use nix::errno::Errno;

use crate::icmp::{Trouble, Unreachable};

/// Why a connection did not come about; `None` is a reset.
pub(super) fn of_connect(error: &io::Error) -> Option<Unreachable> {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNREFUSED | Errno::ECONNRESET) => None,
        _ => Some(of_send(error)),
    }
}

/// Why a datagram did not leave.
pub(super) fn of_send(error: &io::Error) -> Unreachable {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNREFUSED) => Unreachable::Port,
        Some(Errno::EHOSTUNREACH | Errno::EHOSTDOWN | Errno::ETIMEDOUT) => Unreachable::Host,
        Some(Errno::EACCES | Errno::EPERM) => Unreachable::Prohibited,
        _ => Unreachable::Network,
    }
}

/// What an ICMP message the host received says (RFC 792).
pub(super) fn of_icmp(kind: u8, code: u8) -> Option<Trouble> {
    Some(match (kind, code) {
        (3, 0) => Trouble::Unreachable(Unreachable::Network),
        (3, 3) => Trouble::Unreachable(Unreachable::Port),
        (3, 9 | 10 | 13) => Trouble::Unreachable(Unreachable::Prohibited),
        (3, _) => Trouble::Unreachable(Unreachable::Host),
        (11, 0) => Trouble::TimeExceeded,
        _ => return None,
    })
}

/// What an ICMPv6 message the host received says (RFC 4443).
pub(super) fn of_icmpv6(kind: u8, code: u8) -> Option<Trouble> {
    Some(match (kind, code) {
        (1, 0) => Trouble::Unreachable(Unreachable::Network),
        (1, 1) => Trouble::Unreachable(Unreachable::Prohibited),
        (1, 4) => Trouble::Unreachable(Unreachable::Port),
        (1, _) => Trouble::Unreachable(Unreachable::Host),
        (3, 0) => Trouble::TimeExceeded,
        _ => return None,
    })
}
