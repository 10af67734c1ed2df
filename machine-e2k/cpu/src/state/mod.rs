//! Architectural state of one processor: a value, nothing of the host in it.
//!
//! Sources: e2k-isa.md §3 and §6, e2k-machine.md §9-10; values after reset: qemu-e2k-contract.md §4.

pub mod aau;
pub mod control;
pub mod debug;
pub mod early_loads;
pub mod loops;
pub mod registers;
pub mod stacks;
pub mod tags;
pub mod tir;
pub mod window;

mod saved;

use aau::Aau;
use control::{Ctpr, Frame};
use debug::DebugState;
use early_loads::EarlyLoads;
use loops::Lsr;
use registers::{Cell, RegisterFile};
use stacks::{DataStack, HardwareStack};
use tags::MemoryTags;
use tir::TrapInformation;
use window::{GlobalRotation, Predicates, Rotation, Window};

pub(crate) use saved::InFlightV1;
pub use saved::{CpuStateV1, StateError};

/// A load that opened an atomic sequence (`mas=7`) and waits for its store (`mas=2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lock {
    /// Physical address.
    pub address: u64,
    /// What was read.
    pub value: u64,
}

/// Everything a program can see of the processor.
#[derive(Clone, Debug)]
pub struct State {
    /// Address of the next bundle.
    pub ip: u64,
    /// All registers.
    pub registers: RegisterFile,
    /// The current window.
    pub window: Window,
    /// Absolute number of the oldest register that is resident; older ones are in the procedure stack.
    pub resident_from: u64,
    /// Rotation bases.
    pub rotation: Rotation,
    /// Rotation of the globals.
    pub global_rotation: GlobalRotation,
    /// Predicates.
    pub predicates: Predicates,
    /// `%ctpr1` to `%ctpr3`.
    pub ctpr: [Ctpr; 3],
    /// `%cr0`, `%cr1`: the frame of the current procedure.
    pub frame: Frame,
    /// Older frames that are not in the chain stack yet, newest last.
    pub frames: Vec<Frame>,
    /// `%psp`.
    pub procedure_stack: HardwareStack,
    /// `%pcsp`.
    pub chain_stack: HardwareStack,
    /// `%usd`, `%sbr`.
    pub data_stack: DataStack,
    /// `%lsr`.
    pub lsr: Lsr,
    /// `%ilcr`, `%ilcr1`.
    pub ilcr: u64,
    /// The upper 32 bits of `%ilcr1`'s counter.
    pub ilcr1: u64,
    /// `%psr`, 7 bits.
    pub psr: u8,
    /// `%upsr`.
    pub upsr: u32,
    /// `%cuir`, 17 bits.
    pub cuir: u32,
    /// `%pfpfr`.
    pub pfpfr: u32,
    /// `%fpcr`.
    pub fpcr: u32,
    /// `%fpsr`.
    pub fpsr: u32,
    /// `%clkr`: cycles since reset.
    pub cycles: u64,
    /// State registers without behaviour of their own, by number.
    pub system: Box<[u64; 256]>,
    /// Registers of the memory management unit, by number (address / 16).
    pub mmu: Box<[u64; 256]>,
    /// Tags of values in memory.
    pub memory_tags: MemoryTags,
    /// `%tir`.
    pub tirs: TrapInformation,
    /// Registers of the array access unit.
    pub aau: Box<Aau>,
    /// An open atomic sequence.
    pub lock: Option<Lock>,
    /// `%MLOCK`: the last conditional store failed.
    pub mlock: bool,
    /// Loads made ahead of stores.
    pub early_loads: EarlyLoads,
    /// Breakpoints on data, steps and wishes.
    pub debug: Box<DebugState>,
}

/// Bits of `%psr`.
pub mod psr {
    /// Privileged mode.
    pub const PM: u8 = 1;
    /// Interrupts allowed.
    pub const IE: u8 = 1 << 1;
    /// Stack bounds are checked.
    pub const SGE: u8 = 1 << 2;
    /// Last wish.
    pub const LW: u8 = 1 << 3;
    /// `upsr.ie` governs interrupts.
    pub const UIE: u8 = 1 << 4;
    /// Non-maskable interrupts allowed.
    pub const NMIE: u8 = 1 << 5;
    /// `upsr.nmie` governs non-maskable interrupts.
    pub const UNMIE: u8 = 1 << 6;
}

/// Bits of `%upsr`.
pub mod upsr {
    /// Floating point is allowed.
    pub const FE: u32 = 1;
    /// Misaligned accesses raise an exception.
    pub const AC: u32 = 1 << 2;
    /// Interrupts allowed, if `psr.uie`.
    pub const IE: u32 = 1 << 5;
    /// Non-maskable interrupts allowed, if `psr.unmie`.
    pub const NMIE: u32 = 1 << 7;
}

/// Steps of `%sclkr` in a second, as `%sclkm1.div` says after reset: 100 MHz.
pub const SYSTEM_CLOCK: u32 = 100_000_000;

