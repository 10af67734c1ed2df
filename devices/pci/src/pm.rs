//! Power management of a function (PCI Power Management Interface 1.2 §3.2). Left out: Data and the bridge extensions.

use elnic_contract::{PowerManagement, PowerState};

use crate::SpecError;
use crate::config::ConfigSpace;

const PME_ENABLE: u16 = 1 << 8;
const PME_STATUS: u16 = 1 << 15;
const NO_SOFT_RESET: u16 = 1 << 3;

const fn state_of(control: u16) -> PowerState {
    match control & 3 {
        0 => PowerState::D0,
        1 => PowerState::D1,
        2 => PowerState::D2,
        _ => PowerState::D3Hot,
    }
}

/// Where the capability stands and what it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pm {
    offset: u8,
    spec: PowerManagement,
}

impl Pm {
    pub(crate) fn define(
        offset: u8,
        spec: PowerManagement,
        config: &mut ConfigSpace,
    ) -> Result<Self, SpecError> {
        let wrong = |what, value: u8, allowed| {
            let value = value.into();
            SpecError::CapabilityValue { capability: "power management", what, value, allowed }
        };
        if !(1..=3).contains(&spec.version) {
            return Err(wrong("version", spec.version, "1 to 3"));
        }
        if spec.pme_from >= 1 << 5 {
            return Err(wrong("pme_from", spec.pme_from, "bits 0 (D0) to 4 (D3cold)"));
        }
        let flag = |set: bool, bit: u32| u16::from(set).wrapping_shl(bit);
        let capabilities = u16::from(spec.version)
            | flag(spec.device_specific_init, 5)
            | flag(spec.d1, 9)
            | flag(spec.d2, 10)
            | u16::from(spec.pme_from).wrapping_shl(11);
        config.define16(offset.saturating_add(2), capabilities, 0);
        let (enable, status) = if spec.pme_from == 0 { (0, 0) } else { (PME_ENABLE, PME_STATUS) };
        let pm = Self { offset, spec };
        config.define16(
            pm.control(),
            if spec.no_soft_reset { NO_SOFT_RESET } else { 0 },
            3 | enable,
        );
        config.write_1_clears16(pm.control(), status);
        Ok(pm)
    }

    const fn control(&self) -> u8 {
        self.offset.saturating_add(4)
    }

    pub(crate) fn state(&self, config: &ConfigSpace) -> PowerState {
        state_of(config.get16(self.control()))
    }

    /// Whether the function has the state that `config` says it is in.
    pub(crate) fn has_state(&self, config: &ConfigSpace) -> bool {
        match self.state(config) {
            PowerState::D0 | PowerState::D3Hot => true,
            PowerState::D1 => self.spec.d1,
            PowerState::D2 => self.spec.d2,
        }
    }

    /// After a guest's write: a state that the function does not have is not taken, as §3.2.4 asks.
    pub(crate) fn settle(&self, config: &mut ConfigSpace, before: PowerState) {
        if !self.has_state(config) {
            let others = config.get16(self.control()) & !3;
            config.set16(self.control(), others | before as u16);
        }
    }

    /// Whether waking from `from` resets the function.
    pub(crate) fn waking_resets(&self, from: PowerState) -> bool {
        from == PowerState::D3Hot && !self.spec.no_soft_reset
    }

    pub(crate) fn pme_enabled(&self, config: &ConfigSpace) -> bool {
        config.get16(self.control()) & PME_ENABLE != 0
    }

    /// The device wants to wake the system, with `forced` whatever PME_En says. Whether PME# is driven.
    pub(crate) fn signal(&self, config: &mut ConfigSpace, forced: bool) -> bool {
        let sources = self.spec.pme_from.checked_shr(u32::from(config.get16(self.control()) & 3));
        if sources.unwrap_or(0) & 1 == 0 {
            return false;
        }
        config.set16(self.control(), config.get16(self.control()) | PME_STATUS);
        forced || self.pme_enabled(config)
    }

    /// What survives a reset of the function: the PME bits, which belong to the power domain (§3.2.4).
    pub(crate) fn pme_context(&self, config: &ConfigSpace) -> u16 {
        config.get16(self.control()) & (PME_ENABLE | PME_STATUS)
    }

    pub(crate) fn restore_pme_context(&self, config: &mut ConfigSpace, context: u16) {
        config.set16(self.control(), config.get16(self.control()) | context);
    }

    /// Whether a bus reset leaves the PME bits alone: only of a part that keeps auxiliary power.
    pub(crate) fn pme_survives_bus_reset(&self) -> bool {
        self.spec.pme_from & (1 << 4) != 0
    }
}
