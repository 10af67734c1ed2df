//! Packets of one frame: descriptors, padding, FCS, tags, checksums, loopback.

use elnic_contract::{DropReason, LineError, Nic};
use elnic_wire::fcs;
use elnic_wire::layout::{Layout, Verified};

use crate::harness::{
    Context, MAC, Machine, PEER, RECEIVE, SEND, TRANSMIT, TX_BUFFER, TX_RING, data, frame_to,
    legacy, reg,
};
use crate::{IXSM, TXSM, prepare, tcp_v4, tcp_v6, udp_v4};

#[test]
fn a_legacy_frame_goes_out_and_is_reported() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = frame_to(PEER, 100);
    machine.send(&frame, SEND);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.sent[0].data(), frame);
    assert_eq!(machine.tx_status(0), 1);
    assert_eq!((machine.r32(reg::TDH), machine.r32(reg::ICR)), (1, 3), "TXDW and TXQE");
    assert_eq!(machine.r32(reg::GPTC), 1);
    assert_eq!(machine.r32(reg::TOTL), 104);
    assert_eq!(machine.device.counters().tx_frames, 1);
}

#[test]
fn nothing_is_reported_that_was_not_asked_for() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.send(&frame_to(PEER, 100), 0x03);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.tx_status(0), 0);
    assert_eq!(machine.r32(reg::ICR), 2, "TXQE only");
}

#[test]
fn the_order_of_tail_and_enable_does_not_matter() {
    let mut machine = Machine::off();
    machine.w32(reg::TDBAL, TX_RING as u32);
    machine.w32(reg::TDLEN, 128);
    machine.put_frame(0, &frame_to(PEER, 60), SEND);
    machine.w32(reg::TDT, 1);
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (0, 0));
    machine.w32(reg::TCTL, TRANSMIT);
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (1, 1));
}

#[test]
fn the_ring_wraps() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    for n in 0..30 {
        machine.send(&frame_to(PEER, 60 + n), SEND);
    }
    assert_eq!(
        machine.sent.iter().map(|f| f.len()).collect::<Vec<_>>(),
        (60..90).collect::<Vec<_>>()
    );
    assert_eq!(machine.r32(reg::TDH), 30 % 8);
}

#[test]
fn a_packet_may_be_spread_over_descriptors_of_any_length() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    let frame = frame_to(PEER, 200);
    machine.write_ram(TX_BUFFER, &frame);
    let parts = [0, 1, 0, 13, 100, 0, 86, 0];
    let mut at = TX_BUFFER;
    for (index, length) in parts.into_iter().enumerate() {
        let end = if index == parts.len() - 1 { SEND } else { SEND & !1 };
        machine.put_descriptor(index as u64, legacy(at, length, end, 0, 0, 0));
        at += u64::from(length);
    }
    machine.w32(reg::TDT, parts.len() as u32);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.sent[0].data(), frame);
    assert!((0..8).all(|index| machine.tx_status(index) == 1), "even the empty ones complete");
}

#[test]
fn short_packets_are_padded_if_asked_for() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.send(&frame_to(PEER, 20), SEND);
    assert_eq!(machine.sent[0].len(), 60);
    assert!(machine.sent[0].data()[20..].iter().all(|byte| *byte == 0));
    machine.w32(reg::TCTL, 2);
    machine.send(&frame_to(PEER, 20), SEND);
    assert_eq!(machine.sent[1].len(), 20);
}

#[test]
fn a_packet_may_bring_its_own_fcs() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let mut frame = frame_to(PEER, 60);
    frame.extend(fcs::bytes(&frame));
    machine.send(&frame, SEND & !2);
    assert_eq!((machine.sent[0].len(), machine.sent[0].error()), (60, None));
    frame[20] ^= 1;
    machine.send(&frame, SEND & !2);
    assert_eq!((machine.sent[1].len(), machine.sent[1].error()), (60, Some(LineError::BadFcs)));
    machine.send(&[1, 2, 3, 4], SEND & !2);
    assert_eq!(machine.sent.len(), 2, "there is nothing but an FCS");
}

#[test]
fn a_legacy_descriptor_inserts_a_checksum() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = prepare(udp_v4(33), 40, false, true);
    machine.write_ram(TX_BUFFER, &frame);
    machine.put_descriptor(0, legacy(TX_BUFFER, frame.len() as u16, SEND | 4, 40, 34, 0));
    machine.w32(reg::TDT, 1);
    let layout = Layout::of(machine.sent[0].data()).unwrap();
    assert_eq!(layout.transport_checksum(machine.sent[0].data()), Verified::Good);
    assert_eq!(machine.sent[0].data()[34..40], frame[34..40]);
}

