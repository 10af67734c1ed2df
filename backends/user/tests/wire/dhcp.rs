//! The DHCP and BOOTP server, by hand and by an independent client.

use std::net::{Ipv4Addr, SocketAddr};

use elnic_user::Options;
use smoltcp::socket::dhcpv4;
use smoltcp::wire::{DhcpMessageType, DhcpPacket, EthernetAddress};

use crate::bench::{Bench, DNS, GUEST, GUEST_MAC, HOST, udp, udp_of};
use crate::guest::Guest;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 68);
const ALL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::BROADCAST), 67);

/// A client's message with these options.
fn message(mac: EthernetAddress, options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut message = vec![0; 240];
    message[..4].copy_from_slice(&[1, 1, 6, 0]);
    message[4..8].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
    message[28..34].copy_from_slice(&mac.0);
    message[236..240].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    for (code, data) in options {
        message.extend([*code, data.len() as u8]);
        message.extend_from_slice(data);
    }
    message.push(255);
    message
}

/// What the server answers, and its options.
struct Answer {
    kind: Option<DhcpMessageType>,
    yours: Ipv4Addr,
    server: Ipv4Addr,
    file: String,
    options: Vec<(u8, Vec<u8>)>,
    destination: SocketAddr,
    length: usize,
}

impl Answer {
    fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.iter().find(|(found, _)| *found == code).map(|(_, data)| &data[..])
    }
}

fn ask(bench: &mut Bench, payload: &[u8]) -> Option<Answer> {
    let frames = bench.exchange(udp(ANY, ALL, payload));
    assert!(frames.len() <= 1);
    let (source, destination, payload) = udp_of(frames.first()?);
    assert_eq!(source, (HOST, 67).into());
    let packet = DhcpPacket::new_checked(&payload[..]).unwrap();
    assert_eq!(packet.transaction_id(), 0xdead_beef);
    let options: Vec<_> =
        packet.options().map(|option| (option.kind, option.data.to_vec())).collect();
    let kind = options.iter().find(|(code, _)| *code == 53);
    Some(Answer {
        kind: kind.map(|(_, data)| DhcpMessageType::from(data[0])),
        yours: packet.your_ip(),
        server: packet.server_ip(),
        file: packet.get_boot_file().unwrap_or("").to_owned(),
        options,
        destination,
        length: payload.len(),
    })
}

fn kind(kind: DhcpMessageType) -> [u8; 1] {
    [kind.into()]
}

#[test]
fn an_offer_says_all_a_guest_needs() {
    let mut bench = Bench::new(&Options::default());
    let discover = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Discover))]);
    let offer = ask(&mut bench, &discover).unwrap();
    assert_eq!(offer.kind, Some(DhcpMessageType::Offer));
    assert_eq!((offer.yours, offer.server), (GUEST, HOST));
    assert_eq!(offer.destination, (Ipv4Addr::BROADCAST, 68).into());
    assert_eq!(offer.length, 548);
    assert_eq!(offer.option(1), Some(&[255, 255, 255, 0][..]));
    assert_eq!(offer.option(3), Some(&HOST.octets()[..]));
    assert_eq!(offer.option(6), Some(&DNS.octets()[..]));
    assert_eq!(offer.option(51), Some(&86_400_u32.to_be_bytes()[..]));
    assert_eq!(offer.option(54), Some(&HOST.octets()[..]));
    assert_eq!(offer.option(12), None);
}

#[test]
fn the_options_of_the_command_line_are_announced() {
    let text = |text: &str| Some(text.to_owned());
    let mut bench = Bench::new(&Options {
        hostname: text("guest"),
        domainname: text("example.test"),
        dnssearch: vec!["a.test".to_owned(), "b.test".to_owned()],
        bootfile: text("http://10.0.2.2/boot.efi"),
        tftp_server_name: text("tftp.test"),
        ..Options::default()
    });
    let request = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Request))]);
    let answer = ask(&mut bench, &request).unwrap();
    assert_eq!(answer.kind, Some(DhcpMessageType::Ack));
    assert_eq!(answer.file, "http://10.0.2.2/boot.efi");
    assert_eq!(answer.option(67), Some(&b"http://10.0.2.2/boot.efi"[..]));
    assert_eq!(answer.option(60), Some(&b"HTTPClient"[..]));
    assert_eq!(answer.option(12), Some(&b"guest"[..]));
    assert_eq!(answer.option(15), Some(&b"example.test"[..]));
    assert_eq!(answer.option(66), Some(&b"tftp.test"[..]));
    assert_eq!(answer.option(119), Some(&b"\x01a\x04test\0\x01b\xc0\x02"[..]));
}

#[test]
fn restricted_guests_hear_of_no_router_and_no_name_server() {
    let mut bench = Bench::new(&Options { restrict: true, ..Options::default() });
    let discover = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Discover))]);
    let offer = ask(&mut bench, &discover).unwrap();
    assert_eq!((offer.option(3), offer.option(6)), (None, None));
    assert!(offer.option(1).is_some());
}

