//! The netdev: link, rings, announcements.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use elnic_contract::{Frame, LinkState, RingPosition, Rings, VTime};
use elnic_netclient::{Doorbell, NetClient, RingEngine, SharedMemory};
use elnic_sockets::{Connector, StreamPlan, duplicate};
use nix::libc::{EFD_CLOEXEC, EFD_NONBLOCK};
use vmm_sys_util::eventfd::EventFd;

use crate::dirty_log::DirtyLog;
use crate::error::VhostUserError;
use crate::inflight::Inflight;
use crate::line::{Line, Shared};
use crate::session::Events;

/// Ethertype of RARP, and where it and the sender's address stand in a frame.
const RARP: [u8; 2] = [0x80, 0x35];
/// `VIRTIO_F_RING_PACKED`.
const RING_PACKED: u64 = 1 << 34;

/// Rings that a back end works on.
struct Started {
    /// Which back end.
    contact: u64,
    rings: Rings,
    /// Guest memory ends here.
    end: u64,
}

/// A netdev whose frames another process moves. Dropping it stops the rings and hangs up.
pub struct VhostUser {
    chardev: String,
    features: u64,
    pairs: u16,
    events: Vec<Events>,
    shared: Arc<Shared>,
    started: Option<Started>,
    /// What a back end that died was at.
    inflight: Option<Inflight>,
    /// Frames that no ring takes.
    strays: u64,
    bell: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl VhostUser {
    pub(crate) fn open(
        id: &str,
        chardev: &str,
        plan: StreamPlan,
        pairs: u16,
    ) -> Result<Self, VhostUserError> {
        let rings = 2 * usize::from(pairs);
        let make = || -> std::io::Result<Events> {
            let event = || EventFd::new(EFD_CLOEXEC | EFD_NONBLOCK);
            Ok(Events { kick: event()?, call: event()? })
        };
        let events = (0..rings).map(|_| make()).collect::<Result<Vec<_>, _>>();
        let events = events.map_err(VhostUserError::os("eventfd"))?;
        let calls = events.iter().map(|events| duplicate(events.call.as_raw_fd()));
        let calls = calls.collect::<Result<Vec<_>, _>>();
        let calls = calls.map_err(|error| VhostUserError::os("eventfd")(error.into()))?;
        let (bell, heard) = UnixStream::pair().map_err(VhostUserError::os("socket pair"))?;
        let shared = Arc::new(Shared::new(rings));
        let (tell, told) = mpsc::sync_channel(1);
        let line = Line {
            shared: Arc::clone(&shared),
            connector: Connector::new(plan),
            bell: heard,
            calls,
            pairs,
            features: None,
            first: Some(tell),
        };
        let builder = std::thread::Builder::new().name(format!("vhost-user {id}"));
        let thread = builder.spawn(move || line.run()).map_err(VhostUserError::os("thread"))?;
        let mut client = Self {
            chardev: chardev.to_owned(),
            features: 0,
            pairs,
            events,
            shared,
            started: None,
            inflight: None,
            strays: 0,
            bell,
            thread: Some(thread),
        };
        let gone = || std::io::Error::other("its thread has ended");
        let first = told.recv().map_err(|_| gone()).and_then(|first| first);
        let connect = |error| VhostUserError::Connect { chardev: chardev.to_owned(), error };
        client.features = first.map_err(connect)?;
        Ok(client)
    }

    /// The back end that is there now.
    fn contact(&self) -> Option<u64> {
        self.shared.contact().as_ref().map(|contact| contact.number)
    }

    /// From now on the back end says which pages of guest memory it writes; a new one has to be asked again.
    ///
    /// # Errors
    /// It cannot, no ring is at work, or the system refuses.
    pub fn begin_log(&mut self) -> Result<DirtyLog, VhostUserError> {
        let can_log =
            self.shared.contact().as_ref().is_some_and(|contact| contact.session.can_log());
        let Some(started) = self.started.as_ref().filter(|_| can_log) else {
            return Err(VhostUserError::Refused("log of dirty pages"));
        };
        let log = DirtyLog::new(started.end)?;
        let say =
            |session: &mut crate::session::Session| session.log(&started.rings, Some(log.shared()));
        self.shared
            .say(started.contact, say)
            .unwrap_or(Err(VhostUserError::Refused("log of dirty pages")))?;
        Ok(log)
    }

    /// Pages that are written are no longer logged.
    ///
    /// # Errors
    /// The conversation breaks off.
    pub fn end_log(&mut self) -> Result<(), VhostUserError> {
        let Some(started) = &self.started else { return Ok(()) };
        let said = self.shared.say(started.contact, |session| session.log(&started.rings, None));
        said.unwrap_or(Ok(()))
    }

    /// How far a back end that is gone had come, as far as it shows.
    fn left_behind(&self, rings: &Rings) -> Vec<(u16, Option<RingPosition>)> {
        let packed = rings.features & RING_PACKED != 0;
        let position = |queue| {
            let inflight = self.inflight.as_ref().filter(|_| packed)?;
            inflight.packed_position(queue)
        };
        rings.list.iter().map(|ring| (ring.queue, position(ring.queue))).collect()
    }
}

impl RingEngine for VhostUser {
    fn features(&self) -> u64 {
        self.features
    }

