//! What one interrupt controller tells another, and how it looks as a write to memory.

/// How an interrupt is delivered: bits 10 to 8 of an interrupt command, a redirection entry or message data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// To every processor addressed.
    Fixed,
    /// To the one addressed that does the least important work.
    LowestPriority,
    /// System management.
    Smi,
    /// Non-maskable.
    Nmi,
    /// INIT.
    Init,
    /// STARTUP; the vector is bits 19 to 12 of the address to start at.
    Startup,
    /// An external controller has the vector.
    ExtInt,
    /// No delivery mode: 3.
    Reserved,
}

impl Delivery {
    /// The mode of three bits.
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 7 {
            0 => Self::Fixed,
            1 => Self::LowestPriority,
            2 => Self::Smi,
            4 => Self::Nmi,
            5 => Self::Init,
            6 => Self::Startup,
            7 => Self::ExtInt,
            _ => Self::Reserved,
        }
    }
}

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// The controller with this ID, or all with 0xff.
    Physical(u8),
    /// The controllers whose logical destination register matches.
    Logical(u8),
}

/// One interrupt on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InterruptMessage {
    /// The vector.
    pub vector: u8,
    /// How it is delivered.
    pub delivery: Delivery,
    /// To whom.
    pub to: Destination,
    /// Level triggered: its end is told to the I/O controller.
    pub level: bool,
}

impl InterruptMessage {
    /// The megabyte of addresses that messages are written to.
    const DOORBELL: u64 = 0xfee;

    /// The message that a device's write of `data` to `address` is; `None` if the address is no doorbell.
    ///
    /// Address: 19 to 12 destination, bit 3 redirection hint (lowest priority), bit 2 logical. Data: 7 to 0 vector, 10 to 8
    /// delivery, bit 15 level (e2k-machine.md §5.4).
    pub const fn from_write(address: u64, data: u32) -> Option<Self> {
        if address >> 20 != Self::DOORBELL {
            return None;
        }
        let destination = (address >> 12) as u8;
        let logical = address & 1 << 2 != 0;
        let to = if logical {
            Destination::Logical(destination)
        } else {
            Destination::Physical(destination)
        };
        let delivery = match Delivery::from_bits(data >> 8) {
            Delivery::Fixed if logical && address & 1 << 3 != 0 => Delivery::LowestPriority,
            other => other,
        };
        Some(Self { vector: data as u8, delivery, to, level: data & 1 << 15 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_to_the_doorbell_is_a_message_and_others_are_not() {
        let message = InterruptMessage::from_write(0xfee0_3000, 0x0041).unwrap();
        let wanted = InterruptMessage {
            vector: 0x41,
            delivery: Delivery::Fixed,
            to: Destination::Physical(3),
            level: false,
        };
        assert_eq!(message, wanted);
        let any = InterruptMessage::from_write(0xfeef_f00c, 0x8055).unwrap();
        assert_eq!(any.delivery, Delivery::LowestPriority);
        assert_eq!((any.to, any.level), (Destination::Logical(0xff), true));
        for address in [0, 0xfed0_0000, 0xfef0_0000, 0x1_fee0_0000] {
            assert_eq!(InterruptMessage::from_write(address, 0x41), None, "{address:#x}");
        }
    }
}
