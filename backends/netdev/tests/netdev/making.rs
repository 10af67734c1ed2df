//! From description to netdev.

use std::net::UdpSocket;
use std::sync::mpsc;
use std::time::Duration;

use elnic_contract::{Frame, VTime};
use elnic_netclient::{Doorbell, NetConfig, NetCore, NicOptions, OffloadSupport};
use elnic_netdev::{add, create};

use crate::netdev;

fn core() -> NetCore {
    NetCore::new(NetConfig::default(), Doorbell::silent())
}

fn refused(core: &mut NetCore, text: &str) -> String {
    add(core, &netdev(text)).unwrap_err().to_string()
}

fn dgram(id: &str, remote: &UdpSocket, more: &str) -> String {
    let port = remote.local_addr().unwrap().port();
    format!(
        "dgram,id={id},local.type=inet,local.host=127.0.0.1,local.port=0,\
         remote.type=inet,remote.host=127.0.0.1,remote.port={port}{more}"
    )
}

#[test]
fn user_dgram_and_hubport_are_made() {
    let mut core = core();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    add(&mut core, &netdev("user,id=u0,net=10.7.0.0/24,restrict=on")).unwrap();
    add(&mut core, &netdev(&dgram("d0", &peer, ""))).unwrap();
    add(&mut core, &netdev("hubport,id=h0,hubid=4,netdev=u0")).unwrap();
    add(&mut core, &netdev("hubport,id=h1,hubid=4")).unwrap();
    let info = core.info_network();
    assert!(
        info.starts_with(
            "hub 4\n \\ h1\n \\ h0: u0: index=0,type=user,net=10.7.0.0,restrict=on\n\
             d0: index=0,type=dgram,udp=127.0.0.1:"
        ),
        "{info}"
    );
}

#[test]
fn frames_cross_a_netdev_made_from_text() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let patience = Duration::from_secs(20);
    peer.set_read_timeout(Some(patience)).unwrap();
    let (ring, rung) = mpsc::sync_channel(1);
    let doorbell = Doorbell::new(move || {
        let _ = ring.try_send(());
    });
    let mut core = NetCore::new(NetConfig::default(), doorbell);
    add(&mut core, &netdev(&dgram("d0", &peer, ""))).unwrap();
    let nic = core.add_nic(NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        netdev: Some("d0".to_owned()),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    });
    let nic = nic.unwrap();
    core.send(nic, VTime::ZERO, Frame::new(vec![7; 60], VTime::ZERO).unwrap()).unwrap();
    let (length, netdev) = peer.recv_from(&mut [0; 100]).unwrap();
    assert_eq!(length, 60);
    peer.send_to(&[9; 70], netdev).unwrap();
    let frame = loop {
        rung.recv_timeout(patience).unwrap();
        core.poll(VTime::from_nanos(3));
        if let Some(frame) = core.take(nic) {
            break frame;
        }
    };
    assert_eq!((frame.data(), frame.arrival()), (&[9; 70][..], VTime::from_nanos(3)));
}

#[test]
fn types_this_version_lacks_are_refused_with_what_it_has() {
    for (kind, more) in [
        ("netmap", ",ifname=x"),
        ("vhost-vdpa", ""),
        ("vmnet-host", ""),
        ("vmnet-shared", ""),
        ("vmnet-bridged", ",ifname=en0"),
    ] {
        let netdev = netdev(&format!("{kind},id=n0{more}"));
        assert_eq!(
            create(&netdev).err().unwrap().to_string(),
            format!(
                "network backend '{kind}' is not compiled into this binary: this version has user, tap, l2tpv3, socket, stream, dgram, vde, bridge, hubport, vhost-user"
            )
        );
    }
    assert!(create(&netdev("none,id=n0")).err().unwrap().to_string().starts_with("'none' is no"));
    assert!(create(&netdev("nic,id=n0")).err().unwrap().to_string().starts_with("'nic' is no"));
}

