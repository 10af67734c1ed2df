//! Devices that are told to master the bus into registers, their own or another's.

use elnic_contract::Size;
use elnic_netclient::NetCore;
use elnic_nettest::FarEnd;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_testbench::drivers::virtio::{Buffer, Host, Layout};
use elnic_tests::Desk;

const E1000_SLOT: u8 = 5;
const E1000: u64 = 0xa000_0000;

/// CVE-2024-3446, CVE-2026-66022: buffers and rings that lie in the device's own registers, or in another device's. What is no RAM
/// is an error of the access, so no device is ever entered from inside another.
#[test]
fn cve_2024_3446_registers_are_no_memory_for_rings_and_buffers() {
    let far = FarEnd::with_credits(100);
    let wire = |net: &mut NetCore| _ = net.add_backend("n", far.client()).unwrap();
    let virtio = [("netdev", "n"), ("addr", "3"), ("timing", "off")];
    let e1000 = [("addr", "5"), ("timing", "off")];
    let desk = Desk::new(wire, &[("virtio-net-pci", &virtio), ("e1000", &e1000)]);
    let mut other = desk.seat(E1000_SLOT);
    other.set_config(0x10, Size::Word, E1000);
    other.set_config(0x04, Size::Half, 7);
    let layout = Layout::machine(3);
    // The windows stand one behind the other from here on: its own, notification registers included, then the other's.
    for target in (0..16).map(|page| layout.memory + page * 0x1000).chain([E1000, E1000 + 0x3818]) {
        let mut driver = NetDriver::on(desk.seat(3), Personality::Ipxe, 0, layout);
        let part = |at, length, writable| Buffer { at, length, writable };
        for _ in 0..64 {
            driver.function.add(0, &[part(target, 2048, true)]);
        }
        driver.function.add(1, &[part(target, 72, false)]);
        driver.function.add(1, &[part(target, 12, true), part(target, 60, true)]);
        driver.function.kick(0);
        driver.function.kick(1);
        far.sends([elnic_contract::Frame::new(vec![0xff; 60], desk.machine().now()).unwrap()]);
        desk.settle();
        // And a ring that stands there.
        driver.function.set_status(0);
        driver.function.negotiate(0);
        driver.function.set_common(0x16, Size::Half, 1);
        for register in [0x20, 0x28, 0x30] {
            driver.function.set_common(register, Size::Word, target);
        }
        driver.function.set_common(0x1c, Size::Half, 1);
        driver.function.start();
        driver.function.kick(1);
        desk.settle();
        assert_eq!(other.read(elnic_pci::Space::Memory, E1000 + 0x3818, Size::Word), 0);
    }
    far.get().received.clear();
    let mut driver = NetDriver::on(desk.seat(3), Personality::Ipxe, 0, layout);
    driver.send(&[0xff; 60]);
    desk.settle();
    assert_eq!(far.get().received.len(), 1, "after a reset it works");
}
