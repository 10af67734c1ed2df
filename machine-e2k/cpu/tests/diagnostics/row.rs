//! One claim: a program, the versions it is about, and how it ends.

use std::ops::RangeInclusive;

use crate::common::guest::Guest;
use crate::common::tables::{Tables, V3, V6};
use elnic_cpu::{Config, ExceptionKind, IsaVersion, Processor, State, Stop, Tags};

/// Begins every program: a window of 32 registers whose upper half rotates in a ring of eight.
const START: &str = "
#define INVALID(register) { udivd,5,sm 0, 0, register }
.globl _start
_start:
    { setwd wsz=16, nfx=1 }
    { setbn rsz=3, rbs=12, rcur=0 }
";

/// Begins a program with address translation and a trap table; a trap halts with `CAUGHT`.
const MAPPED_START: &str = "
#define INVALID(register) { udivd,5,sm 0, 0, register }
.globl _start
_start:
    { setwd wsz=16, nfx=1 }
    rwd table, %oscud.lo
    MODE
    { addd,0 0, 0x400000, %dr1 ; addd,1 0, 0x300000, %dr2 ; addd,3 0, 0x21, %dr3 }
    { nop 2 ; mmurw,2 %dr1, %ROOT }
    { nop 2 ; mmurw,2 %dr2, %trap_point }
    { nop 2 ; mmurw,2 %dr3, %mmu_cr }
    { disp %ctpr1, main }
    { ct %ctpr1 }
.align 0x800
table:
    HALT(99)
.align 8
main:
";
const CAUGHT: u32 = 99;

/// Page tables of mapped rows, and their one writable page among pages that can only be read.
const ROOT: u64 = 0x40_0000;
const PAGE: u64 = 0x1_2345_6000;
const FRAME: u64 = 0x38_0000;

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Halts,
    Fails(ExceptionKind),
}

/// A claim.
pub(crate) struct Row {
    name: String,
    text: String,
    data: String,
    end: End,
    finds: Vec<(&'static str, u64)>,
    versions: RangeInclusive<u8>,
    /// Only where tags are kept.
    tagged: bool,
    mapped: bool,
}

impl Row {
    fn new(name: impl Into<String>, end: End, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            data: String::new(),
            end,
            finds: Vec::new(),
            versions: 2..=6,
            tagged: false,
            mapped: false,
        }
    }

    /// What distinguishes it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `data` behind the program.
    pub(crate) fn with(mut self, data: impl Into<String>) -> Self {
        self.data = data.into();
        self
    }

