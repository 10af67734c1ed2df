//! Operations on every model of the catalogue.

use elnic_catalogue::MODELS;
use elnic_contract::{Frame, LinkState, Model, Reset, Size, VDuration, VTime};
use elnic_script::Place;
use elnic_testbench::Bench;

use super::bytes::Bytes;

const SIZES: [Size; 4] = [Size::Byte, Size::Half, Size::Word, Size::Double];
/// Operations of one input.
const MOST: usize = 300;

/// Any bytes as a model, its timing and a list of operations. The bench limits the work of each.
pub fn device(data: &[u8]) {
    let mut bytes = Bytes(data);
    let Some(entry) = bytes.pick(MODELS) else { return };
    let timing = bytes
        .pick(&["off", "wire", "full"])
        .filter(|_| entry.properties.iter().any(|property| property.name == "timing"));
    let properties: Vec<(&str, &str)> =
        timing.map(|timing| ("timing", timing)).into_iter().collect();
    let mut bench = Bench::with(entry, &properties);
    for _ in 0..MOST {
        if bytes.is_empty() {
            break;
        }
        operate(&mut bench, entry.model, &mut bytes);
    }
    bench.pulse();
}

fn operate(bench: &mut Bench, model: &Model, bytes: &mut Bytes<'_>) {
    match bytes.byte() % 16 {
        0..=5 => {
            let (at, size) = place(model, bytes);
            let value = value(bytes);
            let _ = bench.write(at, size, value);
        }
        6..=8 => {
            let (at, size) = place(model, bytes);
            let shown = bench.peek(at, size);
            let read = bench.read(at, size);
            let _ = (shown, read);
        }
        9 => {
            let at = bytes.number(2) << 3;
            let length = usize::from(bytes.byte() % 64);
            bench.ram.store(at, bytes.take(length));
        }
        10 | 11 => {
            let length = usize::from(bytes.byte()) * 8;
            let mut data = bytes.take(length.min(64)).to_vec();
            data.resize(length.max(1), 0x5a);
            if let Ok(frame) = Frame::new(data, VTime::ZERO) {
                bench.frame(frame);
            }
        }
        12 => bench.advance(VDuration::from_nanos(bytes.number(4))),
        13 => bench.pulse(),
        14 => bench.link(if bytes.byte() & 1 == 0 { LinkState::Down } else { LinkState::Up }),
        _ => bench.reset(match bytes.byte() % 3 {
            0 => Reset::Cold,
            1 => Reset::Warm,
            _ => Reset::Function,
        }),
    }
}

/// A register, or any offset near one.
fn place(model: &Model, bytes: &mut Bytes<'_>) -> (Place, Size) {
    let size = SIZES[usize::from(bytes.byte() % 4)];
    let Some(row) = bytes.pick(&model.registers.iter().collect::<Vec<_>>()) else {
        return (Place { region: 0, offset: bytes.number(2) }, size);
    };
    let astray = bytes.byte();
    let near = if astray < 0xc0 { 0 } else { u64::from(astray & 0x3f) };
    let offset = (u64::from(row.offset) + near) & !(u64::from(size.bytes()) - 1);
    (Place { region: row.region, offset }, size)
}

/// A value: any, or one that is an address or a count in the bench's memory.
fn value(bytes: &mut Bytes<'_>) -> u64 {
    match bytes.byte() % 4 {
        0 => bytes.number(8),
        1 => bytes.number(2) << 3,
        2 => 1_u64 << (bytes.byte() % 64),
        _ => u64::from(bytes.byte()),
    }
}
