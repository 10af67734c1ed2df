//! Filters: order, direction, place, status; the dump file; the buffer.

use std::fs;
use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;

use elnic_contract::{Frame, VTime};
use elnic_netclient::{
    Direction, DumpClock, FilterBuffer, FilterDump, FilterFault, FilterOptions, FilterPosition,
    FilterQueue, Loss, NetCore, NetEvent, NetFilter, PortId,
};
use pcap_file::pcap::PcapReader;

use crate::far_end::{FarEnd, at, core, frame, frames, nic, take_all};

/// Appends its letter to each frame.
struct Mark(u8);

impl NetFilter for Mark {
    fn kind(&self) -> &'static str {
        "filter-mark"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        vec![("letter", char::from(self.0).to_string())]
    }

    fn pass(
        &mut self,
        _now: VTime,
        _direction: Direction,
        frame: Frame,
        out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        let mut data = frame.data().to_vec();
        data.push(self.0);
        out.push(Frame::new(data, frame.arrival())?);
        Ok(())
    }
}

fn options(id: &str) -> FilterOptions {
    FilterOptions {
        id: id.to_owned(),
        netdev: "n0".to_owned(),
        queue: FilterQueue::All,
        position: FilterPosition::Tail,
        active: true,
    }
}

fn cable(credits: usize) -> (NetCore, FarEnd, PortId) {
    let (mut core, far) = (core(), FarEnd::with_credits(credits));
    core.add_backend("n0", far.client()).unwrap();
    let nic = core.add_nic(nic(Some("n0"))).unwrap();
    (core, far, nic)
}

/// The letters of a frame to the netdev, and of one from it.
fn letters(core: &mut NetCore, far: &FarEnd, nic: PortId) -> (String, String) {
    let read = |frame: Frame| String::from_utf8(frame.data()[60..].to_vec()).unwrap();
    core.send(nic, at(1), frame(0)).unwrap();
    far.sends([frame(0)]);
    core.poll(at(1));
    (read(far.get().received.pop().unwrap()), read(core.take(nic).unwrap()))
}

#[test]
fn frames_for_the_netdev_pass_tail_to_head_and_its_own_head_to_tail() {
    let (mut core, far, nic) = cable(9);
    let place = |position| FilterOptions { position, ..options("") };
    let mut add = |letter: u8, options: FilterOptions| {
        let id = char::from(letter).to_string();
        core.add_filter(FilterOptions { id, ..options }, Box::new(Mark(letter))).unwrap();
    };
    add(b'c', place(FilterPosition::Tail));
    add(b'a', place(FilterPosition::Head));
    add(b'b', place(FilterPosition::Before("c".to_owned())));
    add(b'd', place(FilterPosition::Behind("c".to_owned())));
    add(b't', FilterOptions { queue: FilterQueue::Tx, ..place(FilterPosition::Tail) });
    add(b'r', FilterOptions { queue: FilterQueue::Rx, ..place(FilterPosition::Tail) });
    assert_eq!(letters(&mut core, &far, nic), ("rdcba".to_owned(), "abcdt".to_owned()));
    core.set_filter("c", false).unwrap();
    core.remove_filter("a").unwrap();
    assert_eq!(letters(&mut core, &far, nic), ("rdb".to_owned(), "bdt".to_owned()));
    let text = core.info_network();
    assert!(
        text.contains(
            "filters:\n  - b: type=filter-mark,letter=b,position=id=c,status=on,insert=before,netdev=n0,queue=all\n"
        ),
        "{text}"
    );
    assert!(text.contains("  - c: type=filter-mark,letter=c,position=tail,status=off,"), "{text}");
}

#[test]
fn a_filter_on_a_hub_port_sees_what_the_hub_sends_and_gets() {
    let mut core = core();
    for id in ["h0", "h1"] {
        core.add_hub_port(id, 0, None).unwrap();
    }
    let (one, other) =
        (core.add_nic(nic(Some("h0"))).unwrap(), core.add_nic(nic(Some("h1"))).unwrap());
    let at_hub = FilterOptions { netdev: "h1".to_owned(), ..options("f0") };
    core.add_filter(at_hub, Box::new(Mark(b'x'))).unwrap();
    core.send(one, at(1), frame(1)).unwrap();
    assert_eq!(core.take(other).unwrap().len(), 61);
}

