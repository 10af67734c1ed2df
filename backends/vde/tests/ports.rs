//! A switch of our own making, with the protocol as captured; the real one is met in `tests/peers`.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use elnic_contract::LinkState;
use elnic_netclient::NetClient;
use elnic_nettest::{Bench, PATIENCE, numbered};
use elnic_vde::{Options, open};

/// One port of a switch.
struct Port {
    control: UnixStream,
    data: UnixDatagram,
    number: u32,
    theirs: PathBuf,
}

fn accept(listener: &UnixListener, directory: &Path) -> Port {
    let (mut control, _) = listener.accept().unwrap();
    let mut request = [0; 127];
    control.read_exact(&mut request).unwrap();
    assert_eq!(&request[122..], b"elnic");
    let number = u32::from_ne_bytes(request[8..12].try_into().unwrap()) >> 8;
    let path = request[14..122].split(|byte| *byte == 0).next().unwrap();
    let theirs = PathBuf::from(std::str::from_utf8(path).unwrap());
    let ours = directory.join("001");
    let _ = std::fs::remove_file(&ours);
    let data = UnixDatagram::bind(&ours).unwrap();
    data.connect(&theirs).unwrap();
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = vec![0; 110];
    answer[..2].copy_from_slice(&1_u16.to_ne_bytes());
    let path = ours.to_str().unwrap().as_bytes();
    answer[2..2 + path.len()].copy_from_slice(path);
    control.write_all(&answer).unwrap();
    Port { control, data, number, theirs }
}

fn options(directory: &Path) -> Options {
    Options { sock: Some(directory.to_str().unwrap().to_owned()), ..Options::default() }
}

fn refusal(options: &Options) -> String {
    open("n0", options).unwrap_err().to_string()
}

#[test]
fn frames_cross_and_a_switch_that_comes_back_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().to_owned();
    let listener = UnixListener::bind(at.join("ctl")).unwrap();
    let switch = std::thread::spawn(move || {
        let port = accept(&listener, &at);
        assert_eq!(port.number, 7);
        let mode = std::fs::metadata(&port.theirs).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let mut buffer = [0; 100];
        assert_eq!(port.data.recv(&mut buffer).unwrap(), 60);
        for frame in numbered(20, 60) {
            port.data.send(&frame).unwrap();
        }
        drop(port.control);
        let again = accept(&listener, &at);
        again.data.send(&[9; 60]).unwrap();
        again
    });
    let options = Options { port: Some(7), mode: Some(0o640), ..options(directory.path()) };
    let mut netdev = Bench::new(Box::new(open("n0", &options).unwrap()));
    let info = netdev.client.info();
    assert!(info.starts_with(&format!("sock={},fd=", directory.path().display())), "{info}");
    netdev.send([vec![1; 60]]);
    assert_eq!(netdev.receive(20), numbered(20, 60));
    netdev.await_carrier(LinkState::Down);
    netdev.send([vec![1; 60]]);
    netdev.await_lost("disconnected", 1);
    assert_eq!(netdev.receive(1), [[9; 60]]);
    assert_eq!(netdev.client.carrier(), LinkState::Up);
    let port = switch.join().unwrap();
    drop(netdev);
    assert!(!port.theirs.exists());
}

#[test]
fn refusals_say_what_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let here = options(directory.path());
    let said = refusal(&here);
    assert!(said.starts_with("Could not open vde: can't reach the switch at "), "{said}");
    assert!(said.contains("/ctl: No such file"), "{said}");
    assert_eq!(
        refusal(&Options { group: Some("no such group".to_owned()), ..here.clone() }),
        "Could not open vde: there is no group 'no such group'"
    );
    assert_eq!(
        refusal(&Options { mode: Some(0o1000), ..here.clone() }),
        "Could not open vde: mode=0o1000 is out of range, it takes 0 to 0777"
    );
    let said = refusal(&Options { sock: Some("vxvde://239.1.1.1".to_owned()), ..here.clone() });
    assert!(said.contains("is a network of libvdeplug"), "{said}");
    // A switch that takes no more ports hangs up.
    let listener = UnixListener::bind(directory.path().join("ctl")).unwrap();
    let full = std::thread::spawn(move || drop(listener.accept()));
    let said =
        refusal(&Options { sock: Some(format!("vde://{}", directory.path().display())), ..here });
    assert!(said.starts_with("Could not open vde: the switch gives no port at "), "{said}");
    full.join().unwrap();
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
