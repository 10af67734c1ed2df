//! Stores: evaluated first, performed when nothing of the bundle can fail any more.

use elnic_contract::Size;
use elnic_isa::Mas;

use super::{is_tagged, recovery_mas, recovery_size, special, swapped};
use crate::bus::Bus;
use crate::decode::{Action, Operation, Part};
use crate::exception::ExceptionKind;
use crate::execute::context::{Aside, Context};
use crate::trap::{Reason, Trap};

impl<B: Bus> Context<'_, B> {
    /// Evaluates a store of up to 64 bits: address and datum; nothing is written yet.
    #[inline]
    pub(in crate::execute) fn prepare_plain_store(
        &mut self,
        operation: &Operation,
        size: Size,
    ) -> Result<u64, Trap> {
        let [base, index, datum] = &operation.sources;
        let address = self.read(base).wrapping_add(self.read(index));
        self.check_alignment(address, size.bytes(), operation.channel)?;
        self.aside(operation).address = address;
        Ok(self.read(datum))
    }

    /// Evaluates any other store.
    pub(in crate::execute) fn prepare_store(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let (base, index) = (self.read(&operation.sources[0]), self.read(&operation.sources[1]));
        let low = self.read(&operation.sources[2]);
        let (address, high) = match operation.action {
            Action::StoreHalf(offset) => (base.wrapping_add(index).wrapping_add(offset.into()), 0),
            Action::StoreQuad => (base.wrapping_add(index), self.read_high(&operation.sources[2])),
            Action::StoreMasked => (base, self.read_high(&operation.sources[2])),
            Action::StoreRecovery => {
                recovery_size(index, operation.channel)?;
                (base.wrapping_add(index & 0xffff_ffff), index)
            }
            Action::StoreRecoveryQuad => {
                (base.wrapping_add(index & 0xffff_ffff), self.read_high(&operation.sources[2]))
            }
            _ => (base.wrapping_add(index), 0),
        };
        let bytes = match operation.action {
            Action::StoreHalf(_) => 8,
            Action::StoreQuad => 16,
            _ => 1,
        };
        self.check_alignment(address, bytes, operation.channel)?;
        if matches!(operation.action, Action::StoreMasked)
            && self.config.isa < elnic_isa::IsaVersion::V6
            && address & 15 != 0
        {
            return Err(Trap::on_channel(
                ExceptionKind::AddressNotAligned,
                operation.channel,
                Reason::Misaligned { address, bytes: 16 },
            ));
        }
        *self.aside(operation) = Aside { high, address, ..Aside::default() };
        Ok(low)
    }

    /// Performs a store without a specifier.
    #[inline(always)]
    pub(in crate::execute) fn store_directly(
        &mut self,
        operation: &Operation,
        address: u64,
        size: Size,
        value: u64,
    ) -> Result<(), Trap> {
        match self.bus.store(address, size, Mas(0), value) {
            Ok(()) => {
                self.note_written(address, size.bytes().into());
                Ok(())
            }
            Err(fault) => Err(Self::access("store", address, operation.channel)(fault)),
        }
    }

    /// Performs the store that [`Context::prepare_store`] evaluated.
    #[inline]
    pub(in crate::execute) fn store(
        &mut self,
        operation: &Operation,
        value: u64,
    ) -> Result<(), Trap> {
        let (mas, channel) = (operation.mas, operation.channel);
        let Aside { high, address, .. } = *self.aside(operation);
        match operation.action {
            Action::Store(size) if matches!(mas.mode(), 0 | 1 | 4 | 6) => {
                self.store_plain(address, size, mas, value, channel)
            }
            Action::Store(size) => self.store_special(operation, size, value),
            Action::StoreHalf(_) => self.store_plain(address, Size::Double, mas, value, channel),
            Action::StoreQuad => self.store_quad(operation, mas, value),
            Action::StoreMasked => self.store_masked(operation, value),
            Action::StoreRelative(_, part) => match part {
                Part::Plain(size) => self.store_plain(address, size, mas, value, channel),
                Part::Half(_) => self.store_plain(address, Size::Double, mas, value, channel),
                Part::Quad => self.store_quad(operation, mas, value),
                Part::Masked => self.store_masked(operation, value),
            },
            Action::StoreRecoveryQuad => {
                let mas = recovery_mas(self.read(&operation.sources[1]));
                self.store_quad(operation, mas, value)
            }
            Action::StoreRecovery => {
                let size = recovery_size(high, channel)?;
                let mas = recovery_mas(high);
                self.store_plain(address, size, mas, value, channel)?;
                if self.tags && is_tagged(high) {
                    let tag = self.read_tag(&operation.sources[2]);
                    self.set_memory_tag(address, value, tag);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A store to memory or a device.
    #[inline]
    pub(in crate::execute) fn store_plain(
        &mut self,
        address: u64,
        size: Size,
        mas: Mas,
        value: u64,
        channel: u8,
    ) -> Result<(), Trap> {
        let value = if mas.big_endian() { swapped(value, size) } else { value };
        self.write_memory("store", address, size, mas, (value, channel))
    }

    /// Stores of the modes 2, 3, 5 and 7.
    fn store_special(&mut self, operation: &Operation, size: Size, value: u64) -> Result<(), Trap> {
        let (mas, channel) = (operation.mas, operation.channel);
        let address = self.aside(operation).address;
        match mas.mode() {
            2 => {
                let physical = self.physical_of(address, mas);
                let held = match self.state.lock.take() {
                    Some(lock) if lock.address == physical => {
                        self.load_plain(address, size, mas, channel)? == lock.value & size.mask()
                    }
                    _ => false,
                };
                self.state.mlock = !held;
                if held {
                    self.store_plain(address, size, mas, value, channel)?;
                }
                Ok(())
            }
            3 => self.store_plain(address, size, mas, value, channel),
            7 => match special(mas, channel) {
                Some(special) => self.write_special(special, address, value, channel),
                None => Ok(()),
            },
            // Mode 5: no store, unlocks an entry of the lock table.
            _ => Ok(()),
        }
    }

    fn store_quad(&mut self, operation: &Operation, mas: Mas, value: u64) -> Result<(), Trap> {
        let (big_endian, channel) = (mas.big_endian() && mas.mode() != 7, operation.channel);
        let mas = Mas(mas.0 & !8);
        let Aside { high, address, .. } = *self.aside(operation);
        let (low, high) =
            if big_endian { (high.swap_bytes(), value.swap_bytes()) } else { (value, high) };
        self.store_plain(address, Size::Double, mas, low, channel)?;
        self.store_plain(address.wrapping_add(8), Size::Double, mas, high, channel)
    }

    fn store_masked(&mut self, operation: &Operation, value: u64) -> Result<(), Trap> {
        let mask = self.read(&operation.sources[1]);
        let Aside { high, address, .. } = *self.aside(operation);
        let datum = u128::from(high) << 64 | u128::from(value);
        for (byte, number) in datum.to_le_bytes().into_iter().zip(0_u64..) {
            if mask >> number & 1 != 0 {
                let address = address.wrapping_add(number);
                self.store_plain(
                    address,
                    Size::Byte,
                    operation.mas,
                    byte.into(),
                    operation.channel,
                )?;
            }
        }
        Ok(())
    }
}
