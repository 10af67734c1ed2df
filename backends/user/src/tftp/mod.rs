//! The TFTP server (RFC 1350) at the host's address: read requests, options `blksize`, `tsize`, `timeout`, `windowsize`.
//!
//! All of it runs on the machine's thread in virtual time: a guest's boot is the same every time. Answers come from port
//! 69 itself, as libslirp's do, so one client port has one transfer.
//!
//! Left out: writing.

mod request;
mod root;
mod session;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use elnic_contract::VTime;

use crate::counters::Discard;
use crate::packet;
use crate::stack::Context;
use crate::{OptionsError, TftpRoot};
use request::{Failure, Message, Read};
use root::Root;
use session::{Session, Step};

/// The UDP port requests arrive at and answers come from.
pub(crate) const PORT: u16 = 69;
/// Most transfers at a time.
const TRANSFER_LIMIT: usize = 20;

/// The server and its transfers, by client.
#[derive(Debug)]
pub(crate) struct Server {
    root: Root,
    transfers: BTreeMap<SocketAddr, Transfer>,
}

/// A transfer and the address it comes from.
#[derive(Debug)]
struct Transfer {
    server: SocketAddr,
    session: Session,
}

impl Server {
    /// # Errors
    /// The directory cannot be opened.
    pub(crate) fn new(root: TftpRoot) -> Result<Self, OptionsError> {
        Ok(Self { root: Root::open(root)?, transfers: BTreeMap::new() })
    }

    /// Handles a datagram of `client` to `server`.
    pub(crate) fn input(
        &mut self,
        cx: &mut Context<'_>,
        client: SocketAddr,
        server: SocketAddr,
        payload: &[u8],
    ) {
        let step = match Message::parse(payload) {
            Some(Message::Read(read)) => self.start(cx.now, client, server, &read),
            Some(Message::Acknowledge(number)) => match self.transfers.get_mut(&client) {
                Some(transfer) => transfer.session.acknowledge(cx.now, number),
                None => Step::Failed(Failure::UnknownTransfer),
            },
            Some(Message::Error) => Step::Done,
            Some(Message::Wrong(failure)) => Step::Failed(failure),
            None => return cx.link.counters.discard(Discard::Malformed),
        };
        self.perform(cx, client, server, step);
    }

    fn start(
        &mut self,
        now: VTime,
        client: SocketAddr,
        server: SocketAddr,
        read: &Read<'_>,
    ) -> Step {
        self.transfers.remove(&client);
        if self.transfers.len() >= TRANSFER_LIMIT {
            return Step::Failed(Failure::TooManyTransfers);
        }
        match self.root.file(read.name, read.text) {
            Ok(content) => {
                let (session, step) = Session::new(now, read, content);
                self.transfers.insert(client, Transfer { server, session });
                step
            }
            Err(failure) => Step::Failed(failure),
        }
    }

    /// Sends again what got no answer in time.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) {
        let late =
            self.transfers.iter().filter(|(_, transfer)| transfer.session.deadline <= cx.now);
        let clients: Vec<_> = late.map(|(&client, _)| client).collect();
        for client in clients {
            if let Some(transfer) = self.transfers.get_mut(&client) {
                let (server, step) = (transfer.server, transfer.session.retry(cx.now));
                self.perform(cx, client, server, step);
            }
        }
    }

    /// When the next packet is to be sent again.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        self.transfers.values().map(|transfer| transfer.session.deadline).min()
    }

    fn perform(
        &mut self,
        cx: &mut Context<'_>,
        client: SocketAddr,
        server: SocketAddr,
        step: Step,
    ) {
        let packets = match step {
            Step::Send(packets) => packets,
            Step::Done => {
                self.transfers.remove(&client);
                Vec::new()
            }
            Step::Failed(failure) => {
                self.transfers.remove(&client);
                vec![failure.packet()]
            }
        };
        for packet in packets {
            if let Some(packet) = packet::datagram(server, client, &packet) {
                cx.link.send_ip(cx.now, packet);
            }
        }
    }
}
