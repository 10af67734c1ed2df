//! Loads and stores with their memory access specifier (e2k-isa.md §8.1-8.3, e2k-machine.md §3).
//!
//! Addresses are physical so far. Accesses are performed in program order, so that ordering forms of the specifier mean nothing here. Data
//! speculation (modes 3 and 4) always reports a conflict: the program then takes its recovery path, which is always right.

use elnic_contract::Size;
use elnic_isa::{Mas, SpecialOperation};

use super::context::{Aside, Context};
use crate::bus::{Bus, BusFault};
use crate::decode::{Action, Operation};
use crate::exception::ExceptionKind;
use crate::state::Lock;
use crate::trap::{Reason, Trap};

/// What a speculative load yields where it fails (e2k-isa.md §8.4).
pub(super) const DIAGNOSTIC: u64 = 0x4afa_fafa_4afa_fafa;
/// `mmu_cr.tlb_en`.
const TLB_ENABLE: u64 = 1;

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
    pub(super) fn check_alignment(&self, address: u64, bytes: u8, channel: u8) -> Result<(), Trap> {
        if self.aligned && address & u64::from(bytes - 1) != 0 {
            return Err(Trap::on_channel(
                ExceptionKind::AddressNotAligned,
                channel,
                Reason::Misaligned { address, bytes },
            ));
        }
        Ok(())
    }

    /// Evaluates a load of up to 64 bits.
    #[inline(always)]
    pub(super) fn load(
        &mut self,
        operation: &Operation,
        size: Size,
        offset: u8,
    ) -> Result<u64, Trap> {
        let address = self
            .read(&operation.sources[0])
            .wrapping_add(self.read(&operation.sources[1]))
            .wrapping_add(offset.into());
        if operation.mas.0 != 0 || self.aligned {
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
    fn load_with(&mut self, operation: &Operation, address: u64, size: Size) -> Result<u64, Trap> {
        let mas = operation.mas;
        if mas.0 != 0 && mas.mode() >= 3 && mas.mode() != 6 {
            return self.load_special(operation, address, size);
        }
        self.speculate(operation, |cx| cx.load_plain(address, size, mas, operation.channel))
    }

    /// A load from memory or a device.
    #[inline]
    pub(super) fn load_plain(
        &mut self,
        address: u64,
        size: Size,
        mas: Mas,
        channel: u8,
    ) -> Result<u64, Trap> {
        self.check_alignment(address, size.bytes(), channel)?;
        let value =
            self.bus.load(address, size, mas).map_err(Self::access("load", address, channel))?;
        Ok(if mas.big_endian() { swapped(value, size) } else { value })
    }

    /// `load`, or a diagnostic value if it fails and the operation is speculative.
    #[inline]
    fn speculate(
        &mut self,
        operation: &Operation,
        load: impl FnOnce(&mut Self) -> Result<u64, Trap>,
    ) -> Result<u64, Trap> {
        match load(self) {
            Err(_) if operation.speculative => {
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
            return Ok(match special {
                SpecialOperation::MmuRegister => self.state.mmu[mmu_number(address)],
                // Probes and diagnostic arrays of caches and TLB: there are none.
                _ => 0,
            });
        }
        // Bit 3 of mode 7 belongs to the operation code.
        let mas_of_bus = if mas.mode() == 7 { Mas(0) } else { mas };
        let value =
            self.speculate(operation, |cx| cx.load_plain(address, size, mas_of_bus, channel))?;
        match (mas.mode(), matches!(channel, 2 | 5)) {
            (3, _) if mas.is_ordered() => {}
            (3 | 4, true) => self.state.mlock = true,
            (7, false) => self.state.lock = Some(Lock { address, value }),
            _ => {}
        }
        Ok(value)
    }

    /// A 128-bit load into one register.
    pub(super) fn load_quad(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let address =
            self.read(&operation.sources[0]).wrapping_add(self.read(&operation.sources[1]));
        let (mas, channel) = (operation.mas, operation.channel);
        self.speculate(operation, |cx| {
            cx.check_alignment(address, 16, channel)?;
            let plain = Mas(mas.0 & !8);
            let low = cx.load_plain(address, Size::Double, plain, channel)?;
            let high = cx.load_plain(address.wrapping_add(8), Size::Double, plain, channel)?;
            let (low, high) = if mas.big_endian() && mas.mode() != 7 {
                (high.swap_bytes(), low.swap_bytes())
            } else {
                (low, high)
            };
            cx.aside(operation).high = high;
            Ok(low)
        })
    }

    /// `ldrd`: the second source packs index[31:0], MAS[38:32] and fmt[42:40] (e2k-isa.md §8.8).
    pub(super) fn load_recovery(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let word = self.read(&operation.sources[1]);
        let address = self.read(&operation.sources[0]).wrapping_add(word & 0xffff_ffff);
        let size = recovery_size(word, operation.channel)?;
        let mas = recovery_mas(word);
        self.speculate(operation, |cx| cx.load_plain(address, size, mas, operation.channel))
    }

    /// Evaluates a store of up to 64 bits: address and datum; nothing is written yet.
    #[inline]
    pub(super) fn prepare_plain_store(
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
    pub(super) fn prepare_store(&mut self, operation: &Operation) -> Result<u64, Trap> {
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

    /// Whether `loop_mode` keeps a store of this bundle from being made, whatever its qualifier (e2k-isa.md §6.4).
    pub(super) fn loop_suppresses_store(&mut self) -> bool {
        let lsr = &mut self.state.lsr;
        if lsr.prologue() {
            return true;
        }
        if !lsr.loop_end() {
            return false;
        }
        if lsr.strmd == 0 {
            return true;
        }
        lsr.strmd -= 1;
        false
    }

    /// Performs a store without a specifier.
    #[inline(always)]
    pub(super) fn store_directly(
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
    pub(super) fn store(&mut self, operation: &Operation, value: u64) -> Result<(), Trap> {
        let (mas, channel) = (operation.mas, operation.channel);
        let Aside { high, address, .. } = *self.aside(operation);
        match operation.action {
            Action::Store(size) if matches!(mas.mode(), 0 | 1 | 4 | 6) => {
                self.store_plain(address, size, mas, value, channel)
            }
            Action::Store(size) => self.store_special(operation, size, value),
            Action::StoreHalf(_) => self.store_plain(address, Size::Double, mas, value, channel),
            Action::StoreQuad => self.store_quad(operation, value),
            Action::StoreMasked => self.store_masked(operation, value),
            Action::StoreRecovery => {
                let size = recovery_size(high, channel)?;
                let mas = recovery_mas(high);
                self.store_plain(address, size, mas, value, channel)
            }
            _ => Ok(()),
        }
    }

    /// A store to memory or a device.
    #[inline]
    pub(super) fn store_plain(
        &mut self,
        address: u64,
        size: Size,
        mas: Mas,
        value: u64,
        channel: u8,
    ) -> Result<(), Trap> {
        let value = if mas.big_endian() { swapped(value, size) } else { value };
        self.bus
            .store(address, size, mas, value)
            .map_err(Self::access("store", address, channel))?;
        self.note_written(address, size.bytes().into());
        Ok(())
    }

    /// Stores of the modes 2, 3, 5 and 7.
    fn store_special(&mut self, operation: &Operation, size: Size, value: u64) -> Result<(), Trap> {
        let (mas, channel) = (operation.mas, operation.channel);
        let address = self.aside(operation).address;
        match mas.mode() {
            2 => {
                let held = match self.state.lock.take() {
                    Some(lock) if lock.address == address => {
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
                Some(SpecialOperation::MmuRegister) => self.write_mmu(address, value),
                // Decoded code is kept coherent and there are no caches to flush; registers of parts that do not exist.
                _ => Ok(()),
            },
            // Mode 5: no store, unlocks an entry of the lock table.
            _ => Ok(()),
        }
    }

    fn write_mmu(&mut self, address: u64, value: u64) -> Result<(), Trap> {
        let number = mmu_number(address);
        if number == 0 && value & TLB_ENABLE != 0 {
            return Err(Trap::unimplemented("address translation (mmu_cr.tlb_en)"));
        }
        self.state.mmu[number] = value;
        Ok(())
    }

    fn store_quad(&mut self, operation: &Operation, value: u64) -> Result<(), Trap> {
        let (mas, channel) = (Mas(operation.mas.0 & !8), operation.channel);
        let Aside { high, address, .. } = *self.aside(operation);
        let (low, high) = if operation.mas.big_endian() && mas.mode() != 7 {
            (high.swap_bytes(), value.swap_bytes())
        } else {
            (value, high)
        };
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

fn mmu_number(address: u64) -> usize {
    (address >> 4 & 0xff) as usize
}

fn recovery_mas(word: u64) -> Mas {
    // Mode 4, "fill", only says that the tag comes along.
    let mas = Mas((word >> 32 & 0x7f) as u8);
    if mas.mode() == 4 { Mas(mas.0 & !7) } else { mas }
}

fn recovery_size(word: u64, channel: u8) -> Result<Size, Trap> {
    Ok(match word >> 40 & 7 {
        1 => Size::Byte,
        2 => Size::Half,
        3 => Size::Word,
        4 | 5 => Size::Double,
        format => {
            return Err(Trap::on_channel(
                ExceptionKind::IllegalOperand,
                channel,
                Reason::Value { what: "recovery access of format", value: format },
            ));
        }
    })
}