#[test]
fn every_option_of_user_reaches_the_user_netdev() {
    // Each is wrong in a way that only the user netdev knows.
    for (option, why) in [
        ("hostname=LONG", "'vhostname' parameter cannot exceed 255 bytes"),
        ("ipv4=off,ipv6=off", "IPv4 and IPv6 disabled"),
        ("ipv4=off,ip=10.0.0.0", "IPv4 disabled but netmask/host/dns provided"),
        ("net=10.0.2.0/33", "Invalid netmask provided (must be in range 4-32)"),
        ("host=11.0.0.1", "Host doesn't belong to network"),
        ("bootfile=LONG", "'bootfile' of 256 bytes"),
        ("dhcpstart=11.0.0.1", "DHCP doesn't belong to network"),
        ("dns=10.0.2.2", "DNS must be different from host"),
        ("restrict=on,dns=11.0.0.1", "DNS doesn't belong to network"),
        ("dnssearch=..", "'dnssearch' entry '..'"),
        ("domainname=", "'domainname' parameter cannot be empty"),
        ("ipv6-prefix=x", "Failed to parse IPv6 prefix"),
        ("ipv6-prefixlen=127", "Invalid IPv6 prefix provided"),
        ("ipv6-host=fd00::1", "IPv6 Host doesn't belong to network"),
        ("ipv6-dns=x", "Failed to parse IPv6 DNS"),
        ("tftp=/nonexistent", "'tftp=/nonexistent' is no readable directory"),
        ("tftp-server-name=LONG", "'tftp-server-name' parameter cannot exceed 255 bytes"),
        ("smb=/nonexistent", "Error accessing shared directory '/nonexistent'"),
        ("smbserver=10.0.2.4", "'smbserver' is where the server of 'smb' is"),
        ("hostfwd=tcp", "Invalid host forwarding rule 'tcp' (No : separators)"),
        (
            "guestfwd=tcp:10.0.2.2:1-cmd:x",
            "Conflicting/invalid host:port in guest forwarding rule 'tcp:10.0.2.2:1-cmd:x'",
        ),
    ] {
        let text = format!("user,id=n0,{}", option.replace("LONG", &"x".repeat(256)));
        let said = create(&netdev(&text)).err().map(|error| error.to_string());
        assert!(said.as_ref().is_some_and(|said| said.starts_with(why)), "{option}: {said:?}");
    }
}

#[test]
fn what_dgram_would_ignore_is_refused() {
    let mut core = core();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (more, why) in [
        (",remote.to=9", "dgram does not support 'remote.to'"),
        (",local.keep-alive=on", "dgram does not support 'local.keep-alive=on'"),
        (",local.mptcp=on", "dgram does not support 'local.mptcp=on'"),
        (",local.ipv4=off", "dgram does not support 'local.ipv4=off'"),
    ] {
        let said = refused(&mut core, &dgram("d0", &peer, more));
        assert!(said.starts_with(why), "{said}");
    }
    let unix = "dgram,id=d,local.type=unix,local.path=l,remote.type=unix,remote.path=r";
    let said = refused(&mut core, &format!("{unix},local.abstract=on"));
    assert!(said.starts_with("dgram does not support 'local.abstract=on'"), "{said}");
    let name = "dgram,id=d,local.type=inet,local.host=localhost,local.port=0,local.numeric=on";
    assert!(refused(&mut core, name).starts_with("dgram does not support 'local.numeric=on'"));
    // What happens anyway may be said.
    let said = dgram("d0", &peer, ",local.numeric=on,local.ipv4=on,local.ipv6=off,local.mptcp=off");
    add(&mut core, &netdev(&said)).unwrap();
}

#[test]
fn a_duplicate_id_is_refused_before_anything_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let text = format!(
        "dgram,id=d0,local.type=unix,local.path={},remote.type=unix,remote.path={}",
        path("l"),
        path("r")
    );
    let mut core = core();
    add(&mut core, &netdev(&text)).unwrap();
    assert_eq!(refused(&mut core, &text), "Duplicate ID 'd0' for netdev");
    let peer = std::os::unix::net::UnixDatagram::unbound().unwrap();
    assert!(peer.send_to(&[1; 60], path("l")).is_ok(), "the first one still has its path");
}

#[test]
fn a_refused_dgram_leaves_no_netdev_behind() {
    let mut core = core();
    let long = "x".repeat(200);
    let text =
        format!("dgram,id=d0,local.type=unix,local.path={long},remote.type=unix,remote.path=r");
    assert!(refused(&mut core, &text).starts_with("UNIX socket path 'xxx"));
    assert_eq!(core.netdev("d0"), None);
}

