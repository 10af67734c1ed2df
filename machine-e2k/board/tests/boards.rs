//! Every board delivers what network interfaces raise: by pin and by message.

use elnic_board::{DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel};
use elnic_contract::Size;

/// The boards with a processor, and whether their controllers are EPICs.
const BOARDS: [(&str, bool); 6] = [
    ("e2s", false),
    ("e8c", false),
    ("e1c+", false),
    ("e8c2", false),
    ("e16c", true),
    ("e2c3", true),
];
const LOCAL: u64 = 0xfee0_0000;
const IO: u64 = 0xfec0_0000;
const REGISTERS: u64 = 0x8020_0000;
const VECTOR: u64 = 0x62;

struct Board {
    machine: Machine,
    config: u64,
    epic: bool,
}

impl Board {
    /// A board with one interface in slot 3 whose registers are mapped, and whose controller presents interrupts.
    fn new(name: &str, epic: bool, interface: &str) -> Self {
        Self::with(name, epic, interface, &[])
    }

    /// The same, the interface with further properties.
    fn with(name: &str, epic: bool, interface: &str, properties: &[(&str, &str)]) -> Self {
        let mut config = MachineConfig::new(MachineModel::named(name).unwrap());
        config.devices = vec![DeviceOptions::new(
            interface,
            &[&[("timing", "off"), ("addr", "3")], properties].concat(),
        )];
        let base = config.machine.plan.pci_config.base;
        let machine = MachineBuilder::new().build(config).unwrap();
        let mut board = Self { machine, config: base | 3 << 15, epic };
        board.write(board.config + 0x10, REGISTERS);
        board.machine.write_memory(board.config + 4, Size::Half, 7);
        if epic {
            board.write(LOCAL, 1 << 10)
        } else {
            board.write(LOCAL + 0xf0, 0x1ff)
        }
        board
    }

    fn write(&mut self, address: u64, value: u64) {
        self.machine.write_memory(address, Size::Word, value);
    }

    fn read(&mut self, address: u64) -> u64 {
        self.machine.read_memory(address, Size::Word)
    }

    /// Sends input 18, where INTA of slot 3 arrives, to processor 0 as a level.
    fn route(&mut self) {
        if self.epic {
            self.write(IO + (18 << 12) + 0x24, VECTOR);
            self.write(IO + (18 << 12) + 0x2c, 0xf800_0000);
            self.write(IO + (18 << 12) + 0x20, 1 << 15);
        } else {
            for (register, value) in [(0x35, 0), (0x34, 0xa000 | VECTOR)] {
                self.write(IO, register);
                self.write(IO + 0x10, value);
            }
        }
    }

    /// What acknowledging shows; the spurious vector is 0xff.
    fn acknowledge(&mut self) -> u64 {
        if self.epic {
            self.write(LOCAL + 0x2a0, 0xff);
            self.read(LOCAL + 0x2f0) & 0x3ff
        } else {
            self.read(LOCAL + 0xff0)
        }
    }

    fn end(&mut self) {
        if self.epic {
            self.write(LOCAL + 0xa0, 0);
            self.write(IO + (18 << 12) + 0x20, 1 << 12);
        } else {
            self.write(LOCAL + 0xb0, 0);
        }
    }

    /// Where the capability of that id stands.
    fn capability(&mut self, id: u64) -> u64 {
        let mut at = self.machine.read_memory(self.config + 0x34, Size::Byte);
        while at != 0 && self.machine.read_memory(self.config + at, Size::Byte) != id {
            at = self.machine.read_memory(self.config + at + 1, Size::Byte);
        }
        assert_ne!(at, 0, "there is a capability {id:#x}");
        self.config + at
    }
}

#[test]
fn a_pin_reaches_the_processor_on_every_board() {
    for (name, epic) in BOARDS {
        let mut board = Board::new(name, epic, "e1000");
        board.route();
        // IMS and ICS: link status change.
        board.write(REGISTERS + 0xd0, 4);
        board.write(REGISTERS + 0xc8, 4);
        assert_eq!(board.acknowledge(), VECTOR, "{name}");
        board.end();
        assert_eq!(board.acknowledge(), VECTOR, "{name}: nobody has taken the cause away");
        board.read(REGISTERS + 0xc0);
        board.end();
        assert_eq!(board.acknowledge(), 0xff, "{name}");
    }
}

