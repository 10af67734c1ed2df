//! Memory faults: the bundle completes without the access, which is noted in the trap cellar for the program to repeat
//! (e2k-machine.md §7.5, e2k-isa.md §7.3).
//!
//! A bundle whose load or store finds no page is evaluated a second time by the general path ([`super::rare`]), which reads everything again
//! before it writes anything; accesses without a page, and the store on channel 2 after such a load on channel 0, are left out. An entry is
//! three words: address, datum of a store, condition; from version 5 on the upper half of a 128-bit datum lies 512 bytes further. Every trap
//! starts the cellar over.

use elnic_contract::Size;
use elnic_isa::{IsaVersion, Mas};

use super::context::Context;
use super::entry::Fault;
use super::rare;
use super::step::asked;
use crate::bus::Bus;
use crate::decode::{Action, Bundle, Operation, Part, Target};
use crate::exception::ExceptionKind;
use crate::mmu::{PageFault, register};
use crate::state::psr;
use crate::trap::{Reason, Trap};

/// Bytes between an entry and its extension.
const EXTENSION: u64 = 512;
/// Words of an entry.
const ENTRY_WORDS: u64 = 3;
/// Registers of the hardware's window ring; globals follow.
const WINDOW_REGISTERS: u64 = 224;

/// An access that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    address: u64,
    low: u64,
    high: u64,
    condition: u64,
}

/// Accesses of one bundle that were left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Cellar {
    requests: Vec<Request>,
    /// Bit n: channel n.
    channels: u8,
    /// The first of them, in words.
    reason: Option<Reason>,
}

/// What to do about `trap`, raised by `bundle`: completes the bundle if it is a memory fault that the program can repair.
#[cold]
pub(super) fn settle<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle, trap: Trap) -> Fault {
    let ip = cx.state.ip;
    let trap =
        if is_found_late(&trap) { first_by_channel(cx, bundle).unwrap_or(trap) } else { trap };
    if trap.kind == ExceptionKind::Division {
        store_beside(cx, bundle);
    }
    if trap.page_fault().is_none() || cx.state.trap_entry().is_none() || trap.arrays != 0 {
        return Fault { trap, ip };
    }
    cx.cellar = Some(Cellar::default());
    let result = rare::step(cx, bundle);
    let cellar = cx.cellar.take().unwrap_or_default();
    match (result, cellar.reason) {
        // Something else is wrong with the bundle as well, or it is the stacks that have no page.
        (Err(trap), _) => Fault { trap, ip },
        (Ok(()), None) => Fault { trap, ip },
        (Ok(()), Some(reason)) => {
            cx.state.cycles = cx.state.cycles.wrapping_add(bundle.cycles.into());
            match cx.fill_cellar(&cellar.requests) {
                Ok(()) => {
                    let trap = Trap::on_channels(ExceptionKind::DataPage, cellar.channels, reason);
                    Fault { trap, ip }
                }
                Err(trap) => Fault { trap, ip },
            }
        }
    }
}

/// Whether an operation raises it while it executes, and not the bundle before any of them does.
fn is_found_late(trap: &Trap) -> bool {
    let early = matches!(
        trap.kind,
        ExceptionKind::WindowBounds
            | ExceptionKind::DiagnosticOperand
            | ExceptionKind::DiagnosticCondition
    );
    trap.channels != 0 && !early
}

/// The stores of `bundle`, whose division has no quotient: that is found so late that they are made (e2k-isa.md §7.3), and made again when
/// the bundle is repeated. One that cannot be made stays undone, and one that would not be the same the second time.
fn store_beside<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) {
    let (predicates, stages) = asked(cx);
    let lsr = cx.state.lsr;
    for operation in bundle.operations.iter().filter(|operation| operation.stores()) {
        let left_out = bundle.loop_stores && cx.state.lsr.suppresses_store();
        let guarded = operation.guarded && !operation.guard.allows(predicates, stages);
        let ordinary = matches!(operation.action, Action::Store(_) | Action::StoreQuad);
        if left_out || guarded || !ordinary || operation.mas.0 != 0 {
            continue;
        }
        if let Ok(value) = cx.evaluate(operation, predicates, stages) {
            // The division is what the program is told about.
            let _made = cx.commit(operation, value);
        }
    }
    cx.state.lsr = lsr;
}

/// What the lowest channel at fault raises, where operations are executed in another order and more than one may be.
fn first_by_channel<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle) -> Option<Trap> {
    let risky = bundle.operations.iter().filter(|operation| !operation.is_plain()).count();
    if !bundle.direct || risky < 2 || !cx.is_inside(bundle.limits) {
        return None;
    }
    let (predicates, stages) = asked(cx);
    let mut operations: Vec<&Operation> = bundle.operations.iter().collect();
    operations.sort_by_key(|operation| operation.channel);
    let allowed = operations
        .into_iter()
        .filter(|operation| !operation.guarded || operation.guard.allows(predicates, stages));
    allowed.into_iter().find_map(|operation| cx.evaluate(operation, predicates, stages).err())
}

