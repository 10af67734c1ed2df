//! QEMU and elnic side by side.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::compare::{Difference, compare};
use crate::program::{Client, connect};
use crate::qemu::still_rom;
use crate::script::{Lists, What};

const PATIENCE: Duration = Duration::from_secs(20);

/// One of the two, with a monitor and a test connected.
struct Side {
    child: Child,
    folder: tempfile::TempDir,
    qmp: Client,
    test: BufReader<UnixStream>,
}

impl Side {
    fn start(mut command: Command, options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let server = |name: &str| format!("unix:{},server=on,wait=off", path(name).display());
        let options = options.replace("{dir}", &folder.path().display().to_string());
        command.args(["-nodefaults", "-display", "none", "-S", "-qmp", &server("qmp")]);
        command.args(["-qtest", &server("qtest"), "-qtest-log", "/dev/null"]);
        command.args(options.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::inherit()).spawn().unwrap();
        // Both servers are there before the first client is answered.
        let qmp = Client::connect(&path("qmp"));
        let test = BufReader::new(connect(&path("qtest")));
        // An answer that does not come is a failure, not a test without end.
        qmp.stream().set_read_timeout(Some(PATIENCE)).unwrap();
        test.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        Self { child, qmp, test, folder }
    }

    /// What is the side's own: its folder.
    fn general(&self, value: &Value) -> Value {
        let text = value.to_string().replace(&self.folder.path().display().to_string(), "{dir}");
        serde_json::from_str(&text).unwrap()
    }

    fn answer(&mut self, what: &What) -> Value {
        let own = |text: &str| text.replace("{dir}", &self.folder.path().display().to_string());
        let answer = match what {
            What::Qmp { text, .. } => {
                let request: Value = serde_json::from_str(&own(text)).unwrap();
                self.qmp.write(&request);
                self.qmp.answer()
            }
            What::Raw(bytes) => {
                let mut stream = self.qmp.stream();
                // The first line end may belong to a mistake; the second lets both read on.
                stream.write_all(&[bytes, &b"\n\n"[..]].concat()).unwrap();
                self.qmp.answer()
            }
            What::Human(line) => {
                let arguments = json!({"command-line": own(line)});
                self.qmp
                    .write(&json!({"execute": "human-monitor-command", "arguments": arguments}));
                self.qmp.answer()
            }
            What::Test(line) => {
                self.test.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
                let mut reply = String::new();
                self.test.read_line(&mut reply).unwrap();
                Value::from(reply.trim_end())
            }
            What::Events(name, count) => {
                let mut events: Vec<Value> =
                    (0..*count).map(|_| self.qmp.find_event(name)).collect();
                events.sort_by_key(Value::to_string);
                events.into()
            }
            What::Machine(_) => Value::Null,
        };
        self.general(&answer)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both.
pub(crate) struct Pair {
    qemu: Side,
    elnic: Side,
}

impl Pair {
    pub(crate) fn start(qemu: &Path, options: &str) -> Self {
        let rom = tempfile::tempdir().unwrap();
        let mut theirs = Command::new(qemu);
        theirs.arg("-bios").arg(still_rom(rom.path()));
        let mut ours = crate::common::program();
        ours.args(["-accel", "qtest"]);
        Self { qemu: Side::start(theirs, options), elnic: Side::start(ours, options) }
    }

    pub(crate) fn step(&mut self, what: &What) -> Vec<Difference> {
        let (qemu, elnic) = (self.qemu.answer(what), self.elnic.answer(what));
        let mut found = Vec::new();
        let lists = match what {
            What::Qmp { lists, .. } => *lists,
            _ => Lists::Whole,
        };
        compare("", &qemu, &elnic, lists, &mut found);
        found
    }

    /// Events that the script did not ask for are differences too where the other side has none.
    pub(crate) fn end(mut self) -> Vec<Difference> {
        let left = |side: &mut Side| -> Value {
            // The answer to this comes behind all events so far.
            side.qmp.run("query-name", json!({}));
            let events = side.qmp.take_events().into_iter();
            let events: Vec<Value> = events
                .map(|event| json!({"event": event["event"], "data": event["data"]}))
                .collect();
            side.general(&Value::from(events))
        };
        let (qemu, elnic) = (left(&mut self.qemu), left(&mut self.elnic));
        let mut found = Vec::new();
        compare("events", &qemu, &elnic, Lists::Whole, &mut found);
        found
    }
}
