//! The TFTP server, block by block.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use elnic_netclient::NetClient;
use elnic_user::{Options, TftpRoot};

use crate::bench::{Bench, GUEST, HOST, udp, udp_of};

const CLIENT: u16 = 2070;

fn bench(files: &[(&str, &[u8])]) -> Bench {
    let files = files.iter().map(|(name, data)| ((*name).to_owned(), Bytes::copy_from_slice(data)));
    let tftp = Some(TftpRoot::Memory(files.collect::<BTreeMap<_, _>>()));
    let mut bench = Bench::new(&Options { tftp, ..Options::default() });
    bench.announce();
    bench
}

fn payloads(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let payload = |frame: &Vec<u8>| {
        let (source, destination, payload) = udp_of(frame);
        assert_eq!(source, SocketAddr::from((HOST, 69)));
        assert_eq!(destination, SocketAddr::from((GUEST, CLIENT)));
        payload
    };
    frames.iter().map(payload).collect()
}

fn send(bench: &mut Bench, packet: &[u8]) -> Vec<Vec<u8>> {
    payloads(&bench.exchange(udp((GUEST, CLIENT), (HOST, 69), packet)))
}

fn read(bench: &mut Bench, request: &str) -> Vec<Vec<u8>> {
    send(bench, format!("\0\x01{request}\0").as_bytes())
}

fn acknowledge(bench: &mut Bench, number: u16) -> Vec<Vec<u8>> {
    send(bench, &[&[0, 4][..], &number.to_be_bytes()].concat())
}

fn data(number: u16, block: &[u8]) -> Vec<u8> {
    [&[0, 3][..], &number.to_be_bytes(), block].concat()
}

#[test]
fn a_file_comes_block_by_block() {
    let content: Vec<u8> = (0..1200_u32).map(|i| i as u8).collect();
    let mut bench = bench(&[("dir/file", &content)]);
    assert_eq!(read(&mut bench, "/dir/file\0octet"), [data(1, &content[..512])]);
    assert_eq!(acknowledge(&mut bench, 1), [data(2, &content[512..1024])]);
    assert!(acknowledge(&mut bench, 1).is_empty(), "a duplicate is not answered");
    assert_eq!(acknowledge(&mut bench, 2), [data(3, &content[1024..])]);
    assert!(acknowledge(&mut bench, 3).is_empty());
    assert_eq!(bench.net.next_event(), None, "the transfer is over");
}

#[test]
fn a_file_of_whole_blocks_ends_with_an_empty_one() {
    let mut bench = bench(&[("f", &[7; 512]), ("empty", b"")]);
    read(&mut bench, "f\0octet");
    assert_eq!(acknowledge(&mut bench, 1), [data(2, b"")]);
    assert_eq!(read(&mut bench, "empty\0OCTET"), [data(1, b"")]);
}

#[test]
fn options_are_granted_as_far_as_the_link_allows() {
    let mut bench = bench(&[("f", &[7; 5000])]);
    let grant = read(&mut bench, "f\0octet\0blksize\x0065464\0tsize\x000\0timeout\x009\0x\0y");
    assert_eq!(grant, [b"\0\x06blksize\x001468\0timeout\x009\0tsize\x005000\0".to_vec()]);
    assert!(acknowledge(&mut bench, 1).is_empty());
    assert_eq!(acknowledge(&mut bench, 0), [data(1, &[7; 1468])]);
    for senseless in ["blksize\x007", "blksize\0x", "timeout\x000", "windowsize\x000"] {
        let first = read(&mut bench, &format!("f\0octet\0{senseless}"));
        assert_eq!(first, [data(1, &[7; 512])], "{senseless:?}");
    }
}

#[test]
fn a_window_of_blocks_is_sent_at_once_and_again_from_where_it_broke() {
    let content: Vec<u8> = (0..512 * 6 + 5_u32).map(|i| (i / 512) as u8).collect();
    let mut bench = bench(&[("f", &content)]);
    read(&mut bench, "f\0octet\0windowsize\x003");
    let block = |n: u16| data(n, &vec![n as u8 - 1; if n == 7 { 5 } else { 512 }]);
    assert_eq!(acknowledge(&mut bench, 0), [block(1), block(2), block(3)]);
    assert_eq!(acknowledge(&mut bench, 2), [block(3), block(4), block(5)]);
    assert_eq!(acknowledge(&mut bench, 5), [block(6), block(7)]);
    assert!(acknowledge(&mut bench, 7).is_empty());
}

#[test]
fn text_is_converted() {
    let mut bench = bench(&[("t", b"a\nb")]);
    assert_eq!(read(&mut bench, "t\0netascii"), [data(1, b"a\r\nb")]);
}

#[test]
fn refusals_say_why() {
    let mut bench = bench(&[("f", b"x")]);
    let error = |code: u8, text: &str| [&[0, 5, 0, code][..], text.as_bytes(), b"\0"].concat();
    assert_eq!(read(&mut bench, "g\0octet"), [error(1, "File not found")]);
    assert_eq!(read(&mut bench, "../f\0octet"), [error(2, "Access violation")]);
    assert_eq!(read(&mut bench, "f\0mail"), [error(4, "Unsupported transfer mode")]);
    assert_eq!(read(&mut bench, "f"), [error(4, "Illegal TFTP operation")]);
    let write = send(&mut bench, b"\0\x02f\0octet\0");
    assert_eq!(write, [error(2, "Access violation: read only")]);
    assert_eq!(acknowledge(&mut bench, 9), [error(5, "Unknown transfer ID")]);
    assert!(send(&mut bench, b"\0\x05\0\0bye\0").is_empty(), "an error is not answered");
}

#[test]
fn what_is_lost_comes_again_a_few_times_in_virtual_time() {
    let mut bench = bench(&[("f", b"x")]);
    let first = read(&mut bench, "f\0octet");
    for _ in 0..5 {
        bench.advance(999);
        assert!(bench.take().is_empty());
        bench.advance(1);
        assert_eq!(bench.net.next_event(), Some(bench.now));
        let frames = bench.take();
        assert_eq!(payloads(&frames), first);
    }
    bench.advance(1000);
    assert!(bench.take().is_empty());
    assert_eq!(bench.net.next_event(), None, "the transfer is given up");
}

#[test]
fn transfers_are_bounded() {
    let mut bench = bench(&[("f", &[7; 5000])]);
    for port in 0..25 {
        let frame = udp((GUEST, 3000 + port), (HOST, 69), b"\0\x01f\0octet\0");
        let (_, _, payload) = udp_of(&bench.exchange(frame)[0]);
        assert_eq!(payload[1], if port < 20 { 3 } else { 5 });
    }
}

#[test]
fn block_numbers_wrap_in_large_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(directory.path().join("large")).unwrap();
    file.set_len(8 * 65_540).unwrap();
    let tftp = Some(TftpRoot::Directory(directory.path().to_owned()));
    let mut bench = Bench::new(&Options { tftp, ..Options::default() });
    bench.announce();
    read(&mut bench, "large\0octet\0blksize\x008\0windowsize\x0064");
    let mut blocks = 0_u64;
    let mut last = acknowledge(&mut bench, 0);
    while !last.is_empty() {
        blocks += last.len() as u64;
        last = acknowledge(&mut bench, (blocks & 0xffff) as u16);
    }
    assert_eq!(blocks, 65_541);
}
