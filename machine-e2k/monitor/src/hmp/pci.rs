//! PCI functions as `info pci` and `info qtree` show them.

use std::fmt::Write;

use elnic_board::{Decoder, PciSpace, PciWindow};

use super::arguments::Arguments;
use super::table::Printed;
use crate::commands::Context;
use crate::commands::pci::{Identity, class_name};

pub(super) fn show(cx: &mut Context<'_>, _: &Arguments) -> Printed {
    let mut out = String::new();
    for function in cx.machine.pci_functions() {
        // Writing into a String does not fail.
        let _ = write_function(&mut out, &function);
    }
    Ok(out)
}

fn class(class: u16) -> String {
    class_name(class).map_or_else(|| format!("Class {class:04}"), str::to_owned)
}

fn write_function(out: &mut String, function: &PciWindow) -> std::fmt::Result {
    let identity = Identity::of(function);
    if let Some((_, place)) = function.device.place {
        let (bus, slot, number) = (function.bus, place.slot, place.function);
        writeln!(out, "  Bus {bus:2}, device {slot:3}, function {number}:")?;
    }
    let name = class(identity.class);
    writeln!(out, "    {name}: PCI device {:04x}:{:04x}", identity.vendor, identity.device)?;
    if let Some((vendor, subsystem)) = identity.subsystem {
        writeln!(out, "      PCI subsystem {vendor:04x}:{subsystem:04x}")?;
    }
    if let (pin @ 1..=4, line) = (identity.pin, identity.line) {
        writeln!(out, "      IRQ {line}, pin {}", char::from(b'A' + pin - 1))?;
    }
    for decoder in &function.decoders {
        write_decoder(out, decoder)?;
    }
    writeln!(out, "      id \"{}\"", function.device.id.as_deref().unwrap_or_default())
}

fn write_decoder(out: &mut String, decoder: &Decoder) -> std::fmt::Result {
    // Without an address QEMU shows all ones, and the end that follows from them.
    let base = decoder.base.unwrap_or(u64::MAX);
    let end = base.wrapping_add(decoder.size).wrapping_sub(1);
    let number = decoder.number;
    match decoder.space {
        PciSpace::Io => writeln!(out, "      BAR{number}: I/O at 0x{base:04x} [0x{end:04x}]."),
        PciSpace::Memory => {
            let bits = if decoder.wide { 64 } else { 32 };
            let prefetchable = if decoder.prefetchable { " prefetchable" } else { "" };
            writeln!(
                out,
                "      BAR{number}: {bits} bit{prefetchable} memory at 0x{base:08x} [0x{end:08x}]."
            )
        }
    }
}

/// The lines of a function below its properties in `info qtree`.
pub(super) fn qtree_lines(out: &mut String, function: &PciWindow) {
    let identity = Identity::of(function);
    let place = function.device.place.map(|(_, place)| place.to_string()).unwrap_or_default();
    let (vendor, subsystem) = identity.subsystem.unwrap_or_default();
    let _ = writeln!(
        out,
        "        class {}, addr {:02x}:{place}, pci id {:04x}:{:04x} (sub {vendor:04x}:{subsystem:04x})",
        class(identity.class),
        function.bus,
        identity.vendor,
        identity.device
    );
    for decoder in &function.decoders {
        let space = if decoder.space == PciSpace::Io { "i/o" } else { "mem" };
        let base = decoder.base.unwrap_or(u64::MAX);
        let end = base.wrapping_add(decoder.size).wrapping_sub(1);
        let _ = writeln!(out, "        bar {}: {space} at 0x{base:x} [0x{end:x}]", decoder.number);
    }
}
