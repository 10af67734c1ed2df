//! From a gathered bundle to bytes: delays, channels, literal words, qualifiers.
//!
//! Source: gas's e2k port: instructions outside braces get idle cycles behind them (ISA notes 7.5); CDS halves are given
//! out in the order of the source, and one half serves all channels of a cluster that depend on the same predicate.

use elnic_isa::syllable::WindowLiteral;
use elnic_isa::{
    ArrayPrefetch, Bundle, Control0, Control1, Destination, Displacement, IsaVersion, Literals,
    Mas, SetWindow, Stub, TransferStub,
};

use super::draft::{Draft, LiteralRequest, LiteralValue, Nop, Slot, Target, control1_taken};
use super::operation::instruction;
use super::place::{self, Placement};
use super::qualify::{Part, Qualifiers};
use super::{Context, implied, predicate};
use crate::expression::Expression;

/// An encoded bundle; where it holds addresses its bytes are provisional.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// The bytes; their number is final.
    pub(crate) bytes: Vec<u8>,
    /// What is needed to encode it again once addresses are known.
    pub(crate) pending: Option<Box<Pending>>,
}

/// A bundle that waits for addresses.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    bundle: Bundle,
    placement: Placement,
    values: Vec<LiteralValue>,
    target: Option<Expression>,
    version: IsaVersion,
}

impl Pending {
    /// The bytes of the bundle at `address`, with `evaluate` giving the value of expressions.
    ///
    /// # Errors
    /// A value that is not known, or a target that cannot be reached.
    pub(crate) fn encode(
        &self,
        address: u64,
        evaluate: &dyn Fn(&Expression) -> Result<i64, String>,
    ) -> Result<Vec<u8>, String> {
        let mut bundle = self.bundle;
        let mut numbers = Vec::with_capacity(self.values.len());
        for value in &self.values {
            numbers.push(match value {
                LiteralValue::Number(number) => *number,
                LiteralValue::Later(expression) => evaluate(expression)?,
            });
        }
        bundle.literals.words = fill(&self.placement, &numbers);
        if let Some(target) = &self.target {
            let target = evaluate(target)?.cast_unsigned();
            let distance = Displacement::between(address, target).ok_or_else(|| {
                let why = if target & 7 == 0 { "is too far away" } else { "is no multiple of 8" };
                format!("the target {target:#x} {why} (bundle at {address:#x})")
            })?;
            bundle.control0 = bundle.control0.map(|control| lead(control, distance));
        }
        bundle.to_bytes(self.version).map_err(|error| error.to_string())
    }
}

