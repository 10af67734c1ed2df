//! Statistics: what each event adds to which counter, and to no other; clearing by reads; saturation (SDM 13.7;
//! nic-models.md §1.10).

mod harness;

use std::collections::{BTreeMap, BTreeSet};

use elnic_contract::{
    Access, Device, Frame, LineError, MacAddr, Nic, Register, Size, VDuration, VTime,
};
use elnic_e1000::MODEL;
use harness::{Context, MAC, Machine, PEER, RECEIVE, SEND, TX_BUFFER, data, frame_to, reg};

const GROUP: MacAddr = MacAddr([1, 0, 0x5e, 0, 0, 1]);
/// RCTL: promiscuous for groups, long packets.
const MPE: u32 = 1 << 4;
const LPE: u32 = 1 << 5;

/// What a cable with two ends in a process, copper and a controller without management never count; and RUC, for a short
/// frame of a software peer is padded as its sender's hardware would have done.
const NEVER: &[&str] = &[
    "SYMERRS", "SCC", "ECOL", "MCC", "LATECOL", "COLC", "DC", "TNCRS", "SEC", "CEXTERR", "RUC",
    "MGTPRC", "MGTPDC", "MGTPTC",
];

fn counters() -> impl Iterator<Item = &'static Register> {
    let statistics = |row: &&Register| row.region == 0 && (0x4000..0x4100).contains(&row.offset);
    MODEL.registers.iter().filter(statistics)
}

fn is_upper(row: &Register) -> bool {
    ["GORCH", "GOTCH", "TORH", "TOTH"].contains(&row.name)
}

/// All counters, looked at without clearing them.
fn looked_at(machine: &Machine) -> BTreeMap<&'static str, u64> {
    let peek = |row: &'static Register| {
        let access = Access::new(0, u64::from(row.offset), Size::Word).unwrap();
        (row.name, machine.device.peek(access).unwrap())
    };
    counters().map(peek).collect()
}

/// What `event` adds to the counters, those that it leaves alone left out.
fn added(machine: &mut Machine, event: impl FnOnce(&mut Machine)) -> BTreeMap<&'static str, u64> {
    let before = looked_at(machine);
    event(machine);
    let after = looked_at(machine);
    let difference = after.iter().map(|(name, value)| (*name, value - before[name]));
    difference.filter(|(_, value)| *value != 0).collect()
}

type Event = Box<dyn Fn(&mut Machine)>;

