//! The two ends of a relay: a unix stream on its near side, which costs least, and whatever the netdev leads to.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use elnic_tests::namespace::Namespace;
use elnic_tests::process::wait_for;

use crate::frames::{introduction, plain, to_host};
use crate::messages::{Messages, packet_socket};
use crate::stream::Stream;

/// The tap.
const INTERFACE: &str = "perf0";

/// Where frames are put in or come out.
pub(crate) trait End {
    /// Sends `frame` so many times.
    fn send(&mut self, frame: &[u8], count: usize);

    /// Takes up to `count` frames and says how many came while none was longer than `patience` in coming.
    fn receive(&mut self, count: usize, patience: Duration) -> usize;
}

/// What a relay is started with, and what its ends are opened with afterwards.
pub(crate) struct Paths {
    /// The netdev that is measured; its id is `x`.
    pub(crate) netdev: String,
    /// The other one; its id is `near`.
    pub(crate) near: String,
    /// Where the relay has to run.
    pub(crate) namespace: Option<Namespace>,
    /// The port of the host that the guest sends to, for `user`.
    host: Option<u16>,
    listener: UnixListener,
    far: Far,
}

enum Far {
    /// Open from the beginning.
    Messages(Messages),
    /// The relay connects to it.
    Listener(UnixListener),
    /// The relay has to open it first.
    Tap,
}

/// Both ends, and what goes from the near one.
pub(crate) struct Ends {
    pub(crate) near: Stream,
    pub(crate) far: Box<dyn End>,
}

impl Paths {
    /// The surroundings of a netdev of this type; `None` where they cannot be had.
    pub(crate) fn make(netdev: &str, folder: &Path) -> Option<Self> {
        let (near, listener) = listen(folder, "near");
        let (mut namespace, mut host) = (None, None);
        let (netdev, far) = match netdev {
            "dgram" => {
                let (far, relay) = (Messages::datagrams(), elnic_tests::process::free_port());
                far.connect(relay);
                (datagrams(relay, far.port()), Far::Messages(far))
            }
            "stream" => {
                let (far, listener) = listen(folder, "x");
                (far, Far::Listener(listener))
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
                let far = Messages::datagrams();
                host = Some(far.port());
                ("user,id=x".into(), Far::Messages(far))
            }
            other => panic!("no way to measure {other}"),
        };
        Some(Self { netdev, near, namespace, host, listener, far })
    }

    /// A frame of `length` bytes that crosses.
    pub(crate) fn frame(&self, length: usize) -> Vec<u8> {
        self.host.map_or_else(|| plain(length), |port| to_host(length, port))
    }

    /// Both ends, once the relay is started, and where it has to run.
    pub(crate) fn open(self) -> (Ends, Option<Namespace>) {
        let mut near = Stream::accept(&self.listener);
        if self.host.is_some() {
            near.send(&introduction(), 1);
        }
        let far: Box<dyn End> = match self.far {
            Far::Messages(end) => Box::new(end),
            Far::Listener(listener) => Box::new(Stream::accept(&listener)),
            Far::Tap => {
                let namespace = self.namespace.as_ref().expect("a tap has one");
                // The carrier comes with the program that opens the interface.
                wait_for("the relay at its tap", || {
                    let carrier = format!("/sys/class/net/{INTERFACE}/carrier");
                    let output = namespace.command("cat").arg(carrier).output();
                    output.is_ok_and(|output| output.stdout.starts_with(b"1"))
                });
                Box::new(Messages::over(namespace.enter(|| packet_socket(INTERFACE))))
            }
        };
        (Ends { near, far }, self.namespace)
    }
}

/// A netdev that connects to a socket in `folder`.
fn listen(folder: &Path, id: &str) -> (String, UnixListener) {
    let path = folder.join(id);
    let listener = UnixListener::bind(&path).expect("a listener");
    let path = path.display();
    (format!("stream,id={id},server=off,addr.type=unix,addr.path={path}"), listener)
}

/// A netdev at UDP port `local` with its peer at `remote`.
fn datagrams(local: u16, remote: u16) -> String {
    format!(
        "dgram,id=x,local.type=inet,local.host=127.0.0.1,local.port={local},\
         remote.type=inet,remote.host=127.0.0.1,remote.port={remote}"
    )
}
