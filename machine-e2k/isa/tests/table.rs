//! The operation table: consistent in itself, and refused words say why.

use elnic_isa::syllable::{Ales, Als};
use elnic_isa::{AauRegister, Bundle, Format, IsaVersion, Mas, Op, Operation};

/// The words that encode `row` with registers where nothing is asked for.
fn words(row: &Operation) -> (Als, Option<Ales>, Mas) {
    let mut als = Als(0);
    als.set_cop(row.opcode);
    als.set_src1(row.select.src1.unwrap_or(0));
    als.set_compare(row.select.compare.unwrap_or(0));
    let ales = row.extension.map(|extension| {
        let mut ales = Ales(0);
        ales.set_opc2(extension);
        ales.set_low(row.select.low.unwrap_or(0x80));
        ales
    });
    (als, ales, Mas(row.select.mas.unwrap_or(0)))
}

#[test]
fn every_row_is_found_by_its_own_encoding_on_each_channel_and_version() {
    for row in Operation::all().iter().filter(|row| !row.alias) {
        let (als, ales, mas) = words(row);
        for channel in row.channels.iter() {
            for version in [row.since, row.until] {
                let found = Operation::find(channel, als, ales, mas, version);
                assert_eq!(
                    found.map(|found| found.op),
                    Some(row.op),
                    "{} {channel} {version}",
                    row.mnemonic
                );
            }
        }
    }
}

#[test]
fn no_encoding_means_two_operations() {
    for version in IsaVersion::ALL {
        for row in Operation::all().iter().filter(|row| !row.alias && row.since <= version) {
            let (als, ales, mas) = words(row);
            for channel in row.channels.iter().filter(|channel| row.is_allowed(*channel, version)) {
                let same = |other: &&Operation| {
                    other.is_allowed(channel, version)
                        && !other.alias
                        && other.extension == row.extension
                        && other.opcode == row.opcode
                        && other.select.matches(als, ales, mas)
                        // Array accesses with one MAS are register accesses: the narrower row wins.
                        && other.select.mas.is_some() == row.select.mas.is_some()
                };
                let count = Operation::all().iter().filter(same).count();
                assert_eq!(count, 1, "{} on {channel} in {version}", row.mnemonic);
            }
        }
    }
}

#[test]
fn mnemonics_lead_to_all_their_rows() {
    let channels = |name| -> Vec<String> {
        Operation::by_mnemonic(name).iter().map(|row| row.channels.to_string()).collect()
    };
    assert_eq!(channels("adds"), ["012345"]);
    // The channels 2 and 5 came with version 4 and an extension.
    let mut fadds = channels("fadds");
    fadds.sort();
    assert_eq!(fadds, ["0134", "25"]);
    assert!(Operation::by_mnemonic("add").is_empty());
    assert_eq!(Operation::by_mnemonic("mmurr")[0].op, Op::Ldd);
}

#[test]
fn a_truth_table_is_opcode_and_half_of_the_extension() {
    let row = &Operation::by_mnemonic("plog_0xca")[0];
    assert_eq!((row.op, row.opcode, row.extension), (Op::Plog, 0x4a, Some(0x11)));
    assert_eq!(row.truth_table(), Some(0xca));
    assert_eq!(Operation::by_mnemonic("adds")[0].truth_table(), None);
}

#[test]
fn quad_operations_take_channel_pairs() {
    let pair = |name, channel| Operation::by_mnemonic(name)[0].pair(channel);
    assert_eq!(pair("ldq", 2), Some((0, 2)));
    assert_eq!(pair("ldq", 3), Some((3, 5)));
    assert_eq!(pair("stq", 5), Some((2, 5)));
    assert_eq!(pair("movtq", 4), Some((3, 4)));
    assert_eq!(pair("ldqp", 0), None);
    assert_eq!(pair("stgdq", 2), Some((2, 5)));
}

