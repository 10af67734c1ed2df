//! The texts of QEMU 7.2, option by option.

use super::*;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn defaults_are_those_of_qemu() {
    let settings = Options::default().settings().unwrap();
    let v4 = settings.ipv4.unwrap();
    assert_eq!(v4.network, Ipv4Addr::new(10, 0, 2, 0));
    assert_eq!(v4.mask, Ipv4Addr::new(255, 255, 255, 0));
    assert_eq!(v4.host, Ipv4Addr::new(10, 0, 2, 2));
    assert_eq!(v4.dns, Ipv4Addr::new(10, 0, 2, 3));
    assert_eq!(v4.dhcp_start, Ipv4Addr::new(10, 0, 2, 15));
    let v6 = settings.ipv6.unwrap();
    assert_eq!((v6.prefix, v6.length), ("fec0::".parse().unwrap(), 64));
    assert_eq!((v6.host, v6.dns), ("fec0::2".parse().unwrap(), "fec0::3".parse().unwrap()));
}

#[test]
fn one_family_asked_for_turns_the_other_off() {
    for (ipv4, ipv6, expected) in [
        (None, None, (true, true)),
        (Some(true), None, (true, false)),
        (None, Some(true), (false, true)),
        (Some(false), None, (false, true)),
        (None, Some(false), (true, false)),
        (Some(true), Some(true), (true, true)),
    ] {
        let settings = Options { ipv4, ipv6, ..Options::default() }.settings().unwrap();
        assert_eq!(
            (settings.ipv4.is_some(), settings.ipv6.is_some()),
            expected,
            "{ipv4:?} {ipv6:?}"
        );
    }
}

#[test]
fn a_network_without_mask_gets_that_of_its_class() {
    for (net, mask, host) in [
        ("10.1.2.3", "255.0.0.0", "10.0.2.2"),
        ("172.20.0.0", "255.240.0.0", "172.16.2.2"),
        ("130.1.0.0", "255.255.0.0", "130.1.2.2"),
        ("192.168.7.0", "255.255.0.0", "192.168.2.2"),
        ("198.19.0.0", "255.254.0.0", "198.18.2.2"),
        ("203.0.113.0", "255.255.255.0", "203.0.113.2"),
        ("192.168.7.0/24", "255.255.255.0", "192.168.7.2"),
        ("192.168.7.0/255.255.255.128", "255.255.255.128", "192.168.7.2"),
    ] {
        let options = Options { net: some(net), ..Options::default() };
        let v4 = options.settings().unwrap().ipv4.unwrap();
        assert_eq!((text(v4.mask), text(v4.host)), (mask.to_owned(), host.to_owned()), "{net}");
    }
}

#[test]
fn the_legacy_address_means_its_24() {
    let options = Options { ip: some("192.168.9.9"), ..Options::default() };
    let v4 = options.settings().unwrap().ipv4.unwrap();
    assert_eq!(v4.network, Ipv4Addr::new(192, 168, 9, 0));
}

