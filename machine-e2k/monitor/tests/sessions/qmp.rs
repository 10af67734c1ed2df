//! The session: negotiation, ids, order, recovery.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::bench::Bench;

#[test]
fn a_client_is_greeted_and_must_negotiate_first() {
    let mut bench = Bench::new("none", &[]);
    let said = bench.say_bytes(b"{\"execute\":\"query-status\"}");
    assert_eq!(said[0]["QMP"]["version"]["qemu"], json!({"major": 8, "minor": 0, "micro": 0}));
    assert_eq!(said[0]["QMP"]["capabilities"], json!(["oob"]));
    let error = |text: &str| json!({"error": {"class": "CommandNotFound", "desc": text}});
    assert_eq!(said[1], error("Expecting capabilities negotiation with 'qmp_capabilities'"));
    let unknown = bench.say(r#"{"execute":"qmp_capabilities","arguments":{"enable":["x"]}}"#);
    assert_eq!(unknown["error"]["desc"], "Parameter 'enable[0]' does not accept value 'x'");
    assert_eq!(bench.say(r#"{"execute":"qmp_capabilities"}"#), json!({"return": {}}));
    let again = bench.say(r#"{"execute":"qmp_capabilities"}"#);
    assert_eq!(again, error("Capabilities negotiation is already complete, command ignored"));
}

/// Requests and refusals recorded from QEMU 7.2.22.
#[test]
fn malformed_requests_are_refused_in_qemu_s_words() {
    let mut bench = Bench::ready("none", &[]);
    for (line, text) in [
        ("42", "QMP input must be a JSON object"),
        ("[1]", "QMP input must be a JSON object"),
        (r#"{"execute":1}"#, "QMP input member 'execute' must be a string"),
        (r#"{"arguments":{}}"#, "QMP input lacks member 'execute'"),
        (r#"{"execute":"stop","arguments":[]}"#, "QMP input member 'arguments' must be an object"),
        (
            r#"{"execute":"stop","exec-oob":"x"}"#,
            "QMP input member 'execute' clashes with 'exec-oob'",
        ),
        (r#"{"exec-oob":"stop"}"#, "The command stop does not support OOB"),
        (r#"{"execute":"stop","foo":1}"#, "QMP input member 'foo' is unexpected"),
        (r#"{"execute":"nope"}"#, "The command nope has not been found"),
        (r#"{"execute":"stop","arguments":{"x":1}}"#, "Parameter 'x' is unexpected"),
        (r#"{"execute":}"#, "JSON parse error, expecting value"),
    ] {
        assert_eq!(bench.say(line)["error"]["desc"], text, "{line}");
    }
}

#[test]
fn an_id_of_any_type_comes_back_with_answers_and_refusals() {
    let mut bench = Bench::ready("none", &[]);
    for id in [json!(7), json!("x"), json!([1, {"a": null}]), json!(null), json!(1.5)] {
        for command in ["query-status", "nope"] {
            let answer = bench.say(&json!({"execute": command, "id": id}).to_string());
            assert_eq!(answer.get("id"), Some(&id));
        }
    }
    assert_eq!(bench.say("{\"id\":1,}").get("id"), None, "what cannot be read has no id");
}

#[test]
fn out_of_band_overtakes_what_waits() {
    let mut bench = Bench::ready("none", &[]);
    let said = bench.say_bytes(
        br#"{"execute":"query-name","id":1} {"exec-oob":"query-yank","id":2} {"execute":"query-kvm","id":3}"#,
    );
    let ids: Vec<&Value> = said.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [2, 1, 3]);
}

#[test]
fn several_requests_to_a_line_and_one_over_several_lines() {
    let mut bench = Bench::ready("none", &[]);
    let said = bench.say_bytes(
        b"{'execute':'query-name'}{'execute':'query-kvm'}\n{\n'execute'\n:'query-uuid'}\n",
    );
    assert_eq!(said.len(), 3);
}

#[test]
fn every_command_of_the_schema_answers() {
    for model in ["none", "pc", "e8c"] {
        let mut bench = Bench::ready(model, &[]);
        for command in elnic_qapi::table::COMMANDS {
            if ["qmp_capabilities", "quit"].contains(&command.name) {
                continue;
            }
            let answer = bench.say(&json!({"execute": command.name}).to_string());
            let told = answer.get("return").is_some() || answer["error"]["desc"].is_string();
            assert!(told, "{model}: {}: {answer}", command.name);
        }
    }
}

#[test]
fn clients_are_told_what_there_is() {
    let mut bench = Bench::ready("e8c", &[]);
    let commands = bench.run("query-commands", json!({}));
    assert!(commands.as_array().unwrap().contains(&json!({"name": "query-rx-filter"})));
    let schema = bench.run("query-qmp-schema", json!({}));
    let named = |name: &str| schema.as_array().unwrap().iter().any(|entity| entity["name"] == name);
    assert!(named("NIC_RX_FILTER_CHANGED") && named("netdev_add"));
    let processors = bench.run("query-cpus-fast", json!({}));
    assert_eq!(processors[0]["qom-path"], "/machine/unattached/device[0]");
    assert_eq!(processors[0]["target"], "e2k");
    let machines = bench.run("query-machines", json!({}));
    let default = machines.as_array().unwrap().iter().find(|machine| machine["is-default"] == true);
    assert_eq!(default.unwrap()["name"], "e8c");
}

#[test]
fn stopping_starting_and_resetting_are_told() {
    let mut bench = Bench::ready("none", &[]);
    let name =
        |bench: &mut Bench| -> Vec<String> { bench.events().into_iter().map(|it| it.0).collect() };
    bench.run("stop", json!({}));
    assert_eq!(name(&mut bench), ["STOP"]);
    bench.run("stop", json!({}));
    assert_eq!(name(&mut bench), [""; 0], "a stopped machine is not stopped again");
    let status = bench.run("query-status", json!({}));
    assert_eq!(status, json!({"running": false, "singlestep": false, "status": "paused"}));
    bench.run("cont", json!({}));
    bench.run("system_reset", json!({}));
    let reset = json!({"guest": false, "reason": "host-qmp-system-reset"});
    assert_eq!(bench.events(), [("RESUME".to_owned(), Value::Null), ("RESET".to_owned(), reset)]);
    bench.run("quit", json!({}));
    assert!(bench.state.quit);
    let reason = json!({"guest": false, "reason": "host-qmp-quit"});
    assert_eq!(bench.events(), [("SHUTDOWN".to_owned(), reason)]);
}

/// A request, more or less: valid ones, values of wrong types, deep and long ones, and no JSON at all.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let commands: Vec<&str> = elnic_qapi::table::COMMANDS
        .iter()
        .map(|command| command.name)
        // What opens files or sockets by chance is not for a test, nor what ends it.
        .filter(|name| {
            !["quit", "chardev-add", "netdev_add", "object-add", "device_add"].contains(name)
        })
        .collect();
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| format!("{n:?}")),
        "[a-z/\\[\\]0-9-]{0,12}".prop_map(|text| json!(text).to_string()),
        Just("{}".to_owned()),
        Just("[[[]]]".to_owned()),
        (0_usize..2000).prop_map(|depth| "[".repeat(depth)),
        (0_usize..20_000).prop_map(|length| json!("x".repeat(length)).to_string()),
    ];
    let keys = prop::sample::select(vec![
        "name",
        "path",
        "id",
        "property",
        "initial",
        "command-line",
        "fdname",
    ]);
    let members = prop::collection::vec((keys, value), 0..4).prop_map(|members| {
        let member = |(key, value): (&str, String)| format!("\"{key}\":{value}");
        members.into_iter().map(member).collect::<Vec<_>>().join(",")
    });
    prop_oneof![
        3 => (prop::sample::select(commands), members)
            .prop_map(|(name, members)| format!("{{\"execute\":\"{name}\",\"arguments\":{{{members}}}}}").into_bytes()),
        1 => any::<Vec<u8>>(),
        1 => "[{}\\[\\]:,'\"a-z0-9. \\\\-]{0,40}".prop_map(String::into_bytes),
    ]
}

/// Memory of this process that is in use, in KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How many lines [`whatever_a_client_says_the_next_request_is_answered`] says.
const LINES: u32 = 1_000_000;

/// Byte 0xff is a mistake wherever it stands, and reading goes on behind it: that is how a client finds its feet again.
#[test]
fn whatever_a_client_says_the_next_request_is_answered() {
    let mut runner = TestRunner::deterministic();
    // Lines are drawn once and cut up and put together anew, which is what makes a million of them cheap.
    let drawn: Vec<Vec<u8>> =
        (0..2000).map(|_| line().new_tree(&mut runner).unwrap().current()).collect();
    let mut bench = Bench::ready("none", &[]);
    let alive = json!({"id": "alive", "return": {}});
    let (mut answers, mut before) = (0, 0);
    for number in 0..LINES {
        let mut chance = |most: usize| runner.rng().next_u32() as usize % most;
        let mut line = drawn[chance(drawn.len())].clone();
        let other = &drawn[chance(drawn.len())];
        if !line.is_empty() && !number.is_multiple_of(4) {
            line.truncate(chance(line.len().min(400)));
            line.extend(&other[..other.len().min(100)]);
        }
        line.extend(b"\xff\n{\"execute\":\"query-name\",\"id\":\"alive\"}\n");
        let said = bench.say_bytes(&line);
        assert_eq!(said.last(), Some(&alive), "{}", String::from_utf8_lossy(&line));
        assert!(said.len() > 1, "a mistake is told: {}", String::from_utf8_lossy(&line));
        answers += said.len();
        bench.state.take_events();
        if number == LINES / 10 {
            before = resident();
        }
    }
    assert!(answers > LINES as usize * 2);
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB more are in use after nine tenths of the lines");
}
