//! An e2k guest machine with cycle-aware network interfaces: the command line.
//!
//! Options are qemu-system-e2k's, with one dash or two; sub-commands (`asm`, `disasm`, `demo`, `vhost-user-net`) come first if given. The
//! guest's console alone goes to standard output; all else goes to standard error, and every refusal is one line that
//! names the option, the value and what is allowed.
// The doc comments of options are their help texts, where brackets mean "optional".
#![cfg_attr(doc, allow(rustdoc::broken_intra_doc_links, reason = "help texts, not links"))]
#![forbid(unsafe_code)]

mod arguments;
mod assemble;
mod control;
mod dashes;
mod demo;
mod disassemble;
mod error;
mod help;
mod image;
mod network;
mod options;
mod quit;
mod run;
mod say;
mod terminals;
mod vhost_user_net;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::error::Failure;

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let result = match Arguments::try_parse_from(dashes::normalise(given)) {
        Ok(arguments) => dispatch(arguments),
        Err(refused) => arguments::refuse(&refused),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // One line, whatever stands in a value.
            say::complain(format_args!("elnic: {}", failure.to_string().replace('\n', "\\n")));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    log_to_stderr();
    match arguments.command {
        None => run::run(arguments.run),
        Some(Command::Asm(asm)) => assemble::assemble(&asm),
        Some(Command::VhostUserNet(served)) => vhost_user_net::serve(&served),
        Some(Command::Demo(demo)) => demo::demo(&demo),
        Some(Command::Disasm(disasm)) => disassemble::disassemble(&disasm),
    }
}

/// Messages of the emulator itself: warnings and worse, or what `ELNIC_LOG` asks for.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("ELNIC_LOG")
        .with_default_directive(tracing::Level::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
}
