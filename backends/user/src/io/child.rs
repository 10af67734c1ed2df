//! Commands of the host behind a guest forwarding rule.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

/// Runs a command by the shell with a socket as its standard input and output, one of TCP if it wants that. Our end is
/// called a `TcpStream`, since it is read, written and shut down like one.
pub(super) fn spawn(command: &str, tcp: bool) -> io::Result<(Child, TcpStream)> {
    let (ours, theirs) = if tcp {
        connected()?
    } else {
        let (ours, theirs) = UnixStream::pair()?;
        (TcpStream::from(OwnedFd::from(ours)), OwnedFd::from(theirs))
    };
    ours.set_nonblocking(true)?;
    let child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(theirs.try_clone()?)
        .stdout(theirs)
        .spawn()?;
    Ok((child, ours))
}

/// Two ends of a connection over loopback. Whoever else comes to the port in that moment is sent away.
fn connected() -> io::Result<(TcpStream, OwnedFd)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (theirs, from) = listener.accept()?;
        if from == ours.local_addr()? {
            return Ok((ours, theirs.into()));
        }
    }
}
