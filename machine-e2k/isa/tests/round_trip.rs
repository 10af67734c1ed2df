//! Decoding and encoding are inverse: on every golden bundle, and up to unused bits on anything that decodes.

use std::path::PathBuf;
use std::{env, fs};

use elnic_isa::syllable::{Aas, Ales, Als, Cs0, Cs1, Pls, Rlp, Ss};
use elnic_isa::{
    ArrayPrefetch, Bundle, CpuModel, EncodeError, IsaVersion, Literals, Operation, Syllables,
};
use proptest::prelude::*;

/// The folder of the golden vectors, `None` where there is none.
fn vectors() -> Option<PathBuf> {
    let folder = env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Decodes and encodes one row; says what went wrong.
fn round_trip(mcpu: &str, asm: &str, bytes: &[u8]) -> Result<(), String> {
    let version = CpuModel::by_name(mcpu).ok_or_else(|| format!("no cpu {mcpu}"))?.version;
    if asm.starts_with("fapb") {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| "not 16 bytes".to_owned())?;
        let back = ArrayPrefetch::from_bytes(&bytes).to_bytes();
        return if back == bytes { Ok(()) } else { Err(format!("encodes as {back:02x?}")) };
    }
    let (bundle, length) = Bundle::from_bytes(bytes, version).map_err(|e| e.to_string())?;
    if length != bytes.len() {
        return Err(format!("{length} bytes long"));
    }
    let back = bundle.to_bytes(version).map_err(|e| e.to_string())?;
    if back == bytes { Ok(()) } else { Err(format!("encodes as {back:02x?}\n    {bundle:?}")) }
}

#[test]
fn vectors_survive_decoding_and_encoding() {
    let Some(folder) = vectors() else {
        println!("skipped: no golden vectors (set VECTORS_DIR)");
        return;
    };
    let mut failures = 0;
    for version in 2..=6 {
        let name = format!("encoding-v{version}.tsv");
        let Ok(text) = fs::read_to_string(folder.join(&name)) else { continue };
        let mut failed = Vec::new();
        let rows = text.lines().skip(1);
        let count = rows.clone().count();
        for row in rows {
            let fields: Vec<&str> = row.split('\t').collect();
            let (id, mcpu, asm, bytes) = (fields[0], fields[1], fields[3], unhex(fields[4]));
            if let Err(reason) = round_trip(mcpu, asm, &bytes) {
                failed.push(format!("  {id}: {asm}\n    {reason}"));
            }
        }
        println!("{name}: {} passed, {} failed, 0 unsupported", count - failed.len(), failed.len());
        failed.iter().take(10).for_each(|failure| println!("{failure}"));
        failures += failed.len();
    }
    assert_eq!(failures, 0);
}

fn any_version() -> impl Strategy<Value = IsaVersion> {
    (1u8..=7).prop_map(|number| IsaVersion::from_number(number).unwrap())
}

/// Words that stand together as the presence bits say, whatever they mean. SS announces the array moves.
fn any_syllables() -> impl Strategy<Value = Syllables> {
    let header = (0u8..8, any::<bool>(), any::<bool>());
    let control = (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>());
    let moves: [_; 4] = std::array::from_fn(|_| any::<Option<(u16, u8)>>());
    let als: [_; 6] = std::array::from_fn(|_| any::<Option<(u32, Option<u16>)>>());
    let tail = (any::<[u32; 4]>(), 0u8..=4, 0usize..=3, 0usize..=3, any::<[u32; 6]>());
    (header, control, moves, als, tail).prop_map(|(header, control, moves, als, tail)| {
        let (literals, count, pls, cds, words) = tail;
        let mut literals = literals;
        literals.iter_mut().skip(count.into()).for_each(|word| *word = 0);
        let mask = (0..4).fold(0, |mask, i| mask | u8::from(moves[i].is_some()) << i);
        let ss = control.0.map(|word| {
            let mut ss = Ss(word);
            ss.set_sf2(false);
            ss.set_aas(mask);
            ss
        });
        Syllables {
            nop: header.0,
            loop_mode: header.1,
            set_mark: header.2,
            ss,
            als: als.map(|als| als.map(|(als, _)| Als(als))),
            ales: als.map(|als| als.and_then(|(_, ales)| ales).map(Ales)),
            explicit_ales25: false,
            cs0: control.1.map(Cs0),
            cs1: control.2.map(Cs1),
            aas: if ss.is_some() {
                moves.map(|m| m.map(|(aas, dst)| (Aas(aas), dst)))
            } else {
                [None; 4]
            },
            literals: Literals { words: literals, count },
            pls: std::array::from_fn(|i| (i < pls).then(|| Pls(words[i]))),
            cds: std::array::from_fn(|i| {
                (i < cds).then(|| [Rlp((words[i + 3] >> 16) as u16), Rlp(words[i + 3] as u16)])
            }),
            padding: 0,
        }
    })
}

