//! The serial controller by the chapters of its manual.

use elnic_console::ENTRY;
use elnic_contract::{LogEntry, Size};
use elnic_script::Place;
use elnic_testbench::Bench;

fn bench(script: &str) -> Bench {
    let mut bench = Bench::with(&ENTRY, &[]);
    bench.run(script);
    bench
}

/// The least a guest does to print on channel A, and to read.
const ON: &str = "w8 bar1+CTRL_A 5\nw8 bar1+CTRL_A 0x68\nw8 bar1+CTRL_A 3\nw8 bar1+CTRL_A 0xc1\n";

#[test]
fn after_reset_the_status_says_empty_and_ready() {
    bench("r8 bar1+CTRL_A -> 0x44\nr8 bar1+CTRL_B -> 0x44\nr8 bar1+DATA_A -> 0");
}

#[test]
fn characters_leave_on_their_channel_once_the_transmitter_is_on() {
    let text = "w8 bar1+DATA_A 0x41\nexpect no char\nw8 bar1+CTRL_A 5\nw8 bar1+CTRL_A 0x68
        w8 bar1+DATA_A 0x42\nexpect char 0 0x42\nr8 bar1+CTRL_A -> 0x44
        w8 bar1+CTRL_B 5\nw8 bar1+CTRL_B 0x68\nw8 bar1+DATA_B 0xff\nexpect char 1 0xff
        expect no char";
    let bench = bench(text);
    let off = "character written while the transmitter is off";
    let remark = LogEntry::Guest { what: off, value: 0x41 };
    assert!(bench.notes.entries().contains(&remark));
}

#[test]
fn point_high_reaches_the_upper_registers() {
    // WR8 is the transmit buffer, WR12 and WR13 the time constant.
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 0x08\nexpect no char\nw8 bar1+CTRL_A 0x58\nexpect char 0 0x58
        w8 bar1+CTRL_A 0x0c\nw8 bar1+CTRL_A 0x1e
        w8 bar1+CTRL_A 0x0c\nr8 bar1+CTRL_A -> 0x1e\nr8 bar1+CTRL_A -> 0x44"
    ));
}

#[test]
fn received_characters_queue_three_deep_and_no_more_are_asked_for() {
    let mut bench = bench(&format!("char 0 0x30\nr8 bar1+CTRL_A -> 0x44\n{ON}"));
    let room = |bench: &Bench| bench.device().as_serial().unwrap().room(0);
    assert_eq!(room(&bench), 3);
    bench.run("char 0 0x31\nchar 0 0x32\nchar 0 0x33\nr8 bar1+CTRL_A -> 0x45");
    assert_eq!(room(&bench), 0);
    bench.run(
        "p8 bar1+DATA_A -> 0x31\nr8 bar1+DATA_A -> 0x31\nr8 bar1+DATA_A -> 0x32
        w8 bar1+CTRL_A 0x08\nw8 bar1+CTRL_A 0\nr8 bar1+DATA_A -> 0x33\nr8 bar1+CTRL_A -> 0x44",
    );
    assert_eq!(bench.device().as_serial().unwrap().room(7), 0);
}

/// Puts a character into channel A whether there is room or not.
fn force(bench: &mut Bench, byte: u8) {
    bench.enter(|device, cx| device.as_serial_mut().unwrap().receive_character(cx, 0, byte));
}

#[test]
fn a_fourth_character_overruns_the_third_and_says_so_when_it_comes_up() {
    let mut bench = bench(ON);
    for byte in *b"1234" {
        force(&mut bench, byte);
    }
    bench.run(
        "w8 bar1+CTRL_A 1\nr8 bar1+CTRL_A -> 0x07
        r8 bar1+DATA_A -> 0x31\nr8 bar1+DATA_A -> 0x32
        w8 bar1+CTRL_A 1\nr8 bar1+CTRL_A -> 0x27
        r8 bar1+DATA_A -> 0x34\nw8 bar1+CTRL_A 1\nr8 bar1+CTRL_A -> 0x27
        w8 bar1+CTRL_A 0x30\nw8 bar1+CTRL_A 1\nr8 bar1+CTRL_A -> 0x07",
    );
}

