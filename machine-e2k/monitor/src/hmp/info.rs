//! `info`: what the machine is and does, as text.

use std::fmt::Write;

use elnic_board::Profile;
use elnic_contract::DropReason;
use elnic_netclient::{Loss, PortKind};
use elnic_qapi::Commands;
use elnic_qapi::types::RunState;
use elnic_user::UserNet;

use super::arguments::Arguments;
use super::table::{Printed, property_lines};
use crate::commands::Context;
use crate::tree::Node;

/// Lines, each made by `write`: writing into a String does not fail.
fn lines<T>(
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T) -> std::fmt::Result,
) -> Printed {
    let mut out = String::new();
    for item in items {
        let _ = write(&mut out, item);
    }
    Ok(out)
}

pub(super) fn chardev(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    lines(cx.state.chardevs.list(), |out, info| {
        writeln!(out, "{}: filename={}", info.label, info.filename)
    })
}

pub(super) fn cpus(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let selected = cx.state.cpu;
    lines(cx.query_cpus_fast()?, |out, cpu| {
        let mark = if usize::try_from(cpu.cpu_index) == Ok(selected) { '*' } else { ' ' };
        writeln!(out, "{mark} CPU #{}: thread_id={}", cpu.cpu_index, cpu.thread_id)
    })
}

pub(super) fn name(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    lines(&cx.state.name, |out, name| writeln!(out, "{name}"))
}

pub(super) fn status(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let word = |state: RunState| serde_json::to_value(state).ok()?.as_str().map(str::to_owned);
    let text = match cx.state.run {
        RunState::Running => "running".to_owned(),
        RunState::Paused => "paused".to_owned(),
        other => format!("paused ({})", word(other).unwrap_or_default()),
    };
    Ok(format!("VM status: {text}\n"))
}

/// `info registers [-a|CPU]`: of all processors, of one, or of the one `cpu` chose.
pub(super) fn registers(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    if !cx.has_processor() {
        return Ok("No CPU available\n".to_owned());
    }
    let count = cx.machine.processors();
    let wanted = match arguments.text("cpu") {
        Some("-a") => 0..count,
        Some(text) => match text.parse::<usize>().ok().filter(|cpu| *cpu < count) {
            Some(cpu) => cpu..cpu + 1,
            None => return Ok("CPU not found\n".to_owned()),
        },
        None => cx.state.cpu..cx.state.cpu + 1,
    };
    lines(wanted, |out, cpu| {
        write!(out, "\nCPU#{cpu}\n{}", cx.machine.registers(cpu).unwrap_or_default())
    })
}

/// `cpu N`: what is asked of one processor is asked of this one.
pub(super) fn select(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let count = if cx.has_processor() { cx.machine.processors() } else { 0 };
    match usize::try_from(arguments.number("index")) {
        Ok(cpu) if cpu < count => {
            cx.state.cpu = cpu;
            Ok(String::new())
        }
        _ => Ok("invalid CPU index\n".to_owned()),
    }
}

pub(super) fn irq(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let mut out = match cx.machine.model().profile {
        Profile::None => return Ok(String::new()),
        Profile::Elbrus => "IRQ statistics for iohub:\n".to_owned(),
        Profile::Pc => "IRQ statistics for ioapic:\n".to_owned(),
    };
    for (input, _, count) in cx.machine.interrupts() {
        let _ = writeln!(out, "{input:2}: {count}");
    }
    Ok(out)
}

pub(super) fn usernet(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let net = cx.machine.net();
    let ports: Vec<_> = net.ports().collect();
    let mut out = String::new();
    for port in ports {
        let name = net.describe(port).map(|(name, _)| name.to_owned()).unwrap_or_default();
        // A netdev on no hub has number -1, as in QEMU.
        let hub = net.hub_number(port).unwrap_or(-1);
        if let Some(network) = net.client_mut::<UserNet>(port) {
            let _ = write!(out, "Hub {hub} ({name}):\n{}", network.connections());
        }
    }
    Ok(out)
}