    /// Values at the end: `r5`, `g16`, `b2`, their extension (`r5.hi`) and tag (`r5.tag`), `pred3`, `pred3.tag`, a word behind a label
    /// (`out+8`). Where an exception ends the program they are those before its handler.
    pub(crate) fn finds(mut self, finds: &[(&'static str, u64)]) -> Self {
        self.finds = finds.to_vec();
        self
    }

    /// `%dr8` counted as many cases.
    pub(crate) fn finds_count(self, count: usize) -> Self {
        self.finds(&[("r8", count as u64)])
    }

    /// The versions it is about; else all.
    pub(crate) const fn versions(mut self, versions: RangeInclusive<u8>) -> Self {
        self.versions = versions;
        self
    }

    /// It is about diagnostic values.
    pub(crate) const fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// It runs under address translation, with a trap table that halts with 99; `PAGE` is a writable page between two that can only be read, and nothing is
    /// mapped at `NOWHERE`.
    pub(crate) const fn mapped(mut self) -> Self {
        self.mapped = true;
        self
    }

    /// What contradicts it.
    pub(crate) fn check(&self) -> Vec<String> {
        let tags: &[Tags] = if self.tagged { &[Tags::On] } else { &[Tags::On, Tags::Off] };
        let mut failures = Vec::new();
        for number in self.versions.clone() {
            let isa = IsaVersion::from_number(number).expect("a version");
            for tags in tags {
                if let Err(why) = self.run(isa, *tags) {
                    failures.push(format!("{} on {isa}, {tags:?}: {why}", self.name));
                }
            }
        }
        failures
    }

    fn run(&self, isa: IsaVersion, tags: Tags) -> Result<(), String> {
        let mut guest = self.guest(Config { isa, tags, ..Config::default() })?;
        let stop = guest.run();
        let end = match stop {
            Stop::Halted { code: 0 } => Ok(End::Halts),
            Stop::Exception(exception) => Ok(End::Fails(exception.kind)),
            Stop::Halted { code: CAUGHT } => caught(&mut guest),
            other => Err(format!("{other:?}")),
        }?;
        if end != self.end {
            let place = guest.cpu.state().ip;
            return Err(format!("{end:?} at {place:#x}, not {:?}", self.end));
        }
        for (name, expected) in &self.finds {
            let found = value(&guest, name);
            if found != *expected {
                return Err(format!("{name} is {found:#x}, not {expected:#x}"));
            }
        }
        Ok(())
    }

    fn guest(&self, config: Config) -> Result<Guest, String> {
        let v6 = config.isa >= IsaVersion::V6;
        let start = if self.mapped {
            let (root, mode) =
                if v6 { ("u_pptb", "rwd 0x20, %core_mode") } else { ("root_ptb", "") };
            let pages = format!("#define PAGE {PAGE:#x}\n#define NOWHERE 0x200000000\n");
            pages + &MAPPED_START.replace("ROOT", root).replace("MODE", mode)
        } else {
            START.to_owned()
        };
        let text = format!(
            "#define ISA {}\n{start}{}\nHALT(0)\n.data\n.align 16\n{}\n",
            config.isa as u8, self.text, self.data
        );
        let mut guest = Guest::assemble(config, &text).map_err(|messages| {
            let first = messages.first().expect("a message");
            format!("{}: {:?}", first.message, first.text)
        })?;
        if self.mapped {
            let flags = if v6 { V6 } else { V3 };
            let mut tables = Tables::new(ROOT, flags);
            for start in (0..0x80_0000).step_by(0x20_0000) {
                tables.map_large(&mut guest.bus, start, start);
            }
            tables.map(&mut guest.bus, PAGE, FRAME);
            for page in [PAGE - 0x1000, PAGE + 0x1000] {
                tables.set(&mut guest.bus, page, (FRAME + 0x1000) | flags.base & !2);
            }
        }
        Ok(guest)
    }
}

/// Ends without an exception, having done what was to be done.
pub(crate) fn halts(name: impl Into<String>, text: impl Into<String>) -> Row {
    Row::new(name, End::Halts, text)
}

/// Ends with `kind`.
pub(crate) fn fails(name: impl Into<String>, kind: ExceptionKind, text: impl Into<String>) -> Row {
    Row::new(name, End::Fails(kind), text)
}

/// What the handler was entered for; the state goes back to the interrupted window.
fn caught(guest: &mut Guest) -> Result<End, String> {
    let state = guest.cpu.state_mut();
    let causes = state.tirs.hi() & 0xfff_ffff_ffff;
    let kind = ExceptionKind::ALL.iter().find(|kind| causes == 1 << kind.number());
    let kind = *kind.ok_or_else(|| format!("causes {causes:#x}"))?;
    state.window.base -= 2 * u64::from(state.frame.wbs);
    Ok(End::Fails(kind))
}

/// The value called `name`.
fn value(guest: &Guest, name: &str) -> u64 {
    let (name, part) = name.split_once('.').unwrap_or((name, ""));
    let state = guest.cpu.state();
    if let Some(number) = name.strip_prefix("pred").and_then(|it| it.parse::<u32>().ok()) {
        let predicates = state.predicates;
        let bits = if part == "tag" { predicates.invalid } else { predicates.values };
        return u64::from(bits >> number & 1);
    }
    let Some(cell) = cell(state, name) else { return memory(guest, name) };
    match part {
        "" => state.registers.low(cell),
        "hi" => state.registers.high(cell),
        "tag" => state.registers.tag(cell).into(),
        other => panic!("no part {other} of a register"),
    }
}

fn cell(state: &State, name: &str) -> Option<elnic_cpu::state::registers::Cell> {
    let number: u8 = name.get(1..)?.parse().ok()?;
    match name.as_bytes().first()? {
        b'r' => Some(state.window_cell(number.into())),
        b'g' => Some(state.global_cell(number)),
        b'b' => Some(state.based_cell(number)),
        _ => None,
    }
}

fn memory(guest: &Guest, name: &str) -> u64 {
    let (label, offset) = name.split_once('+').unwrap_or((name, "0"));
    let offset: u64 = offset.parse().expect("an offset in bytes");
    let base = if label == "PAGE" { FRAME } else { guest.symbol(label) };
    crate::common::word_at(&guest.bus, base + offset)
}
