//! Runs a machine under its monitors.
//!
//! Monitors are asked between two runs of the machine and wherever it waits; a client that has something to say calls it
//! out of its run. Commands are carried out a few at a time, so a client that never stops asking slows the guest and does
//! not hold it, and one that does not read its answers is not asked for more.

use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

use crossbeam::channel::{RecvTimeoutError, Sender, unbounded};
use elnic_board::{CallButton, Machine, Outcome, Waiting};
use elnic_contract::{GuestEvent, VDuration, VTime};
use elnic_qapi::Event;
use elnic_qapi::events::GuestPanicked;
use elnic_qapi::types::{GuestPanicAction, RunState, ShutdownCause};

use crate::chardev::{Incoming, Outlet};
use crate::commands::Context;
use crate::descriptors::Descriptors;
use crate::error::CommandError;
use crate::event::Stamped;
use crate::hmp::Hmp;
use crate::qmp::Qmp;
use crate::qtest::Qtest;
use crate::state::State;

/// Steps of one monitor before the next has its turn.
const STEPS: usize = 64;
/// How long the guest runs between turns of monitors that have more to do.
const TURN: VDuration = VDuration::from_micros(100);

/// What a monitor speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// QMP; answers on several lines if `pretty`.
    Qmp {
        /// Answers take several lines.
        pretty: bool,
    },
    /// The human monitor.
    Hmp,
    /// The test protocol.
    Qtest,
}

/// A session with whoever is connected.
#[derive(Debug)]
enum Session {
    Qmp(Qmp),
    Hmp(Hmp),
    Qtest(Qtest),
}

/// A monitor: what it speaks, where it leads, who is there.
struct Monitor {
    label: String,
    protocol: Protocol,
    log: Option<Box<dyn Write + Send>>,
    descriptors: Descriptors,
    session: Option<(Session, Outlet)>,
    /// Bytes that came and were not looked at.
    unread: VecDeque<u8>,
    /// What the last command answered, until the events it caused are told.
    answer: Vec<u8>,
    /// A test was here and has gone.
    test_is_over: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The machine ended it.
    Machine(Outcome),
    /// A user did.
    Quit,
}

/// How a machine is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The processor runs the program.
    pub processor: bool,
    /// A test moves the clock.
    pub stepped: bool,
    /// A `quit` of the last client of the test protocol, or its going, ends the program.
    pub ends_with_test: bool,
}

/// Runs a machine under its monitors.
pub struct Supervisor {
    /// The machine's control.
    pub state: State,
    mode: Mode,
    monitors: Vec<Monitor>,
    /// Which monitor is asked first: the turn goes round.
    turn: usize,
    alarm: Option<Alarm>,
}

impl Supervisor {
    /// Nobody is connected yet.
    pub fn new(state: State, mode: Mode) -> Self {
        Self { state, mode, monitors: Vec::new(), turn: 0, alarm: None }
    }

    /// Puts a monitor on a character device; `log` is where what passes is written, for the test protocol.
    ///
    /// # Errors
    /// There is no such device, or another monitor has it.
    pub fn add_monitor(
        &mut self,
        label: &str,
        protocol: Protocol,
        log: Option<Box<dyn Write + Send>>,
    ) -> Result<(), CommandError> {
        self.state.chardevs.take(label)?;
        let (label, descriptors) = (label.to_owned(), Descriptors::default());
        let (unread, answer) = (VecDeque::new(), Vec::new());
        self.monitors.push(Monitor {
            label,
            protocol,
            log,
            descriptors,
            session: None,
            unread,
            answer,
            test_is_over: false,
        });
        Ok(())
    }

    /// Runs the machine to its end.
    pub fn run(&mut self, machine: &mut Machine) -> End {
        let call = machine.call_button();
        self.state.chardevs.attach(call.clone());
        self.alarm = Some(Alarm::new(call));
        if !self.monitors.is_empty() {
            machine.listen();
        }
        let end = loop {
            let busy = self.serve(machine);
            if self.state.quit {
                break End::Quit;
            }
            let outcome = self.run_on(machine, busy);
            self.state.hear(machine);
            self.state.tick(machine);
            match outcome {
                Outcome::Called | Outcome::Limit => {}
                // Nothing is there to run: monitors alone may go on.
                Outcome::NoProgram if !self.monitors.is_empty() => self.mode.processor = false,
                other => {
                    self.tell_end(&other);
                    break End::Machine(other);
                }
            }
        };
        self.tell_events();
        self.state.chardevs.close();
        end
    }

    fn run_on(&mut self, machine: &mut Machine, busy: bool) -> Outcome {
        if let (Some(due), Some(alarm)) = (self.state.due_in(), &self.alarm) {
            alarm.ring_in(due);
        }
        let running = self.state.is_running();
        if running && self.mode.processor {
            let limit = if busy { machine.now() + TURN } else { VTime::MAX };
            return machine.run(limit);
        }
        let waiting = match (running, self.mode.stepped) {
            (false, _) => Waiting::Stopped,
            (true, true) => Waiting::Stepped,
            (true, false) => Waiting::HostTime,
        };
        machine.wait(waiting, busy.then_some(Duration::ZERO))
    }

    /// Serves every monitor a little; whether any has more to do.
    fn serve(&mut self, machine: &mut Machine) -> bool {
        let count = self.monitors.len();
        self.turn = (self.turn + 1).checked_rem(count).unwrap_or(0);
        let mut busy = false;
        for number in 0..count {
            busy |= self.serve_one((self.turn + number) % count, machine);
        }
        if self.mode.ends_with_test && self.monitors.iter().any(|monitor| monitor.test_is_over) {
            self.state.quit = true;
        }
        self.tell_events();
        busy && !self.state.quit
    }

