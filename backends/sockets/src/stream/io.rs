//! The I/O thread: a state machine over listening, connecting, connected and waiting to try again.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use elnic_netclient::mailbox::IoEnd;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::dial::{Attempt, Dial, Pending};
use super::line::{End, Line, Step};
use super::{Endpoint, Listener, Status, StreamPlan, StreamState};
use crate::framing::Deframer;

/// How long a server whose `accept` failed (no descriptors left) waits before it tries again.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What brings about the next connection.
enum Source {
    Server(Listener),
    Client(Dial, Option<Duration>),
    /// One connection was passed in; there is no other.
    Once,
}

enum Phase {
    /// A server looks out for a peer.
    Listening,
    /// A client's socket is under way.
    Connecting(Pending),
    Connected(Box<Line>),
    /// Nothing until then.
    Waiting(Instant),
    /// Nothing any more.
    Over,
}

pub(super) struct Io {
    source: Source,
    phase: Phase,
    status: Arc<Status>,
    end: IoEnd,
    /// Kept between connections.
    deframer: Option<Deframer>,
}

impl Io {
    pub(super) fn new(plan: StreamPlan, status: Arc<Status>, end: IoEnd) -> Self {
        let now = Instant::now();
        let (source, phase) = match plan {
            StreamPlan::Server(listener) => (Source::Server(listener), Phase::Listening),
            StreamPlan::Client { dial, reconnect } => {
                (Source::Client(dial, reconnect), Phase::Waiting(now))
            }
            StreamPlan::Connected { socket, address: _ } => {
                let line = Line::new(socket, Deframer::default());
                (Source::Once, Phase::Connected(Box::new(line)))
            }
        };
        Self { source, phase, status, end, deframer: None }
    }

