//! The two ends of a relay: UDP on its near side, and whatever the netdev leads to.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::frames::{introduction, plain, to_host};
use elnic_tests::namespace::Namespace;
use elnic_tests::process::{free_port, wait_for};

/// The tap.
const INTERFACE: &str = "perf0";

/// Where frames are put in or come out.
pub(crate) trait End {
    /// Sends `count` frames of `length` bytes.
    fn send(&mut self, length: usize, count: usize);

    /// Takes up to `count` frames and says how many came while none was longer than `patience` in coming.
    fn receive(&mut self, count: usize, patience: Duration) -> usize;
}

/// What a relay is started with, and what its ends are opened with afterwards.
pub(crate) struct Paths {
    /// The netdev that is measured; its id is `x`.
    pub(crate) netdev: String,
    /// The other one; its id is `udp`.
    pub(crate) udp: String,
    /// Where the relay has to run.
    pub(crate) namespace: Option<Namespace>,
    near: Datagrams,
    far: Far,
}

enum Far {
    Datagrams(Datagrams),
    Listener(UnixListener),
    Stream(Stream),
    Tap,
    Interface(Interface),
}

impl Paths {
    /// The surroundings of a netdev of this type; `None` where they cannot be had.
    pub(crate) fn make(netdev: &str, folder: &Path) -> Option<Self> {
        let mut near = Datagrams::bind();
        let udp = near.netdev("udp");
        let mut namespace = None;
        let (netdev, far) = match netdev {
            "dgram" => {
                let far = Datagrams::bind();
                (far.netdev("x"), Far::Datagrams(far))
            }
            "stream" => {
                let path = folder.join("stream");
                let listener = UnixListener::bind(&path).expect("a listener");
                let path = path.display();
                (
                    format!("stream,id=x,server=off,addr.type=unix,addr.path={path}"),
                    Far::Listener(listener),
                )
            }
            "tap" => {
                let own = Namespace::new("perf")?;
                own.ip(&format!("tuntap add dev {INTERFACE} mode tap"));
                own.ip(&format!("link set {INTERFACE} addrgenmode none"));
                own.ip(&format!("link set {INTERFACE} arp off up"));
                namespace = Some(own);
                let options = "script=no,downscript=no,vnet_hdr=off";
                (format!("tap,id=x,ifname={INTERFACE},{options}"), Far::Tap)
            }
            "user" => {
                let far = Datagrams::bind();
                near.destination = Some(far.port());
                ("user,id=x".into(), Far::Datagrams(far))
            }
            other => panic!("no way to measure {other}"),
        };
        // The relay and its UDP end have to be in one namespace.
        if let Some(own) = &namespace {
            near = own.enter(Datagrams::bind);
            let udp = near.netdev("udp");
            return Some(Self { netdev, udp, namespace, near, far });
        }
        Some(Self { netdev, udp, namespace, near, far })
    }

    /// Both ends, once the relay is started.
    pub(crate) fn open(&mut self) -> (&mut dyn End, &mut dyn End) {
        match &self.far {
            Far::Listener(listener) => {
                let (stream, _) = listener.accept().expect("the relay connects");
                self.far = Far::Stream(Stream { stream, held: Vec::new() });
            }
            Far::Tap => {
                let namespace = self.namespace.as_ref().expect("a tap has one");
                // The carrier comes with the program that opens the interface.
                wait_for("the relay at its tap", || {
                    let mut command = namespace.command("cat");
                    let output =
                        command.arg(format!("/sys/class/net/{INTERFACE}/carrier")).output();
                    output.is_ok_and(|output| output.stdout.starts_with(b"1"))
                });
                self.far = Far::Interface(namespace.enter(Interface::open));
            }
            _ => {}
        }
        self.near.connect();
        let far: &mut dyn End = match &mut self.far {
            Far::Datagrams(end) => end,
            Far::Stream(end) => end,
            Far::Interface(end) => end,
            Far::Listener(_) | Far::Tap => unreachable!("opened above"),
        };
        (&mut self.near, far)
    }
}

/// A UDP socket, and the port the relay has for it.
struct Datagrams {
    socket: UdpSocket,
    relay: u16,
    /// The port of the host that frames go to, instead of to nobody.
    destination: Option<u16>,
    buffer: Vec<u8>,
}

