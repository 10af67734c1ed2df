//! `-object filter-…`.

use std::fs;

use elnic_contract::VTime;
use elnic_netclient::{
    Doorbell, DumpClock, FilterOptions, FilterPosition, FilterQueue, NetConfig, NetCore,
};
use elnic_netdev::{Filter, FilterKind, Request, add, is_filter, parse_filter};

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
            },
        }
    );
    let full = filter(
        "qom-type=filter-dump,id=f0,netdev=n0,file=a,,b,maxlen=96,clock=host,queue=rx,status=off,\
         position=id=f9,insert=before",
    );
    assert_eq!(full.options.position, FilterPosition::Before("f9".to_owned()));
    assert_eq!((full.options.queue, full.options.active), (FilterQueue::Rx, false));
    let FilterKind::Dump { file, max_length, clock } = full.kind else { panic!("a dump") };
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
            "Parameter 'qom-type' does not accept value 'filter-dmp': it takes filter-dump, filter-buffer; did you mean 'filter-dump'?",
        ),
        (
            "filter-mirror,id=f,netdev=n",
            "object type 'filter-mirror' is not built into this version: it has filter-dump, filter-buffer",
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
    let error = filter(&text).add_to(&mut core, VTime::ZERO).unwrap_err().to_string();
    assert_eq!(error, "Parameter 'netdev' expects a network backend id: there is no 'h0'");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    add(&mut core, &netdev("hubport,id=h0,hubid=0")).unwrap();
    filter(&text).add_to(&mut core, VTime::ZERO).unwrap();
    assert_eq!(fs::read(&file).unwrap().len(), 24);
    let zero = filter("filter-buffer,id=b0,netdev=h0,interval=0").add_to(&mut core, VTime::ZERO);
    assert_eq!(
        zero.unwrap_err().to_string(),
        "Property 'filter-buffer.interval' requires a positive value"
    );
    let zero = filter(&format!("{text},maxlen=0,id=f1")).add_to(&mut core, VTime::ZERO);
    assert_eq!(
        zero.unwrap_err().to_string(),
        "Property 'filter-dump.maxlen' takes 1 to 4294967295, not 0"
    );
}