pub(super) fn nics(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let held: Vec<(String, &'static str)> =
        cx.machine.held().map(|(name, why)| (name.to_owned(), why.as_str())).collect();
    let mut out = String::new();
    for (device, port) in cx.interfaces() {
        let place = device.place.map(|(bus, place)| format!("{bus} {place}")).unwrap_or_default();
        let mac = cx.machine.station(port).map(|mac| mac.to_string()).unwrap_or_default();
        let link = match cx.machine.net().link_state(port) {
            Some(elnic_contract::LinkState::Up) => "up",
            _ => "down",
        };
        let why = held.iter().find(|(name, _)| *name == device.name).map(|(_, why)| *why);
        let receives = why.unwrap_or("ready");
        let (name, model) = (&device.name, device.model);
        let _ = writeln!(
            out,
            "{name}: model={model},addr={place},mac={mac},link={link},receiver={receives}"
        );
    }
    Ok(out)
}

pub(super) fn counters(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let mut out = String::new();
    for (device, _) in cx.interfaces() {
        let function = cx.machine.function(device.device);
        let Some(counters) = function.and_then(|it| it.nic()).map(|nic| nic.counters().clone())
        else {
            continue;
        };
        let _ = writeln!(
            out,
            "{}: rx {} frames {} bytes, tx {} frames {} bytes",
            device.name,
            counters.rx_frames,
            counters.rx_bytes,
            counters.tx_frames,
            counters.tx_bytes
        );
        for reason in DropReason::ALL {
            let (rx, tx) = (counters.rx_dropped(reason), counters.tx_dropped(reason));
            if rx + tx > 0 {
                let _ = writeln!(out, "  dropped {}: rx {rx}, tx {tx}", reason.as_str());
            }
        }
    }
    let net = cx.machine.net();
    let ports: Vec<_> = net.ports().collect();
    for port in ports {
        let (Some((name, kind)), Some(stats)) = (net.describe(port), net.stats(port)) else {
            continue;
        };
        let what = match kind {
            PortKind::Nic => "cable of",
            PortKind::Backend => "netdev",
            PortKind::HubPort => "hub port",
        };
        let _ = writeln!(
            out,
            "{what} {name}: sent {} frames {} bytes, received {} frames {} bytes, {} waiting",
            stats.sent_frames,
            stats.sent_bytes,
            stats.received_frames,
            stats.received_bytes,
            net.queued(port)
        );
        for reason in Loss::ALL.into_iter().filter(|reason| stats.lost(*reason) > 0) {
            let _ = writeln!(out, "  lost {}: {}", reason.as_str(), stats.lost(reason));
        }
        for (reason, count) in net.client_losses(port).into_iter().filter(|(_, count)| *count > 0) {
            let _ = writeln!(out, "  discarded {reason}: {count}");
        }
    }
    Ok(out)
}

pub(super) fn mtree(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let mut out = String::new();
    for (space, map) in ["memory", "I/O"].iter().zip(cx.machine.address_maps()) {
        let last = if *space == "memory" { u64::MAX } else { 0xffff };
        let _ = writeln!(out, "address-space: {space}");
        let _ =
            writeln!(out, "  0000000000000000-{last:016x} (prio 0, i/o): {}", space.to_lowercase());
        for (first, last, name) in map {
            let kind = if name == "ram" { "ram" } else { "i/o" };
            let _ = writeln!(out, "    {first:016x}-{last:016x} (prio 0, {kind}): {name}");
        }
        out.push('\n');
    }
    Ok(out)
}

/// Buses and devices, newest first on each bus, as QEMU shows them.
pub(super) fn qtree(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let mut out = String::from("bus: main-system-bus\n  type System\n");
    if cx.machine.model().profile == Profile::None {
        return Ok(out);
    }
    let devices = cx.machine.devices();
    let functions = cx.machine.pci_functions();
    for device in devices.iter().filter(|device| device.place.is_none()) {
        let _ = writeln!(out, "  dev: {}, id \"\"", device.model);
    }
    let _ = writeln!(out, "  dev: pcihost, id \"\"");
    for bus in ["pci.0", "iohub-pcibridge"] {
        let on_bus =
            |device: &&elnic_board::DeviceInfo| device.place.is_some_and(|(name, _)| name == bus);
        if bus != "pci.0" && !devices.iter().any(|device| on_bus(&device)) {
            continue;
        }
        let _ = writeln!(out, "    bus: {bus}\n      type PCI");
        for device in devices.iter().rev().filter(on_bus) {
            let id = device.id.as_deref().unwrap_or_default();
            let _ = writeln!(out, "      dev: {}, id \"{id}\"", device.model);
            for (name, value) in property_lines(device) {
                let _ = writeln!(out, "        {name} = {value}");
            }
            if let Some(function) = functions.iter().find(|it| it.device.device == device.device) {
                super::pci::qtree_lines(&mut out, function);
            }
        }
    }
    Ok(out)
}

pub(super) fn qom_tree(cx: &mut Context<'_>, arguments: &Arguments) -> Printed {
    let tree = cx.tree();
    let path = arguments.text("path").unwrap_or("/machine");
    let mut out = String::new();
    write_node(&mut out, tree.resolve(path)?, 0);
    Ok(out)
}

fn write_node(out: &mut String, node: &Node, depth: usize) {
    let _ = writeln!(out, "{:indent$}/{} ({})", "", node.name, node.kind, indent = depth * 2);
    for child in &node.children {
        write_node(out, child, depth + 1);
    }
}
