//! What a front end says, and what becomes of it.

use std::fs::File;
use std::io::{self, Read, Write};

use elnic_contract::RingPosition;
use vhost::VhostUserMemoryRegionBase;
use vhost::vhost_user::message::{
    VhostTransferStateDirection, VhostTransferStatePhase, VhostUserConfigFlags, VhostUserInflight,
    VhostUserLog, VhostUserMemoryRegion, VhostUserProtocolFeatures, VhostUserShMemConfig,
    VhostUserSharedMsg, VhostUserSingleMemoryRegion, VhostUserVirtioFeatures,
    VhostUserVringAddrFlags, VhostUserVringState,
};
use vhost::vhost_user::{Error, GpuBackend, Result, VhostUserBackendReqHandlerMut};

use crate::device::{Exported, Placed};
use crate::memory::SharedGuest;

/// Rings of one pair.
pub(crate) const RINGS: usize = 2;
const PROTOCOL_FEATURES: u64 = VhostUserVirtioFeatures::PROTOCOL_FEATURES.bits();

/// A ring as the front end describes it.
#[derive(Default)]
pub(crate) struct Ring {
    size: u16,
    /// Guest addresses of descriptors, available ring, used ring.
    areas: Option<[u64; 3]>,
    position: RingPosition,
    pub(crate) kick: Option<File>,
    call: Option<File>,
    enabled: bool,
}

/// The device as a front end sees it.
pub(crate) struct FrontEnd {
    pub(crate) device: Exported,
    pub(crate) rings: [Ring; RINGS],
    features: u64,
    /// `REPLY_ACK` was agreed on.
    pub(crate) acknowledges: bool,
    /// The rings the device is up with.
    at_work: Vec<Placed>,
}

fn refused(error: io::Error) -> Error {
    Error::ReqHandlerError(error)
}

impl FrontEnd {
    pub(crate) fn new(device: Exported) -> Self {
        Self {
            device,
            rings: Default::default(),
            features: 0,
            acknowledges: false,
            at_work: Vec::new(),
        }
    }

    fn ring(&mut self, index: u32) -> Result<&mut Ring> {
        let index = usize::try_from(index).map_err(|_| Error::InvalidParam)?;
        self.rings.get_mut(index).ok_or(Error::InvalidParam)
    }

    /// Rings that are to be worked on: started by their kick and enabled.
    fn wanted(&self) -> Vec<Placed> {
        let always = self.features & PROTOCOL_FEATURES == 0;
        let rings = (0_u16..).zip(&self.rings);
        let started = rings.filter(|(_, ring)| ring.kick.is_some() && (ring.enabled || always));
        let placed = started.filter_map(|(queue, ring)| {
            ring.areas.map(|areas| Placed { queue, size: ring.size, areas })
        });
        placed.collect()
    }

    /// Keeps how far the device has come with the rings it works on.
    fn note_positions(&mut self) {
        for placed in &self.at_work {
            if let Some(position) = self.device.position(placed.queue)
                && let Some(ring) = self.rings.get_mut(usize::from(placed.queue))
            {
                ring.position = position;
            }
        }
    }

    /// Has the device work on the rings that are to be worked on, `anew` if what lies under them has changed.
    fn settle(&mut self, anew: bool) -> Result<()> {
        let wanted = self.wanted();
        if wanted == self.at_work && !anew {
            return Ok(());
        }
        self.note_positions();
        let rings: Vec<(Placed, RingPosition)> = wanted
            .iter()
            .filter_map(|placed| {
                Some((*placed, self.rings.get(usize::from(placed.queue))?.position))
            })
            .collect();
        self.at_work = wanted;
        if self.device.bring_up(self.features & !PROTOCOL_FEATURES, &rings) {
            Ok(())
        } else {
            Err(Error::InvalidParam)
        }
    }

    /// The front end is gone: its rings are nobody's.
    pub(crate) fn forget(&mut self) {
        self.rings = Default::default();
        self.features = 0;
        self.acknowledges = false;
        self.at_work.clear();
        let _ = self.device.bring_up(0, &[]);
        self.device.memory = SharedGuest::default();
    }

    /// A ring was kicked.
    pub(crate) fn kicked(&mut self, queue: u16) {
        let ring = self.rings.get_mut(usize::from(queue));
        if let Some(kick) = ring.and_then(|ring| ring.kick.as_mut()) {
            // It can be read: an eventfd gives eight bytes.
            let _ = kick.read(&mut [0; 8]);
            self.device.notify(queue);
        }
    }

    /// Calls the drivers that are to be called.
    pub(crate) fn pass_calls_on(&mut self) {
        for queue in std::mem::take(&mut self.device.called) {
            let ring = self.rings.get_mut(usize::from(queue));
            if let Some(call) = ring.and_then(|ring| ring.call.as_mut()) {
                // One that was not heard yet is as good as two.
                let _ = call.write(&1_u64.to_ne_bytes());
            }
        }
    }
}

impl VhostUserBackendReqHandlerMut for FrontEnd {
    fn set_owner(&mut self) -> Result<()> {
        Ok(())
    }

    fn reset_owner(&mut self) -> Result<()> {
        self.reset_device()
    }

    fn reset_device(&mut self) -> Result<()> {
        for ring in &mut self.rings {
            ring.enabled = false;
        }
        self.settle(true)
    }

    fn get_features(&mut self) -> Result<u64> {
        Ok(self.device.features() | PROTOCOL_FEATURES)
    }

