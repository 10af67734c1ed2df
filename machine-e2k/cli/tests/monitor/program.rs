//! The program with a monitor, and a client of it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};

use serde_json::{Value, json};

/// The program with a QMP socket, ended when it goes.
pub(crate) struct Program {
    child: Option<Child>,
    folder: tempfile::TempDir,
}

impl Program {
    /// Starts it with these options and `-qmp`.
    pub(crate) fn start(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = format!("unix:{},server=on,wait=off", folder.path().join("qmp").display());
        let mut command = crate::common::program();
        command.args(["-nodefaults", "-qmp", &socket]).args(options.split_whitespace());
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        Self { child: Some(command.spawn().unwrap()), folder }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("qmp")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// A client that has negotiated.
    pub(crate) fn client(&self) -> Client {
        let mut client = Client::connect(&self.socket());
        client.run("qmp_capabilities", json!({}));
        client
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Connects to a socket as soon as it is there.
pub(crate) fn connect(socket: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return stream,
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// A client of QMP.
pub(crate) struct Client {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
    events: Vec<Value>,
}

impl Client {
    /// Connects and reads the greeting.
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = connect(socket);
        let lines = BufReader::new(stream.try_clone().unwrap());
        let mut client = Self { stream, lines, events: Vec::new() };
        let greeting = client.read();
        assert!(greeting.get("QMP").is_some(), "{greeting}");
        client
    }

    pub(crate) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    pub(crate) fn write(&mut self, request: &Value) {
        self.stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    }

    /// The next message.
    pub(crate) fn read(&mut self) -> Value {
        let mut line = String::new();
        assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "the program has gone");
        serde_json::from_str(&line).unwrap()
    }

    /// The answer to what was written; events before it are kept.
    pub(crate) fn answer(&mut self) -> Value {
        loop {
            let message = self.read();
            if message.get("event").is_none() {
                return message;
            }
            self.events.push(message);
        }
    }

    #[track_caller]
    pub(crate) fn run(&mut self, command: &str, arguments: Value) -> Value {
        self.write(&json!({"execute": command, "arguments": arguments}));
        let answer = self.answer();
        answer.get("return").unwrap_or_else(|| panic!("{command}: {answer}")).clone()
    }

    pub(crate) fn human(&mut self, line: &str) -> String {
        let text = self.run("human-monitor-command", json!({"command-line": line}));
        text.as_str().unwrap().to_owned()
    }

    /// The next event of that name, with its data; others are left out.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        loop {
            let event = match self.events.is_empty() {
                true => self.read(),
                false => self.events.remove(0),
            };
            if event["event"] == name {
                return event.get("data").cloned().unwrap_or_default();
            }
        }
    }

    /// How many events of that name came before answers and were not looked at.
    pub(crate) fn kept(&self, name: &str) -> usize {
        self.events.iter().filter(|event| event["event"] == name).count()
    }

    /// The first event of that name nobody has looked at, with its data; others stay.
    pub(crate) fn find_event(&mut self, name: &str) -> Value {
        let is_meant = |event: &Value| event["event"] == name;
        while !self.events.iter().any(is_meant) {
            let event = self.read();
            self.events.push(event);
        }
        let at = self.events.iter().position(is_meant).unwrap();
        self.events.remove(at).get("data").cloned().unwrap_or_default()
    }

    /// Events that came before answers and were not looked at.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// Asks for the network until `wanted` is shown.
    pub(crate) fn wait_for_network(&mut self, wanted: &str) {
        loop {
            let shown = self.human("info network");
            if shown == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
