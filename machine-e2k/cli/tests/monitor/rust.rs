//! The client of the Rust crate `qapi`, unmodified. Its types are those of QEMU 9.1's schema: what they cannot read is an
//! error of theirs, so every answer here has its fields and their types.

use std::io::BufReader;
use std::os::unix::net::UnixStream;

use qapi::qmp::{self, Event, Netdev, RunState, RxState};
use qapi::{Command, ErrorClass, ExecuteError, Qmp, Stream};

use crate::program::{Program, connect};

type Client = Qmp<Stream<BufReader<UnixStream>, UnixStream>>;

fn client(program: &Program) -> Client {
    let stream = connect(&program.socket());
    let mut client = Qmp::new(Stream::new(BufReader::new(stream.try_clone().unwrap()), stream));
    let greeting = client.handshake().unwrap();
    assert_eq!((greeting.version.qemu.major, greeting.version.qemu.minor), (8, 0));
    client
}

fn refusal<C: Command>(client: &mut Client, command: &C) -> (ErrorClass, String)
where
    C::Ok: std::fmt::Debug,
{
    match client.execute(command) {
        Err(ExecuteError::Qapi(error)) => (error.class, error.desc),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_client_of_the_rust_crate_drives_the_machine() {
    let program = Program::start("-M pc -accel qtest -device virtio-net-pci,id=v0,addr=5");
    let mut client = client(&program);
    assert_eq!(client.execute(&qmp::query_status {}).unwrap().status, RunState::running);
    assert!(client.execute(&qmp::query_name {}).unwrap().name.is_none());
    let machines = client.execute(&qmp::query_machines { compat_props: None }).unwrap();
    assert!(machines.iter().any(|machine| machine.name == "pc"));

    let hubport = qmp::NetdevHubPortOptions { netdev: None, hubid: 0 };
    let netdev = Netdev::hubport { id: "h0".to_owned(), hubport };
    client.execute(&qmp::netdev_add(netdev.clone())).unwrap();
    let duplicate = refusal(&mut client, &qmp::netdev_add(netdev));
    assert_eq!(duplicate, (ErrorClass::GenericError, "Duplicate ID 'h0'".to_owned()));
    client.execute(&qmp::set_link { name: "v0".to_owned(), up: false }).unwrap();
    let missing = refusal(&mut client, &qmp::set_link { name: "zz".to_owned(), up: false });
    assert_eq!(missing, (ErrorClass::DeviceNotFound, "Device 'zz' not found".to_owned()));

    let filters = client.execute(&qmp::query_rx_filter { name: None }).unwrap();
    assert_eq!((filters.len(), filters[0].name.as_str()), (1, "v0"));
    assert_eq!((filters[0].multicast, filters[0].multicast_overflow), (RxState::normal, false));
    let announce = qmp::AnnounceParameters {
        id: Some("a".to_owned()),
        interfaces: Some(vec!["v0".to_owned()]),
        initial: 50,
        max: 550,
        rounds: 1,
        step: 50,
    };
    client.execute(&qmp::announce_self(announce)).unwrap();
    let objects =
        client.execute(&qmp::qom_list { path: "/machine/peripheral".to_owned() }).unwrap();
    assert!(objects.iter().any(|object| object.name == "v0"));
    let properties =
        client.execute(&qmp::device_list_properties { typename: "rtl8139".to_owned() }).unwrap();
    assert!(properties.iter().any(|property| property.name == "mac"));

    client.events();
    client.execute(&qmp::stop {}).unwrap();
    client.execute(&qmp::cont {}).unwrap();
    client.execute(&qmp::device_del { id: "v0".to_owned() }).unwrap();
    // The guest does not answer, so the device goes with a reset.
    client.execute(&qmp::system_reset {}).unwrap();
    client.nop().unwrap();
    let events: Vec<Event> = client.events().collect();
    let is = |number: usize, fits: fn(&Event) -> bool| events.get(number).is_some_and(fits);
    assert!(is(0, |event| matches!(event, Event::STOP { .. })), "{events:?}");
    assert!(is(1, |event| matches!(event, Event::RESUME { .. })), "{events:?}");
    let deleted = |event: &Event| matches!(event, Event::DEVICE_DELETED { data, .. } if data.device.as_deref() == Some("v0"));
    assert!(events.iter().any(deleted), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, Event::RESET { .. })), "{events:?}");
    client.execute(&qmp::quit {}).unwrap();
    assert_eq!(program.end().code(), Some(0));
}
