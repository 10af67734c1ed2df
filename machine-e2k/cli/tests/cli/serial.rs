//! `-serial`: where the console's lines lead.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;

use crate::common::{INPUT_ECHO, guest, line, on_stdout, printer, scratch, start};

/// A guest without `-serial`.
fn quiet(image: &std::path::Path) -> String {
    on_stdout(image).replace("-serial stdio ", "")
}

#[test]
fn stdio_is_the_default_unless_there_are_no_defaults() {
    let folder = scratch();
    let image = printer(folder.path(), "hello", 0);
    assert_eq!(line(&quiet(&image)).console(), "");
    assert_eq!(line(&quiet(&image).replace("-nodefaults ", "")).console(), "hello");
}

#[test]
fn stdio_is_both_ways() {
    let folder = scratch();
    let image = guest(folder.path(), INPUT_ECHO);
    let mut program = start(&on_stdout(&image), |program| _ = program.stdin(Stdio::piped()));
    // Ctrl-A means nothing in a pipe.
    program.stdin.take().unwrap().write_all(b"echo \x01x this\n").unwrap();
    let output = program.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "echo \x01x this\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_line_leads_into_a_file() {
    let folder = scratch();
    let image = printer(folder.path(), "to a file", 0);
    let file = folder.path().join("console");
    let ran = line(&format!("{} -serial file:{}", quiet(&image), file.display()));
    assert_eq!(ran.console(), "");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "to a file");
}

#[test]
fn a_line_leads_nowhere() {
    let folder = scratch();
    let image = quiet(&printer(folder.path(), "nothing", 0)).replace("-nodefaults ", "");
    assert_eq!(line(&format!("{image} -serial null")).console(), "");
    assert_eq!(line(&format!("{image} -serial none")).console(), "");
}

#[test]
fn the_second_option_is_the_second_line() {
    let folder = scratch();
    let on_b = "{ addd,0 0, 0x80001000, %dr0\n addd,1 0, 5, %dr1\n addd,2 0, 0x68, %dr2 }
        { stb,2 %r1, [ %dr0 + 0 ] }\n { stb,2 %r2, [ %dr0 + 0 ] }
        li %dr3, 0x42\n { stb,2 %r3, [ %dr0 + 1 ] }\n print \"A\"";
    let image = guest(folder.path(), on_b);
    let file = folder.path().join("b");
    let ran = line(&format!("{} -serial file:{}", on_stdout(&image), file.display()));
    assert_eq!(ran.console(), "A");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "B");
}

#[test]
fn a_line_connects_to_a_socket() {
    let folder = scratch();
    let image = printer(folder.path(), "to a socket", 0);
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let peer = std::thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    let ran = line(&format!("{} -serial unix:{}", quiet(&image), path.display()));
    assert_eq!(ran.console(), "");
    assert_eq!(peer.join().unwrap(), "to a socket");
}

#[test]
fn a_line_listens_on_a_socket_and_the_machine_waits_for_its_first_peer() {
    let folder = scratch();
    let image = guest(folder.path(), INPUT_ECHO);
    let path = folder.path().join("socket");
    let options = format!("{} -serial unix:{},server=on", quiet(&image), path.display());
    let program = start(&options, |_| {});
    let mut peer = loop {
        match UnixStream::connect(&path) {
            Ok(stream) => break stream,
            Err(_) => std::thread::yield_now(),
        }
    };
    peer.write_all(b"both ways\n").unwrap();
    let mut text = String::new();
    peer.read_to_string(&mut text).unwrap();
    assert_eq!(text, "both ways\n");
    assert_eq!(program.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_listening_line_need_not_wait() {
    let folder = scratch();
    let image = printer(folder.path(), "unheard", 0);
    let path = folder.path().join("socket");
    let socket = format!("-serial unix:{},server=on,wait=off", path.display());
    assert_eq!(line(&format!("{} {socket}", quiet(&image))).console(), "");
}
