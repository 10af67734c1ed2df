//! Speed of the loops for which other emulators have been measured (qemu-e2k-contract.md §10): bundles a second.
//!
//! The bytes are written out because the assembler stands above this crate; each word is checked by the disassembly beside it.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use elnic_cpu::state::loops::Lsr;
use elnic_cpu::{
    Attention, Bus, BusFault, Config, Cycles, Interpreter, Mas, Processor, Size, Stop, Timing,
};

const CODE: u64 = 0x1000;
const DATA: u64 = 0x4000;
const BUNDLES: u64 = 1_000_000;

/// RAM and nothing else.
struct Ram(Vec<u8>);

impl Ram {
    #[inline]
    fn range(&self, address: u64, bytes: usize) -> Result<std::ops::Range<usize>, BusFault> {
        let start = address as usize;
        let end = start.wrapping_add(bytes);
        if start <= end && end <= self.0.len() { Ok(start..end) } else { Err(BusFault::Unmapped) }
    }
}

impl Ram {
    #[inline]
    fn read<const N: usize>(&self, address: u64) -> Result<[u8; N], BusFault> {
        let bytes = self.0.get(self.range(address, N)?).and_then(|bytes| bytes.first_chunk());
        bytes.copied().ok_or(BusFault::Unmapped)
    }

    #[inline]
    fn write<const N: usize>(&mut self, address: u64, bytes: [u8; N]) -> Result<(), BusFault> {
        let range = self.range(address, N)?;
        let place = self.0.get_mut(range).and_then(|place| place.first_chunk_mut());
        *place.ok_or(BusFault::Unmapped)? = bytes;
        Ok(())
    }
}

impl Bus for Ram {
    #[inline]
    fn load(&mut self, address: u64, size: Size, _: Mas) -> Result<u64, BusFault> {
        Ok(match size {
            Size::Byte => u64::from(u8::from_le_bytes(self.read(address)?)),
            Size::Half => u64::from(u16::from_le_bytes(self.read(address)?)),
            Size::Word => u64::from(u32::from_le_bytes(self.read(address)?)),
            Size::Double => u64::from_le_bytes(self.read(address)?),
        })
    }

    #[inline]
    fn store(&mut self, address: u64, size: Size, _: Mas, value: u64) -> Result<(), BusFault> {
        match size {
            Size::Byte => self.write(address, (value as u8).to_le_bytes()),
            Size::Half => self.write(address, (value as u16).to_le_bytes()),
            Size::Word => self.write(address, (value as u32).to_le_bytes()),
            Size::Double => self.write(address, value.to_le_bytes()),
        }
    }

    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        let range = self.range(address, bytes.len())?;
        bytes.copy_from_slice(&self.0[range]);
        Ok(())
    }

    fn watch_code(&mut self, _: u64) {}

    fn take_written_code(&mut self) -> Option<u64> {
        None
    }

    #[inline]
    fn attention(&self) -> Attention {
        Attention::NONE
    }
}

/// A loop: name and words.
const LOOPS: &[(&str, &[u32])] = &[
    (
        "count3",
        &[
            // subd,0 %dr1, 1, %dr1 | addd,1 %dr2, 3, %dr2
            0x0c00_0012,
            0x1381_c181,
            0x1182_c382,
            0,
            // cmpedb,0 %dr1, 0, %pred0
            0x0400_0001,
            0x2181_c040,
            // ct %ctpr1 ? ~%pred0
            0x0000_1001,
            0xc000_0460,
        ],
    ),
    (
        "count2",
        &[
            // subd,0 %dr1, 1, %dr1 | cmpedb,1 %dr1, 0, %pred0
            0x0c00_0012,
            0x1381_c181,
            0x2181_c040,
            0,
            // ibranch -16 ? ~%pred0
            0x0000_5012,
            0xc000_0060,
            0x0fff_fffe,
            0,
        ],
    ),
    (
        "mem",
        &[
            // ldd,0 [%dr4 + 0], %dr5 | ldd,2 [%dr4 + 8], %dr6 | subd,1 %dr1, 1, %dr1
            0x1c00_0013,
            0x6784_c085,
            0x1381_c181,
            0x6784_c886,
            // std,2 %dr5, [%dr7 + 0] | std,5 %dr6, [%dr7 + 8] | cmpedb,1 %dr1, 0, %pred0
            0x9800_0013,
            0x2181_c040,
            0x2787_c085,
            0x2787_c886,
            // ct %ctpr1 ? ~%pred0
            0x0000_1001,
            0xc000_0460,
        ],
    ),
    (
        "hwloop",
        &[
            // loop_mode; addd,0 %dr2, 1, %dr2; alc; ct %ctpr1 ? #NOT_LOOP_END
            0x0400_1412,
            0xc003_04a0,
            0x1182_c182,
            0,
        ],
    ),
    (
        "hwloop_rot",
        &[
            // loop_mode; addd,0 %db[0], 1, %db[2]; alc; abn; ct %ctpr1 ? #NOT_LOOP_END
            0x0400_1412,
            0xc063_04a0,
            0x1100_c102,
            0,
        ],
    ),
    (
        "call",
        &[
            // 0: disp %ctpr1, +0x30
            0x0000_4001,
            0x4000_0006,
            // 8: call %ctpr1, wbs=8
            0x0000_9012,
            0xc000_0420,
            0x5000_0008,
            0,
            // 18: cmpedb,0 %dr1, 0, %pred0
            0x0400_0001,
            0x2181_c040,
            // 20: ibranch -0x20 ? ~%pred0
            0x0000_5012,
            0xc000_0060,
            0x0fff_fffc,
            0,
            // 30: setwd wsz=8, nfx=1 | return %ctpr3
            0x0000_c012,
            0xf000_0000,
            0x0000_0000,
            0x0000_0110,
            // 40: ct %ctpr3
            0x0000_1001,
            0xc000_0c20,
        ],
    ),
];

fn machine(words: &[u32], timing: Timing) -> (Interpreter, Ram) {
    let mut ram = Ram(vec![0; 1 << 20]);
    for (place, word) in ram.0[CODE as usize..].chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let mut cpu = Interpreter::new(Config { timing, ..Config::default() }, CODE);
    let state = cpu.state_mut();
    state.window.size = 32;
    state.rotation.rbs = 8;
    state.procedure_stack.base = 0x8_0000;
    state.chain_stack.base = 0x9_0000;
    state.lsr = Lsr { lcnt: 1 << 40, vlc: true, ..Lsr::default() };
    for (register, value) in [(1, u64::MAX), (4, DATA), (7, DATA + 64)] {
        let cell = state.window_cell(register);
        state.registers.set_low(cell, value);
    }
    state.ctpr[0] = elnic_cpu::state::control::Ctpr::prepared(
        elnic_cpu::state::control::CtprTag::Disp,
        0,
        0,
        CODE,
    );
    (cpu, ram)
}

fn loops(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("loops");
    group.throughput(Throughput::Elements(BUNDLES));
    for (name, words) in LOOPS {
        for (timing, suffix) in
            [(Timing::ISSUE, ""), (Timing::documented(elnic_cpu::IsaVersion::V4), "-interlocks")]
        {
            group.bench_function(format!("{name}{suffix}"), |bencher| {
                bencher.iter_batched_ref(
                    || machine(words, timing),
                    |(cpu, ram)| {
                        while cpu.bundles() < BUNDLES {
                            assert_eq!(cpu.run(ram, Cycles(100_000)), Stop::Budget);
                        }
                    },
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, loops);
criterion_main!(benches);
