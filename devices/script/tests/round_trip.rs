//! Whatever is printed reads back as the same steps.
#![expect(clippy::disallowed_types, reason = "prop_oneof! shares its arms")]

mod support;

use elnic_contract::{
    DropReason, Gpa, GuestEvent, LineError, LinkState, Reset, Size, VDuration, Verdict,
};
use elnic_script::{DmaKind, Event, EventKind, Expect, Op, Place, Step, Want, parse, print};
use proptest::prelude::*;
use support::MODEL;

fn size() -> impl Strategy<Value = Size> {
    prop::sample::select(vec![Size::Byte, Size::Half, Size::Word, Size::Double])
}

fn place() -> impl Strategy<Value = Place> {
    let offset = prop_oneof![0_u64..0x500, any::<u64>()];
    (0_u8..4, offset).prop_map(|(region, offset)| Place { region, offset })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let run = (any::<u8>(), 1_usize..12).prop_map(|(byte, count)| vec![byte; count]);
    prop::collection::vec(run, 1..12).prop_map(|runs| runs.concat())
}

fn want(size: Size) -> impl Strategy<Value = Option<Want>> {
    let bits = (any::<u64>(), any::<u64>()).prop_map(move |(value, mask)| {
        let mask = mask & size.mask();
        Some(Want::Bits { value: value & mask, mask })
    });
    prop_oneof![Just(None), Just(Some(Want::Refused)), bits]
}

fn op() -> impl Strategy<Value = Op> {
    let write =
        (place(), size(), any::<u64>(), any::<bool>()).prop_map(|(at, size, value, refused)| {
            Op::Write { at, size, value: value & size.mask(), refused }
        });
    let read = (place(), size()).prop_flat_map(|(at, size)| {
        (any::<bool>(), want(size)).prop_map(move |(peek, want)| {
            if peek { Op::Peek { at, size, want } } else { Op::Read { at, size, want } }
        })
    });
    let error = prop::option::of(prop::sample::select(vec![
        LineError::BadFcs,
        LineError::Alignment,
        LineError::Symbol,
    ]));
    let kind = prop::sample::select(vec![DmaKind::Read, DmaKind::Write, DmaKind::Any]);
    prop_oneof![
        write,
        read,
        (any::<u64>(), bytes()).prop_map(|(at, bytes)| Op::Ram { at: Gpa(at), bytes }),
        (bytes(), error).prop_map(|(bytes, error)| Op::Frame { bytes, error }),
        any::<(u8, u8)>().prop_map(|(line, byte)| Op::Character { line, byte }),
        any::<u64>().prop_map(|ps| Op::Advance(VDuration::from_picos(ps))),
        any::<u32>().prop_map(|us| Op::Advance(VDuration::from_micros(us.into()))),
        Just(Op::Pulse),
        (kind, any::<(u32, u32)>()).prop_map(|(kind, (after, times))| Op::Fault {
            kind,
            after,
            times
        }),
        prop::sample::select(vec![Reset::Cold, Reset::Warm, Reset::Function]).prop_map(Op::Reset),
        prop::sample::select(vec![LinkState::Up, LinkState::Down]).prop_map(Op::Link),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    let guest = prop_oneof![
        any::<u8>().prop_map(|code| GuestEvent::Panicked { code }),
        any::<u8>().prop_map(|code| GuestEvent::Shutdown { code }),
        Just(GuestEvent::CrashLoaded),
    ];
    let verdict = prop::sample::select(DropReason::ALL.to_vec()).prop_map(Verdict::Dropped);
    let event = prop_oneof![
        bytes().prop_map(Event::Sent),
        any::<u16>().prop_map(Event::Msi),
        any::<(u64, u32)>().prop_map(|(at, data)| Event::Message { address: Gpa(at), data }),
        any::<(u8, u8)>().prop_map(|(line, byte)| Event::Character { line, byte }),
        guest.prop_map(Event::Guest),
        Just(Event::Pme),
        Just(Event::RxFilterChanged),
        Just(Event::ImageChanged),
        prop_oneof![Just(Verdict::Taken), verdict].prop_map(Event::Received),
    ];
    prop_oneof![
        any::<bool>().prop_map(Expect::Irq),
        event.prop_map(Expect::Next),
        prop_oneof![Just(vec![]), bytes()].prop_map(Expect::SentPrefix),
        prop::sample::select(EventKind::ALL.to_vec()).prop_map(Expect::No),
        (any::<u64>(), bytes()).prop_map(|(at, bytes)| Expect::Ram { at: Gpa(at), bytes }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![op().prop_map(Step::from), expect().prop_map(Step::from)]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(steps in prop::collection::vec(step(), 0..20)) {
        let text = print(&steps, &MODEL);
        let read: Vec<Step> = parse(&text, &MODEL)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?
            .into_iter()
            .map(|step| Step { line: 0, ..step })
            .collect();
        prop_assert_eq!(read, steps, "{}", text);
    }

    #[test]
    fn no_text_breaks_the_parser(text in ".{0,200}", word in "[wrp](8|16|32|64) bar0\\+[A-Z\\[\\]0-9+]{0,12} .{0,40}") {
        let _ = parse(&text, &MODEL);
        let _ = parse(&word, &MODEL);
    }
}
