//! The device tree: what kernels of the newer kind read instead of tables (e2k-machine.md §12.2).
//!
//! Names and properties are those that section lists. Left out: devices that PCI enumerates, regulators, overlays.

use elnic_contract::VDuration;
use elnic_pic::{EPIC_PINS, EPIC_TIMER_CLOCK};
use elnic_soc::{INPUTS, SYSTEM_TIMER_INPUT};
use vm_fdt::{Error, FdtWriter};

use super::Handover;

/// Controllers as other nodes refer to them.
const LOCAL: u32 = 1;
const IO: u32 = 2;
const MESSAGES: u32 = 3;
/// Vectors of the local timer (e2k-machine.md §6.1).
const TIMER_VECTOR: u32 = 0xef;
/// Trigger types of an interrupt specifier.
const EDGE: u32 = 1;
const LEVEL_LOW: u32 = 8;
/// Configuration register of the carrier behind the bridge with the address of the I/O controller, and of the timer.
const IO_REGISTER: u32 = 0x40;
const TIMER_REGISTER: u32 = 0x58;
/// The bridge's register with the number of the bus behind it.
const BUS_REGISTER: u32 = 0x18;
/// Offsets in the system controller of what tells PCI's windows.
const WINDOW_REGISTERS: [u64; 4] = [0x50, 0x40, 0x70, 0x80];

/// What of the boot block the tree repeats.
pub(super) struct Told<'a> {
    pub(super) append: &'a str,
    /// Start and end of the RAM disk.
    pub(super) disk: Option<(u64, u64)>,
    /// Banks of RAM: start and length.
    pub(super) banks: &'a [(u64, u64)],
}

/// Start and length of a register window, as cells.
const fn window(base: u64, size: u64) -> [u64; 2] {
    [base, size]
}

