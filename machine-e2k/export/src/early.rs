//! `SET_VRING_ENABLE`, read past crate `vhost`: it drops the message before `SET_FEATURES`, and QEMU says it only there.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use nix::sys::socket::{MsgFlags, recv};
use vhost::vhost_user::VhostUserBackendReqHandlerMut;
use vhost::vhost_user::message::FrontendReq;

use crate::front_end::FrontEnd;

/// Bytes of a header (request, flags, length) and of the body (ring, switch); all in the host's order.
const HEADER: usize = 12;
const MESSAGE: usize = HEADER + 8;
/// Flags: version 1, a reply, a reply is wanted.
const VERSION: u32 = 1;
const REPLY: u32 = 4;
const NEED_REPLY: u32 = 8;

fn word(bytes: &[u8], place: usize) -> u32 {
    let word = bytes.get(4 * place..).and_then(|bytes| bytes.first_chunk::<4>());
    word.map_or(0, |word| u32::from_ne_bytes(*word))
}

/// Carries the next message out if it is that one; whether it was.
///
/// # Errors
/// The conversation breaks off.
pub(crate) fn take_enable(stream: &UnixStream, front_end: &mut FrontEnd) -> io::Result<bool> {
    let mut bytes = [0; MESSAGE];
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    let seen = recv(stream.as_raw_fd(), &mut bytes, flags).unwrap_or(0);
    let [request, size] = [0, 2].map(|place| word(&bytes, place));
    let is_enable = seen >= HEADER && request == FrontendReq::SET_VRING_ENABLE as u32;
    if !is_enable || size as usize != MESSAGE - HEADER {
        return Ok(false);
    }
    (&mut &*stream).read_exact(&mut bytes)?;
    let [flags, ring, switch] = [1, 3, 4].map(|place| word(&bytes, place));
    let done = match switch {
        0 | 1 => front_end.set_vring_enable(ring, switch == 1).is_ok(),
        _ => false,
    };
    if flags & NEED_REPLY != 0 && front_end.acknowledges {
        let mut reply = Vec::with_capacity(MESSAGE);
        for word in [request, VERSION | REPLY, size] {
            reply.extend(word.to_ne_bytes());
        }
        reply.extend(u64::from(!done).to_ne_bytes());
        (&mut &*stream).write_all(&reply)?;
    }
    Ok(true)
}
