//! The session: negotiation, ids, order, recovery.

use proptest::prelude::*;
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The long run is `PROPTEST_CASES=20000`, which is a million lines.
    #[test]
    fn whatever_a_client_says_the_next_request_is_answered(lines in prop::collection::vec(line(), 50)) {
        let mut bench = Bench::ready("none", &[]);
        for line in lines {
            bench.say_bytes(&line);
            // Whatever that left open is closed.
            bench.say_bytes(b"\n");
            for _ in 0..2100 {
                if bench.say_bytes(b"]}\n").len() > 1 {
                    break;
                }
            }
            bench.say_bytes(b"\"'\n]}\n]}\n");
            let answers = bench.say_bytes(b"{\"execute\":\"query-name\",\"id\":\"alive\"}\n");
            let alive = json!({"id": "alive", "return": {}});
            prop_assert_eq!(answers.last(), Some(&alive), "{}", String::from_utf8_lossy(&line));
        }
    }
}
