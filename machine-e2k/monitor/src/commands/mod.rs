//! The commands: one method each, by which QMP and HMP do the same thing.
//!
//! What a command is called and takes stands in the schema; here it meets the machine. This file says who does what; the
//! doing is in the modules beside it.

mod chardev;
mod device;
mod network;
mod object;
pub(crate) mod pci;
mod process;

use elnic_board::Machine;
use elnic_qapi::Commands;
use elnic_qapi::commands::*;
use elnic_qapi::types::*;
use serde_json::{Map, Value};

use crate::descriptors::Descriptors;
use crate::error::CommandError;
use crate::hmp;
use crate::state::State;

/// What a command can reach.
pub struct Context<'a> {
    /// The machine.
    pub machine: &'a mut Machine,
    /// Its control.
    pub state: &'a mut State,
    /// Descriptors of the monitor that gave the command.
    pub descriptors: &'a mut Descriptors,
}

type Answer<T> = Result<T, CommandError>;

impl Commands for Context<'_> {
    type Error = CommandError;

    /// The session itself has ended the negotiation.
    fn qmp_capabilities(&mut self, _: QmpCapabilities) -> Answer<()> {
        Ok(())
    }

    fn query_version(&mut self) -> Answer<VersionInfo> {
        Ok(crate::version::info())
    }

    fn query_commands(&mut self) -> Answer<Vec<CommandInfo>> {
        let info =
            |command: &elnic_qapi::table::Command| CommandInfo { name: command.name.to_owned() };
        Ok(elnic_qapi::table::COMMANDS.iter().map(info).collect())
    }

    fn query_qmp_schema(&mut self) -> Answer<Vec<Value>> {
        Ok(elnic_qapi::introspection())
    }

    fn human_monitor_command(&mut self, arguments: HumanMonitorCommand) -> Answer<String> {
        let count = if self.has_processor() { self.machine.processors() } else { 0 };
        let index = arguments.cpu_index.map(usize::try_from);
        let cpu = match index {
            None => 0,
            Some(Ok(index)) if index < count => index,
            Some(_) => {
                return Err(CommandError::generic("Parameter 'cpu-index' expects a CPU number"));
            }
        };
        // What such a line chooses is forgotten after it.
        let kept = std::mem::replace(&mut self.state.cpu, cpu);
        let printed = hmp::execute(self, &arguments.command_line);
        self.state.cpu = kept;
        Ok(printed)
    }

    // ---- network --------------------------------------------------------------------------------------------------

    fn set_link(&mut self, arguments: SetLink) -> Answer<()> {
        self.plug_cable(&arguments.name, arguments.up)
    }

    fn netdev_add(&mut self, arguments: Map<String, Value>) -> Answer<()> {
        self.add_netdev(arguments)
    }

    fn netdev_del(&mut self, arguments: NetdevDel) -> Answer<()> {
        self.remove_netdev(&arguments.id)
    }

    fn query_rx_filter(&mut self, arguments: QueryRxFilter) -> Answer<Vec<RxFilterInfo>> {
        self.rx_filters(arguments.name.as_deref())
    }

    fn announce_self(&mut self, arguments: AnnounceParameters) -> Answer<()> {
        self.state.arm_announcements(arguments, self.machine);
        Ok(())
    }

    // ---- the run --------------------------------------------------------------------------------------------------

    fn query_status(&mut self) -> Answer<StatusInfo> {
        let running = self.state.is_running();
        Ok(StatusInfo { running, singlestep: false, status: self.state.run })
    }

    fn stop(&mut self) -> Answer<()> {
        self.state.stop(RunState::Paused);
        Ok(())
    }

    fn cont(&mut self) -> Answer<()> {
        if matches!(self.state.run, RunState::InternalError | RunState::Shutdown) {
            return Err(CommandError::generic("Resetting the Virtual Machine is required"));
        }
        self.state.start(self.machine);
        Ok(())
    }

    fn quit(&mut self) -> Answer<()> {
        self.state.quit = true;
        self.state.shut_down(false, ShutdownCause::HostQmpQuit);
        Ok(())
    }

    fn system_reset(&mut self) -> Answer<()> {
        self.reset_machine()
    }

    // ---- the process ----------------------------------------------------------------------------------------------

    fn query_name(&mut self) -> Answer<NameInfo> {
        Ok(NameInfo { name: self.state.name.clone() })
    }

    fn query_uuid(&mut self) -> Answer<UuidInfo> {
        Ok(UuidInfo { uuid: "00000000-0000-0000-0000-000000000000".to_owned() })
    }

    fn query_kvm(&mut self) -> Answer<KvmInfo> {
        Ok(KvmInfo { enabled: false, present: false })
    }

    fn query_iothreads(&mut self) -> Answer<Vec<Value>> {
        Ok(Vec::new())
    }

    fn query_block(&mut self) -> Answer<Vec<Value>> {
        Ok(Vec::new())
    }

    fn query_named_block_nodes(&mut self) -> Answer<Vec<Value>> {
        Ok(Vec::new())
    }

    fn getfd(&mut self, arguments: Getfd) -> Answer<()> {
        self.descriptors.keep(&arguments.fdname)
    }

    fn closefd(&mut self, arguments: Closefd) -> Answer<()> {
        self.descriptors.close(&arguments.fdname)
    }

    fn add_fd(&mut self, arguments: AddFd) -> Answer<AddfdInfo> {
        let descriptor = self.descriptors.take_passed()?;
        self.state.sets.add(descriptor, arguments.fdset_id, arguments.opaque)
    }

    fn remove_fd(&mut self, arguments: RemoveFd) -> Answer<()> {
        self.state.sets.remove(arguments.fdset_id, arguments.fd)
    }

    fn query_fdsets(&mut self) -> Answer<Vec<FdsetInfo>> {
        Ok(self.state.sets.list())
    }

    fn query_chardev(&mut self) -> Answer<Vec<ChardevInfo>> {
        Ok(self.state.chardevs.list())
    }

    fn query_chardev_backends(&mut self) -> Answer<Vec<ChardevBackendInfo>> {
        Ok(chardev::backends())
    }

    fn chardev_add(&mut self, arguments: ChardevAdd) -> Answer<ChardevReturn> {
        self.add_chardev(arguments)
    }

    fn chardev_remove(&mut self, arguments: ChardevRemove) -> Answer<()> {
        self.state.chardevs.remove(&arguments.id)
    }

    fn yank(&mut self, arguments: Yank) -> Answer<()> {
        self.cut(&arguments.instances)
    }

    fn query_yank(&mut self) -> Answer<Vec<YankInstance>> {
        Ok(self.what_can_be_cut())
    }

    // ---- machine and devices --------------------------------------------------------------------------------------

    fn query_machines(&mut self) -> Answer<Vec<MachineInfo>> {
        Ok(process::machines())
    }

    fn query_cpus_fast(&mut self) -> Answer<Vec<CpuInfoFast>> {
        Ok(self.processors())
    }

    fn query_memory_size_summary(&mut self) -> Answer<MemoryInfo> {
        let base_memory = self.machine.ram().layout().size();
        Ok(MemoryInfo { base_memory, plugged_memory: Some(0) })
    }

    fn query_target(&mut self) -> Answer<TargetInfo> {
        Ok(TargetInfo { arch: SysEmuTarget::E2k })
    }

    fn query_pci(&mut self) -> Answer<Vec<PciInfo>> {
        Ok(pci::buses(self.machine))
    }

    fn device_add(&mut self, arguments: Map<String, Value>) -> Answer<()> {
        self.plug(arguments)
    }

    fn device_del(&mut self, arguments: DeviceDel) -> Answer<()> {
        self.unplug(&arguments.id)
    }

    fn device_list_properties(
        &mut self,
        arguments: DeviceListProperties,
    ) -> Answer<Vec<ObjectPropertyInfo>> {
        device::list_properties(&arguments.typename)
    }

    // ---- objects --------------------------------------------------------------------------------------------------

    fn qom_list(&mut self, arguments: QomList) -> Answer<Vec<ObjectPropertyInfo>> {
        self.list_object(&arguments.path)
    }

    fn qom_get(&mut self, arguments: QomGet) -> Answer<Value> {
        self.get_property(&arguments.path, &arguments.property)
    }

    fn qom_set(&mut self, arguments: QomSet) -> Answer<()> {
        self.set_property(&arguments.path, &arguments.property, &arguments.value)
    }

    fn qom_list_types(&mut self, arguments: QomListTypes) -> Answer<Vec<ObjectTypeInfo>> {
        let with_abstract = arguments.r#abstract.unwrap_or(false);
        Ok(object::list_types(arguments.implements.as_deref(), with_abstract))
    }

    fn qom_list_properties(
        &mut self,
        arguments: QomListProperties,
    ) -> Answer<Vec<ObjectPropertyInfo>> {
        object::list_type(&arguments.typename)
    }

    fn object_add(&mut self, arguments: Map<String, Value>) -> Answer<()> {
        self.add_object(arguments)
    }

    fn object_del(&mut self, arguments: ObjectDel) -> Answer<()> {
        self.remove_object(&arguments.id)
    }
}
