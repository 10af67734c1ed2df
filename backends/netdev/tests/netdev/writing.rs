//! The grammars: what may be written, and what is said of what may not.

use elnic_netdev::options::{DgramOptions, HubPortOptions, SocketAddress, Text, UserOptions};
use elnic_netdev::{
    Interface, NetRequest, NetdevOptions, NicRequest, Request, parse, parse_net, parse_nic,
};

use crate::{netdev, refusal};

fn user(text: &str) -> UserOptions {
    match netdev(text).options {
        NetdevOptions::User(options) => *options,
        other => panic!("{other:?}"),
    }
}

fn texts(list: &[&str]) -> Vec<Text> {
    list.iter().map(|text| Text { str: (*text).to_owned() }).collect()
}

#[test]
fn user_is_written_traditionally() {
    let options = user(
        "user,id=n0,restrict,noipv6,net=10.1.0.0/16,hostfwd=tcp::2222-:22,hostname=a,,b,\
         hostfwd=udp::5-:6,dnssearch=x.org,hostname=c,ipv6-prefixlen=0x40",
    );
    assert_eq!(options.restrict, Some(true));
    assert_eq!(options.ipv6, Some(false));
    assert_eq!(options.net.as_deref(), Some("10.1.0.0/16"));
    assert_eq!(options.hostname.as_deref(), Some("c"), "the last of a scalar stands");
    assert_eq!(options.hostfwd, texts(&["tcp::2222-:22", "udp::5-:6"]));
    assert_eq!(options.dnssearch, texts(&["x.org"]));
    assert_eq!(options.ipv6_prefixlen, Some(64));
    assert_eq!(netdev("type=user,id=n-0._x").id, "n-0._x");
    assert_eq!(user("user,id=n,hostname=a,,b").hostname.as_deref(), Some("a,b"));
}

#[test]
fn ipv6_net_stands_for_prefix_and_length() {
    let options = user("user,id=n0,ipv6-net=fd00::/80");
    assert_eq!(
        (options.ipv6_prefix.as_deref(), options.ipv6_prefixlen),
        (Some("fd00::"), Some(80))
    );
    assert_eq!(user("user,id=n0,ipv6-net=fd00::").ipv6_prefixlen, Some(64));
    assert_eq!(
        refusal("user,id=n0,ipv6-net=fd00::/x"),
        "Parameter 'ipv6-prefixlen' expects a number, not 'x'"
    );
}

#[test]
fn dgram_is_written_dotted_or_in_json() {
    let dotted = netdev(
        "dgram,id=d0,local.type=inet,local.host=127.0.0.1,local.port=1,remote.type=unix,remote.path=/a,,b",
    );
    let json = netdev(
        r#"{"type":"dgram","id":"d0","local":{"type":"inet","host":"127.0.0.1","port":"1"},
            "remote":{"type":"unix","path":"/a,b"}}"#,
    );
    assert_eq!(dotted, json);
    let NetdevOptions::Dgram(DgramOptions { remote: Some(SocketAddress::Unix(unix)), .. }) =
        json.options
    else {
        panic!("a unix address")
    };
    assert_eq!(unix.path.to_str(), Some("/a,b"));
}

#[test]
fn user_in_json_has_the_schemas_shape() {
    let options = user(
        r#"{"type":"user","id":"n","restrict":true,"ipv6-prefixlen":-1,"dnssearch":[{"str":"a"},{"str":"b"}]}"#,
    );
    assert_eq!(options.dnssearch, texts(&["a", "b"]));
    assert_eq!(options.ipv6_prefixlen, Some(-1));
}

