//! A port of a VDE switch: `-netdev vde`.
//!
//! An own client of `vde_switch`'s protocol, without libvdeplug: a stream socket asks the switch for a port and stays open
//! as a sign of life, a datagram socket carries the frames. When the switch goes the link goes down, and every second the
//! port is asked for again; QEMU stays deaf. Frames longer than 1518 bytes are cut by `vde_switch` itself.
//!
//! The other kinds of URL that libvdeplug 4 knows (`vxvde://`, `tap://`, …) are refused: they are other programs' networks,
//! which `vde_plug` brings to a switch.
#![forbid(unsafe_code)]

mod request;

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use elnic_sockets::{
    Bare, BoundPath, DatagramClient, DatagramLine, DatagramPeer, LONGEST_PATH, PathError, Reopen,
};
use nix::unistd::{Gid, Group, chown};

/// The options of `-netdev vde`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The switch's directory; the first of the usual ones that is there if not given.
    pub sock: Option<String>,
    /// The port of the switch; 0 for any.
    pub port: Option<u16>,
    /// The group our socket belongs to.
    pub group: Option<String>,
    /// The permissions of our socket; 0700 if not given.
    pub mode: Option<u16>,
}

/// Why a vde netdev was not made. No socket, no path and no thread is left behind.
#[derive(Debug, thiserror::Error)]
pub enum VdeError {
    /// A URL of libvdeplug.
    #[error(
        "Could not open vde: '{0}' is a network of libvdeplug; only vde:// and paths are supported, vde_plug connects the others to a switch"
    )]
    Url(String),
    /// No switch where switches are.
    #[error("Could not open vde: no sock= is given and there is no switch at {0}")]
    NoSwitch(String),
    /// There is no such group.
    #[error("Could not open vde: there is no group '{0}'")]
    Group(String),
    /// Permissions are nine bits.
    #[error("Could not open vde: mode={0:#o} is out of range, it takes 0 to 0777")]
    Mode(u16),
    /// Our socket's path is longer than an address.
    #[error("Could not open vde: the socket path '{path}' is too long: it takes at most {max} bytes", max = LONGEST_PATH)]
    PathTooLong {
        /// The path.
        path: String,
    },
    /// The switch is not there, or does not want us.
    #[error("Could not open vde: {doing} {path}: {error}")]
    Os {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: String,
        /// Why it failed.
        error: io::Error,
    },
    /// Our socket cannot be made.
    #[error("Could not open vde: {0}")]
    Path(#[from] PathError),
}

impl VdeError {
    fn os(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Os { doing, path, error }
    }
}

/// Where `vde_switch` puts its sockets if nobody says otherwise.
const USUAL: [&str; 2] = ["/var/run/vde.ctl", "/tmp/vde.ctl"];
/// What switches show of us.
const DESCRIPTION: &str = "elnic";
/// How long a switch may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Plugs into the switch and starts the I/O thread, which `id` names.
///
/// # Errors
/// There is no switch, or it refuses; an option is out of range.
pub fn open(id: &str, options: &Options) -> Result<DatagramClient, VdeError> {
    let plug = Plug::new(options)?;
    let line = plug.plug_in()?;
    let info = format!("sock={},fd={}", plug.switch.display(), line.socket.as_raw_fd());
    let path = plug.switch.clone();
    let reopen: Reopen = Box::new(move || plug.plug_in().map_err(io::Error::other));
    let peer = DatagramPeer::Connected;
    DatagramClient::spawn("vde", id, info, line, peer, Bare, Some(reopen))
        .map_err(VdeError::os("can't start the I/O thread for", &path))
}

/// What a port is asked for with.
struct Plug {
    switch: PathBuf,
    port: u16,
    group: Option<Gid>,
    mode: u32,
}

impl Plug {
    fn new(options: &Options) -> Result<Self, VdeError> {
        let Options { sock, port, group, mode } = options;
        let switch = match sock.as_deref() {
            None | Some("") => usual_switch()?,
            Some(sock) => {
                let path = sock.strip_prefix("vde://").unwrap_or(sock);
                if path.contains("://") {
                    return Err(VdeError::Url(sock.to_owned()));
                }
                path.into()
            }
        };
        let unknown = |name: &String| VdeError::Group(name.clone());
        let group = match group {
            None => None,
            Some(name) => {
                let found = Group::from_name(name).ok().flatten();
                Some(found.ok_or_else(|| unknown(name))?.gid)
            }
        };
        let mode = mode.unwrap_or(0o700);
        if mode > 0o777 {
            return Err(VdeError::Mode(mode));
        }
        Ok(Self { switch, port: port.unwrap_or(0), group, mode: u32::from(mode) })
    }

    fn plug_in(&self) -> Result<DatagramLine, VdeError> {
        let ctl = self.switch.join("ctl");
        let mut control =
            UnixStream::connect(&ctl).map_err(VdeError::os("can't reach the switch at", &ctl))?;
        let (socket, path) = self.bind()?;
        let request = request::new_port(self.port, path.path(), DESCRIPTION);
        let mut answer = [0; request::ADDRESS];
        control
            .set_read_timeout(Some(ANSWER))
            .and_then(|()| control.write_all(&request))
            .and_then(|()| control.read_exact(&mut answer))
            .map_err(VdeError::os("the switch gives no port at", &ctl))?;
        let data = request::address(&answer);
        socket.connect(&data).map_err(VdeError::os("can't connect to the port", &data))?;
        // The port's socket is the switch's; where it may not be shared with a group it stays as it is.
        let _ = fs::set_permissions(&data, fs::Permissions::from_mode(self.mode));
        let (socket, liveness) = (OwnedFd::from(socket), Some(control.into()));
        Ok(DatagramLine { socket, liveness, keeps: Some(Box::new(path)) })
    }

    /// Our socket, beside the switch's or, where that is not ours to write, under /tmp.
    fn bind(&self) -> Result<(UnixDatagram, BoundPath), VdeError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let beside = self.switch.join(format!(".{process:05}-{number:05}"));
        let elsewhere = PathBuf::from(format!("/tmp/.vde.{process:05}-{number:05}"));
        let mut refused = None;
        for path in [beside, elsewhere] {
            if path.as_os_str().len() > LONGEST_PATH {
                let path = path.display().to_string();
                refused.get_or_insert(VdeError::PathTooLong { path });
                continue;
            }
            match BoundPath::bind(&path, |path| UnixDatagram::bind(path)) {
                Ok((socket, bound)) => {
                    self.share(&path)
                        .map_err(VdeError::os("can't set mode and group of", &path))?;
                    return Ok((socket, bound));
                }
                Err(error) => {
                    refused.get_or_insert(error.into());
                }
            }
        }
        Err(refused.unwrap_or_else(|| VdeError::PathTooLong { path: String::new() }))
    }

    fn share(&self, path: &Path) -> io::Result<()> {
        if self.group.is_some() {
            chown(path, None, self.group)?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(self.mode))
    }
}

fn usual_switch() -> Result<PathBuf, VdeError> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".vde2/default.switch"));
    let places: Vec<PathBuf> = home.into_iter().chain(USUAL.map(PathBuf::from)).collect();
    let found = places.iter().find(|place| place.join("ctl").exists());
    found.cloned().ok_or_else(|| {
        let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        VdeError::NoSwitch(places.join(", "))
    })
}
