//! Interrupts from their causes to the processors' inputs, by registers alone.

use elnic_contract::{
    Access, ClockHz, Cx, Device, Effect, NoDma, Outbox, Reset, Silent, Size, TimerId, VTime,
};
use elnic_pic::{APIC_MODEL, Apic, ApicConfig, Controllers as _, IO_REGION, LOCAL_REGION};
use proptest::prelude::*;

const EOI: u64 = 0xb0;
const SPIV: u64 = 0xf0;
const TPR: u64 = 0x80;
const ICR: u64 = 0x300;
const ICR2: u64 = 0x310;
const LVTT: u64 = 0x320;
const TMICT: u64 = 0x380;
const TMCCT: u64 = 0x390;
const TDCR: u64 = 0x3e0;
const NM: u64 = 0xfe0;
const VECT: u64 = 0xff0;

/// Controllers and their time.
struct Board {
    apic: Apic,
    now: VTime,
    outbox: Outbox,
}

impl Board {
    /// Controllers that accept interrupts, logical ID `1 << n`. Pins 16 to 19 are PCI's.
    fn new(processors: u8) -> Self {
        let config = ApicConfig {
            processors,
            timer_clock: ClockHz::hz(100_000_000),
            idle_high: 0xf_0000,
            embedded: false,
        };
        let mut board = Self { apic: Apic::new(config), now: VTime::ZERO, outbox: Outbox::new() };
        for processor in 0..processors {
            board.set(processor, SPIV, 0x1ff);
            board.set(processor, 0xd0, 1 << (24 + processor));
        }
        board
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Apic, &mut Cx<'_>) -> T) -> T {
        let (mut dma, mut log) = (NoDma, Silent);
        call(&mut self.apic, &mut Cx::new(self.now, &mut dma, &mut self.outbox, &mut log))
    }

    fn set(&mut self, processor: u8, offset: u64, value: u64) {
        self.apic.view_from(processor);
        let access = Access::new(LOCAL_REGION, offset, Size::Word).unwrap();
        self.call(|apic, cx| apic.write(cx, access, value)).unwrap();
    }

    fn get(&mut self, processor: u8, offset: u64) -> u64 {
        self.apic.view_from(processor);
        let access = Access::new(LOCAL_REGION, offset, Size::Word).unwrap();
        self.call(|apic, cx| apic.read(cx, access)).unwrap()
    }

    fn io(&mut self, offset: u64, value: u64) {
        let access = Access::new(IO_REGION, offset, Size::Word).unwrap();
        self.call(|apic, cx| apic.write(cx, access, value)).unwrap();
    }

    fn entry(&mut self, pin: u64, entry: u64) {
        for (half, value) in [(0x11, entry >> 32), (0x10, entry & 0xffff_ffff)] {
            self.io(0x00, half + 2 * pin);
            self.io(0x10, value);
        }
    }

    fn entry_low(&mut self, pin: u64) -> u64 {
        self.io(0x00, 0x10 + 2 * pin);
        let access = Access::new(IO_REGION, 0x10, Size::Word).unwrap();
        self.call(|apic, cx| apic.read(cx, access)).unwrap()
    }

    /// The deadline of a timer as last asked for.
    fn armed(&mut self) -> Option<(TimerId, VTime)> {
        self.outbox.drain().fold(None, |last, effect| match effect {
            Effect::Arm(timer, at) => Some((timer, at)),
            Effect::Cancel(_) => None,
            _ => last,
        })
    }
}

/// Level, active low, to logical destination 1.
const PCI_LEVEL: u64 = 1 << 56 | 1 << 15 | 1 << 13 | 1 << 11;

#[test]
fn the_table_has_no_mistakes() {
    assert_eq!(elnic_registers::check(&APIC_MODEL), []);
}

#[test]
fn identity_is_as_the_machine_shows_it() {
    let mut board = Board::new(2);
    assert_eq!(board.get(0, 0x10), 0xfee0_0900, "the boot processor");
    assert_eq!(board.get(1, 0x10), 0xfee0_0800, "another");
    assert_eq!((board.get(0, 0x20), board.get(1, 0x20)), (0, 1 << 24));
    assert_eq!(board.get(0, 0x30), 0x0005_0014);
    board.set(1, 0x10, 0x100);
    assert_eq!(board.get(1, 0x10) & 0x100, 0, "being the boot processor cannot be written");
}

