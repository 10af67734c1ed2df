//! Vectors become messages: enabled, masked, pending, lost.

use crate::support::{BASE, LINE, VECTOR, ask, master};
use elnic_contract::{Capability, CapabilityKind, Effect, Gpa, Lines, Msi, MsiX, Size};
use elnic_pci::Space;
use elnic_testbench::PciBench;

fn msi(vectors: u8, address_64: bool, per_vector_mask: bool) -> Capability {
    let kind = CapabilityKind::Msi(Msi { vectors, address_64, per_vector_mask });
    Capability { offset: 0x50, kind }
}

/// A table of 40 vectors in a register of its own, pending bits behind it.
fn msix() -> Capability {
    let kind = CapabilityKind::MsiX(MsiX {
        vectors: 40,
        table_bar: 4,
        table_offset: 0,
        pending_bar: 4,
        pending_offset: 0x800,
    });
    Capability { offset: 0x60, kind }
}

fn sent(bench: &mut PciBench) -> Vec<(u64, u32)> {
    let messages = bench.effects.drain(..).map(|effect| match effect {
        Effect::Message { address: Gpa(address), data } => (address, data),
        other => panic!("{other:?}"),
    });
    messages.collect()
}

#[test]
fn a_vector_is_a_write_of_its_number_to_the_message_address() {
    let mut bench = master(&[msi(8, true, false)]);
    bench.set_config(0x54, Size::Word, 0xfee0_1007);
    bench.set_config(0x58, Size::Word, 1);
    bench.set_config(0x5c, Size::Half, 0x41a7);
    ask(&mut bench, VECTOR, 2);
    assert_eq!(sent(&mut bench), [], "messages are off");
    // Enabled with four vectors; the low two bits of the data are the vector's.
    bench.set_config(0x52, Size::Half, 0x0021);
    for vector in [2, 3, 5] {
        ask(&mut bench, VECTOR, vector);
    }
    let address = 0x1_fee0_1004;
    assert_eq!(sent(&mut bench), [(address, 0x41a6), (address, 0x41a7), (address, 0x41a5)]);
}

#[test]
fn more_vectors_than_asked_for_are_not_allotted() {
    let mut bench = master(&[msi(2, false, false)]);
    bench.set_config(0x54, Size::Word, 0xfee0_0000);
    bench.set_config(0x58, Size::Half, 0x10);
    bench.set_config(0x52, Size::Half, 0x0051);
    ask(&mut bench, VECTOR, 3);
    assert_eq!(sent(&mut bench), [(0xfee0_0000, 0x11)]);
}

#[test]
fn the_pin_is_silent_while_messages_are_enabled() {
    for (capability, control, enable) in [(msi(1, false, false), 0x52, 1), (msix(), 0x62, 0x8000)] {
        let mut bench = master(&[capability]);
        ask(&mut bench, LINE, 1);
        assert_eq!(bench.function.lines(), Lines::INTA);
        bench.set_config(control, Size::Half, enable);
        assert_eq!(bench.function.lines(), Lines::NONE);
    }
}

#[test]
fn a_masked_vector_waits_and_leaves_once_unmasked() {
    let mut bench = master(&[msi(4, false, true)]);
    let (mask, pending) = (0x5c, 0x60);
    bench.set_config(0x54, Size::Word, 0xfee0_0000);
    bench.set_config(0x52, Size::Half, 0x0021);
    bench.set_config(mask, Size::Word, 0xffff_ffff);
    assert_eq!(bench.config(mask, Size::Word), 0xf, "there are four");
    for vector in [1, 1, 3] {
        ask(&mut bench, VECTOR, vector);
    }
    assert_eq!(bench.config(pending, Size::Word), 0b1010);
    bench.set_config(pending, Size::Word, 0xf);
    assert_eq!(bench.config(pending, Size::Word), 0b1010, "software cannot make any pending");
    assert_eq!(sent(&mut bench), []);
    bench.set_config(mask, Size::Byte, 0b1000);
    assert_eq!(sent(&mut bench), [(0xfee0_0000, 1)], "once, however often it was signalled");
    bench.set_config(mask, Size::Byte, 0);
    assert_eq!(sent(&mut bench), [(0xfee0_0000, 3)]);
    assert_eq!(bench.config(pending, Size::Word), 0);
}

#[test]
fn messages_are_lost_without_bus_mastering() {
    let mut bench = master(&[msi(1, false, false)]);
    bench.set_config(0x54, Size::Word, 0xfee0_0000);
    bench.set_config(0x52, Size::Half, 1);
    bench.command(3);
    ask(&mut bench, VECTOR, 0);
    assert_eq!(sent(&mut bench), []);
    assert_eq!(bench.notes.entries().len(), 1, "{:?}", bench.notes);
}

const TABLE: u64 = BASE + 0x2_4000;

