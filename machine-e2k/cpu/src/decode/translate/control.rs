//! Control syllables: transfers, windows, predicate logic and the rest.

use elnic_isa::{Control0, Control1, ControlCondition, DescriptorOperation, Stub};

use super::operation::{self, target};
use crate::config::Config;
use crate::decode::control::{Logic, LogicStep, Move, Prepare, Rare, Resize, Setup, Transfer};
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// Whether `condition` is known only after the stores of the bundle.
pub(super) const fn depends_on_store(condition: ControlCondition) -> bool {
    matches!(
        condition,
        ControlCondition::MemoryLock
            | ControlCondition::MemoryLockOrTrap(_)
            | ControlCondition::MemoryLockOrLocal(_)
            | ControlCondition::Local(_)
    )
}

/// The transfer and its condition.
pub(super) fn transfer(bundle: &elnic_isa::Bundle) -> Result<(Transfer, ControlCondition), Trap> {
    let stub = bundle.transfer();
    let register = stub.register.map(|register| register.number() - 1);
    if let Some((target, wbs)) = operation::computed_target(bundle) {
        let transfer = wbs.map_or(Transfer::To(target), |wbs| Transfer::CallTo(target, wbs));
        return Ok((transfer, stub.condition));
    }
    let transfer = match (bundle.control1, register, bundle.control0) {
        (Some(Control1::Call { wbs }), Some(register), _) => Transfer::Call(register, wbs),
        (Some(Control1::Call { .. }), None, _) => {
            return Err(Trap::new(
                ExceptionKind::IllegalOpcode,
                Reason::Text("a call names no control transfer register"),
            ));
        }
        (Some(Control1::Icall { wbs }), _, Some(Control0::IcallTarget(target))) => {
            Transfer::CallDirect(target, wbs)
        }
        (Some(Control1::Hcall { .. }), _, _) => Transfer::Unimplemented("hcall"),
        (_, Some(register), _) => Transfer::Through(register),
        (_, None, Some(Control0::Ibranch(target))) => Transfer::Branch(target),
        (_, None, Some(Control0::Done { .. })) => Transfer::Done,
        (_, None, Some(Control0::Iret)) => Transfer::Unimplemented("iret"),
        (_, None, Some(Control0::Hret)) => Transfer::Unimplemented("hret"),
        (_, None, Some(Control0::Glaunch)) => Transfer::Unimplemented("glaunch"),
        _ => Transfer::None,
    };
    let condition =
        if transfer == Transfer::None { ControlCondition::Never } else { stub.condition };
    Ok((transfer, condition))
}

/// Windows and targets.
pub(super) fn setup(bundle: &elnic_isa::Bundle) -> Setup {
    let mut setup = Setup::default();
    match bundle.control1 {
        Some(Control1::Window(window)) => {
            let elnic_isa::WindowSize { wsz, nfx, dbl, .. } = window.size;
            setup.resize = Some(Resize { size: 2 * u16::from(wsz), fx: !nfx, dbl });
            (setup.setbn, setup.setbp) = (window.setbn, window.setbp);
        }
        Some(Control1::Base { setbn, setbp }) => (setup.setbn, setup.setbp) = (setbn, setbp),
        _ => {}
    }
    setup.prepare = match bundle.control0 {
        Some(Control0::Disp(register, target)) => {
            Some(Prepare::Disp(register.number() - 1, target))
        }
        Some(Control0::Ldisp(target)) => Some(Prepare::Ldisp(target)),
        Some(Control0::Sdisp(register, entry)) => {
            Some(Prepare::Sdisp(register.number() - 1, entry))
        }
        Some(Control0::Return) => Some(Prepare::Return),
        _ => None,
    };
    setup
}

/// Everything else, if there is anything.
pub(super) fn rare(bundle: &elnic_isa::Bundle, config: &Config) -> Option<Rare> {
    let stub = bundle.transfer();
    let mut rare = Rare {
        logic: logic(bundle),
        moves: moves(bundle),
        start_prefetch: stub.bap,
        abg: stub.abg,
        recovery_point: stub.recovery_point,
        puttsd: match bundle.control0 {
            Some(Control0::Puttsd(target)) => Some(target),
            _ => None,
        },
        gettsd: match bundle.control0 {
            Some(Control0::Gettsd(register)) => Some(register.number() - 1),
            _ => None,
        },
        invalidate: invalidated(bundle.stub),
        ..Rare::default()
    };
    match bundle.control1 {
        Some(Control1::Window(window)) => rare.settr = window.settr,
        Some(Control1::Setei(index)) => rare.setei = Some(index),
        Some(Control1::Setsft) => rare.setsft = true,
        Some(Control1::Wait(wait)) => rare.idle = wait.trap() || wait.has(INT),
        Some(Control1::Flush(flush)) => rare.flush = flush,
        Some(Control1::Vfbg(_)) => rare.unimplemented = Some("vfbg"),
        Some(Control1::SetMas(channels))
            if config.simulator_halt && bundle.alu.iter().all(Option::is_none) =>
        {
            let code = channels.iter().fold(0, |code, mas| code << 7 | u32::from(mas.0 & 0x7f));
            rare.halt = Some(code);
        }
        _ => {}
    }
    (rare != Rare::default()).then_some(rare)
}

/// `invts`, and the predicate it asks for.
fn invalidated(stub: Option<Stub>) -> Option<Option<(u8, bool)>> {
    let Some(Stub::Descriptor { operation, condition, .. }) = stub else { return None };
    let predicate = (condition.to_bits() & 0x1f) as u8;
    match operation {
        DescriptorOperation::Invalidate => Some(None),
        DescriptorOperation::InvalidateIf => Some(Some((predicate, true))),
        DescriptorOperation::InvalidateUnless => Some(Some((predicate, false))),
        DescriptorOperation::Flush => None,
    }
}

/// `wait int=1`.
const INT: u8 = 12;

fn moves(bundle: &elnic_isa::Bundle) -> Vec<Move> {
    let moves = (0..).zip(&bundle.array_moves);
    let moves = moves.filter_map(|(channel, array_move)| {
        let array_move = array_move.as_ref()?;
        Some(Move {
            channel,
            format: array_move.format,
            big_endian: array_move.big_endian,
            area: array_move.area & 0x1f,
            offset: array_move.index,
            advance: array_move.advance,
            target: target(array_move.dst),
        })
    });
    moves.collect()
}

fn logic(bundle: &elnic_isa::Bundle) -> Option<Logic> {
    let mut logic = Logic::default();
    for (number, syllable) in (0_u8..).zip(&bundle.predicate_logic) {
        let Some(syllable) = syllable else { continue };
        if let Some(elements) = logic.elements.chunks_exact_mut(2).nth(usize::from(number)) {
            for (element, source) in elements.iter_mut().zip(syllable.elements) {
                *element = Some(source);
            }
        }
        logic.steps.push(LogicStep { result: 4 + number, combination: syllable.combination });
    }
    // Nothing of it can be seen without a committed result or a condition that asks for one that is not.
    let asked = matches!(
        bundle.transfer().condition,
        ControlCondition::MemoryLockOrLocal(_) | ControlCondition::Local(_)
    );
    let seen = asked || logic.steps.iter().any(|step| step.combination.commit.is_some());
    (seen && !logic.steps.is_empty()).then_some(logic)
}
