//! Starting and ending a run: `-S`, signals, keys at a terminal, `-display`, `-monitor`, `-nographic`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use crate::common::{INPUT_ECHO, guest, on_stdout, printer, run, scratch, start};

fn signal(program: &Child, signal: Signal) {
    kill(Pid::from_raw(program.id() as i32), signal).unwrap();
}

/// Reads lines until one has `wanted` in it.
fn wait_for(wanted: &str, from: &mut impl BufRead) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        assert_ne!(from.read_line(&mut line).unwrap(), 0, "'{wanted}' did not come");
    }
}

#[test]
fn a_machine_that_is_not_started_stands_still_until_it_is_ended() {
    let folder = scratch();
    let image = printer(folder.path(), "unreached", 0);
    let options = format!("-S {}", on_stdout(&image));
    let mut program = start(&options, |program| _ = program.env("ELNIC_LOG", "info"));
    let mut messages = BufReader::new(program.stderr.take().unwrap());
    wait_for("not started", &mut messages);
    signal(&program, Signal::SIGTERM);
    let output = program.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]));
    let mut rest = String::new();
    messages.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("terminating on SIGTERM") && rest.contains(" 0 bundles in"), "{rest}");
}

#[test]
fn a_signal_ends_the_run_with_everything_written() {
    let folder = scratch();
    let image = guest(folder.path(), "print \"ready\\n\"\n1: { ibranch 1b }");
    for ending in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (trace, log) = (folder.path().join("trace"), folder.path().join("log"));
        let files = format!("-trace {} -d in_asm -D {}", trace.display(), log.display());
        let mut program = start(&format!("{} {files}", on_stdout(&image)), |_| {});
        let mut console = BufReader::new(program.stdout.take().unwrap());
        wait_for("ready", &mut console);
        signal(&program, ending);
        let output = program.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{ending}");
        let message = format!("elnic: terminating on {ending}\n");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
        let trace = std::fs::read_to_string(trace).unwrap();
        assert!(trace.contains("console out 0 0x0a\n") && trace.ends_with('\n'), "{trace}");
        assert!(std::fs::read_to_string(log).unwrap().contains("ibranch"));
    }
}

#[test]
fn a_signal_ends_the_run_though_nobody_hears_of_it() {
    let folder = scratch();
    let image = guest(folder.path(), "print \"ready\\n\"\n1: { ibranch 1b }");
    let mut program = start(&on_stdout(&image), |_| {});
    drop(program.stderr.take());
    let mut console = BufReader::new(program.stdout.take().unwrap());
    wait_for("ready", &mut console);
    drop(console);
    signal(&program, Signal::SIGTERM);
    assert_eq!(program.wait().unwrap().code(), Some(0));
}

#[test]
fn a_signal_ends_a_program_that_still_waits_for_a_peer() {
    let folder = scratch();
    let image = printer(folder.path(), "unreached", 0);
    let path = folder.path().join("socket");
    let socket = format!("-serial unix:{},server=on", path.display());
    let program = start(&format!("{} {socket}", on_stdout(&image)), |_| {});
    while !path.exists() {
        std::thread::yield_now();
    }
    signal(&program, Signal::SIGINT);
    let output = program.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]));
}

/// A run at a terminal: what is typed, what is shown, and the terminal itself.
struct AtTerminal {
    program: Child,
    keyboard: File,
    screen: BufReader<File>,
    line: File,
}

impl AtTerminal {
    fn start(options: &str) -> Self {
        let pair = nix::pty::openpty(None, None).unwrap();
        let (keyboard, line) = (File::from(pair.master), File::from(pair.slave));
        let screen = BufReader::new(keyboard.try_clone().unwrap());
        let program = start(options, |program| {
            program.stdin(Stdio::from(line.try_clone().unwrap()));
            program.stdout(Stdio::from(line.try_clone().unwrap()));
        });
        Self { program, keyboard, screen, line }
    }

    /// Shown so far, until `wanted` characters have come.
    fn shown(&mut self, wanted: usize) -> String {
        let mut shown = vec![0; wanted];
        self.screen.read_exact(&mut shown).unwrap();
        String::from_utf8(shown).unwrap()
    }

    fn flags(&self) -> LocalFlags {
        tcgetattr(&self.line).unwrap().local_flags
    }
}

const LINE_MODE: LocalFlags = LocalFlags::ICANON.union(LocalFlags::ECHO);

#[test]
fn keys_reach_the_guest_one_by_one_and_are_not_shown_by_the_terminal() {
    let folder = scratch();
    let image = guest(folder.path(), &format!("print \"ready\\n\"\n{INPUT_ECHO}"));
    let mut terminal = AtTerminal::start(&on_stdout(&image));
    assert_eq!(terminal.shown(7), "ready\r\n");
    assert!(!terminal.flags().intersects(LINE_MODE) && terminal.flags().contains(LocalFlags::ISIG));
    for key in ["a", "b"] {
        terminal.keyboard.write_all(key.as_bytes()).unwrap();
        assert_eq!(terminal.shown(1), key);
    }
    terminal.keyboard.write_all(b"\x01\x01\n").unwrap();
    assert_eq!(terminal.shown(3), "\x01\r\n", "Ctrl-A twice is one for the guest");
    assert_eq!(terminal.program.wait().unwrap().code(), Some(0));
    assert!(terminal.flags().contains(LINE_MODE), "the terminal is as it was");
}

#[test]
fn control_a_x_ends_the_run() {
    let folder = scratch();
    let image = guest(folder.path(), "print \"ready\\n\"\n1: { ibranch 1b }");
    for options in ["", "-nographic"] {
        let mut terminal = AtTerminal::start(&format!("{} {options}", on_stdout(&image)));
        assert_eq!(terminal.shown(7), "ready\r\n");
        let signals = terminal.flags().contains(LocalFlags::ISIG);
        assert_eq!(signals, options.is_empty(), "-nographic gives Ctrl-C to the guest");
        terminal.keyboard.write_all(b"\x01x").unwrap();
        assert!(terminal.program.wait().unwrap().success());
        assert!(terminal.flags().contains(LINE_MODE));
    }
}

#[test]
fn there_is_no_display_and_no_monitor() {
    let folder = scratch();
    let image = printer(folder.path(), "blind", 0);
    assert_eq!(run(&image, "-display none -monitor none -nographic").console(), "blind");
}