#[test]
fn a_vector_is_requested_served_and_ended() {
    let mut board = Board::new(1);
    assert!(board.apic.message(0xfee0_0000, 0x41));
    assert_eq!(board.apic.pending(0), Some(0x41));
    assert_eq!(board.get(0, 0x200 + 2 * 16), 1 << 1, "IRR");
    assert_eq!(board.get(0, VECT), 0x41);
    assert_eq!((board.get(0, 0x200 + 2 * 16), board.get(0, 0x100 + 2 * 16)), (0, 1 << 1));
    assert_eq!(board.get(0, 0xa0), 0x40, "PPR");
    assert_eq!(board.apic.pending(0), None);
    board.set(0, EOI, 0);
    assert_eq!((board.get(0, 0x100 + 2 * 16), board.get(0, 0xa0)), (0, 0));
    assert_eq!(board.get(0, VECT), 0xff, "nothing is pending: the spurious vector");
}

#[test]
fn only_what_is_more_important_interrupts_what_is_served() {
    let mut board = Board::new(1);
    for vector in [0x41, 0x4f, 0x52] {
        board.apic.message(0xfee0_0000, vector);
    }
    assert_eq!(board.apic.acknowledge(0), Some(0x52));
    assert_eq!(board.apic.pending(0), None, "0x4f is of a lower class");
    board.apic.message(0xfee0_0000, 0x5f);
    assert_eq!(board.apic.pending(0), None, "the same class");
    board.apic.message(0xfee0_0000, 0x60);
    assert_eq!(board.apic.acknowledge(0), Some(0x60));
    for next in [0x5f, 0x4f, 0x41] {
        while board.apic.pending(0).is_none() {
            board.set(0, EOI, 0);
        }
        assert_eq!(board.apic.acknowledge(0), Some(next));
    }
    board.set(0, EOI, 0);
    board.set(0, TPR, 0x40);
    board.apic.message(0xfee0_0000, 0x4f);
    assert_eq!(board.apic.pending(0), None, "TPR");
    board.set(0, TPR, 0x3f);
    assert_eq!(board.apic.pending(0), Some(0x4f));
}

#[test]
fn a_controller_that_is_off_accepts_nothing_and_masks_its_own_sources() {
    let mut board = Board::new(1);
    board.set(0, LVTT, 0x30);
    board.set(0, SPIV, 0xff);
    board.apic.message(0xfee0_0000, 0x41);
    assert_eq!(board.apic.pending(0), None);
    assert_eq!(board.get(0, LVTT), 0x1_0030);
    board.set(0, LVTT, 0x30);
    assert_eq!(board.get(0, LVTT), 0x1_0030, "the mask cannot be taken off");
}

#[test]
fn a_level_is_sent_once_until_its_end_and_again_while_it_lasts() {
    let mut board = Board::new(1);
    board.entry(18, PCI_LEVEL | 0x61);
    board.apic.assert(18, true);
    assert_eq!(board.get(0, VECT), 0x61);
    assert_eq!(board.entry_low(18) & 1 << 14, 1 << 14, "remote IRR");
    board.apic.assert(18, true);
    assert_eq!(board.apic.pending(0), None);
    board.set(0, EOI, 0);
    assert_eq!(board.get(0, VECT), 0x61, "still asserted");
    board.apic.assert(18, false);
    board.set(0, EOI, 0);
    assert_eq!((board.apic.pending(0), board.entry_low(18) & 1 << 14), (None, 0));
}

#[test]
fn the_end_of_a_level_may_be_told_by_hand() {
    let mut board = Board::new(1);
    board.set(0, SPIV, 0x11ff);
    board.entry(18, PCI_LEVEL | 0x61);
    board.apic.assert(18, true);
    board.get(0, VECT);
    board.set(0, EOI, 0);
    assert_eq!(board.apic.pending(0), None, "directed: nobody told the I/O controller");
    board.io(0x40, 0x61);
    assert_eq!(board.apic.pending(0), Some(0x61));
}