#[test]
fn refusals_name_what_is_wrong() {
    let (mut core, ..) = cable(0);
    let mark = || Box::new(Mark(b'm'));
    core.add_backend("m1", FarEnd::default().client()).unwrap();
    core.add_filter(options("f0"), mark()).unwrap();
    let nowhere = FilterOptions { netdev: "n9".to_owned(), ..options("f1") };
    let beside = |id: &str, netdev: &str| FilterOptions {
        position: FilterPosition::Before(id.to_owned()),
        netdev: netdev.to_owned(),
        ..options("f1")
    };
    let on_a_nic = FilterOptions { netdev: "e1000.0".to_owned(), ..options("f1") };
    let texts = [
        core.add_filter(options("f0"), mark()),
        core.add_filter(nowhere, mark()),
        core.add_filter(on_a_nic, mark()),
        core.add_filter(beside("f9", "n0"), mark()),
        core.add_filter(beside("f0", "m1"), mark()),
        core.set_filter("g", true),
        core.remove_filter("f"),
    ]
    .map(|result| result.unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            "Duplicate ID 'f0' for filter",
            "Parameter 'netdev' expects a network backend id: there is no 'n9'; did you mean 'n0'?",
            "Parameter 'netdev' expects a network backend id: there is no 'e1000.0'",
            "filter 'f9' not found; did you mean 'f0'?",
            "filter 'f0' belongs to a different netdev than 'm1'",
            "filter 'g' not found",
            "filter 'f' not found; did you mean 'f0'?",
        ]
    );
}

#[test]
fn filters_go_with_their_netdev() {
    let (mut core, far, _) = cable(0);
    core.add_filter(options("f0"), Box::new(Mark(b'm'))).unwrap();
    core.remove_netdev("n0").unwrap();
    assert!(core.remove_filter("f0").is_err());
    core.add_backend("n0", far.client()).unwrap();
    core.add_filter(options("f0"), Box::new(Mark(b'm'))).unwrap();
}

// ---- filter-dump ------------------------------------------------------------------------------------------------------

#[test]
fn a_dump_holds_both_directions_with_virtual_times_and_opens_in_tshark() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("n0.pcap");
    let (mut core, far, nic) = cable(9);
    let dump = FilterDump::create(&file, 65_536, DumpClock::Virtual).unwrap();
    core.add_filter(options("f0"), Box::new(dump)).unwrap();
    core.send(nic, at(1_000_001), frame(7)).unwrap();
    far.sends([frame(8)]);
    core.poll(at(2_500_002));
    core.poll(at(2_500_003));

    let bytes = fs::read(&file).unwrap();
    assert_eq!(
        &bytes[..24],
        b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\0\0\0"
    );
    let mut reader = PcapReader::new(&bytes[..]).unwrap();
    for (seconds, micros, tag) in [(1, 1, 7), (2, 500_002, 8)] {
        let packet = reader.next_packet().unwrap().unwrap();
        assert_eq!(packet.timestamp, Duration::new(seconds, micros * 1_000));
        assert_eq!((packet.orig_len, packet.data[0]), (60, tag));
    }
    assert!(reader.next_packet().is_none());

    let Ok(tshark) = Command::new("tshark").args(["-r".as_ref(), file.as_os_str()]).output() else {
        println!("skipped: no tshark on this host");
        return;
    };
    assert!(tshark.status.success(), "{}", String::from_utf8_lossy(&tshark.stderr));
    let complaint = String::from_utf8_lossy(&tshark.stderr).to_lowercase();
    assert!(!complaint.contains("cut short") && !complaint.contains("damaged"), "{complaint}");
    assert_eq!(String::from_utf8_lossy(&tshark.stdout).lines().count(), 2);
}

#[test]
fn long_frames_are_cut_in_the_file_and_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("n0.pcap");
    let (mut core, far, nic) = cable(9);
    let dump = FilterDump::create(&file, 14, DumpClock::Virtual).unwrap();
    core.add_filter(options("f0"), Box::new(dump)).unwrap();
    core.send(nic, at(1), frame(7)).unwrap();
    drop(core);
    assert_eq!(far.get().received[0].len(), 60);
    let bytes = fs::read(&file).unwrap();
    // pcap-file refuses frames longer than the snap length, which is what one is for.
    assert_eq!(&bytes[16..20], &14_u32.to_le_bytes());
    assert_eq!(&bytes[32..36], &14_u32.to_le_bytes());
    assert_eq!(&bytes[36..40], &60_u32.to_le_bytes());
    assert_eq!(bytes.len(), 24 + 16 + 14);
}

/// A disk that is full after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::Error::other("no space left")) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_dump_is_reported_once_and_frames_pass() {
    assert!(FilterDump::new(Box::new(Full(23)), "x".into(), 100, DumpClock::Virtual).is_err());
    assert!(FilterDump::new(Box::new(Full(100)), "x".into(), 0, DumpClock::Virtual).is_err());
    let (mut core, far, nic) = cable(9);
    let dump =
        FilterDump::new(Box::new(Full(50)), "x.pcap".into(), 100, DumpClock::Virtual).unwrap();
    core.add_filter(options("f0"), Box::new(dump)).unwrap();
    for tag in 0..3 {
        core.send(nic, at(1), frame(tag)).unwrap();
    }
    assert_eq!(far.heard(), [0, 1, 2]);
    let why = "net dump: can't write x.pcap: no space left; the dump ends here".to_owned();
    assert_eq!(
        core.events().collect::<Vec<_>>(),
        [NetEvent::FilterFault { filter: "f0".to_owned(), why }]
    );
}

