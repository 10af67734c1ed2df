//! Threads between character devices and the machine's thread.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam::channel::Sender;
use elnic_board::CallButton;

use super::outlet::Outlet;
use super::socket::{self, Listener};
use super::{Address, Kind, Socket};

/// Bytes taken from a client at a time.
const CHUNK: usize = 4096;

/// What comes in at a device.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A client is there; this leads to it.
    Opened(Outlet),
    /// It says something, and passes descriptors.
    Bytes(Vec<u8>, Vec<OwnedFd>),
    /// It has gone.
    Closed,
}

/// The way in.
#[derive(Clone, Debug)]
pub(super) struct Inlet {
    sender: Sender<Incoming>,
    call: Option<CallButton>,
}

impl Inlet {
    pub(super) fn new(sender: Sender<Incoming>) -> Self {
        Self { sender, call: None }
    }

    pub(super) fn with(&self, call: CallButton) -> Self {
        Self { sender: self.sender.clone(), call: Some(call) }
    }

    fn call(&self) {
        if let Some(call) = &self.call {
            call.call();
        }
    }

    /// Hands something in; waits while the machine has not looked. `false`: nobody ever will.
    fn put(&self, incoming: Incoming) -> bool {
        self.call();
        let kept = self.sender.send(incoming).is_ok();
        self.call();
        kept
    }
}

/// A device as it was opened, before its threads start.
#[derive(Debug)]
pub(super) enum Edge {
    Null,
    Stdio,
    File(File),
    Connected(OwnedFd, Socket),
    /// Not connected yet: it is tried again and again.
    Connecting(Socket),
    Listening(Listener, Socket, Option<OwnedFd>),
}

/// Ends a server's waiting for peers and takes its path away.
#[derive(Debug)]
pub(super) struct Closer {
    listener: OwnedFd,
    path: Option<PathBuf>,
}

impl Closer {
    pub(super) fn close(&self) {
        socket::cut(&self.listener);
        if let Some(path) = &self.path {
            // Somebody may have taken it away already.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Edge {
    /// Opens what the device needs of the host; why not, in words.
    pub(super) fn open(kind: &Kind) -> Result<Self, String> {
        match kind {
            Kind::Null => Ok(Self::Null),
            Kind::Stdio => Ok(Self::Stdio),
            Kind::File { path, append } => {
                let mut options = File::options();
                options.create(true).write(true).append(*append).truncate(!*append);
                let file = options.open(path);
                file.map(Self::File).map_err(|error| {
                    format!("Could not open '{}': {}", path.display(), plain(&error))
                })
            }
            Kind::Socket(socket) if socket.server => {
                let name = name(socket);
                let fail = |error: io::Error| {
                    format!("Failed to bind socket to {name}: {}", plain(&error))
                };
                let listener = socket::listen(socket).map_err(fail)?;
                let first = if socket.wait { Some(listener.accept(socket)) } else { None };
                Ok(Self::Listening(listener, socket.clone(), first.transpose().map_err(fail)?))
            }
            Kind::Socket(socket) => match socket::connect(socket) {
                Ok(stream) => Ok(Self::Connected(stream, socket.clone())),
                Err(_) if socket.reconnect > 0 => Ok(Self::Connecting(socket.clone())),
                Err(error) => {
                    Err(format!("Failed to connect to '{}': {}", name(socket), plain(&error)))
                }
            },
        }
    }

    pub(super) fn closer(&self) -> Option<Closer> {
        let Self::Listening(listener, socket, _) = self else { return None };
        let path = match &socket.address {
            Address::Unix { path, is_abstract: false } => Some(path.clone()),
            _ => None,
        };
        listener.duplicate().ok().map(|listener| Closer { listener, path })
    }

    /// Starts the threads.
    pub(super) fn start(self, inlet: Inlet) {
        match self {
            Self::Null => {}
            Self::File(file) => _ = inlet.put(Incoming::Opened(Outlet::new(file, || {}, || {}))),
            Self::Stdio => _ = std::thread::spawn(move || stdio(&inlet)),
            Self::Connected(stream, socket) => {
                std::thread::spawn(move || {
                    converse(stream, &inlet);
                    keep_connecting(&socket, &inlet);
                });
            }
            Self::Connecting(socket) => {
                std::thread::spawn(move || keep_connecting(&socket, &inlet));
            }
            Self::Listening(listener, socket, first) => {
                std::thread::spawn(move || {
                    if let Some(stream) = first {
                        converse(stream, &inlet);
                    }
                    while let Ok(stream) = listener.accept(&socket) {
                        if !converse(stream, &inlet) {
                            return;
                        }
                    }
                });
            }
        }
    }
}

/// What the operating system says, without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or_else(|| text.clone(), |(words, _)| words.to_owned())
}

fn name(socket: &Socket) -> String {
    match &socket.address {
        Address::Unix { path, .. } => path.display().to_string(),
        Address::Inet { host, port, .. } => format!("{host}:{port}"),
        Address::Descriptor(number) => format!("descriptor {number}"),
    }
}

fn keep_connecting(socket: &Socket, inlet: &Inlet) {
    if socket.reconnect == 0 {
        return;
    }
    loop {
        std::thread::sleep(Duration::from_secs(socket.reconnect.into()));
        if let Ok(stream) = socket::connect(socket)
            && !converse(stream, inlet)
        {
            return;
        }
    }
}

/// Serves one connection to its end. `false`: nobody listens any more.
fn converse(stream: OwnedFd, inlet: &Inlet) -> bool {
    let (Ok(writing), Ok(cutting)) = (stream.try_clone(), stream.try_clone()) else {
        tracing::warn!("a monitor's client is turned away: no descriptor is left");
        return true;
    };
    let written = inlet.clone();
    let outlet =
        Outlet::new(File::from(writing), move || socket::cut(&cutting), move || written.call());
    if !inlet.put(Incoming::Opened(outlet)) {
        return false;
    }
    let mut bytes = [0; CHUNK];
    loop {
        match socket::receive(&stream, &mut bytes) {
            Ok((0, _)) => break,
            Ok((count, descriptors)) => {
                let read = bytes.get(..count).unwrap_or_default().to_vec();
                if !inlet.put(Incoming::Bytes(read, descriptors)) {
                    return false;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::debug!("a monitor's client has gone: {error}");
                break;
            }
        }
    }
    inlet.put(Incoming::Closed)
}

fn stdio(inlet: &Inlet) {
    let written = inlet.clone();
    let outlet = Outlet::new(io::stdout(), || {}, move || written.call());
    if !inlet.put(Incoming::Opened(outlet)) {
        return;
    }
    let mut bytes = [0; CHUNK];
    loop {
        match io::stdin().read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => {
                let read = bytes.get(..count).unwrap_or_default().to_vec();
                if !inlet.put(Incoming::Bytes(read, Vec::new())) {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    inlet.put(Incoming::Closed);
}