/// An event, what it adds, and how the machine is set up for it.
struct Case {
    what: String,
    properties: &'static [(&'static str, &'static str)],
    set_up: fn(&mut Machine),
    event: Event,
    adds: Vec<(&'static str, u64)>,
}

fn case(
    what: impl Into<String>,
    set_up: fn(&mut Machine),
    event: impl Fn(&mut Machine) + 'static,
    adds: &[(&'static str, u64)],
) -> Case {
    let (what, event, adds) = (what.into(), Box::new(event), adds.to_vec());
    Case { what, properties: &[("timing", "off")], set_up, event, adds }
}

fn receiver(machine: &mut Machine) {
    machine.start_receiver(32, RECEIVE | MPE);
}

fn transmitter(machine: &mut Machine) {
    machine.start_transmitter(32);
}

fn flow_control(machine: &mut Machine) {
    receiver(machine);
    machine.w32(reg::RCTL, RECEIVE | MPE | 1 << 22);
    machine.w32(reg::FCAL, 0x00c2_8001);
    machine.w32(reg::FCAH, 0x0100);
    machine.w32(reg::FCT, 0x8808);
    machine.w32(reg::CTRL, 0x0014_0240 | 3 << 27);
}

fn receive_damaged(machine: &mut Machine, length: usize, error: LineError) {
    let frame = Frame::new(frame_to(MAC, length), machine.now).unwrap().damaged(error);
    machine.receive_frame(&frame);
}

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (octets, class) in [
        (64, "64"),
        (65, "127"),
        (127, "127"),
        (128, "255"),
        (255, "255"),
        (256, "511"),
        (511, "511"),
        (512, "1023"),
        (1023, "1023"),
        (1024, "1522"),
        (1518, "1522"),
    ] {
        let length = octets as usize - 4;
        let by_size = |prefix: &str| {
            let name = format!("{prefix}{class}");
            counters().find(|row| row.name == name).unwrap().name
        };
        cases.push(case(
            format!("{octets} octets received"),
            receiver,
            move |machine| _ = machine.receive(&frame_to(MAC, length)),
            &[(by_size("PRC"), 1), ("TPR", 1), ("GPRC", 1), ("TORL", octets), ("GORCL", octets)],
        ));
        cases.push(case(
            format!("{octets} octets sent"),
            transmitter,
            move |machine| machine.send(&frame_to(PEER, length), SEND),
            &[(by_size("PTC"), 1), ("TPT", 1), ("GPTC", 1), ("TOTL", octets), ("GOTCL", octets)],
        ));
    }
    cases
}

fn addresses() -> Vec<Case> {
    let mut cases = Vec::new();
    for (to, received, sent) in [(MacAddr::BROADCAST, "BPRC", "BPTC"), (GROUP, "MPRC", "MPTC")] {
        let all = [("PRC64", 1), ("TPR", 1), ("GPRC", 1), ("TORL", 64), ("GORCL", 64)];
        cases.push(case(
            format!("received to {to}"),
            receiver,
            move |machine| _ = machine.receive(&frame_to(to, 60)),
            &[&all[..], &[(received, 1)]].concat(),
        ));
        let all = [("PTC64", 1), ("TPT", 1), ("GPTC", 1), ("TOTL", 64), ("GOTCL", 64)];
        cases.push(case(
            format!("sent to {to}"),
            transmitter,
            move |machine| machine.send(&frame_to(to, 60), SEND),
            &[&all[..], &[(sent, 1)]].concat(),
        ));
    }
    cases.push(case(
        "for another station",
        receiver,
        |machine| _ = machine.receive(&frame_to(PEER, 60)),
        &[("TPR", 1), ("TORL", 64)],
    ));
    cases
}

fn damage() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        (LineError::BadFcs, "CRCERRS"),
        (LineError::Alignment, "ALGNERRC"),
        (LineError::Symbol, "RXERRC"),
    ]
    .into_iter()
    .map(|(error, counter)| {
        case(
            format!("{error:?}"),
            receiver,
            move |machine| receive_damaged(machine, 60, error),
            &[("TPR", 1), ("TORL", 64), (counter, 1)],
        )
    })
    .collect();
    cases.push(case(
        "a fragment",
        receiver,
        |machine| receive_damaged(machine, 40, LineError::BadFcs),
        &[("TPR", 1), ("TORL", 44), ("CRCERRS", 1), ("RLEC", 1), ("RFC", 1)],
    ));
    cases.push(case(
        "a jabber",
        receiver,
        |machine| receive_damaged(machine, 1600, LineError::BadFcs),
        &[("TPR", 1), ("TORL", 1604), ("CRCERRS", 1), ("RLEC", 1), ("RJC", 1)],
    ));
    cases.push(case(
        "oversize",
        receiver,
        |machine| _ = machine.receive(&frame_to(MAC, 1600)),
        &[("TPR", 1), ("TORL", 1604), ("RLEC", 1), ("ROC", 1)],
    ));
    cases.push(case(
        "oversize with LPE",
        |machine| machine.start_receiver(32, RECEIVE | LPE),
        |machine| _ = machine.receive(&frame_to(MAC, 1600)),
        &[("TPR", 1), ("TORL", 1604), ("PRC1522", 1), ("GPRC", 1), ("GORCL", 1604)],
    ));
    cases
}

fn shortage() -> Vec<Case> {
    let no_buffers: fn(&mut Machine) = |machine| {
        receiver(machine);
        machine.w32(reg::RDT, 0);
    };
    let good = [("TPR", 1), ("TORL", 64), ("PRC64", 1), ("GPRC", 1), ("GORCL", 64)];
    let mut met_none = case(
        "no buffer",
        no_buffers,
        |machine| _ = machine.receive(&frame_to(MAC, 60)),
        &[&good[..], &[("RNBC", 1)]].concat(),
    );
    met_none.properties = &[("timing", "off"), ("rx-drop", "on")];
    let mut missed = case(
        "a full FIFO",
        |machine| {
            receiver(machine);
            machine.w32(reg::RDT, 0);
            while machine.device.counters().rx_dropped(elnic_contract::DropReason::FifoOverflow)
                == 0
            {
                machine.receive(&frame_to(MAC, 60));
            }
        },
        |machine| _ = machine.receive(&frame_to(MAC, 60)),
        &[("TPR", 1), ("TORL", 64), ("RNBC", 1), ("MPC", 1)],
    );
    missed.properties = met_none.properties;
    vec![met_none, missed]
}