    fn pairs(&self) -> u16 {
        self.pairs
    }

    fn start(&mut self, memory: &[SharedMemory], rings: &Rings) -> Result<(), String> {
        let contact = self.contact().ok_or("there is no back end")?;
        if let Some(started) = self.started.as_mut()
            && started.contact == contact
            && started.rings.lie_as(rings)
        {
            started.rings = rings.clone();
            let said = self.shared.say(contact, |session| session.enable(rings));
            return said.unwrap_or(Ok(())).map_err(|error| error.to_string());
        }
        let Self { shared, events, inflight, .. } = self;
        let said = shared.say(contact, |session| session.start(memory, rings, events, inflight));
        match said {
            Some(Ok(())) => {
                let end = memory.iter().map(|bank| bank.start.saturating_add(bank.length)).max();
                let (rings, end) = (rings.clone(), end.unwrap_or(0));
                self.started = Some(Started { contact, rings, end });
                Ok(())
            }
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the back end has gone".to_owned()),
        }
    }

    fn stop(&mut self) -> Vec<(u16, Option<RingPosition>)> {
        let Some(Started { contact, rings, end: _ }) = self.started.take() else {
            return Vec::new();
        };
        match self.shared.say(contact, |session| session.stop(&rings)) {
            Some(Ok(positions)) => {
                // All that was taken has been given back.
                self.inflight = None;
                for (events, called) in self.events.iter().zip(&self.shared.called) {
                    if events.call.read().is_ok() {
                        called.store(true, Ordering::Release);
                    }
                }
                positions
            }
            Some(Err(error)) => {
                tracing::warn!("{error}");
                self.left_behind(&rings)
            }
            None => self.left_behind(&rings),
        }
    }

    fn kick(&mut self, queue: u16) {
        if let Some(events) = self.events.get(usize::from(queue)) {
            // One that was not heard yet is as good as two.
            let _ = events.kick.write(1);
        }
    }

    fn called(&mut self) -> Vec<u16> {
        let called = (0_u16..).zip(&self.shared.called);
        let told = called.filter(|(_, called)| called.swap(false, Ordering::Acquire));
        told.map(|(queue, _)| queue).collect()
    }
}

impl NetClient for VhostUser {
    fn kind(&self) -> &'static str {
        "vhost-user"
    }

    fn info(&self) -> String {
        let failure = self.shared.failure().map(|why| format!(",error: {why}"));
        let absent = if self.contact().is_none() { ",disconnected" } else { "" };
        format!("vhost-user0 to {}{}", self.chardev, failure.as_deref().unwrap_or(absent))
    }

    /// Frames come from the monitor only: announcements.
    fn credits(&self) -> usize {
        1
    }

    /// An announcement is left to the back end, if it does that; no other frame has a way.
    fn deliver(&mut self, _now: VTime, frames: &mut VecDeque<Frame>) {
        for frame in frames.drain(..) {
            let data = frame.data();
            let station = data.get(6..12).and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
            let announced =
                station.filter(|_| data.get(12..14) == Some(&RARP)).and_then(|station| {
                    let contact = self.contact()?;
                    self.shared.say(contact, |session| match session.announces() {
                        true => session.announce(station).map(|()| true),
                        false => Ok(false),
                    })
                });
            if !matches!(announced, Some(Ok(true))) {
                self.strays += 1;
            }
        }
    }

    fn poll(&mut self, _now: VTime, _budget: usize, _out: &mut Vec<Frame>) {}

    /// Down as long as rings are with a back end that is gone, though the next one may be there: they have to come back
    /// first.
    fn carrier(&self) -> LinkState {
        let up = match (self.contact(), &self.started) {
            (Some(contact), Some(started)) => started.contact == contact,
            (contact, None) => contact.is_some(),
            (None, Some(_)) => false,
        };
        if up { LinkState::Up } else { LinkState::Down }
    }

    fn ring_engine(&mut self) -> Option<&mut dyn RingEngine> {
        Some(self)
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        vec![("no-ring", self.strays)]
    }

    fn attach(&mut self, doorbell: Doorbell) {
        let _ = self.shared.doorbell.set(doorbell);
    }
}

impl Drop for VhostUser {
    fn drop(&mut self) {
        self.stop();
        self.shared.close();
        // A full socket means that it was rung already.
        let _ = self.bell.write(&[0]);
        if let Some(thread) = self.thread.take() {
            // A panic on that thread was reported by the thread.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for VhostUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vhost-user {}", self.info())
    }
}
