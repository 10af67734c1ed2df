//! The examples in the comments of QEMU's schema: every command is given as printed, and what comes back has the printed
//! shape, member by member and type by type.
//!
//! They are read from `../shared/seed/qapi-net.json.txt`, beside the workspace or at `SEED_DIR`; where it is not there the
//! test says so.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::bench::Bench;

/// A request with the answer printed for it, or an event.
#[derive(Debug, Default)]
struct Example {
    request: Option<Value>,
    printed: Value,
}

/// Reads all examples: `# -> …` up to `# <- …`, up to an end.
fn examples(text: &str) -> Vec<Example> {
    let json = |text: &str| -> Value {
        serde_json::from_str(&text.replace('\'', "\""))
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let (mut found, mut request) = (Vec::new(), String::new());
    let mut open: Option<(bool, String)> = None;
    for line in text.lines().map(|line| line.trim_start_matches('#').trim()) {
        let (arrow, rest) = match (line.strip_prefix("-> "), line.strip_prefix("<- ")) {
            (Some(rest), _) => (Some(true), rest),
            (_, Some(rest)) => (Some(false), rest),
            _ => (None, line),
        };
        let end = arrow.is_some() || line.is_empty() || line == "or";
        if let (true, Some((false, printed))) = (end, &open) {
            let request = Some(std::mem::take(&mut request)).filter(|text| !text.is_empty());
            let request = request.map(|text| json(&text));
            found.push(Example { request, printed: json(printed) });
        }
        if let (true, Some((true, text))) = (end, &open) {
            request.clone_from(text);
        }
        open = match (arrow, open) {
            (Some(asks), _) => Some((asks, rest.to_owned())),
            (None, Some((asks, text))) if !end => Some((asks, format!("{text} {rest}"))),
            _ => None,
        };
    }
    found
}

/// What a value is made of, without what it says.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        // Items of one list are alike.
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
    }
}

/// `actual` has the shape of `printed`; an empty list has that of any.
fn fits(printed: &Value, actual: &Value) -> bool {
    match (printed, actual) {
        (Value::Array(printed), Value::Array(actual)) => printed
            .first()
            .zip(actual.first())
            .is_none_or(|(printed, actual)| fits(printed, actual)),
        (Value::Object(printed), Value::Object(actual)) => {
            let keys = printed.keys().eq(actual.keys());
            keys && printed.iter().all(|(name, value)| fits(value, &actual[name]))
        }
        (printed, actual) => shape(printed) == shape(actual),
    }
}

const DEVICES: &[(&str, &[(&str, &str)])] = &[
    ("virtio-net-pci", &[("id", "vnet0"), ("netdev", "n0"), ("addr", "4")]),
    ("e1000", &[("id", "e1000.0"), ("addr", "5")]),
];

/// What happens before an event of that name, with these data.
fn cause(bench: &mut Bench, name: &str, data: &Value) -> Option<Box<dyn std::any::Any>> {
    let netdev = |bench: &mut Bench, address: &Value| {
        let id = &data["netdev-id"];
        bench.run(
            "netdev_add",
            json!({"type": "stream", "id": id, "server": true, "addr": address}),
        );
    };
    match (name, data["addr"]["type"].as_str()) {
        ("NIC_RX_FILTER_CHANGED", _) => {
            // The legacy interface's station address, behind the first window.
            bench.configure(4, 0x10, 0xc000);
            bench.configure(4, 0x04, 7);
            assert_eq!(bench.test("outb 0xc015 0x99"), "OK");
            None
        }
        ("NETDEV_STREAM_CONNECTED", Some("inet")) => {
            let free = std::net::TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap();
            let port = free.port();
            let address =
                json!({"type": "inet", "host": "::1", "port": port.to_string(), "ipv6": true});
            netdev(bench, &address);
            Some(Box::new(TcpStream::connect(("::1", port)).unwrap()))
        }
        ("NETDEV_STREAM_CONNECTED", _) => {
            let path = bench.folder.path().join("stream");
            netdev(bench, &json!({"type": "unix", "path": path}));
            Some(Box::new(UnixStream::connect(path).unwrap()))
        }
        ("NETDEV_STREAM_DISCONNECTED", _) => {
            let path = bench.folder.path().join("stream");
            netdev(bench, &json!({"type": "unix", "path": path}));
            let mut peer = UnixStream::connect(path).unwrap();
            peer.flush().unwrap();
            None
        }
        _ => panic!("{name} has no cause here"),
    }
}

#[test]
fn every_example_of_the_schema_is_answered_in_its_shape() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seed");
    let folder = std::env::var("SEED_DIR").unwrap_or_else(|_| default.to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/qapi-net.json.txt")) else {
        eprintln!("SKIPPED: no schema at {folder}");
        return;
    };
    let examples = examples(&text);
    assert!(examples.len() >= 10, "{}", examples.len());
    for Example { request, printed } in &examples {
        let mut bench = Bench::ready("pc", DEVICES);
        let Some(request) = request else {
            let name = printed["event"].as_str().unwrap();
            if name == "FAILOVER_NEGOTIATED" {
                // It takes a driver's negotiation: `failover` has the scenario.
                continue;
            }
            let held = cause(&mut bench, name, &printed["data"]);
            let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
            let data = loop {
                bench.machine.settle();
                let event = bench.events().into_iter().find(|(told, _)| told == name);
                if let Some((_, data)) = event {
                    break data;
                }
                assert!(std::time::Instant::now() < until, "{name} is not told");
                std::thread::yield_now();
            };
            assert!(fits(&printed["data"], &data), "{name}: {data}, printed {}", printed["data"]);
            drop(held);
            continue;
        };
        if request["execute"] == "netdev_del" {
            bench.run("netdev_add", json!({"type": "user", "id": request["arguments"]["id"]}));
        }
        let answer = bench.say(&request.to_string());
        assert!(fits(printed, &answer), "{request}: {answer}, printed {printed}");
    }
}

#[test]
fn shapes_tell_members_and_types() {
    assert!(fits(&json!({"a": [1], "b": "x"}), &json!({"a": [7, 8], "b": "y"})));
    assert!(fits(&json!({"a": []}), &json!({"a": ["x"]})));
    assert!(!fits(&json!({"a": 1}), &json!({"a": "1"})));
    assert!(!fits(&json!({"a": 1}), &json!({"a": 1, "b": 1})));
}
