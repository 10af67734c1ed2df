//! Loads.

use elnic_contract::Size;
use elnic_isa::Mas;

use super::{is_tagged, recovery_mas, recovery_size, special, swapped};
use crate::bus::Bus;
use crate::decode::{Operation, PAGE};
use crate::execute::context::Context;
use crate::state::Lock;
use crate::state::registers::TAG_NUMERIC;
use crate::trap::Trap;

/// What a speculative load yields where it fails (e2k-isa.md §8.4).
const DIAGNOSTIC: u64 = 0x4afa_fafa_4afa_fafa;
impl<B: Bus> Context<'_, B> {
    /// Evaluates a load of up to 64 bits.
    #[inline(always)]
    pub(in crate::execute) fn load(
        &mut self,
        operation: &Operation,
        size: Size,
        offset: u8,
    ) -> Result<u64, Trap> {
        let address = self
            .read(&operation.sources[0])
            .wrapping_add(self.read(&operation.sources[1]))
            .wrapping_add(offset.into());
        if operation.mas.0 != 0 || self.checked {
            return self.load_with(operation, address, size);
        }
        match self.bus.load(address, size, Mas(0)) {
            Ok(value) => Ok(value),
            Err(fault) => self.speculate(operation, |_| {
                Err(Self::access("load", address, operation.channel)(fault))
            }),
        }
    }

    /// A load with a specifier, or with alignment to check.
    pub(super) fn load_with(
        &mut self,
        operation: &Operation,
        address: u64,
        size: Size,
    ) -> Result<u64, Trap> {
        let mas = operation.mas;
        if mas.0 != 0 && mas.mode() >= 3 && mas.mode() != 6 {
            return self.load_special(operation, address, size);
        }
        self.speculate(operation, |cx| cx.load_plain(address, size, mas, operation.channel))
    }

    /// A load from memory or a device.
    #[inline]
    pub(in crate::execute) fn load_plain(
        &mut self,
        address: u64,
        size: Size,
        mas: Mas,
        channel: u8,
    ) -> Result<u64, Trap> {
        self.check_alignment(address, size.bytes(), channel)?;
        let value = self.read_memory("load", address, size, mas, channel)?;
        self.watch(address, size.bytes(), false, channel);
        Ok(if mas.big_endian() { swapped(value, size) } else { value })
    }

    /// `load`, or a diagnostic value if it fails and the operation is speculative.
    #[inline]
    pub(in crate::execute) fn speculate(
        &mut self,
        operation: &Operation,
        load: impl FnOnce(&mut Self) -> Result<u64, Trap>,
    ) -> Result<u64, Trap> {
        self.speculative = operation.speculative;
        let loaded = load(self);
        self.speculative = false;
        match loaded {
            Err(trap) if operation.speculative && !trap.is_pending_page() => {
                self.invalidate(operation);
                self.aside(operation).high = DIAGNOSTIC;
                Ok(DIAGNOSTIC)
            }
            other => other,
        }
    }

    /// Loads of the modes 3, 4, 5 and 7.
    fn load_special(
        &mut self,
        operation: &Operation,
        address: u64,
        size: Size,
    ) -> Result<u64, Trap> {
        let (mas, channel) = (operation.mas, operation.channel);
        if let Some(special) = special(mas, channel) {
            return self.read_special(special, address, channel);
        }
        // Bit 3 of mode 7 belongs to the operation code.
        let mas_of_bus = if mas.mode() == 7 { Mas(0) } else { mas };
        let value =
            self.speculate(operation, |cx| cx.load_plain(address, size, mas_of_bus, channel))?;
        match (mas.mode(), matches!(channel, 2 | 5)) {
            (3, _) if mas.is_ordered() => {}
            (3 | 4, true) => self.ask_early(address, size, mas),
            (4, false) => self.note_early(address, size, mas),
            (7, false) => {
                let address = self.physical_of(address, mas_of_bus);
                self.state.lock = Some(Lock { address, value });
            }
            _ => {}
        }
        Ok(value)
    }

    /// Notes a load made ahead of stores. One over the end of a page is not: it would be two.
    fn note_early(&mut self, address: u64, size: Size, mas: Mas) {
        let bytes = u64::from(size.bytes());
        if address & !(PAGE - 1) == address.wrapping_add(bytes - 1) & !(PAGE - 1) {
            let place = self.physical_of(address, mas);
            self.state.early_loads.note(place, bytes);
            self.checked = true;
        }
    }

    /// `%MLOCK`, if what is loaded here was not loaded early or something was stored over it.
    fn ask_early(&mut self, address: u64, size: Size, mas: Mas) {
        let place = self.physical_of(address, mas);
        self.asks_early = true;
        self.state.mlock |= !self.state.early_loads.holds(place, size.bytes().into());
    }

    /// A 128-bit load into one register.
    pub(in crate::execute) fn load_quad(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let address =
            self.read(&operation.sources[0]).wrapping_add(self.read(&operation.sources[1]));
        self.load_quad_at(operation, address)
    }

    /// The same, from `address`.
    pub(super) fn load_quad_at(
        &mut self,
        operation: &Operation,
        address: u64,
    ) -> Result<u64, Trap> {
        let mas = operation.mas;
        self.speculate(operation, |cx| cx.load_both(operation, address, mas))
    }

    /// 128 bits; the upper half goes aside.
    fn load_both(&mut self, operation: &Operation, address: u64, mas: Mas) -> Result<u64, Trap> {
        let channel = operation.channel;
        self.check_alignment(address, 16, channel)?;
        let plain = Mas(mas.0 & !8);
        let low = self.load_plain(address, Size::Double, plain, channel)?;
        let high = self.load_plain(address.wrapping_add(8), Size::Double, plain, channel)?;
        let (low, high) = if mas.big_endian() && mas.mode() != 7 {
            (high.swap_bytes(), low.swap_bytes())
        } else {
            (low, high)
        };
        self.aside(operation).high = high;
        Ok(low)
    }

    /// `ldrqp`: as `ldrd`, always 128 bits.
    pub(in crate::execute) fn load_recovery_quad(
        &mut self,
        operation: &Operation,
    ) -> Result<u64, Trap> {
        let word = self.read(&operation.sources[1]);
        let address = self.read(&operation.sources[0]).wrapping_add(word & 0xffff_ffff);
        let mas = recovery_mas(word);
        self.speculate(operation, |cx| cx.load_both(operation, address, mas))
    }

    /// `ldrd`: the second source packs index\[31:0\], MAS\[38:32\] and fmt\[42:40\] (e2k-isa.md §8.8).
    pub(in crate::execute) fn load_recovery(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let word = self.read(&operation.sources[1]);
        let address = self.read(&operation.sources[0]).wrapping_add(word & 0xffff_ffff);
        let size = recovery_size(word, operation.channel)?;
        let mas = recovery_mas(word);
        let load = |cx: &mut Self| cx.load_plain(address, size, mas, operation.channel);
        let value = self.speculate(operation, load)?;
        let tagged = self.tags && is_tagged(word);
        let tag = if tagged { self.memory_tag(address, value) } else { TAG_NUMERIC };
        self.aside(operation).address = tag.into();
        Ok(value)
    }
}
