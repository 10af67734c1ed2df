//! No input makes the assembler panic or run away: sources are mangled at random.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use elnic_asm::{Files, Options, assemble_from};
use elnic_isa::CpuModel;
use proptest::prelude::*;

struct Memory(HashMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).map(|text| text.clone().into_bytes());
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// A source that touches every part of the language.
const SEED: &str = r#"
#define REG(n) %dr ## n
#define BASE 0x200000000
#if BASE > 4 && defined(REG) /* a comment */
#include "more.inc"
#endif
	.macro put reg, value=5, rest:vararg
	.if \value > 6
	{ addd,0 0, \value, \reg }
	.else
	{ addd,1 0, \value, \reg ; nop 2 }
	.endif
l\@:	.word \value, \rest
	.align 8
	.endm
	.global _start
	.type _start, #function
_start:
	{ setwd wsz=16, nfx=1, dbl=0
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=3 }
	put REG(1), 7, 1, 2
	put %dr2
1:	{ ldd,0,sm [ %dr1 + BASE ], %dr3, mas=0x20 ? ~%pred1, %pcnt2
	  fmul_addd %dr1, %db[3], %dg5, %dr6
	  merged,1 %dr1, _f32s,_lts1 0x1234, %dr7, ~%pred3
	  std,2 %dr2, [ %dr1 + 8 ]
	  pass %pred1, @p0 ; pass %pred2, @p1 ; landp ~@p0, @p1, @p4 ; pass @p4, %pred3
	  ibranch 1b ? %pred3 || #LOOP_END }
	{ movad,0 area=1, ind=2, am=1, be=0, %db[1] ; alc alcf=1, alct=1 ; abn abnf=0, abnt=1 ; ipd 2 }
	{ staad,5 %dr1, %aad5 [ %aasti2 + _f32s,_lts0 0x20 ] ; incr,5 %aaincr3 ? %pred1 ; loop_mode }
	rwd %dr1, %lsr ! a comment
	cmpedb %dr1, 'x', %pred0
	call %ctpr1, wbs=8 ? ~%pred0 && #NOT_LOOP_END
	mmurr %mmu_cr, %dr1
	wait st_c=1, ma_c=1
	return %ctpr3 ; ct %ctpr3
	.align 16
2:	fapb ct=1,dcd=0,fmt=4,mrng=8,d=2,incr=1,ind=3,asz=5,abs=6,disp=0x40
	.rept 3
	.byte 1, 2f - 2b, (1 << 3) | 2, 'a
	.endr
2:	.irp r, 1, 2
	.ascii "a\n\101\x41\r"
	.endr
	.set VALUE, end - _start
	.pushsection .rodata, 1
text:	.asciz "hello", "world"
	.popsection
	.section .data.x, "aw", @progbits
	.balign 32, 0xff
	.dword _start, end, VALUE, 1
	.float 1.5 ; .double 2e3
	.skip 3 ; .fill 2, 4, 5 ; .org 128
	.comm block, 64, 16
	.size _start, end - _start
end:
	.bss
	.skip 1000
"#;

const WORDS: [&str; 40] = [
    "{",
    "}",
    ";",
    ",",
    "%",
    "%dr1",
    "%pred0",
    "~",
    "?",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "\\@",
    "!",
    "#",
    "#LOOP_END",
    "\n",
    "\t",
    ".macro x",
    ".endm",
    ".rept 9",
    ".endr",
    ".if 1",
    ".endif",
    ".set q, q+1",
    "1f",
    "1b",
    "0x",
    "99999999999999999999",
    "-",
    ".",
    ":",
    "é",
    "/*",
    "*/",
    "#if 1",
];

fn run(text: &str, cpu: usize) -> usize {
    let cpu = CpuModel::ALL[cpu % CpuModel::ALL.len()];
    let path = PathBuf::from("a.S");
    let more = "\t.set SHARED, 3\n#define ONE 1\n";
    let files = Memory(HashMap::from([
        (path.clone(), text.to_owned()),
        (PathBuf::from("more.inc"), more.to_owned()),
    ]));
    match assemble_from(&files, &[&path], &Options::new(cpu)) {
        Ok(assembled) => {
            assert_eq!(assembled.elf.get(..4), Some(&b"\x7fELF"[..]));
            0
        }
        Err(messages) => {
            assert!(!messages.is_empty());
            assert!(messages.len() < 300, "messages are bounded");
            messages.iter().map(|message| message.to_string().len()).sum()
        }
    }
}

#[test]
fn the_seed_itself_is_assembled() {
    let path = PathBuf::from("a.S");
    let files = Memory(HashMap::from([
        (path.clone(), SEED.to_owned()),
        (PathBuf::from("more.inc"), String::new()),
    ]));
    let result = assemble_from(&files, &[&path], &Options::default());
    let messages: Vec<String> =
        result.err().unwrap_or_default().iter().map(ToString::to_string).collect();
    assert!(messages.is_empty(), "{}", messages.join("\n"));
}

/// How many cases a property is tried with: 300, or `$PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn mangled_sources_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, 0usize..WORDS.len(), 1usize..12), 1..30),
        cpu in 0usize..14,
    ) {
        let mut chars: Vec<char> = SEED.chars().collect();
        for (place, kind, word, length) in edits {
            if chars.is_empty() {
                break;
            }
            let at = place.index(chars.len());
            let end = (at + length).min(chars.len());
            match kind {
                0 => { chars.drain(at..end); }
                1 => { chars.splice(at..at, WORDS[word].chars()); }
                2 => { let part: Vec<char> = chars[at..end].to_vec(); chars.splice(at..at, part); }
                _ => { chars.splice(at..end, WORDS[word].chars()); }
            }
        }
        run(&chars.into_iter().collect::<String>(), cpu);
    }

    #[test]
    fn shuffled_words_never_panic(
        words in prop::collection::vec((0usize..400, 0usize..WORDS.len(), any::<bool>()), 1..60),
        cpu in 0usize..14,
    ) {
        let known: Vec<&str> = SEED.split_whitespace().collect();
        let text: Vec<&str> = words
            .iter()
            .map(|(seed, word, own)| if *own { WORDS[*word] } else { known[seed % known.len()] })
            .collect();
        run(&text.join(" "), cpu);
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}", cpu in 0usize..14) {
        run(&text, cpu);
    }
}

