//! Operands that are no general registers: state registers, the array access unit's, the memory management unit's.
//!
//! Source: ISA notes 2.7, 3.6, 8.3; gas's e2k port. `mmurr` and `mmurw` are loads and stores with a special access
//! specifier, whose address is the register.

use elnic_isa::{AauRegister, IsaVersion, MmuRegister, Operation, Source, StateRegister};

use super::alu::{comma, destination, register_source};
use super::draft::Alu;
use super::{Reader, literal, register};
use crate::diagnostic::Problem;

/// Reads a state register.
pub(super) fn state(reader: &mut Reader<'_, '_, '_>) -> Result<StateRegister, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let Some(name) = register::name(&mut reader.cursor) else {
        return Err(register::unknown(&mut reader.cursor, "a state register"));
    };
    let version = reader.context.version;
    StateRegister::by_name(name, version).ok_or_else(|| {
        let problem = Problem::at(at, format!("there is no state register %{name} in {version}"));
        let later = IsaVersion::ALL
            .into_iter()
            .find(|later| StateRegister::by_name(name, *later).is_some());
        match later {
            Some(later) => problem.help(format!("it exists from {later} on")),
            None => problem.meant(name, StateRegister::names()),
        }
    })
}

/// Reads a register of the array access unit.
pub(super) fn aau(reader: &mut Reader<'_, '_, '_>) -> Result<AauRegister, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let Some(name) = register::name(&mut reader.cursor) else {
        return Err(register::unknown(&mut reader.cursor, "a register of the array access unit"));
    };
    AauRegister::by_name(name).ok_or_else(|| {
        let names = elnic_isa::AauFile::ALL.iter().map(|(_, name, _)| *name);
        Problem::at(at, format!("there is no array access register %{name}")).meant(name, names)
    })
}

/// Reads `mmurr %reg, dst` or `mmurw src, %reg`: accesses with a special MAS.
pub(super) fn mmu(
    reader: &mut Reader<'_, '_, '_>,
    alu: &mut Alu,
    row: &'static Operation,
) -> Result<(), Problem> {
    let writes = row.mnemonic == "mmurw";
    if writes {
        alu.src3 = register_source(reader)?;
        comma(reader)?;
    }
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let Some(name) = register::name(&mut reader.cursor) else {
        return Err(register::unknown(&mut reader.cursor, "an MMU register"));
    };
    let version = reader.context.version;
    let found = MmuRegister::by_name(name).ok_or_else(|| {
        let names: Vec<String> = MmuRegister::names().collect();
        let problem = Problem::at(at, format!("there is no MMU register %{name}"));
        problem.meant(name, names.iter().map(String::as_str))
    })?;
    let since = if writes { found.writable_since } else { Some(found.since) };
    if since.is_none_or(|since| since > version) {
        let what = if writes { "written" } else { "read" };
        return Err(Problem::at(at, format!("%{name} cannot be {what} in {version}")));
    }
    alu.src1 = Source::Constant(0);
    alu.src2 = literal::number(reader.draft, i64::from(found.address))?;
    alu.mas = found.mas().0;
    if !writes {
        if alu.channel.is_some_and(|channel| channel != found.read_channel) {
            let message = format!("%{name} is read on channel {} only", found.read_channel);
            return Err(Problem::at(at, message));
        }
        alu.channel = Some(found.read_channel);
        comma(reader)?;
        alu.dst = destination(reader, row)?;
    } else if alu.channel.is_none() {
        alu.channel = Some(2);
    }
    Ok(())
}