#[test]
fn polarity_is_that_of_the_pin_s_voltage() {
    let mut board = Board::new(1);
    board.entry(18, PCI_LEVEL & !(1 << 13) | 0x61);
    assert_eq!(board.apic.pending(0), Some(0x61), "an idle PCI pin is high");
    let mut board = Board::new(1);
    board.entry(3, 0x33);
    board.apic.assert(3, true);
    assert_eq!(board.get(0, VECT), 0x33, "an edge of a pin that is active high");
    board.apic.assert(3, false);
    board.set(0, EOI, 0);
    board.apic.assert(3, true);
    assert_eq!(board.get(0, VECT), 0x33, "each rise is one");
}

#[test]
fn a_masked_edge_is_lost_and_a_masked_level_waits() {
    let mut board = Board::new(1);
    board.entry(3, 1 << 16 | 0x33);
    board.entry(18, PCI_LEVEL | 1 << 16 | 0x61);
    board.apic.assert(3, true);
    board.apic.assert(18, true);
    assert_eq!(board.apic.pending(0), None);
    board.entry(3, 0x33);
    assert_eq!(board.apic.pending(0), None);
    board.entry(18, PCI_LEVEL | 0x61);
    assert_eq!(board.apic.pending(0), Some(0x61));
}

#[test]
fn a_level_that_nobody_took_is_taken_when_a_controller_is_switched_on() {
    let mut board = Board::new(1);
    board.set(0, SPIV, 0xff);
    board.entry(18, PCI_LEVEL | 0x61);
    board.apic.assert(18, true);
    assert_eq!(board.entry_low(18) & 1 << 14, 0);
    board.set(0, SPIV, 0x1ff);
    assert_eq!(board.apic.pending(0), Some(0x61));
}

#[test]
fn interrupts_go_to_those_addressed() {
    let mut board = Board::new(4);
    let pending = |board: &Board| [0, 1, 2, 3].map(|n| board.apic.pending(n).is_some());
    board.apic.message(0xfee0_2000, 0x41);
    assert_eq!(pending(&board), [false, false, true, false], "physical");
    board.apic.message(0xfee0_a004, 0x42);
    assert_eq!(pending(&board), [false, true, true, true], "logical, flat");
    board.apic.message(0xfeef_f000, 0x43);
    assert_eq!(pending(&board), [true; 4], "broadcast");
    let mut board = Board::new(4);
    board.set(0, TPR, 0x20);
    board.apic.message(0xfee0_f00c, 0x44);
    assert_eq!(pending(&board), [false, true, false, false], "lowest priority");
}

#[test]
fn processors_interrupt_each_other() {
    let mut board = Board::new(3);
    let pending = |board: &Board| [0, 1, 2].map(|n| board.apic.pending(n));
    board.set(0, ICR2, 1 << 24);
    board.set(0, ICR, 0x4000 | 0xfd);
    assert_eq!(pending(&board), [None, Some(0xfd), None]);
    assert_eq!(board.get(0, ICR), 0x40fd, "never busy");
    board.set(0, ICR, 3 << 18 | 0x4000 | 0xfe);
    assert_eq!(pending(&board), [None, Some(0xfe), Some(0xfe)], "all but self");
    board.set(0, ICR, 1 << 18 | 0x4000 | 0x31);
    board.set(2, 0x3f0, 0xff);
    assert_eq!(pending(&board), [Some(0x31), Some(0xfe), Some(0xff)], "self");
}

#[test]
fn what_cannot_be_masked_stands_in_nm_until_it_is_written() {
    let mut board = Board::new(2);
    board.set(0, ICR2, 1 << 24);
    board.set(0, ICR, 0x4500);
    board.set(0, ICR, 0x4606);
    board.set(0, ICR, 0x4400);
    assert!(board.apic.non_maskable(1) && !board.apic.non_maskable(0));
    assert_eq!(board.get(1, NM), 1 << 12 | 1 << 11 | 1 << 10 | 6);
    board.set(1, NM, 0x7_ff00);
    assert_eq!(board.get(1, NM), 6);
    assert!(!board.apic.non_maskable(1));
    assert_eq!(board.apic.pending(1), None);
}

