//! What a simple program sees that was only ever run on QEMU: every register after reset, what of written ones and zeros stays,
//! and frames that go round in loopback while it polls. The numbers are what QEMU 6.1 shows; with `compat=qemu` all of them
//! but those that [`QEMU_DIFFERENCES`] names are shown here too, and by default those that it names as switched besides.

mod harness;

use elnic_contract::Size;
use elnic_rtl8139::{QEMU_DIFFERENCES, QemuDifference};
use elnic_script::Place;
use harness::{GROUP, MAC, Machine, TX_BUFFERS, frame_to, reg};

/// Offset, size and value of registers after reset. Registers that are left out read 0.
const AFTER_RESET: &[(u64, Size, u64)] = &[
    (0x00, Size::Word, 0x1200_5452),
    (0x04, Size::Word, 0x0000_5634),
    (0x10, Size::Word, 0x2000),
    (0x14, Size::Word, 0x2000),
    (0x18, Size::Word, 0x2000),
    (0x1c, Size::Word, 0x2000),
    (0x37, Size::Byte, 0x11),
    (0x38, Size::Half, 0xfff0),
    (0x40, Size::Word, 0x7480_0000),
    (0x52, Size::Byte, 0x0c),
    (0x58, Size::Byte, 0xd0),
    (0x59, Size::Byte, 0x01),
    (0x5b, Size::Byte, 0x01),
    (0x5e, Size::Byte, 0x20),
    (0x60, Size::Half, 0x000f),
    (0x62, Size::Half, 0x1000),
    (0x64, Size::Half, 0x782d),
    (0x66, Size::Half, 0x05e1),
    (0x68, Size::Half, 0x05e1),
    (0x6a, Size::Half, 0x0001),
    (0x74, Size::Half, 0x0340),
];

/// Offset, size, and what is read after a write of all ones and after one of zeros.
const MASKS: &[(u64, Size, u64, u64)] = &[
    (0x00, Size::Word, 0xffff_ffff, 0),
    (0x04, Size::Word, 0x0000_ffff, 0),
    (0x08, Size::Word, 0xffff_ffff, 0),
    (0x0c, Size::Word, 0xffff_ffff, 0),
    (0x20, Size::Word, 0xffff_ffff, 0),
    (0x2c, Size::Word, 0xffff_ffff, 0),
    (0x30, Size::Word, 0xffff_ffff, 0),
    (0x34, Size::Half, 0, 0),
    (0x36, Size::Byte, 0, 0),
    (0x38, Size::Half, 0xffff, 0),
    (0x3a, Size::Half, 0, 0),
    (0x3c, Size::Half, 0xe1ff, 0),
    (0x3e, Size::Half, 0, 0),
    (0x40, Size::Word, 0x7480_0000, 0x7480_0000),
    (0x44, Size::Word, 0x0f03_ffbf, 0),
    (0x4c, Size::Word, 0, 0),
    (0x51, Size::Byte, 0, 0),
    (0x52, Size::Byte, 0x0c, 0x0c),
    (0x54, Size::Word, 0xffff_ffff, 0),
    (0x58, Size::Byte, 0xd0, 0xd0),
    (0x59, Size::Byte, 0x01, 0x01),
    (0x5a, Size::Byte, 0, 0),
    (0x5c, Size::Half, 0x0fff, 0),
    (0x5e, Size::Byte, 0x20, 0x20),
    (0x60, Size::Half, 0x000f, 0x000f),
    (0xd8, Size::Byte, 0x7f, 0),
    (0xd9, Size::Byte, 0, 0),
    (0xe2, Size::Half, 0, 0),
    (0xe4, Size::Word, 0xffff_ffff, 0),
    (0xe8, Size::Word, 0xffff_ffff, 0),
    (0xec, Size::Byte, 0xff, 0),
    (0x66, Size::Half, 0xffff, 0),
    // From here on, differences.
    (0x62, Size::Half, 0x1200, 0x1000),
    (0x64, Size::Half, 0x78ed, 0x782d),
    (0x6a, Size::Half, 0xffff, 0),
    (0x74, Size::Half, 0x0340, 0x0340),
    (0x78, Size::Word, 0, 0),
    (0x7c, Size::Word, 0, 0),
    (0x84, Size::Word, 0, 0),
    (0xd4, Size::Word, 0, 0),
];

