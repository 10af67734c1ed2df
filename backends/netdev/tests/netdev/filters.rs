//! `-object filter-…`.

use std::fs;

use elnic_contract::VTime;
use elnic_netclient::{
    Doorbell, DumpClock, DumpFormat, FilterOptions, FilterPosition, FilterQueue, NetConfig, NetCore,
};
use elnic_netdev::{Chardevs, Filter, FilterKind, Request, add, is_filter, parse_filter};

use crate::netdev;

fn filter(text: &str) -> Filter {
    match parse_filter(text).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Request::Make(filter) => filter,
        Request::Help(help) => panic!("{help}"),
    }
}

fn refusal(text: &str) -> String {
    parse_filter(text).unwrap_err().to_string()
}

#[test]
fn a_dump_is_read_with_its_defaults_and_with_everything() {
    let plain = filter("filter-dump,id=f0,netdev=n0,file=a.pcap");
    assert_eq!(
        plain,
        Filter {
            options: FilterOptions {
                id: "f0".to_owned(),
                netdev: "n0".to_owned(),
                queue: FilterQueue::All,
                position: FilterPosition::Tail,
                active: true,
            },
            kind: FilterKind::Dump {
                file: "a.pcap".into(),
                max_length: 65_536,
                clock: DumpClock::Virtual,
                format: DumpFormat::Pcap,
            },
        }
    );
    let full = filter(
        "qom-type=filter-dump,id=f0,netdev=n0,file=a,,b,maxlen=96,clock=host,queue=rx,status=off,\
         position=id=f9,insert=before",
    );
    assert_eq!(full.options.position, FilterPosition::Before("f9".to_owned()));
    assert_eq!((full.options.queue, full.options.active), (FilterQueue::Rx, false));
    let FilterKind::Dump { file, max_length, clock, .. } = full.kind else { panic!("a dump") };
    assert_eq!((file.to_str(), max_length, clock), (Some("a,b"), 96, DumpClock::Host));
    let json = filter(r#"{"qom-type":"filter-buffer","id":"b","netdev":"n","interval":5}"#);
    assert_eq!(json.kind, FilterKind::Buffer { interval: 5 });
}

#[test]
fn refusals_name_the_option_and_what_it_takes() {
    for (text, why) in [
        ("filter-dump,netdev=n,file=f", "Parameter 'id' is missing"),
        ("filter-dump,id=f,netdev=n", "Parameter 'file' is missing"),
        ("filter-dump,id=f,file=x", "Parameter 'netdev' is missing"),
        (
            "filter-dump,id=f,netdev=n,file=x,maxln=1",
            "Parameter 'maxln' is unexpected; did you mean 'maxlen'?",
        ),
        (
            "filter-dump,id=f,netdev=n,file=x,queue=in",
            "Parameter 'queue' does not accept value 'in': it takes all, rx, tx",
        ),
        (
            "filter-dump,id=f,netdev=n,file=x,position=top",
            "Parameter 'position' does not accept value 'top': it takes head, tail, id=FILTER",
        ),
        (
            "filter-dump,id=f,netdev=n,file=x,maxlen=-1",
            "Parameter 'maxlen' expects uint32_t: 0 to 4294967295, not '-1'",
        ),
        ("filter-buffer,id=f,netdev=n,file=x", "Parameter 'file' is unexpected"),
        (
            "filter-dmp,id=f",
            "Parameter 'qom-type' does not accept value 'filter-dmp': it takes filter-dump, filter-buffer, filter-mirror, filter-redirector, net-fault; did you mean 'filter-dump'?",
        ),
        (
            "filter-replay,id=f,netdev=n",
            "object type 'filter-replay' is not built into this version: it has filter-dump, filter-buffer, filter-mirror, filter-redirector, net-fault",
        ),
        ("id=f", "Parameter 'qom-type' is missing"),
        (
            "filter-dump,id=f f,netdev=n,file=x",
            "Parameter 'id' expects an identifier: a letter, then letters, digits, '-', '.' and '_', not 'f f'",
        ),
    ] {
        assert_eq!(refusal(text), why, "{text}");
    }
    assert!(is_filter("filter-replay") && is_filter("filter-dump") && !is_filter("rng-random"));
}

#[test]
fn help_lists_the_options_of_all_filters_and_of_this_one() {
    let Ok(Request::Help(help)) = parse_filter("filter-dump,help") else { panic!("help") };
    assert!(
        help.contains("netdev=<text>                netdev to stand at (required)\n"),
        "{help}"
    );
    assert!(help.contains("maxlen=<uint32_t>            bytes kept of a frame (default: 65536)\n"));
}

#[test]
fn a_filter_is_put_in_its_place_and_a_file_is_only_touched_then() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.pcap");
    let mut core = NetCore::new(NetConfig::default(), Doorbell::silent());
    let text = format!("filter-dump,id=f0,netdev=h0,file={}", file.display());
    fs::write(&file, "precious").unwrap();
    let error = filter(&text)
        .add_to(&mut core, &mut Chardevs::default(), VTime::ZERO)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "Parameter 'netdev' expects a network backend id: there is no 'h0'");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    add(&mut core, &netdev("hubport,id=h0,hubid=0")).unwrap();
    filter(&text).add_to(&mut core, &mut Chardevs::default(), VTime::ZERO).unwrap();
    assert_eq!(fs::read(&file).unwrap().len(), 24);
    let zero = filter("filter-buffer,id=b0,netdev=h0,interval=0").add_to(
        &mut core,
        &mut Chardevs::default(),
        VTime::ZERO,
    );
    assert_eq!(
        zero.unwrap_err().to_string(),
        "Property 'filter-buffer.interval' requires a positive value"
    );
    let zero = filter(&format!("{text},maxlen=0,id=f1")).add_to(
        &mut core,
        &mut Chardevs::default(),
        VTime::ZERO,
    );
    assert_eq!(
        zero.unwrap_err().to_string(),
        "Property 'filter-dump.maxlen' takes 1 to 4294967295, not 0"
    );
}

