//! `filter-mirror` and `filter-redirector`: frames out to another program, and in from one.
//!
//! The other program speaks length and frame over a stream, as the `stream` netdev does; here it is any [`NetClient`].

use std::collections::VecDeque;

use elnic_contract::{Frame, LinkState, VTime};
use elnic_wire::offload::materialise;

use crate::filter::{Direction, FilterFault, FilterQueue, NetFilter};
use crate::{Doorbell, NetClient};

/// Frames taken from another program at one input point.
const BUDGET: usize = 64;

/// A stream to another program, by the name the user gave it.
pub struct Outlet {
    name: String,
    client: Box<dyn NetClient>,
    /// Frames the program was too slow for, or that it was not there for.
    missed: u64,
}

impl Outlet {
    /// Frames go to and come from `client`, which the user calls `name`.
    pub fn new(name: String, client: Box<dyn NetClient>) -> Self {
        Self { name, client, missed: 0 }
    }

    /// Sends a copy. A program that does not keep up misses frames; the cable does not wait for it.
    fn send(&mut self, now: VTime, frame: &Frame) {
        let finished = if self.client.offload().takes(frame.offload()) {
            vec![frame.clone()]
        } else {
            // What is not what it claims to be cannot be finished, and is missed.
            materialise(frame).unwrap_or_default()
        };
        let there = self.client.carrier() == LinkState::Up;
        if !there || finished.is_empty() || self.client.credits() < finished.len() {
            self.missed += 1;
            return;
        }
        let mut frames: VecDeque<Frame> = finished.into();
        self.client.deliver(now, &mut frames);
    }
}

/// Copies what passes to another program.
pub struct FilterMirror {
    outdev: Outlet,
}

impl FilterMirror {
    /// A mirror.
    pub fn new(outdev: Outlet) -> Self {
        Self { outdev }
    }
}

impl NetFilter for FilterMirror {
    fn kind(&self) -> &'static str {
        "filter-mirror"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        vec![
            ("vnet_hdr_support", "false".to_owned()),
            ("outdev", self.outdev.name.clone()),
            ("missed", self.outdev.missed.to_string()),
        ]
    }

    fn pass(
        &mut self,
        now: VTime,
        _direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        self.outdev.send(now, &frame);
        out.push(frame);
        Ok(())
    }

    fn attach(&mut self, doorbell: &Doorbell) {
        self.outdev.client.attach(doorbell.clone());
    }
}

/// Hands what passes over to another program, and passes on what one sends.
pub struct FilterRedirector {
    indev: Option<Outlet>,
    outdev: Option<Outlet>,
    queue: FilterQueue,
}

impl FilterRedirector {
    /// A redirector: with `outdev` no frame goes on by itself; those of `indev` go on in each direction of `queue`.
    pub fn new(indev: Option<Outlet>, outdev: Option<Outlet>, queue: FilterQueue) -> Self {
        Self { indev, outdev, queue }
    }
}

impl NetFilter for FilterRedirector {
    fn kind(&self) -> &'static str {
        "filter-redirector"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let name = |outlet: &Option<Outlet>| {
            outlet.as_ref().map(|outlet| outlet.name.clone()).unwrap_or_default()
        };
        let mut properties = vec![
            ("vnet_hdr_support", "false".to_owned()),
            ("indev", name(&self.indev)),
            ("outdev", name(&self.outdev)),
        ];
        properties.extend(self.outdev.as_ref().map(|outdev| ("missed", outdev.missed.to_string())));
        properties
    }

    fn pass(
        &mut self,
        now: VTime,
        _direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        match &mut self.outdev {
            Some(outdev) => outdev.send(now, &frame),
            None => out.push(frame),
        }
        Ok(())
    }

    fn tick(&mut self, now: VTime, out: &mut Vec<(Direction, Frame)>) -> Result<(), FilterFault> {
        let Some(indev) = &mut self.indev else { return Ok(()) };
        let mut frames = Vec::new();
        indev.client.poll(now, BUDGET, &mut frames);
        for frame in frames {
            for direction in [Direction::Tx, Direction::Rx] {
                if self.queue.sees(direction) {
                    out.push((direction, frame.clone()));
                }
            }
        }
        Ok(())
    }

    fn attach(&mut self, doorbell: &Doorbell) {
        for outlet in [&mut self.indev, &mut self.outdev].into_iter().flatten() {
            outlet.client.attach(doorbell.clone());
        }
    }
}