#[test]
fn a_message_reaches_the_processor_on_every_board() {
    for (name, epic) in BOARDS {
        let mut board = Board::with(name, epic, "e1000-82545em", &[("msi", "on")]);
        let msi = board.capability(5);
        let doorbell = if epic { 0xf800_0000 } else { LOCAL };
        board.write(msi + 4, doorbell);
        board.write(msi + 8, 0);
        board.machine.write_memory(msi + 12, Size::Half, 0x55);
        board.machine.write_memory(msi + 2, Size::Half, 1);
        board.write(REGISTERS + 0xd0, 4);
        board.write(REGISTERS + 0xc8, 4);
        assert_eq!(board.acknowledge(), 0x55, "{name}");
        board.end();
        assert_eq!(board.acknowledge(), 0xff, "{name}: once");
        assert_eq!(board.machine.interrupts().count(), 0, "{name}: and no pin");
    }
}

#[test]
fn a_table_of_messages_reaches_the_processor_on_every_board() {
    for (name, epic) in BOARDS {
        let mut board = Board::new(name, epic, "virtio-net-pci");
        let msix = board.capability(0x11);
        let (table, bar) = (board.read(msix + 4), 0x8030_0000);
        board.write(board.config + 0x10 + (table & 7) * 4, bar);
        let common = 0x8040_0000;
        board.write(board.config + 0x20, common);
        let entry = bar + (table & !7);
        let doorbell = if epic { 0xf800_0000 } else { LOCAL };
        for (offset, value) in [(0, doorbell), (4, 0), (8, 0x44), (12, 0)] {
            board.write(entry + offset, value);
        }
        board.machine.write_memory(msix + 2, Size::Half, 0x8000);
        // Feature STATUS, so that a pulled cable changes the configuration; config_msix_vector 0; DRIVER_OK.
        board.machine.write_memory(common + 0x14, Size::Byte, 3);
        for (select, features) in [(0, 1 << 16), (1, 1)] {
            board.write(common + 8, select);
            board.write(common + 12, features);
        }
        board.machine.write_memory(common + 0x14, Size::Byte, 11);
        board.machine.write_memory(common + 0x10, Size::Half, 0);
        board.machine.write_memory(common + 0x14, Size::Byte, 15);
        board.machine.net().set_link("virtio-net-pci.0", false).unwrap();
        board.machine.settle_links();
        assert_eq!(board.acknowledge(), 0x44, "{name}");
    }
}

#[test]
fn the_carrier_behind_the_bridge_says_where_controllers_and_timer_are() {
    for (name, epic) in BOARDS {
        let mut board = Board::new(name, epic, "e1000");
        let config = MachineModel::named(name).unwrap().plan.pci_config.base;
        board.write(config + 0x18, 0x0001_0100);
        let carrier = config | 1 << 20 | 2 << 15 | 1 << 12;
        assert_eq!(board.read(carrier), 0x8018_1fff, "{name}");
        assert_eq!((board.read(carrier + 0x40), board.read(carrier + 0x44)), (IO, 0), "{name}");
        let doorbell = if epic { 0xf800_0000 } else { LOCAL };
        assert_eq!(board.read(carrier + 0x48), doorbell, "{name}");
        assert_eq!(board.read(carrier + 0x58), 0x8000_2000, "{name}");
        if epic {
            assert_eq!(board.read(carrier + 0x1c), IO, "{name}");
        }
    }
}

#[test]
fn the_processor_with_devices_of_its_own_has_a_second_controller() {
    let mut board = Board::new("e1c+", false, "e1000");
    let host = MachineModel::named("e1c+").unwrap().plan.pci_config.base | 0x1f << 15;
    let base = board.read(host + 0x5c) << 32 | board.read(host + 0x58);
    assert_eq!(base, 0x10_fec0_1000);
    assert_eq!(board.read(host + 0x44), 128 << 20, "the end of low RAM");
    board.write(base, 1);
    assert_eq!(board.read(base + 0x10), 0x0017_0011);
}
