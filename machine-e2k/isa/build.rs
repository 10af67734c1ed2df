//! Turns `operations.tsv` into the static operation table and the `Op` enumeration.
//!
//! The table is data so that a person can read and correct it; turning it into Rust here keeps the lookup a matter of two
//! array accesses. The columns are explained at the head of the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

/// One line of the table (a `*` opcode already expanded).
#[derive(Clone)]
struct Row {
    mnemonic: String,
    op: String,
    format: String,
    opcode: u8,
    extension: Option<u8>,
    select: [Option<u8>; 4],
    memory: bool,
    alias: bool,
    channels: u8,
    since: u8,
    until: u8,
    kinds: [String; 4],
    meaning: String,
}

fn main() {
    println!("cargo::rerun-if-changed=operations.tsv");
    println!("cargo::rerun-if-changed=build.rs");
    if let Err(reason) = run() {
        eprintln!("operations.tsv: {reason}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let text = fs::read_to_string("operations.tsv").map_err(|e| e.to_string())?;
    let mut rows = Vec::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).skip(1);
    for (number, line) in lines {
        let row = parse(line).map_err(|reason| format!("line {}: {reason}", number + 1))?;
        rows.extend(row);
    }
    // A mnemonic's spellings stand side by side, so that a binary search finds them all.
    rows.sort_by(|a, b| a.mnemonic.cmp(&b.mnemonic));
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("operations.rs"), generate(&rows)?).map_err(|e| e.to_string())
}

fn parse(line: &str) -> Result<Vec<Row>, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [
        mnemonic,
        op,
        format,
        opcode,
        extension,
        select,
        flags,
        channels,
        since,
        until,
        dst,
        src1,
        src2,
        src3,
        meaning,
    ] = fields[..]
    else {
        return Err(format!("{} columns where 15 are needed", fields.len()));
    };
    let mut selected = [None; 4];
    for item in select.split(',').filter(|item| *item != "-") {
        let (name, value) = item.split_once('=').ok_or_else(|| format!("select {item}"))?;
        let place = ["src1", "low", "cmp", "mas"].iter().position(|known| *known == name);
        let place = place.ok_or_else(|| format!("select {name}"))?;
        selected[place] = Some(hex(value)?);
    }
    let mut row = Row {
        mnemonic: mnemonic.into(),
        op: camel_case(op),
        format: format_variant(format)?.into(),
        opcode: if opcode == "*" { 0 } else { hex(opcode)? },
        extension: extension_value(extension)?,
        select: selected,
        memory: flags.contains("memory"),
        alias: flags.contains("alias"),
        channels: channel_mask(channels)?,
        since: since.parse().map_err(|_| format!("since {since}"))?,
        until: if until == "-" {
            7
        } else {
            until.parse().map_err(|_| format!("until {until}"))?
        },
        kinds: [kind(dst)?, kind(src1)?, kind(src2)?, kind(src3)?],
        meaning: meaning.into(),
    };
    if opcode != "*" {
        return Ok(vec![row]);
    }
    let half = row.extension.unwrap_or(0) & 1;
    let expand = |opcode: u8| {
        row.opcode = opcode;
        row.mnemonic = mnemonic.replace('*', &format!("{:#04x}", half << 7 | opcode));
        row.clone()
    };
    Ok((0..0x80).map(expand).collect())
}

fn hex(text: &str) -> Result<u8, String> {
    u8::from_str_radix(text, 16).map_err(|_| format!("{text} is no hexadecimal byte"))
}

fn camel_case(name: &str) -> String {
    name.split('_')
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string())
                + letters.as_str()
        })
        .collect()
}

fn channel_mask(text: &str) -> Result<u8, String> {
    text.chars().try_fold(0, |mask, digit| match digit {
        '0'..='5' => Ok(mask | 1 << (digit as u8 - b'0')),
        _ => Err(format!("channels {text}")),
    })
}

fn extension_value(name: &str) -> Result<Option<u8>, String> {
    let value = match name {
        "-" => return Ok(None),
        "EXT" => 0x01,
        "EXT1" => 0x02,
        "EXT2" => 0x03,
        "FLB" => 0x04,
        "FLH" => 0x05,
        "FLW" => 0x06,
        "FLD" => 0x07,
        "ICMB0" => 0x08,
        "ICMB1" => 0x09,
        "ICMB2" => 0x0a,
        "ICMB3" => 0x0b,
        "FCMB0" => 0x0c,
        "FCMB1" => 0x0d,
        "PFCMB0" => 0x0e,
        "PFCMB1" => 0x0f,
        "LCMBD0" => 0x10,
        "LCMBD1" => 0x11,
        "LCMBQ0" => 0x12,
        "LCMBQ1" => 0x13,
        "QPFCMB0" => 0x16,
        "QPFCMB1" => 0x17,
        _ => return Err(format!("extension {name}")),
    };
    Ok(Some(value))
}

