//! `elnic asm`.

use elnic_asm::{Assembled, Diagnostic, Options};
use elnic_contract::nearest;
use elnic_isa::CpuModel;

use crate::arguments::AsmArguments;
use crate::error::Failure;
use crate::say;

/// Assembles sources into an image; messages go to standard error as a compiler's do.
pub(crate) fn assemble(arguments: &AsmArguments) -> Result<u8, Failure> {
    let options = options(arguments)?;
    let Assembled { elf, warnings, .. } = elnic_asm::assemble(&arguments.sources, &options)
        .map_err(|messages| {
            print(&messages);
            Failure::Tool("asm: no image was written".to_owned())
        })?;
    print(&warnings);
    let file = arguments.output.clone();
    std::fs::write(&file, elf).map_err(|error| Failure::File {
        option: "o",
        doing: "write",
        file,
        error,
    })?;
    Ok(0)
}

fn print(messages: &[Diagnostic]) {
    for message in messages {
        say::complain(format_args!("{message}"));
    }
}

fn options(arguments: &AsmArguments) -> Result<Options, Failure> {
    let name = &arguments.mcpu;
    let cpu = CpuModel::by_name(name).copied().ok_or_else(|| {
        let known = CpuModel::ALL.map(|cpu| cpu.name);
        let hint = nearest(name, known).map(|near| format!("; did you mean '{near}'?"));
        let why = format!("it is one of {}{}", known.join(", "), hint.unwrap_or_default());
        Failure::option("mcpu", name, why)
    })?;
    let mut options = Options::new(cpu);
    options.include_dirs.clone_from(&arguments.include);
    options.defines = arguments.define.iter().map(|define| split(define)).collect();
    if let Some(text) = &arguments.address {
        options.address = address(text)?;
    }
    Ok(options)
}

/// `NAME=VALUE`, or `NAME` for 1, as of a C preprocessor.
fn split(define: &str) -> (String, String) {
    let (name, value) = define.split_once('=').unwrap_or((define, "1"));
    (name.to_owned(), value.to_owned())
}

fn address(text: &str) -> Result<u64, Failure> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let why = "an address is a multiple of 8, decimal or hexadecimal with 0x";
    let aligned = parsed.ok().filter(|address| address.is_multiple_of(8));
    aligned.ok_or_else(|| Failure::option("T", text, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_without_a_value_are_one() {
        assert_eq!(split("A"), ("A".to_owned(), "1".to_owned()));
        assert_eq!(split("A=b=c"), ("A".to_owned(), "b=c".to_owned()));
    }

    #[test]
    fn addresses_are_multiples_of_a_bundle_s_alignment() {
        assert_eq!(address("0x100000").unwrap(), 0x10_0000);
        assert!(address("12").is_err() && address("0x").is_err() && address("-8").is_err());
    }
}