/// The same of the locked registers while they are open.
const OPEN: &[(u64, Size, u64, u64)] = &[
    (0x51, Size::Byte, 0x07, 0),
    (0x52, Size::Byte, 0xff, 0x0c),
    (0x59, Size::Byte, 0x71, 0x01),
    (0x5a, Size::Byte, 0xf5, 0),
];

fn read(machine: &mut Machine, offset: u64, size: Size) -> u64 {
    machine.bench.read(Place { region: 1, offset }, size).unwrap()
}

/// The bits of a register in which it may differ with this `compat`.
fn may_differ(offset: u64, compat: &str) -> u64 {
    let concerns = |difference: &&QemuDifference| {
        let first = u64::from(difference.offset);
        // A row of several registers stands at the first of them.
        let several = difference.register.contains(',');
        first == offset || (several && (first..first + 16).contains(&offset))
    };
    let shows = |difference: &&QemuDifference| !(difference.switched && compat == "qemu");
    let rows = QEMU_DIFFERENCES.iter().filter(concerns).filter(shows);
    rows.fold(0, |bits, difference| bits | u64::from(difference.bits))
}

fn check_masks(machine: &mut Machine, compat: &str, table: &[(u64, Size, u64, u64)]) {
    for (offset, size, ones, zeros) in table {
        for (written, expected) in [(u64::MAX, ones), (0, zeros)] {
            let place = Place { region: 1, offset: *offset };
            machine.bench.write(place, *size, written).unwrap();
            let found = read(machine, *offset, *size);
            let differs = (found ^ expected) & !may_differ(*offset, compat);
            assert_eq!(differs, 0, "{compat} {offset:#x}: {found:#x} is not {expected:#x}");
        }
    }
}

#[test]
fn registers_after_reset_are_qemus() {
    for compat in ["qemu", "datasheet"] {
        let mut machine = Machine::new(&[("compat", compat)]);
        for (offset, size, expected) in AFTER_RESET {
            assert_eq!(read(&mut machine, *offset, *size), *expected, "{compat} {offset:#x}");
        }
        for offset in 0..0x100 {
            let bytes = |size: Size| u64::from(size.bytes());
            let named =
                AFTER_RESET.iter().any(|(at, size, _)| (*at..at + bytes(*size)).contains(&offset));
            // TCTR counts.
            if !named && !(0x48..0x4c).contains(&offset) {
                assert_eq!(read(&mut machine, offset, Size::Byte), 0, "{compat} {offset:#x}");
            }
        }
    }
}

#[test]
fn what_of_ones_and_zeros_stays_is_qemus() {
    for compat in ["qemu", "datasheet"] {
        let mut machine = Machine::new(&[("compat", compat), ("timing", "off")]);
        check_masks(&mut machine, compat, MASKS);
        machine.open(|machine| check_masks(machine, compat, OPEN));
        machine.w8(reg::CR, 4);
        check_masks(&mut machine, compat, &[(0x40, Size::Word, 0x778f_07f0, 0x7480_0000)]);
        machine.w8(reg::CR9346, 0xff);
        assert_eq!(machine.r8(reg::CR9346), 0xce);
        machine.w8(reg::CR9346, 0);
        machine.w16(0xe0, 0xffff);
        assert_eq!(machine.r16(0xe0), 0x007b);
    }
}

/// What a polling program notes of a frame that went round: TSD, ISR, CR, CBR, TSALLD, and the header in the buffer.
type Noted = (u32, u16, u8, u16, u16, u32);

