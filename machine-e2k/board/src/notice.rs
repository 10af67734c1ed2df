//! What happened on the board that a monitor may want to tell.
//!
//! Kept only while somebody listens, and bounded: a filter that changed is one notice however often it changed, interrupts
//! are kept only for a test that asked for them.

use std::collections::{BTreeSet, VecDeque};

use elnic_clock::DeviceId;

use crate::inventory::DeviceInfo;

/// Interrupt edges kept at most; a test looks after every command.
const EDGES: usize = 65_536;

/// Something a monitor may want to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// What a network interface lets through may have changed.
    RxFilterChanged(DeviceInfo),
    /// A device was unplugged.
    Deleted(DeviceInfo),
    /// The guest's driver knows that this network interface stands in for another.
    FailoverNegotiated(DeviceInfo),
    /// A netdev, by id, has something to tell.
    Netdev(String, elnic_netclient::Notice),
    /// An interrupt input changed its level.
    Interrupt {
        /// Its number.
        input: u8,
        /// Its level.
        high: bool,
    },
}

/// What has happened since somebody looked.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    listening: bool,
    pub(crate) interrupts: bool,
    changed: BTreeSet<DeviceId>,
    others: VecDeque<Notice>,
}

impl Notices {
    pub(crate) fn listen(&mut self) {
        self.listening = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.others.is_empty()
    }

    pub(crate) fn rx_filter_changed(&mut self, device: DeviceId) {
        if self.listening {
            self.changed.insert(device);
        }
    }

    pub(crate) fn interrupt(&mut self, input: u8, high: bool) {
        if self.interrupts && self.others.len() < EDGES {
            self.others.push_back(Notice::Interrupt { input, high });
        }
    }

    pub(crate) fn deleted(&mut self, device: DeviceInfo) {
        if self.listening {
            self.others.push_back(Notice::Deleted(device));
        }
    }

    pub(crate) fn failover(&mut self, standby: DeviceInfo) {
        if self.listening {
            self.others.push_back(Notice::FailoverNegotiated(standby));
        }
    }

    pub(crate) fn netdev(&mut self, told: Vec<(String, elnic_netclient::Notice)>) {
        if self.listening {
            self.others.extend(told.into_iter().map(|(id, notice)| Notice::Netdev(id, notice)));
        }
    }

    /// Takes everything: changed filters by device, the rest in order.
    pub(crate) fn take(&mut self) -> (BTreeSet<DeviceId>, VecDeque<Notice>) {
        (std::mem::take(&mut self.changed), std::mem::take(&mut self.others))
    }
}
