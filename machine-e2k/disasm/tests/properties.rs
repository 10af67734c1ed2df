//! Whatever decodes can be printed, in every form.

use elnic_disasm::{Options, Symbols, disassemble, expanded, list_code};
use elnic_isa::{Bundle, IsaVersion, Operation};
use proptest::prelude::*;

fn any_version() -> impl Strategy<Value = IsaVersion> {
    (1u8..=7).prop_map(|number| IsaVersion::from_number(number).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_listed_to_their_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..=256),
        address: u64,
        version in any_version(),
    ) {
        let mut text = String::new();
        list_code(&bytes, address, version, &Symbols::default(), &mut text).unwrap();
        let shown = text.lines().filter(|line| !line.starts_with('\t')).flat_map(|line| {
            line.split_once(":\t").map_or("", |(_, words)| words).split_whitespace()
        });
        prop_assert_eq!(shown.map(|word| word.len() / 2).sum::<usize>(), bytes.len());
    }

    #[test]
    fn every_operation_is_printed_under_its_name(
        row in 0..Operation::all().len(),
        registers: [u8; 3],
        version in any_version(),
    ) {
        let operation = &Operation::all()[row];
        prop_assume!(!operation.alias);
        let channel = operation.channels.iter().next().unwrap();
        let [src1, src2, dst] = registers.map(|byte| byte & 0x7f);
        let src1 = operation.select.src1.unwrap_or(src1);
        let dst = operation.select.compare.map_or(dst, |relation| relation << 5 | dst & 0x1f);
        let als = u32::from_be_bytes([operation.opcode, src1, src2, dst]);
        let low = operation.select.low.unwrap_or(0x81);
        let ales = operation.extension.map_or(0, |extension| u32::from(extension) << 8 | u32::from(low));
        // HS with one ALS, its ALES if any (in a word of its own for the channels 2 and 5), two literal words.
        let own = operation.extension.is_some() && matches!(channel, 2 | 5);
        let hs = 1 << (26 + channel)
            | u32::from(operation.extension.is_some()) << (20 + channel)
            | if own { 0x22 } else { 0x21 };
        let words = [hs, als, if channel == 5 { ales } else { ales << 16 }, 0, 0, 0];
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        if let Ok((bundle, _)) = Bundle::from_bytes(&bytes, version) {
            let options = Options::new(version);
            let text = expanded(&bundle, 0, &options);
            let found = bundle.alu.iter().flatten().next().unwrap().operation.mnemonic;
            prop_assert!(text.contains(&format!("{found},{channel}")), "{text}");
            prop_assert!(!disassemble(&bundle, 0, &options).is_empty());
        }
    }
}
