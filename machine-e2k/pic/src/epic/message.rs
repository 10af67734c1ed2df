//! What one EPIC tells another, and how it looks as a write to memory.

/// How an interrupt is delivered: three bits of a command, a pin's message or a device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpicDelivery {
    /// A vector, from outside or from a processor.
    Fixed,
    /// System management.
    Smi,
    /// The other non-maskable one.
    Special,
    /// Non-maskable.
    Nmi,
    /// INIT.
    Init,
    /// STARTUP; the vector is bits 19 to 12 of the address to start at.
    Startup,
    /// No delivery mode: 7.
    Reserved,
}

impl EpicDelivery {
    /// The mode of three bits.
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 7 {
            0 | 1 => Self::Fixed,
            2 => Self::Smi,
            3 => Self::Special,
            4 => Self::Nmi,
            5 => Self::Init,
            6 => Self::Startup,
            _ => Self::Reserved,
        }
    }
}

/// One interrupt on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpicMessage {
    /// The vector, 10 bits.
    pub vector: u16,
    /// How it is delivered.
    pub delivery: EpicDelivery,
    /// Full number of the controller addressed: processor in bits 5 to 0, node in bits 9 and 8.
    pub to: u16,
}

impl EpicMessage {
    /// The message that a write of `data` to `address` is, if that lies in the megabyte of the `doorbell`.
    ///
    /// Address: 15 to 6 destination. Data: 9 to 0 vector, 15 to 13 delivery (e2k-machine.md §5.4).
    pub const fn from_write(doorbell: u64, address: u64, data: u32) -> Option<Self> {
        if address >> 20 != doorbell >> 20 {
            return None;
        }
        Some(Self::from_words(address as u32, data))
    }

    /// The message of an address and data word, wherever the doorbell is.
    pub const fn from_words(address: u32, data: u32) -> Self {
        let delivery = EpicDelivery::from_bits(data >> 13);
        Self { vector: (data & 0x3ff) as u16, delivery, to: (address >> 6 & 0x3ff) as u16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_to_the_doorbell_is_a_message_and_others_are_not() {
        let message = EpicMessage::from_write(0xf800_0000, 0xf800_00c0, 0x8155).unwrap();
        let wanted = EpicMessage { vector: 0x155, delivery: EpicDelivery::Nmi, to: 3 };
        assert_eq!(message, wanted);
        for address in [0, 0xf810_0000, 0x1_f800_0000, 0xfee0_0000] {
            assert_eq!(EpicMessage::from_write(0xf800_0000, address, 0), None, "{address:#x}");
        }
    }
}
