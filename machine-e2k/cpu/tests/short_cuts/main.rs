//! Every path of the interpreter does the same: random bundles, with and without its short cuts, with and without a trap table, address
//! translation and tags.

#[path = "../common/mod.rs"]
mod common;

mod bundles;
mod machines;

use bundles::{Noise, bundle};
use elnic_cpu::{Cycles, IsaVersion, Processor, Stop};
use machines::{TABLE, World, pair};

const VERSIONS: [IsaVersion; 5] =
    [IsaVersion::V2, IsaVersion::V3, IsaVersion::V4, IsaVersion::V5, IsaVersion::V6];

/// What a comparison went through.
#[derive(Debug, Default)]
struct Seen {
    /// Bundles executed, those that trapped among them.
    bundles: u64,
    /// Exceptions delivered to the trap table, or that ended the run.
    traps: u64,
    /// Bundles completed without an access, which the trap cellar then held.
    left_out: u64,
}

/// Runs `count` random bundles both ways.
fn compare(world: World, seed: u64, count: u64) -> Seen {
    let mut noise = Noise(seed);
    let mut seen = Seen::default();
    while seen.bundles < count {
        let isa = VERSIONS[noise.below(5) as usize];
        let code: Vec<u8> = (0..3).filter_map(|_| bundle(&mut noise, isa)).flatten().collect();
        if code.is_empty() {
            continue;
        }
        let [(mut short, mut short_bus), (mut general, mut general_bus)] =
            pair(&mut noise, world, isa, &code);
        for _ in 0..3 {
            seen.bundles += 1;
            let before = short.state().ip;
            let stops =
                (short.run(&mut short_bus, Cycles(1)), general.run(&mut general_bus, Cycles(1)));
            assert_eq!(stops.0, stops.1, "{world:?} {isa:?} at {before:#x} of {code:02x?}");
            if short.save() != general.save() {
                let (a, b) = (format!("{:#?}", short.save()), format!("{:#?}", general.save()));
                let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
                panic!("{world:?} {isa:?} at {before:#x} of {code:02x?}: {differs:?}, {stops:?}");
            }
            assert!(short_bus.ram == general_bus.ram, "memory, {world:?} {isa:?}, {code:02x?}");
            if short.state().ip == TABLE {
                seen.traps += 1;
                seen.left_out += u64::from(short.state().mmu[0x06] != 0);
                break;
            }
            if stops.0 != Stop::Budget {
                seen.traps += 1;
                break;
            }
        }
    }
    seen
}

#[test]
fn random_bundles_do_the_same_on_every_path() {
    for (world, seed) in World::ALL.into_iter().zip(1..) {
        let seen = compare(world, seed, 15_000);
        assert!(seen.traps > 300, "only {} traps in {world:?}", seen.traps);
        assert_eq!(seen.left_out > 50, world.translating, "{world:?}: {seen:?}");
    }
}

/// Twelve million, three in each world: `cargo test --release -p elnic-cpu --test short_cuts -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn many_random_bundles_do_the_same_on_every_path() {
    let mut total = Seen::default();
    for (number, world) in (1..).zip(World::ALL) {
        for part in 0..6 {
            let seen = compare(world, number << 32 | part, 500_000);
            println!("{world:?}: {seen:?}");
            total.bundles += seen.bundles;
            total.traps += seen.traps;
            total.left_out += seen.left_out;
        }
    }
    println!("no difference in {total:?}");
}