/// Numbers of the state registers this crate names.
pub mod number {
    #![expect(missing_docs, reason = "the names are those of the manual")]
    pub const PSR: u8 = 0x00;
    pub const WD: u8 = 0x01;
    pub const CORE_MODE: u8 = 0x04;
    pub const PSP_HI: u8 = 0x07;
    pub const PSP_LO: u8 = 0x09;
    pub const PSHTP: u8 = 0x0b;
    pub const PCSP_HI: u8 = 0x0d;
    pub const PCSP_LO: u8 = 0x0f;
    pub const PCSHTP: u8 = 0x13;
    pub const CTPR1: u8 = 0x15;
    pub const CTPR3: u8 = 0x17;
    pub const CTPR1_HI: u8 = 0x19;
    pub const CTPR3_HI: u8 = 0x1b;
    pub const SBR: u8 = 0x1e;
    pub const CUTD: u8 = 0x21;
    pub const EIR: u8 = 0x23;
    pub const TSD: u8 = 0x24;
    pub const CUIR: u8 = 0x25;
    pub const OSCUD_HI: u8 = 0x26;
    pub const OSCUD_LO: u8 = 0x27;
    pub const OSGD_HI: u8 = 0x28;
    pub const OSGD_LO: u8 = 0x29;
    pub const OSCUIR: u8 = 0x2b;
    pub const USD_HI: u8 = 0x2c;
    pub const USD_LO: u8 = 0x2d;
    pub const TR: u8 = 0x2e;
    pub const CUD_HI: u8 = 0x30;
    pub const CUD_LO: u8 = 0x31;
    pub const GD_HI: u8 = 0x32;
    pub const GD_LO: u8 = 0x33;
    pub const DIBCR: u8 = 0x40;
    pub const DIBSR: u8 = 0x42;
    pub const DIBAR0: u8 = 0x48;
    pub const DIBAR3: u8 = 0x4b;
    pub const CR0_HI: u8 = 0x51;
    pub const CR0_LO: u8 = 0x53;
    pub const CR1_HI: u8 = 0x55;
    pub const CR1_LO: u8 = 0x57;
    pub const UPSR: u8 = 0x80;
    pub const IP: u8 = 0x81;
    pub const NIP: u8 = 0x82;
    pub const LSR: u8 = 0x83;
    pub const PFPFR: u8 = 0x84;
    pub const FPCR: u8 = 0x85;
    pub const FPSR: u8 = 0x86;
    pub const ILCR: u8 = 0x87;
    pub const BR: u8 = 0x88;
    pub const BGR: u8 = 0x89;
    pub const IDR: u8 = 0x8a;
    pub const CLKR: u8 = 0x90;
    pub const RNDPR: u8 = 0x91;
    pub const SCLKR: u8 = 0x92;
    pub const SCLKM1: u8 = 0x70;
    pub const TIR_HI: u8 = 0x9c;
    pub const TIR_LO: u8 = 0x9d;
    pub const RPR_LO: u8 = 0xa0;
    pub const SBBP: u8 = 0xa1;
    pub const RPR_HI: u8 = 0xa2;
    pub const UPSRM: u8 = 0xc0;
    /// `%tc` is no state register, but lives among them.
    pub const TC: u8 = 0xce;
    pub const LSR1: u8 = 0xc3;
    pub const ILCR1: u8 = 0xc7;
}

impl State {
    /// The state after reset, about to execute at `entry`.
    ///
    /// The values are those qemu-system-e2k starts with, because bare-metal images rely on them.
    pub fn at_reset(entry: u64, idr: u64) -> Self {
        let mut system = Box::new([0; 256]);
        system[usize::from(number::IDR)] = idr;
        system[usize::from(number::SCLKM1)] = SYSTEM_CLOCK.into();
        Self {
            ip: entry,
            registers: RegisterFile::default(),
            window: Window { base: 0, size: 16, previous: 8, fx: true, dbl: false },
            resident_from: 0,
            rotation: Rotation { rbs: 4, rsz: 3, ..Rotation::default() },
            global_rotation: GlobalRotation::from_bits(0),
            predicates: Predicates::default(),
            ctpr: [Ctpr::default(); 3],
            frame: Frame::default(),
            frames: Vec::new(),
            procedure_stack: HardwareStack { base: 0x81_0000, rw: 0, ind: 0, size: 0x10_0000 },
            chain_stack: HardwareStack { base: 0x91_0000, rw: 0, ind: 0, size: 0xa1_0000 },
            data_stack: DataStack {
                lo: 0x1800_0000_0000_b000,
                hi: 0x0000_4000_0000_0000,
                top: 0xb000,
            },
            lsr: Lsr::default(),
            ilcr: 0,
            ilcr1: 0,
            psr: psr::PM,
            upsr: 0x81,
            cuir: 0,
            pfpfr: 0x1f80,
            fpcr: 0x37f,
            fpsr: 0,
            cycles: 0,
            system,
            mmu: Box::new([0; 256]),
            memory_tags: MemoryTags::default(),
            tirs: TrapInformation::default(),
            aau: Box::default(),
            lock: None,
            mlock: false,
            early_loads: EarlyLoads::default(),
            debug: Box::default(),
        }
    }

    /// Where traps go: the first entry of the table at `%oscud`, once a program has set that (e2k-machine.md §7.1).
    pub fn trap_entry(&self) -> Option<u64> {
        let [lo, hi] = [number::OSCUD_LO, number::OSCUD_HI].map(|n| self.system[usize::from(n)]);
        (lo | hi != 0).then_some(lo & 0xffff_ffff_fff8)
    }

    /// The cell of `%r[number]`, whether or not it is inside the window.
    #[inline]
    pub fn window_cell(&self, number: u16) -> Cell {
        Cell::windowed(self.window.base.wrapping_add(u64::from(number)))
    }

    /// The cell of `%b[number]`, whether or not it is inside the window.
    #[inline]
    pub fn based_cell(&self, number: u8) -> Cell {
        self.window_cell(self.rotation.based(number))
    }

    /// The cell of `%g[number]`.
    #[inline]
    pub fn global_cell(&self, number: u8) -> Cell {
        self.global_rotation.cell(number)
    }
}
