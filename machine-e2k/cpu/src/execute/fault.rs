//! An exception that leaves the processor, in words.

use super::Interpreter;
use super::translation::code_address;
use crate::bus::Bus;
use crate::decode::{self, PAGE};
use crate::exception::Exception;
use crate::processor::Stop;
use crate::trap::Trap;

impl Interpreter {
    /// `trap` of the bundle at `address` as the caller sees it.
    pub(super) fn exception<B: Bus>(&mut self, bus: &mut B, trap: &Trap, address: u64) -> Stop {
        let bytes = self.code_at(bus, address);
        let text = elnic_isa::Bundle::from_bytes(&bytes, self.config.isa)
            .map(|(bundle, _)| mnemonics(&bundle))
            .unwrap_or_default();
        Stop::Exception(Box::new(Exception {
            kind: trap.kind,
            address,
            channels: trap.channels,
            bytes,
            text,
            reason: trap.reason.to_string(),
        }))
    }

    /// The bytes of the bundle at the virtual `address`, none if there is no bundle.
    fn code_at<B: Bus>(&mut self, bus: &mut B, address: u64) -> Vec<u8> {
        let Self { state, config, tlb, .. } = self;
        let next = (address & !(PAGE - 1)).wrapping_add(PAGE);
        code_address((state, tlb, config), bus, address)
            .and_then(|place| {
                decode::read(place, bus, |bus| code_address((state, tlb, config), bus, next))
            })
            .map(|code| code.bytes().to_vec())
            .unwrap_or_default()
    }
}

/// The operations of a bundle by name and channel; the bytes say the rest.
fn mnemonics(bundle: &elnic_isa::Bundle) -> String {
    let operations = (0..).zip(&bundle.alu).filter_map(|(channel, instruction): (u8, _)| {
        let instruction = instruction.as_ref()?;
        let speculative = if instruction.speculative { ",sm" } else { "" };
        Some(format!("{},{channel}{speculative}", instruction.operation.mnemonic))
    });
    operations.collect::<Vec<_>>().join(" ; ")
}
