//! The rules of the core in their plainest form: no work list, no batches, one frame at a time and straight through.
//!
//! Slow and recursive on purpose. `model` holds the core to it.

use std::collections::VecDeque;

use elnic_netclient::Loss;

pub(crate) const WINDOW: usize = 3;
pub(crate) const LIMIT: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nic,
    Backend,
    HubPort,
}

#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) alive: bool,
    pub(crate) peer: Option<usize>,
    pub(crate) admin_up: bool,
    pub(crate) carrier_up: bool,
    pub(crate) pulled: bool,
    /// What the core believes, and what is so.
    pub(crate) believed_credits: usize,
    pub(crate) credits: usize,
    pub(crate) far_carrier_up: bool,
    pub(crate) to_send: VecDeque<u8>,
    pub(crate) heard: Vec<u8>,
    pub(crate) queue: VecDeque<u8>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lost: [u64; Loss::ALL.len()],
}

/// Ports in the order of their making; a removed one stays, dead, for the books.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) ports: Vec<Port>,
    turn: usize,
}

impl Reference {
    pub(crate) fn add(&mut self, name: &str, kind: Kind, peer: Option<usize>) -> usize {
        let id = self.ports.len();
        self.ports.push(Port {
            name: name.to_owned(),
            kind,
            alive: true,
            peer,
            admin_up: true,
            carrier_up: true,
            pulled: false,
            believed_credits: 0,
            credits: 0,
            far_carrier_up: true,
            to_send: VecDeque::new(),
            heard: Vec::new(),
            queue: VecDeque::new(),
            sent: 0,
            received: 0,
            lost: [0; Loss::ALL.len()],
        });
        if let Some(peer) = peer {
            self.ports[peer].peer = Some(id);
        }
        id
    }

    pub(crate) fn netdev(&self, name: &str) -> Option<usize> {
        let is_it = |port: &Port| port.alive && port.kind != Kind::Nic && port.name == name;
        self.ports.iter().position(is_it)
    }

    pub(crate) fn remove(&mut self, id: usize) {
        self.purge(id, Loss::Removed);
        self.ports[id].alive = false;
        if let Some(peer) = self.ports[id].peer.take() {
            self.ports[peer].peer = None;
            self.ports[peer].pulled = true;
        }
    }

    pub(crate) fn set_link(&mut self, id: usize, up: bool) {
        self.ports[id].admin_up = up;
        if !up {
            self.purge(id, Loss::LinkDown);
        }
    }

    pub(crate) fn link_is_up(&self, id: usize) -> bool {
        let far = match self.ports[id].peer {
            Some(peer) => self.is_up(peer),
            None => !(self.ports[id].pulled && self.ports[id].kind == Kind::Nic),
        };
        self.is_up(id) && far
    }

    fn is_up(&self, id: usize) -> bool {
        self.ports[id].admin_up && self.ports[id].carrier_up
    }

    fn lose(&mut self, id: usize, reason: Loss, frames: usize) {
        self.ports[id].lost[reason as usize] += frames as u64;
    }

    fn purge(&mut self, id: usize, reason: Loss) {
        if let Some(peer) = self.ports[id].peer {
            for (receiver, sender) in [(id, peer), (peer, id)] {
                let frames = std::mem::take(&mut self.ports[receiver].queue).len();
                self.lose(sender, reason, frames);
            }
        }
    }

    /// Rules 2 to 4: link, queue in order, hub to all others.
    pub(crate) fn send(&mut self, from: usize, tag: u8) {
        self.ports[from].sent += 1;
        let Some(to) = self.ports[from].peer else { return self.lose(from, Loss::NoPeer, 1) };
        if !(self.is_up(from) && self.is_up(to)) {
            return self.lose(from, Loss::LinkDown, 1);
        }
        match self.ports[to].kind {
            Kind::HubPort => {
                self.ports[to].received += 1;
                for other in self.others(to) {
                    self.send(other, tag);
                }
            }
            Kind::Nic | Kind::Backend if self.ports[to].queue.len() >= LIMIT => {
                self.lose(from, Loss::QueueFull, 1);
            }
            Kind::Nic => self.ports[to].queue.push_back(tag),
            Kind::Backend => {
                self.ports[to].queue.push_back(tag);
                self.flush(to);
            }
        }
    }

    /// Rule 5: from the head, until the receiver takes no more.
    fn flush(&mut self, id: usize) {
        let port = &mut self.ports[id];
        while port.believed_credits > 0
            && let Some(tag) = port.queue.front().copied()
        {
            if port.credits == 0 {
                port.believed_credits = 0;
                return;
            }
            port.credits -= 1;
            port.believed_credits -= 1;
            port.received += 1;
            port.heard.push(tag);
            port.queue.pop_front();
        }
    }

    fn others(&self, hub_port: usize) -> Vec<usize> {
        let is_other = |id: &usize| {
            let port = &self.ports[*id];
            *id != hub_port && port.alive && port.kind == Kind::HubPort
        };
        (0..self.ports.len()).filter(is_other).collect()
    }

    fn room(&self, from: usize) -> usize {
        let Some(to) = self.ports[from].peer else { return WINDOW };
        if !(self.is_up(from) && self.is_up(to)) {
            return WINDOW;
        }
        let takes = match self.ports[to].kind {
            Kind::Nic => WINDOW,
            Kind::Backend => self.ports[to].believed_credits.min(WINDOW),
            Kind::HubPort => {
                self.others(to).into_iter().map(|id| self.room(id)).max().unwrap_or(WINDOW)
            }
        };
        takes.saturating_sub(self.ports[to].queue.len())
    }

    pub(crate) fn observe(&mut self, id: usize) {
        let budget = 0;
        self.ask(id, budget);
    }

    fn ask(&mut self, id: usize, budget: usize) {
        let port = &mut self.ports[id];
        let count = budget.min(port.to_send.len());
        let frames: Vec<u8> = port.to_send.drain(..count).collect();
        let fell = port.carrier_up && !port.far_carrier_up;
        port.carrier_up = port.far_carrier_up;
        port.believed_credits = port.credits;
        if fell {
            self.purge(id, Loss::LinkDown);
        }
        self.flush(id);
        for tag in frames {
            self.send(id, tag);
        }
    }

    pub(crate) fn poll(&mut self) {
        let is_backend =
            |id: &usize| self.ports[*id].alive && self.ports[*id].kind == Kind::Backend;
        let mut backends: Vec<usize> = (0..self.ports.len()).filter(is_backend).collect();
        if !backends.is_empty() {
            self.turn %= backends.len();
            backends.rotate_left(self.turn);
        } else {
            self.turn = 0;
        }
        self.turn += 1;
        for id in backends {
            let budget = self.room(id);
            self.ask(id, budget);
        }
    }

    /// Every frame sent was received, was lost for a reason, or waits.
    pub(crate) fn balance(&self) -> (u64, u64) {
        let sent = self.ports.iter().map(|port| port.sent).sum();
        let accounted =
            |port: &Port| port.received + port.lost.iter().sum::<u64>() + port.queue.len() as u64;
        (sent, self.ports.iter().map(accounted).sum())
    }
}
