//! Builds the list of capabilities in configuration space (PCI 3.0 §6.7).

use elnic_contract::{Capability, CapabilityKind};

use crate::config::{CONFIG_SIZE, ConfigSpace};
use crate::header::{CAPABILITIES, STATUS, STATUS_CAPABILITIES};
use crate::{Msi, MsiX, Pm, RegionWindow, SpecError};

const ID_POWER_MANAGEMENT: u8 = 0x01;
const ID_MSI: u8 = 0x05;
const ID_VENDOR: u8 = 0x09;
const ID_MSI_X: u8 = 0x11;

/// The capabilities of a function that do something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capabilities {
    pub(crate) pm: Option<Pm>,
    pub(crate) msi: Option<Msi>,
    pub(crate) msix: Option<MsiX>,
    pub(crate) window: Option<RegionWindow>,
}

impl Capabilities {
    /// Defines `list` in `config`, linked in its order.
    pub(crate) fn define(list: &[Capability], config: &mut ConfigSpace) -> Result<Self, SpecError> {
        let mut taken = [false; CONFIG_SIZE];
        let mut capabilities = Self::default();
        for (capability, next) in
            list.iter().zip(list.iter().skip(1).map(|next| next.offset).chain([0]))
        {
            let (id, length) = id_and_length(capability);
            reserve(&mut taken, capability.offset, length)?;
            config.define8(capability.offset, id, 0);
            config.define8(capability.offset.saturating_add(1), next, 0);
            capabilities.define_one(capability, config)?;
        }
        if let Some(first) = list.first() {
            config.define8(CAPABILITIES, first.offset, 0);
            config.define16(STATUS, STATUS_CAPABILITIES, 0);
        }
        Ok(capabilities)
    }

    fn define_one(
        &mut self,
        capability: &Capability,
        config: &mut ConfigSpace,
    ) -> Result<(), SpecError> {
        let offset = capability.offset;
        let twice = |there: bool| {
            if there { Err(SpecError::CapabilityTwice { offset }) } else { Ok(()) }
        };
        match &capability.kind {
            CapabilityKind::PowerManagement(spec) => {
                twice(self.pm.is_some())?;
                self.pm = Some(Pm::define(offset, *spec, config)?);
            }
            CapabilityKind::Msi(spec) => {
                twice(self.msi.is_some())?;
                self.msi = Some(Msi::define(offset, *spec, config)?);
            }
            CapabilityKind::MsiX(spec) => {
                twice(self.msix.is_some())?;
                self.msix = Some(MsiX::define(offset, *spec, config)?);
            }
            CapabilityKind::Vendor(bytes) => {
                let length = u8::try_from(bytes.len().saturating_add(3)).unwrap_or(u8::MAX);
                config.define8(offset.saturating_add(2), length, 0);
                constant(config, offset.saturating_add(3), bytes);
            }
            CapabilityKind::Window(spec) => {
                twice(self.window.is_some())?;
                self.window = Some(RegionWindow::define(offset, *spec, config));
            }
            CapabilityKind::Constant { bytes, .. } => {
                constant(config, offset.saturating_add(2), bytes);
            }
        }
        Ok(())
    }
}

fn constant(config: &mut ConfigSpace, offset: u8, bytes: &[u8]) {
    for (at, byte) in (offset..=u8::MAX).zip(bytes) {
        config.define8(at, *byte, 0);
    }
}

fn id_and_length(capability: &Capability) -> (u8, usize) {
    match &capability.kind {
        CapabilityKind::PowerManagement(_) => (ID_POWER_MANAGEMENT, 8),
        CapabilityKind::Msi(spec) => (ID_MSI, Msi::length(*spec)),
        CapabilityKind::MsiX(_) => (ID_MSI_X, 12),
        CapabilityKind::Vendor(bytes) => (ID_VENDOR, bytes.len().saturating_add(3)),
        CapabilityKind::Window(_) => (ID_VENDOR, RegionWindow::LENGTH),
        CapabilityKind::Constant { id, bytes } => (*id, bytes.len().saturating_add(2)),
    }
}

fn reserve(taken: &mut [bool; CONFIG_SIZE], offset: u8, length: usize) -> Result<(), SpecError> {
    let start = usize::from(offset);
    let end = start.saturating_add(length);
    if start < 0x40 || !start.is_multiple_of(4) || end > CONFIG_SIZE {
        return Err(SpecError::CapabilityOffset { offset, length });
    }
    for byte in taken.iter_mut().take(end).skip(start) {
        if std::mem::replace(byte, true) {
            return Err(SpecError::CapabilityOverlap { offset });
        }
    }
    Ok(())
}
