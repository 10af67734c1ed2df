//! Saved state: what is in flight survives, what cannot be is refused (the generic suite has the random part).

mod harness;

use elnic_contract::{Device, RestoreError};
use harness::{Context, MAC, Machine, PEER, RECEIVE, SEND, TX_BUFFER, data, frame_to, reg};
use serde_json::{Value, json};

/// Replaces the device by a restored one.
fn pulse(machine: &mut Machine, timing: &str) {
    let state = machine.device.save();
    let text = serde_json::to_string(&state).unwrap();
    let mut fresh = Machine::new(&[("timing", timing)]).device;
    fresh.restore(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(fresh.save(), state);
    machine.device = fresh;
}

#[test]
fn frames_descriptors_and_delays_in_flight_survive() {
    for timing in ["off", "wire", "full"] {
        let run = |pulsing: bool| {
            let mut machine = Machine::new(&[("timing", timing)]);
            machine.start_transmitter(32);
            machine.start_receiver(32, RECEIVE);
            machine.w32(reg::RDTR, 20);
            machine.w32(reg::IMS, 0x81);
            let context = Context {
                ip: (14, 24, 33),
                transport: (34, 50, 0),
                payload: 5000,
                command: 7,
                header: 54,
                mss: 700,
            };
            machine.put_descriptor(0, context.bytes());
            machine.put_descriptor(1, data(TX_BUFFER, 1000, 0x0e, 3, 0));
            machine.put_descriptor(2, data(TX_BUFFER, 4054, 0x0f, 3, 0));
            machine.w32(reg::TDT, 2);
            for step in 0..40 {
                if pulsing {
                    pulse(&mut machine, timing);
                }
                match step {
                    1 | 2 => {
                        machine.receive(&frame_to(MAC, 500));
                    }
                    3 => machine.w32(reg::TDT, 3),
                    _ => {}
                }
                machine.advance(elnic_contract::VDuration::from_nanos(997));
            }
            machine.settle();
            (machine.sent, machine.interrupts, machine.device.save(), machine.ram.bytes)
        };
        let (plain, pulsed) = (run(false), run(true));
        assert!(plain.0.len() == 8 && !plain.1.is_empty());
        assert!(plain == pulsed, "{timing}");
    }
}

/// Changes the state of a busy device and expects a refusal that says `why`, with the device unchanged.
fn refused(change: impl FnOnce(&mut Value), why: &str) {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE);
    machine.w32(reg::RDT, 0);
    machine.advance(elnic_contract::VDuration::from_micros(1));
    machine.send(&frame_to(PEER, 60), SEND);
    machine.receive(&frame_to(MAC, 60));
    let before = machine.device.save();
    let mut state = before.clone();
    change(&mut state.fields);
    let error: RestoreError = machine.device.restore(&state).unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(machine.device.save(), before);
}

#[test]
fn impossible_states_are_refused() {
    refused(|state| state["extra"] = json!(1), "extra");
    refused(|state| state["registers"]["CTRL"] = json!([1_u64 << 32]), "CTRL");
    refused(|state| state["registers"]["MTA"] = json!([0]), "MTA");
    refused(|state| state["eeprom"]["words"] = json!([1, 2, 3]), "eeprom");
    refused(
        |state| state["eeprom"]["phase"] = json!({"Read": {"address": 0, "bits": 0, "left": 17}}),
        "eeprom",
    );
    refused(|state| state["capacity"]["receive_kib"] = json!(65), "capacity");
    refused(|state| state["timers"] = json!([null]), "malformed");
    refused(|state| state["transmit"]["fetched"] = json!(vec![[0, 0]; 65]), "fetched");
    refused(|state| state["receive"]["fetched"] = json!(vec![[0, 0]; 65]), "fetched");
    refused(|state| state["receive"]["unreported"] = json!([[0, 0, 3]]), "unreported");
    refused(|state| state["transmit"]["unreported"] = json!(vec![[0, 0, 1]; 65]), "unreported");
    refused(|state| state["strict"] = json!(u64::MAX), "strict");
    refused(|state| state["compat"] = json!([1]), "compat");
    refused(|state| state["registers"]["PBM"] = json!([{"at": 65535, "bytes": "0000"}]), "PBM");
    refused(|state| state["transmit"]["current"] = json!([[0, 0], 1]), "current");
    refused(|state| state["transmit"]["packet"]["data"] = json!(vec![0; 16289]), "packet.data");
    refused(|state| state["transmit"]["fifo"][0]["bytes"] = json!([]), "transmit.fifo");
    refused(|state| state["receive"]["fifo"][0]["written"] = json!(60), "receive.fifo");
    refused(|state| state["receive"]["fifo"][0]["bytes"] = json!(vec![0; 20000]), "receive.fifo");
    refused(
        |state| {
            state["transmit"]["packet"]["segments"] =
                json!({"context": [0, 0], "header": [1], "index": 0, "sent": 0, "room": 0});
        },
        "segments.header",
    );
}

#[test]
fn states_of_others_are_refused() {
    let mut machine = Machine::off();
    let mut state = machine.device.save();
    state.version = 2;
    assert!(matches!(machine.device.restore(&state), Err(RestoreError::WrongVersion { .. })));
    state.version = 1;
    state.kind = "rtl8139".into();
    assert!(matches!(machine.device.restore(&state), Err(RestoreError::WrongKind { .. })));
}

#[test]
fn what_follows_from_other_state_is_derived_anew() {
    let mut machine = Machine::off();
    let mut state = machine.device.save();
    state.fields["registers"]["STATUS"] = json!([0]);
    state.fields["registers"]["ICR"] = json!([4]);
    state.fields["registers"]["IMS"] = json!([4]);
    state.fields["registers"]["EECD"] = json!([0x180]);
    machine.device.restore(&state).unwrap();
    assert_eq!(machine.r32(reg::STATUS), 0x383);
    assert_eq!(machine.r32(reg::ICS), 4);
    assert_eq!(machine.device.lines(), elnic_contract::Lines::INTA);
    assert_eq!(machine.r32(reg::EECD), 0x108);
}
