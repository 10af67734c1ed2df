//! What is said to one back end: features first, then memory and rings each time they are handed over.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use elnic_contract::{Ring, RingPosition, Rings};
use elnic_netclient::SharedMemory;
use vhost::vhost_user::message::{
    VhostUserHeaderFlag, VhostUserInflight, VhostUserProtocolFeatures as Protocol,
    VhostUserVringAddrFlags,
};
use vhost::vhost_user::{Frontend, VhostUserFrontend, VhostUserVirtioFeatures};
use vhost::{VhostBackend, VhostUserMemoryRegionInfo, VringConfigData};
use vmm_sys_util::eventfd::EventFd;

use crate::error::VhostUserError;
use crate::inflight::{self, Inflight};
use crate::message::Wire;

/// Parts of the protocol that are made use of where the back end has them.
const WANTED: Protocol = Protocol::MQ
    .union(Protocol::LOG_SHMFD)
    .union(Protocol::RARP)
    .union(Protocol::REPLY_ACK)
    .union(Protocol::MTU)
    .union(Protocol::INFLIGHT_SHMFD)
    .union(Protocol::STATUS);
/// `VIRTIO_NET_F_MTU` and `VIRTIO_NET_F_MQ`.
const MTU: u64 = 1 << 3;
const MQ: u64 = 1 << 22;
/// Bits of a back end's features that are the protocol's, not virtio's.
const PROTOCOL_FEATURES: u64 = VhostUserVirtioFeatures::PROTOCOL_FEATURES.bits();
const LOG_ALL: u64 = VhostUserVirtioFeatures::LOG_ALL.bits();
/// The address space in which this program names places in guest memory to a back end: guest addresses, moved, so that
/// none is 0. Its own addresses are nobody's business.
const NAMES: u64 = 1 << 44;
/// Device status while rings are set up: ACKNOWLEDGE, DRIVER and FEATURES_OK; with DRIVER_OK they are at work.
const SETTING_UP: u8 = 0x0b;
const DRIVER_OK: u8 = 0x04;

/// The eventfds of one ring; they outlive back ends.
pub(crate) struct Events {
    pub(crate) kick: EventFd,
    pub(crate) call: EventFd,
}

/// A conversation with a back end.
pub(crate) struct Session {
    frontend: Frontend,
    wire: Wire,
    /// Features of virtio's that it has.
    pub(crate) features: u64,
    has_protocol: bool,
    protocol: Protocol,
    can_log: bool,
}

impl Session {
    /// Agrees on features with the back end at the other end of `stream`, which has to serve `pairs`.
    pub(crate) fn greet(stream: &UnixStream, pairs: u16) -> Result<Self, VhostUserError> {
        let clone = || stream.try_clone().map_err(VhostUserError::os("socket"));
        let mut frontend = Frontend::from_stream(clone()?, 2 * u64::from(crate::MAX_PAIRS));
        let mut wire = Wire::new(clone()?);
        let said = VhostUserError::protocol;
        let all = frontend.get_features().map_err(said("GET_FEATURES"))?;
        let has_protocol = all & PROTOCOL_FEATURES != 0;
        let mut protocol = Protocol::empty();
        if has_protocol {
            let theirs = frontend.get_protocol_features().map_err(said("GET_PROTOCOL_FEATURES"))?;
            protocol = theirs & WANTED;
            frontend.set_protocol_features(protocol).map_err(said("SET_PROTOCOL_FEATURES"))?;
        }
        if protocol.contains(Protocol::REPLY_ACK) {
            frontend.set_hdr_flags(VhostUserHeaderFlag::NEED_REPLY);
            wire.acknowledged = true;
        }
        let has_pairs = protocol.contains(Protocol::MQ);
        let supported = if has_pairs { wire.queue_pairs()? } else { 1 };
        if supported < pairs.into() {
            return Err(VhostUserError::TooManyQueues { asked: pairs, supported });
        }
        frontend.set_owner().map_err(said("SET_OWNER"))?;
        let can_log = all & LOG_ALL != 0 && protocol.contains(Protocol::LOG_SHMFD);
        let unusable = PROTOCOL_FEATURES | LOG_ALL | if has_pairs { 0 } else { MQ };
        let features = all & !unusable;
        Ok(Self { frontend, wire, features, has_protocol, protocol, can_log })
    }

    /// Hands over memory and rings. `inflight` is what the back end before this one left, and becomes what this one is to
    /// keep.
    pub(crate) fn start(
        &mut self,
        memory: &[SharedMemory],
        rings: &Rings,
        events: &[Events],
        inflight: &mut Option<Inflight>,
    ) -> Result<(), VhostUserError> {
        self.set_features(rings, false)?;
        if self.protocol.contains(Protocol::STATUS) {
            self.wire.set_status(SETTING_UP)?;
        }
        if let Some(mtu) = rings.mtu
            && rings.features & MTU != 0
            && self.protocol.contains(Protocol::MTU)
        {
            self.wire.set_mtu(mtu)?;
        }
        self.share_inflight(rings, inflight)?;
        let regions: Vec<VhostUserMemoryRegionInfo> = memory
            .iter()
            .map(|bank| VhostUserMemoryRegionInfo {
                guest_phys_addr: bank.start,
                memory_size: bank.length,
                userspace_addr: NAMES + bank.start,
                mmap_offset: 0,
                mmap_handle: bank.file.as_raw_fd(),
            })
            .collect();
        let said = VhostUserError::protocol;
        self.frontend.set_mem_table(&regions).map_err(said("SET_MEM_TABLE"))?;
        for ring in &rings.list {
            let queue = usize::from(ring.queue);
            let Some(Events { kick, call }) = events.get(queue) else { continue };
            let frontend = &self.frontend;
            frontend.set_vring_call(queue, call).map_err(said("SET_VRING_CALL"))?;
            frontend.set_vring_num(queue, ring.size).map_err(said("SET_VRING_NUM"))?;
            self.wire.set_base(ring.queue, ring.position.0)?;
            self.place(ring, false)?;
            self.frontend.set_vring_kick(queue, kick).map_err(said("SET_VRING_KICK"))?;
        }
        self.enable(rings)?;
        if self.protocol.contains(Protocol::STATUS) {
            self.wire.set_status(SETTING_UP | DRIVER_OK)?;
        }
        for ring in &rings.list {
            // What the driver made available before nobody was told of.
            if let Some(events) = events.get(usize::from(ring.queue)) {
                events.kick.write(1).map_err(VhostUserError::os("kick"))?;
            }
        }
        Ok(())
    }