#[test]
fn received_characters_interrupt_as_write_register_1_says() {
    // On all characters.
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x10\nchar 0 0x41\nexpect irq 0
        w8 bar1+CTRL_A 3\nr8 bar1+CTRL_A -> 0x20\nw8 bar1+CTRL_B 3\nr8 bar1+CTRL_B -> 0
        w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x08\nexpect irq 1
        r8 bar1+DATA_A -> 0x41\nexpect irq 0\nw8 bar1+CTRL_A 3\nr8 bar1+CTRL_A -> 0"
    ));
    // On the first character, and again after the command that asks for it.
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x08\nw8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x08
        char 0 1\nexpect irq 1\nr8 bar1+DATA_A\nexpect irq 0\nchar 0 2\nexpect irq 0
        r8 bar1+DATA_A\nw8 bar1+CTRL_A 0x20\nchar 0 3\nexpect irq 1"
    ));
    // On special conditions only: the overrun character stays on top until Error Reset.
    let mut bench = bench(&format!(
        "{ON}w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x08\nw8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x18"
    ));
    for byte in *b"1234" {
        force(&mut bench, byte);
    }
    bench.run(
        "expect irq 0\nr8 bar1+DATA_A\nr8 bar1+DATA_A\nexpect irq 1
        r8 bar1+DATA_A -> 0x34\nr8 bar1+DATA_A -> 0x34
        w8 bar1+CTRL_A 0x30\nexpect irq 0\nr8 bar1+DATA_A -> 0x34\nr8 bar1+DATA_A -> 0",
    );
}

#[test]
fn an_empty_transmitter_interrupts_after_each_character_until_told() {
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x08\nw8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x02
        expect irq 0\nw8 bar1+DATA_A 0x41\nexpect irq 1\nw8 bar1+CTRL_A 3\nr8 bar1+CTRL_A -> 0x10
        w8 bar1+CTRL_A 0x28\nexpect irq 0\nw8 bar1+DATA_A 0x42\nexpect irq 1
        w8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0\nexpect irq 0"
    ));
}

#[test]
fn the_vector_names_the_source_that_asks() {
    let both = "w8 bar1+CTRL_B 3\nw8 bar1+CTRL_B 0xc1\nw8 bar1+CTRL_B 1\nw8 bar1+CTRL_B 0x10\n";
    bench(&format!(
        "{ON}{both}w8 bar1+CTRL_A 2\nw8 bar1+CTRL_A 0xa0
        w8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x12\nw8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x08
        w8 bar1+CTRL_B 2\nr8 bar1+CTRL_B -> 0xa6
        char 1 0x42\nw8 bar1+CTRL_B 2\nr8 bar1+CTRL_B -> 0xa4
        w8 bar1+DATA_A 0\nw8 bar1+CTRL_B 2\nr8 bar1+CTRL_B -> 0xa8
        char 0 0x41\nw8 bar1+CTRL_B 2\nr8 bar1+CTRL_B -> 0xac
        w8 bar1+CTRL_A 2\nr8 bar1+CTRL_A -> 0xa0
        w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x18\nw8 bar1+CTRL_B 2\nr8 bar1+CTRL_B -> 0xb0"
    ));
}

#[test]
fn a_source_under_service_holds_back_itself_and_lower_ones() {
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 1\nw8 bar1+CTRL_A 0x12\nw8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x28
        w8 bar1+DATA_A 0\nexpect irq 1\nw8 bar1+CTRL_A 2\nr8 bar1+CTRL_A\nexpect irq 0
        char 0 1\nexpect irq 1\nw8 bar1+CTRL_A 2\nr8 bar1+CTRL_A\nexpect irq 0
        w8 bar1+CTRL_A 0x38\nexpect irq 1\nr8 bar1+DATA_A\nexpect irq 0
        w8 bar1+CTRL_A 0x38\nexpect irq 1"
    ));
}