#[test]
fn illegal_vectors_are_errors() {
    let mut board = Board::new(1);
    board.set(0, 0x370, 0xfe);
    board.apic.message(0xfee0_0000, 0x0f);
    assert_eq!(board.get(0, VECT), 0xfe, "the error interrupt");
    board.set(0, ICR, 0x4005);
    assert_eq!(board.get(0, 0x280), 0, "errors are seen after a write");
    board.set(0, 0x280, 0);
    assert_eq!(board.get(0, 0x280), 0x60);
}

#[test]
fn the_timer_counts_down_once_or_again_and_again() {
    let mut board = Board::new(1);
    board.set(0, TDCR, 0xb);
    board.set(0, LVTT, 1 << 17 | 0xef);
    board.set(0, TMICT, 1_000);
    let (timer, end) = board.armed().unwrap();
    assert_eq!(end, VTime::from_nanos(10_000));
    board.now = VTime::from_nanos(2_500);
    assert_eq!(board.get(0, TMCCT), 750);
    board.now = end;
    board.call(|apic, cx| apic.timer(cx, timer));
    assert_eq!(board.get(0, VECT), 0xef);
    assert_eq!(board.armed(), Some((timer, VTime::from_nanos(20_000))));
    board.set(0, EOI, 0);
    board.set(0, LVTT, 0xef);
    board.now = VTime::from_nanos(20_000);
    board.call(|apic, cx| apic.timer(cx, timer));
    assert_eq!((board.apic.pending(0), board.get(0, TMCCT)), (Some(0xef), 0));
    assert_eq!(board.armed(), None, "once");
}

#[test]
fn a_reset_makes_controllers_like_new() {
    let mut board = Board::new(2);
    board.entry(18, PCI_LEVEL | 0x61);
    board.apic.assert(18, true);
    board.set(1, 0x3f0, 0x44);
    board.apic.assert(18, false);
    board.call(|apic, cx| apic.reset(cx, Reset::Warm));
    let new = Apic::new(ApicConfig {
        processors: 2,
        timer_clock: ClockHz::hz(100_000_000),
        idle_high: 0xf_0000,
        embedded: false,
    });
    assert_eq!(board.apic.save(), new.save());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Local(u8, u64, u64),
    Entry(u64, u64),
    Pin(u8, bool),
    Message(u64, u32),
    Acknowledge(u8),
    Tick(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..2_u8, 0..256_u64, any::<u32>()).prop_map(|(n, at, v)| Step::Local(
            n,
            at * 16,
            v.into()
        )),
        (0..24_u64, any::<u64>()).prop_map(|(pin, entry)| Step::Entry(pin, entry)),
        (0..32_u8, any::<bool>()).prop_map(|(pin, high)| Step::Pin(pin, high)),
        (0xfee0_0000..0xfeef_ffff_u64, any::<u32>()).prop_map(|(at, data)| Step::Message(at, data)),
        (0..3_u8).prop_map(Step::Acknowledge),
        any::<u8>().prop_map(Step::Tick),
    ]
}

proptest! {
    #[test]
    fn anything_is_survived_and_a_pulse_is_invisible(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut board = Board::new(2);
        let mut other = Board::new(2);
        for (number, step) in steps.into_iter().enumerate() {
            for board in [&mut board, &mut other] {
                match step {
                    Step::Local(processor, offset, value) => board.set(processor, offset, value),
                    Step::Entry(pin, entry) => board.entry(pin, entry),
                    Step::Pin(pin, high) => board.apic.assert(pin, high),
                    Step::Message(at, data) => _ = board.apic.message(at, data),
                    Step::Acknowledge(processor) => _ = board.apic.acknowledge(processor),
                    Step::Tick(timer) => board.call(|apic, cx| apic.timer(cx, TimerId(timer))),
                }
            }
            if number % 7 == 0 {
                let state = other.apic.save();
                other = Board::new(2);
                other.apic.restore(&state).unwrap();
            }
            prop_assert_eq!(board.apic.save(), other.apic.save());
            for processor in 0..2 {
                prop_assert_eq!(board.apic.pending(processor), other.apic.pending(processor));
            }
        }
    }
}
