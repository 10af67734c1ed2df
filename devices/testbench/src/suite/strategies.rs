//! Random operations that know the model's table: what a driver, a bad driver or an attacker may do.

use std::fmt;
use std::ops::Deref;

use elnic_contract::{
    Entry, Gpa, LineError, LinkState, MacAddr, Model, Register, Reset, Size, VDuration,
};
use elnic_registers::MEMORY_ELEMENTS;
use elnic_script::{DmaKind, Op, Place, print_op};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::BoxedStrategy;

/// The part of guest RAM that random operations use: buffers, rings and descriptors lie here. Scenarios put theirs here
/// as well, so that random operations meet them.
pub const ARENA: std::ops::Range<u64> = 0x1000..0x2_0000;

/// Operations on a device of one model. A failing test shows them as the script that fails.
#[derive(Clone)]
pub struct Ops {
    model: &'static Model,
    ops: Vec<Op>,
}

impl Deref for Ops {
    type Target = [Op];

    fn deref(&self) -> &[Op] {
        &self.ops
    }
}

impl fmt::Debug for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("script:")?;
        self.ops.iter().try_for_each(|op| write!(f, "\n{}", print_op(op, self.model)))
    }
}

/// A list of fewer than `length` random operations on a device of `entry`.
pub fn ops(entry: &'static Entry, length: usize) -> BoxedStrategy<Ops> {
    let model = entry.model;
    prop::collection::vec(op(entry), 0..length).prop_map(move |ops| Ops { model, ops }).boxed()
}

/// One random operation on a device of `entry`.
pub fn op(entry: &'static Entry) -> BoxedStrategy<Op> {
    let model = entry.model;
    let device = entry.make([]).expect("the defaults make a device");
    let mac = device.as_nic().map(|nic| nic.mac());
    let mut arms: Vec<(u32, BoxedStrategy<Op>)> = vec![
        (12, write(model)),
        (6, read(model)),
        (3, ram()),
        (4, advance()),
        (1, reset()),
        (1, fault()),
    ];
    if let Some(mac) = mac {
        arms.push((5, frame(mac)));
        arms.push((1, select(vec![LinkState::Up, LinkState::Down]).prop_map(Op::Link).boxed()));
    }
    if let Some(serial) = device.as_serial() {
        let lines = u8::try_from(serial.line_names().len()).unwrap_or(u8::MAX);
        let character = (0..=lines, any::<u8>());
        arms.push((5, character.prop_map(|(line, byte)| Op::Character { line, byte }).boxed()));
    }
    prop::strategy::Union::new_weighted(arms).boxed()
}

/// A place an access may go to: mostly a register of the table, whole or in part, sometimes anywhere.
fn place(model: &'static Model) -> BoxedStrategy<(Place, Size)> {
    let anywhere = (any::<u8>(), any::<u64>(), sizes()).prop_map(|(region, offset, size)| {
        let mask = !(u64::from(size.bytes()) - 1);
        let region = region % 4;
        let length = model.regions.get(usize::from(region)).map_or(0x1000, |spec| spec.size);
        (Place { region, offset: (offset % length.max(8)) & mask }, size)
    });
    if model.registers.is_empty() {
        return anywhere.boxed();
    }
    let register = (any::<Index>(), any::<u16>(), 0_u8..8, sizes(), prop::bool::weighted(0.8));
    let register = register.prop_map(|(row, element, byte, size, whole)| {
        let row = &model.registers[row.index(model.registers.len())];
        let start = element_offset(row, element % row.count);
        let size = if whole { Size::from_bytes(row.width).unwrap_or(size) } else { size };
        let byte = if whole { 0 } else { u64::from(byte) };
        let mask = !(u64::from(size.bytes()) - 1);
        (Place { region: row.region, offset: (start + byte) & mask }, size)
    });
    prop_oneof![15 => register, 1 => anywhere].boxed()
}

/// Offset of an element of a register.
pub(crate) fn element_offset(row: &Register, element: u16) -> u64 {
    u64::from(row.offset) + u64::from(row.stride) * u64::from(element)
}

/// Elements of `row` to try one by one: the ends and the middle; of a large array also those beside powers of two, and
/// some that look random but are the same in each run.
pub(crate) fn sampled_elements(row: &Register) -> Vec<u16> {
    let last = row.count - 1;
    let mut elements = vec![0, row.count / 2, last];
    if row.count >= MEMORY_ELEMENTS {
        let powers =
            (0..16).map(|bit| 1_u32 << bit).flat_map(|power| [power - 1, power, power + 1]);
        // A step that is coprime to every power of two visits elements all over the array.
        let scattered = (0..16_u32).map(|n| n.wrapping_mul(40_503) % u32::from(row.count));
        elements.extend(powers.chain(scattered).filter_map(|element| u16::try_from(element).ok()));
    }
    elements.retain(|element| *element <= last);
    elements.sort_unstable();
    elements.dedup();
    elements
}

fn sizes() -> BoxedStrategy<Size> {
    select(vec![Size::Byte, Size::Half, Size::Word, Size::Double]).boxed()
}

/// A value for a register: what rings, lengths, masks and mistakes look like.
fn value() -> BoxedStrategy<u64> {
    prop_oneof![
        2 => Just(0),
        2 => Just(u64::MAX),
        4 => any::<u64>(),
        4 => (0_u32..64).prop_map(|bit| 1 << bit),
        4 => (0_u32..32, 0_u32..32).prop_map(|(a, b)| (1 << a) | (1 << b)),
        3 => 0_u64..64,
        4 => arena_address(),
        2 => (0_u64..256).prop_map(|count| count * 128),
        1 => (0_u64..0x1000).prop_map(|below| u64::MAX - below),
    ]
    .boxed()
}

