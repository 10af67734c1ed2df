//! An endpoint: a device behind a type-0 header. Construction, configuration accesses and resets.

use bytes::Bytes;
use elnic_contract::{Cx, Device, FunctionState, LogEntry, Model, Outbox, PowerState, Reset, Size};
use pci_types::CommandRegister;
use pci_types::device_type::DeviceType;

use crate::SpecError;
use crate::bar::Bar;
use crate::capabilities::Capabilities;
use crate::config::ConfigSpace;
use crate::header::STATUS_INTERRUPT;
use crate::header::{self, BAR0, BARS_END, COMMAND, INTERRUPT_PIN, Layout, ROM, STATUS};
use crate::rom::Rom;

/// What the machine, not the model, decides about a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionOptions {
    /// Other functions stand in the same slot (Header Type bit 7).
    pub multifunction: bool,
    /// The expansion ROM: 1 byte to 16 MiB.
    pub rom: Option<Bytes>,
    /// Registers of the machine's in configuration space, behind the header or in place of base address registers that the
    /// device has no region for.
    pub registers: Vec<ConfigRegister>,
}

/// A register in configuration space that is stored and has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigRegister {
    /// Where it stands, a multiple of 4.
    pub offset: u8,
    /// Its value after reset.
    pub reset: u32,
    /// Bits that software may change.
    pub writable: u32,
}

/// A device as a PCI function.
///
/// Each call that takes a [`Cx`] leaves what it wants done in its outbox, as a [`Device`] does; message-signalled
/// interrupts are [`elnic_contract::Effect::Message`] there. Afterwards the bus looks at [`PciFunction::lines`] and, if
/// [`PciFunction::take_map_changed`] says so, at [`PciFunction::mappings`].
pub struct PciFunction {
    pub(crate) config: ConfigSpace,
    pub(crate) bars: Vec<Bar>,
    pub(crate) rom: Option<Rom>,
    pub(crate) capabilities: Capabilities,
    pub(crate) device: Box<dyn Device>,
    /// Kept for its allocation; empty between calls.
    pub(crate) outbox: Outbox,
    pub(crate) map_changed: bool,
}

impl std::fmt::Debug for PciFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.device.describe().name;
        f.debug_struct("PciFunction").field("device", &name).finish_non_exhaustive()
    }
}

impl PciFunction {
    /// Makes a function of `device`.
    ///
    /// # Errors
    /// The model is no PCI function, or its regions or capabilities cannot be.
    pub fn new(device: Box<dyn Device>, options: FunctionOptions) -> Result<Self, SpecError> {
        let model = device.describe();
        let identity = model.pci.as_ref().ok_or(SpecError::NotPci(model.name))?;
        if identity.interrupt_pin > 4 {
            return Err(SpecError::Pin(identity.interrupt_pin));
        }
        let mut config = header::header(identity, Layout::Endpoint, options.multifunction);
        let capabilities = Capabilities::define(&device.capabilities(), &mut config)?;
        let mut bars = Bar::of_regions(model)?;
        if let Some(msix) = &capabilities.msix {
            msix.place(&mut bars)?;
        }
        for bar in &bars {
            bar.define(&mut config);
        }
        for register in &options.registers {
            config.define32(register.offset, register.reset, register.writable);
        }
        let rom = options.rom.map(|image| Rom::define(image, &mut config)).transpose()?;
        let (outbox, map_changed) = (Outbox::new(), true);
        Ok(Self { config, bars, rom, capabilities, device, outbox, map_changed })
    }

