//! Messages that crate `vhost` has a number for and no call, or whose call does not fit a network device: its
//! `GET_QUEUE_NUM` takes pairs for rings, its `SET_VRING_BASE` has no room for a packed ring's position, its
//! `SET_LOG_BASE` waits for more of an answer than DPDK gives.
//!
//! They share the socket with the crate's front end and are said while it is silent.

use std::fs::File;
use std::io::{IoSlice, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use byteorder::{ByteOrder, NativeEndian};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use vhost::vhost_user::message::{
    FrontendReq, VhostUserHeaderFlag, VhostUserU64, VhostUserVringState,
};
use vm_memory::ByteValued;

use crate::error::VhostUserError;

/// The socket, for messages of our own.
pub(crate) struct Wire {
    stream: UnixStream,
    /// `REPLY_ACK` was agreed on: every message is answered.
    pub(crate) acknowledged: bool,
}

/// Bytes of a header: request, flags, length of what follows, in the host's order.
const HEADER: usize = 12;
/// Version 1, and the flag of a reply.
const VERSION: u32 = 1;
const REPLY: u32 = 4;
/// Bytes of a number.
const NUMBER: u32 = 8;

impl Wire {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, acknowledged: false }
    }

    fn send(
        &mut self,
        doing: &'static str,
        request: FrontendReq,
        flags: u32,
        body: &[u8],
    ) -> Result<(), VhostUserError> {
        let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut header = [0; HEADER];
        NativeEndian::write_u32_into(&[request as u32, VERSION | flags, size], &mut header);
        let message = [&header[..], body].concat();
        self.stream.write_all(&message).map_err(VhostUserError::os(doing))
    }

    /// The answer to `request`: a number.
    fn answer(&mut self, doing: &'static str, request: FrontendReq) -> Result<u64, VhostUserError> {
        let (mut header, mut words, mut value) = ([0; HEADER], [0; 3], [0; NUMBER as usize]);
        self.stream.read_exact(&mut header).map_err(VhostUserError::os(doing))?;
        NativeEndian::read_u32_into(&header, &mut words);
        if words != [request as u32, VERSION | REPLY, NUMBER] {
            let error = vhost::vhost_user::Error::InvalidMessage;
            return Err(VhostUserError::Protocol { doing, error });
        }
        self.stream.read_exact(&mut value).map_err(VhostUserError::os(doing))?;
        Ok(NativeEndian::read_u64(&value))
    }

    fn ask(&mut self, doing: &'static str, request: FrontendReq) -> Result<u64, VhostUserError> {
        self.send(doing, request, 0, &[])?;
        self.answer(doing, request)
    }

    fn tell(
        &mut self,
        doing: &'static str,
        request: FrontendReq,
        body: &[u8],
    ) -> Result<(), VhostUserError> {
        let flags = if self.acknowledged { VhostUserHeaderFlag::NEED_REPLY.bits() } else { 0 };
        self.send(doing, request, flags, body)?;
        if self.acknowledged && self.answer(doing, request)? != 0 {
            return Err(VhostUserError::Refused(doing));
        }
        Ok(())
    }

    /// Queue pairs the back end serves.
    pub(crate) fn queue_pairs(&mut self) -> Result<u64, VhostUserError> {
        self.ask("GET_QUEUE_NUM", FrontendReq::GET_QUEUE_NUM)
    }

    /// Device status, as the driver has written it.
    pub(crate) fn set_status(&mut self, status: u8) -> Result<(), VhostUserError> {
        let body = VhostUserU64::new(status.into());
        self.tell("SET_STATUS", FrontendReq::SET_STATUS, body.as_slice())
    }

    /// The back end is to announce this station (a broadcast RARP).
    pub(crate) fn send_rarp(&mut self, station: [u8; 6]) -> Result<(), VhostUserError> {
        let [a, b, c, d, e, f] = station;
        let body = VhostUserU64::new(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]));
        self.tell("SEND_RARP", FrontendReq::SEND_RARP, body.as_slice())
    }

    /// The largest MTU the guest was told of.
    pub(crate) fn set_mtu(&mut self, mtu: u16) -> Result<(), VhostUserError> {
        let body = VhostUserU64::new(mtu.into());
        self.tell("NET_SET_MTU", FrontendReq::NET_SET_MTU, body.as_slice())
    }

    /// Where work on a ring begins.
    pub(crate) fn set_base(&mut self, queue: u16, position: u32) -> Result<(), VhostUserError> {
        let body = VhostUserVringState::new(queue.into(), position);
        self.tell("SET_VRING_BASE", FrontendReq::SET_VRING_BASE, body.as_slice())
    }

    /// Where written pages are to be marked. What the answer carries is a matter of the back end's: DPDK's is empty.
    pub(crate) fn set_log_base(&mut self, log: &File, size: u64) -> Result<(), VhostUserError> {
        let doing = "SET_LOG_BASE";
        let request = FrontendReq::SET_LOG_BASE as u32;
        let (mut header, mut words) = ([0; HEADER], [0; 3]);
        NativeEndian::write_u32_into(&[request, VERSION, 2 * NUMBER], &mut header);
        let message = [&header[..], &size.to_ne_bytes(), &0_u64.to_ne_bytes()].concat();
        let log = [log.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&log)];
        let parts = [IoSlice::new(&message)];
        let number = self.stream.as_raw_fd();
        let sent = sendmsg::<()>(number, &parts, &rights, MsgFlags::empty(), None);
        sent.map_err(|errno| VhostUserError::os(doing)(errno.into()))?;
        self.stream.read_exact(&mut header).map_err(VhostUserError::os(doing))?;
        NativeEndian::read_u32_into(&header, &mut words);
        let [answered, _, length] = words;
        let mut rest = [0; 2 * NUMBER as usize];
        match rest.get_mut(..length as usize).filter(|_| answered == request) {
            Some(rest) => self.stream.read_exact(rest).map_err(VhostUserError::os(doing)),
            None => {
                let error = vhost::vhost_user::Error::InvalidMessage;
                Err(VhostUserError::Protocol { doing, error })
            }
        }
    }

    /// Ends the conversation for both sides.
    pub(crate) fn hang_up(&self) {
        // One that is broken already needs no more.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
