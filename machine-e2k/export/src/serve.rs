//! One thread that serves: messages, kicks, frames, deadlines.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use elnic_contract::{Device, Readiness, VTime};
use elnic_netclient::{Doorbell, NetCore, PortId};
use elnic_sockets::{Connector, NoConnection, StreamPlan};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use vhost::vhost_user::{BackendReqHandler, Error};

use crate::device::Exported;
use crate::early;
use crate::front_end::FrontEnd;

/// Frames handed to the device in one go.
const BURST: usize = 64;
/// The longest sleep: netdevs are asked at least so often.
const LONGEST: Duration = Duration::from_millis(500);

/// Why serving has ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There will be no front end any more.
    #[error("no front end: {0}")]
    NoFrontEnd(io::Error),
    /// The system gives no bell.
    #[error("socket pair: {0}")]
    Bell(io::Error),
}

/// A bell for a net core, to be made before it, and heard by [`Server::run`].
#[derive(Debug)]
pub struct Bell {
    heard: UnixStream,
}

/// The device and its netdev.
pub struct Server {
    front_end: Arc<Mutex<FrontEnd>>,
    core: NetCore,
    port: PortId,
}

impl Bell {
    /// A bell, and the button for it.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new() -> Result<(Self, Doorbell), ServeError> {
        let (ringing, heard) = UnixStream::pair().map_err(ServeError::Bell)?;
        for end in [&ringing, &heard] {
            end.set_nonblocking(true).map_err(ServeError::Bell)?;
        }
        let ring = move || {
            // A full socket means that it was rung already.
            let _ = io::Write::write(&mut &ringing, &[0]);
        };
        Ok((Self { heard }, Doorbell::new(ring)))
    }

    fn silence(&self) {
        let mut sink = [0; 64];
        while matches!((&self.heard).read(&mut sink), Ok(count) if count > 0) {}
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.core)
    }
}

impl Server {
    pub(crate) fn new(device: Box<dyn Device>, core: NetCore, port: PortId) -> Self {
        let front_end = Arc::new(Mutex::new(FrontEnd::new(Exported::new(device))));
        Self { front_end, core, port }
    }

    fn front_end(&self) -> MutexGuard<'_, FrontEnd> {
        self.front_end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves front ends, one after the other, as `plan` has them come; ends when there will be no more.
    ///
    /// # Errors
    /// There was no front end at all.
    pub fn run(&mut self, plan: StreamPlan, bell: &Bell) -> Result<(), ServeError> {
        let mut connector = Connector::new(plan);
        let mut served = false;
        loop {
            match connector.next(bell.heard.as_fd()) {
                Ok(stream) => {
                    served = true;
                    self.serve(stream, bell);
                    self.front_end().forget();
                }
                // Without a front end frames have nowhere to go: they are taken and lost.
                Err(NoConnection::Rung) => {
                    bell.silence();
                    self.exchange();
                }
                Err(NoConnection::Failed(_)) if served => return Ok(()),
                Err(NoConnection::Failed(error)) => return Err(ServeError::NoFrontEnd(error)),
            }
        }
    }

    fn serve(&mut self, stream: UnixStream, bell: &Bell) {
        let Ok(watched) = stream.try_clone() else { return };
        let mut messages = BackendReqHandler::from_stream(stream, Arc::clone(&self.front_end));
        loop {
            let (spoken, rung, kicked) = self.sleep(watched.as_fd(), bell.heard.as_fd());
            let early = spoken && {
                match early::take_enable(&watched, &mut self.front_end()) {
                    Ok(early) => early,
                    Err(_) => return,
                }
            };
            if spoken && !early {
                match messages.handle_request() {
                    Ok(()) => {}
                    Err(Error::Disconnected) => return,
                    Err(Error::PartialMessage | Error::SocketBroken(_)) => return,
                    // Refused: the front end was told if it asked, and decides.
                    Err(error) => {
                        tracing::warn!("vhost-user: {error}");
                        let goes_on = matches!(
                            error,
                            Error::InvalidParam
                                | Error::InvalidOperation(_)
                                | Error::ReqHandlerError(_)
                        );
                        if !goes_on {
                            return;
                        }
                    }
                }
            }
            if rung {
                bell.silence();
            }
            for queue in kicked {
                self.front_end().kicked(queue);
            }
            self.front_end().device.serve_deadlines();
            self.exchange();
        }
    }

    /// Waits until something is to be done: a message, the bell, kicks, a deadline.
    fn sleep(&self, messages: BorrowedFd<'_>, bell: BorrowedFd<'_>) -> (bool, bool, Vec<u16>) {
        let front_end = self.front_end();
        let deadlines = [front_end.device.next_deadline(), self.core.next_event()];
        let left = |due: VTime| Duration::from_nanos(due.since(front_end.device.now()).as_nanos());
        let left = deadlines.into_iter().flatten().min().map_or(LONGEST, left).min(LONGEST);
        // A part of a millisecond is waited for as a whole one.
        let left = if left.is_zero() { left } else { left + Duration::from_micros(999) };
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let kicks: Vec<(u16, BorrowedFd<'_>)> = (0..)
            .zip(&front_end.rings)
            .filter_map(|(queue, ring)| Some((queue, ring.kick.as_ref()?.as_fd())))
            .collect();
        let all = [messages, bell].into_iter().chain(kicks.iter().map(|(_, kick)| *kick));
        let mut waited: Vec<PollFd<'_>> =
            all.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        // An error (EINTR) is a wake-up like any other.
        let _ = poll(&mut waited, timeout);
        let mut woken = waited.iter().map(|fd| fd.any().unwrap_or(false));
        let (spoken, rung) = (woken.next() == Some(true), woken.next() == Some(true));
        let kicked = kicks.iter().zip(woken).filter(|(_, woken)| *woken);
        (spoken, rung, kicked.map(|((queue, _), _)| *queue).collect())
    }

    /// Moves frames both ways as far as they go.
    fn exchange(&mut self) {
        let mut front_end = self.front_end.lock().unwrap_or_else(PoisonError::into_inner);
        let now = front_end.device.now();
        for frame in std::mem::take(&mut front_end.device.sent) {
            if let Err(error) = self.core.send(self.port, now, frame) {
                tracing::error!("the interface lost its port: {error}");
            }
        }
        self.core.poll(now);
        for _ in 0..BURST {
            let readiness = front_end.device.readiness();
            if let Some(readiness) = readiness {
                self.core.set_readiness(self.port, readiness);
            }
            if readiness != Some(Readiness::Ready) {
                break;
            }
            let Some(frame) = self.core.take(self.port) else { break };
            front_end.device.receive(&frame);
        }
        front_end.pass_calls_on();
    }
}