fn format_variant(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "ALOPF1" => "Alopf1",
        "ALOPF1m" => "Alopf1Merge",
        "ALOPF2" => "Alopf2",
        "ALOPF3" => "Alopf3",
        "ALOPF7" => "Alopf7",
        "ALOPF8" => "Alopf8",
        "ALOPF10" => "Alopf10",
        "ALOPF11" => "Alopf11",
        "ALOPF11l" => "Alopf11Literal",
        "ALOPF11m" => "Alopf11Merge",
        "ALOPF12" => "Alopf12",
        "ALOPF12l" => "Alopf12Literal",
        "ALOPF12t" => "Alopf12Branch",
        "ALOPF12c" => "Alopf12Call",
        "ALOPF13" => "Alopf13",
        "ALOPF15" => "Alopf15",
        "ALOPF16" => "Alopf16",
        "ALOPF17" => "Alopf17",
        "ALOPF19" => "Alopf19",
        "ALOPF21" => "Alopf21",
        "ALOPF21m" => "Alopf21Merge",
        "AAURR" => "AauRead",
        "AAURW" => "AauWrite",
        _ => return Err(format!("format {name}")),
    })
}

fn kind(name: &str) -> Result<String, String> {
    if let Some(literal) = name.strip_prefix("lit8") {
        let max = literal.strip_prefix(':').unwrap_or("255");
        return Ok(format!("Literal8 {{ max: {max} }}"));
    }
    let variant = match name {
        "-" => "Absent",
        "s" => "Single",
        "d" => "Double",
        "x" => "Extended",
        "q" => "Quad",
        "qp" => "QuadPacked",
        "pred" => "Predicate",
        "ctpr" => "DoubleOrControlTransfer",
        "state" => "StateRegister",
        "aau" => "AauRegister",
        "array" => "ArrayAddress",
        "tc" => "TrapRegister",
        "wbs" => "WindowShift",
        _ => return Err(format!("operand kind {name}")),
    };
    Ok(variant.into())
}

fn generate(rows: &[Row]) -> Result<String, String> {
    let mut out = String::new();
    write_ops(&mut out, rows).map_err(|e| e.to_string())?;
    write_rows(&mut out, rows).map_err(|e| e.to_string())?;
    write_index(&mut out, rows).map_err(|e| e.to_string())?;
    Ok(out)
}

fn write_ops(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    let mut ops: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.alias) {
        ops.entry(&row.op).or_insert(row);
    }
    writeln!(
        out,
        "/// What an operation does, one variant a mnemonic; aliases share the variant of what they stand for."
    )?;
    writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]")?;
    writeln!(out, "#[repr(u16)]")?;
    writeln!(out, "pub enum Op {{")?;
    for (op, row) in &ops {
        let meaning = row.meaning.replace('[', "\\[").replace('<', "\\<");
        writeln!(out, "    /// `{}`: {meaning}\n    {op},", row.mnemonic)?;
    }
    writeln!(out, "}}\n")?;
    writeln!(
        out,
        "impl Op {{\n    /// Every operation, in the order of the variants.\n    pub const ALL: [Self; {}] = [",
        ops.len()
    )?;
    for op in ops.keys() {
        writeln!(out, "        Self::{op},")?;
    }
    writeln!(out, "    ];\n}}\n")
}

fn write_rows(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    writeln!(out, "pub(crate) static OPERATIONS: [Operation; {}] = [", rows.len())?;
    for row in rows {
        let [src1, low, compare, mas] = &row.select;
        let [dst, first, second, third] = &row.kinds;
        writeln!(
            out,
            "    Operation {{ mnemonic: {:?}, op: Op::{}, format: Format::{}, opcode: {:#04x}, extension: {:?}, \
             select: Select {{ src1: {src1:?}, low: {low:?}, compare: {compare:?}, mas: {mas:?} }}, \
             memory: {}, alias: {}, channels: Channels({:#08b}), since: IsaVersion::V{}, until: IsaVersion::V{}, \
             dst: Kind::{dst}, src: [Kind::{first}, Kind::{second}, Kind::{third}] }},",
            row.mnemonic,
            row.op,
            row.format,
            row.opcode,
            row.extension,
            row.memory,
            row.alias,
            row.channels,
            row.since,
            row.until,
        )?;
    }
    writeln!(out, "];\n")
}

fn write_index(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    let mut cells: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (position, row) in rows.iter().enumerate().filter(|(_, row)| !row.alias) {
        let cell = usize::from(row.extension.unwrap_or(0)) << 7 | usize::from(row.opcode);
        cells.entry(cell).or_default().push(position);
    }
    let mut candidates = Vec::new();
    let mut index = vec![(0usize, 0usize); 0x18 << 7];
    for (cell, mut positions) in cells {
        // The most particular first: `aaurw` is `staaw` with one MAS value.
        positions.sort_by_key(|position| {
            std::cmp::Reverse(rows[*position].select.iter().flatten().count())
        });
        index[cell] = (candidates.len(), positions.len());
        candidates.extend(positions);
    }
    writeln!(out, "pub(crate) static CANDIDATES: [u16; {}] = {candidates:?};\n", candidates.len())?;
    writeln!(out, "pub(crate) static INDEX: [(u16, u8); {}] = {index:?};", index.len())
}