#[test]
fn refusals_are_worded_as_by_qemu() {
    let o = Options::default;
    let cases = [
        (Options { ipv4: Some(false), ipv6: Some(false), ..o() }, "IPv4 and IPv6 disabled"),
        (
            Options { ipv4: Some(false), net: some("10.0.2.0"), ..o() },
            "IPv4 disabled but netmask/host/dns provided",
        ),
        (
            Options { ipv6: Some(false), ipv6_dns: some("fec0::3"), ..o() },
            "IPv6 disabled but prefix/host6/dns6 provided",
        ),
        (Options { net: some("ten"), ..o() }, "Failed to parse netmask"),
        (Options { net: some("10.0.2.0/x"), ..o() }, "Failed to parse netmask (trailing chars)"),
        (
            Options { net: some("10.0.2.0/33"), ..o() },
            "Invalid netmask provided (must be in range 4-32)",
        ),
        (
            Options { net: some("10.0.2.0/255.0.255.0"), ..o() },
            "Invalid netmask provided (must be in range 4-32)",
        ),
        (Options { host: some("h"), ..o() }, "Failed to parse host"),
        (Options { host: some("10.0.3.2"), ..o() }, "Host doesn't belong to network"),
        (Options { dns: some("d"), ..o() }, "Failed to parse DNS"),
        (Options { dns: some("10.0.2.2"), ..o() }, "DNS must be different from host"),
        (Options { restrict: true, dns: some("8.8.8.8"), ..o() }, "DNS doesn't belong to network"),
        (Options { dhcpstart: some("d"), ..o() }, "Failed to parse DHCP start address"),
        (Options { dhcpstart: some("10.0.3.15"), ..o() }, "DHCP doesn't belong to network"),
        (
            Options { dhcpstart: some("10.0.2.3"), ..o() },
            "DHCP must be different from host and DNS",
        ),
        (Options { smbserver: some("s"), ..o() }, "Failed to parse SMB address"),
        (Options { ipv6_prefix: some("p"), ..o() }, "Failed to parse IPv6 prefix"),
        (
            Options { ipv6_prefixlen: Some(127), ..o() },
            "Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)",
        ),
        (Options { ipv6_host: some("h"), ..o() }, "Failed to parse IPv6 host"),
        (Options { ipv6_host: some("fec1::2"), ..o() }, "IPv6 Host doesn't belong to network"),
        (Options { ipv6_dns: some("d"), ..o() }, "Failed to parse IPv6 DNS"),
        (
            Options { restrict: true, ipv6_dns: some("fec1::3"), ..o() },
            "IPv6 DNS doesn't belong to network",
        ),
        (Options { domainname: some(""), ..o() }, "'domainname' parameter cannot be empty"),
        (
            Options { domainname: Some("d".repeat(256)), ..o() },
            "'domainname' parameter cannot exceed 255 bytes",
        ),
        (
            Options { hostname: Some("h".repeat(256)), ..o() },
            "'vhostname' parameter cannot exceed 255 bytes",
        ),
        (
            Options { tftp_server_name: Some("t".repeat(256)), ..o() },
            "'tftp-server-name' parameter cannot exceed 255 bytes",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(text(options.validate().unwrap_err()), expected);
    }
    assert_eq!(Options { dns: some("8.8.8.8"), ..o() }.validate(), Ok(()));
}

#[test]
fn forwarding_rules_are_refused_with_the_reason_of_qemu() {
    for (rule, reason) in [
        ("tcp", "No : separators"),
        ("sctp::1-:1", "Bad protocol name"),
        ("tcp:80", "Missing : separator"),
        ("tcp:x:80-:80", "Bad host address"),
        ("tcp::80", "Bad host port separator"),
        ("tcp::65536-:80", "Bad host port"),
        ("tcp::80x-:80", "Bad host port"),
        ("tcp::80-80", "Missing guest address"),
        ("tcp::80-x:80", "Bad guest address"),
        ("tcp::80-:0", "Bad guest port"),
        ("tcp::80-:", "Bad guest port"),
        ("tcp:[::1]:80-10.0.2.15:80", "Bad guest address"),
    ] {
        let options = Options { hostfwd: vec![rule.to_owned()], ..Options::default() };
        let expected = format!("Invalid host forwarding rule '{rule}' ({reason})");
        assert_eq!(text(options.validate().unwrap_err()), expected);
    }
}

#[test]
fn forwarding_rules_fill_in_what_they_leave_out() {
    for (rule, expected) in [
        ("tcp::2222-:22", "tcp:0.0.0.0:2222-10.0.2.15:22"),
        (":127.0.0.1:0x50-10.0.2.16:80", "tcp:127.0.0.1:80-10.0.2.16:80"),
        ("udp::-:53", "udp:0.0.0.0:0-10.0.2.15:53"),
        ("tcp:[::1]:2222-[fec0::15]:22", "tcp:[::1]:2222-[fec0::15]:22"),
    ] {
        let options = Options { hostfwd: vec![rule.to_owned()], ..Options::default() };
        assert_eq!(text(options.settings().unwrap().forwards[0]), expected);
    }
}

#[test]
fn a_rule_to_remove_is_named_without_the_guest() {
    let key = ForwardKey::parse("udp:127.0.0.1:53").unwrap();
    assert_eq!(key.protocol, ForwardProtocol::Udp);
    assert_eq!(key.host, "127.0.0.1:53".parse().unwrap());
    for wrong in ["", "tcp", "tcp:", "x::1", "tcp::y"] {
        assert_eq!(ForwardKey::parse(wrong), Err(ForwardError::InvalidKey), "{wrong}");
    }
}

#[test]
fn smb_is_checked_before_anything_is_shared() {
    let o = Options::default;
    for (options, said) in [
        (Options { smbserver: some("10.0.2.4"), ..o() }, "give smb=DIRECTORY too"),
        (
            Options { smb: some("/srv"), smbserver: some("10.9.0.4"), ..o() },
            "SMB server doesn't belong to network",
        ),
        (Options { smb: some("/srv"), ipv6: Some(true), ..o() }, "'smb' needs IPv4"),
    ] {
        let error = text(options.validate().unwrap_err());
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn guest_forwarding_rules_have_qemus_reasons() {
    let refusal = |rule: &str| {
        let options = Options { guestfwd: vec![rule.to_owned()], ..Options::default() };
        options.validate().map_err(text)
    };
    for (rule, why) in [
        ("tcp", "Invalid guest forwarding rule 'tcp' (No : separators)"),
        (
            "udp:10.0.2.9:1-cmd:x",
            "Invalid guest forwarding rule 'udp:10.0.2.9:1-cmd:x' (Bad protocol name)",
        ),
        ("tcp:10.0.2.9", "Invalid guest forwarding rule 'tcp:10.0.2.9' (Missing : separator)"),
        ("tcp:x:1-cmd:x", "Invalid guest forwarding rule 'tcp:x:1-cmd:x' (Bad server address)"),
        (
            "tcp:10.0.2.9:1",
            "Invalid guest forwarding rule 'tcp:10.0.2.9:1' (Bad server port separator)",
        ),
        (
            "tcp:10.0.2.9:0-cmd:x",
            "Invalid guest forwarding rule 'tcp:10.0.2.9:0-cmd:x' (Bad server port)",
        ),
        (
            "tcp:10.0.3.9:1-cmd:x",
            "Conflicting/invalid host:port in guest forwarding rule 'tcp:10.0.3.9:1-cmd:x'",
        ),
        (
            "tcp:10.0.2.2:1-cmd:x",
            "Conflicting/invalid host:port in guest forwarding rule 'tcp:10.0.2.2:1-cmd:x'",
        ),
        (
            "tcp:10.0.2.3:1-cmd:x",
            "Conflicting/invalid host:port in guest forwarding rule 'tcp:10.0.2.3:1-cmd:x'",
        ),
        (
            "tcp:10.0.2.9:1-chardev0",
            "Could not open guest forwarding device of 'tcp:10.0.2.9:1-chardev0': cmd:COMMAND and tcp:HOST:PORT are supported",
        ),
    ] {
        assert_eq!(refusal(rule), Err(why.to_owned()));
    }
    let rules = ["tcp::80-cmd:cat", ":10.0.2.9:1-tcp:127.0.0.1:2"].map(str::to_owned);
    let options = Options { guestfwd: rules.to_vec(), ..Options::default() };
    let servers = options.settings().unwrap().guest_forwards.into_iter().map(|rule| rule.server);
    let servers: Vec<String> = servers.map(|server| server.to_string()).collect();
    assert_eq!(servers, ["10.0.2.4:80", "10.0.2.9:1"]);
}
