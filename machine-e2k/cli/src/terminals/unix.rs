//! A unix stream socket as a terminal.
//!
//! As in QEMU: with `server=on` the path is listened on, one peer at a time, and unless `wait=off` the machine does not
//! start before the first has come; else the path is connected to. Without a peer, output is lost.

use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crossbeam::channel::{Receiver, Sender, bounded};
use elnic_board::Terminal;
use elnic_contract::{Properties, PropertyKind, PropertySpec};
use elnic_netclient::Doorbell;

use super::stdio::forward;
use crate::error::Failure;
use crate::options::KeyValues;

const MAILBOX: usize = 4096;

const PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "server",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "listen instead of connecting",
    },
    PropertySpec {
        name: "wait",
        kind: PropertyKind::Switch,
        default: Some("on"),
        about: "a server waits for its first peer before the machine starts",
    },
];

/// Where peers come from.
enum Origin {
    Connected(UnixStream),
    Listening(UnixListener, Option<UnixStream>),
}

/// A socket.
pub(crate) struct UnixSocket {
    origin: Option<Origin>,
    /// Writing ends of peers, newest last, from the thread.
    peers: Receiver<UnixStream>,
    announce: Sender<UnixStream>,
    peer: Option<UnixStream>,
    pending: Vec<u8>,
    input: Receiver<u8>,
    mailbox: Sender<u8>,
}

impl UnixSocket {
    /// Opens the socket of `-serial unix:…`, whose whole text is `text`.
    pub(crate) fn open(text: &str, list: &KeyValues) -> Result<Self, Failure> {
        let given = list.rest.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let properties = Properties::parse(text, PROPERTIES, given)?;
        let path = PathBuf::from(&list.first);
        let fail = |doing| {
            let file = path.clone();
            move |error| Failure::File { option: "serial", doing, file, error }
        };
        let origin = if properties.switch("server") {
            if is_left_behind(&path) {
                std::fs::remove_file(&path).map_err(fail("replace"))?;
            }
            let listener = UnixListener::bind(&path).map_err(fail("listen on"))?;
            let first = if properties.switch("wait") {
                Some(listener.accept().map_err(fail("wait on"))?.0)
            } else {
                None
            };
            Origin::Listening(listener, first)
        } else {
            Origin::Connected(UnixStream::connect(&path).map_err(fail("connect to"))?)
        };
        let (announce, peers) = bounded(1);
        let (mailbox, input) = bounded(MAILBOX);
        let pending = Vec::new();
        Ok(Self { origin: Some(origin), peers, announce, peer: None, pending, input, mailbox })
    }
}

/// Whether a socket stands there that nobody listens to any more, as an earlier run leaves it. Anything else is kept.
fn is_left_behind(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let refused = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

impl Terminal for UnixSocket {
    fn put(&mut self, byte: u8) {
        self.pending.push(byte);
    }

    fn flush(&mut self) {
        if let Some(newest) = self.peers.try_iter().last() {
            self.peer = Some(newest);
        }
        if let Some(peer) = &mut self.peer
            && let Err(error) = peer.write_all(&self.pending)
        {
            tracing::info!("the peer of a serial line has gone: {error}");
            self.peer = None;
        }
        self.pending.clear();
    }

    fn take(&mut self) -> Option<u8> {
        self.input.try_recv().ok()
    }

    fn attach(&mut self, doorbell: Doorbell) {
        let Some(origin) = self.origin.take() else { return };
        let (announce, mailbox) = (self.announce.clone(), self.mailbox.clone());
        let first = match &origin {
            Origin::Connected(stream) | Origin::Listening(_, Some(stream)) => stream.try_clone(),
            Origin::Listening(_, None) => Err(std::io::ErrorKind::NotConnected.into()),
        };
        // The first peer is there before the guest's first character.
        self.peer = first.ok();
        std::thread::spawn(move || match origin {
            Origin::Connected(stream) => forward(stream, &mailbox, &doorbell, Some),
            Origin::Listening(listener, first) => {
                if let Some(stream) = first {
                    forward(stream, &mailbox, &doorbell, Some);
                }
                serve(&listener, &announce, &mailbox, &doorbell);
            }
        });
    }
}

/// Serves one peer after the other.
fn serve(
    listener: &UnixListener,
    announce: &Sender<UnixStream>,
    mailbox: &Sender<u8>,
    doorbell: &Doorbell,
) {
    for stream in listener.incoming() {
        let both = stream.and_then(|stream| Ok((stream.try_clone()?, stream)));
        match both {
            Ok((writing, reading)) => {
                if announce.send(writing).is_err() {
                    return;
                }
                forward(reading, mailbox, doorbell, Some);
            }
            Err(error) => {
                tracing::warn!("a serial line takes no more peers: {error}");
                return;
            }
        }
    }
}
