//! The interface of the crate `volatile` 0.3 as drivers use it, with device registers behind some of the addresses.
//!
//! A driver is handed the address of a [`Window`] as that of its registers. What it reads and writes there goes to the
//! window's [`Registers`]; everywhere else a cell is memory. Windows belong to the thread that opened them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Registers of 32 bits.
pub trait Registers {
    /// A read at `offset` bytes into the window.
    fn read(&mut self, offset: usize) -> u32;
    /// A write at `offset` bytes into the window.
    fn write(&mut self, offset: usize, value: u32);
}

type Opened = (usize, Rc<RefCell<dyn Registers>>);

thread_local! {
    /// Length and registers of each open window, by its address.
    static WINDOWS: RefCell<BTreeMap<usize, Opened>> = const { RefCell::new(BTreeMap::new()) };
}

/// Addresses behind which registers stand, until this is dropped.
pub struct Window {
    memory: Box<[u32]>,
}

impl Window {
    /// Opens a window of `bytes`.
    pub fn open(bytes: usize, registers: Rc<RefCell<dyn Registers>>) -> Self {
        let window = Self { memory: vec![0; bytes.div_ceil(4)].into_boxed_slice() };
        WINDOWS.with_borrow_mut(|windows| windows.insert(window.address(), (bytes, registers)));
        window
    }

    /// Where it starts.
    pub fn address(&self) -> usize {
        self.memory.as_ptr() as usize
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        WINDOWS.with_borrow_mut(|windows| windows.remove(&self.address()));
    }
}

/// The registers that `address` belongs to, and the offset in them.
fn behind(address: usize) -> Option<(Rc<RefCell<dyn Registers>>, usize)> {
    WINDOWS.with_borrow(|windows| {
        let (start, (bytes, registers)) = windows.range(..=address).next_back()?;
        let offset = address - start;
        (offset < *bytes).then(|| (Rc::clone(registers), offset))
    })
}

/// A cell of memory or a register.
#[derive(Debug, Default, Clone)]
#[repr(transparent)]
pub struct Volatile<T: Copy>(T);

/// What a cell may hold here.
pub trait Word: Copy {
    /// From the word of a register.
    fn of(word: u32) -> Self;
    /// As the word of a register.
    fn word(self) -> u32;
}

impl Word for u32 {
    fn of(word: u32) -> Self {
        word
    }

    fn word(self) -> u32 {
        self
    }
}

impl<T: Word> Volatile<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    /// Reads it.
    pub fn read(&self) -> T {
        match behind(self.address()) {
            Some((registers, offset)) => T::of(registers.borrow_mut().read(offset)),
            None => self.0,
        }
    }

    /// Writes it.
    pub fn write(&mut self, value: T) {
        match behind(self.address()) {
            Some((registers, offset)) => registers.borrow_mut().write(offset, value.word()),
            None => self.0 = value,
        }
    }

    /// Reads it, changes that, and writes it back.
    pub fn update(&mut self, change: impl FnOnce(&mut T)) {
        let mut value = self.read();
        change(&mut value);
        self.write(value);
    }
}
