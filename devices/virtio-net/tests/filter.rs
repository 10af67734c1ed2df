//! The receive filter against a predicate written anew from the documentation, over random settings and frames.

mod driver;

use driver::*;
use elnic_contract::{MacAddr, ReceiveMode, Verdict};
use elnic_script::Event;

const CASES: u32 = 100_000;

/// Numbers without a pattern, the same every time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Few different addresses, so that tables and frames meet.
    fn address(&mut self, group: bool) -> [u8; 6] {
        [if group { 1 } else { 2 }, 0, 0, 0, 0, self.below(90) as u8]
    }
}

/// What the driver has set.
#[derive(Clone, Debug, Default)]
struct Wanted {
    modes: [bool; 6],
    stations: Vec<[u8; 6]>,
    groups: Vec<[u8; 6]>,
    station_overflow: bool,
    group_overflow: bool,
    vlans: Vec<u16>,
    mac: [u8; 6],
}

impl Wanted {
    /// virtio 1.3 §5.1.6.5.1 to §5.1.6.5.3, as prose: promiscuous takes all. A tagged frame has to be of a VLAN that was
    /// added. Then each class of address has a mode that takes none, one that takes all, and a table.
    fn passes(&self, frame: &[u8]) -> bool {
        let [promiscuous, all_groups, all_stations, no_group, no_station, no_broadcast] =
            self.modes;
        if promiscuous {
            return true;
        }
        let tagged = frame[12] == 0x81 && frame[13] == 0;
        if tagged && !self.vlans.contains(&(u16::from_be_bytes([frame[14], frame[15]]) % 4096)) {
            return false;
        }
        let destination: [u8; 6] = frame[..6].try_into().unwrap();
        match destination {
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => !no_broadcast,
            [first, ..] if first % 2 == 1 => {
                let listed = self.group_overflow || self.groups.contains(&destination);
                !no_group && (all_groups || listed)
            }
            _ => {
                let listed = self.station_overflow || self.stations.contains(&destination);
                !no_station && (all_stations || listed || destination == self.mac)
            }
        }
    }
}

fn change(driver: &mut Driver, wanted: &mut Wanted, random: &mut Random) {
    match random.below(8) {
        0..=3 => {
            // Promiscuous mode is rare, or nothing else would be seen.
            let mode = 1 + random.below(5) as usize;
            let mode = if random.below(12) == 0 { 0 } else { mode };
            wanted.modes[mode] = mode != 0 && random.below(2) == 0;
            assert_eq!(driver.command(&[0, mode as u8, wanted.modes[mode].into()]), 0);
        }
        4 => {
            let large = random.below(4) == 0;
            let mut list = |group| {
                let count = random.below(if large { 80 } else { 20 });
                (0..count).map(|_| random.address(group)).collect::<Vec<_>>()
            };
            let (stations, groups) = (list(false), list(true));
            let mut bytes = vec![1, 0];
            for list in [&stations, &groups] {
                bytes.extend((list.len() as u32).to_le_bytes());
                bytes.extend(list.iter().flatten());
            }
            assert_eq!(driver.command(&bytes), 0);
            wanted.station_overflow = stations.len() > 64;
            wanted.stations = if wanted.station_overflow { Vec::new() } else { stations };
            wanted.group_overflow = wanted.stations.len() + groups.len() > 64;
            wanted.groups = if wanted.group_overflow { Vec::new() } else { groups };
        }
        5 => {
            wanted.mac = random.address(false);
            assert_eq!(driver.command(&[&[1, 1][..], &wanted.mac].concat()), 0);
        }
        _ => {
            let identifier = random.below(40) as u16;
            let add = random.below(2) == 0;
            wanted.vlans.retain(|known| *known != identifier);
            if add {
                wanted.vlans.push(identifier);
            }
            let [low, high] = identifier.to_le_bytes();
            assert_eq!(driver.command(&[2, u8::from(!add), low, high]), 0);
        }
    }
}

#[test]
fn a_hundred_thousand_frames_pass_as_the_documentation_says() {
    let mut driver = Driver::with(ALL, &[("rx-drop", "on")]);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut wanted =
        Wanted { mac: MAC, modes: [true, false, false, false, false, false], ..Wanted::default() };
    let mut passed = 0;
    for case in 0..CASES {
        if case % 8 == 0 {
            change(&mut driver, &mut wanted, &mut random);
        }
        let destination = match random.below(8) {
            0 => [0xff; 6],
            1..=3 => random.address(true),
            4 => wanted.mac,
            _ => random.address(false),
        };
        let mut frame = frame_to(destination, 60);
        if random.below(3) == 0 {
            frame[12..14].copy_from_slice(&[0x81, 0]);
            // Priority bits are no part of the identifier.
            frame[14..16].copy_from_slice(
                &((random.below(40) | random.below(8) << 13) as u16).to_be_bytes(),
            );
        }
        let expected = wanted.passes(&frame);
        // Without a buffer a frame that passes is lost for that reason, and no memory is needed for it.
        let verdict = driver.receive(&frame);
        let filtered = verdict != Verdict::Dropped(elnic_contract::DropReason::NoBuffers);
        assert_eq!(!filtered, expected, "case {case}: {wanted:?} {:02x?}", &frame[..16]);
        passed += u32::from(expected);
    }
    assert!(passed > CASES / 10 && passed < CASES * 9 / 10, "{passed} passed");
}

#[test]
fn the_report_can_be_that_of_qemu() {
    let mut driver = Driver::with(ALL, &[("x-qemu-rx-filter-compat", "on")]);
    let commands: [&[u8]; 5] = [
        &[0, 0, 0],
        &[2, 0, 4, 0],
        &[2, 0, 0, 0],
        &[2, 0, 0xff, 0xf],
        &[1, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0],
    ];
    for command in commands {
        assert_eq!(driver.command(command), 0);
    }
    let filter = |driver: &Driver| driver.bench.device().as_nic().unwrap().rx_filter();
    let report = filter(&driver);
    assert!(!report.broadcast_allowed, "inverted");
    assert_eq!(report.vlan_table, [0, 4, 4095], "the monitor turns tables round");
    let table = [MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2])];
    assert_eq!(report.unicast_table, table);
    let notices = |driver: &Driver| {
        driver.bench.events().iter().filter(|(_, event)| *event == Event::RxFilterChanged).count()
    };
    assert_eq!(notices(&driver), 5, "one for each command");
    driver.w(0x14, elnic_contract::Size::Byte, 0);
    assert_eq!(notices(&driver), 5, "none for a reset");
    assert_eq!((filter(&driver).vlan, filter(&driver).vlan_table.len()), (ReceiveMode::All, 4096));
}

#[test]
fn resets_and_addresses_written_directly_are_told() {
    let notices = |driver: &Driver| {
        driver.bench.events().iter().filter(|(_, event)| *event == Event::RxFilterChanged).count()
    };
    let mut driver = Driver::new(ALL);
    assert_eq!(driver.command(&[0, 0, 0]), 0);
    let before = notices(&driver);
    driver.w(0x14, elnic_contract::Size::Byte, 0);
    assert_eq!(notices(&driver), before + 1);
    let place = elnic_script::Place { region: 0, offset: 0x14 };
    driver.bench.write(place, elnic_contract::Size::Byte, 0x40).unwrap();
    assert_eq!(notices(&driver), before + 2, "a legacy driver writes it there");
    assert_eq!(driver.bench.device().as_nic().unwrap().mac().0[0], 0x40);
}