#[test]
fn runaway_sources_end() {
    for source in [
        ".macro a\na\na\n.endm\na",
        ".macro a x\na \\x\\x\n.endm\na 12345678",
        ".rept 100000\n.rept 100000\nnop\n.endr\n.endr",
        ".rept 18446744073709551615\n.endr",
        ".skip 0x7fffffffffffffff",
        ".fill 0x7fffffff, 8, 1",
        ".org 0x7fffffffffffffff",
        ".section a\n.skip 0xfffffff\n.section b,\"aw\"\n.skip 0xfffffff\n.data\n.skip 0xfffffff",
        ".set a, b\n.set b, a\n.dword a",
        ".irpc x, abc\n.irpc y, abc\n.irp z, 1, 2\n.rept 90000\nnop\n.endr\n.endr\n.endr\n.endr",
        "#define A B B\n#define B C C\n#define C D D\n#define D A A\nA",
        "#include \"a.S\"\n#include \"a.S\"",
        ".include \"a.S\"",
    ] {
        run(source, 3);
    }
    run(&"{ ".repeat(10_000), 3);
    run(&"(".repeat(100_000), 3);
    run(&format!(".dword {}1", "-".repeat(100_000)), 3);
    run(&".if 1\n".repeat(10_000), 3);
    run(&"{ addd %dr1, 0x12345, %dr2 ".repeat(50), 3);
    let many: Vec<String> = (0..20).map(|n| format!("addd %dr1, {}, %dr2", 0x1000 + n)).collect();
    run(&format!("{{ {} }}", many.join(";")), 3);
}
