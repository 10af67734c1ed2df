//! The test protocol, on the machine QEMU's own tests expect.

use crate::bench::Bench;

const RTL8139: &[(&str, &[(&str, &str)])] =
    &[("rtl8139", &[("id", "r0"), ("addr", "3"), ("timing", "off"), ("netdev", "n0")])];

#[test]
fn memory_is_read_and_written_in_every_form() {
    let mut bench = Bench::new("pc", &[]);
    assert_eq!(bench.test("endianness"), "OK little");
    assert_eq!(bench.test("writeq 0x100000 0x1122334455667788"), "OK");
    assert_eq!(bench.test("readb 0x100000"), "OK 0x0000000000000088");
    assert_eq!(bench.test("readw 0x100001"), "OK 0x0000000000006677");
    assert_eq!(bench.test("readl 0x100004"), "OK 0x0000000011223344");
    assert_eq!(bench.test("read 0x100000 4"), "OK 0x88776655");
    assert_eq!(bench.test("b64write 0x200000 3 AQID"), "OK");
    assert_eq!(bench.test("b64read 0x200000 3"), "OK AQID");
    assert_eq!(bench.test("memset 0x200000 2 0xff"), "OK");
    assert_eq!(bench.test("read 0x200000 3"), "OK 0xffff03");
    assert_eq!(bench.test("bogus"), "FAIL Unknown command 'bogus'");
    assert_eq!(bench.test("clock_step 100"), "OK 100");
    assert_eq!(bench.test("clock_set 1000"), "OK 1000");
}

#[test]
fn the_firmware_tells_the_size_of_ram() {
    let mut bench = Bench::new("pc", &[]);
    assert_eq!(bench.test("outw 0x510 0x3"), "OK");
    let bytes: Vec<String> = (0..8).map(|_| bench.test("inb 0x511")).collect();
    let wanted =
        ["00", "00", "00", "01", "00", "00", "00", "00"].map(|byte| format!("OK 0x00{byte}"));
    assert_eq!(bytes, wanted, "16 MiB");
}

#[test]
fn functions_are_found_on_bus_0() {
    let mut bench = Bench::new("pc", RTL8139);
    let mut id = |slot: u32| {
        bench.test(&format!("outl 0xcf8 {:#x}", 1_u32 << 31 | slot << 11));
        bench.test("inl 0xcfc")
    };
    assert_eq!(id(3), "OK 0x813910ec");
    assert_eq!(id(4), "OK 0xffffffff");
}

/// The timer of the rtl8139: TimerInt reached raises bit 14 of ISR, and INTA if IMR lets it.
#[test]
fn a_timer_raises_its_interrupt_when_the_clock_is_stepped() {
    let mut bench = Bench::new("pc", RTL8139);
    bench.configure(3, 0x10, 0xc000);
    bench.configure(3, 0x04, 5);
    assert_eq!(bench.test("irq_intercept_in ioapic"), "OK");
    assert_eq!(bench.test("irq_intercept_out nope"), "FAIL Unknown device");
    bench.test("outl 0xc054 1000");
    bench.test("outw 0xc03c 0x4000");
    bench.test("outl 0xc048 0");
    // 1000 cycles of 33.333 MHz are 30 µs.
    assert_eq!(bench.test("clock_step 20000"), "OK 20000");
    assert_eq!(bench.test("inw 0xc03e"), "OK 0x0000");
    assert_eq!(bench.test("clock_step 20000"), "IRQ raise 18\nOK 40000");
    assert_eq!(bench.test("inw 0xc03e"), "OK 0x4000");
    assert_eq!(bench.test("outw 0xc03e 0x4000"), "IRQ lower 18\nOK");
}

#[test]
fn an_interrupt_input_is_driven_by_a_test() {
    let mut bench = Bench::new("pc", RTL8139);
    bench.test("irq_intercept_in ioapic");
    assert_eq!(bench.test("set_irq_in r0 unnamed-gpio-in 0 1"), "IRQ raise 18\nOK");
    assert_eq!(bench.test("set_irq_in r0 unnamed-gpio-in 0 0"), "IRQ lower 18\nOK");
    assert_eq!(bench.test("set_irq_in zz unnamed-gpio-in 0 0"), "FAIL Unknown device");
}

#[test]
fn the_board_itself_can_be_driven() {
    let mut bench = Bench::new("e8c", &[]);
    assert_eq!(
        bench.test("readl 0x200008000"),
        "OK 0x0000000080171fff",
        "the host bridge, memory-mapped"
    );
    assert_eq!(bench.test("writel 0x1000 7"), "OK");
    assert_eq!(bench.test("readl 0x1000"), "OK 0x0000000000000007");
}
