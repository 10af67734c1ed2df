//! The engine over a small table that has every mode and every awkward shape.

use elnic_contract::{
    Access, Cx, Dma, Fault, Field, Log, LogEntry, Mode, Model, NoDma, Outbox, RegionKind,
    RegionSpec, Register, Size, VTime,
};
use elnic_registers::{
    Bank, Behaviour, RegisterFile, Written, check, describe, markdown, peek, read, write,
};

elnic_registers::register_file! {
    /// A table with every mode.
    enum Odd {
        CTRL = Register::new("CTRL", 0x00, 4, &[
            Field::new("EN", 0, 1, Mode::Rw, "enable"),
            Field::new("GO", 1, 1, Mode::Sc, "start"),
            Field::new("LED", 4, 4, Mode::NotModelled, "lamp"),
            Field::new("KEY", 16, 8, Mode::Wo, "unlock"),
        ]).reset(1),
        CAUSE = Register::new("CAUSE", 0x04, 4, &[
            Field::new("RX", 0, 1, Mode::RcW1c, "received"),
            Field::new("TX", 1, 1, Mode::W1c, "sent"),
            Field::new("ERR", 2, 1, Mode::Rc, "failed"),
            Field::new("UP", 3, 1, Mode::Ro, "link"),
            Field::new("SET", 8, 1, Mode::W1s, "set"),
        ]),
        ID0 = Register::new("ID0", 0x08, 1, &[Field::new("ID", 0, 8, Mode::Rw, "byte")]),
        ID1 = Register::new("ID1", 0x09, 1, &[Field::new("ID", 0, 8, Mode::Rw, "byte")]),
        WORD = Register::new("WORD", 0x0a, 2, &[Field::new("W", 0, 16, Mode::Rw, "word")]),
        LOW = Register::new("LOW", 0x20, 4, &[Field::new("L", 0, 32, Mode::Rw, "low")]).array(4, 8),
        HIGH = Register::new("HIGH", 0x24, 4, &[Field::new("H", 0, 16, Mode::Rw, "high")]).array(4, 8).read_hook(),
    }
}

static MODEL: Model = Model {
    name: "odd",
    aliases: &[],
    summary: "Every mode",
    pci: None,
    regions: &[RegionSpec { name: "window", bar: 0, kind: RegionKind::Fixed, size: 0x40 }],
    registers: Odd::TABLE,
    sources: &["this test"],
};

#[derive(Default)]
struct Device {
    bank: Bank<Odd>,
    written: Vec<Written<Odd>>,
    read: Vec<(Odd, u16)>,
}

impl Behaviour<Odd> for Device {
    fn bank(&self) -> &Bank<Odd> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Odd> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, register: Odd, element: u16) {
        self.read.push((register, element));
    }

    fn after_write(&mut self, _cx: &mut Cx<'_>, written: Written<Odd>) {
        self.written.push(written);
    }
}

#[derive(Default)]
struct Notes(Vec<LogEntry>);

impl Log for Notes {
    fn record(&mut self, entry: LogEntry) {
        self.0.push(entry);
    }
}

fn access(offset: u64, size: Size) -> Access {
    Access::new(0, offset, size).unwrap()
}

fn with_cx<T>(run: impl FnOnce(&mut Cx<'_>) -> T) -> (T, Vec<LogEntry>) {
    let (mut outbox, mut notes, mut dma) = (Outbox::new(), Notes::default(), NoDma);
    let dma: &mut dyn Dma = &mut dma;
    let result = run(&mut Cx::new(VTime::ZERO, dma, &mut outbox, &mut notes));
    (result, notes.0)
}

fn w(device: &mut Device, offset: u64, size: Size, value: u64) -> Vec<LogEntry> {
    let (result, notes) = with_cx(|cx| write(device, cx, access(offset, size), value));
    result.unwrap();
    notes
}

fn r(device: &mut Device, offset: u64, size: Size) -> u64 {
    with_cx(|cx| read(device, cx, access(offset, size))).0.unwrap()
}

#[test]
fn the_table_has_no_mistake() {
    assert_eq!(check(&MODEL), vec![]);
}

#[test]
fn a_bad_table_is_found_out() {
    const FIELDS: &[Field] =
        &[Field::new("B", 4, 8, Mode::Rw, ""), Field::new("A", 0, 5, Mode::Rw, "")];
    static BAD: &[Register] = &[
        Register::new("X", 0x02, 4, FIELDS),
        Register::new("Y", 0x04, 4, &[]).reset(1),
        Register::new("X", 0x3e, 4, &[]).region(1),
    ];
    static MODEL: Model = Model {
        name: "bad",
        aliases: &[],
        summary: "",
        pci: None,
        regions: &[RegionSpec { name: "window", bar: 0, kind: RegionKind::Fixed, size: 6 }],
        registers: BAD,
        sources: &[],
    };
    let problems: Vec<String> = check(&MODEL).iter().map(ToString::to_string).collect();
    for expected in [
        "overlaps",
        "out of order",
        "aligned",
        "decodes elsewhere",
        "reaches beyond",
        "no region",
        "reserved bits",
        "taken",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:?}"
        );
    }
}

