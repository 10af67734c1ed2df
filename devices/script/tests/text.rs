//! What a person writes, and what they read when it is wrong.

mod support;

use elnic_contract::{Gpa, LineError, Size, VDuration};
use elnic_script::{DmaKind, Event, Expect, Op, Place, Want, What, parse, print};
use support::MODEL;

fn ops(text: &str) -> Vec<What> {
    parse(text, &MODEL).unwrap().into_iter().map(|step| step.what).collect()
}

fn error(text: &str) -> String {
    parse(text, &MODEL).unwrap_err().to_string()
}

#[test]
fn registers_fields_and_elements_have_names() {
    let at = |offset| Place { region: 0, offset };
    assert_eq!(
        ops("w32 bar0+CTRL SLU=1 SPEED=2  # bring the link up\n\nr32 bar0+STATUS -> LU=1"),
        vec![
            What::Do(Op::Write { at: at(0), size: Size::Word, value: 0x240, refused: false }),
            What::Do(Op::Read {
                at: at(8),
                size: Size::Word,
                want: Some(Want::Bits { value: 2, mask: 2 })
            }),
        ]
    );
    let [What::Do(Op::Read { at: element, .. })] = &ops("r32 bar0+MTA[5]")[..] else { panic!() };
    assert_eq!(*element, at(0x214));
    let [What::Do(Op::Read { at: byte, want, .. })] = &ops("r8 bar0+CTRL+3 -> RST=0")[..] else {
        panic!()
    };
    assert_eq!((*byte, *want), (at(3), Some(Want::Bits { value: 0, mask: 4 })));
}

#[test]
fn bytes_are_hex_runs_or_little_endian_numbers() {
    assert_eq!(
        ops("ram 0x1000 = u64:0x2000 u16:60 ff*2 0102"),
        vec![What::Do(Op::Ram {
            at: Gpa(0x1000),
            bytes: vec![0, 0x20, 0, 0, 0, 0, 0, 0, 60, 0, 0xff, 0xff, 1, 2]
        })]
    );
    assert_eq!(
        ops("frame rx ff*6 00 error fcs"),
        vec![What::Do(Op::Frame {
            bytes: vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            error: Some(LineError::BadFcs)
        })]
    );
}

#[test]
fn the_rest_of_the_language_reads_as_meant() {
    assert_eq!(
        ops("advance 1_500ns\nfault dma write after 2\nexpect tx ffff..\nexpect msi 3"),
        vec![
            What::Do(Op::Advance(VDuration::from_nanos(1500))),
            What::Do(Op::Fault { kind: DmaKind::Write, after: 2, times: 1 }),
            What::Expect(Expect::SentPrefix(vec![0xff, 0xff])),
            What::Expect(Expect::Next(Event::Msi(3))),
        ]
    );
}

#[test]
fn printing_uses_names_and_short_units() {
    let text = "w32 bar0+CTRL 0x4000000\nr16 bar0+MTA[127]+2 -> 0x1/0xff\n\
                r32 bar1+IOADDR\nr32 bar1+0x20 -> refused\nadvance 10us\npulse\n";
    assert_eq!(print(&parse(text, &MODEL).unwrap(), &MODEL), text);
}

#[test]
fn mistakes_are_located_and_the_nearest_right_word_is_named() {
    for (text, wanted) in [
        ("w32 bar0+CTLR 0", "1:10: 'toy' has no register 'CTLR'; did you mean 'CTRL'?"),
        ("\n w32 bar2+CTRL 0", "2:6: 'toy' has no region 'bar2'; did you mean 'bar0'?"),
        ("w32 bar0+CTRL SLO=1", "1:15: CTRL has no field 'SLO'; did you mean 'SLU'?"),
        ("w32 bar0+CTRL SPEED=4", "1:21: SPEED cannot be 0x4: it takes 0 to 0x3"),
        ("w8 bar0+CTRL SPEED=1", "1:14: the access does not reach all of SPEED"),
        ("w8 bar0+CTRL 256", "1:14: 0x100 is wider than 0xff"),
        ("r32 bar0+MTA[128]", "1:10: MTA has 128 elements, so there is no [128]"),
        ("r32 bar0+CTRL ->", "1:17: the line ends where a value, fields or 'refused' is wanted"),
        ("advance 10min", "1:11: 'min' is no unit of time; there is ps, ns, us, ms, s"),
        ("reset wram", "1:7: 'wram' is no kind of reset; did you mean 'warm'?"),
        ("pulse twice", "1:7: 'twice' is too much"),
        ("exepct irq 1", "1:1: 'exepct' is no operation; did you mean 'expect'?"),
        ("expect irq 2", "1:12: '2' is no level: 0 or 1 is wanted"),
        ("ram 0 = 0", "1:9: '0' is no string of hex bytes, such as 00 or ff01"),
        ("ram 0 = u8:256", "1:12: 0x100 does not fit u8"),
        ("ram 0 = 00*9999999", "1:9: 9999999 bytes are more than 1048576"),
        ("frame tx 00", "1:7: only frames towards the device are operations: 'frame rx'"),
        ("w32 bar0+0x40 A=1", "1:15: fields need a place that is a register of the table"),
    ] {
        assert_eq!(error(text), wanted);
    }
}
