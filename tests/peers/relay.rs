//! QEMU without a machine as a relay: what reaches its netdev `x` leaves as UDP datagrams, and the other way round.

use std::net::UdpSocket;
use std::process::{Command, Stdio};

use elnic_netclient::NetClient;
use elnic_nettest::{Bench, PATIENCE};

use crate::support::{Process, free_port, program};

pub(crate) struct Relay {
    process: Process,
    /// The far side of the relay.
    pub(crate) socket: UdpSocket,
}

impl Relay {
    /// Starts QEMU with `-netdev netdev` (its id is `x`) and UDP on the other port of the hub; `None` if there is no QEMU.
    pub(crate) fn start(netdev: &str) -> Option<Self> {
        let qemu = program("qemu-system-x86_64")?;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (ours, theirs) = (socket.local_addr().unwrap().port(), free_port());
        let udp = format!(
            "dgram,id=udp,local.type=inet,local.host=127.0.0.1,local.port={theirs},\
             remote.type=inet,remote.host=127.0.0.1,remote.port={ours}"
        );
        let mut command = Command::new(qemu);
        command.args(["-M", "none", "-nodefaults", "-display", "none", "-monitor", "none"]);
        command.args(["-netdev", netdev, "-netdev", "hubport,id=h0,hubid=0,netdev=x"]);
        command.args(["-netdev", &udp, "-netdev", "hubport,id=h1,hubid=0,netdev=udp"]);
        command.stderr(Stdio::null());
        let process = Process::start(&mut command);
        socket.connect(("127.0.0.1", theirs)).unwrap();
        Some(Self { process, socket })
    }

    /// Ends QEMU as a crash would.
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// Waits until a frame crosses. What was sent before QEMU listened is lost, on UDP and on some netdevs.
    pub(crate) fn await_path(&self, netdev: &mut Bench<dyn NetClient>) {
        let probe = addressed(vec![0xee; 60], OURS);
        let mut heard = [0; 100];
        self.socket.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            netdev.send([probe.clone()]);
            match self.socket.recv(&mut heard) {
                Ok(60) => break,
                _ => assert!(std::time::Instant::now() < until, "no frame crosses the relay"),
            }
        }
        // Echoes of further probes are on their way still.
        while self.socket.recv(&mut heard).is_ok() {}
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// Sends frames through the relay both ways and compares every byte.
    pub(crate) fn exchange(&self, netdev: &mut Bench<dyn NetClient>, frames: &[Vec<u8>]) {
        self.exchange_by(50, netdev, frames);
    }

    /// The same, with so many at a time: UDP loses what its buffer does not hold.
    pub(crate) fn exchange_by(
        &self,
        batch: usize,
        netdev: &mut Bench<dyn NetClient>,
        frames: &[Vec<u8>],
    ) {
        let mut heard = vec![0; 70_000];
        for frame in frames {
            let (there, back) = (addressed(frame.clone(), OURS), addressed(frame.clone(), THEIRS));
            netdev.send([there.clone()]);
            let length = self.socket.recv(&mut heard).unwrap();
            assert!(heard[..length] == there, "{} bytes towards QEMU", frame.len());
            self.socket.send(&back).unwrap();
            assert!(netdev.receive(1)[0] == back, "{} bytes from QEMU", frame.len());
        }
        let from = |station| {
            let numbered = (0..2_000_u16).map(move |number| {
                let mut frame = addressed(vec![0; 1514], station);
                frame[14..16].copy_from_slice(&number.to_be_bytes());
                frame
            });
            numbered.collect::<Vec<_>>()
        };
        for (there, back) in from(OURS).chunks(batch).zip(from(THEIRS).chunks(batch)) {
            netdev.send(there.to_vec());
            for frame in there {
                let length = self.socket.recv(&mut heard).unwrap();
                assert!(&heard[..length] == frame, "frame {:?} towards QEMU", &frame[14..16]);
            }
            for frame in back {
                self.socket.send(frame).unwrap();
            }
            let number = |frame: &Vec<u8>| u16::from_be_bytes([frame[14], frame[15]]);
            let heard = netdev.receive(back.len());
            let (numbers, sent): (Vec<_>, Vec<_>) =
                (heard.iter().map(number).collect(), back.iter().map(number).collect());
            assert_eq!(numbers, sent, "from QEMU, which lost {:?}", netdev.client.losses());
            assert!(heard == back);
        }
    }
}

const OURS: u8 = 1;
const THEIRS: u8 = 2;

/// The same from a station to everyone: switches on the way learn and look.
fn addressed(mut frame: Vec<u8>, station: u8) -> Vec<u8> {
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&[0x52, 0x54, 0, 0, 0, station]);
    frame
}
