//! A QMP session as a value: bytes in, bytes out.
//!
//! The session reads requests, checks them and carries them out on whatever implements the commands. Requests in band are
//! carried out one at a time and in order ([`Qmp::step`]); those out of band when they are read ([`Qmp::feed`]), which is
//! before whatever waits. A mistake is answered in its place in that order.

use std::collections::VecDeque;

use elnic_qapi::{Commands, check_arguments, dispatch, table};
use serde_json::{Map, Value, json};

use crate::error::CommandError;
use crate::event::Stamped;
use crate::json::{self, Messages};
use crate::version;

/// Requests that may wait before no more are read, as in QEMU.
pub const MOST_WAITING: usize = 8;

/// What carries commands out.
pub type Host<'a> = dyn Commands<Error = CommandError> + 'a;

/// A request as far as it could be understood.
#[derive(Debug)]
struct Request {
    id: Option<Value>,
    what: Result<Call, CommandError>,
}

#[derive(Debug)]
struct Call {
    name: String,
    arguments: Map<String, Value>,
}

/// A session with one client.
#[derive(Debug, Default)]
pub struct Qmp {
    messages: Messages,
    negotiated: bool,
    oob: bool,
    pretty: bool,
    waiting: VecDeque<Request>,
    out: Vec<u8>,
}

impl Qmp {
    /// A session that has greeted its client. `pretty`: answers take several lines.
    pub fn new(pretty: bool) -> Self {
        let mut session = Self { pretty, ..Self::default() };
        let greeting = json!({"QMP": {"version": version::info(), "capabilities": ["oob"]}});
        session.send(&greeting);
        session
    }

    /// Takes bytes of the client.
    pub fn feed(&mut self, bytes: &[u8], host: &mut Host<'_>) {
        for message in self.messages.feed(bytes) {
            let request = match message {
                Ok(Value::Object(members)) => self.read(members, host),
                Ok(_) => refuse(None, CommandError::generic("QMP input must be a JSON object")),
                Err(error) => refuse(None, CommandError::generic(error.to_string())),
            };
            self.waiting.extend(request);
        }
    }

    /// Whether a request waits.
    pub fn has_work(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether more may be read: one request at a time, or several once they can overtake each other.
    pub fn takes_more(&self) -> bool {
        self.waiting.len() < if self.oob { MOST_WAITING } else { 1 }
    }

    /// Carries out the request that has waited longest.
    pub fn step(&mut self, host: &mut Host<'_>) {
        if let Some(Request { id, what }) = self.waiting.pop_front() {
            let result = what.and_then(|call| self.carry_out(call, host));
            self.answer(id, result);
        }
    }

    /// Tells the client of an event, if it has ended the negotiation.
    pub fn event(&mut self, event: &Stamped) {
        if self.negotiated {
            self.send(&event.message());
        }
    }

    /// Takes what is to be sent.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn send(&mut self, message: &Value) {
        let text = if self.pretty { json::print_pretty(message) } else { json::print(message) };
        self.out.extend(text);
        self.out.extend(b"\r\n");
    }

    fn answer(&mut self, id: Option<Value>, result: Result<Value, CommandError>) {
        let mut message = match result {
            Ok(value) => json!({"return": value}),
            Err(error) => {
                json!({"error": {"class": error.class.as_str(), "desc": error.text}})
            }
        };
        if let (Some(id), Value::Object(members)) = (id, &mut message) {
            members.insert("id".to_owned(), id);
        }
        self.send(&message);
    }

    /// Reads a request; one out of band is carried out at once.
    fn read(&mut self, mut members: Map<String, Value>, host: &mut Host<'_>) -> Option<Request> {
        let id = members.remove("id");
        match understand(members) {
            Err(error) => refuse(id, error),
            Ok((call, true)) => match self.out_of_band(&call) {
                Err(error) => refuse(id, error),
                Ok(()) => {
                    let result = self.carry_out(call, host);
                    self.answer(id, result);
                    None
                }
            },
            Ok((call, false)) => Some(Request { id, what: Ok(call) }),
        }
    }

    fn out_of_band(&self, call: &Call) -> Result<(), CommandError> {
        let name = &call.name;
        match table::command(name) {
            _ if !self.oob => Err(CommandError::generic(
                "QMP input member 'exec-oob' is unexpected: out-of-band execution was not negotiated",
            )),
            Some(command) if !command.oob => {
                Err(CommandError::generic(format!("The command {name} does not support OOB")))
            }
            _ => Ok(()),
        }
    }

    fn carry_out(&mut self, call: Call, host: &mut Host<'_>) -> Result<Value, CommandError> {
        let Call { name, arguments } = call;
        let negotiates = name == "qmp_capabilities";
        if !self.negotiated && !negotiates {
            let text = "Expecting capabilities negotiation with 'qmp_capabilities'";
            return Err(CommandError::no_command(text));
        }
        if self.negotiated && negotiates {
            let text = "Capabilities negotiation is already complete, command ignored";
            return Err(CommandError::no_command(text));
        }
        let Some(command) = table::command(&name) else {
            let text = format!("The command {name} has not been found");
            return Err(CommandError::no_command(text));
        };
        check_arguments(command, &arguments)?;
        if negotiates {
            let wanted = arguments.get("enable").and_then(Value::as_array);
            self.oob = wanted.is_some_and(|wanted| wanted.contains(&"oob".into()));
            self.negotiated = true;
        }
        dispatch(host, &name, arguments)
    }
}

fn refuse(id: Option<Value>, error: CommandError) -> Option<Request> {
    Some(Request { id, what: Err(error) })
}

/// What a request asks for, and whether out of band.
fn understand(members: Map<String, Value>) -> Result<(Call, bool), CommandError> {
    let wrong = |member: &str, why: &str| {
        Err(CommandError::generic(format!("QMP input member '{member}' {why}")))
    };
    let mut called = None;
    let mut arguments = Map::new();
    for (member, value) in members {
        match (member.as_str(), value) {
            ("execute" | "exec-oob", Value::String(_)) if called.is_some() => {
                return wrong("execute", "clashes with 'exec-oob'");
            }
            ("execute" | "exec-oob", Value::String(name)) => {
                called = Some((name, member == "exec-oob"));
            }
            ("execute" | "exec-oob", _) => return wrong(&member, "must be a string"),
            ("arguments", Value::Object(given)) => arguments = given,
            ("arguments", _) => return wrong("arguments", "must be an object"),
            _ => return wrong(&member, "is unexpected"),
        }
    }
    match called {
        Some((name, oob)) => Ok((Call { name, arguments }, oob)),
        None => Err(CommandError::generic("QMP input lacks member 'execute'")),
    }
}