fn arena_address() -> BoxedStrategy<u64> {
    prop_oneof![
        3 => (ARENA.start / 0x1000..ARENA.end / 0x1000).prop_map(|page| page * 0x1000),
        2 => (ARENA.start / 16..ARENA.end / 16).prop_map(|line| line * 16),
        1 => ARENA,
    ]
    .boxed()
}

fn write(model: &'static Model) -> BoxedStrategy<Op> {
    (place(model), value())
        .prop_map(|((at, size), value)| {
            let value = value & size.mask();
            Op::Write { at, size, value, refused: false }
        })
        .boxed()
}

fn read(model: &'static Model) -> BoxedStrategy<Op> {
    (place(model), prop::bool::weighted(0.1))
        .prop_map(|((at, size), peek)| {
            if peek { Op::Peek { at, size, want: None } } else { Op::Read { at, size, want: None } }
        })
        .boxed()
}

/// Descriptors as drivers write them, as attackers write them, and plain bytes.
fn ram() -> BoxedStrategy<Op> {
    let plausible =
        (arena_address(), 0_u16..2048, any::<[u8; 6]>()).prop_map(|(at, length, rest)| {
            [&at.to_le_bytes()[..], &length.to_le_bytes(), &rest].concat()
        });
    let hostile = (any::<u64>(), any::<[u8; 8]>())
        .prop_map(|(at, rest)| [&at.to_le_bytes()[..], &rest].concat());
    let descriptor = prop_oneof![4 => plausible, 1 => hostile];
    let descriptors = prop::collection::vec(descriptor, 1..12).prop_map(|list| list.concat());
    let plain = prop::collection::vec(any::<u8>(), 1..128);
    (arena_address(), prop_oneof![4 => descriptors, 1 => plain])
        .prop_map(|(at, bytes)| Op::Ram { at: Gpa(at), bytes })
        .boxed()
}

fn advance() -> BoxedStrategy<Op> {
    prop_oneof![
        2 => 1_u64..2_000,
        4 => 1_u64..2_000_000,
        2 => 1_u64..20_000_000,
        1 => Just(3_000_000_000),
    ]
    .prop_map(|nanoseconds| Op::Advance(VDuration::from_nanos(nanoseconds)))
    .boxed()
}

fn reset() -> BoxedStrategy<Op> {
    select(vec![Reset::Cold, Reset::Warm, Reset::Function]).prop_map(Op::Reset).boxed()
}

fn fault() -> BoxedStrategy<Op> {
    let kind = select(vec![DmaKind::Read, DmaKind::Write, DmaKind::Any]);
    (kind, 0_u32..20, 1_u32..4)
        .prop_map(|(kind, after, times)| Op::Fault { kind, after, times })
        .boxed()
}

/// Frames to this station, to groups and to others, of every length a line carries and of some it does not.
fn frame(mac: MacAddr) -> BoxedStrategy<Op> {
    let destination = prop_oneof![
        3 => Just(mac.0),
        2 => Just(MacAddr::BROADCAST.0),
        2 => any::<[u8; 6]>().prop_map(|mut group| { group[0] |= 1; group }),
        1 => any::<[u8; 6]>(),
    ];
    let ethertype = prop_oneof![
        3 => Just(vec![0x08, 0x00]),
        1 => Just(vec![0x86, 0xdd]),
        1 => Just(vec![0x88, 0x08]),
        2 => any::<[u8; 2]>().prop_map(|tag| vec![0x81, 0x00, tag[0], tag[1], 0x08, 0x00]),
        1 => any::<[u8; 2]>().prop_map(|kind| kind.to_vec()),
    ];
    let length = prop_oneof![4 => 46_usize..256, 2 => 0_usize..1505, 1 => 0_usize..17_000];
    let payload = (length, any::<[u8; 32]>());
    let error = prop::option::weighted(
        0.1,
        select(vec![LineError::BadFcs, LineError::Alignment, LineError::Symbol]),
    );
    let whole = (destination, any::<[u8; 6]>(), ethertype, payload).prop_map(
        |(to, from, kind, (length, pattern))| {
            let payload: Vec<u8> = pattern.into_iter().cycle().take(length).collect();
            [&to[..], &from, &kind, &payload].concat()
        },
    );
    let fragment = prop::collection::vec(any::<u8>(), 1..14);
    (prop_oneof![15 => whole, 1 => fragment], error)
        .prop_map(|(bytes, error)| Op::Frame { bytes, error })
        .boxed()
}

/// A frame for a NIC of `entry`.
pub(crate) fn frame_op(entry: &'static Entry) -> BoxedStrategy<Op> {
    let device = entry.make([]).expect("the defaults make a device");
    frame(device.as_nic().map_or(MacAddr::BROADCAST, |nic| nic.mac()))
}

/// No scenario or one of those the entry has.
pub(crate) fn scenario(entry: &'static Entry) -> BoxedStrategy<Option<usize>> {
    let known = entry.scenarios.len();
    prop_oneof![
        1 => Just(None),
        3 => (0..known.max(1)).prop_map(move |number| (number < known).then_some(number)),
    ]
    .boxed()
}