#[test]
fn a_file_that_cannot_be_made_is_named() {
    let missing = std::path::Path::new("/nonexistent/x.pcap");
    let error = FilterDump::create(missing, 1, DumpClock::Host).err().unwrap().to_string();
    assert!(error.starts_with("net dump: can't open /nonexistent/x.pcap: "), "{error}");
}

// ---- filter-buffer ----------------------------------------------------------------------------------------------------

#[test]
fn a_buffer_lets_go_at_its_intervals_in_order_and_the_books_balance() {
    let (mut core, far, nic) = cable(9);
    let buffer = FilterBuffer::new(100, at(0)).unwrap();
    core.add_filter(options("f0"), Box::new(buffer)).unwrap();
    core.send(nic, at(10), frame(1)).unwrap();
    far.sends(frames(2..5));
    core.poll(at(20));
    assert_eq!((far.heard().len(), core.queued(nic)), (0, 0));
    assert_eq!(core.next_event(), Some(at(100)));
    assert_eq!(core.stats(nic).unwrap().lost(Loss::Filtered), 1);
    core.poll(at(99));
    assert!(far.heard().is_empty());
    core.poll(at(350));
    assert_eq!(far.heard(), [1]);
    assert_eq!(take_all(&mut core, nic), [2, 3, 4]);
    assert_eq!(core.stats(nic).unwrap().made_frames, 1);
    core.send(nic, at(360), frame(6)).unwrap();
    assert_eq!(core.next_event(), Some(at(400)));
    core.set_filter("f0", false).unwrap();
    assert_eq!(far.heard(), [1, 6], "what a filter kept goes on when it is switched off");
    assert!(FilterBuffer::new(0, at(0)).is_err());
}

#[test]
fn what_a_buffer_lets_go_passes_only_the_filters_still_ahead() {
    let (mut core, far, nic) = cable(9);
    core.add_filter(options("m"), Box::new(Mark(b'm'))).unwrap();
    core.add_filter(options("b"), Box::new(FilterBuffer::new(100, at(0)).unwrap())).unwrap();
    core.add_filter(options("n"), Box::new(Mark(b'n'))).unwrap();
    core.send(nic, at(1), frame(0)).unwrap();
    far.sends([frame(0)]);
    core.poll(at(1));
    core.poll(at(100));
    assert_eq!(&far.get().received[0].data()[60..], b"nm");
    assert_eq!(&core.take(nic).unwrap().data()[60..], b"mn");
}

#[test]
fn a_pcapng_dump_has_nanoseconds_lengths_and_directions() {
    use elnic_netclient::DumpFormat;
    use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
    use pcap_file::pcapng::{Block, PcapNgReader};
    let file = tempfile::NamedTempFile::new().unwrap();
    let dump = FilterDump::create_as(DumpFormat::PcapNg, file.path(), 40, DumpClock::Virtual);
    let (mut core, far, nic) = cable(10);
    core.add_filter(options("f0"), Box::new(dump.unwrap())).unwrap();
    core.send(nic, VTime::from_nanos(1_234_567_891), frame(1)).unwrap();
    far.sends([frame(2)]);
    core.poll(VTime::from_nanos(2_000_000_001));
    core.poll(VTime::from_nanos(2_000_000_002));
    let mut reader = PcapNgReader::new(fs::File::open(file.path()).unwrap()).unwrap();
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap().into_owned() {
            packets.push(packet);
        }
    }
    let [sent, received] = &packets[..] else { panic!("{packets:?}") };
    assert_eq!(sent.timestamp, Duration::from_nanos(1_234_567_891));
    assert_eq!((sent.original_len, &sent.data[..]), (60, &frame(1).data()[..40]));
    assert_eq!(sent.options, [EnhancedPacketOption::Flags(1)], "it came to the netdev");
    assert_eq!(received.timestamp, Duration::from_nanos(2_000_000_001));
    assert_eq!(received.options, [EnhancedPacketOption::Flags(2)]);
    assert!(core.info_network().contains(",maxlen=40,format=pcapng,position="));
    let tshark = Command::new("tshark")
        .arg("-r")
        .arg(file.path())
        .args(["-T", "fields", "-e", "frame.time_epoch"])
        .output();
    match tshark {
        Ok(output) => assert_eq!(output.stdout, b"1.234567891\n2.000000001\n"),
        Err(_) => println!("skipped: tshark is not installed"),
    }
}
