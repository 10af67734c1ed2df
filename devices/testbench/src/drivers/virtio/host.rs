//! What a driver stands on: the bench of one function, or a whole machine, ours or another's.

use elnic_contract::Size;
use elnic_pci::Space;

use crate::{PciBench, SparseRam};

/// Guest RAM as a driver uses it.
pub trait Memory {
    /// Reads `length` bytes at `address`.
    fn load(&mut self, address: u64, length: usize) -> Vec<u8>;

    /// Writes bytes at `address`.
    fn store(&mut self, address: u64, bytes: &[u8]);

    /// Reads a number of two bytes.
    fn load_half(&mut self, address: u64) -> u16 {
        self.load(address, 2).iter().rev().fold(0, |sum, byte| sum << 8 | u16::from(*byte))
    }

    /// Reads a number of four bytes.
    fn load_word(&mut self, address: u64) -> u32 {
        self.load(address, 4).iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    }
}

/// One function on its bus, and the RAM that driver and function share.
pub trait Host: Memory {
    /// Reads configuration space as a guest does, side effects included.
    fn config(&mut self, offset: u8, size: Size) -> u64;

    /// Writes configuration space.
    fn set_config(&mut self, offset: u8, size: Size, value: u64);

    /// Reads at a bus address that the function answers to.
    fn read(&mut self, space: Space, address: u64, size: Size) -> u64;

    /// Writes at a bus address that the function answers to.
    fn write(&mut self, space: Space, address: u64, size: Size, value: u64);
}

/// Where a driver puts things: bus addresses of the function, addresses in RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// First address for memory windows.
    pub memory: u64,
    /// First address for I/O windows.
    pub ports: u64,
    /// Queues.
    pub queues: u64,
    /// From one queue to the next.
    pub stride: u64,
    /// Receive buffers.
    pub buffers: u64,
    /// Frames to be sent.
    pub transmit: u64,
    /// Commands.
    pub control: u64,
}

impl Layout {
    /// On a bench, whose RAM is everywhere.
    pub const BENCH: Self = Self {
        memory: 0x8000_0000,
        ports: 0xc000,
        queues: 0x100_0000,
        stride: 0x10_0000,
        buffers: 0x4000_0000,
        transmit: 0x5000_0000,
        control: 0x6000_0000,
    };

    /// Of driver number `number` in a machine whose RAM begins at 0: 16 MiB behind those of the one before, from 16 MiB on.
    pub const fn machine(number: u8) -> Self {
        let number = number as u64;
        let base = (number + 1) << 24;
        Self {
            memory: 0x8000_0000 + (number << 20),
            ports: 0xc000 + (number << 8),
            queues: base,
            stride: 0x2_0000,
            buffers: base + 0x40_0000,
            transmit: base + 0x60_0000,
            control: base + 0xf0_0000,
        }
    }
}

impl Memory for SparseRam {
    fn load(&mut self, address: u64, length: usize) -> Vec<u8> {
        Self::load(self, address, length)
    }

    fn store(&mut self, address: u64, bytes: &[u8]) {
        Self::store(self, address, bytes);
    }
}

impl Memory for PciBench {
    fn load(&mut self, address: u64, length: usize) -> Vec<u8> {
        self.ram.load(address, length)
    }

    fn store(&mut self, address: u64, bytes: &[u8]) {
        self.ram.store(address, bytes);
    }
}

impl Host for PciBench {
    fn config(&mut self, offset: u8, size: Size) -> u64 {
        self.enter(|function, cx| function.guest_config_read(cx, offset, size))
    }

    fn set_config(&mut self, offset: u8, size: Size, value: u64) {
        Self::set_config(self, offset, size, value);
    }

    fn read(&mut self, space: Space, address: u64, size: Size) -> u64 {
        Self::read(self, space, address, size).expect("it is decoded").unwrap()
    }

    fn write(&mut self, space: Space, address: u64, size: Size, value: u64) {
        Self::write(self, space, address, size, value).expect("it is decoded").unwrap();
    }
}