fn many() -> ProptestConfig {
    ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn random_bytes_never_panic_and_settle_after_one_round(
        bytes in proptest::collection::vec(any::<u8>(), 0..=80),
        version in any_version(),
    ) {
        settles(&bytes, version)?;
    }

    #[test]
    fn raw_words_come_back_from_where_they_were_put(syllables in any_syllables()) {
        let bytes = match syllables.to_bytes(IsaVersion::V4) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let length = matches!(reason, EncodeError::TooLong { .. } | EncodeError::FrontTooLong { .. });
                prop_assert!(length, "{reason}");
                return Ok(());
            }
        };
        prop_assert_eq!(bytes.len() % 8, 0);
        let back = Syllables::from_bytes(&bytes, IsaVersion::V4).unwrap();
        // The pad word and the word for ALES2 and ALES5 show up as what they are.
        let mut expected = syllables;
        prop_assert!(back.literals.count - expected.literals.count <= 1);
        expected.literals.count = back.literals.count;
        let own = |channel: usize| syllables.ales[channel].is_some_and(|ales| ales != Ales::IMPLIED);
        expected.explicit_ales25 = own(2) || own(5);
        prop_assert_eq!(back, expected);
        settles(&bytes, IsaVersion::V4)?;
    }

    #[test]
    fn one_known_operation_among_random_words_settles(
        syllables in any_syllables(),
        row in 0..Operation::all().len(),
        version in any_version(),
    ) {
        let operation = &Operation::all()[row];
        let mut syllables = Syllables { cs1: None, ss: None, aas: [None; 4], ..syllables };
        syllables.literals.count = 4;
        for channel in 0..6 {
            let wanted = operation.channels.contains(channel as u8);
            let als = syllables.als[channel].filter(|_| wanted).map(|mut als| {
                als.set_cop(operation.opcode);
                if let Some(src1) = operation.select.src1 {
                    als.set_src1(src1);
                }
                if let Some(relation) = operation.select.compare {
                    als.set_compare(relation);
                }
                als
            });
            syllables.als[channel] = als;
            syllables.ales[channel] = als.and(operation.extension).map(|extension| {
                let mut ales = Ales(syllables.ales[channel].map_or(0x80, |ales| ales.0));
                ales.set_opc2(extension);
                if let Some(low) = operation.select.low {
                    ales.set_low(low);
                }
                ales
            });
        }
        if let Ok(bytes) = syllables.to_bytes(IsaVersion::V7) {
            settles(&bytes, version)?;
        }
    }
}

/// What decodes encodes to a canonical form that decodes to the same bundle.
fn settles(bytes: &[u8], version: IsaVersion) -> Result<(), TestCaseError> {
    let Ok((bundle, length)) = Bundle::from_bytes(bytes, version) else { return Ok(()) };
    prop_assert!(length <= bytes.len());
    let canonical =
        bundle.to_bytes(version).map_err(|e| TestCaseError::fail(format!("{e}: {bundle:?}")))?;
    let (again, _) = Bundle::from_bytes(&canonical, version).unwrap();
    prop_assert_eq!(again.to_bytes(version).unwrap(), canonical);
    Ok(())
}