#[test]
fn every_member_of_a_stream_reaches_the_stream_netdev() {
    let mut core = core();
    let inet = "stream,id=s,addr.type=inet,addr.host=127.0.0.1,addr.port=1";
    for (text, why) in [
        (
            format!("{inet},server=on,reconnect=1"),
            "'reconnect' option is incompatible with socket in server mode",
        ),
        (
            format!("{inet},reconnect=1,reconnect-ms=1"),
            "'reconnect' and 'reconnect-ms' are mutually exclusive",
        ),
        (format!("{inet},addr.to=9"), "'addr.to' is a range of ports"),
        (
            format!("{inet},addr.ipv4=off"),
            "can't resolve host address '127.0.0.1': it has no IPv6 address",
        ),
        (
            format!("{inet},addr.ipv4=off,addr.ipv6=off"),
            "Cannot disable IPv4 and IPv6 at same time",
        ),
        (
            "stream,id=s,addr.type=inet,addr.host=x,addr.port=1,addr.numeric=on".to_owned(),
            "'addr.numeric=on', but the host 'x' is a name",
        ),
        (
            "stream,id=s,addr.type=vsock,addr.cid=2,addr.port=1".to_owned(),
            "addr.type=vsock is not supported",
        ),
        (
            "stream,id=s,addr.type=fd,addr.str=999".to_owned(),
            "file descriptor '999' is not the number of an open descriptor",
        ),
        (
            format!("stream,id=s,addr.type=unix,addr.path={}", "x".repeat(108)),
            "UNIX socket path 'xxx",
        ),
        (
            format!("stream,id=s,addr.type=unix,addr.abstract=on,addr.path={}", "x".repeat(108)),
            "UNIX socket path 'xxx",
        ),
        (
            "socket,id=s,listen=:1,connect=:1".to_owned(),
            "exactly one of fd=, listen=, connect=, mcast= or udp= is required",
        ),
        ("socket,id=s,udp=127.0.0.1:1".to_owned(), "localaddr= is mandatory with udp="),
        ("socket,id=s,mcast=10.0.0.1:1".to_owned(), "specified mcastaddr 10.0.0.1"),
        ("socket,id=s,fd=999".to_owned(), "file descriptor '999' is not"),
        (
            "socket,id=s,fd=0,localaddr=127.0.0.1".to_owned(),
            "localaddr= is only valid with mcast= or udp=",
        ),
    ] {
        let said = refused(&mut core, &text);
        assert!(said.starts_with(why), "{text}: {said}");
        assert_eq!(core.netdev("s"), None, "a refused netdev leaves nothing behind");
    }
}

#[test]
fn a_link_set_up_over_a_stream_without_a_peer_sends_nothing_and_stands() {
    let directory = tempfile::tempdir().unwrap();
    let mut core = core();
    let path = directory.path().join("s");
    let text = format!("stream,id=s0,server=on,addr.type=unix,addr.path={}", path.display());
    add(&mut core, &netdev(&text)).unwrap();
    let nic = core.add_nic(NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        netdev: Some("s0".to_owned()),
        pad_short: true,
        offload: OffloadSupport::NONE,
        rings: false,
    });
    let nic = nic.unwrap();
    core.set_link("s0", true).unwrap();
    core.send(nic, VTime::ZERO, Frame::new(vec![7; 60], VTime::ZERO).unwrap()).unwrap();
    assert_eq!(core.stats(nic).unwrap().lost(elnic_netclient::Loss::LinkDown), 1);
    assert!(
        core.info_network().ends_with("s0: index=0,type=stream,listening\n"),
        "{}",
        core.info_network()
    );
}

#[test]
fn a_monitor_hears_of_streams_by_their_netdev() {
    use elnic_netclient::{Endpoint, Notice};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut core = core();
    let text = format!(
        r#"{{"type":"stream","id":"s0","server":true,"addr":{{"type":"unix","path":"{}"}}}}"#,
        path.display()
    );
    add(&mut core, &netdev(&text)).unwrap();
    drop(std::os::unix::net::UnixStream::connect(&path).unwrap());
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(core.notices());
        std::thread::sleep(Duration::from_millis(1));
    }
    let address = Endpoint::Unix { path };
    assert_eq!(
        told,
        [
            ("s0".to_owned(), Notice::StreamConnected { address }),
            ("s0".to_owned(), Notice::StreamDisconnected)
        ]
    );
}

