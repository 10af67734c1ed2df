//! The part of a header that both types share, and where the registers stand (PCI 3.0 §6.1, PCI-to-PCI Bridge 1.2 §3.2).

use elnic_contract::PciIdentity;
use pci_types::CommandRegister;

use crate::config::ConfigSpace;

pub(crate) const COMMAND: u8 = 0x04;
pub(crate) const STATUS: u8 = 0x06;
const REVISION: u8 = 0x08;
const CLASS: u8 = 0x09;
const CACHE_LINE_SIZE: u8 = 0x0c;
const HEADER_TYPE: u8 = 0x0e;
pub(crate) const BAR0: u8 = 0x10;
pub(crate) const BARS_END: u8 = 0x28;
const SUBSYSTEM_VENDOR: u8 = 0x2c;
pub(crate) const ROM: u8 = 0x30;
pub(crate) const CAPABILITIES: u8 = 0x34;
const INTERRUPT_LINE: u8 = 0x3c;
pub(crate) const INTERRUPT_PIN: u8 = 0x3d;

/// Status: the function asserts its interrupt pin, whatever Interrupt Disable says.
pub(crate) const STATUS_INTERRUPT: u16 = 1 << 3;
/// Status: there is a capability list.
pub(crate) const STATUS_CAPABILITIES: u16 = 1 << 4;
/// Status: nobody answered an access of this function as bus master.
pub(crate) const STATUS_MASTER_ABORT: u16 = 1 << 13;
/// Status bits that a written 1 clears: the errors.
const STATUS_ERRORS: u16 = 0xf900;

/// Command bits software may set. Parity Error Response and the bits of 66 MHz parts' burst behaviour are zero, as in
/// QEMU: nothing here ever sees a parity error.
const COMMAND_WRITABLE: CommandRegister = CommandRegister::IO_ENABLE
    .union(CommandRegister::MEMORY_ENABLE)
    .union(CommandRegister::BUS_MASTER_ENABLE)
    .union(CommandRegister::SERR_ENABLE)
    .union(CommandRegister::INTERRUPT_DISABLE);

/// Layout of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// An endpoint (type 0).
    Endpoint,
    /// A PCI-to-PCI bridge (type 1).
    Bridge,
}

/// A space with the registers that both header types share, and the identity of type 0.
pub(crate) fn header(identity: &PciIdentity, layout: Layout, multifunction: bool) -> ConfigSpace {
    let mut space = ConfigSpace::new();
    space.define16(0x00, identity.vendor, 0);
    space.define16(0x02, identity.device, 0);
    space.define16(COMMAND, 0, COMMAND_WRITABLE.bits());
    space.write_1_clears16(STATUS, STATUS_ERRORS);
    let [base, sub, interface] = identity.class;
    space.define8(REVISION, identity.revision, 0);
    space.define16(CLASS, u16::from_le_bytes([interface, sub]), 0);
    space.define8(CLASS.saturating_add(2), base, 0);
    space.define8(CACHE_LINE_SIZE, 0, 0xff);
    let kind = u8::from(layout == Layout::Bridge);
    space.define8(HEADER_TYPE, kind | (u8::from(multifunction) << 7), 0);
    space.define8(INTERRUPT_LINE, 0, 0xff);
    space.define8(INTERRUPT_PIN, identity.interrupt_pin, 0);
    if layout == Layout::Endpoint {
        space.define16(SUBSYSTEM_VENDOR, identity.subsystem_vendor, 0);
        space.define16(SUBSYSTEM_VENDOR.saturating_add(2), identity.subsystem, 0);
        space.define8(0x3e, identity.min_gnt, 0);
        space.define8(0x3f, identity.max_lat, 0);
    }
    space
}

/// The Command register of a space.
pub(crate) fn command(space: &ConfigSpace) -> CommandRegister {
    CommandRegister::from_bits_retain(space.get16(COMMAND))
}
