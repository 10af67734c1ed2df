//! All interrupt controllers of a board with LAPICs and one IOAPIC: who tells whom what.
//!
//! Local controllers share one window; which of them answers is the processor's that looks ([`Apic::view_from`]).

use elnic_contract::{
    Access, ClockHz, Cx, Device, Fault, Lines, Model, RegionKind, RegionSpec, Register, Reset,
    RestoreError, SavedState, TimerId,
};
use elnic_registers::RegisterFile;
use serde::{Deserialize, Serialize};

use crate::Controllers;
use crate::io::{IoApic, IoApicRegister, IoState, WINDOW};
use crate::local::{Audience, LapicRegister, LocalApic, LocalState, NM_TIMERS, Told};
use crate::message::{Delivery, InterruptMessage};

/// Region of the local controller's window.
pub const LOCAL_REGION: u8 = 0;
/// Region of the I/O controller's window.
pub const IO_REGION: u8 = 1;
/// Region of the second I/O controller's window, on boards with one.
pub const EMBEDDED_REGION: u8 = 2;
/// Version of the saved state.
const VERSION: u32 = 2;

const LOCAL_TABLE: &[Register] = <LapicRegister as RegisterFile>::TABLE;
const IO_TABLE: &[Register] = <IoApicRegister as RegisterFile>::TABLE;

/// Both tables, one behind the other.
static REGISTERS: [Register; LOCAL_TABLE.len() + IO_TABLE.len()] = {
    let mut all = [LOCAL_TABLE[0]; LOCAL_TABLE.len() + IO_TABLE.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < LOCAL_TABLE.len() {
            LOCAL_TABLE[index]
        } else {
            IO_TABLE[index - LOCAL_TABLE.len()]
        };
        index += 1;
    }
    all
};

/// What the interrupt controllers say of themselves.
pub static APIC_MODEL: Model = Model {
    name: "apic",
    aliases: &[],
    summary: "local interrupt controllers of all processors and the I/O interrupt controller",
    pci: None,
    regions: &[
        RegionSpec { name: "lapic", bar: 0, kind: RegionKind::Fixed, size: 0x1000 },
        RegionSpec { name: "ioapic", bar: 0, kind: RegionKind::Fixed, size: WINDOW },
        RegionSpec { name: "embedded-ioapic", bar: 0, kind: RegionKind::Fixed, size: WINDOW },
    ],
    registers: &REGISTERS,
    sources: &["e2k-machine.md §6.1 to §6.3", "Intel 82093AA"],
};

/// What differs between boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApicConfig {
    /// Processors, 1 to 16. The first boots.
    pub processors: u8,
    /// What the local controllers' timers count.
    pub timer_clock: ClockHz,
    /// Pins of the I/O controller that are high when nobody asserts them: PCI's interrupts.
    pub idle_high: u32,
    /// There is a second I/O controller, for devices on the processor's die.
    pub embedded: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ApicState {
    locals: Vec<LocalState>,
    io: IoState,
    embedded: Option<IoState>,
}

/// The interrupt controllers of a board.
#[derive(Clone, Debug)]
pub struct Apic {
    locals: Vec<LocalApic>,
    io: IoApic,
    embedded: Option<IoApic>,
    viewer: usize,
}

impl Apic {
    /// The controllers of a board, after reset.
    pub fn new(config: ApicConfig) -> Self {
        let ApicConfig { processors, timer_clock, idle_high, embedded } = config;
        let local = |number| LocalApic::new(number, timer_clock);
        let locals = (0..processors.clamp(1, 16)).map(local).collect();
        let embedded = embedded.then(|| IoApic::new(0));
        Self { locals, io: IoApic::new(idle_high), embedded, viewer: 0 }
    }

    /// The local controller of a processor.
    pub fn local(&self, processor: u8) -> Option<&LocalApic> {
        self.locals.get(usize::from(processor))
    }

    /// The I/O controller.
    pub const fn io(&self) -> &IoApic {
        &self.io
    }

    /// Takes the pending vector into service, as a read of APIC_VECT does.
    pub fn acknowledge(&mut self, processor: u8) -> Option<u8> {
        self.locals.get_mut(usize::from(processor))?.acknowledge()
    }

    /// Hands a message to those it is for; says whether anybody took it.
    fn deliver(
        &mut self,
        message: InterruptMessage,
        audience: Audience,
        sender: Option<usize>,
    ) -> bool {
        let InterruptMessage { vector, delivery, to, level } = message;
        let is_meant = |index: usize, local: &LocalApic| match audience {
            Audience::Addressed => local.is_addressed(to),
            Audience::All => true,
            Audience::Others => sender != Some(index),
        };
        let mut meant: Vec<usize> = Vec::new();
        meant.extend((0..).zip(&self.locals).filter(|(i, l)| is_meant(*i, l)).map(|(i, _)| i));
        if delivery == Delivery::LowestPriority {
            let idlest = |index: &usize| self.locals.get(*index).map(LocalApic::priority);
            meant = meant.into_iter().min_by_key(idlest).into_iter().collect();
        }
        meant.into_iter().fold(false, |taken, index| {
            let local = self.locals.get_mut(index);
            local.is_some_and(|local| local.accept(delivery, vector, level)) || taken
        })
    }

