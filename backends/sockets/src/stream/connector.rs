//! Connections one after the other, for whoever speaks something else on them than frames: waited for on a thread of the
//! user's, with a bell beside.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::Socket;

use super::dial::{Attempt, Dial, Pending};
use super::{Listener, StreamPlan};

enum Source {
    Server(Listener),
    Client(Dial, Option<Duration>),
    Once(Option<Socket>),
}

/// Why there is no connection.
#[derive(Debug)]
pub enum NoConnection {
    /// The bell was rung.
    Rung,
    /// There will be none.
    Failed(io::Error),
}

/// Makes connections as a plan says.
pub struct Connector {
    source: Source,
    /// When a client tries next.
    due: Instant,
    pending: Option<Pending>,
    tried: bool,
}

impl Connector {
    /// Nothing is tried yet.
    pub fn new(plan: StreamPlan) -> Self {
        let source = match plan {
            StreamPlan::Server(listener) => Source::Server(listener),
            StreamPlan::Client { dial, reconnect } => Source::Client(dial, reconnect),
            StreamPlan::Connected { socket, address: _ } => Source::Once(Some(socket)),
        };
        Self { source, due: Instant::now(), pending: None, tried: false }
    }

    /// Waits for the next connection, or until `bell` can be read. The socket blocks. A client that connects again does so
    /// after its pause, one that does not ends with its first connection.
    ///
    /// # Errors
    /// The bell was rung, or there will be no connection any more.
    pub fn next(&mut self, bell: BorrowedFd<'_>) -> Result<UnixStream, NoConnection> {
        loop {
            match self.step() {
                Ok(Some(socket)) => {
                    socket.set_nonblocking(false).map_err(NoConnection::Failed)?;
                    return Ok(UnixStream::from(OwnedFd::from(socket)));
                }
                Ok(None) => self.wait(bell)?,
                Err(error) => {
                    let again = match &self.source {
                        Source::Client(_, Some(pause)) => Some(*pause),
                        _ => None,
                    };
                    self.due = Instant::now() + again.ok_or(NoConnection::Failed(error))?;
                }
            }
        }
    }

    fn step(&mut self) -> io::Result<Option<Socket>> {
        let attempt = match &mut self.source {
            Source::Server(listener) => {
                return Ok(listener.accept()?.map(|(socket, _)| socket));
            }
            Source::Once(socket) => {
                return socket.take().map(Some).ok_or_else(ended);
            }
            Source::Client(dial, reconnect) => match self.pending.take() {
                Some(pending) => {
                    let mut done = [PollFd::new(pending.as_fd(), PollFlags::POLLOUT)];
                    if poll(&mut done, PollTimeout::ZERO) != Ok(1) {
                        self.pending = Some(pending);
                        return Ok(None);
                    }
                    dial.resume(pending)?
                }
                None if self.tried && reconnect.is_none() => return Err(ended()),
                None if Instant::now() < self.due => return Ok(None),
                None => dial.start()?,
            },
        };
        match attempt {
            Attempt::Connected(socket, _) => {
                self.tried = true;
                if let Source::Client(_, Some(pause)) = &self.source {
                    self.due = Instant::now() + *pause;
                }
                Ok(Some(socket))
            }
            Attempt::Pending(pending) => {
                self.pending = Some(pending);
                Ok(None)
            }
        }
    }

    fn wait(&self, bell: BorrowedFd<'_>) -> Result<(), NoConnection> {
        let mut waited = vec![PollFd::new(bell, PollFlags::POLLIN)];
        let mut timeout = PollTimeout::NONE;
        match (&self.source, &self.pending) {
            (_, Some(pending)) => waited.push(PollFd::new(pending.as_fd(), PollFlags::POLLOUT)),
            (Source::Server(listener), None) => {
                waited.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
            }
            (Source::Client(..) | Source::Once(_), None) => {
                let left = self.due.saturating_duration_since(Instant::now());
                // A part of a millisecond is waited for as a whole one.
                let left = left + Duration::from_millis(1);
                timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            }
        }
        // An error (EINTR) is a wake-up like any other: the loop looks again.
        let _ = poll(&mut waited, timeout);
        match waited.first().and_then(PollFd::any) {
            Some(true) => Err(NoConnection::Rung),
            _ => Ok(()),
        }
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection has ended")
}