#[test]
fn faults_are_read_with_their_units() {
    let FilterKind::Fault(faults) = filter(
        "net-fault,id=f,netdev=n,seed=7,loss=1.5,duplicate=100,corrupt=0.0001,reorder=2,delay=500,jitter=20,rate=1M,limit=9",
    )
    .kind
    else {
        panic!("faults")
    };
    let micros = elnic_contract::VDuration::from_micros;
    let expected = elnic_netclient::FaultOptions {
        seed: 7,
        loss: 15_000,
        duplicate: 1_000_000,
        corrupt: 1,
        reorder: 20_000,
        delay: micros(500),
        jitter: micros(20),
        rate: 1 << 20,
        limit: 9,
    };
    assert_eq!(faults, expected);
    let json = filter(r#"{"qom-type":"net-fault","id":"f","netdev":"n","loss":1.5,"rate":8}"#);
    assert!(
        matches!(json.kind, FilterKind::Fault(faults) if faults.loss == 15_000 && faults.rate == 8)
    );
    for loss in ["101", "-1", "1.23456", "x", ""] {
        assert_eq!(
            refusal(&format!("net-fault,id=f,netdev=n,loss={loss}")),
            format!(
                "Parameter 'loss' expects a percentage: 0 to 100 with at most 4 digits behind the point, not '{loss}'"
            )
        );
    }
    let Ok(Request::Help(help)) = parse_filter("net-fault,help") else { panic!("help") };
    assert!(
        help.contains(
            "delay=<uint32_t>             µs of virtual time each frame takes (default: 0)\n"
        ),
        "{help}"
    );
}

#[test]
fn filters_on_chardevs_say_what_is_wrong() {
    for (text, why) in [
        ("filter-mirror,id=f,netdev=n", "Parameter 'outdev' is missing"),
        (
            "filter-mirror,id=f,netdev=n,outdev=c,vnet_hdr_support=on",
            "'vnet_hdr_support=on' is not supported: frames are finished before they leave",
        ),
        (
            "filter-redirector,id=f,netdev=n",
            "filter redirector needs 'indev' or 'outdev' at least one property set",
        ),
        (
            "filter-redirector,id=f,netdev=n,indev=c,outdev=c",
            "'indev' and 'outdev' could not be same for filter redirector",
        ),
    ] {
        assert_eq!(refusal(text), why);
    }
}

#[test]
fn a_mirror_copies_and_a_redirector_takes_and_brings_over_real_streams() {
    use elnic_contract::Frame;
    use elnic_netclient::NicOptions;
    use elnic_netdev::{Chardev, StreamAddress, StreamOptions};
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    let directory = tempfile::tempdir().unwrap();
    let mut chardevs = Chardevs::default();
    let mut peer = |id: &str| {
        let path = directory.path().join(id);
        let address = StreamAddress::Unix { path: path.clone(), is_abstract: false, tight: true };
        let options = StreamOptions { address, server: true, reconnect: None, reconnect_ms: None };
        let chardev = Chardev { id: id.to_owned(), options };
        chardevs.add(&chardev).unwrap();
        assert_eq!(
            chardevs.add(&chardev).unwrap_err().to_string(),
            format!("Duplicate ID '{id}' for chardev")
        );
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        stream
    };
    let (mut copies, mut taken, mut brought) = (peer("copies"), peer("taken"), peer("brought"));
    let (ring, rung) = std::sync::mpsc::sync_channel(1);
    let doorbell = Doorbell::new(move || {
        let _ = ring.try_send(());
    });
    let mut core = NetCore::new(NetConfig::default(), doorbell);
    add(&mut core, &netdev("hubport,id=h0,hubid=0")).unwrap();
    let mut put = |core: &mut NetCore, text: &str| {
        filter(text).add_to(core, &mut chardevs, VTime::ZERO).map_err(|error| error.to_string())
    };
    put(&mut core, "filter-mirror,id=m,netdev=h0,queue=rx,position=tail,outdev=copies").unwrap();
    assert_eq!(
        put(&mut core, "filter-mirror,id=m2,netdev=h0,outdev=copies").unwrap_err(),
        "Device 'copies' is in use"
    );
    assert_eq!(
        put(&mut core, "filter-mirror,id=m2,netdev=h0,outdev=takn").unwrap_err(),
        "Device 'takn' not found; did you mean 'taken'?"
    );
    // A refusal leaves the chardev that is there for another.
    assert!(put(&mut core, "filter-redirector,id=r,netdev=h0,indev=nowhere,outdev=taken").is_err());
    put(&mut core, "filter-redirector,id=r,netdev=h0,queue=rx,position=head,outdev=taken").unwrap();
    put(&mut core, "filter-redirector,id=b,netdev=h0,queue=tx,indev=brought").unwrap();
    let nic = NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        netdev: Some("h0".to_owned()),
        pad_short: true,
        offload: elnic_netclient::OffloadSupport::NONE,
        rings: false,
    };
    let nic = core.add_nic(nic).unwrap();
    let mut read = [0; 64];
    for stream in [&mut copies, &mut taken] {
        // Until the netdev's end has accepted, frames miss it.
        let mut sent = 0;
        loop {
            core.send(nic, VTime::ZERO, Frame::new(vec![7; 60], VTime::ZERO).unwrap()).unwrap();
            sent += 1;
            match stream.read_exact(&mut read) {
                Ok(()) => break,
                Err(error) => assert!(sent < 400, "nothing comes: {error}"),
            }
        }
        assert_eq!((&read[..4], &read[4..]), (&[0, 0, 0, 60][..], &[7; 60][..]));
    }
    let stats = core.stats(nic).unwrap();
    assert_eq!(stats.lost(elnic_netclient::Loss::Filtered), stats.sent_frames, "all were taken");
    let mut wire = vec![0, 0, 0, 70];
    wire.extend([9; 70]);
    brought.write_all(&wire).unwrap();
    let frame = loop {
        core.poll(VTime::ZERO);
        if let Some(frame) = core.take(nic) {
            break frame;
        }
        rung.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    };
    assert_eq!(frame.data(), [9; 70]);
}