/// The tree as a flattened blob.
pub(super) fn tree(board: &Handover, told: &Told<'_>) -> Result<Vec<u8>, Error> {
    let plan = board.machine.plan;
    let epic = board.machine.hub.epic;
    let name = |apic: &'static str, with_epic: &'static str| if epic { with_epic } else { apic };
    let mut fdt = FdtWriter::new()?;
    let root = fdt.begin_node("")?;
    fdt.property_string("compatible", &format!("mcst,{}", board.machine.name))?;
    fdt.property_string("model", board.machine.summary)?;
    fdt.property_u32("#address-cells", 2)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_u32("interrupt-parent", IO)?;

    let chosen = fdt.begin_node("chosen")?;
    fdt.property_string("bootargs", told.append)?;
    if let Some((start, end)) = told.disk {
        fdt.property_u64("linux,initrd-start", start)?;
        fdt.property_u64("linux,initrd-end", end)?;
    }
    fdt.end_node(chosen)?;

    for (start, length) in told.banks {
        let memory = fdt.begin_node(&format!("memory@{start:x}"))?;
        fdt.property_string("device_type", "memory")?;
        fdt.property_array_u64("reg", &window(*start, *length))?;
        fdt.end_node(memory)?;
    }

    let cpus = fdt.begin_node("cpus")?;
    fdt.property_u32("#address-cells", 1)?;
    fdt.property_u32("#size-cells", 0)?;
    for number in 0..u32::from(board.processors) {
        let cpu = fdt.begin_node(&format!("cpu@{number:x}"))?;
        fdt.property_string("device_type", "cpu")?;
        fdt.property_string("compatible", &format!("mcst,{}", board.machine.cpu))?;
        fdt.property_u32("reg", number)?;
        fdt.end_node(cpu)?;
    }
    fdt.end_node(cpus)?;

    let local = fdt.begin_node(&format!("interrupt-controller@{:x}", plan.local_apic.base))?;
    fdt.property_string("compatible", name("mcst,apic", "mcst,epic"))?;
    fdt.property_array_u64("reg", &window(plan.local_apic.base, plan.local_apic.size))?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_phandle(LOCAL)?;
    fdt.end_node(local)?;

    let io = fdt.begin_node(&format!("interrupt-controller@{:x}", plan.io_apic.base))?;
    fdt.property_string("compatible", name("mcst,ioapic", "mcst,ioepic"))?;
    fdt.property_array_u64("reg", &window(plan.io_apic.base, plan.io_apic.size))?;
    fdt.property_array_u32("regbar-and-size64", &[IO_REGISTER, plan.io_apic.size as u32])?;
    fdt.property_u32("bus-reg64", BUS_REGISTER)?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 2)?;
    fdt.property_u32("interrupt-parent", LOCAL)?;
    fdt.property_u32("mcst,pins", if epic { EPIC_PINS } else { INPUTS }.into())?;
    fdt.property_phandle(IO)?;
    fdt.end_node(io)?;

    let messages = fdt.begin_node("msi-controller")?;
    fdt.property_string("compatible", "mcst,l-msi")?;
    fdt.property_null("msi-controller")?;
    fdt.property_u32("interrupt-parent", LOCAL)?;
    fdt.property_phandle(MESSAGES)?;
    fdt.end_node(messages)?;

    let timer = fdt.begin_node("timer")?;
    fdt.property_string("compatible", name("mcst,apic-timer", "mcst,epic-timer"))?;
    fdt.property_u32("clock-frequency", u32::try_from(board.timer_clock()).unwrap_or(u32::MAX))?;
    fdt.property_u32("interrupt-parent", LOCAL)?;
    fdt.property_u32("interrupts", TIMER_VECTOR)?;
    fdt.end_node(timer)?;

    let system_timer = fdt.begin_node(&format!("timer@{:x}", plan.system_timer.base))?;
    fdt.property_string("compatible", "mcst,lt")?;
    fdt.property_array_u64("reg", &window(plan.system_timer.base, plan.system_timer.size))?;
    fdt.property_array_u32("regbar-and-size64", &[TIMER_REGISTER, 0x40])?;
    fdt.property_array_u32("interrupts", &[SYSTEM_TIMER_INPUT.number().into(), EDGE])?;
    fdt.end_node(system_timer)?;

    let clock = fdt.begin_node("clocksource")?;
    fdt.property_string("compatible", "mcst,sclkr-timer")?;
    fdt.property_u32("clock-frequency", elnic_cpu::SYSTEM_CLOCK)?;
    fdt.end_node(clock)?;

    let pci = fdt.begin_node(&format!("pci@{:x}", plan.pci_config.base))?;
    fdt.property_string("compatible", "mcst,l-pci")?;
    fdt.property_string("device_type", "pci")?;
    fdt.property_u32("#address-cells", 3)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_u32("#interrupt-cells", 1)?;
    let mut registers = window(plan.pci_config.base, plan.pci_config.size).to_vec();
    for offset in WINDOW_REGISTERS {
        registers.extend(window(plan.sic.base + offset, 4));
    }
    fdt.property_array_u64("reg", &registers)?;
    let names = ["cfg", "io", "mem", "pref-bgn", "pref-end"].map(str::to_owned);
    fdt.property_string_list("reg-names", names.to_vec())?;
    fdt.property_array_u32("bus-range", &[0, 255])?;
    fdt.property_u32("linux,pci-domain", 0)?;
    fdt.property_u32("msi-parent", MESSAGES)?;
    let pins: Vec<u32> = (16..20).flat_map(|pin| [pin, LEVEL_LOW]).collect();
    fdt.property_array_u32("interrupts", &pins)?;
    fdt.end_node(pci)?;

    fdt.end_node(root)?;
    fdt.finish()
}

impl Handover {
    /// What the local timers count, in Hz.
    pub(super) fn timer_clock(&self) -> u64 {
        let clock = if self.machine.hub.epic { EPIC_TIMER_CLOCK } else { self.clock };
        clock.cycles_in(VDuration::from_millis(1000)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MachineModel;

    #[test]
    fn every_board_has_a_tree_with_its_processors_and_controllers() {
        for (name, controller) in
            [("e8c", "mcst,ioapic"), ("e1c+", "mcst,apic"), ("e16c", "mcst,ioepic")]
        {
            let machine = MachineModel::named(name).unwrap();
            let mut board = Handover::new(machine);
            board.processors = 3;
            let told =
                Told { append: "quiet", disk: Some((0x1000, 0x2000)), banks: &[(0, 1 << 27)] };
            let tree = tree(&board, &told).unwrap();
            assert_eq!(&tree[..4], &0xd00d_feed_u32.to_be_bytes(), "{name}");
            assert_eq!(tree.len(), u32::from_be_bytes(tree[4..8].try_into().unwrap()) as usize);
            let text = String::from_utf8_lossy(&tree);
            for wanted in [controller, "mcst,lt", "mcst,l-pci", "mcst,l-msi", "cpu@2", "quiet"] {
                assert!(text.contains(wanted), "{name}: {wanted}");
            }
            assert!(!text.contains("cpu@3"), "{name}");
        }
    }
}
