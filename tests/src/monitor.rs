//! A QMP session at a [`Desk`].

use elnic_monitor::{Chardevs, Context, Descriptors, Qmp, RunState, State};
use serde_json::{Value, json};

use crate::Desk;

/// One session and the state of all monitors.
pub struct Monitor {
    desk: Desk,
    state: State,
    descriptors: Descriptors,
    qmp: Qmp,
}

impl Monitor {
    /// A session of a running machine, after its greeting.
    pub fn new(desk: &Desk) -> Self {
        let mut state = State::new(Chardevs::default());
        state.run = RunState::Running;
        state.device_defaults = vec![("timing".to_owned(), "off".to_owned())];
        desk.machine().listen();
        let (descriptors, qmp) = (Descriptors::default(), Qmp::new(false));
        let mut monitor = Self { desk: desk.clone(), state, descriptors, qmp };
        monitor.answer("qmp_capabilities", json!({}));
        monitor
    }

    fn answer(&mut self, command: &str, arguments: Value) -> Value {
        let request = json!({"execute": command, "arguments": arguments});
        let machine = &mut self.desk.machine();
        let mut cx =
            Context { machine, state: &mut self.state, descriptors: &mut self.descriptors };
        self.qmp.feed(format!("{request}\n").as_bytes(), &mut cx);
        while self.qmp.has_work() {
            self.qmp.step(&mut cx);
        }
        let text = String::from_utf8(self.qmp.output()).expect("JSON is UTF-8");
        // The greeting stands before the first answer.
        let last = text.lines().last().expect("a command is answered");
        serde_json::from_str(last).expect("an answer is JSON")
    }

    /// What a command returns.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn run(&mut self, command: &str, arguments: Value) -> Value {
        let answer = self.answer(command, arguments);
        answer.get("return").unwrap_or_else(|| panic!("{command}: {answer}")).clone()
    }

    /// The text of a command's refusal.
    ///
    /// # Panics
    /// It is not refused.
    #[track_caller]
    pub fn refused(&mut self, command: &str, arguments: Value) -> String {
        let answer = self.answer(command, arguments);
        let text = answer["error"]["desc"].as_str();
        text.unwrap_or_else(|| panic!("{command}: {answer}")).to_owned()
    }

    /// Events since the last call: name and data.
    pub fn events(&mut self) -> Vec<(String, Value)> {
        self.state.hear(&mut self.desk.machine());
        let events = self.state.take_events().into_iter();
        let event = |event: elnic_monitor::Stamped| {
            (event.event.name().to_owned(), event.event.data().unwrap_or_default())
        };
        events.map(event).collect()
    }
}
