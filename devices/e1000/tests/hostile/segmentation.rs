//! Transmit contexts and descriptors that describe no packet.

use crate::harness::{Context, Machine, PEER, SEND, TX_BUFFER, data, frame_to, legacy, reg};
use crate::{SANE, TIMINGS, TSE, segmented, still_works};

#[test]
fn cve_2012_0029_headers_longer_than_any_buffer_for_them() {
    segmented(Context { header: 255, ..SANE }, &[1, 1, 1]);
    segmented(Context { header: 255, ..SANE }, &[200, 100, 2000]);
    segmented(Context { header: 255, mss: 0xffff, ..SANE }, &[16000]);
}

#[test]
fn cve_2015_6815_headers_longer_than_the_packet() {
    for parts in [&[0][..], &[1], &[53], &[54], &[0, 0, 54], &[20, 20, 20], &[0, 0]] {
        for header in [54, 55, 255] {
            segmented(Context { header, payload: 10, ..SANE }, parts);
        }
    }
}

#[test]
fn cve_2020_16092_segmentation_over_what_is_no_ip() {
    segmented(SANE, &[54, 2000]);
    segmented(Context { ip: (0, 0, 0), transport: (0, 0, 0), ..SANE }, &[54, 2000]);
    segmented(
        Context { ip: (255, 255, 0xffff), transport: (255, 255, 0xffff), ..SANE },
        &[54, 2000],
    );
    segmented(Context { command: TSE, ip: (54, 0, 0), ..SANE }, &[54, 2000]);
}

#[test]
fn cve_2020_27617_headers_of_no_known_protocol() {
    for ether_type in [0x0000_u16, 0x0800, 0x86dd, 0x8100, 0xffff] {
        for ip in [0, 14, 18, 54, 255] {
            let mut machine = Machine::off();
            machine.start_transmitter(8);
            let mut bytes = vec![0; 2054];
            bytes[12..14].copy_from_slice(&ether_type.to_be_bytes());
            machine.write_ram(TX_BUFFER, &bytes);
            let context = Context { ip: (ip, ip, 0), transport: (ip, ip, 0), ..SANE };
            machine.put_descriptor(0, context.bytes());
            machine.put_descriptor(1, data(TX_BUFFER, 2054, TSE | 0x0b, 3, 0));
            machine.w32(reg::TDT, 2);
            machine.settle();
            still_works(&mut machine);
        }
    }
}

#[test]
fn cve_2021_2310_and_2442_segmentation_fields_that_do_not_match_the_headers() {
    for (ip, transport, header) in
        [(14, 34, 33), (14, 34, 35), (14, 200, 54), (200, 14, 54), (0, 0, 1), (53, 53, 54)]
    {
        let context =
            Context { ip: (ip, ip, 0), transport: (transport, transport, 0), header, ..SANE };
        segmented(context, &[54, 2000]);
        segmented(context, &[2054]);
    }
}

#[test]
fn cve_2018_6981_6982_and_2019_5541_contexts_that_were_never_loaded() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(8);
        machine.put_descriptor(0, data(TX_BUFFER, 1000, TSE | 0x0b, 3, 0));
        machine.put_descriptor(1, data(TX_BUFFER, 1000, 0x0b, 3, 0));
        machine.w32(reg::TDT, 2);
        machine.settle();
        assert_eq!(machine.r32(reg::TDH), 2);
        assert_eq!(machine.sent.len(), 1, "without a context there is nothing to cut by");
        still_works(&mut machine);
    }
}

#[test]
fn cve_2018_3295_payload_lengths_that_do_not_add_up() {
    for payload in [0, 1, 53, 0xf_ffff] {
        for parts in [&[54, 2000][..], &[2054], &[10, 10, 10, 2000], &[0xf_ffff]] {
            segmented(Context { payload, ..SANE }, parts);
        }
    }
}

#[test]
fn cve_2021_2145_segment_sizes_that_do_not_fit() {
    for (mss, header) in
        [(0, 54), (1, 54), (16234, 54), (16235, 54), (0xffff, 54), (1460, 0), (8, 14)]
    {
        segmented(Context { mss, header, ..SANE }, &[54, 3000]);
    }
}

#[test]
fn cve_2019_5609_more_descriptors_than_anybody_expects() {
    segmented(SANE, &[30; 100]);
    let mut machine = Machine::off();
    machine.start_transmitter(4096);
    for index in 0..4000 {
        machine.put_descriptor(index, legacy(TX_BUFFER, 60, 0, 0, 0, 0));
    }
    machine.w32(reg::TDT, 4000);
    machine.settle();
    assert!(machine.sent.is_empty(), "longer than a packet can be");
    assert_eq!(machine.r32(reg::TDH), 4000);
}

#[test]
fn cve_2022_23087_checksums_outside_of_the_packet() {
    for start in [0, 13, 59, 60, 61, 255] {
        for at in [0, 58, 59, 60, 255] {
            let mut machine = Machine::off();
            machine.start_transmitter(8);
            machine.write_ram(TX_BUFFER, &frame_to(PEER, 60));
            machine.put_descriptor(0, legacy(TX_BUFFER, 60, SEND | 4, at, start, 0));
            let context = Context {
                ip: (start, at, 5),
                transport: (start, at, 0xffff),
                ..Context::default()
            };
            machine.put_descriptor(1, context.bytes());
            machine.put_descriptor(2, data(TX_BUFFER, 60, SEND, 3, 0));
            machine.w32(reg::TDT, 3);
            assert_eq!(machine.sent.iter().map(|f| f.len()).collect::<Vec<_>>(), [60, 60]);
            if start > 60 || at > 58 {
                assert_eq!(machine.sent[0].data(), frame_to(PEER, 60), "nothing is inserted");
            }
        }
    }
}

#[test]
fn mixed_descriptors_in_one_packet() {
    let kinds: [fn(u8) -> [u8; 16]; 3] = [
        |command| legacy(TX_BUFFER, 40, command, 10, 10, 0),
        |command| data(TX_BUFFER, 40, command, 3, 0),
        |command| data(TX_BUFFER, 40, command | TSE, 3, 0),
    ];
    for order in 0..81_usize {
        let mut machine = Machine::off();
        machine.start_transmitter(8);
        machine.put_descriptor(0, SANE.bytes());
        for index in 0..4 {
            let kind = kinds[order / 3_usize.pow(index) % 3];
            machine
                .put_descriptor(u64::from(index) + 1, kind(if index == 3 { SEND } else { 0x0a }));
        }
        machine.put_descriptor(3, Context { mss: 7, header: 3, ..SANE }.bytes());
        machine.w32(reg::TDT, 5);
        machine.settle();
        assert_eq!(machine.r32(reg::TDH), 5);
        still_works(&mut machine);
    }
}