fn control() -> Vec<Case> {
    let pause = |quanta| elnic_wire::pause::Pause { quanta }.emit_standard(PEER);
    let received = [("TPR", 1), ("TORL", 64)];
    let sent = [("TPT", 1), ("GPTC", 1), ("PTC64", 1), ("MPTC", 1), ("TOTL", 64), ("GOTCL", 64)];
    let unknown = move || {
        let mut frame = pause(1);
        frame[15] = 9;
        frame
    };
    vec![
        case(
            "XOFF received",
            flow_control,
            move |machine| _ = machine.receive(&pause(9)),
            &[&received[..], &[("XOFFRXC", 1)]].concat(),
        ),
        case(
            "XON received",
            flow_control,
            move |machine| _ = machine.receive(&pause(0)),
            &[&received[..], &[("XONRXC", 1)]].concat(),
        ),
        case(
            "another opcode",
            flow_control,
            move |machine| _ = machine.receive(&unknown()),
            &[&received[..], &[("FCRUC", 1)]].concat(),
        ),
        case(
            "XOFF sent",
            |machine| {
                flow_control(machine);
                machine.w32(reg::FCTTV, 7);
            },
            |machine| machine.w32(reg::TCTL, 1 << 22),
            &[&sent[..], &[("XOFFTXC", 1)]].concat(),
        ),
        case(
            "XON sent",
            |machine| {
                flow_control(machine);
                machine.w32(reg::FCTTV, 7);
                machine.w32(reg::FCRTH, 1000);
                machine.w32(reg::FCRTL, 1 << 31);
                machine.w32(reg::RDT, 0);
                machine.receive(&frame_to(MAC, 1500));
                assert_eq!(machine.sent.len(), 1, "XOFF");
            },
            |machine| machine.w32(reg::RDT, 20),
            &[&sent[..], &[("XONTXC", 1)]].concat(),
        ),
    ]
}

fn segmentation() -> Vec<Case> {
    let context = Context {
        ip: (14, 24, 33),
        transport: (34, 50, 0),
        payload: 200,
        command: 7,
        header: 54,
        mss: 100,
    };
    let send = |context: Context| {
        move |machine: &mut Machine| {
            let mut packet = frame_to(PEER, 254);
            packet[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
            machine.write_ram(TX_BUFFER, &packet);
            machine.put_descriptor(0, context.bytes());
            machine.put_descriptor(1, data(TX_BUFFER, 254, 0x0f, 3, 0));
            machine.w32(reg::TDT, 2);
        }
    };
    let octets = 2 * 158;
    vec![
        case(
            "two segments",
            transmitter,
            send(context),
            &[
                ("TSCTC", 1),
                ("TPT", 2),
                ("GPTC", 2),
                ("PTC255", 2),
                ("TOTL", octets),
                ("GOTCL", octets),
            ],
        ),
        case(
            "a segmentation that cannot be",
            transmitter,
            send(Context { mss: 0, ..context }),
            &[("TSCTFC", 1)],
        ),
    ]
}

fn cases() -> Vec<Case> {
    let groups = [sizes(), addresses(), damage(), shortage(), control(), segmentation()];
    groups.into_iter().flatten().collect()
}

#[test]
fn each_event_adds_to_its_counters_and_to_no_other() {
    for Case { what, properties, set_up, event, adds } in cases() {
        let mut machine = Machine::new(properties);
        set_up(&mut machine);
        assert_eq!(added(&mut machine, event), adds.into_iter().collect(), "{what}");
    }
}

#[test]
fn every_counter_has_an_event_or_a_reason_to_have_none() {
    let counted: BTreeSet<&str> =
        cases().iter().flat_map(|case| case.adds.iter().map(|(name, _)| *name)).collect();
    for row in counters().filter(|row| !is_upper(row)) {
        let never = NEVER.contains(&row.name);
        assert_ne!(counted.contains(row.name), never, "{}", row.name);
    }
}

#[test]
fn every_counter_is_cleared_by_a_read_and_a_pair_by_that_of_its_upper_half() {
    for row in counters() {
        let mut machine = Machine::off();
        let mut state = machine.device.save();
        state.fields["registers"][row.name] = serde_json::json!([0x1234_5678_u32]);
        machine.device.restore(&state).unwrap();
        let offset = u64::from(row.offset);
        assert_eq!(machine.r32(offset), 0x1234_5678, "{}", row.name);
        let upper = counters().find(|upper| is_upper(upper) && upper.offset == row.offset + 4);
        if let Some(upper) = upper {
            assert_eq!(machine.r32(offset), 0x1234_5678, "{} waits for its upper half", row.name);
            machine.r32(u64::from(upper.offset));
        }
        assert_eq!(machine.r32(offset), 0, "{}", row.name);
    }
}

#[test]
fn every_counter_sticks_at_its_end() {
    for Case { what, properties, set_up, event, adds } in cases() {
        let mut machine = Machine::new(properties);
        set_up(&mut machine);
        let mut state = machine.device.save();
        for row in counters() {
            state.fields["registers"][row.name] = serde_json::json!([u32::MAX]);
        }
        machine.device.restore(&state).unwrap();
        assert_eq!(added(&mut machine, event), BTreeMap::new(), "{what}: {adds:?}");
    }
}

#[test]
fn octets_carry_into_the_upper_half() {
    let mut machine = Machine::off();
    receiver(&mut machine);
    let mut state = machine.device.save();
    state.fields["registers"]["GORCL"] = serde_json::json!([0xffff_fff0_u32]);
    machine.device.restore(&state).unwrap();
    machine.receive(&frame_to(MAC, 60));
    assert_eq!((machine.r32(reg::GORCL), machine.r32(reg::GORCH)), (0x30, 1));
    machine.advance(VDuration::from_micros(1));
    assert_eq!(machine.now, VTime::from_nanos(1_000));
}
