//! Interrupts of machines with EPIC, by registers alone.

use elnic_contract::{Access, Cx, Device, Effect, NoDma, Outbox, Silent, Size, TimerId, VTime};
use elnic_pic::{
    Controllers as _, DOORBELL_REGION, EPIC_MODEL, Epic, IO_REGION, LOCAL_REGION, NODE_REGION,
};
use proptest::prelude::*;

const CPR: u64 = 0x70;
const EOI: u64 = 0xa0;
const CIR: u64 = 0xb0;
const PMIRR: u64 = 0x100;
const PNMIRR: u64 = 0x1e0;
const ICR: u64 = 0x200;
const ICR2: u64 = 0x204;
const TIMER_LVTT: u64 = 0x220;
const TIMER_INIT: u64 = 0x230;
const TIMER_CUR: u64 = 0x240;
const TIMER_DIV: u64 = 0x250;
const NM_TIMER_INIT: u64 = 0x270;
const NM_TIMER_DIV: u64 = 0x290;
const SVR: u64 = 0x2a0;
const PNMIRR_MASK: u64 = 0x2d0;
const VECT_INTA: u64 = 0x2f0;
/// Of a pin's page.
const INT_CTRL: u64 = 0x20;
const MSG_DATA: u64 = 0x24;
const ADDR_LOW: u64 = 0x2c;
const LEVEL: u64 = 1 << 15;
const STATUS: u64 = 1 << 12;

struct Board {
    epic: Epic,
    now: VTime,
    outbox: Outbox,
}

impl Board {
    /// Controllers that present interrupts.
    fn new(processors: u8) -> Self {
        let mut board =
            Self { epic: Epic::new(processors), now: VTime::ZERO, outbox: Outbox::new() };
        for processor in 0..processors {
            board.set(processor, 0, 1 << 10);
        }
        board
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Epic, &mut Cx<'_>) -> T) -> T {
        let (mut dma, mut log) = (NoDma, Silent);
        call(&mut self.epic, &mut Cx::new(self.now, &mut dma, &mut self.outbox, &mut log))
    }

    fn write(&mut self, region: u8, offset: u64, size: Size, value: u64) {
        let access = Access::new(region, offset, size).unwrap();
        self.call(|epic, cx| epic.write(cx, access, value)).unwrap();
    }

    fn read(&mut self, region: u8, offset: u64) -> u64 {
        let access = Access::new(region, offset, Size::Word).unwrap();
        self.call(|epic, cx| epic.read(cx, access)).unwrap()
    }

    fn set(&mut self, processor: u8, offset: u64, value: u64) {
        self.epic.view_from(processor);
        self.write(LOCAL_REGION, offset, Size::Word, value);
    }

    fn get(&mut self, processor: u8, offset: u64) -> u64 {
        self.epic.view_from(processor);
        self.read(LOCAL_REGION, offset)
    }

    /// Sends a pin's interrupts to a processor with this vector.
    fn route(&mut self, pin: u64, processor: u64, vector: u64, control: u64) {
        let page = pin << 12;
        self.write(IO_REGION, page | MSG_DATA, Size::Word, vector);
        self.write(IO_REGION, page | ADDR_LOW, Size::Word, 0xf800_0000 | processor << 6);
        self.write(IO_REGION, page | INT_CTRL, Size::Word, control);
    }

    fn armed(&mut self) -> Option<(TimerId, VTime)> {
        self.outbox.drain().fold(None, |last, effect| match effect {
            Effect::Arm(timer, at) => Some((timer, at)),
            _ => last,
        })
    }
}

#[test]
fn the_table_has_no_mistakes() {
    assert_eq!(elnic_registers::check(&EPIC_MODEL), []);
}

#[test]
fn identity_is_that_of_a_node_with_a_boot_processor() {
    let mut board = Board::new(3);
    assert_eq!((board.get(0, 0), board.get(1, 0)), (0x500, 0x400));
    assert_eq!((board.get(0, 0x10), board.get(2, 0x10)), (0, 2));
    assert_eq!(board.read(IO_REGION, 4), 0x40_0002, "64 pins, version 2");
    assert_eq!(board.read(IO_REGION, 0x20 + (63 << 12)), 1 << 16, "masked");
    assert_eq!(board.read(NODE_REGION, 0), 0x900);
    assert_eq!(board.get(0, PNMIRR_MASK), 0x3_2000);
}