    /// Runs until the core's end is gone.
    pub(super) fn run(mut self) {
        while !self.end.is_closed() {
            self.phase = match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Connected(line) => self.converse(line),
                Phase::Listening => self.listen(),
                Phase::Connecting(pending) => self.connect(pending),
                Phase::Waiting(until) => self.wait(until),
                Phase::Over => {
                    self.sleep_unconnected(None, None);
                    Phase::Over
                }
            };
        }
    }

    fn converse(&mut self, mut line: Box<Line>) -> Phase {
        let moved = line.send(&self.end).and_then(|sent| {
            let received = line.receive(&self.end, &self.status)?;
            Ok((sent, received))
        });
        match moved {
            Ok((Step::Moved, _) | (_, Step::Moved)) => Phase::Connected(line),
            Ok(_) => {
                self.sleep_connected(&line);
                Phase::Connected(line)
            }
            // What the peer had sent before it went is read before the connection is given up.
            Err(end) => match line.receive(&self.end, &self.status) {
                Ok(Step::Moved) => Phase::Connected(line),
                // The core has no room yet.
                Ok(Step::Idle) if line.holds_frame() => {
                    self.sleep_for_room();
                    Phase::Connected(line)
                }
                _ => self.hang_up(*line, end),
            },
        }
    }

    /// The connection has ended: counts what was under way and goes on as the plan says.
    fn hang_up(&mut self, line: Line, end: End) -> Phase {
        let unsent = line.unsent() as u64;
        self.status.disconnected.fetch_add(unsent, Ordering::Relaxed);
        self.deframer = Some(line.into_deframer());
        let (state, phase) = match &self.source {
            Source::Server(_) => (StreamState::Listening, Phase::Listening),
            Source::Client(_, Some(pause)) => {
                (StreamState::Connecting, Phase::Waiting(Instant::now() + *pause))
            }
            Source::Client(_, None) | Source::Once => match end {
                End::Closed => (StreamState::Ended, Phase::Over),
                End::Broken(why) => (StreamState::Failed(why), Phase::Over),
            },
        };
        self.enter(state);
        phase
    }

    fn enter(&self, state: StreamState) {
        self.status.enter(state);
        self.end.ring();
    }

    fn pick_up(&mut self, socket: socket2::Socket, address: Endpoint, accepted: bool) -> Phase {
        self.discard();
        self.enter(StreamState::Connected { address, accepted });
        let deframer = self.deframer.take().unwrap_or_default();
        Phase::Connected(Box::new(Line::new(socket, deframer)))
    }

    fn listen(&mut self) -> Phase {
        let Source::Server(listener) = &self.source else { return Phase::Over };
        match listener.accept() {
            Ok(Some((socket, address))) => self.pick_up(socket, address, true),
            Ok(None) => {
                self.sleep_unconnected(Some((listener.as_fd(), PollFlags::POLLIN)), None);
                Phase::Listening
            }
            Err(error) => {
                self.enter(StreamState::Failed(error.to_string()));
                Phase::Waiting(Instant::now() + ACCEPT_PAUSE)
            }
        }
    }

    fn connect(&mut self, pending: Pending) -> Phase {
        let Source::Client(dial, _) = &self.source else { return Phase::Over };
        let mut done = [PollFd::new(pending.as_fd(), PollFlags::POLLOUT)];
        if poll(&mut done, PollTimeout::ZERO) != Ok(1) {
            self.sleep_unconnected(Some((pending.as_fd(), PollFlags::POLLOUT)), None);
            return Phase::Connecting(pending);
        }
        let attempt = dial.resume(pending);
        self.conclude(attempt)
    }

    fn conclude(&mut self, attempt: std::io::Result<Attempt>) -> Phase {
        match attempt {
            Ok(Attempt::Connected(socket, address)) => self.pick_up(socket, address, false),
            Ok(Attempt::Pending(pending)) => Phase::Connecting(pending),
            Err(error) => {
                self.enter(StreamState::Failed(error.to_string()));
                match &self.source {
                    Source::Client(_, Some(pause)) => Phase::Waiting(Instant::now() + *pause),
                    _ => Phase::Over,
                }
            }
        }
    }

    fn wait(&mut self, until: Instant) -> Phase {
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            self.sleep_unconnected(None, Some(left));
            return Phase::Waiting(until);
        }
        match &mut self.source {
            Source::Client(dial, _) => {
                let attempt = dial.start();
                self.conclude(attempt)
            }
            Source::Server(_) => {
                self.enter(StreamState::Listening);
                Phase::Listening
            }
            Source::Once => Phase::Over,
        }
    }

    /// Frames without a peer are lost.
    fn discard(&self) {
        let lost = std::iter::from_fn(|| self.end.next()).count();
        self.status.disconnected.fetch_add(lost as u64, Ordering::Relaxed);
    }

    fn sleep_connected(&self, line: &Line) {
        let stuck = line.is_stuck();
        let room = self.end.room() > 0;
        if !self.end.doze(!stuck, !room) {
            return;
        }
        let mut events = PollFlags::empty();
        events.set(PollFlags::POLLOUT, stuck);
        events.set(PollFlags::POLLIN, room);
        let mut waited = vec![PollFd::new(self.end.bell(), PollFlags::POLLIN)];
        if !events.is_empty() {
            waited.push(PollFd::new(line.as_fd(), events));
        }
        // An error (EINTR) is a wake-up like any other: the loop looks again.
        let _ = poll(&mut waited, PollTimeout::NONE);
        self.end.awake();
    }

    fn sleep_for_room(&self) {
        if self.end.doze(false, true) {
            let mut bell = [PollFd::new(self.end.bell(), PollFlags::POLLIN)];
            let _ = poll(&mut bell, PollTimeout::NONE);
            self.end.awake();
        }
    }

    fn sleep_unconnected(
        &self,
        socket: Option<(BorrowedFd<'_>, PollFlags)>,
        left: Option<Duration>,
    ) {
        self.discard();
        if !self.end.doze(true, false) {
            return;
        }
        let mut waited = vec![PollFd::new(self.end.bell(), PollFlags::POLLIN)];
        waited.extend(socket.map(|(fd, flags)| PollFd::new(fd, flags)));
        // A part of a millisecond is waited for as a whole one, or the last would be spun through.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let _ = poll(&mut waited, timeout);
        self.end.awake();
    }
}
