//! Loads and stores with their memory access specifier (e2k-isa.md §8.1-8.3, e2k-machine.md §3).
//!
//! Accesses are performed in program order, so that ordering forms of the specifier mean nothing here. Data
//! speculation (modes 3 and 4) always reports a conflict: the program then takes its recovery path, which is always right.

mod load;
mod relative;
mod special;
mod store;

use elnic_contract::Size;
use elnic_isa::{Mas, SpecialOperation};

use super::context::Context;
use crate::bus::{Bus, BusFault};
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// Whether `mas` on `channel` asks for something else than an access to memory.
fn special(mas: Mas, channel: u8) -> Option<SpecialOperation> {
    if matches!(channel, 2 | 5) { mas.special() } else { None }
}

fn swapped(value: u64, size: Size) -> u64 {
    value.swap_bytes() >> (64 - size.bits())
}

impl<B: Bus> Context<'_, B> {
    fn access(what: &'static str, address: u64, channel: u8) -> impl Fn(BusFault) -> Trap {
        move |fault| {
            Trap::on_channel(
                ExceptionKind::MemoryErrorOutside,
                channel,
                Reason::Access { what, address, fault },
            )
        }
    }

    #[inline]
    pub(in crate::execute) fn check_alignment(
        &self,
        address: u64,
        bytes: u8,
        channel: u8,
    ) -> Result<(), Trap> {
        if self.aligned && address & u64::from(bytes - 1) != 0 {
            return Err(Trap::on_channel(
                ExceptionKind::AddressNotAligned,
                channel,
                Reason::Misaligned { address, bytes },
            ));
        }
        Ok(())
    }
}

fn recovery_mas(word: u64) -> Mas {
    // Mode 4, "fill", only says that the tag comes along.
    let mas = Mas((word >> 32 & 0x7f) as u8);
    if mas.mode() == 4 { Mas(mas.0 & !7) } else { mas }
}

/// Whether a recovery access takes the tag along.
const fn is_tagged(word: u64) -> bool {
    word >> 40 & 7 == 5
}

fn recovery_size(word: u64, channel: u8) -> Result<Size, Trap> {
    Ok(match word >> 40 & 7 {
        1 => Size::Byte,
        2 => Size::Half,
        3 => Size::Word,
        // 5 comes with its tag, 7 is half of 128 bits.
        4 | 5 | 7 => Size::Double,
        format => {
            return Err(Trap::on_channel(
                ExceptionKind::IllegalOperand,
                channel,
                Reason::Value { what: "recovery access of format", value: format },
            ));
        }
    })
}