#[test]
fn a_vector_is_presented_served_and_ended() {
    let mut board = Board::new(1);
    assert!(board.epic.message(0xf800_0000, 0x141));
    assert_eq!(board.epic.pending(0), Some(0x141));
    assert_eq!(board.get(0, CIR), 0x1141);
    assert_eq!(board.get(0, VECT_INTA), 0x141, "CPR was 0");
    assert_eq!((board.get(0, CPR), board.get(0, CIR)), (2 << 8, 0));
    // The same class waits, a higher one does not.
    board.epic.message(0xf800_0000, 0x1ff);
    assert_eq!(board.epic.pending(0), None);
    assert_eq!(board.get(0, PMIRR + 4 * (0x1ff / 32)), 1 << 31);
    board.epic.message(0xf800_0000, 0x201);
    assert_eq!(board.get(0, VECT_INTA), 0x2_0201, "and CPR as it was");
    board.set(0, EOI, 2 << 16);
    assert_eq!(board.epic.pending(0), None);
    board.set(0, EOI, 0);
    assert_eq!(board.get(0, VECT_INTA), 0x1ff);
    board.set(0, SVR, 0x3fe);
    assert_eq!(board.get(0, VECT_INTA), 0x2_03fe, "nothing is presented: the spurious vector");
}

#[test]
fn a_more_important_vector_takes_the_place_of_what_is_presented() {
    let mut board = Board::new(1);
    for vector in [0x41, 0x42, 0x140, 0x40] {
        board.epic.message(0xf800_0000, vector);
    }
    assert_eq!(board.epic.pending(0), Some(0x140));
    assert_eq!(board.get(0, PMIRR + 8), 0b111);
    board.set(0, CPR, 2 << 8);
    assert_eq!(board.epic.pending(0), None);
    board.set(0, CPR, 0);
    for vector in [0x140, 0x42, 0x41, 0x40] {
        assert_eq!(board.get(0, VECT_INTA) & 0x3ff, vector);
        board.set(0, EOI, 0);
    }
}

#[test]
fn a_controller_that_is_off_keeps_what_was_requested() {
    let mut board = Board::new(1);
    board.set(0, 0, 0);
    board.epic.message(0xf800_0000, 0x41);
    assert_eq!(board.epic.pending(0), None);
    board.set(0, 0, 1 << 10);
    assert_eq!(board.epic.pending(0), Some(0x41));
}

#[test]
fn commands_reach_those_they_name() {
    let cases: [(u64, [bool; 3]); 4] = [
        (0x041, [false, false, true]),
        (0x441, [false, true, false]),
        (0x841, [true, false, true]),
        (0xc41, [true, true, true]),
    ];
    for (command, wanted) in cases {
        let mut board = Board::new(3);
        board.epic.view_from(1);
        board.write(LOCAL_REGION, ICR, Size::Double, 2 << 40 | command);
        let reached = [0, 1, 2].map(|processor| board.epic.pending(processor).is_some());
        assert_eq!(reached, wanted, "{command:#x}");
        assert_eq!(board.get(1, ICR) >> 12 & 1, 0, "idle again");
    }
    // In two halves it leaves with the lower one.
    let mut board = Board::new(3);
    board.set(0, ICR2, 1 << 8);
    assert_eq!(board.epic.pending(1), None);
    board.set(0, ICR, 0x41);
    assert_eq!(board.epic.pending(1), Some(0x41));
}

#[test]
fn non_maskable_causes_stand_until_they_are_written_away() {
    for (mode, bit) in [(2_u64, 9), (4, 10), (5, 11)] {
        let mut board = Board::new(2);
        board.set(0, ICR2, 1 << 8);
        board.set(0, ICR, mode << 13);
        assert!(board.epic.non_maskable(1) && !board.epic.non_maskable(0));
        assert_eq!(board.get(1, PNMIRR), 1 << bit);
        board.set(1, PNMIRR, 1 << bit);
        assert!(!board.epic.non_maskable(1));
    }
    let mut board = Board::new(2);
    board.set(0, ICR2, 1 << 8);
    board.set(0, ICR, 6 << 13 | 0x5a);
    assert_eq!(board.get(1, PNMIRR), 0x105a);
    assert_eq!(board.epic.take_startup(1), Some(0x5_a000));
    assert_eq!(board.epic.take_startup(1), None);
    // Masked after reset: the special one.
    board.set(0, ICR, 3 << 13);
    assert!(!board.epic.non_maskable(1));
    board.set(1, PNMIRR_MASK, 0);
    assert!(board.epic.non_maskable(1));
}