#[test]
fn refusals_use_qemus_words_for_each_grammar_and_say_more() {
    for (text, why) in [
        // Traditional.
        ("user,id=n,bogus=1", "Invalid parameter 'bogus'"),
        ("user,id=n,hostnam=x", "Invalid parameter 'hostnam'; did you mean 'hostname'?"),
        ("user,id=n,restrict=maybe", "Parameter 'restrict' expects 'on' or 'off', not 'maybe'"),
        ("user,id=n,hostname", "Expected '=' after parameter 'hostname'"),
        ("user,id=n,nohostname", "Invalid parameter 'nohostname'; did you mean 'hostname'?"),
        (
            "hubport,id=h,hubid=x",
            "Parameter 'hubid' expects int32_t: -2147483648 to 2147483647, not 'x'",
        ),
        (
            "hubport,id=h,hubid=2147483648",
            "Parameter 'hubid' expects int32_t: -2147483648 to 2147483647, not '2147483648'",
        ),
        ("hubport,id=h", "Parameter 'hubid' is missing"),
        (
            "tap,id=t,sndbuf=1x",
            "Parameter 'sndbuf' expects a size value: bytes, or a number and k, M, G, T, P or E, not '1x'",
        ),
        ("tap,id=t,queues=-1", "Parameter 'queues' expects uint32_t: 0 to 4294967295, not '-1'"),
        ("user", "Parameter 'id' is missing"),
        ("id=n", "Parameter 'type' is missing"),
        ("", "Parameter 'type' is missing"),
        (
            "user,id=9",
            "Parameter 'id' expects an identifier: a letter, then letters, digits, '-', '.' and '_', not '9'",
        ),
        // Dotted.
        ("dgram,id=d,bogus=1", "Parameter 'bogus' is unexpected"),
        ("dgram,id=d,remot.type=unix", "Parameter 'remot' is unexpected; did you mean 'remote'?"),
        ("dgram,id=d,local=x", "Invalid parameter type for 'local', expected: object"),
        ("dgram,id=d,local.type=inet,local.host=h", "Parameter 'local.port' is missing"),
        ("dgram,id=d,local.host=h", "Parameter 'local.type' is missing"),
        (
            "dgram,id=d,local.type=unix,local.path=p,local.host=h",
            "Parameter 'local.host' is unexpected",
        ),
        ("dgram,id=d,local", "Expected '=' after parameter 'local'"),
        (
            "dgram,id=d,local.type=inet,local.host=h,local.port=1,local.ipv4=x",
            "Parameter 'local.ipv4' expects 'on' or 'off', not 'x'",
        ),
        (
            "dgram,id=d,local.type=inet,local.host=h,local.port=1,local.to=65536",
            "Parameter 'local.to' expects uint16_t: 0 to 65535, not '65536'",
        ),
        // JSON.
        (
            r#"{"type":"user","id":"n","restrict":"on"}"#,
            "Invalid parameter type for 'restrict', expected: boolean",
        ),
        (
            r#"{"type":"user","id":"n","ipv6-prefixlen":1.5}"#,
            "Parameter 'ipv6-prefixlen' expects integer: -9223372036854775808 to 9223372036854775807, not '1.5'",
        ),
        (
            r#"{"type":"user","id":"n","dnssearch":["a"]}"#,
            "Invalid parameter type for 'dnssearch.0', expected: object",
        ),
        (
            r#"{"type":"user","id":"n","dnssearch":[{"str":"a","x":1}]}"#,
            "Parameter 'dnssearch.0.x' is unexpected",
        ),
        (
            r#"{"type":"user","id":"n","net":null}"#,
            "Invalid parameter type for 'net', expected: string",
        ),
        (r#"{"type":"user","id":7}"#, "Invalid parameter type for 'id', expected: string"),
        (
            r#"{"type":"user","id":"n","id":"m"}"#,
            "Invalid JSON: duplicate key 'id' at line 1 column 33",
        ),
    ] {
        assert_eq!(refusal(text), why, "{text}");
    }
}

#[test]
fn an_unknown_type_is_told_what_there_is() {
    let text = refusal("usr,id=n");
    assert!(
        text.starts_with(
            "Parameter 'type' does not accept value 'usr': it takes none, nic, user, "
        )
    );
    assert!(text.ends_with("; did you mean 'user'?"));
    let text = refusal("dgram,id=d,local.type=tcp");
    assert_eq!(
        text,
        "Parameter 'local.type' does not accept value 'tcp': it takes inet, unix, vsock, fd"
    );
}

#[test]
fn help_lists_types_and_options_with_types_and_defaults() {
    let help = |text| match parse(text) {
        Ok(Request::Help(help)) => help,
        other => panic!("{other:?}"),
    };
    let types = help("help");
    assert_eq!(types, help("?"));
    let (built, known) = types.split_once("not compiled").unwrap();
    for kind in ["user", "dgram", "hubport"] {
        assert!(built.contains(&format!("  {kind} ")), "{built}");
    }
    assert!(known.contains("  vhost-vdpa "), "{known}");
    let user = help("user,help");
    assert!(user.contains("  net=<text>                   network of the guest: address[/mask] (default: 10.0.2.0/24)\n"), "{user}");
    assert!(user.contains("hostfwd=<text, repeatable>"), "{user}");
    let dgram = help("type=dgram,?");
    assert!(dgram.contains("a socket address with .type=unix takes:\n  .path=<text> "), "{dgram}");
    assert!(
        help("hubport,help")
            .contains("hubid=<int32_t>              number of the hub (required)\n")
    );
    assert!(help("netmap,help").ends_with("netmap is not compiled into this binary.\n"));
    assert!(refusal("tapp,help").contains("did you mean 'tap'?"));
}

#[test]
fn nic_is_a_netdev_with_a_model_and_an_address() {
    let nic = |text| match parse_nic(text, 3) {
        Ok(Request::Make(nic)) => nic,
        other => panic!("{text}: {other:?}"),
    };
    let NicRequest { netdev, interface } =
        nic("user,model=e1000,mac=52:54:00:12:34:99,restrict=on,addr=5.1,vectors=3");
    let Interface { id: None, model, mac, addr, vectors } = interface else { panic!() };
    assert_eq!((addr.as_deref(), vectors), (Some("5.1"), Some(3)));
    let netdev = netdev.unwrap();
    assert_eq!((netdev.id.as_str(), model.as_deref()), ("#net3", Some("e1000")));
    assert_eq!(mac.unwrap().to_string(), "52:54:00:12:34:99");
    assert!(matches!(netdev.options, NetdevOptions::User(user) if user.restrict == Some(true)));
    assert_eq!(nic("user,id=mine").netdev.unwrap().id, "mine");
    assert_eq!(nic("none"), NicRequest { netdev: None, interface: Interface::default() });
    let dotted = nic("dgram,model=rtl8139,local.type=fd,local.str=5");
    assert_eq!(dotted.interface.model.as_deref(), Some("rtl8139"));
    assert!(matches!(dotted.netdev.unwrap().options, NetdevOptions::Dgram(_)));
    assert!(matches!(
        nic("hubport,hubid=-1").netdev.unwrap().options,
        NetdevOptions::Hubport(HubPortOptions { hubid: -1, netdev: None })
    ));
    let refused = |text| parse_nic(text, 0).unwrap_err().to_string();
    assert!(refused("user,mac=52:54").starts_with("invalid syntax for ethernet address"));
    assert!(
        refused("user,mac=01:00:5e:00:00:01").starts_with("NIC cannot have multicast MAC address")
    );
    assert_eq!(refused("user,modl=x"), "Invalid parameter 'modl'");
    assert!(refusal("user,id=n,model=x").starts_with("Invalid parameter 'model'"));
}

#[test]
fn net_is_the_older_way() {
    let net = |text| match parse_net(text) {
        Ok(Request::Make(net)) => net,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(net("none"), NetRequest::None);
    let NetRequest::Nic(netdev, interface) =
        net("nic,model=rtl8139,macaddr=52:54:00:12:34:99,addr=4,vectors=0,netdev=n0,name=eth")
    else {
        panic!("no nic")
    };
    let mac = "52:54:00:12:34:99".parse().ok();
    let (id, model) = (Some("eth".to_owned()), Some("rtl8139".to_owned()));
    let wanted = Interface { id, model, mac, addr: Some("4".to_owned()), vectors: Some(0) };
    assert_eq!((netdev.as_deref(), interface), (Some("n0"), wanted));
    assert_eq!(net("nic"), NetRequest::Nic(None, Interface::default()));
    let NetRequest::Backend(id, options) = net("user,name=u,net=10.1.0.0/16") else { panic!() };
    assert_eq!((id.as_deref(), options.kind()), (Some("u"), "user"));
    assert!(matches!(parse_net("user,help"), Ok(Request::Help(_))));
    assert!(matches!(parse_net("help"), Ok(Request::Help(_))));
    let refused = |text| parse_net(text).unwrap_err().to_string();
    for (text, wanted) in [
        ("hubport,hubid=0", "network backend 'hubport' is only supported with -netdev/-nic"),
        ("nic,macaddr=1", "invalid syntax for ethernet address"),
        ("nic,macaddr=01:00:5e:00:00:01", "NIC cannot have multicast MAC address"),
        ("nic,vectors=134217728", "invalid # of vectors: 134217728"),
        ("nic,modl=e1000", "Invalid parameter 'modl'"),
        ("user,id=a,name=b", "id= and name= are one"),
        ("tape", "did you mean 'tap'?"),
    ] {
        let error = refused(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
