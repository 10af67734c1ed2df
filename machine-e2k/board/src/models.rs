//! The machines and processors a user can ask for.
//!
//! Sources: e2k-machine.md §1.1 (models, instruction sets, IDR.mdl), e2k-isa.md; processor names are those of
//! qemu-system-e2k's `-cpu`. Clock frequencies are the nominal ones of the series parts.

use elnic_contract::{ClockHz, nearest};
use elnic_cpu::IsaVersion;
use elnic_soc::map::{self, AddressPlan};

use crate::hub::{self, Hub};
use crate::pc;

/// A processor model.
#[derive(Debug, PartialEq, Eq)]
pub struct CpuModel {
    /// The name a user types.
    pub name: &'static str,
    /// What it is.
    pub summary: &'static str,
    /// Version of its instruction set.
    pub isa: IsaVersion,
    /// `%idr` after reset: model in bits 7 to 0, the rest as qemu-system-e2k shows it for every model.
    pub idr: u64,
    /// Its clock.
    pub clock: ClockHz,
    /// How many processors it has.
    pub cores: u8,
}

/// A machine model.
#[derive(Debug, PartialEq, Eq)]
pub struct MachineModel {
    /// The name a user types.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it is.
    pub summary: &'static str,
    /// Name of the processor it has unless told otherwise.
    pub cpu: &'static str,
    /// What is soldered to it.
    pub profile: Profile,
    /// What lies where.
    pub plan: &'static AddressPlan,
    /// `cpu_type` of the boot block: `%idr.mdl` of the board's own processor.
    pub cpu_type: u8,
    /// Its I/O hub.
    pub hub: &'static Hub,
}

/// What is soldered to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// An Elbrus board: processor, I/O hub, console.
    Elbrus,
    /// No processor; bus 0 behind ports 0xcf8 and 0xcfc, RAM from 0, and the ports QEMU's test programs ask for the size
    /// of RAM. Nothing else of a PC.
    Pc,
    /// Nothing: netdevs alone.
    None,
}

const fn cpu(
    name: &'static str,
    summary: &'static str,
    isa: IsaVersion,
    model: u64,
    (megahertz, cores): (u32, u8),
) -> CpuModel {
    let clock = ClockHz::hz(megahertz as u64 * 1_000_000);
    CpuModel { name, summary, isa, idr: 0x3_a200 | model, clock, cores }
}

/// Every processor, oldest first.
pub static CPUS: &[CpuModel] = &[
    cpu("e2c+", "Elbrus-2C+ (v2), 500 MHz", IsaVersion::V2, 0x04, (500, 2)),
    cpu("e2s", "Elbrus-4C (v3), 800 MHz", IsaVersion::V3, 0x03, (800, 4)),
    cpu("e8c", "Elbrus-8C (v4), 1.3 GHz", IsaVersion::V4, 0x07, (1300, 8)),
    cpu("e1c+", "Elbrus-1C+ (v4), 1 GHz", IsaVersion::V4, 0x08, (1000, 1)),
    cpu("e8c2", "Elbrus-8CB (v5), 1.5 GHz", IsaVersion::V5, 0x09, (1500, 8)),
    cpu("e12c", "Elbrus-12C (v6), 2 GHz", IsaVersion::V6, 0x0a, (2000, 12)),
    cpu("e16c", "Elbrus-16C (v6), 2 GHz", IsaVersion::V6, 0x0b, (2000, 16)),
    cpu("e2c3", "Elbrus-2C3 (v6), 2 GHz", IsaVersion::V6, 0x0c, (2000, 2)),
];

/// The machine without `-machine`.
pub const DEFAULT_MACHINE: &str = "e8c";

