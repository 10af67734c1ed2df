//! PAUSE both ways (SDM 13.4.12 to 13.4.16, 13.4.38; IEEE 802.3-2022 annex 31B).

mod harness;

use elnic_contract::{VDuration, VTime};
use harness::{MAC, Machine, PEER, RECEIVE, SEND, frame_to, reg};

fn ns(nanoseconds: u64) -> VTime {
    VTime::from_nanos(nanoseconds)
}

fn flow_control(machine: &mut Machine, ctrl: u32) {
    machine.w32(reg::FCAL, 0x00c2_8001);
    machine.w32(reg::FCAH, 0x0100);
    machine.w32(reg::FCT, 0x8808);
    machine.w32(reg::CTRL, 0x0014_0240 | ctrl);
}

fn pause(quanta: u16) -> Vec<u8> {
    elnic_wire::pause::Pause { quanta }.emit_standard(PEER)
}

#[test]
fn a_received_pause_holds_frames_back() {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE | 1 << 22);
    flow_control(&mut machine, 1 << 27);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&pause(10));
    assert_eq!(machine.r32(reg::STATUS) & 0x10, 0x10, "TXOFF");
    machine.send(&frame_to(PEER, 60), SEND);
    machine.advance(VDuration::from_micros(100));
    assert_eq!(machine.sent[0].arrival(), ns(1_000 + 10 * 512 + 576));
    assert_eq!(machine.r32(reg::STATUS) & 0x10, 0);
    machine.receive(&pause(0xffff));
    machine.send(&frame_to(PEER, 60), SEND);
    machine.advance(VDuration::from_micros(10));
    machine.receive(&pause(0));
    let resumed = machine.now.as_nanos();
    machine.advance(VDuration::from_micros(10));
    assert_eq!(machine.sent[1].arrival(), ns(resumed + 576), "XON");
    assert_eq!((machine.r32(reg::XOFFRXC), machine.r32(reg::XONRXC)), (2, 1));
    assert_eq!(machine.r32(reg::RDH), 0, "DPF keeps them from memory");
}

#[test]
fn a_filling_fifo_sends_xoff_and_xon() {
    let mut machine = Machine::wire();
    machine.start_receiver(64, RECEIVE);
    flow_control(&mut machine, 1 << 28);
    machine.w32(reg::FCTTV, 0x1234);
    machine.w32(reg::FCRTH, 4000);
    machine.w32(reg::FCRTL, 0x8000_0000 | 1000);
    machine.w32(reg::RDT, 0);
    for _ in 0..4 {
        machine.receive(&frame_to(MAC, 1500));
        machine.advance(VDuration::from_micros(20));
    }
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(
        machine.sent[0].data()[..18],
        [0x01, 0x80, 0xc2, 0, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x88, 0x08, 0, 1, 0x12, 0x34]
    );
    machine.w32(reg::RDT, 60);
    machine.advance(VDuration::from_micros(20));
    assert_eq!(machine.sent.len(), 2);
    assert_eq!(machine.sent[1].data()[14..18], [0, 1, 0, 0]);
    assert_eq!((machine.r32(reg::XOFFTXC), machine.r32(reg::XONTXC)), (1, 1));
}

#[test]
fn software_can_send_xoff() {
    let mut machine = Machine::off();
    flow_control(&mut machine, 0);
    machine.w32(reg::FCTTV, 7);
    machine.w32(reg::TCTL, 1 << 22);
    assert_eq!(machine.sent[0].data()[16..18], [0, 7]);
    assert_eq!(machine.r32(reg::TCTL), 0, "SWXOFF clears itself");
}

#[test]
fn a_pause_does_not_hold_back_flow_control_of_our_own() {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE);
    flow_control(&mut machine, 1 << 27);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&pause(0xffff));
    let start = machine.now.as_nanos();
    machine.send(&frame_to(PEER, 60), SEND);
    machine.w32(reg::TCTL, harness::TRANSMIT | 1 << 22);
    machine.advance(VDuration::from_micros(10));
    assert_eq!(machine.sent.len(), 1, "the data waits");
    assert_eq!(machine.sent[0].data()[12..14], [0x88, 0x08]);
    assert_eq!(machine.sent[0].arrival(), ns(start + 576));
    machine.settle();
    assert_eq!(machine.sent.len(), 2);
    assert_eq!(machine.sent[1].arrival(), ns(start + 0xffff * 512 + 576));
}

#[test]
fn flow_control_goes_behind_a_frame_that_is_leaving_and_before_the_next() {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    flow_control(&mut machine, 0);
    machine.send(&frame_to(PEER, 1000), SEND);
    machine.send(&frame_to(PEER, 1000), SEND);
    machine.w32(reg::TCTL, harness::TRANSMIT | 1 << 22);
    machine.settle();
    let lengths: Vec<usize> = machine.sent.iter().map(elnic_contract::Frame::len).collect();
    assert_eq!(lengths, [1000, 60, 1000]);
}