/// Encodes a gathered bundle; `lone`: its only instruction stands outside braces.
///
/// # Errors
/// What cannot be joined in one bundle.
pub(crate) fn encode(draft: Draft, lone: bool, context: &Context) -> Result<Encoded, String> {
    if draft.prefetch.iter().any(Option::is_some) {
        return prefetch(&draft);
    }
    predicate::check(&draft)?;
    let mut draft = draft;
    if lone && context.modes.strict_delay {
        implied::delay(&mut draft);
    }
    let channels = channels(&draft, context)?;
    implied::check_local_condition(&draft, &channels)?;
    let mut bundle = Bundle {
        loop_mode: draft.loop_mode,
        set_mark: draft.set_mark,
        array_moves: draft.moves,
        ..Bundle::default()
    };
    if let Some(stub) = draft.stub
        && stub.descriptor.is_some()
        && (stub.transfer != TransferStub::default() || draft.moves.iter().any(Option::is_some))
    {
        return Err(
            "invts and flushts cannot share SS with transfers, rotation and mova".to_owned()
        );
    }
    bundle.stub = draft.stub.map(|stub| stub.descriptor.unwrap_or(Stub::Transfer(stub.transfer)));
    bundle.control1 = control1(&draft, &channels)?;
    let mut requests = draft.literals.clone();
    requests.extend(window_literal(bundle.control1));
    let placement = place::literals(&requests).ok_or(
        "the literals of this bundle do not fit its four literal words (16-bit literals: two words)",
    )?;
    bundle.literals.count = placement.words();
    let mut halves = Qualifiers::default();
    if let Some(term) = draft.recovery {
        halves.add(term, true, false, Part::Auxiliary)?;
    }
    for (alu, taken) in draft.alu.iter().zip(&channels) {
        for (index, channel) in taken.iter().copied().enumerate() {
            let instruction = instruction(alu, channel, index, taken.len(), &placement)?;
            if let Some(slot) = bundle.alu.get_mut(usize::from(channel)) {
                *slot = Some(instruction);
            }
        }
        halves.serve(alu, taken)?;
    }
    bundle.qualifiers = halves.0;
    bundle.explicit_ales25 = extension_word(&bundle, context);
    let used = draft.logic.iter().rposition(super::draft::LogicDraft::is_used);
    for (slot, logic) in
        bundle.predicate_logic.iter_mut().zip(&draft.logic).take(used.map_or(0, |last| last + 1))
    {
        *slot = Some(logic.word);
    }
    let mut target = None;
    if let Some(transfer) = draft.control0 {
        bundle.control0 = Some(match transfer.target {
            Some(Target::Units(units)) => {
                lead(transfer.control, Displacement(i32::try_from(units).unwrap_or(0)))
            }
            Some(Target::Address(expression)) => {
                target = Some(expression);
                transfer.control
            }
            None => transfer.control,
        });
    }
    bundle.nop = match draft.nop {
        None => 0,
        Some(Nop::Cycles(cycles)) => cycles,
        Some(Nop::Bare) => u8::from(bundle != Bundle::default()),
    };
    let values: Vec<LiteralValue> = requests.into_iter().map(|request| request.value).collect();
    let numbers: Vec<i64> = values
        .iter()
        .map(|value| if let LiteralValue::Number(number) = value { *number } else { 0 })
        .collect();
    bundle.literals = Literals { words: fill(&placement, &numbers), count: bundle.literals.count };
    let version = context.version;
    let bytes = bundle.to_bytes(version).map_err(|error| error.to_string())?;
    let waits = target.is_some() || values.iter().any(|v| matches!(v, LiteralValue::Later(_)));
    let pending = Pending { bundle, placement, values, target, version };
    Ok(Encoded { bytes, pending: waits.then(|| Box::new(pending)) })
}

/// Whether the word for ALES2 and ALES5 is written although its content is implied.
///
/// gas does so in version 4 for the operations that came to channels 2 and 5 with it.
fn extension_word(bundle: &Bundle, context: &Context) -> bool {
    let mut operations =
        [2, 5].into_iter().filter_map(|channel: usize| bundle.alu.get(channel).copied().flatten());
    match context.version {
        IsaVersion::V4 if !context.modes.explicit_ales25 => operations.any(|instruction| {
            instruction.operation.extension.is_some()
                && instruction.operation.since == IsaVersion::V4
        }),
        version if version >= IsaVersion::V4 && context.modes.explicit_ales25 => {
            operations.any(|instruction| instruction.operation.extension.is_some())
        }
        _ => false,
    }
}

/// The literal words for these values.
fn fill(placement: &Placement, numbers: &[i64]) -> [u32; 4] {
    placement.fill(|index| numbers.get(index).copied().unwrap_or(0))
}

/// An array prefetch instruction: two slots, no bundle.
fn prefetch(draft: &Draft) -> Result<Encoded, String> {
    let slots = draft.prefetch.iter().flatten().count();
    if draft.count != slots {
        return Err("fapb cannot share a bundle with other instructions".to_owned());
    }
    let [first, second] = draft.prefetch;
    let instruction =
        ArrayPrefetch { first: first.unwrap_or_default(), second: second.unwrap_or_default() };
    Ok(Encoded { bytes: instruction.to_bytes().to_vec(), pending: None })
}

