//! Machine models, processors, resets.

use elnic_board::{DEFAULT_MACHINE, MACHINES, MachineModel, Profile, UNATTACHED};
use elnic_qapi::types::{
    CpuInfoFast, CpuInstanceProperties, MachineInfo, RunState, ShutdownCause, SysEmuTarget,
};

use super::{Answer, Context};
use crate::error::CommandError;

/// All machine models.
pub(super) fn machines() -> Vec<MachineInfo> {
    let info = |model: &MachineModel| MachineInfo {
        name: model.name.to_owned(),
        alias: model.aliases.first().map(|alias| (*alias).to_owned()),
        is_default: (model.name == DEFAULT_MACHINE).then_some(true),
        cpu_max: 1,
        hotpluggable_cpus: false,
        numa_mem_supported: false,
        deprecated: false,
        default_cpu_type: (model.profile == Profile::Elbrus)
            .then(|| format!("{}-e2k-cpu", model.cpu)),
        default_ram_id: Some("ram".to_owned()),
        acpi: false,
    };
    MACHINES.iter().map(info).collect()
}

impl Context<'_> {
    /// Whether this machine has a processor.
    pub(crate) fn has_processor(&self) -> bool {
        self.machine.model().profile == Profile::Elbrus
    }

    pub(super) fn processors(&self) -> Vec<CpuInfoFast> {
        let count = if self.has_processor() { self.machine.processors() } else { 0 };
        let processor = |index: usize| {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            CpuInfoFast {
                cpu_index: index,
                qom_path: format!("{UNATTACHED}/device[{index}]"),
                // One thread runs processors, devices and time: the one that answers.
                thread_id: nix::unistd::gettid().as_raw().into(),
                props: Some(CpuInstanceProperties {
                    socket_id: Some(0),
                    core_id: Some(index),
                    thread_id: Some(0),
                }),
                target: SysEmuTarget::E2k,
            }
        };
        (0..count).map(processor).collect()
    }

    /// `system_reset`: a machine that had ended waits for `cont` afterwards.
    pub(super) fn reset_machine(&mut self) -> Answer<()> {
        self.machine.reset().map_err(|error| CommandError::generic(error.to_string()))?;
        if !self.state.is_running() {
            self.state.run = RunState::Prelaunch;
        }
        self.state.reset(false, ShutdownCause::HostQmpSystemReset);
        self.state.hear(self.machine);
        Ok(())
    }
}