    /// Carries everything the controllers tell each other. It ends: what is delivered tells nothing further.
    fn settle(&mut self) {
        for index in 0..self.locals.len() {
            let told = self.locals.get_mut(index).map(LocalApic::take_told).unwrap_or_default();
            for told in told {
                match told {
                    Told::Sent(message, audience) => {
                        self.deliver(message, audience, Some(index));
                    }
                    Told::Ended(vector) => {
                        self.io.end_of_interrupt(vector);
                        if let Some(embedded) = &mut self.embedded {
                            embedded.end_of_interrupt(vector);
                        }
                    }
                }
            }
        }
        for (pin, message) in self.io.take_messages() {
            if self.deliver(message, Audience::Addressed, None) {
                self.io.accepted(pin);
            }
        }
        let messages = self.embedded.as_mut().map(IoApic::take_messages).unwrap_or_default();
        for (pin, message) in messages {
            let taken = self.deliver(message, Audience::Addressed, None);
            if let Some(embedded) = self.embedded.as_mut().filter(|_| taken) {
                embedded.accepted(pin);
            }
        }
    }

    /// The I/O controller of a region.
    fn io_of(&mut self, region: u8) -> Option<&mut IoApic> {
        match region {
            IO_REGION => Some(&mut self.io),
            EMBEDDED_REGION => self.embedded.as_mut(),
            _ => None,
        }
    }

    /// Whether a write may make a controller take what it, or nobody, took before.
    fn opens(access: Access) -> bool {
        use LapicRegister as R;
        [R::SPIV, R::ID, R::LDR, R::DFR]
            .iter()
            .any(|register| u64::from(register.spec().offset) == access.offset())
    }
}

impl Controllers for Apic {
    fn view_from(&mut self, processor: u8) {
        self.viewer = usize::from(processor).min(self.locals.len() - 1);
    }

    fn pending(&self, processor: u8) -> Option<u16> {
        self.local(processor)?.pending().map(u16::from)
    }

    fn non_maskable(&self, processor: u8) -> bool {
        self.local(processor).is_some_and(LocalApic::non_maskable)
    }

    fn assert(&mut self, input: u8, asserted: bool) {
        self.io.assert(input, asserted);
        self.settle();
    }

    fn message(&mut self, address: u64, data: u32) -> bool {
        let message = InterruptMessage::from_write(address, data);
        if let Some(message) = message {
            self.deliver(message, Audience::Addressed, None);
            self.settle();
        }
        message.is_some()
    }

    fn take_startup(&mut self, processor: u8) -> Option<u64> {
        self.locals.get_mut(usize::from(processor))?.take_startup()
    }
}

impl Device for Apic {
    fn describe(&self) -> &'static Model {
        &APIC_MODEL
    }

    fn reset(&mut self, cx: &mut Cx<'_>, _kind: Reset) {
        for (number, local) in (0_u8..).zip(&mut self.locals) {
            local.reset();
            cx.outbox.cancel(TimerId(number));
            cx.outbox.cancel(TimerId(number.saturating_add(NM_TIMERS)));
        }
        self.io.reset();
        if let Some(embedded) = &mut self.embedded {
            embedded.reset();
        }
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match (access.region(), self.locals.get_mut(self.viewer)) {
            (LOCAL_REGION, Some(local)) => local.read(cx, access),
            (region, _) => self.io_of(region).ok_or(Fault::NoRegion)?.read(cx, access),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        match (access.region(), self.locals.get_mut(self.viewer)) {
            (LOCAL_REGION, Some(local)) => {
                local.write(cx, access, value)?;
                if Self::opens(access) {
                    self.io.consider_all();
                }
            }
            (region, _) => self.io_of(region).ok_or(Fault::NoRegion)?.write(cx, access, value)?,
        }
        self.settle();
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        match access.region() {
            LOCAL_REGION => {
                elnic_registers::peek(self.locals.get(self.viewer)?.registers(), access)
            }
            IO_REGION => self.io.peek(access),
            EMBEDDED_REGION => self.embedded.as_ref()?.peek(access),
            _ => None,
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let (number, non_maskable) = (timer.0 % NM_TIMERS, timer.0 >= NM_TIMERS);
        if let Some(local) = self.locals.get_mut(usize::from(number)) {
            local.tick(cx, non_maskable);
        }
        self.settle();
    }

    fn lines(&self) -> Lines {
        Lines::NONE
    }

    fn save(&self) -> SavedState {
        let locals = self.locals.iter().map(LocalApic::save).collect();
        let state = ApicState {
            locals,
            io: self.io.save(),
            embedded: self.embedded.as_ref().map(IoApic::save),
        };
        SavedState::new(APIC_MODEL.name, VERSION, &state)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let kind = APIC_MODEL.name;
        let impossible = |field, why: String| RestoreError::Impossible { kind, field, why };
        let saved: ApicState = state.decode(kind, VERSION)?;
        if saved.locals.len() != self.locals.len() {
            let why = format!("{} instead of {}", saved.locals.len(), self.locals.len());
            return Err(impossible("locals", why));
        }
        let mut restored = self.clone();
        for (local, state) in restored.locals.iter_mut().zip(&saved.locals) {
            local.restore(state).map_err(|error| impossible("locals", error.to_string()))?;
        }
        restored.io.restore(&saved.io).map_err(|error| impossible("io", error.to_string()))?;
        match (&mut restored.embedded, &saved.embedded) {
            (Some(embedded), Some(state)) => embedded
                .restore(state)
                .map_err(|error| impossible("embedded", error.to_string()))?,
            (None, None) => {}
            _ => return Err(impossible("embedded", "belongs to another board".to_owned())),
        }
        *self = restored;
        Ok(())
    }
}
