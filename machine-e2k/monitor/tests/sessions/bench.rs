//! A machine and one session of each kind.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use elnic_board::{DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel};
use elnic_contract::{Frame, VTime};
use elnic_monitor::{Chardevs, Context, Descriptors, Hmp, Qmp, Qtest, RunState, State};
use elnic_netclient::NetClient;
use serde_json::Value;

/// Frames that reached a netdev.
pub(crate) type Seen = Arc<Mutex<Vec<Vec<u8>>>>;

/// A netdev that keeps what it is sent.
struct Recorder(Seen);

impl NetClient for Recorder {
    fn kind(&self) -> &'static str {
        "recorder"
    }

    fn info(&self) -> String {
        String::new()
    }

    fn credits(&self) -> usize {
        usize::MAX
    }

    fn deliver(&mut self, _: VTime, frames: &mut VecDeque<Frame>) {
        let frames = frames.drain(..).map(|frame| frame.data().to_vec());
        self.0.lock().unwrap().extend(frames);
    }

    fn poll(&mut self, _: VTime, _: usize, _: &mut Vec<Frame>) {}
}

pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) state: State,
    descriptors: Descriptors,
    qmp: Qmp,
    hmp: Hmp,
    qtest: Qtest,
    pub(crate) seen: Seen,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    /// A running machine of that model with these devices; there is a netdev `n0`.
    pub(crate) fn new(model: &str, devices: &[(&str, &[(&str, &str)])]) -> Self {
        let mut builder = MachineBuilder::new();
        let seen = Seen::default();
        builder.net().add_backend("n0", Box::new(Recorder(Arc::clone(&seen)))).unwrap();
        let mut config = MachineConfig::new(MachineModel::named(model).unwrap());
        config.ram = 16 << 20;
        config.devices = devices
            .iter()
            .map(|(model, properties)| DeviceOptions::new(model, properties))
            .collect();
        let mut machine = builder.build(config).unwrap();
        machine.listen();
        let mut state = State::new(Chardevs::default());
        state.run = RunState::Running;
        state.device_defaults = vec![("timing".to_owned(), "off".to_owned())];
        let (descriptors, qmp) = (Descriptors::default(), Qmp::new(false));
        let (hmp, qtest) = (Hmp::new(), Qtest::new(None));
        let folder = tempfile::tempdir().unwrap();
        Self { machine, state, descriptors, qmp, hmp, qtest, seen, folder }
    }

    /// A running e8c with so many processors.
    pub(crate) fn with_processors(count: u8) -> Self {
        let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
        config.processors = count;
        let mut bench = Self::ready("e8c", &[]);
        bench.machine = MachineBuilder::new().build(config).unwrap();
        bench
    }

    /// The same after the negotiation.
    pub(crate) fn ready(model: &str, devices: &[(&str, &[(&str, &str)])]) -> Self {
        let mut bench = Self::new(model, devices);
        bench.say(r#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#);
        bench
    }

    /// What the session says to these bytes, message by message.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) -> Vec<Value> {
        let Self { machine, state, descriptors, qmp, .. } = self;
        let mut cx = Context { machine, state, descriptors };
        qmp.feed(bytes, &mut cx);
        while qmp.has_work() {
            qmp.step(&mut cx);
        }
        let text = String::from_utf8(self.qmp.output()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one answer to a line; the greeting is not one.
    #[track_caller]
    pub(crate) fn say(&mut self, line: &str) -> Value {
        let mut answers = self.say_bytes(format!("{line}\n").as_bytes());
        answers.retain(|answer| answer.get("QMP").is_none());
        assert_eq!(answers.len(), 1, "{line}: {answers:?}");
        answers.remove(0)
    }

    /// What a command returns.
    #[track_caller]
    pub(crate) fn run(&mut self, command: &str, arguments: Value) -> Value {
        let request = serde_json::json!({"execute": command, "arguments": arguments});
        let answer = self.say(&request.to_string());
        answer.get("return").unwrap_or_else(|| panic!("{command}: {answer}")).clone()
    }

    /// Class and text of a command's refusal.
    #[track_caller]
    pub(crate) fn refused(&mut self, command: &str, arguments: Value) -> (String, String) {
        let request = serde_json::json!({"execute": command, "arguments": arguments});
        let answer = self.say(&request.to_string());
        let error = |key: &str| answer["error"][key].as_str().unwrap_or_default().to_owned();
        (error("class"), error("desc"))
    }

    /// Events since the last call: name and data.
    pub(crate) fn events(&mut self) -> Vec<(String, Value)> {
        self.state.hear(&mut self.machine);
        let events = self.state.take_events().into_iter();
        events
            .map(|event| {
                let data = event.event.data().unwrap_or_default();
                (event.event.name().to_owned(), data)
            })
            .collect()
    }

    /// What a line of the human monitor prints.
    pub(crate) fn human(&mut self, line: &str) -> String {
        let text = self.run("human-monitor-command", serde_json::json!({"command-line": line}));
        text.as_str().unwrap().to_owned()
    }

    /// What the human monitor's screen shows after these keys.
    pub(crate) fn keys(&mut self, keys: &str) -> String {
        let Self { machine, state, descriptors, hmp, .. } = self;
        hmp.feed(keys.as_bytes(), &mut Context { machine, state, descriptors });
        String::from_utf8(self.hmp.output()).unwrap()
    }

    /// What a test is answered.
    pub(crate) fn test(&mut self, line: &str) -> String {
        let Self { machine, state, descriptors, qtest, .. } = self;
        let bytes = format!("{line}\n");
        qtest.feed(bytes.as_bytes(), &mut Context { machine, state, descriptors });
        String::from_utf8(self.qtest.output()).unwrap().trim_end().to_owned()
    }

    /// Writes a configuration register of the function in `slot` of bus 0.
    pub(crate) fn configure(&mut self, slot: u32, register: u32, value: u32) {
        let address = 1_u32 << 31 | slot << 11 | register;
        assert_eq!(self.test(&format!("outl 0xcf8 {address:#x}")), "OK");
        assert_eq!(self.test(&format!("outl 0xcfc {value:#x}")), "OK");
    }

    /// Maps memory window 0 of the function in `slot` and lets it master the bus.
    pub(crate) fn map(&mut self, slot: u32, base: u32) {
        self.configure(slot, 0x10, base);
        self.configure(slot, 0x04, 7);
    }
}