#[test]
fn every_option_of_l2tpv3_and_of_vde_reaches_its_netdev() {
    let mut core = core();
    let udp = "l2tpv3,id=t,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=0,dstport=9,txsession=1";
    for (text, why) in [
        (format!("{udp},offset=256"), "offset must be less than 256 bytes"),
        (format!("{udp},txcookie=1"), "require both 'rxcookie' and 'txcookie' or neither"),
        (format!("{udp},txcookie=1,rxcookie=0x1ffffffff"), "'rxcookie=8589934591' does not fit"),
        (format!("{udp},cookie64=on"), "'cookie64' is the width of"),
        (format!("{udp},ipv6=on"), "could not resolve src '127.0.0.1': it has no IPv6 address"),
        (format!("{udp},src=nowhere.invalid"), "could not resolve src 'nowhere.invalid'"),
        (format!("{udp},dst=::1"), "could not resolve dst '::1'"),
        (format!("{udp},udp=off"), "'srcport' is a port of UDP"),
        (
            "vde,id=t,sock=/nonexistent".to_owned(),
            "Could not open vde: can't reach the switch at /nonexistent/ctl",
        ),
        (
            "vde,id=t,sock=/nonexistent,mode=01000".to_owned(),
            "Could not open vde: mode=0o1000 is out of range",
        ),
        (
            "vde,id=t,sock=/nonexistent,group=no such group".to_owned(),
            "Could not open vde: there is no group",
        ),
    ] {
        let said = refused(&mut core, &text);
        assert!(said.starts_with(why), "{text}: {said}");
    }
    add(
        &mut core,
        &netdev(&format!(
            "{udp},rxsession=2,counter=on,pincounter=on,cookie64=off,txcookie=1,rxcookie=2,offset=4"
        )),
    )
    .unwrap();
    assert!(core.info_network().ends_with("type=l2tpv3,l2tpv3: connected\n"));
}

#[test]
fn every_option_of_tap_and_of_bridge_reaches_its_netdev() {
    let mut core = core();
    let with_fd = "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, fds=, and vhostfds= are invalid with fd=";
    for option in [
        "ifname=t",
        "script=x",
        "downscript=x",
        "vnet_hdr=on",
        "helper=h",
        "queues=2",
        "fds=4",
        "vhostfds=4",
    ] {
        assert_eq!(refused(&mut core, &format!("tap,id=t,fd=3,{option}")), with_fd);
    }
    for (text, why) in [
        ("tap,id=t,fd=999", "file descriptor '999' is not the number of an open descriptor"),
        ("tap,id=t,fds=998:999", "file descriptor '998' is not the number of an open descriptor"),
        (
            "tap,id=t,ifname=a234567890123456",
            "'ifname=a234567890123456' is no name of an interface",
        ),
        ("tap,id=t,queues=0", "'queues=0' is out of range: it takes 1 to 1024"),
        ("tap,id=t,br=b", "'br' names the bridge for helper="),
        ("tap,id=t,vhost=on", "'vhost=on' is not supported"),
        ("tap,id=t,vhostforce=on", "'vhostforce=on' is not supported"),
        ("tap,id=t,vhostfd=3", "'vhostfd(s)=' is not supported"),
        ("tap,id=t,vhost=off,vhostfd=3", "vhostfd(s)= is not valid without vhost"),
        ("tap,id=t,vhostfds=3", "vhostfds= is invalid if fds= wasn't specified"),
        ("tap,id=t,helper=/nonexistent", "could not launch bridge helper '/nonexistent'"),
        ("bridge,id=t,helper=/nonexistent", "could not launch bridge helper '/nonexistent'"),
        ("bridge,id=t,br=b7,helper=echo $* >&2; false #", "bridge helper failed"),
    ] {
        let said = refused(&mut core, text);
        assert!(said.starts_with(why), "{text}: {said}");
        assert_eq!(core.netdev("t"), None);
    }
}
