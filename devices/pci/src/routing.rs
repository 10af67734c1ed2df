//! From bus addresses to the device, and from the device's effects to the bus.

use elnic_contract::{
    Access, Cx, Device, Effect, Fault, Lines, LogEntry, PowerState, Size, TimerId,
};
use pci_types::CommandRegister;

use crate::header::{STATUS, STATUS_MASTER_ABORT};
use crate::master::MasterGate;
use crate::msi::Message;
use crate::{PciFunction, Space};

/// What lies behind an address of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Region number so-and-so of the device's model.
    Region(u8),
    /// MSI-X structures in a base address register of their own.
    MsiX(u8),
    /// The expansion ROM.
    Rom,
}

/// Where in a function an access lands. A bus that reaches a region by other means than a base address register (a
/// [`elnic_contract::RegionKind::Fixed`] window) makes one itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hit {
    /// What lies there.
    pub window: Window,
    /// Offset in it, in bytes.
    pub offset: u64,
}

/// A range of addresses that a function answers to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// In which address space.
    pub space: Space,
    /// First address.
    pub base: u64,
    /// Length in bytes.
    pub size: u64,
    /// What lies there.
    pub window: Window,
}

impl PciFunction {
    /// The ranges the function answers to now: none of a space that Command or the power state switches off.
    pub fn mappings(&self) -> impl Iterator<Item = Mapping> + '_ {
        let command = self.command();
        let awake = self.power_state() == PowerState::D0;
        let on = move |space| {
            awake
                && command.contains(match space {
                    Space::Memory => CommandRegister::MEMORY_ENABLE,
                    Space::Io => CommandRegister::IO_ENABLE,
                })
        };
        let bars = self.bars.iter().filter_map(|bar| {
            let (space, base) = (bar.space(), bar.base(&self.config)?);
            Some(Mapping { space, base, size: bar.size, window: bar.window })
        });
        let rom = self.rom.iter().filter_map(|rom| {
            let (base, size) = (rom.base(&self.config)?, rom.size());
            Some(Mapping { space: Space::Memory, base, size, window: Window::Rom })
        });
        bars.chain(rom).filter(move |mapping| on(mapping.space))
    }

    /// Where `address` lands in this function, if it answers to it.
    pub fn decode(&self, space: Space, address: u64) -> Option<Hit> {
        self.mappings().filter(|mapping| mapping.space == space).find_map(|mapping| {
            let offset = address.checked_sub(mapping.base)?;
            (offset < mapping.size).then_some(Hit { window: mapping.window, offset })
        })
    }

    /// Whether [`PciFunction::mappings`] may have changed since this was last asked; true at first.
    pub fn take_map_changed(&mut self) -> bool {
        std::mem::take(&mut self.map_changed)
    }

    /// A guest's read, with its side effects.
    ///
    /// # Errors
    /// Nothing is decoded there, or not at this width; [`Fault::WrongSize`] too if the access is not aligned.
    pub fn read(&mut self, cx: &mut Cx<'_>, hit: Hit, size: Size) -> Result<u64, Fault> {
        match self.target(hit, size)? {
            Target::Device(access) => self.enter(cx, |device, cx| device.read(cx, access)),
            Target::MsiX(slot) => Ok(self.msix_read(slot, hit.offset, size)),
            Target::Rom => Ok(self.rom_read(hit.offset, size)),
        }
    }

    /// A guest's write. Writes to the expansion ROM are dropped.
    ///
    /// # Errors
    /// As [`PciFunction::read`].
    pub fn write(
        &mut self,
        cx: &mut Cx<'_>,
        hit: Hit,
        size: Size,
        value: u64,
    ) -> Result<(), Fault> {
        let value = value & size.mask();
        match self.target(hit, size)? {
            Target::Device(access) => self.enter(cx, |device, cx| device.write(cx, access, value)),
            Target::MsiX(slot) => {
                if let Some(msix) = &mut self.capabilities.msix {
                    msix.write(slot, hit.offset, size, value);
                }
                self.send_unmasked(cx);
                Ok(())
            }
            Target::Rom => {
                cx.log.record(LogEntry::Guest { what: "write to the expansion ROM", value });
                Ok(())
            }
        }
    }

    /// What a read would answer, without side effects.
    pub fn peek(&self, hit: Hit, size: Size) -> Option<u64> {
        match self.target(hit, size).ok()? {
            Target::Device(access) => self.device.peek(access),
            Target::MsiX(slot) => Some(self.msix_read(slot, hit.offset, size)),
            Target::Rom => Some(self.rom_read(hit.offset, size)),
        }
    }

    fn msix_read(&self, slot: u8, offset: u64, size: Size) -> u64 {
        self.capabilities.msix.as_ref().map_or(0, |msix| msix.read(slot, offset, size))
    }

    fn rom_read(&self, offset: u64, size: Size) -> u64 {
        self.rom.as_ref().map_or(size.mask(), |rom| rom.read(offset, size))
    }

    /// MSI-X structures lie over what the device has at the same place.
    fn target(&self, hit: Hit, size: Size) -> Result<Target, Fault> {
        let region = match hit.window {
            Window::MsiX(slot) => return Ok(Target::MsiX(slot)),
            Window::Rom => return Ok(Target::Rom),
            Window::Region(region) => region,
        };
        let slot = self.bars.iter().find(|bar| bar.window == hit.window).map(|bar| bar.slot);
        match (slot, &self.capabilities.msix) {
            (Some(slot), Some(msix)) if msix.covers(slot, hit.offset) => Ok(Target::MsiX(slot)),
            _ => Access::new(region, hit.offset, size)
                .map(Target::Device)
                .map_err(|_| Fault::WrongSize),
        }
    }

    /// A deadline the device asked for has come.
    pub fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        self.enter(cx, |device, cx| device.timer(cx, timer));
    }

    /// Level of the interrupt pins; bit 0 is INTA. The device's one interrupt appears at the pin the header names, and
    /// not while interrupts are disabled, message-signalled or asleep.
    pub fn lines(&self) -> Lines {
        let asserted = self.device.lines().0 != 0;
        let quiet = self.command().contains(CommandRegister::INTERRUPT_DISABLE)
            || self.messages_enabled()
            || self.power_state() != PowerState::D0;
        match self.interrupt_pin().checked_sub(1) {
            Some(pin) if asserted && !quiet => Lines(1_u32.checked_shl(pin.into()).unwrap_or(0)),
            _ => Lines::NONE,
        }
    }

    /// Whether software has switched the function from pins to messages.
    pub fn messages_enabled(&self) -> bool {
        self.capabilities.msi.is_some_and(|msi| msi.enabled(&self.config))
            || self.capabilities.msix.as_ref().is_some_and(|msix| msix.enabled(&self.config))
    }

    /// Calls the device with this function's view of the world, then passes on what it wants done.
    pub(crate) fn enter<T>(
        &mut self,
        cx: &mut Cx<'_>,
        call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> T,
    ) -> T {
        let mut gate = MasterGate { open: self.may_master(), ram: &mut *cx.dma, aborted: false };
        let mut inner = std::mem::take(&mut self.outbox);
        let result =
            call(&mut *self.device, &mut Cx::new(cx.now, &mut gate, &mut inner, &mut *cx.log));
        if gate.aborted {
            self.config.set16(STATUS, self.config.get16(STATUS) | STATUS_MASTER_ABORT);
        }
        for effect in inner.drain() {
            self.pass_on(cx, effect);
        }
        self.outbox = inner;
        result
    }

    fn pass_on(&mut self, cx: &mut Cx<'_>, effect: Effect) {
        match effect {
            Effect::Msi(vector) => {
                let message = match &mut self.capabilities.msix {
                    Some(msix) if msix.enabled(&self.config) => msix.signal(&self.config, vector),
                    _ => self.capabilities.msi.and_then(|msi| msi.signal(&mut self.config, vector)),
                };
                if let Some(message) = message {
                    self.send(cx, message);
                }
            }
            Effect::Pme { forced } => {
                let config = &mut self.config;
                let driven = self.capabilities.pm.is_some_and(|pm| pm.signal(config, forced));
                if driven {
                    cx.outbox.push(Effect::Pme { forced });
                }
            }
            other => cx.outbox.push(other),
        }
    }

    /// A message is a write of a bus master: without the right to master it is lost.
    fn send(&self, cx: &mut Cx<'_>, message: Message) {
        if self.may_master() {
            cx.outbox.push(Effect::Message { address: message.address, data: message.data });
        } else {
            let what = "message-signalled interrupt lost: bus mastering is off";
            cx.log.record(LogEntry::Guest { what, value: message.data.into() });
        }
    }

    /// After a guest's write: what was pending and is no longer masked leaves.
    pub(crate) fn send_unmasked(&mut self, cx: &mut Cx<'_>) {
        if let Some(msi) = self.capabilities.msi {
            while let Some(message) = msi.take_unmasked(&mut self.config) {
                self.send(cx, message);
            }
        }
        while let Some(message) =
            self.capabilities.msix.as_mut().and_then(|msix| msix.take_unmasked(&self.config))
        {
            self.send(cx, message);
        }
    }
}

enum Target {
    Device(Access),
    MsiX(u8),
    Rom,
}
