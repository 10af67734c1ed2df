//! Frames a second through a netdev, and what a frame costs its program: this program and Debian's QEMU beside it, in turns, in one run.
//!
//! Both run without a machine as a relay, with the same options: what comes in from a unix stream on one port of a hub leaves through the netdev
//! on the other, or the other way round. The netdev's far end is this program: a UDP socket, a unix stream, a packet socket on the interface of a
//! tap, or a server that a guest behind `user` sends datagrams to. At most [`IN_FLIGHT`] frames are on their way, so that nothing is lost and what
//! is measured is the relay's work. Of [`ROUNDS`] rounds the fastest counts.
//!
//! `cargo build --release && cargo bench -p elnic-tests --bench netdevs`; with
//! the name of a netdev only that one (`-- tap`). Needs `qemu-system-x86_64`, and root for the tap.

mod ends;
mod frames;
mod messages;
mod relays;
mod stream;

use std::time::{Duration, Instant};

use ends::{End, Paths};
use relays::{Program, Relay};

/// Frames of one round.
const FRAMES: usize = 200_000;
/// Frames on their way at any time.
const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 3;

/// A netdev to measure: its name, and whether frames leave through it or come in.
struct Case {
    netdev: &'static str,
    leaves: bool,
    length: usize,
}

/// What a round showed.
#[derive(Clone, Copy)]
struct Measured {
    frames_a_second: f64,
    processor: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Without it these are the tests of `cargo test --benches`, and there is none here.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = arguments.into_iter().find(|argument| !argument.starts_with('-'));
    println!(
        "netdev  direction  bytes | elnic 1000/s, µs a frame | QEMU 1000/s, µs a frame | frames/s, processor time"
    );
    let all = ["dgram", "stream", "tap", "user"].into_iter();
    for netdev in all.filter(|netdev| wanted.as_deref().is_none_or(|wanted| wanted == *netdev)) {
        for (leaves, length) in [(true, 60), (true, 1514), (false, 60), (false, 1514)] {
            let case = Case { netdev, leaves, length };
            if netdev == "user" && !leaves {
                // Datagrams from the host need a flow the guest opened: the other direction stands for both.
                continue;
            }
            let Some((ours, theirs)) = compare(&case) else {
                println!("{netdev}: not measured");
                break;
            };
            println!("{}", row(&case, ours, theirs));
        }
    }
}

fn row(case: &Case, ours: Measured, theirs: Measured) -> String {
    let micros = |measured: Measured| measured.processor.as_secs_f64() * 1e6;
    let thousands = |measured: Measured| measured.frames_a_second / 1000.0;
    format!(
        "{:7} {:9} {:6} | {:7.0} {:6.2} | {:7.0} {:6.2} | ×{:.2} ×{:.2}",
        case.netdev,
        if case.leaves { "leaves" } else { "comes in" },
        case.length,
        thousands(ours),
        micros(ours),
        thousands(theirs),
        micros(theirs),
        thousands(ours) / thousands(theirs),
        micros(ours) / micros(theirs),
    )
}

/// The best of each program's rounds, taken in turns; `None` where something is missing.
fn compare(case: &Case) -> Option<(Measured, Measured)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(round(case, Program::Elnic)?);
        theirs.push(round(case, Program::Qemu)?);
    }
    let best = |rounds: Vec<Measured>| {
        rounds
            .into_iter()
            .max_by(|one, other| one.frames_a_second.total_cmp(&other.frames_a_second))
    };
    Some((best(ours)?, best(theirs)?))
}

fn round(case: &Case, program: Program) -> Option<Measured> {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = Paths::make(case.netdev, folder.path())?;
    let relay = Relay::start(program, &paths)?;
    let frame = paths.frame(case.length);
    let (mut ends, _namespace) = paths.open();
    let (near, far): (&mut dyn End, &mut dyn End) = (&mut ends.near, &mut *ends.far);
    let (from, to) = if case.leaves { (near, far) } else { (far, near) };
    await_path(from, to, &frame);
    let (start, used) = (Instant::now(), relay.processor_time());
    exchange(from, to, &frame);
    let (elapsed, used) = (start.elapsed(), relay.processor_time() - used);
    Some(Measured {
        frames_a_second: FRAMES as f64 / elapsed.as_secs_f64(),
        processor: used / u32::try_from(FRAMES).expect("few enough"),
    })
}

/// Sends until frames cross: what is sent before the relay is ready may be lost. Then waits until none is on its way.
fn await_path(from: &mut dyn End, to: &mut dyn End, frame: &[u8]) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        from.send(frame, 1);
        if to.receive(1, Duration::from_millis(50)) == 1 {
            break;
        }
        assert!(Instant::now() < until, "no frame crosses the relay");
    }
    while to.receive(1, Duration::from_millis(200)) != 0 {}
}

/// Bursts of half of what may be on its way: one is sent before the one before it is taken.
fn exchange(from: &mut dyn End, to: &mut dyn End, frame: &[u8]) {
    let burst = IN_FLIGHT / 2;
    let bursts = FRAMES / burst;
    from.send(frame, burst);
    for number in 0..bursts {
        if number + 1 < bursts {
            from.send(frame, burst);
        }
        let taken = to.receive(burst, Duration::from_secs(5));
        assert_eq!(taken, burst, "frames were lost in burst {number}");
    }
}