#[test]
fn each_mode_behaves_as_named() {
    let mut device = Device::default();
    assert_eq!(r(&mut device, 0, Size::Word), 1);
    w(&mut device, 0, Size::Word, 0x00ab_0002);
    assert_eq!(
        r(&mut device, 0, Size::Word),
        2,
        "GO is set until the hardware clears it; KEY reads zero"
    );
    assert_eq!(device.bank.get(Odd::CTRL), 0x00ab_0002);

    device.bank.set(Odd::CAUSE, 0xf);
    w(&mut device, 4, Size::Word, 0x102);
    assert_eq!(r(&mut device, 4, Size::Word), 0x10d, "TX cleared by 1, SET set, others kept");
    assert_eq!(r(&mut device, 4, Size::Word), 0x108, "RX and ERR cleared by the read");
}

#[test]
fn byte_lanes_touch_only_their_bytes() {
    let mut device = Device::default();
    w(&mut device, 8, Size::Word, 0xddcc_bbaa);
    assert_eq!(device.bank.get(Odd::ID0), 0xaa);
    assert_eq!(device.bank.get(Odd::ID1), 0xbb);
    assert_eq!(device.bank.get(Odd::WORD), 0xddcc);
    assert_eq!(r(&mut device, 9, Size::Byte), 0xbb);
    assert_eq!(r(&mut device, 10, Size::Half), 0xddcc);
    w(&mut device, 0x21, Size::Byte, 0x55);
    assert_eq!(device.bank.get(Odd::LOW), 0x5500);
    assert_eq!(device.written.last().unwrap().lanes, 0xff00);
    device.bank.set(Odd::CAUSE, 0x7);
    w(&mut device, 5, Size::Byte, 0xff);
    assert_eq!(device.bank.get(Odd::CAUSE), 0x107, "write-1-to-clear acts on enabled lanes only");
}

#[test]
fn interleaved_arrays_and_double_accesses_find_their_elements() {
    let mut device = Device::default();
    w(&mut device, 0x30, Size::Double, 0x1111_2222_3333_4444);
    assert_eq!(device.bank.get_at(Odd::LOW, 2), 0x3333_4444);
    assert_eq!(device.bank.get_at(Odd::HIGH, 2), 0x2222, "reserved upper half is dropped");
    assert_eq!(r(&mut device, 0x30, Size::Double), 0x0000_2222_3333_4444);
    assert_eq!(device.read, vec![(Odd::HIGH, 2)], "only rows that ask for it are hooked");
}

#[test]
fn nothing_decoded_is_refused_and_logged() {
    let mut device = Device::default();
    let at = access(0x10, Size::Word);
    let (result, notes) = with_cx(|cx| read(&mut device, cx, at));
    assert_eq!(result, Err(Fault::NoRegister));
    assert_eq!(notes, vec![LogEntry::Refused { access: at, fault: Fault::NoRegister }]);
    assert_eq!(peek(&device.bank, at), None);
}

#[test]
fn what_has_no_effect_is_logged_once_it_is_set() {
    let mut device = Device::default();
    let notes = w(&mut device, 0, Size::Word, 0x8000_0030);
    assert_eq!(
        notes,
        vec![
            LogEntry::ReservedBits { register: "CTRL", bits: 0x8000_0000 },
            LogEntry::NotModelled { register: "CTRL", field: "LED", bits: 0x30 },
        ]
    );
    assert_eq!(w(&mut device, 0, Size::Word, 0x30), vec![], "writing back what was read is silent");
}

#[test]
fn saved_values_come_back_and_hostile_ones_do_not() {
    let mut device = Device::default();
    w(&mut device, 0x28, Size::Word, 0x1234_5678);
    let state = device.bank.save();
    let mut fresh = Bank::<Odd>::new();
    fresh.restore(&state).unwrap();
    assert_eq!(fresh, device.bank);

    let json = serde_json::to_value(&state).unwrap();
    let hostile = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut json = json.clone();
        change(json.as_object_mut().unwrap());
        let state = serde_json::from_value(json).unwrap();
        let mut bank = fresh.clone();
        let refused = bank.restore(&state).unwrap_err().to_string();
        assert_eq!(bank, fresh);
        refused
    };
    assert!(
        hostile(&|map| {
            map.remove("CTRL");
        })
        .contains("'CTRL' is missing")
    );
    assert!(
        hostile(&|map| {
            map.insert("EVIL".into(), serde_json::json!([1]));
        })
        .contains("'EVIL'")
    );
    assert!(
        hostile(&|map| {
            map["LOW"] = serde_json::json!([1]);
        })
        .contains("1 elements instead of 4")
    );
    assert!(
        hostile(&|map| {
            map["ID0"] = serde_json::json!([0x100]);
        })
        .contains("0x100")
    );
}

#[test]
fn values_print_in_the_datasheets_words() {
    assert_eq!(describe(Odd::CAUSE.spec(), 0x109), "CAUSE = 0x00000109 RX=0x1 UP=0x1 SET=0x1");
    let page = markdown(&MODEL);
    assert!(page.contains("| 7:4 | LED | not modelled | lamp |"), "{page}");
    assert!(page.contains("00020–00038 step 8"));
}
