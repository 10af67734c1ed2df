//! An exception that leaves the processor, in words, and the way it was reached.

use elnic_contract::Size;
use elnic_isa::Mas;

use super::Interpreter;
use super::entry::Fault;
use super::translation::{code_address, translate};
use crate::bus::Bus;
use crate::decode::{self, PAGE};
use crate::exception::Exception;
use crate::mmu::{self, Access};
use crate::state::control::FRAME_BYTES;
use crate::trap::Trap;

/// Procedures of a back trace that the bus is told.
const TOLD: usize = 32;
/// Where a frame in memory has its return address (`%cr0.hi`).
const RETURN_ADDRESS: u64 = 8;

impl Interpreter {
    /// `trap` of the bundle at `address` as the caller sees it.
    pub(super) fn exception<B: Bus>(
        &mut self,
        bus: &mut B,
        trap: &Trap,
        address: u64,
    ) -> Exception {
        let bytes = self.code_at(bus, address);
        let text = elnic_isa::Bundle::from_bytes(&bytes, self.config.isa)
            .map(|(bundle, _)| mnemonics(&bundle))
            .unwrap_or_default();
        Exception {
            kind: trap.kind,
            address,
            channels: trap.channels,
            bytes,
            text,
            reason: trap.reason.to_string(),
        }
    }

    /// Tells the bus about an exception that is delivered.
    #[cold]
    pub(super) fn tell<B: Bus>(&mut self, bus: &mut B, fault: &Fault) {
        let exception = self.exception(bus, &fault.trap, fault.ip);
        let trace = self.back_trace(bus, TOLD);
        bus.trapped(&exception, &self.state, &trace);
    }

    /// Where the running procedures go on when they are returned to, newest first and at most `most`: from the chain registers, from the frames
    /// that are still in the processor, then from the chain stack, as far as it can be read.
    pub fn back_trace<B: Bus>(&mut self, bus: &mut B, most: usize) -> Vec<u64> {
        let Self { state, config, tlb, .. } = self;
        let resident = std::iter::once(&state.frame).chain(state.frames.iter().rev());
        let mut trace: Vec<u64> = resident.map(|frame| frame.ip).collect();
        let stack = state.chain_stack;
        let mut left = u64::from(stack.ind) / FRAME_BYTES;
        while left > 0 && trace.len() < most {
            left -= 1;
            let address = stack.base.wrapping_add(left * FRAME_BYTES + RETURN_ADDRESS);
            let place = if mmu::is_on(state) {
                translate((state, tlb, config), bus, address, Access::Read).ok()
            } else {
                Some(address)
            };
            let word = place.and_then(|place| bus.load(place, Size::Double, Mas(0)).ok());
            let Some(word) = word else { break };
            trace.push(word & !7);
        }
        // The first procedure was not called.
        let called = trace.iter().position(|ip| *ip == 0).unwrap_or(trace.len());
        trace.truncate(called.min(most));
        trace
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
