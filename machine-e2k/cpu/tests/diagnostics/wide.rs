//! Values wider than 64 bits: 80-bit numbers, stores under a mask of bytes, what version 7 adds.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::AddressNotAligned;
use elnic_cpu::IsaVersion;
use elnic_isa::{AluInstruction, Bundle, Destination, Operation, Register, Source};

/// `%dr4` is 2, `%dr5` is 4 in 80 bits.
const NUMBERS: &str = "{ shld,0 1, 63, %dr6 }
     { movif,0 %dr6, 0x4000, %dr4 ; movif,1 %dr6, 0x4001, %dr5 }\n";

fn arithmetic(name: &str, operation: &str, mantissa: u64, exponent: u64) -> Row {
    let text = format!("{NUMBERS}{{ {operation},0 %dr5, %dr4, %dr7 }}\n{{ movfi,0 %dr7, %r8 }}");
    let text = format!("{{ addd,0 0, 0, %dr8 }}\n{text}");
    halts(name, text).finds(&[("r7", mantissa), ("r8", exponent), ("r7.hi", exponent)])
}

pub(crate) fn extended() -> Vec<Row> {
    vec![
        halts(
            "movif and movfi put mantissa and exponent together and apart",
            "{ addd,0 0, 0x5555666677778888, %dr4 ; addd,1 0, 0, %dr6 }
             { movif,0 %dr4, 0x7abc, %dr5 }
             { movfi,0 %dr5, %r6 ; addd,1 %dr5, 0, %dr7 }",
        )
        .finds(&[("r7", 0x5555_6666_7777_8888), ("r6", 0x7abc), ("r5.hi", 0x7abc)]),
        arithmetic("4 + 2 in 80 bits", "fxaddxx", 0xc000_0000_0000_0000, 0x4001),
        arithmetic("4 - 2 in 80 bits", "fxsubxx", 1 << 63, 0x4000),
        arithmetic("4 * 2 in 80 bits", "fxmulxx", 1 << 63, 0x4002),
    ]
}

/// Two words as one, and its store under a mask.
fn store(address: &str, mask: &str) -> String {
    format!(
        "{{ addd,0 0, {address}, %dr4 ; addd,1 0, 0xffeeddccbbaa9988, %dr5 }}
         {{ addd,1 0, 0x7766554433221100, %dr6 }}
         {{ qppackdl,0 %dr5, %dr6, %dr7 }}
         {{ stmqp,2 %dr7, %dr4, {mask} }}"
    )
}

const CELLS: &str = "cells: .dword 0x1111111111111111, 0x1111111111111111, 0, 0";

/// Accesses that begin eight bytes before the end of a writable page, or end eight bytes behind its begin; the mask leaves out what is on the
/// page beside.
const EDGES: [(&str, &str, &str, &str, u64); 2] = [
    ("end", "PAGE + 0xff8", "0x00ff", "PAGE+4088", 0x7766_5544_3322_1100),
    ("begin", "PAGE - 8", "0xff00", "PAGE+0", 0xffee_ddcc_bbaa_9988),
];

pub(crate) fn masked() -> Vec<Row> {
    let mut rows = vec![
        halts(
            "stmqp writes the bytes its mask names and no others",
            format!("{}\n{{ stmqp,5 %dr7, %dr4, 0x8001 }}", store("cells", "0x0ff0")),
        )
        .with(CELLS)
        .versions(5..=6)
        .finds(&[("cells", 0x7766_5544_1111_1100), ("cells+8", 0xff11_1111_bbaa_9988)]),
        fails(
            "in version 5 stmqp is aligned to 16 bytes, not to 8",
            AddressNotAligned,
            store("cells + 8", "0xaa55"),
        )
        .with(CELLS)
        .versions(5..=5),
        fails("nor to 1", AddressNotAligned, store("cells + 1", "0xaa55"))
            .with(CELLS)
            .versions(5..=5),
        halts("in version 6 it may be aligned to 8 bytes", store("cells + 8", "0x00ff"))
            .with(CELLS)
            .versions(6..=6)
            .finds(&[("cells", 0x1111_1111_1111_1111), ("cells+8", 0x7766_5544_3322_1100)]),
        halts("or to 1", store("cells + 1", "0x000f"))
            .with(CELLS)
            .versions(6..=6)
            .finds(&[("cells", 0x1111_1133_2211_0011)]),
    ];
    for (place, address, mask, found, value) in EDGES {
        rows.push(
            fails(
                format!("in version 5 it does not reach over the {place} of a page"),
                AddressNotAligned,
                store(address, mask),
            )
            .mapped()
            .versions(5..=5),
        );
        rows.push(
            halts(
                format!("in version 6 bytes it leaves out need no rights at the {place} of a page"),
                store(address, mask),
            )
            .mapped()
            .versions(6..=6)
            .finds(&[(found, value)]),
        );
    }
    rows
}

/// Version 7 is decoded only; what it renames among the packing operations of version 5 is there.
pub(crate) fn packing() -> Vec<Row> {
    vec![
        halts(
            "the packing operations take both sources whole, the second into the low half",
            "{ addd,0 0, 0x0080007f01007fff, %dr4 ; addd,1 0, 0x0001000200030004, %dr5 }
             { qppackdl,0 %dr5, %dr4, %dr6 ; qppackdl,1 %dr4, %dr5, %dr7 }
             { qpacksshb,1 %dr6, %dr7, %dr8 ; qpackushb,4 %dr6, %dr7, %dr9 }
             { qpacksswh,1 %dr6, %dr7, %dr10 ; qpackuswh,4 %dr6, %dr7, %dr11 }",
        )
        .versions(5..=6)
        .finds(&[
            ("r8", 0x7f7f_7f7f_0102_0304),
            ("r8.hi", 0x0102_0304_7f7f_7f7f),
            ("r9", 0x807f_ffff_0102_0304),
            ("r9.hi", 0x0102_0304_807f_ffff),
            ("r10", 0x7fff_7fff_7fff_7fff),
            ("r11", 0xffff_ffff_ffff_ffff),
        ]),
    ]
}

#[test]
fn version_7_decodes_what_it_adds() {
    for name in ["qpackhbss", "qpackhbus", "qpackwhss", "qpackwhus"] {
        let operation = Operation::all().iter().find(|operation| operation.mnemonic == name);
        let operation = operation.expect("an operation of the table");
        let register = |number| Source::Register(Register::Window(number));
        let mut bundle = Bundle::default();
        bundle.alu[0] = Some(AluInstruction {
            operation,
            speculative: false,
            src1: register(1),
            src2: register(2),
            src3: Source::Absent,
            dst: Destination::Register(Register::Window(3)),
        });
        let bytes = bundle.to_bytes(IsaVersion::V7).expect("a bundle of version 7");
        let (read, length) = Bundle::from_bytes(&bytes, IsaVersion::V7).expect("the same");
        assert_eq!((read.alu, length), (bundle.alu, bytes.len()), "{name}");
        assert!(Bundle::from_bytes(&bytes, IsaVersion::V6).is_err(), "{name} in version 6");
    }
}