#[test]
fn loopback_hears_itself_and_echo_repeats_the_line() {
    let mut looped = bench(&format!(
        "{ON}w8 bar1+CTRL_A 0x0e\nw8 bar1+CTRL_A 0x10\nw8 bar1+DATA_A 0x41
        expect char 0 0x41\nr8 bar1+DATA_A -> 0x41"
    ));
    assert_eq!(looped.device().as_serial().unwrap().room(0), 0, "the line is cut off");
    force(&mut looped, 0x42);
    looped.run("r8 bar1+CTRL_A -> 0x44");
    bench(&format!(
        "{ON}w8 bar1+CTRL_A 0x0e\nw8 bar1+CTRL_A 0x08\nchar 0 0x41\nexpect char 0 0x41
        r8 bar1+DATA_A -> 0x41\nw8 bar1+DATA_A 0x42\nexpect no char"
    ));
}

#[test]
fn master_control_resets_one_channel_or_everything() {
    let both = "w8 bar1+CTRL_B 5\nw8 bar1+CTRL_B 0x68\n";
    bench(&format!(
        "{ON}{both}w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x80
        w8 bar1+DATA_A 1\nexpect no char\nw8 bar1+DATA_B 2\nexpect char 1 2"
    ));
    bench(&format!(
        "{ON}{both}w8 bar1+CTRL_A 9\nw8 bar1+CTRL_A 0x40
        w8 bar1+DATA_B 1\nexpect no char\nw8 bar1+DATA_A 2\nexpect char 0 2"
    ));
    bench(&format!(
        "{ON}{both}w8 bar1+CTRL_B 9\nw8 bar1+CTRL_B 0xc0
        w8 bar1+DATA_A 1\nw8 bar1+DATA_B 2\nexpect no char
        w8 bar1+CTRL_A 0x0f\nr8 bar1+CTRL_A -> 0xf8"
    ));
}

#[test]
fn images_and_extended_reads() {
    bench(
        "w8 bar1+CTRL_A 5\nw8 bar1+CTRL_A 0x68\nw8 bar1+CTRL_A 4\nr8 bar1+CTRL_A -> 0x44
        w8 bar1+CTRL_A 5\nr8 bar1+CTRL_A -> 0x07
        w8 bar1+CTRL_A 0x0f\nw8 bar1+CTRL_A 0xf9
        w8 bar1+CTRL_A 7\nw8 bar1+CTRL_A 0x60
        w8 bar1+CTRL_A 5\nr8 bar1+CTRL_A -> 0x68
        w8 bar1+CTRL_A 0x0e\nr8 bar1+CTRL_A -> 0x60",
    );
}

#[test]
fn the_initialisation_of_the_vendors_firmware_ends_with_a_working_console() {
    let writes = [
        (9, 0xc0),
        (1, 0x00),
        (4, 0x44),
        (7, 0x80),
        (6, 0x15),
        (3, 0xc0),
        (5, 0x60),
        (10, 0x00),
        (11, 0x50),
        (12, 0x1e),
        (13, 0x00),
        (14, 0x00),
        (3, 0xc1),
        (5, 0x68),
    ];
    let mut bench = Bench::with(&ENTRY, &[]);
    let control = Place { region: 0, offset: 2 };
    for (register, value) in writes {
        // Point High is the command 1, bit 3, so a register's number is its own pointer.
        bench.write(control, Size::Byte, register).unwrap();
        bench.write(control, Size::Byte, value).unwrap();
    }
    bench.run("w8 bar1+DATA_A 0x21\nexpect char 0 0x21\nchar 0 0x3f\nr8 bar1+DATA_A -> 0x3f");
}

#[test]
fn only_bytes_are_decoded() {
    bench(
        "r16 bar1+CTRL_B -> refused\nr32 bar1+CTRL_B -> refused\nw16 bar1+CTRL_A 5 -> refused
        w32 bar1+CTRL_B 0x68 -> refused\nr8 bar1+4 -> refused\nr8 region1+0 -> refused",
    );
}