#[test]
fn tags_are_inserted_in_vlan_mode_only() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = frame_to(PEER, 60);
    machine.write_ram(TX_BUFFER, &frame);
    machine.put_descriptor(0, legacy(TX_BUFFER, 60, SEND | 0x40, 0, 0, 0xa123));
    machine.put_descriptor(1, data(TX_BUFFER, 60, SEND | 0x40, 0, 0xa124));
    machine.w32(reg::VET, 0x8100);
    machine.w32(reg::TDT, 1);
    assert_eq!(machine.sent[0].data(), frame);
    machine.w32(reg::CTRL, 0x4014_0240);
    machine.w32(reg::TDT, 2);
    let tagged = [&frame[..12], &[0x81, 0, 0xa1, 0x24], &frame[12..]].concat();
    assert_eq!(machine.sent[1].data(), tagged);
}

#[test]
fn contexts_insert_ip_and_transport_checksums() {
    for (frame, v6, at) in
        [(tcp_v4(100), false, 50), (udp_v4(100), false, 40), (tcp_v6(100), true, 70)]
    {
        let mut machine = Machine::off();
        machine.start_transmitter(8);
        let ready = prepare(frame.clone(), at, v6, true);
        machine.write_ram(TX_BUFFER, &ready);
        let transport = if v6 { 54 } else { 34 };
        let context =
            Context { ip: (14, 24, 33), transport: (transport, at as u8, 0), ..Context::default() };
        machine.put_descriptor(0, context.bytes());
        let options = if v6 { TXSM } else { IXSM | TXSM };
        machine.put_descriptor(1, data(TX_BUFFER, ready.len() as u32, SEND, options, 0));
        machine.w32(reg::TDT, 2);
        assert_eq!(machine.sent[0].data(), frame);
    }
}

#[test]
fn options_are_those_of_the_first_descriptor() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = tcp_v4(100);
    let ready = prepare(frame.clone(), 50, false, true);
    machine.write_ram(TX_BUFFER, &ready);
    machine.put_descriptor(
        0,
        Context { ip: (14, 24, 33), transport: (34, 50, 0), ..Context::default() }.bytes(),
    );
    machine.put_descriptor(1, data(TX_BUFFER, 40, SEND & !1, IXSM | TXSM, 0));
    machine.put_descriptor(2, data(TX_BUFFER + 40, ready.len() as u32 - 40, SEND, 0, 0));
    machine.w32(reg::TDT, 3);
    assert_eq!(machine.sent[0].data(), frame);
}

#[test]
fn low_threshold_is_reported_once_per_crossing() {
    let mut machine = Machine::off();
    machine.start_transmitter(32);
    machine.w32(reg::TXDCTL, 1 << 25);
    for index in 0..10 {
        machine.put_frame(index, &frame_to(PEER, 60), 0x03);
    }
    machine.w32(reg::TDT, 5);
    assert_eq!(machine.r32(reg::ICR) & 0x8000, 0, "never above eight");
    machine.w32(reg::TCTL, 0);
    for index in 5..16 {
        machine.put_frame(index, &frame_to(PEER, 60), 0x03);
    }
    machine.w32(reg::TDT, 16);
    machine.w32(reg::TCTL, TRANSMIT);
    assert_eq!(machine.r32(reg::ICR) & 0x8000, 0x8000);
}

#[test]
fn frames_leave_no_station_without_a_link() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.call(|device, cx| device.link(cx, elnic_contract::LinkState::Down));
    machine.send(&frame_to(PEER, 60), SEND);
    assert_eq!(machine.sent.len(), 0);
    assert_eq!(machine.tx_status(0), 1, "the driver is not left waiting");
    assert_eq!(machine.device.counters().tx_dropped(DropReason::LinkDown), 1);
    assert_eq!(machine.r32(reg::GPTC), 0);
}

#[test]
fn loopback_in_mac_and_phy_brings_frames_back() {
    for phy in [false, true] {
        for timing in ["off", "wire", "full"] {
            let mut machine = Machine::new(&[("timing", timing)]);
            machine.start_transmitter(8);
            machine.start_receiver(8, RECEIVE | if phy { 0 } else { 0x40 });
            if phy {
                machine.write_phy(0, 0x4140);
            }
            let frame = frame_to(MAC, 300);
            machine.send(&frame, SEND);
            machine.advance(elnic_contract::VDuration::from_micros(100));
            assert_eq!(machine.sent.len(), 0);
            assert_eq!(machine.rx_buffer(0), frame, "{phy} {timing}");
            assert_eq!((machine.r32(reg::GPTC), machine.r32(reg::GPRC)), (1, 1));
        }
    }
}
