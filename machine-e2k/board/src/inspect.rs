//! Looking into a machine, and reaching into it as a test does: memory, ports, registers, address maps.

use elnic_bus::Space;
use elnic_contract::Size;
use elnic_cpu::Processor as _;
use elnic_isa::Bundle;
use elnic_pci::Decoder;

use crate::address_space::Target;
use crate::devices::{Body, BusSide};
use crate::fault;
use crate::inventory::DeviceInfo;
use crate::machine::Machine;

/// A PCI function as `info pci` shows it.
#[derive(Clone, Debug)]
pub struct PciWindow {
    /// Number of its bus.
    pub bus: u8,
    /// The device.
    pub device: DeviceInfo,
    /// The first 64 bytes of its configuration space.
    pub header: [u8; 64],
    /// What it can answer to.
    pub decoders: Vec<Decoder>,
}

impl PciWindow {
    /// A word of the header; `offset` is even and below 64.
    pub fn half(&self, offset: usize) -> u16 {
        let byte = |at: usize| self.header.get(at).copied().unwrap_or(0);
        u16::from_le_bytes([byte(offset), byte(offset + 1)])
    }
}

/// What an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// A place in physical memory.
    Physical,
    /// What the page tables of the processor of this number make of it at present.
    Virtual(usize),
}

/// Bytes of the smallest page.
const PAGE: u64 = 4096;

impl Machine {
    /// All PCI functions, by bus and place.
    pub fn pci_functions(&self) -> Vec<PciWindow> {
        let world = &self.world;
        let secondary = world.bridge().map_or(0, elnic_pci::Bridge::secondary_bus);
        let root = world.root.iter().map(|(_, device)| (BusSide::Root, device));
        let behind = world.secondary.iter().map(|(_, device)| (BusSide::Secondary, device));
        let mut functions = Vec::new();
        for (side, number) in root.chain(behind) {
            let device = elnic_clock::DeviceId(number);
            let (Some(slot), Some(info)) =
                (world.devices.get(device), self.describe_device(device))
            else {
                continue;
            };
            let mut header = [0; 64];
            for (offset, byte) in (0_u8..).zip(&mut header) {
                let value = match &slot.body {
                    Body::Function(function) => function.config_read(offset, Size::Byte),
                    Body::Bridge(bridge) => bridge.config_read(offset, Size::Byte),
                    Body::Block(_) | Body::Pic(_) => 0,
                };
                // One byte was asked for.
                *byte = value as u8;
            }
            let decoders = slot.function().map_or_else(Vec::new, |f| f.decoders().collect());
            let bus = if side == BusSide::Root { 0 } else { secondary };
            functions.push(PciWindow { bus, device: info, header, decoders });
        }
        functions
    }

    /// Reads `size` bytes of physical memory or of what stands in its place, as a processor would.
    pub fn read_memory(&mut self, address: u64, size: Size) -> u64 {
        match self.world.ram.load(address, size) {
            Some(value) => value,
            None => elnic_bus::read(&mut self.world, Space::Memory, address, size),
        }
    }

    /// Writes `size` bytes of physical memory or of what stands in its place.
    pub fn write_memory(&mut self, address: u64, size: Size, value: u64) {
        if self
            .world
            .ram
            .copy_in(address, value.to_le_bytes().get(..size.bytes().into()).unwrap_or(&[]))
            .is_none()
        {
            elnic_bus::write(&mut self.world, Space::Memory, address, size, value);
        }
    }

    /// Reads bytes; what is not RAM is read byte by byte.
    pub fn read_bytes(&mut self, address: u64, bytes: &mut [u8]) {
        if self.world.ram.copy_out(address, bytes).is_none() {
            for (offset, byte) in (0_u64..).zip(bytes) {
                *byte = self.read_memory(address.wrapping_add(offset), Size::Byte) as u8;
            }
        }
    }

    /// Writes bytes; what is not RAM is written in pieces as wide and as aligned as they come.
    pub fn write_bytes(&mut self, address: u64, bytes: &[u8]) {
        if self.world.ram.copy_in(address, bytes).is_some() {
            return;
        }
        let (mut at, mut left) = (address, bytes);
        while !left.is_empty() {
            let fits = |size: &Size| {
                let width = u64::from(size.bytes());
                left.len() as u64 >= width && at.is_multiple_of(width)
            };
            let sizes = [Size::Double, Size::Word, Size::Half, Size::Byte];
            let size = sizes.into_iter().find(fits).unwrap_or(Size::Byte);
            let (piece, rest) = left.split_at(usize::from(size.bytes()).min(left.len()));
            let value = piece.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
            self.write_memory(at, size, value);
            at = at.wrapping_add(piece.len() as u64);
            left = rest;
        }
    }

