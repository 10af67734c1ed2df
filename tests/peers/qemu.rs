//! Debian's QEMU with a device and no processor: its registers by the test protocol, its monitor by QMP.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::rc::Rc;

use elnic_contract::Size;
use elnic_nettest::PATIENCE;
use elnic_pci::Space;
use elnic_testbench::drivers::virtio::{Host, Memory};
use serde_json::{Value, json};

use crate::support::{Process, program, wait_for};

/// A socket of lines.
struct Lines(BufReader<UnixStream>);

impl Lines {
    /// To a socket at which somebody waits: connected to twice it would be lost.
    fn connect(path: &std::path::Path) -> Self {
        let mut connected = None;
        wait_for("QEMU's socket", || {
            connected = UnixStream::connect(path).ok();
            connected.is_some()
        });
        let stream = connected.unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

struct Machine {
    test: Lines,
    monitor: Lines,
    events: Vec<(String, Value)>,
    _process: Process,
    _directory: tempfile::TempDir,
}

/// A machine of the model `pc`; clones are the same machine.
#[derive(Clone)]
pub(crate) struct Qemu(Rc<RefCell<Machine>>);

impl Qemu {
    /// A machine with 128 MiB and what these arguments say; `None` where there is no QEMU.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let qemu = program("qemu-system-x86_64")?;
        let directory = tempfile::tempdir().unwrap();
        let socket = |name: &str| directory.path().join(name);
        let option = |name: &str| format!("unix:{},server=on,wait=on", socket(name).display());
        let mut command = Command::new(qemu);
        // Not every build of QEMU has an accelerator for tests; a processor that is stopped does as well.
        command.args([
            "-M",
            "pc",
            "-accel",
            "tcg",
            "-S",
            "-m",
            "128",
            "-display",
            "none",
            "-nodefaults",
        ]);
        command.args(["-qtest", &option("test"), "-qmp", &option("monitor")]).args(arguments);
        let process = Process::start(command.stderr(std::process::Stdio::null()));
        // QEMU opens its sockets in this order, and waits at each.
        let (monitor, test) = (Lines::connect(&socket("monitor")), Lines::connect(&socket("test")));
        let mut machine =
            Machine { test, monitor, events: Vec::new(), _process: process, _directory: directory };
        machine.monitor.hear();
        machine.run("qmp_capabilities", json!({}));
        Some(Self(Rc::new(RefCell::new(machine))))
    }

    /// What a command returns, or the text of its refusal.
    pub(crate) fn run(&self, command: &str, arguments: Value) -> Value {
        self.0.borrow_mut().run(command, arguments)
    }

    /// Events that came before the last answer.
    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0.borrow_mut().events)
    }

    /// The place of a driver of the function in `slot` of bus 0.
    pub(crate) fn seat(&self, slot: u8) -> QemuSeat {
        QemuSeat { qemu: self.clone(), slot }
    }

    fn test(&self, line: &str) -> String {
        let machine = &mut *self.0.borrow_mut();
        machine.test.say(line);
        loop {
            let answer = machine.test.hear();
            // Interrupts are told in between.
            if let Some(answer) = answer.strip_prefix("OK") {
                return answer.trim_start().to_owned();
            }
            assert!(answer.starts_with("IRQ"), "{line}: {answer}");
        }
    }

    fn number(&self, line: &str) -> u64 {
        let answer = self.test(line);
        u64::from_str_radix(answer.trim_start_matches("0x"), 16).unwrap()
    }
}

impl Machine {
    fn run(&mut self, command: &str, arguments: Value) -> Value {
        self.monitor.say(&json!({"execute": command, "arguments": arguments}).to_string());
        loop {
            let answer: Value = serde_json::from_str(&self.monitor.hear()).unwrap();
            if let Some(name) = answer["event"].as_str() {
                self.events.push((name.to_owned(), answer["data"].clone()));
            } else if let Some(text) = answer["error"]["desc"].as_str() {
                return text.into();
            } else {
                return answer["return"].clone();
            }
        }
    }
}

/// A driver's view of one function of it.
pub(crate) struct QemuSeat {
    qemu: Qemu,
    slot: u8,
}

const fn letter(size: Size) -> char {
    match size {
        Size::Byte => 'b',
        Size::Half => 'w',
        Size::Word => 'l',
        Size::Double => 'q',
    }
}

impl QemuSeat {
    fn aim(&self, offset: u8) -> u16 {
        let address = 1_u32 << 31 | u32::from(self.slot) << 11 | u32::from(offset & !3);
        self.qemu.test(&format!("outl 0xcf8 {address:#x}"));
        0xcfc + u16::from(offset & 3)
    }
}

impl Memory for QemuSeat {
    fn load(&mut self, address: u64, length: usize) -> Vec<u8> {
        let text = self.qemu.test(&format!("read {address:#x} {length:#x}"));
        let digits = text.trim_start_matches("0x").as_bytes();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    fn store(&mut self, address: u64, bytes: &[u8]) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.qemu.test(&format!("write {address:#x} {:#x} 0x{digits}", bytes.len()));
    }
}

impl Host for QemuSeat {
    fn config(&mut self, offset: u8, size: Size) -> u64 {
        let port = self.aim(offset);
        self.qemu.number(&format!("in{} {port:#x}", letter(size)))
    }

    fn set_config(&mut self, offset: u8, size: Size, value: u64) {
        let port = self.aim(offset);
        self.qemu.test(&format!("out{} {port:#x} {value:#x}", letter(size)));
    }

    fn read(&mut self, space: Space, address: u64, size: Size) -> u64 {
        let verb = if space == Space::Io { "in" } else { "read" };
        self.qemu.number(&format!("{verb}{} {address:#x}", letter(size)))
    }

    fn write(&mut self, space: Space, address: u64, size: Size, value: u64) {
        let verb = if space == Space::Io { "out" } else { "write" };
        self.qemu.test(&format!("{verb}{} {address:#x} {value:#x}", letter(size)));
    }
}
