//! A machine with nobody at its processor: a test drives its devices as a guest's drivers do.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use elnic_board::{DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel};
use elnic_contract::Size;
use elnic_netclient::NetCore;
use elnic_pci::Space;
use elnic_testbench::drivers::virtio::{Host, Memory};

/// RAM of the machine in bytes.
const RAM: u64 = 128 << 20;
const CONFIG_ADDRESS: u16 = 0xcf8;
const CONFIG_DATA: u16 = 0xcfc;

/// A machine of the model `pc`; clones are the same machine.
#[derive(Clone)]
pub struct Desk(Rc<RefCell<Machine>>);

impl Desk {
    /// A machine with these devices, whose netdevs `wire` makes.
    ///
    /// # Panics
    /// The devices do not fit.
    pub fn new(wire: impl FnOnce(&mut NetCore), devices: &[(&str, &[(&str, &str)])]) -> Self {
        let mut builder = MachineBuilder::new();
        wire(builder.net());
        let model = MachineModel::named("pc").expect("there is a model 'pc'");
        let mut config = MachineConfig::new(model);
        config.ram = RAM;
        let options = devices.iter().map(|(model, given)| DeviceOptions::new(model, given));
        config.devices = options.collect();
        let machine = builder.build(config).unwrap_or_else(|error| panic!("{error}"));
        let desk = Self(Rc::new(RefCell::new(machine)));
        desk.settle();
        desk
    }

    /// The machine.
    ///
    /// # Panics
    /// It is borrowed already.
    pub fn machine(&self) -> RefMut<'_, Machine> {
        self.0.borrow_mut()
    }

    /// Lets everything happen that is due.
    pub fn settle(&self) {
        self.machine().settle();
    }

    /// The place of a driver of the function in `slot` of bus 0.
    pub fn seat(&self, slot: u8) -> Seat {
        Seat { desk: self.clone(), slot }
    }
}

/// A driver's view of one function of a [`Desk`].
#[derive(Clone)]
pub struct Seat {
    /// The machine.
    pub desk: Desk,
    slot: u8,
}

impl Seat {
    /// Aims at a register of configuration space; the port at which its bytes are.
    fn aim(&self, offset: u8) -> u16 {
        let address = 1 << 31 | u64::from(self.slot) << 11 | u64::from(offset & !3);
        self.desk.machine().write_port(CONFIG_ADDRESS, Size::Word, address);
        CONFIG_DATA + u16::from(offset & 3)
    }
}

impl Memory for Seat {
    fn load(&mut self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.desk.machine().read_bytes(address, &mut bytes);
        bytes
    }

    fn store(&mut self, address: u64, bytes: &[u8]) {
        self.desk.machine().write_bytes(address, bytes);
    }
}

impl Host for Seat {
    fn config(&mut self, offset: u8, size: Size) -> u64 {
        let port = self.aim(offset);
        self.desk.machine().read_port(port, size)
    }

    fn set_config(&mut self, offset: u8, size: Size, value: u64) {
        let port = self.aim(offset);
        self.desk.machine().write_port(port, size, value);
    }

    fn read(&mut self, space: Space, address: u64, size: Size) -> u64 {
        match space {
            Space::Memory => self.desk.machine().read_memory(address, size),
            Space::Io => self.desk.machine().read_port(address as u16, size),
        }
    }

    fn write(&mut self, space: Space, address: u64, size: Size, value: u64) {
        match space {
            Space::Memory => self.desk.machine().write_memory(address, size, value),
            Space::Io => self.desk.machine().write_port(address as u16, size, value),
        }
    }
}