/// Every machine.
///
/// All have the functions that the one machine of qemu-system-e2k has, in the places it has them.
pub static MACHINES: &[MachineModel] = &[
    MachineModel {
        name: "e2s",
        aliases: &[],
        summary: "Elbrus-4C board with IOHUB",
        cpu: "e2s",
        plan: &map::FULL_SIC,
        cpu_type: 3,
        hub: &hub::IOHUB,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "e8c",
        aliases: &["e2k"],
        summary: "Elbrus-8C board with IOHUB2, as qemu-system-e2k's 'e2k' machine",
        cpu: "e8c",
        plan: &map::FULL_SIC,
        cpu_type: 7,
        hub: &hub::IOHUB2,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "e1c+",
        aliases: &[],
        summary: "Elbrus-1C+ board with IOHUB2 and the legacy address map",
        cpu: "e1c+",
        plan: &map::LEGACY_SIC,
        cpu_type: 8,
        hub: &hub::IOHUB2_EMBEDDED,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "e8c2",
        aliases: &[],
        summary: "Elbrus-8CB board with IOHUB2",
        cpu: "e8c2",
        plan: &map::FULL_SIC,
        cpu_type: 9,
        hub: &hub::IOHUB2,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "e16c",
        aliases: &[],
        summary: "Elbrus-16C board with EIOHub and EPIC",
        cpu: "e16c",
        plan: &map::EPIC,
        cpu_type: 0xb,
        hub: &hub::EIOHUB,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "e2c3",
        aliases: &[],
        summary: "Elbrus-2C3 board with EIOHub and EPIC",
        cpu: "e2c3",
        plan: &map::EPIC,
        cpu_type: 0xc,
        hub: &hub::EIOHUB,
        profile: Profile::Elbrus,
    },
    MachineModel {
        name: "pc",
        aliases: &[],
        summary: "PCI bus and RAM of a PC without a processor, for qtest",
        cpu: "e8c",
        plan: &pc::PLAN,
        cpu_type: 7,
        hub: &hub::IOHUB2,
        profile: Profile::Pc,
    },
    MachineModel {
        name: "none",
        aliases: &[],
        summary: "nothing but netdevs",
        cpu: "e8c",
        plan: &pc::PLAN,
        cpu_type: 7,
        hub: &hub::IOHUB2,
        profile: Profile::None,
    },
];

/// There is no model of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{name}'{}; known are {}", hint(.nearest), .known.join(", "))]
pub struct UnknownModel {
    /// Machine or CPU.
    pub what: &'static str,
    /// The name given.
    pub name: String,
    /// The nearest name there is.
    pub nearest: Option<&'static str>,
    /// All names.
    pub known: Vec<&'static str>,
}

pub(crate) fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

fn unknown(what: &'static str, name: &str, known: Vec<&'static str>) -> UnknownModel {
    let nearest = nearest(name, known.iter().copied());
    UnknownModel { what, name: name.to_owned(), nearest, known }
}

impl CpuModel {
    /// The processor of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<&'static Self, UnknownModel> {
        let known = || CPUS.iter().map(|cpu| cpu.name).collect();
        CPUS.iter().find(|cpu| cpu.name == name).ok_or_else(|| unknown("CPU", name, known()))
    }
}

impl MachineModel {
    /// The machine of that name or alias.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<&'static Self, UnknownModel> {
        let names = |machine: &'static Self| {
            std::iter::once(machine.name).chain(machine.aliases.iter().copied())
        };
        MACHINES
            .iter()
            .find(|machine| names(machine).any(|known| known == name))
            .ok_or_else(|| unknown("machine", name, MACHINES.iter().flat_map(names).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_names_a_processor_there_is() {
        for machine in MACHINES {
            let cpu = CpuModel::named(machine.cpu).unwrap();
            assert_eq!(cpu.idr & 0xff, u64::from(machine.cpu_type), "{}", machine.name);
        }
    }

    #[test]
    fn the_8c_shows_the_identity_observed() {
        assert_eq!(CpuModel::named("e8c").unwrap().idr, 0x3_a207);
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        assert_eq!(MachineModel::named("e2k"), MachineModel::named("e8c"));
        assert_eq!(
            MachineModel::named("e9c").unwrap_err().to_string(),
            "unknown machine 'e9c'; did you mean 'e8c'?; known are e2s, e8c, e2k, e1c+, e8c2, e16c, e2c3, pc, none"
        );
        assert!(CpuModel::named("8c").unwrap_err().to_string().contains("did you mean 'e8c'"));
    }
}
