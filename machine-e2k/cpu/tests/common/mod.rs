//! A machine small enough for tests: RAM, the console of the e2k machine, and the exit device.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::allow_attributes,
    reason = "an expectation would fail in the binary that uses all"
)]

pub(crate) mod guest;
pub(crate) mod tables;

use std::path::PathBuf;

use elnic_cpu::{Attention, Bus, BusFault, Mas, Size};

/// Configuration space of the function that ends the emulation: 00:08.0.
const EXIT_FUNCTION: u64 = 0x2_0000_0000 | 8 << 15;
const CONSOLE: u64 = 0x8000_1002;

/// RAM from address 0, and what the guest programs talk to.
pub(crate) struct TestBus {
    pub(crate) ram: Vec<u8>,
    pub(crate) console: Vec<u8>,
    pub(crate) exited: bool,
    /// What is no RAM answers with an error.
    pub(crate) strict: bool,
    /// Pages others have written to.
    pub(crate) written: Vec<u64>,
    exit_bar: u32,
    console_register: u8,
}

impl TestBus {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            ram: vec![0; bytes],
            console: Vec::new(),
            exited: false,
            strict: false,
            written: Vec::new(),
            exit_bar: 0,
            console_register: 0,
        }
    }

    fn range(&self, address: u64, bytes: usize) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(address).ok()?;
        let end = start.checked_add(bytes)?;
        (end <= self.ram.len()).then_some(start..end)
    }

    fn device_load(&self, address: u64) -> u64 {
        match address {
            // Transmitter empty.
            CONSOLE => 0x44,
            _ if self.exit_bar != 0 && address == u64::from(self.exit_bar & !1) => 3,
            _ => 0,
        }
    }

    fn device_store(&mut self, address: u64, value: u64) {
        match address {
            CONSOLE if self.console_register == 0 => self.console_register = value as u8,
            CONSOLE => self.console_register = 0,
            0x8000_1003 => self.console.push(value as u8),
            _ if address == EXIT_FUNCTION + 0x10 => self.exit_bar = value as u32,
            _ if self.exit_bar != 0 && address == u64::from(self.exit_bar & !1) => {
                self.exited = true;
            }
            _ => {}
        }
    }
}

impl Bus for TestBus {
    #[inline]
    fn load(&mut self, address: u64, size: Size, _: Mas) -> Result<u64, BusFault> {
        let bytes = usize::from(size.bytes());
        let Some(range) = self.range(address, bytes) else {
            if self.strict {
                return Err(BusFault::Unmapped);
            }
            return Ok(self.device_load(address) & size.mask());
        };
        let mut value = [0; 8];
        value[..bytes].copy_from_slice(&self.ram[range]);
        Ok(u64::from_le_bytes(value))
    }

    #[inline]
    fn store(&mut self, address: u64, size: Size, _: Mas, value: u64) -> Result<(), BusFault> {
        let bytes = usize::from(size.bytes());
        match self.range(address, bytes) {
            Some(range) => self.ram[range].copy_from_slice(&value.to_le_bytes()[..bytes]),
            None if self.strict => return Err(BusFault::Unmapped),
            None => self.device_store(address, value & size.mask()),
        }
        Ok(())
    }

    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        let range = self.range(address, bytes.len()).ok_or(BusFault::Unmapped)?;
        bytes.copy_from_slice(&self.ram[range]);
        Ok(())
    }

    fn watch_code(&mut self, _: u64) {}

    fn take_written_code(&mut self) -> Option<u64> {
        self.written.pop()
    }

    #[inline]
    fn attention(&self) -> Attention {
        let stop = if self.exited { Attention::STOP } else { Attention::NONE };
        if self.written.is_empty() { stop } else { stop.and(Attention::CODE) }
    }
}

/// Puts `words` at `address`.
pub(crate) fn put_words(bus: &mut TestBus, address: u64, words: &[u32]) {
    let start = address as usize;
    for (place, word) in bus.ram[start..].chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// The 64-bit word at `address`.
pub(crate) fn word_at(bus: &TestBus, address: u64) -> u64 {
    let start = address as usize;
    u64::from_le_bytes(bus.ram[start..start + 8].try_into().expect("eight bytes"))
}

/// The folder of the golden vectors; `None`, with a message, where it is not there.
pub(crate) fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors at {} (set VECTORS_DIR)", folder.display());
    None
}
