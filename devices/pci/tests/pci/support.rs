//! A device that does on request what functions have to handle: DMA, interrupts, vectors, wake-ups.

use elnic_contract::{
    Access, Capability, Cx, Device, Fault, FunctionState, Gpa, Lines, Model, PciIdentity,
    RegionKind, RegionSpec, Reset, RestoreError, SavedState, Size, TimerId,
};
use elnic_pci::{FunctionOptions, PciFunction, SpecError};
use elnic_testbench::PciBench;

pub(crate) const IDENTITY: PciIdentity = PciIdentity {
    vendor: 0x8086,
    device: 0x100e,
    revision: 3,
    class: [0x02, 0x00, 0x00],
    subsystem_vendor: 0x1af4,
    subsystem: 0x1100,
    interrupt_pin: 1,
    min_gnt: 0xff,
    max_lat: 0,
};

/// A model with one region of each kind that a base address register can have.
pub(crate) static MODEL: Model = Model {
    name: "requester",
    aliases: &[],
    summary: "Does what it is asked to",
    pci: Some(IDENTITY),
    regions: &[
        RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: 0x2_0000 },
        RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Io, size: 64 },
        RegionSpec {
            name: "bar2",
            bar: 2,
            kind: RegionKind::Memory64 { prefetchable: true },
            size: 0x4000,
        },
        RegionSpec { name: "boot", bar: 0, kind: RegionKind::Fixed, size: 16 },
    ],
    registers: &[],
    sources: &["this test"],
};

/// Writes to these offsets of region 0 make the device do something with the value.
pub(crate) const LINE: u64 = 0x00;
pub(crate) const VECTOR: u64 = 0x04;
pub(crate) const WAKE: u64 = 0x08;
pub(crate) const FETCH: u64 = 0x0c;
/// Reads: what was fetched, or `!0` if nothing could be; and how many resets there were.
pub(crate) const FETCHED: u64 = 0x10;
pub(crate) const RESETS: u64 = 0x14;
/// Reads: bit 0 the function may master the bus, bit 1 MSI-X is enabled, bit 2 it may wake the system, bits 4 and 5 the
/// power state, bits 8 and up how often the device was told.
pub(crate) const TOLD: u64 = 0x18;

#[derive(Clone, Debug)]
pub(crate) struct Requester {
    model: &'static Model,
    capabilities: Vec<Capability>,
    line: bool,
    fetched: u64,
    resets: u64,
    state: FunctionState,
    told: u64,
}

impl Requester {
    pub(crate) fn new(model: &'static Model, capabilities: &[Capability]) -> Self {
        let capabilities = capabilities.to_vec();
        Self {
            model,
            capabilities,
            line: false,
            fetched: 0,
            resets: 0,
            state: FunctionState::default(),
            told: 0,
        }
    }
}

impl Device for Requester {
    fn describe(&self) -> &'static Model {
        self.model
    }

    fn reset(&mut self, _cx: &mut Cx<'_>, _kind: Reset) {
        self.line = false;
        self.fetched = 0;
        self.resets += 1;
        self.state = FunctionState::default();
    }

    fn function_changed(&mut self, _cx: &mut Cx<'_>, state: FunctionState) {
        assert_ne!(state, self.state, "told only what is new");
        self.state = state;
        self.told += 1;
    }

    fn read(&mut self, _cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        self.peek(access).ok_or(Fault::NoRegister)
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        match (access.region(), access.offset()) {
            (0, LINE) => self.line = value != 0,
            (0, VECTOR) => cx.outbox.msi(value as u16),
            (0, WAKE) => cx.outbox.pme(),
            (0, FETCH) => {
                let mut word = [0; 4];
                let fetched = cx.dma.read(Gpa(value), &mut word);
                self.fetched = fetched.map_or(0xffff_ffff, |()| u32::from_le_bytes(word).into());
            }
            _ => return Err(Fault::NoRegister),
        }
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        match (access.region(), access.offset()) {
            (0, LINE) => Some(self.line.into()),
            (0, FETCHED) => Some(self.fetched),
            (0, RESETS) => Some(self.resets),
            (0, TOLD) => {
                let flags =
                    [self.state.may_master, self.state.msix_enabled, self.state.pme_enabled];
                let bits = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(*flag));
                Some(self.told << 8 | (self.state.power as u64) << 4 | bits)
            }
            // Elsewhere a place answers with its number, so that routing shows.
            (region @ 1..=3, offset) => {
                Some((u64::from(region) << 4 | offset) & access.size().mask())
            }
            _ => None,
        }
    }

    fn timer(&mut self, _cx: &mut Cx<'_>, _timer: TimerId) {
        self.line = true;
    }

    fn lines(&self) -> Lines {
        Lines::inta(self.line)
    }

    fn capabilities(&self) -> Vec<Capability> {
        self.capabilities.clone()
    }

    fn save(&self) -> SavedState {
        SavedState::new(self.model.name, 1, &(self.line, self.fetched, self.resets))
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        (self.line, self.fetched, self.resets) = state.decode(self.model.name, 1)?;
        Ok(())
    }
}

/// A function around a device with these capabilities.
pub(crate) fn function(capabilities: &[Capability]) -> Result<PciFunction, SpecError> {
    let device = Requester::new(&MODEL, capabilities);
    PciFunction::new(Box::new(device), FunctionOptions::default())
}

/// Where [`bench`] puts region 0.
pub(crate) const BASE: u64 = 0x1000_0000;

/// A bench for such a function, addresses assigned, everything enabled but bus mastering.
pub(crate) fn bench(capabilities: &[Capability]) -> PciBench {
    let mut bench = PciBench::new(function(capabilities).unwrap());
    bench.assign(BASE, 0xc000);
    bench.command(3);
    bench
}

/// Bus mastering too.
pub(crate) fn master(capabilities: &[Capability]) -> PciBench {
    let mut bench = bench(capabilities);
    bench.command(7);
    bench
}

/// Writes a request register of the device.
pub(crate) fn ask(bench: &mut PciBench, register: u64, value: u64) {
    let space = elnic_pci::Space::Memory;
    bench.write(space, BASE + register, Size::Word, value).unwrap().unwrap();
}

/// Reads a request register of the device.
pub(crate) fn answer(bench: &mut PciBench, register: u64) -> u64 {
    bench.read(elnic_pci::Space::Memory, BASE + register, Size::Word).unwrap().unwrap()
}