#[test]
fn aau_register_accesses_are_array_accesses_with_one_mas() {
    let als = Als(0x1f18_0081);
    let ales = Some(Ales(0x01c0));
    let find = |als, mas| Operation::find(2, als, ales, mas, IsaVersion::V4).map(|row| row.op);
    assert_eq!(find(als, Mas::AAU_REGISTER), Some(Op::Aaurwd));
    assert_eq!(find(als, Mas(0)), Some(Op::Staad));
    assert_eq!(AauRegister::from_als(als).map(|register| register.number), Some(3));
    // A literal makes no sense in the address of a register.
    assert_eq!(find(Als(0x1f18_0181), Mas::AAU_REGISTER), Some(Op::Staad));
}

#[test]
fn formats_say_whether_the_low_byte_is_a_source() {
    for row in Operation::all() {
        let stores = matches!(
            row.format,
            Format::Alopf3 | Format::Alopf13 | Format::Alopf10 | Format::AauWrite
        );
        assert_eq!(row.format.stores(), stores, "{}", row.mnemonic);
    }
}

/// What decoding says about `words`.
fn reason(words: &[u32], version: IsaVersion) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    match Bundle::from_bytes(&bytes, version) {
        Ok((bundle, _)) => panic!("decodes: {bundle:?}"),
        Err(reason) => reason.to_string(),
    }
}

#[test]
fn refused_bundles_name_the_syllable_the_value_and_the_reason() {
    use IsaVersion::{V2, V4, V6};
    let cases: &[(&[u32], IsaVersion, &str)] = &[
        (&[0x0400_0001], V4, "the bundle is 8 bytes long but only 4 are there"),
        (&[0x0800, 0], V4, "HS 0x00000800: bit 11 must be 0"),
        (
            &[0x0400_0003, 0x1081_8283],
            V4,
            "HS 0x04000003: mdl says 4 words in front, the presence bits explain 2",
        ),
        (&[0xfc00_0006, 0], V4, "HS 0xfc000006: 7 words are announced, lng leaves room for 2"),
        (&[0x0010_0000, 0], V4, "HS 0x00100000: ALES0 without ALS0"),
        (&[0x0400_0001, 0x0d81_8283], V4, "ALS0: no operation has opcode 0x0d"),
        (
            &[0x0410_0011, 0x5e81_8283, 0x01c0_0000, 0],
            V4,
            "ALS0: ldaaw may stand only on channels 25",
        ),
        (
            &[0x0400_0001, 0x60c4_8283],
            V4,
            "ALS0: opcode 0x60 has no operation with src1 0xc4, ALES low byte 0x00, dst 0x83",
        ),
        (
            &[0x0410_0011, 0x0081_8283, 0x0380_0000, 0],
            V4,
            "ALS0: fmas exists in v6 to v7, not in v4",
        ),
        (&[0x0400_0001, 0x1081_d283], V4, "ALS0: src2 0xd2 is reserved"),
        (&[0x0400_0001, 0x1081_82c3], V4, "ALS0: dst 0xc3 is reserved"),
        (&[0x0400_0001, 0x1081_d883], V4, "ALS0: needs literal word LTS0, the bundle has 0"),
        (&[0x8001, 0x0400_00c4], V4, "CS1: needs literal word LTS0, the bundle has 0"),
        (&[0x8001, 0x9000_0000], V4, "CS1: opc 0x9 is reserved"),
        (&[0x1001, 0xc000_0140], V4, "SS: ctcond 0x140 is reserved"),
        (&[0x4001, 0x3000_0002], V4, "CS0: iret exists in v6 to v7, not in v4"),
        (&[0x4001, 0x3000_0001], V6, "CS0: type 0x1 is reserved"),
        (&[0x0004_0000, 0x6061_8060], V2, "PLS0: clp operation 0x2 is reserved"),
        (&[0x0001_0000, 0x0420_0000], V2, "CDS0: psrc 0x20 is reserved"),
    ];
    for (words, version, expected) in cases {
        assert_eq!(reason(words, *version), *expected, "{words:08x?}");
    }
}
