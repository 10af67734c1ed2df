//! What gas adds to instructions outside braces, and what it expects of branches on results of their own bundle.
//!
//! Source: ISA notes 4.3 and 7.5; behaviour of gas.

use elnic_isa::{Control1, ControlCondition, Destination, Format, Source, StateRegister, Wait};

use super::draft::{Draft, Nop};

/// Adds what the assembler adds to an instruction outside braces.
pub(super) fn delay(draft: &mut Draft) {
    let Some(alu) = draft.alu.first() else { return };
    let Some(row) = alu.rows.first() else { return };
    let cycles = match row.format {
        Format::Alopf15 => {
            if let Destination::State(state) = alu.dst
                && state.write_drains_exceptions()
            {
                draft.control1 = Some((Control1::Wait(Wait(1 << 1)), "wait"));
            }
            5
        }
        Format::Alopf16 => match alu.src1 {
            Source::State(StateRegister(0x30..=0x33)) => 4,
            _ => return,
        },
        Format::Alopf8 => 2,
        Format::Alopf7 | Format::Alopf17 if row.mnemonic.contains("fcmp") => 4,
        Format::Alopf7 | Format::Alopf17 if row.mnemonic.contains("fxcmp") => 4,
        Format::Alopf7 | Format::Alopf17 => 2,
        _ => return,
    };
    draft.nop = Some(Nop::Cycles(cycles));
}

/// Checks that a branch on a result of its own bundle has such a result.
///
/// # Errors
/// Names what is missing.
pub(super) fn check_local_condition(draft: &Draft, channels: &[Vec<u8>]) -> Result<(), String> {
    let condition = draft.stub.map(|stub| stub.transfer.condition).unwrap_or_default();
    let on = |index: u8| {
        let channel = [0u8, 1, 3, 4].get(usize::from(index)).copied().unwrap_or(0);
        let found = draft.alu.iter().zip(channels).find(|(_, taken)| taken.contains(&channel));
        (channel, found.map(|(alu, _)| alu))
    };
    let compares = |index: u8| {
        let (channel, alu) = on(index);
        let format = alu.and_then(|alu| alu.rows.first()).map(|row| row.format);
        match format {
            Some(Format::Alopf7 | Format::Alopf17) => Ok(()),
            _ => Err(format!("%cmp{channel} needs a comparison on channel {channel}")),
        }
    };
    match condition {
        ControlCondition::MemoryLockOrTrap(mask) => {
            for index in (0..4).filter(|index| mask >> index & 1 == 1) {
                let (channel, alu) = on(index);
                if !alu.is_some_and(|alu| alu.speculative) {
                    return Err(format!(
                        "%dt_al{channel} needs a speculative operation on channel {channel}"
                    ));
                }
            }
            Ok(())
        }
        ControlCondition::MemoryLockOrLocal(bits) => match bits >> 3 {
            0 => compares(bits >> 1 & 3),
            1 => compares(bits >> 1 & 2).and_then(|()| compares(bits >> 1 & 2 | 1)),
            _ => {
                let unit = bits >> 1 & 3;
                let logic = draft.logic.get(usize::from(unit));
                match logic.is_some_and(|logic| logic.combination) {
                    true => Ok(()),
                    false => Err(format!("%clp{unit} needs a value of @p{}", unit + 4)),
                }
            }
        },
        _ => Ok(()),
    }
}