    /// Reads a port of x86-style I/O space.
    pub fn read_port(&mut self, port: u16, size: Size) -> u64 {
        elnic_bus::read(&mut self.world, Space::Port, port.into(), size)
    }

    /// Writes a port.
    pub fn write_port(&mut self, port: u16, size: Size, value: u64) {
        elnic_bus::write(&mut self.world, Space::Port, port.into(), size, value);
    }

    /// Copies RAM and nothing else: looking has no effect. `None` if not all of it is RAM.
    pub fn peek(&self, address: u64, bytes: &mut [u8]) -> Option<()> {
        self.world.ram.copy_out(address, bytes)
    }

    /// Copies RAM at addresses as the page tables of processor `index` translate them at present, and nothing else: looking
    /// has no effect. `None` if not all of it is a page of RAM, or there is no such processor.
    pub fn peek_virtual(&self, index: usize, address: u64, bytes: &mut [u8]) -> Option<()> {
        let state = self.cpu(index)?.state();
        let word = |at: u64| {
            let mut word = [0; 8];
            self.peek(at, &mut word).map(|()| u64::from_le_bytes(word))
        };
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = address.wrapping_add(done as u64);
            let to_end = PAGE - (at % PAGE);
            let here = rest.len().min(usize::try_from(to_end).unwrap_or(usize::MAX));
            let physical = elnic_cpu::look_up(state, self.isa, at, word)?;
            self.peek(physical, rest.get_mut(..here)?)?;
            done += here;
        }
        Some(())
    }

    /// [`Machine::peek`] or [`Machine::peek_virtual`].
    pub fn look(&self, addressing: Addressing, address: u64, bytes: &mut [u8]) -> Option<()> {
        match addressing {
            Addressing::Physical => self.peek(address, bytes),
            Addressing::Virtual(index) => self.peek_virtual(index, address, bytes),
        }
    }

    /// Sets an interrupt input as a test wants it.
    pub fn drive_interrupt(&mut self, pin_owner: u16, slot: u8, pin: u8, high: bool) {
        let edge = self.world.wires.drive(pin_owner, elnic_soc::pci_input(slot, pin), high);
        if let Some(edge) = edge {
            self.world.notices.interrupt(edge.input.number(), edge.high);
            self.world.drive_input(edge.input.number(), edge.high);
        }
    }

    /// The registers of processor `index` as text; `None` if there is no such processor.
    pub fn registers(&self, index: usize) -> Option<String> {
        self.cpu(index).map(|cpu| fault::registers(cpu.state()))
    }

    /// The bundle at `address` as text, and its length in bytes; `None` if none begins there.
    pub fn disassemble(&self, addressing: Addressing, address: u64) -> Option<(String, usize)> {
        let mut bytes = vec![0; crate::listing::LONGEST];
        while self.look(addressing, address, &mut bytes).is_none() {
            bytes.truncate(bytes.len().checked_sub(8)?);
        }
        let (_, length) = Bundle::from_bytes(&bytes, self.isa).ok()?;
        Some((
            crate::listing::bundle(&bytes, address, &elnic_disasm::Options::new(self.isa)),
            length,
        ))
    }

    /// The address maps as lines `first-last: name`: memory, then ports.
    pub fn address_maps(&self) -> [Vec<(u64, u64, String)>; 2] {
        let world = &self.world;
        let name = |target: Target| match target {
            Target::Config => "pci-config".to_owned(),
            Target::ConfigPorts => "pci-conf-idx".to_owned(),
            Target::Pc(_) => "pc".to_owned(),
            Target::Device(device, window) => {
                let device = world.devices.name(device);
                match window {
                    elnic_pci::Window::Region(number) => format!("{device}.region{number}"),
                    elnic_pci::Window::MsiX(_) => format!("{device}.msix"),
                    elnic_pci::Window::Rom => format!("{device}.rom"),
                }
            }
        };
        let ram = world.ram.layout().banks().into_iter();
        let mut memory: Vec<(u64, u64, String)> =
            ram.map(|(start, length)| (start, start + (length - 1), "ram".to_owned())).collect();
        let lines = |map: &elnic_bus::AddressMap<Target>| -> Vec<(u64, u64, String)> {
            let line = |(start, length, target): (u64, u64, Target)| {
                (start, start.saturating_add(length.saturating_sub(1)), name(target))
            };
            map.iter().map(line).collect()
        };
        memory.extend(lines(&world.memory_map));
        memory.sort();
        [memory, lines(&world.port_map)]
    }
}
