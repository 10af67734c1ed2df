//! What is asked of every NIC with every driver: bring it up, talk, count, stop.

use elnic_contract::{Frame, LinkState, MacAddr, Readiness, VDuration};
use elnic_script::Event;

use crate::Bench;

/// A driver of one kind of NIC.
pub trait NicDriver {
    /// Which driver it is.
    fn name(&self) -> &'static str;

    /// From power-on to ready to send and receive.
    ///
    /// # Panics
    /// The NIC does not do as the driver waits for.
    fn start(&mut self, bench: &mut Bench);

    /// The station address that the driver has read.
    fn station(&self) -> MacAddr;

    /// Sends a frame; `false` if there is no room.
    fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool;

    /// The interrupt handler, or a poll for a driver without one: takes back what was sent, gives out what was received.
    fn service(&mut self, bench: &mut Bench) -> Vec<Vec<u8>>;

    /// Whether it waits for interrupts instead of polling.
    fn waits_for_interrupts(&self) -> bool;

    /// What the NIC has counted since this was asked last; `None` for a driver that does not ask.
    fn counted(&mut self, bench: &mut Bench) -> Option<Counted>;

    /// Stops the NIC.
    fn stop(&mut self, bench: &mut Bench);
}

/// Statistics that every NIC keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Good frames sent.
    pub sent: u64,
    /// Good frames received.
    pub received: u64,
    /// Those of them that were broadcast.
    pub received_broadcast: u64,
    /// Octets of the good frames received, with FCS, if the NIC counts them.
    pub received_octets: Option<u64>,
    /// Anything that went wrong.
    pub errors: u64,
}

/// How long anything may take.
const PATIENCE: VDuration = VDuration::from_millis(2);

const PEER: MacAddr = MacAddr([0x52, 0x55, 0x0a, 0x00, 0x02, 0x02]);

/// Frame number `number`, of `length` bytes without FCS.
fn frame(destination: MacAddr, source: MacAddr, number: usize, length: usize) -> Vec<u8> {
    let mut frame = [&destination.0[..], &source.0, &[0x88, 0xb5]].concat();
    frame.extend((frame.len()..length).map(|at| (at.wrapping_mul(7) + number) as u8));
    frame
}

/// Frames that the NIC has put on the cable since event number `start`.
pub(crate) fn sent_since(bench: &Bench, start: usize) -> Vec<Vec<u8>> {
    let events = bench.events()[start..].iter();
    events
        .filter_map(|(_, event)| match event {
            Event::Sent(bytes) => Some(bytes.clone()),
            _ => None,
        })
        .collect()
}

fn interrupts_since(bench: &Bench, start: usize) -> usize {
    bench.events()[start..].iter().filter(|(_, event)| *event == Event::Irq(true)).count()
}

/// Runs `driver` from power-on through a conversation of `rounds` frames each way to its end, and looks at everything that
/// can be seen from outside: frames byte by byte, interrupts, statistics.
///
/// # Panics
/// Something is not as it has to be.
pub fn converse(bench: &mut Bench, driver: &mut dyn NicDriver, rounds: usize) {
    let name = driver.name();
    driver.start(bench);
    let station = driver.station();
    assert_eq!(Some(station), bench.device().as_nic().map(|nic| nic.mac()), "{name}: its address");
    assert_eq!(bench.ready(), Some(Readiness::Ready), "{name}: ready to receive");
    bench.advance(PATIENCE);
    let early = driver.service(bench);
    assert!(early.is_empty(), "{name}: nothing was sent to it, but it received {early:x?}");
    driver.counted(bench);
    let lengths: Vec<usize> = (0..rounds).map(|round| 60 + round * 97 % 1455).collect();

    let start = bench.events().len();
    for (number, length) in lengths.iter().enumerate() {
        let frame = frame(PEER, station, number, *length);
        if !driver.send(bench, &frame) {
            bench.advance(PATIENCE);
            driver.service(bench);
            assert!(driver.send(bench, &frame), "{name}: there is room after {PATIENCE}");
        }
    }
    bench.advance(PATIENCE);
    driver.service(bench);
    let wanted: Vec<Vec<u8>> =
        lengths.iter().enumerate().map(|(n, length)| frame(PEER, station, n, *length)).collect();
    assert_eq!(sent_since(bench, start), wanted, "{name}: frames on the cable");

    let (mut received, mut wanted) = (Vec::new(), Vec::new());
    for (number, length) in lengths.iter().enumerate() {
        let to = if number % 5 == 4 { MacAddr::BROADCAST } else { station };
        let bytes = frame(to, PEER, number, *length);
        bench.frame(Frame::new(bytes.clone(), bench.now()).expect("it has a length"));
        wanted.push(bytes);
        // Another's frame: no driver here asked for those.
        let other = frame(MacAddr([2, 0, 0, 0, 0, 9]), PEER, number, 60);
        if number % 7 == 0 && driver.waits_for_interrupts() {
            bench.frame(Frame::new(other, bench.now()).expect("it has a length"));
        }
        bench.advance(PATIENCE);
        received.extend(driver.service(bench));
    }
    assert_eq!(received, wanted, "{name}: frames received");

    if driver.waits_for_interrupts() {
        let interrupts = interrupts_since(bench, start);
        assert!((2..=3 * rounds).contains(&interrupts), "{name}: {interrupts} interrupts");
        assert!(!bench.line(), "{name}: the last interrupt was acknowledged");
    }
    if let Some(counted) = driver.counted(bench) {
        let octets: usize = lengths.iter().map(|length| length + 4).sum();
        assert_eq!(counted.sent, rounds as u64, "{name}: sent");
        assert_eq!(counted.received, rounds as u64, "{name}: received");
        let broadcast = (0..rounds).filter(|number| number % 5 == 4).count() as u64;
        assert_eq!(counted.received_broadcast, broadcast, "{name}: broadcast");
        assert!(
            counted.received_octets.is_none_or(|found| found == octets as u64),
            "{name}: octets"
        );
        assert_eq!(counted.errors, 0, "{name}: errors");
    }

    bench.link(LinkState::Down);
    bench.advance(PATIENCE);
    driver.service(bench);
    assert_ne!(bench.ready(), Some(Readiness::Ready), "{name}: without a cable");
    bench.link(LinkState::Up);
    bench.advance(VDuration::from_millis(5_000));
    driver.service(bench);
    assert_eq!(bench.ready(), Some(Readiness::Ready), "{name}: with the cable back");
    driver.stop(bench);
    assert_ne!(bench.ready(), Some(Readiness::Ready), "{name}: stopped");
    assert!(!bench.line(), "{name}: no interrupt after it has stopped");
}