    /// Serves one monitor; whether it has more to do.
    fn serve_one(&mut self, number: usize, machine: &mut Machine) -> bool {
        for _ in 0..STEPS {
            let Some(monitor) = self.monitors.get_mut(number) else { return false };
            if self.state.quit || !monitor.serve(&mut self.state, machine) {
                return false;
            }
            // What a command caused is told before its answer.
            self.tell_events();
            self.monitors.get_mut(number).into_iter().for_each(Monitor::answer);
        }
        true
    }

    fn tell_events(&mut self) {
        for event in self.state.take_events() {
            for monitor in &mut self.monitors {
                monitor.tell(&event);
            }
        }
    }

    /// What the machine's end means to those who watch.
    fn tell_end(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Exit(GuestEvent::Panicked { .. }) => {
                let action = GuestPanicAction::Poweroff;
                self.state.emit(Event::GuestPanicked(GuestPanicked { action }));
                self.state.run = RunState::GuestPanicked;
                self.state.shut_down(true, ShutdownCause::GuestPanic);
            }
            Outcome::Exit(_) => {
                self.state.run = RunState::Shutdown;
                self.state.shut_down(true, ShutdownCause::GuestShutdown);
            }
            Outcome::Fault(_) => {
                self.state.run = RunState::InternalError;
                self.state.shut_down(true, ShutdownCause::GuestPanic);
            }
            _ => self.state.shut_down(false, ShutdownCause::HostSignal),
        }
    }
}

impl Monitor {
    /// Carries out the next thing, or takes in what came; whether there was any. The answer waits for [`Monitor::answer`].
    fn serve(&mut self, state: &mut State, machine: &mut Machine) -> bool {
        let is_read = self.session.as_ref().is_none_or(|(_, outlet)| outlet.is_read());
        // One who does not read calls again when he has.
        let served = is_read && (self.step(state, machine) || self.take_in(state));
        if !served && let Some((Session::Qtest(qtest), outlet)) = &mut self.session {
            let mut cx = Context { machine, state, descriptors: &mut self.descriptors };
            qtest.tell_interrupts(&mut cx);
            outlet.send(qtest.output());
        }
        served
    }

    /// Carries out something; whether there was anything.
    fn step(&mut self, state: &mut State, machine: &mut Machine) -> bool {
        let Some((session, _)) = &mut self.session else { return false };
        let mut cx = Context { machine, state, descriptors: &mut self.descriptors };
        if let Session::Qmp(qmp) = session
            && qmp.has_work()
            && (self.unread.is_empty() || !qmp.takes_more())
        {
            qmp.step(&mut cx);
        } else {
            // A line at a time, so that requests do not pile up.
            let line = next_line(&mut self.unread);
            if line.is_empty() {
                return false;
            }
            match session {
                Session::Qmp(qmp) => qmp.feed(&line, &mut cx),
                Session::Hmp(hmp) => hmp.feed(&line, &mut cx),
                Session::Qtest(qtest) => qtest.feed(&line, &mut cx),
            }
        }
        self.answer.extend(session.output());
        true
    }

    /// Takes in the next thing that came; whether there was any.
    fn take_in(&mut self, state: &mut State) -> bool {
        match state.chardevs.receive(&self.label) {
            None => return false,
            Some(Incoming::Opened(outlet)) => {
                let mut session = match self.protocol {
                    Protocol::Qmp { pretty } => Session::Qmp(Qmp::new(pretty)),
                    Protocol::Hmp => Session::Hmp(Hmp::new()),
                    Protocol::Qtest => Session::Qtest(Qtest::new(self.log.take())),
                };
                outlet.send(session.output());
                self.session = Some((session, outlet));
            }
            Some(Incoming::Bytes(bytes, descriptors)) => {
                self.unread.extend(bytes);
                self.descriptors.pass(descriptors);
            }
            Some(Incoming::Closed) => {
                self.session = None;
                self.unread.clear();
                self.answer.clear();
                self.test_is_over |= self.protocol == Protocol::Qtest;
            }
        }
        true
    }

    /// Sends the answer that waits.
    fn answer(&mut self) {
        let answer = std::mem::take(&mut self.answer);
        if let Some((_, outlet)) = &self.session {
            outlet.send(answer);
        }
    }

    fn tell(&mut self, event: &Stamped) {
        if let Some((Session::Qmp(qmp), outlet)) = &mut self.session {
            qmp.event(event);
            outlet.send(qmp.output());
        }
    }
}

impl Session {
    fn output(&mut self) -> Vec<u8> {
        match self {
            Self::Qmp(qmp) => qmp.output(),
            Self::Hmp(hmp) => hmp.output(),
            Self::Qtest(qtest) => qtest.output(),
        }
    }
}

/// Takes bytes up to the end of the next line, or all there are.
fn next_line(bytes: &mut VecDeque<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    bytes.drain(..end).collect()
}

/// A thread that calls the machine at a time of the host's.
struct Alarm {
    times: Sender<Instant>,
}

impl Alarm {
    fn new(call: CallButton) -> Self {
        let (times, orders) = unbounded::<Instant>();
        std::thread::spawn(move || {
            let mut next: Option<Instant> = None;
            loop {
                let order = match next {
                    None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(at) => orders.recv_deadline(at),
                };
                match order {
                    Ok(at) => next = Some(next.map_or(at, |next| next.min(at))),
                    Err(RecvTimeoutError::Timeout) => {
                        next = None;
                        call.call();
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { times }
    }

    fn ring_in(&self, span: Duration) {
        if let Some(at) = Instant::now().checked_add(span) {
            // The thread lives as long as this does.
            let _ = self.times.send(at);
        }
    }
}