fn set_entry(bench: &mut PciBench, vector: u64, words: [u64; 4]) {
    for (index, word) in (0..).zip(words) {
        let at = TABLE + vector * 16 + index * 4;
        bench.write(Space::Memory, at, Size::Word, word).unwrap().unwrap();
    }
}

fn pending(bench: &mut PciBench) -> u64 {
    bench.read(Space::Memory, TABLE + 0x800, Size::Double).unwrap().unwrap()
}

#[test]
fn each_vector_of_the_table_has_its_own_message_and_mask() {
    let mut bench = master(&[msix()]);
    bench.set_config(0x62, Size::Half, 0x8000);
    assert_eq!(bench.config(0x62, Size::Half), 0x8027);
    ask(&mut bench, VECTOR, 33);
    assert_eq!(pending(&mut bench), 1 << 33, "all are masked at first");
    set_entry(&mut bench, 33, [0xfee0_0003, 2, 0x77, 0]);
    assert_eq!(sent(&mut bench), [(0x2_fee0_0000, 0x77)]);
    assert_eq!(pending(&mut bench), 0);
    ask(&mut bench, VECTOR, 33);
    ask(&mut bench, VECTOR, 40);
    assert_eq!(sent(&mut bench), [(0x2_fee0_0000, 0x77)], "there is no vector 40");

    // The mask of the whole function.
    bench.set_config(0x62, Size::Half, 0xc000);
    ask(&mut bench, VECTOR, 33);
    assert_eq!(sent(&mut bench), []);
    bench.set_config(0x62, Size::Half, 0x8000);
    assert_eq!(sent(&mut bench), [(0x2_fee0_0000, 0x77)]);
}

#[test]
fn the_table_reads_back_in_every_width() {
    let mut bench = master(&[msix()]);
    set_entry(&mut bench, 1, [0x1234_5678, 0x9abc_def0, 0x0bad_cafe, 0xffff_fffe]);
    let mut read = |at, size| bench.read(Space::Memory, TABLE + at, size).unwrap().unwrap();
    assert_eq!(read(0x10, Size::Double), 0x9abc_def0_1234_5678);
    assert_eq!(read(0x18, Size::Double), 0x0bad_cafe, "only the mask bit is there");
    assert_eq!(read(0x1a, Size::Half), 0x0bad);
    assert_eq!(read(0x13, Size::Byte), 0x12);
    assert_eq!(read(0x0c, Size::Word), 1, "vector 0 is masked");
    assert_eq!(read(0x280, Size::Word), 0, "beyond the table");
    bench.write(Space::Memory, TABLE + 0x11, Size::Byte, 0xff).unwrap().unwrap();
    assert_eq!(bench.read(Space::Memory, TABLE + 0x10, Size::Word), Some(Ok(0x1234_ff78)));
    bench.write(Space::Memory, TABLE + 0x800, Size::Word, 0xff).unwrap().unwrap();
    assert_eq!(pending(&mut bench), 0, "pending bits are read-only");
}

#[test]
fn a_table_may_lie_over_a_region_of_the_device() {
    let kind = CapabilityKind::MsiX(MsiX {
        vectors: 2,
        table_bar: 2,
        table_offset: 0x2000,
        pending_bar: 2,
        pending_offset: 0x3000,
    });
    let mut bench = master(&[Capability { offset: 0x60, kind }]);
    let region = BASE + 0x2_0000;
    let mut read = |at| bench.read(Space::Memory, region + at, Size::Word).unwrap().unwrap();
    assert_eq!(read(0x1ffc), 0x20 | 0x1ffc, "the device");
    assert_eq!(read(0x200c), 1, "the table");
    assert_eq!(read(0x2020), 0x20 | 0x2020, "the device again");
    assert_eq!(read(0x3000), 0, "pending bits");
}

#[test]
fn a_saved_table_is_restored_and_a_foreign_one_is_not() {
    let mut bench = master(&[msix()]);
    bench.set_config(0x62, Size::Half, 0x8000);
    set_entry(&mut bench, 5, [0xfee0_0000, 0, 5, 1]);
    ask(&mut bench, VECTOR, 5);
    let saved = bench.function.save();
    let mut other = master(&[msix()]);
    other.function.restore(&saved).unwrap();
    assert_eq!(pending(&mut other), 1 << 5);
    set_entry(&mut other, 5, [0xfee0_0000, 0, 5, 0]);
    assert_eq!(sent(&mut other), [(0xfee0_0000, 5)]);

    let before = other.function.save();
    let mut hostile = saved.clone();
    hostile.fields["msix"].as_array_mut().unwrap().pop();
    assert!(other.function.restore(&hostile).is_err());
    hostile = saved;
    hostile.fields["msix"][0]["address"] = serde_json::json!(3);
    assert!(other.function.restore(&hostile).is_err());
    assert_eq!(other.function.save(), before);
}
