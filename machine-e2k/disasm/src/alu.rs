//! Operations of the arithmetic-logic channels.

use std::fmt::Write as _;

use elnic_isa::{
    AauFile, AauRegister, AluInstruction, ArrayAddress, Bundle, Destination, Format, Kind, Literal,
    Op, Operation, QualifierSource, Register, Source, Term, TrapRegister,
};

use crate::{Options, control};

/// Prints the operation on `channel`, and the increment of its array access.
pub(crate) fn operation(
    lines: &mut Vec<String>,
    bundle: &Bundle,
    channel: u8,
    options: &Options<'_>,
) {
    let Some(instruction) = bundle.alu.get(usize::from(channel)).copied().flatten() else { return };
    if is_hidden_half(instruction.operation, channel, options) {
        return;
    }
    let printer = Printer { bundle, channel, instruction, options, complete: options.complete() };
    lines.push(printer.text());
    if let Some(address) = printer.advancing_address() {
        let mut line = format!("incr,{channel} %aaincr{}", address.increment);
        let terms = printer.terms(|half| half.increment_term(channel).filter(|_| !half.merge));
        push_condition(&mut line, &terms);
        lines.push(line);
    }
}

/// Operations on register pairs stand on two channels; most are printed once, on the first.
fn is_hidden_half(operation: &Operation, channel: u8, options: &Options<'_>) -> bool {
    let second = operation.pair(channel).is_some_and(|(_, second)| second == channel);
    let printed_twice = matches!(
        operation.op,
        Op::Stq
            | Op::Stodpq
            | Op::Stodrq
            | Op::Stodwq
            | Op::Ldodpq
            | Op::Ldodrq
            | Op::Ldodwq
            | Op::Cudtoap
            | Op::Getsod
            | Op::Movtcq
            | Op::Movtrq
            | Op::Movtrcq
    );
    second && (options.complete() || !printed_twice)
}

struct Printer<'a> {
    bundle: &'a Bundle,
    channel: u8,
    instruction: AluInstruction,
    options: &'a Options<'a>,
    complete: bool,
}

impl Printer<'_> {
    fn text(&self) -> String {
        let operation = self.instruction.operation;
        let speculative = if self.instruction.speculative { ",sm" } else { "" };
        let mut line = format!("{},{}{speculative}", self.mnemonic(), self.channel);
        let operands = self.operands();
        if !operands.is_empty() {
            let _ = write!(line, " {}", operands.join(", "));
        }
        let mas = self.bundle.mas(self.channel);
        let takes_mas =
            operation.memory || operation.select.mas.is_some() && self.shows_array_access();
        if takes_mas && mas.0 != 0 && !operands.is_empty() {
            let _ = write!(line, ", mas = {:#x}", mas.0);
        }
        if operation.format.merges() {
            for term in self.terms(|half| half.term(self.channel).filter(|_| half.merge)) {
                let _ = write!(line, ", {}", Shown(term));
            }
        }
        if matches!(operation.format, Format::Alopf12Branch | Format::Alopf12Call) {
            line.push_str(&control::condition(self.bundle.transfer().condition, self.options));
        } else {
            let terms = self.terms(|half| half.term(self.channel).filter(|_| !half.merge));
            push_condition(&mut line, &terms);
        }
        line
    }

    /// Whether accesses to registers of the array access unit are shown as the array accesses they are made of.
    fn shows_array_access(&self) -> bool {
        !self.complete
    }

    fn mnemonic(&self) -> &'static str {
        let operation = self.instruction.operation;
        match operation.op {
            Op::Aaurw if self.shows_array_access() => "staaw",
            Op::Aaurwd if self.shows_array_access() => "staad",
            Op::Aaurwq if self.shows_array_access() => "staaq",
            Op::Ldaaw if !self.complete => "aaurr",
            Op::Ldaad if !self.complete => "aaurrd",
            Op::Ldaaq if !self.complete => "aaurrq",
            _ => operation.mnemonic,
        }
    }

    fn operands(&self) -> Vec<String> {
        let AluInstruction { operation, src1, src2, src3, dst, .. } = self.instruction;
        let [first, second, third] = operation.src;
        let mut operands = Vec::new();
        match operation.format {
            Format::Alopf10 => {
                operands.extend(self.source(src3, third));
                operands.extend(self.source(src1, first));
            }
            Format::AauWrite => {
                operands.extend(self.source(src3, third));
                operands.push(self.aau_destination(dst));
            }
            // The GNU disassembler does not know the operands of these.
            Format::Alopf19 | Format::AauRead if !self.complete => {}
            _ => {
                let [first, second] = self.shown_kinds(operation.format, first, second);
                operands.extend(self.source(src1, first));
                operands.extend(self.source(src2, second));
                operands.extend(self.source(src3, third));
                operands.extend(destination(dst, operation.dst, self.complete));
            }
        }
        operands
    }

    /// Kinds as the register prefixes show them. With 80-bit operands the GNU disassembler has its own view: a compare
    /// has two operands of one width, and the later steps of division and square root take the 80-bit one first.
    fn shown_kinds(&self, format: Format, first: Kind, second: Kind) -> [Kind; 2] {
        match (format, first, second) {
            _ if self.complete => [first, second],
            (Format::Alopf7, Kind::Extended, second) => [second, second],
            (Format::Alopf1, Kind::Single, Kind::Extended) => [second, first],
            _ => [first, second],
        }
    }

    fn source(&self, source: Source, kind: Kind) -> Option<String> {
        Some(match source {
            Source::Absent => return None,
            Source::Register(given) => register(given, prefix(kind, self.complete)),
            Source::Immediate(value) if kind == Kind::WindowShift => format!("wbs = {value:#x}"),
            Source::Constant(value) | Source::Immediate(value) => format!("{value:#x}"),
            Source::Literal(literal) => self.literal(literal),
            Source::State(state) => state.to_string(),
            Source::Aau(given) => aau_register(given),
            Source::Array(address) => self.array_address(address),
        })
    }

    /// The bits of a literal as they stand in the bundle, not extended.
    fn literal(&self, literal: Literal) -> String {
        let value = self.bundle.literal(literal).unwrap_or_default();
        match literal {
            Literal::Half { .. } => format!("_f16s {:#x}", value as u16),
            Literal::Word(_) => format!("_f32s {:#x}", value as u32),
            Literal::Double(_) => format!("_f64 {value:#x}"),
        }
    }

    fn array_address(&self, address: ArrayAddress) -> String {
        let ArrayAddress { descriptor, index, .. } = address;
        let literal = address.literal.map_or(String::new(), |word| {
            match self.bundle.literal(Literal::Word(word)) {
                Some(value) => format!(" + _f32s,_lts{word} {:#x}", value as u32),
                None => " + <non-existent literal>".into(),
            }
        });
        format!("%aad{descriptor} [ %aasti{index}{literal} ]")
    }

    /// `%aastiN`, or the array address whose bits it shares.
    fn aau_destination(&self, dst: Destination) -> String {
        let Destination::Aau(register) = dst else { return String::new() };
        if self.shows_array_access() {
            return self.array_address(as_array_address(register));
        }
        aau_register(register)
    }

    /// The array address with its increment, if it advances.
    fn advancing_address(&self) -> Option<ArrayAddress> {
        let address = match (self.instruction.src1, self.instruction.dst) {
            (Source::Array(address), _)
                if self.instruction.operation.format == Format::Alopf10 || self.complete =>
            {
                address
            }
            (_, Destination::Aau(register)) if self.shows_array_access() => {
                as_array_address(register)
            }
            _ => return None,
        };
        address.advance.then_some(address)
    }

    /// Terms of qualifiers in the order the GNU disassembler prints them: the low half of a CDS first.
    fn terms(&self, pick: impl Fn(&elnic_isa::Qualifier) -> Option<Term>) -> Vec<Term> {
        let pairs = self.bundle.qualifiers.chunks(2);
        pairs.flat_map(|pair| pair.iter().rev()).flatten().filter_map(pick).collect()
    }
}