    fn set_features(&mut self, features: u64) -> Result<()> {
        self.features = features;
        self.settle(true)
    }

    fn get_protocol_features(&mut self) -> Result<VhostUserProtocolFeatures> {
        Ok(VhostUserProtocolFeatures::REPLY_ACK)
    }

    fn set_protocol_features(&mut self, features: u64) -> Result<()> {
        self.acknowledges = features & VhostUserProtocolFeatures::REPLY_ACK.bits() != 0;
        Ok(())
    }

    fn set_mem_table(
        &mut self,
        regions: &[VhostUserMemoryRegion],
        files: Vec<File>,
        _postcopy: Option<bool>,
    ) -> Result<Option<Vec<VhostUserMemoryRegionBase>>> {
        let memory = SharedGuest::map(regions, files).map_err(refused)?;
        self.note_positions();
        self.device.memory = memory;
        self.settle(true)?;
        Ok(None)
    }

    fn get_queue_num(&mut self) -> Result<u64> {
        Ok(1)
    }

    fn set_vring_num(&mut self, index: u32, number: u32) -> Result<()> {
        let size = u16::try_from(number).ok().filter(|size| (1..=1024).contains(size));
        self.ring(index)?.size = size.ok_or(Error::InvalidParam)?;
        Ok(())
    }

    fn set_vring_addr(
        &mut self,
        index: u32,
        _flags: VhostUserVringAddrFlags,
        descriptors: u64,
        used: u64,
        available: u64,
        _log: u64,
    ) -> Result<()> {
        let place = |name| self.device.memory.place(name).ok_or(Error::InvalidParam);
        let areas = [place(descriptors)?, place(available)?, place(used)?];
        self.ring(index)?.areas = Some(areas);
        self.settle(false)
    }

    fn set_vring_base(&mut self, index: u32, base: u32) -> Result<()> {
        self.ring(index)?.position = RingPosition(base);
        Ok(())
    }

    fn get_vring_base(&mut self, index: u32) -> Result<VhostUserVringState> {
        self.note_positions();
        let ring = self.ring(index)?;
        let position = ring.position;
        (ring.kick, ring.call) = (None, None);
        self.settle(false)?;
        Ok(VhostUserVringState::new(index, position.0))
    }

    fn set_vring_kick(&mut self, index: u8, file: Option<File>) -> Result<()> {
        self.ring(index.into())?.kick = file;
        self.settle(false)
    }

    fn set_vring_call(&mut self, index: u8, file: Option<File>) -> Result<()> {
        self.ring(index.into())?.call = file;
        Ok(())
    }

    fn set_vring_err(&mut self, index: u8, _file: Option<File>) -> Result<()> {
        self.ring(index.into()).map(|_| ())
    }

    fn set_vring_enable(&mut self, index: u32, enable: bool) -> Result<()> {
        self.ring(index)?.enabled = enable;
        self.settle(false)
    }

    // What follows belongs to parts of the protocol that are not offered.

    fn get_config(&mut self, _: u32, _: u32, _: VhostUserConfigFlags) -> Result<Vec<u8>> {
        Err(Error::InvalidOperation("the configuration is the front end's"))
    }

    fn set_config(&mut self, _: u32, _: &[u8], _: VhostUserConfigFlags) -> Result<()> {
        Err(Error::InvalidOperation("the configuration is the front end's"))
    }

    fn set_gpu_socket(&mut self, _: GpuBackend) -> Result<()> {
        Err(Error::InvalidOperation("this is a network interface"))
    }

    fn get_shared_object(&mut self, _: VhostUserSharedMsg) -> Result<File> {
        Err(Error::InvalidOperation("there are no shared objects"))
    }

    fn get_inflight_fd(&mut self, _: &VhostUserInflight) -> Result<(VhostUserInflight, File)> {
        Err(Error::InvalidOperation("there is no inflight region"))
    }

    fn set_inflight_fd(&mut self, _: &VhostUserInflight, _: File) -> Result<()> {
        Err(Error::InvalidOperation("there is no inflight region"))
    }

    fn get_max_mem_slots(&mut self) -> Result<u64> {
        Err(Error::InvalidOperation("memory comes in one table"))
    }

    fn add_mem_region(
        &mut self,
        _: &VhostUserSingleMemoryRegion,
        _: File,
        _: Option<bool>,
    ) -> Result<Option<VhostUserMemoryRegionBase>> {
        Err(Error::InvalidOperation("memory comes in one table"))
    }

    fn remove_mem_region(&mut self, _: &VhostUserSingleMemoryRegion) -> Result<()> {
        Err(Error::InvalidOperation("memory comes in one table"))
    }

    fn set_device_state_fd(
        &mut self,
        _: VhostTransferStateDirection,
        _: VhostTransferStatePhase,
        _: File,
    ) -> Result<Option<File>> {
        Err(Error::InvalidOperation("there is no state to transfer"))
    }

    fn check_device_state(&mut self) -> Result<()> {
        Err(Error::InvalidOperation("there is no state to transfer"))
    }

    fn get_shmem_config(&mut self) -> Result<VhostUserShMemConfig> {
        Err(Error::InvalidOperation("there is no shared memory of the device's"))
    }

    fn set_log_base(&mut self, _: &VhostUserLog, _: File) -> Result<()> {
        Err(Error::InvalidOperation("dirty pages are not logged"))
    }
}
