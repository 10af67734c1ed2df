//! Bundles as text, for fault reports and the guest log.

use elnic_cpu::{Exception, IsaVersion, State};
use elnic_disasm::Options;
use elnic_isa::Bundle;

use crate::fault::{self, GuestFault, Place};
use crate::log::LogItem;
use crate::world::World;

/// Bytes of the longest bundle (e2k-isa.md §1).
pub(crate) const LONGEST: usize = 64;

/// The bundle in `bytes` as text; empty if it does not decode.
pub(crate) fn bundle(bytes: &[u8], address: u64, options: &Options<'_>) -> String {
    match Bundle::from_bytes(bytes, options.version) {
        Ok((bundle, _)) => elnic_disasm::expanded(&bundle, address, options),
        Err(_) => String::new(),
    }
}

/// Logs the bundle about to be executed as far as the log wants it.
pub(crate) fn log_bundle(state: &State, isa: IsaVersion, world: &mut World) {
    let items = world.log.items();
    let ip = state.ip;
    if items.has(LogItem::Exec) {
        let now = world.now();
        if world.lines.len() > 1 {
            world.log.line(format_args!("{now} cpu{} exec {ip:#x}", world.running));
        } else {
            world.log.line(format_args!("{now} exec {ip:#x}"));
        }
    }
    if items.has(LogItem::InAsm) && world.log.is_new(ip) {
        let mut bytes = [0; LONGEST];
        let fits = world.ram.copy_out(ip, &mut bytes).is_some();
        let text = if fits { bundle(&bytes, ip, &Options::new(isa)) } else { String::new() };
        world.log.line(format_args!("{ip:#x}:\n{text}"));
    }
    if items.has(LogItem::Cpu) {
        world.log.line(format_args!("{}", fault::registers(state)));
    }
}

/// Logs an exception that the guest is told about as far as the log wants it.
pub(crate) fn log_exception(
    exception: &Exception,
    state: &State,
    trace: &[u64],
    world: &mut World,
) {
    let items = world.log.items();
    let cpu = (world.lines.len() > 1).then_some(world.running);
    let now = world.now();
    if items.has(LogItem::Interrupts) {
        let place = Place::new(exception.address, &world.symbols);
        let (kind, reason) = (exception.kind, &exception.reason);
        let source = cpu.map_or_else(|| "cpu".to_owned(), |cpu| format!("cpu{cpu}"));
        world.log.say(
            LogItem::Interrupts,
            &source,
            now,
            format_args!("{kind} at {place}: {reason}"),
        );
    }
    if items.has(LogItem::Faults) {
        let calls = (trace, &world.symbols);
        let fault = GuestFault::new(exception.clone(), (cpu, now), state, calls, world.isa);
        world.log.line(format_args!("{fault}"));
    }
}