/// Sends frames of these lengths in loopback and reads each from the ring buffer, as a simple program does.
fn go_round(properties: &[(&str, &str)], rcr: u32, lengths: &[usize]) -> Vec<Noted> {
    let mut machine = Machine::new(properties);
    machine.w8(reg::CR, 0x10);
    while machine.r8(reg::CR) & 0x10 != 0 {
        machine.advance_us(1);
    }
    machine.w32(reg::RBSTART, harness::RX_BUFFER as u32);
    machine.w8(reg::CR, 0x0c);
    machine.w32(reg::TCR, 0x0006_0000);
    machine.w32(reg::RCR, rcr);
    machine.w32(reg::MAR, u32::MAX);
    machine.w32(reg::MAR + 4, u32::MAX);
    let mut place = 0_u64;
    let mut noted = Vec::new();
    for (number, length) in (0_u64..).zip(lengths) {
        let to = [MAC, elnic_contract::MacAddr::BROADCAST, GROUP][number as usize % 3];
        let frame = frame_to(to, *length);
        let descriptor = number % 4;
        machine.store(TX_BUFFERS, &frame);
        machine.w32(reg::TSAD + 4 * descriptor, TX_BUFFERS as u32);
        machine.w32(reg::TSD + 4 * descriptor, *length as u32);
        let mut polls = 0;
        while machine.tsd(descriptor) & 0x8000 == 0 || machine.r8(reg::CR) & 1 != 0 {
            machine.advance_us(1);
            polls += 1;
            assert!(polls < 1000, "frame {number} never leaves");
        }
        let causes = machine.take_isr();
        let header = machine.load32(harness::RX_BUFFER + place);
        noted.push((
            machine.tsd(descriptor),
            causes,
            machine.r8(reg::CR),
            machine.r16(reg::CBR),
            machine.r16(reg::TSALLD),
            header,
        ));
        let stored = u64::from(header >> 16);
        let wrapped = |at: u64| harness::RX_BUFFER + if rcr & 0x80 == 0 { at % 8192 } else { at };
        let bytes: Vec<u8> =
            (0..stored - 4).flat_map(|n| machine.load(wrapped(place + 4 + n), 1)).collect();
        assert_eq!(bytes[..*length], frame, "frame {number}");
        assert!(bytes[*length..].iter().all(|byte| *byte == 0), "padded with zeros");
        place = (place + 4 + stored).next_multiple_of(4) % 8192;
        machine.w16(reg::CAPR, (place as u16).wrapping_sub(16));
        assert_eq!(machine.r8(reg::CR) & 1, 1, "empty again");
        assert_eq!(machine.r16(reg::CAPR), (place as u16).wrapping_sub(16));
    }
    noted
}

#[test]
fn looped_frames_are_qemus() {
    let lengths = [60, 64, 100, 1514, 1000, 61, 62, 63, 1513, 1024, 1500, 800, 1514, 1514, 42, 14];
    for (compat, timing) in [("qemu", "off"), ("datasheet", "wire"), ("datasheet", "full")] {
        for (rcr, kinds) in
            [(0x0000_000e, [0x4001, 0x2001, 0x8001]), (0x0000_e78e, [0x4001, 0x2001, 0x8001])]
        {
            let properties = [("compat", compat), ("timing", timing)];
            let noted = go_round(&properties, rcr, &lengths);
            let mut place = 0;
            for (number, (tsd, causes, command, written, summary, header)) in
                noted.into_iter().enumerate()
            {
                let length = lengths[number];
                let stored = length.max(60) + 4;
                place = (place + stored + 4).next_multiple_of(4) % 8192;
                assert_eq!(tsd, 0xa000 | length as u32);
                assert_eq!((causes, command), (0x0005, 0x0c), "ROK and TOK");
                assert_eq!(usize::from(written), place);
                let done = (0..4).filter(|descriptor| *descriptor <= number);
                let done = done.fold(0, |bits, descriptor| bits | 0x1000 << descriptor);
                assert_eq!(summary, 0x000f | done);
                assert_eq!(header, (stored as u32) << 16 | kinds[number % 3]);
            }
        }
    }
}

#[test]
fn promiscuous_headers_differ_as_listed() {
    let kinds = |compat| -> Vec<u32> {
        let properties = [("compat", compat), ("timing", "off")];
        let noted = go_round(&properties, 0x8f, &[60, 60, 60]);
        noted.into_iter().map(|noted| noted.5 & 0xffff).collect()
    };
    assert_eq!(kinds("qemu"), [0x0001; 3]);
    assert_eq!(kinds("datasheet"), [0x4001, 0x2001, 0x8001]);
    assert!(QEMU_DIFFERENCES.iter().any(|difference| difference.register == "RCR.AAP"));
}
