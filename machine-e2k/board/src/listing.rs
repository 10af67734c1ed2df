//! Bundles as text, for fault reports and the guest log.

use elnic_cpu::{IsaVersion, State};
use elnic_disasm::Options;
use elnic_isa::Bundle;

use crate::fault;
use crate::log::LogItem;
use crate::world::World;

/// Bytes of the longest bundle (e2k-isa.md §1).
pub(crate) const LONGEST: usize = 64;

/// The bundle in `bytes` as text; empty if it does not decode.
pub(crate) fn bundle(bytes: &[u8], address: u64, isa: IsaVersion) -> String {
    match Bundle::from_bytes(bytes, isa) {
        Ok((bundle, _)) => elnic_disasm::expanded(&bundle, address, &Options::new(isa)),
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
        let text = if fits { bundle(&bytes, ip, isa) } else { String::new() };
        world.log.line(format_args!("{ip:#x}:\n{text}"));
    }
    if items.has(LogItem::Cpu) {
        world.log.line(format_args!("{}", fault::registers(state)));
    }
}