/// The file code and number of a register read as the fields of an array address.
fn as_array_address(register: AauRegister) -> ArrayAddress {
    let code = register.file as u8;
    let (descriptor, index) = if register.file.numbered_by_descriptor() {
        (register.number, 0)
    } else {
        (0, register.number)
    };
    ArrayAddress { descriptor, index, increment: code >> 2, advance: code & 1 == 1, literal: None }
}

fn aau_register(register: AauRegister) -> String {
    let found = AauFile::ALL.into_iter().find(|(file, ..)| *file == register.file);
    match found {
        Some((_, name, 1)) => format!("%{name}"),
        Some((_, name, _)) => format!("%{name}{}", register.number),
        None => format!("%aau{}", register.number),
    }
}

/// What the register prefix says: `%r`, `%dr`, `%xr`, `%qr`, `%qpr`. The GNU disassembler does not know `x`.
fn prefix(kind: Kind, complete: bool) -> &'static str {
    match kind {
        Kind::Extended if complete => "x",
        Kind::Double | Kind::Extended | Kind::DoubleOrControlTransfer => "d",
        Kind::Quad => "q",
        Kind::QuadPacked => "qp",
        _ => "",
    }
}

pub(crate) fn register(register: Register, prefix: &str) -> String {
    match register {
        Register::Based(number) => format!("%{prefix}b[{number}]"),
        Register::Window(number) => format!("%{prefix}r{number}"),
        Register::Global(number) => format!("%{prefix}g{number}"),
    }
}

pub(crate) fn destination(destination: Destination, kind: Kind, complete: bool) -> Option<String> {
    Some(match destination {
        Destination::Absent => return None,
        Destination::Register(given) => register(given, prefix(kind, complete)),
        // The GNU names of the two halves.
        Destination::Empty => "%empty.hi".into(),
        Destination::EmptyHigh => "%empty.lo".into(),
        Destination::Predicate(number) => format!("%pred{number}"),
        Destination::ControlTransfer(given) => format!("%ctpr{}", given.number()),
        Destination::Trap(TrapRegister::Tst) => "%tst".into(),
        Destination::Trap(TrapRegister::Tc) => "%tc".into(),
        Destination::Trap(TrapRegister::Tcd) => "%tcd".into(),
        Destination::State(state) => state.to_string(),
        Destination::Aau(given) => aau_register(given),
    })
}

fn push_condition(line: &mut String, terms: &[Term]) {
    for (number, term) in terms.iter().enumerate() {
        let separator = if number == 0 { " ? " } else { ", " };
        let _ = write!(line, "{separator}{}", Shown(*term));
    }
}

/// A term as text.
pub(crate) struct Shown(pub(crate) Term);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let negation = if self.0.negated { "~" } else { "" };
        match self.0.source {
            QualifierSource::Predicate(number) => write!(f, "{negation}%pred{number}"),
            QualifierSource::Prologue(number) => write!(f, "{negation}%pcnt{number}"),
        }
    }
}
