//! The PHY's registers: numbers, reset values, writable bits (IEEE 802.3-2022 §22.2.4; Marvell 88E1000 family).

/// A register: name, value after reset, bits that software can set.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) number: u8,
    pub(super) reset: u16,
    pub(super) writable: u16,
}

const fn row(number: u8, reset: u16, writable: u16) -> Row {
    Row { number, reset, writable }
}

pub(super) mod number {
    pub(crate) const CONTROL: u8 = 0;
    pub(crate) const STATUS: u8 = 1;
    pub(crate) const IDENTITY: u8 = 3;
    pub(crate) const ADVERTISEMENT: u8 = 4;
    pub(crate) const PARTNER: u8 = 5;
    pub(crate) const EXPANSION: u8 = 6;
    pub(crate) const GIGABIT_CONTROL: u8 = 9;
    pub(crate) const GIGABIT_STATUS: u8 = 10;
    pub(crate) const SPECIFIC_STATUS: u8 = 17;
    pub(crate) const INTERRUPT_STATUS: u8 = 19;
}

/// Registers not named here read zero and take no writes.
pub(super) const TABLE: &[Row] = &[
    row(number::CONTROL, 0x1140, 0x7dff),
    row(2, 0x0141, 0),
    row(number::IDENTITY, 0, 0),
    row(number::ADVERTISEMENT, 0x0de1, 0xbfff),
    row(7, 0x2001, 0xbfff),
    row(number::GIGABIT_CONTROL, 0x0e00, 0xff00),
    row(15, 0x3000, 0),
    row(16, 0x0360, 0xffff),
    row(18, 0, 0xffff),
    row(20, 0x0d60, 0xffff),
    row(26, 0x000c, 0xffff),
    row(29, 0, 0xffff),
    row(30, 0, 0xffff),
];

pub(super) mod control {
    pub(crate) const RESET: u16 = 1 << 15;
    pub(crate) const LOOPBACK: u16 = 1 << 14;
    pub(crate) const SPEED_LOW: u16 = 1 << 13;
    pub(crate) const NEGOTIATE: u16 = 1 << 12;
    pub(crate) const POWER_DOWN: u16 = 1 << 11;
    pub(crate) const ISOLATE: u16 = 1 << 10;
    pub(crate) const RESTART: u16 = 1 << 9;
    pub(crate) const DUPLEX: u16 = 1 << 8;
    pub(crate) const SPEED_HIGH: u16 = 1 << 6;
}

pub(super) mod status {
    /// Abilities: 100/10 full and half duplex, extended status, preamble suppression, negotiation, extended registers.
    pub(crate) const ABILITIES: u16 = 0x7949;
    pub(crate) const LINK: u16 = 1 << 2;
    pub(crate) const NEGOTIATED: u16 = 1 << 5;
}

/// Interrupt status: link changed, negotiation completed.
pub(super) const EVENT_LINK: u16 = 0x0400;
pub(super) const EVENT_NEGOTIATED: u16 = 0x0800;