impl Datagrams {
    fn bind() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        Self { socket, relay: free_port(), destination: None, buffer: vec![0; 70_000] }
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().expect("it is bound").port()
    }

    fn netdev(&self, id: &str) -> String {
        let (ours, theirs) = (self.port(), self.relay);
        format!(
            "dgram,id={id},local.type=inet,local.host=127.0.0.1,local.port={theirs},\
             remote.type=inet,remote.host=127.0.0.1,remote.port={ours}"
        )
    }

    fn connect(&mut self) {
        self.socket.connect(("127.0.0.1", self.relay)).expect("connected");
        if self.destination.is_some() {
            let _ = self.socket.send(&introduction());
        }
    }
}

impl End for Datagrams {
    fn send(&mut self, length: usize, count: usize) {
        let frame = self.destination.map_or_else(|| plain(length), |port| to_host(length, port));
        for _ in 0..count {
            // Refused until the relay listens.
            let _ = self.socket.send_to(&frame, ("127.0.0.1", self.relay));
        }
    }

    fn receive(&mut self, count: usize, patience: Duration) -> usize {
        self.socket.set_read_timeout(Some(patience)).expect("a timeout");
        let mut taken = 0;
        while taken < count && self.socket.recv(&mut self.buffer).is_ok() {
            taken += 1;
        }
        taken
    }
}

/// Frames behind their length.
struct Stream {
    stream: UnixStream,
    held: Vec<u8>,
}

impl Stream {
    /// Takes whole frames out of what is held.
    fn take(&mut self, count: usize) -> usize {
        let (mut taken, mut place) = (0, 0);
        while taken < count {
            let Some(prefix) = self.held.get(place..place + 4) else { break };
            let length = u32::from_be_bytes(prefix.try_into().expect("four bytes")) as usize;
            if self.held.len() < place + 4 + length {
                break;
            }
            place += 4 + length;
            taken += 1;
        }
        self.held.drain(..place);
        taken
    }
}

impl End for Stream {
    fn send(&mut self, length: usize, count: usize) {
        let frame = plain(length);
        let mut bytes = u32::try_from(length).expect("short").to_be_bytes().to_vec();
        bytes.extend_from_slice(&frame);
        self.stream.write_all(&bytes.repeat(count)).expect("the relay takes them");
    }

    fn receive(&mut self, count: usize, patience: Duration) -> usize {
        self.stream.set_read_timeout(Some(patience)).expect("a timeout");
        let mut taken = self.take(count);
        let mut buffer = [0; 1 << 16];
        while taken < count {
            let Ok(read) = self.stream.read(&mut buffer) else { break };
            self.held.extend_from_slice(&buffer[..read]);
            taken += self.take(count - taken);
        }
        taken
    }
}

/// A packet socket on the interface of the tap: what the host's stack sees and sends there.
struct Interface(OwnedFd);

impl Interface {
    fn open() -> Self {
        let none = SockFlag::empty();
        let descriptor = socket(AddressFamily::Packet, SockType::Raw, none, SockProtocol::EthAll);
        let descriptor = descriptor.expect("root may");
        let mut addresses = nix::ifaddrs::getifaddrs().expect("interfaces");
        let link = addresses.find_map(|address| {
            let link = *address.address?.as_link_addr()?;
            (address.interface_name == INTERFACE).then_some(link)
        });
        bind(descriptor.as_raw_fd(), &link.expect("the interface")).expect("bound");
        Self(descriptor)
    }
}

impl End for Interface {
    fn send(&mut self, length: usize, count: usize) {
        let frame = plain(length);
        for _ in 0..count {
            send(self.0.as_raw_fd(), &frame, MsgFlags::empty()).expect("the interface takes it");
        }
    }

    fn receive(&mut self, count: usize, patience: Duration) -> usize {
        let patience = TimeVal::microseconds(i64::try_from(patience.as_micros()).expect("short"));
        setsockopt(&self.0, ReceiveTimeout, &patience).expect("a timeout");
        let mut buffer = [0; 2048];
        let mut taken = 0;
        while taken < count && recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()).is_ok() {
            taken += 1;
        }
        taken
    }
}