impl<B: Bus> Context<'_, B> {
    fn fill_cellar(&mut self, requests: &[Request]) -> Result<(), Trap> {
        let start = self.state.mmu[register::TRAP_POINT] & 0xffff_ffff_fe00;
        for (number, request) in (0..).zip(requests) {
            let place = start.wrapping_add(number * 8 * ENTRY_WORDS);
            let words = [(0, request.address), (8, request.low), (16, request.condition)];
            for (offset, word) in words {
                self.write_cellar(place.wrapping_add(offset), word)?;
            }
            if self.config.isa >= IsaVersion::V5 {
                self.write_cellar(place.wrapping_add(EXTENSION + 8), request.high)?;
            }
        }
        self.state.mmu[register::TRAP_COUNT] = requests.len() as u64 * ENTRY_WORDS;
        Ok(())
    }

    fn write_cellar(&mut self, address: u64, value: u64) -> Result<(), Trap> {
        self.bus.store(address, Size::Double, Mas(1), value).map_err(|fault| {
            let reason = Reason::Access { what: "writing the trap cellar", address, fault };
            Trap::new(ExceptionKind::MemoryErrorOutside, reason)
        })?;
        self.note_written(address, 8);
        Ok(())
    }

    /// Leaves the access of `operation` out because of `trap`, or gives `trap` back if it is no memory fault or the bundle is not being
    /// completed. `datum` is what a store would have written.
    pub(super) fn leave_out(
        &mut self,
        operation: &Operation,
        trap: Trap,
        datum: u64,
    ) -> Result<(), Trap> {
        if self.cellar.is_none() {
            return Err(trap);
        }
        let Some((address, fault)) = trap.page_fault() else { return Err(trap) };
        // A quad access may fail in its second half; it is repeated as a whole.
        let address = if operation.stores() { self.aside(operation).address } else { address };
        self.note_request(operation, address, datum, Some(fault));
        if let Some(cellar) = &mut self.cellar {
            cellar.channels |= 1 << operation.channel;
            cellar.reason.get_or_insert_with(|| trap.reason.clone());
        }
        Ok(())
    }

    /// Whether a fault before keeps the store of `operation` from being made; it is noted then.
    pub(super) fn holds_back(&mut self, operation: &Operation, datum: u64) -> bool {
        let held = operation.channel == 2
            && self.cellar.as_ref().is_some_and(|cellar| cellar.channels & 1 != 0);
        if held {
            let address = self.aside(operation).address;
            self.note_request(operation, address, datum, None);
        }
        held
    }

    fn note_request(
        &mut self,
        operation: &Operation,
        address: u64,
        datum: u64,
        fault: Option<PageFault>,
    ) {
        let high = self.aside(operation).high;
        let request =
            Request { address, low: datum, high, condition: self.condition(operation, fault) };
        if let Action::StoreArray(access) = operation.action
            && self.aside(operation).advances
        {
            self.advance_store_index(access);
        }
        if let Some(cellar) = &mut self.cellar {
            cellar.requests.push(request);
        }
    }

    /// The condition word. Both halves of the destination count as wanted.
    fn condition(&self, operation: &Operation, fault: Option<PageFault>) -> u64 {
        let bit = |on: bool, number: u32| u64::from(on) << number;
        let channel = match operation.channel {
            0 => 0,
            2 => 1,
            3 => 2,
            _ => 3,
        };
        let (kind, level) = fault.map_or((0, 0), |fault| (fault.kind.bit(), fault.level));
        self.destination(operation.target)
            | (format(operation.action) | 1 << 3) << 10
            | bit(operation.stores(), 17)
            | u64::from(operation.mas.0 & 0x7f) << 20
            | bit(operation.speculative, 30)
            | bit(self.state.psr & psr::PM != 0, 31)
            | channel << 32
            | kind
            | u64::from(level & 3) << 48
            | bit(operation.target == Target::Nothing && !operation.stores(), 51)
    }

    /// Number in the hardware's register file, and that both halves are wanted.
    fn destination(&self, target: Target) -> u64 {
        let window = |number: u16| {
            (self.state.window.base.wrapping_add(number.into()) % WINDOW_REGISTERS) | (3 << 8)
        };
        match target {
            Target::Window(number) => window(number.into()),
            Target::Based(number) => window(self.state.rotation.based(number)),
            Target::Global(number) => (WINDOW_REGISTERS + u64::from(number & 31)) | (3 << 8),
            _ => 0,
        }
    }
}

/// The format field of an access: 1 byte to 4 double word, 5 with tags, 7 for 128 bits.
const fn format(action: Action) -> u64 {
    match action {
        Action::Load(size) | Action::Store(size) => match size {
            Size::Byte => 1,
            Size::Half => 2,
            Size::Word => 3,
            Size::Double => 4,
        },
        Action::LoadRelative(_, Part::Plain(size))
        | Action::StoreRelative(_, Part::Plain(size)) => format(Action::Load(size)),
        Action::LoadRelative(_, Part::Quad | Part::Masked)
        | Action::StoreRelative(_, Part::Quad | Part::Masked)
        | Action::LoadRecoveryQuad
        | Action::StoreRecoveryQuad
        | Action::LoadQuad
        | Action::StoreQuad
        | Action::StoreMasked => 7,
        Action::StoreArray(access) | Action::LoadArray(access) => match access.scale {
            0..=2 => access.scale as u64 + 1,
            4 if access.whole => 7,
            _ => 4,
        },
        Action::LoadRecovery | Action::StoreRecovery => 5,
        _ => 4,
    }
}
