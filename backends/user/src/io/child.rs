//! Commands of the host behind a guest forwarding rule.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

/// Runs a command by the shell with a socket as its standard input and output. Our end is called a `TcpStream`, since it is
/// read, written and shut down like one.
pub(super) fn spawn(command: &str) -> io::Result<(Child, TcpStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let theirs = OwnedFd::from(theirs);
    let child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(theirs.try_clone()?)
        .stdout(theirs)
        .spawn()?;
    Ok((child, TcpStream::from(OwnedFd::from(ours))))
}