    fn set_features(&mut self, rings: &Rings, logs: bool) -> Result<(), VhostUserError> {
        let mut features = rings.features & self.features;
        features |= if self.has_protocol { PROTOCOL_FEATURES } else { 0 };
        features |= if logs { LOG_ALL } else { 0 };
        self.frontend.set_features(features).map_err(VhostUserError::protocol("SET_FEATURES"))
    }

    /// Says where a ring lies.
    fn place(&mut self, ring: &Ring, logs: bool) -> Result<(), VhostUserError> {
        let flag = if logs { VhostUserVringAddrFlags::VHOST_VRING_F_LOG.bits() } else { 0 };
        let data = VringConfigData {
            queue_max_size: ring.size,
            queue_size: ring.size,
            flags: flag,
            desc_table_addr: NAMES + ring.descriptors.0,
            used_ring_addr: NAMES + ring.device.0,
            avail_ring_addr: NAMES + ring.driver.0,
            log_addr: logs.then_some(ring.device.0),
        };
        let said = VhostUserError::protocol("SET_VRING_ADDR");
        self.frontend.set_vring_addr(ring.queue.into(), &data).map_err(said)
    }

    fn share_inflight(
        &mut self,
        rings: &Rings,
        kept: &mut Option<Inflight>,
    ) -> Result<(), VhostUserError> {
        if !self.protocol.contains(Protocol::INFLIGHT_SHMFD) {
            *kept = None;
            return Ok(());
        }
        let shape = inflight::shape(rings);
        let said = VhostUserError::protocol;
        let inflight = match kept.take().filter(|kept| kept.fits(shape)) {
            Some(inflight) => inflight,
            None => {
                let wanted = VhostUserInflight::new(0, 0, shape.0, shape.1);
                let made = self.frontend.get_inflight_fd(&wanted);
                let (description, file) = made.map_err(said("GET_INFLIGHT_FD"))?;
                Inflight::new(description, file, shape)
            }
        };
        let (description, number) = (&inflight.description, inflight.file.as_raw_fd());
        let set = self.frontend.set_inflight_fd(description, number);
        set.map_err(said("SET_INFLIGHT_FD"))?;
        *kept = Some(inflight);
        Ok(())
    }

    /// Lets work begin on the rings that are enabled and rest on the others.
    pub(crate) fn enable(&mut self, rings: &Rings) -> Result<(), VhostUserError> {
        if !self.has_protocol {
            // Without the protocol's features a ring is enabled from the start.
            return Ok(());
        }
        for ring in &rings.list {
            let said = VhostUserError::protocol("SET_VRING_ENABLE");
            self.frontend.set_vring_enable(ring.queue.into(), ring.enabled).map_err(said)?;
        }
        Ok(())
    }

    /// Takes the rings back: how far each was worked off.
    pub(crate) fn stop(
        &mut self,
        rings: &Rings,
    ) -> Result<Vec<(u16, Option<RingPosition>)>, VhostUserError> {
        let mut still = rings.clone();
        still.list.iter_mut().for_each(|ring| ring.enabled = false);
        self.enable(&still)?;
        let mut positions = Vec::new();
        for ring in &rings.list {
            let said = VhostUserError::protocol("GET_VRING_BASE");
            let base = self.frontend.get_vring_base(ring.queue.into()).map_err(said)?;
            positions.push((ring.queue, Some(RingPosition(base))));
        }
        if self.protocol.contains(Protocol::STATUS) {
            self.wire.set_status(0)?;
        }
        Ok(positions)
    }

    /// Whether the back end announces stations.
    pub(crate) fn announces(&self) -> bool {
        self.protocol.contains(Protocol::RARP)
    }

    pub(crate) fn announce(&mut self, station: [u8; 6]) -> Result<(), VhostUserError> {
        self.wire.send_rarp(station)
    }

    /// Whether the back end can say which pages it writes.
    pub(crate) const fn can_log(&self) -> bool {
        self.can_log
    }

    /// From now on pages that are written are marked in `log`; with `None` no longer.
    pub(crate) fn log(
        &mut self,
        rings: &Rings,
        log: Option<(&std::fs::File, u64)>,
    ) -> Result<(), VhostUserError> {
        if let Some((file, size)) = log {
            self.wire.set_log_base(file, size)?;
        }
        self.set_features(rings, log.is_some())?;
        for ring in &rings.list {
            self.place(ring, log.is_some())?;
        }
        Ok(())
    }

    pub(crate) fn hang_up(&self) {
        self.wire.hang_up();
    }
}