#[test]
fn a_level_is_sent_again_at_its_end_while_it_lasts() {
    let mut board = Board::new(2);
    board.epic.assert(18, true);
    board.route(18, 1, 0x62, LEVEL);
    assert_eq!(board.get(1, VECT_INTA), 0x62);
    assert_eq!(board.read(IO_REGION, 18 << 12 | INT_CTRL), LEVEL | STATUS);
    board.set(1, EOI, 0);
    assert_eq!(board.epic.pending(1), None, "the I/O controller was not told");
    board.write(IO_REGION, 18 << 12 | INT_CTRL, Size::Word, LEVEL | STATUS);
    assert_eq!(board.get(1, VECT_INTA), 0x62);
    board.epic.assert(18, false);
    // Telling the end changes nothing else, whatever is written beside it.
    board.write(IO_REGION, 18 << 12 | INT_CTRL, Size::Word, STATUS | 1 << 16);
    assert_eq!(board.read(IO_REGION, 18 << 12 | INT_CTRL), LEVEL);
    board.set(1, EOI, 0);
    assert_eq!(board.epic.pending(1), None);
}

#[test]
fn an_edge_waits_for_a_pin_that_is_masked_and_is_sent_once() {
    let mut board = Board::new(1);
    board.epic.assert(2, true);
    board.epic.assert(2, false);
    board.route(2, 0, 0x42, 0);
    assert_eq!(board.get(0, VECT_INTA), 0x42);
    board.set(0, EOI, 0);
    board.write(IO_REGION, 2 << 12 | INT_CTRL, Size::Word, 0);
    assert_eq!(board.epic.pending(0), None);
    board.epic.assert(2, true);
    assert_eq!(board.epic.pending(0), Some(0x42));
    for pin in [64, 255] {
        board.epic.assert(pin, true);
    }
}

#[test]
fn the_doorbell_is_where_software_puts_it() {
    let mut board = Board::new(1);
    board.write(DOORBELL_REGION, 0, Size::Word, 0xe00f_ffff);
    board.write(DOORBELL_REGION, 4, Size::Word, 1);
    assert!(!board.epic.message(0xf800_0000, 0x41));
    assert!(board.epic.message(0x1_e000_0000, 0x41));
    assert_eq!(board.epic.pending(0), Some(0x41));
}

#[test]
fn timers_count_100_mhz_divided() {
    let mut board = Board::new(2);
    board.set(1, TIMER_DIV, 0xb);
    board.set(1, TIMER_LVTT, 1 << 17 | 0x2ef);
    board.set(1, TIMER_INIT, 1000);
    assert_eq!(board.armed(), Some((TimerId(1), VTime::from_nanos(10_000))));
    board.now = VTime::from_nanos(4_000);
    assert_eq!(board.get(1, TIMER_CUR), 600);
    board.now = VTime::from_nanos(10_000);
    board.call(|epic, cx| epic.timer(cx, TimerId(1)));
    assert_eq!(board.epic.pending(1), Some(0x2ef));
    assert_eq!(board.armed(), Some((TimerId(1), VTime::from_nanos(20_000))), "again");

    board.set(1, PNMIRR_MASK, 0);
    board.set(1, NM_TIMER_DIV, 0);
    board.set(1, NM_TIMER_INIT, 100);
    assert_eq!(board.armed(), Some((TimerId(17), VTime::from_nanos(12_000))));
    board.now = VTime::from_nanos(12_000);
    board.call(|epic, cx| epic.timer(cx, TimerId(17)));
    assert!(board.epic.non_maskable(1) && !board.epic.non_maskable(0));
    assert_eq!(board.get(1, PNMIRR), 1 << 16);
}

proptest! {
    #[test]
    fn a_saved_state_goes_on_as_the_original(
        before in prop::collection::vec((0_u8..4, 0_u64..0x100, any::<u32>()), 0..40),
        after in prop::collection::vec((0_u8..4, 0_u64..0x100, any::<u32>()), 0..40),
    ) {
        let run = |board: &mut Board, steps: &[(u8, u64, u32)]| {
            for (kind, place, value) in steps {
                match kind {
                    0 => board.set((place % 2) as u8, place & !3, (*value).into()),
                    1 => board.write(IO_REGION, (place << 12 | INT_CTRL) & 0xf_ffff, Size::Word, (*value).into()),
                    2 => board.epic.assert(*place as u8, value & 1 == 1),
                    _ => _ = board.epic.message(0xf800_0000 | (place & 3) << 6, *value),
                }
            }
        };
        let mut board = Board::new(2);
        run(&mut board, &before);
        let mut other = Board::new(2);
        other.epic.restore(&board.epic.save()).unwrap();
        run(&mut board, &after);
        run(&mut other, &after);
        prop_assert_eq!(board.epic.save(), other.epic.save());
        prop_assert!(Epic::new(3).restore(&board.epic.save()).is_err());
    }
}