    /// The kind of device.
    pub fn model(&self) -> &'static Model {
        self.device.describe()
    }

    /// The device itself, for what does not concern PCI: counters, filters, dumps.
    pub fn device(&self) -> &dyn Device {
        &*self.device
    }

    /// What the class code says it is.
    pub fn device_type(&self) -> DeviceType {
        let [base, sub, _] = self.model().pci.map(|identity| identity.class).unwrap_or_default();
        DeviceType::from((base, sub))
    }

    /// The Command register.
    pub fn command(&self) -> CommandRegister {
        header::command(&self.config)
    }

    /// How deep the function sleeps.
    pub fn power_state(&self) -> PowerState {
        self.capabilities.pm.map_or(PowerState::D0, |pm| pm.state(&self.config))
    }

    /// Whether the function may read and write guest RAM now.
    pub fn may_master(&self) -> bool {
        let enabled = self.command().contains(CommandRegister::BUS_MASTER_ENABLE);
        enabled && self.power_state() == PowerState::D0
    }

    /// What the device is told when it changes.
    fn state_for_device(&self) -> FunctionState {
        FunctionState {
            may_master: self.may_master(),
            msix_enabled: self
                .capabilities
                .msix
                .as_ref()
                .is_some_and(|msix| msix.enabled(&self.config)),
            power: self.power_state(),
            pme_enabled: self.capabilities.pm.is_some_and(|pm| pm.pme_enabled(&self.config)),
        }
    }

    /// Tells the device what software has set the function to, if that is not what it knows.
    fn tell_device(&mut self, cx: &mut Cx<'_>, known: FunctionState) {
        let state = self.state_for_device();
        if state != known {
            self.enter(cx, |device, cx| device.function_changed(cx, state));
        }
    }

    /// Which interrupt pin the function has: 0 none, 1 INTA … 4 INTD.
    pub fn interrupt_pin(&self) -> u8 {
        self.config.get8(INTERRUPT_PIN)
    }

    /// Looks at configuration space. No side effects: [`PciFunction::guest_config_read`] is what a guest does.
    pub fn config_read(&self, offset: u8, size: Size) -> u64 {
        let stored = self.config.read(offset, size);
        let value = self.window_shown(offset, size).unwrap_or(stored);
        let below = u32::from(STATUS.saturating_sub(offset)).saturating_mul(8);
        let shown = if self.device.lines().0 != 0 && offset <= STATUS {
            u64::from(STATUS_INTERRUPT).checked_shl(below).unwrap_or(0)
        } else {
            0
        };
        value | (shown & size.mask())
    }

    /// Writes configuration space, with what follows from it: addresses move, a sleeping device wakes up reset, pending
    /// messages leave.
    pub fn config_write(&mut self, cx: &mut Cx<'_>, offset: u8, size: Size, value: u64) {
        let (known, decoded) = (self.state_for_device(), self.decoding());
        self.config.write(offset, size, value);
        if let Some(pm) = self.capabilities.pm {
            pm.settle(&mut self.config, known.power);
            if pm.waking_resets(known.power) && pm.state(&self.config) == PowerState::D0 {
                cx.log.record(LogEntry::Did { what: "D3hot to D0: function reset", value: 0 });
                self.reset(cx, Reset::Function);
                return;
            }
        }
        self.map_changed |= decoded != self.decoding();
        self.tell_device(cx, known);
        self.send_unmasked(cx);
        self.write_through_window(cx, offset, size);
    }

    /// All that decides which addresses the function answers to.
    fn decoding(&self) -> ([u64; 4], u16, PowerState) {
        let words = [BAR0, BAR0.saturating_add(8), BARS_END.saturating_sub(8), ROM];
        let addresses = words.map(|offset| self.config.read(offset, Size::Double));
        (addresses, self.config.get16(COMMAND) & 3, self.power_state())
    }

    /// Resets the function and its device.
    pub fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        let pme = self.capabilities.pm.map(|pm| (pm, pm.pme_context(&self.config)));
        self.config.reset();
        if let Some((pm, context)) = pme {
            let survives = match kind {
                Reset::Cold => false,
                Reset::Warm => pm.pme_survives_bus_reset(),
                Reset::Function => true,
            };
            if survives {
                pm.restore_pme_context(&mut self.config, context);
            }
        }
        if let Some(msix) = &mut self.capabilities.msix {
            msix.reset();
        }
        self.map_changed = true;
        self.enter(cx, |device, cx| device.reset(cx, kind));
        self.tell_device(cx, FunctionState::default());
    }
}
