//! Random bundles: any operation there is, with operands that mostly exist, under qualifiers, in loops, with a transfer behind them.

use elnic_cpu::{IsaVersion, Mas};
use elnic_isa::{
    Advance, AluInstruction, Bundle, Control1, ControlCondition, ControlTransferRegister,
    Destination, Operation, Qualifier, QualifierSource, Register, Source, Stub, TransferStub,
};

/// Registers that hold addresses: data, where nothing is, and a page that cannot be written.
pub(crate) const BASE: u8 = 30;
pub(crate) const NOWHERE: u8 = 31;
pub(crate) const READ_ONLY: u8 = 29;

/// A sequence of numbers without pattern.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.0 ^ self.0 >> 29
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 8) % limit
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

fn register(noise: &mut Noise) -> Register {
    match noise.below(8) {
        0 => Register::Global(noise.below(32) as u8),
        1 | 2 => Register::Based(noise.below(6) as u8),
        // Rarely outside the window.
        3 if noise.one_in(20) => Register::Window(40),
        _ => Register::Window(noise.below(12) as u8),
    }
}

fn source(noise: &mut Noise) -> Source {
    match noise.below(4) {
        0 => Source::Constant(noise.below(16) as u8),
        _ => Source::Register(register(noise)),
    }
}

/// One of the operations there are; accesses to memory are more than their share, above all those without a descriptor (`ldd`, `stqp`).
fn operation(noise: &mut Noise) -> &'static Operation {
    let rows = Operation::all();
    let access = noise.one_in(3);
    let mut any = || &rows[noise.below(rows.len() as u64) as usize];
    let first = any();
    if !access {
        return first;
    }
    let plain = |operation: &&Operation| operation.memory && operation.mnemonic.len() <= 4;
    (0..100).map(|_| any()).find(plain).unwrap_or(first)
}

/// One of the operations there are, with random operands; `None` if this one is not written so.
fn instruction(noise: &mut Noise, channel: u8, isa: IsaVersion) -> Option<AluInstruction> {
    let operation = operation(noise);
    if !operation.is_allowed(channel, isa) || operation.is_paired() {
        return None;
    }
    let (mut src1, mut src2) = (source(noise), source(noise));
    if operation.memory || operation.mnemonic.ends_with("ldrd") {
        let base = match noise.below(16) {
            0 => READ_ONLY,
            1 | 2 if !operation.format.stores() => NOWHERE,
            _ => BASE,
        };
        let offset = [0, 8, 0, 8, 0, 8, 3, 13][noise.below(8) as usize];
        (src1, src2) = (Source::Register(Register::Window(base)), Source::Constant(offset));
    }
    let src3 = Source::Register(register(noise));
    let dst = match noise.below(4) {
        0 => Destination::Predicate(noise.below(32) as u8),
        _ => Destination::Register(register(noise)),
    };
    let shapes = [
        (src1, src2, src3, dst),
        (src1, src2, Source::Absent, dst),
        (Source::Absent, src2, Source::Absent, dst),
        (src1, src2, src3, Destination::Absent),
    ];
    shapes.into_iter().find_map(|(src1, src2, src3, dst)| {
        let speculative = noise.one_in(8);
        let instruction = AluInstruction { operation, speculative, src1, src2, src3, dst };
        let mut bundle = Bundle::default();
        bundle.alu[usize::from(channel)] = Some(instruction);
        let bytes = bundle.to_bytes(isa).ok()?;
        let (read, _) = Bundle::from_bytes(&bytes, isa).ok()?;
        (read.alu == bundle.alu).then_some(instruction)
    })
}

fn qualifier(noise: &mut Noise) -> Qualifier {
    let source = match noise.below(4) {
        0 => QualifierSource::Prologue(noise.below(4) as u8),
        _ => QualifierSource::Predicate(noise.below(32) as u8),
    };
    Qualifier {
        source,
        channels: 1 << noise.below(3),
        negated: noise.below(8) as u8,
        second_cluster: noise.one_in(2),
        merge: false,
        auxiliary: false,
    }
}

fn advance(noise: &mut Noise) -> Advance {
    Advance { taken: noise.one_in(2), not_taken: noise.one_in(2) }
}

/// A transfer, perhaps, and counters that go on.
fn stub(noise: &mut Noise) -> Stub {
    let predicate = noise.below(32) as u8;
    let condition = match noise.below(8) {
        0 => ControlCondition::Always,
        1 => ControlCondition::Predicate(predicate),
        2 => ControlCondition::NotPredicate(predicate),
        3 => ControlCondition::NotLoopEnd,
        4 => ControlCondition::PredicateAndNotLoopEnd(predicate),
        5 => ControlCondition::NotPredicateOrLoopEnd(predicate),
        _ => ControlCondition::Never,
    };
    let register = (condition != ControlCondition::Never).then_some(ControlTransferRegister::Ctpr1);
    Stub::Transfer(TransferStub {
        condition,
        register,
        alc: advance(noise),
        abp: advance(noise),
        abn: advance(noise),
        ..TransferStub::default()
    })
}

/// The bytes of a random bundle; `None` if it came out as one that cannot be written.
pub(crate) fn bundle(noise: &mut Noise, isa: IsaVersion) -> Option<Vec<u8>> {
    let mut bundle = Bundle::default();
    let wanted = noise.below(64);
    for channel in (0..6).filter(|channel| wanted >> channel & 1 != 0) {
        bundle.alu[usize::from(channel)] = (0..6).find_map(|_| instruction(noise, channel, isa));
    }
    for place in 0..noise.below(3) as usize {
        bundle.qualifiers[place] = noise.one_in(2).then(|| qualifier(noise));
    }
    bundle.loop_mode = noise.one_in(8);
    if noise.one_in(4) {
        bundle.stub = Some(stub(noise));
    }
    if noise.one_in(12) {
        let modes = [0, 1, 2, 3, 4, 7];
        let mas = std::array::from_fn(|_| Mas(modes[noise.below(6) as usize]));
        bundle.control1 = Some(Control1::SetMas(mas));
    }
    bundle.to_bytes(isa).ok()
}