#[test]
fn an_address_of_somebody_else_or_nobody_is_refused() {
    let mut bench = Bench::new(&Options::default());
    let other = EthernetAddress([2, 0, 0, 0, 0, 9]);
    ask(&mut bench, &message(other, &[(53, &kind(DhcpMessageType::Request))])).unwrap();
    for address in [GUEST, Ipv4Addr::new(10, 0, 2, 99), Ipv4Addr::new(192, 168, 0, 1), HOST] {
        let request = (53, &kind(DhcpMessageType::Request)[..]);
        let request = message(GUEST_MAC, &[request, (50, &address.octets())]);
        let answer = ask(&mut bench, &request).unwrap();
        assert_eq!(answer.kind, Some(DhcpMessageType::Nak), "{address}");
        assert_eq!(answer.yours, Ipv4Addr::UNSPECIFIED);
        assert_eq!(answer.option(56), Some(&b"requested address not available"[..]));
    }
}

#[test]
fn a_released_address_is_free_and_a_declined_one_is_not() {
    let mut bench = Bench::new(&Options::default());
    let request = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Request))]);
    assert_eq!(ask(&mut bench, &request).unwrap().yours, GUEST);
    let mut release = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Release))]);
    release[12..16].copy_from_slice(&GUEST.octets());
    assert!(ask(&mut bench, &release).is_none());
    let other = EthernetAddress([2, 0, 0, 0, 0, 9]);
    let request = message(other, &[(53, &kind(DhcpMessageType::Request))]);
    assert_eq!(ask(&mut bench, &request).unwrap().yours, GUEST);
    let decline = (53, &kind(DhcpMessageType::Decline)[..]);
    assert!(ask(&mut bench, &message(other, &[decline, (50, &GUEST.octets())])).is_none());
    assert_ne!(ask(&mut bench, &request).unwrap().yours, GUEST);
}

#[test]
fn a_guest_with_an_address_of_its_own_gets_options_only() {
    let mut bench = Bench::new(&Options::default());
    bench.announce();
    let mut inform = message(GUEST_MAC, &[(53, &kind(DhcpMessageType::Inform))]);
    inform[12..16].copy_from_slice(&GUEST.octets());
    let answer = ask(&mut bench, &inform).unwrap();
    assert_eq!(answer.kind, Some(DhcpMessageType::Ack));
    assert_eq!(answer.yours, Ipv4Addr::UNSPECIFIED);
    assert_eq!(answer.option(51), None);
    assert_eq!(answer.destination, (GUEST, 68).into());
}

#[test]
fn bootp_clients_are_served_too() {
    let mut bench =
        Bench::new(&Options { bootfile: Some("boot.img".to_owned()), ..Options::default() });
    let mut request = message(GUEST_MAC, &[]);
    request.truncate(236);
    request.resize(300, 0);
    let answer = ask(&mut bench, &request).unwrap();
    assert_eq!((answer.yours, answer.server), (GUEST, HOST));
    assert_eq!(answer.file, "boot.img");
}

#[test]
fn a_choice_of_another_server_is_not_answered() {
    let mut bench = Bench::new(&Options::default());
    let request = (53, &kind(DhcpMessageType::Request)[..]);
    assert!(ask(&mut bench, &message(GUEST_MAC, &[request, (54, &[10, 0, 2, 9])])).is_none());
    assert!(ask(&mut bench, &message(GUEST_MAC, &[request, (54, &HOST.octets())])).is_some());
}

#[test]
fn what_does_not_fit_the_message_is_left_out_whole() {
    let long = |c: &str| Some(c.repeat(255));
    let mut bench = Bench::new(&Options {
        hostname: long("h"),
        domainname: long("d"),
        tftp_server_name: long("t"),
        ..Options::default()
    });
    let discover = (53, &kind(DhcpMessageType::Discover)[..]);
    let small = ask(&mut bench, &message(GUEST_MAC, &[discover])).unwrap();
    assert_eq!(small.length, 548);
    assert_eq!(small.option(12).map(<[u8]>::len), Some(255));
    assert_eq!((small.option(15), small.option(66)), (None, None));
    let room = (57, &1500_u16.to_be_bytes()[..]);
    let large = ask(&mut bench, &message(GUEST_MAC, &[discover, room])).unwrap();
    assert_eq!(large.option(66).map(<[u8]>::len), Some(255));
}

#[test]
fn an_independent_client_is_configured() {
    let mut guest = Guest::without_address(&Options::default());
    let handle = guest.sockets.add(dhcpv4::Socket::new());
    let mut found = None;
    guest.until("a configuration", |guest| {
        let event = guest.sockets.get_mut::<dhcpv4::Socket<'_>>(handle).poll();
        if let Some(dhcpv4::Event::Configured(config)) = event {
            found = Some((config.address, config.router, config.dns_servers.clone()));
        }
        found.is_some()
    });
    let (address, router, servers) = found.unwrap();
    assert_eq!((address.address(), address.prefix_len()), (GUEST, 24));
    assert_eq!(router, Some(HOST));
    assert_eq!(&servers[..], [DNS]);
    assert_eq!(guest.address(), None);
}