/// The channels of every operation.
fn channels(draft: &Draft, context: &Context) -> Result<Vec<Vec<u8>>, String> {
    let wishes: Vec<Vec<Vec<u8>>> = draft
        .alu
        .iter()
        .map(|alu| {
            (0..6u8)
                .filter(|channel| alu.channel.is_none_or(|wanted| wanted == *channel))
                .filter_map(|channel| {
                    let row =
                        alu.rows.iter().find(|row| row.is_allowed(channel, context.version))?;
                    // Transfer registers can be written from channel 0 only.
                    if matches!(alu.dst, Destination::ControlTransfer(_)) && channel != 0 {
                        return None;
                    }
                    Some(match row.pair(channel) {
                        Some((first, second)) => vec![first, second],
                        None => vec![channel],
                    })
                })
                .collect()
        })
        .collect();
    if draft.alu.len() > 6 {
        return Err(format!("{} operations, but there are six channels", draft.alu.len()));
    }
    place::channels(&wishes).ok_or_else(|| {
        let names: Vec<&str> =
            draft.alu.iter().filter_map(|alu| alu.rows.first()).map(|row| row.mnemonic).collect();
        format!("no channels are left for all of {}", names.join(", "))
    })
}

/// Content of CS1.
fn control1(draft: &Draft, channels: &[Vec<u8>]) -> Result<Option<Control1>, String> {
    let window = draft.window;
    let mut content = draft.control1;
    let mut take = |value: Control1, name: &'static str| match content {
        Some((_, other)) => Err(control1_taken(other)),
        None => {
            content = Some((value, name));
            Ok(())
        }
    };
    if window.setwd.is_some() || window.vfrpsz.is_some() || window.settr.is_some() {
        let value = SetWindow {
            size: window.setwd.unwrap_or_default(),
            vfrpsz: window.vfrpsz,
            settr: window.settr,
            setbn: window.setbn,
            setbp: window.setbp,
        };
        take(Control1::Window(value), "setwd")?;
    } else if window.setbn.is_some() || window.setbp.is_some() {
        take(Control1::Base { setbn: window.setbn, setbp: window.setbp }, "setbn or setbp")?;
    }
    let mut values = [Mas::default(); 4];
    for (alu, taken) in draft.alu.iter().zip(channels) {
        let fixed = alu.rows.first().and_then(|row| row.select.mas);
        let mas = fixed.unwrap_or(alu.mas);
        for channel in taken.iter().filter(|_| mas != 0) {
            let place = [0, 2, 3, 5].iter().position(|known| known == channel);
            if let Some(value) = place.and_then(|place| values.get_mut(place)) {
                *value = Mas(mas);
            }
        }
    }
    if values != [Mas::default(); 4] {
        take(Control1::SetMas(values), "mas=")?;
    }
    Ok(content.map(|(value, _)| value))
}

/// What `setwd` and its companions keep in LTS0.
fn window_literal(control: Option<Control1>) -> Option<LiteralRequest> {
    let Some(Control1::Window(window)) = control else { return None };
    let mut word = WindowLiteral(0);
    word.set_wsz(window.size.wsz);
    word.set_nfx(window.size.nfx);
    word.set_dbl(window.size.dbl);
    word.set_mcn(window.size.mcn);
    word.set_rpsz(window.vfrpsz.unwrap_or(0));
    word.set_tr_type(window.settr.unwrap_or(0));
    let value = LiteralValue::Number(i64::from(word.0));
    Some(LiteralRequest { value, slots: vec![Slot { position: 0, size: 2 }] })
}

/// `control` with another displacement.
fn lead(control: Control0, distance: Displacement) -> Control0 {
    match control {
        Control0::Ibranch(_) => Control0::Ibranch(distance),
        Control0::Pref { register, depth, .. } => {
            Control0::Pref { register, depth, displacement: distance }
        }
        Control0::Puttsd(_) => Control0::Puttsd(distance),
        Control0::Disp(register, _) => Control0::Disp(register, distance),
        Control0::Ldisp(_) => Control0::Ldisp(distance),
        Control0::IcallTarget(_) => Control0::IcallTarget(distance),
        other => other,
    }
}
