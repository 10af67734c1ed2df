//! A small NIC with one transmit descriptor and one receive buffer, and every mistake the suite should notice.

use elnic_contract::{
    Access, BuildError, Counters, Cx, Device, DropReason, Entry, Fault, Field, Frame, Gpa, Lines,
    LinkState, MacAddr, Mode, Model, Nic, NotReady, PciIdentity, Properties, PropertyKind,
    PropertySpec, Readiness, ReceiveMode, RegionKind, RegionSpec, Register, Reset, RestoreError,
    RxFilter, SavedState, TimerId, VDuration, Verdict,
};
use elnic_registers::{Bank, BankState, Behaviour, RegisterFile, Written};
use serde::{Deserialize, Serialize};

/// What is wrong with an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    ResetValue,
    WriteMask,
    HoleAnswers,
    PeekLies,
    Unbounded,
    TimerNow,
    ForgetsWork,
    ColdKeeps,
    FaultPanics,
    TrustsState,
    HalfApplied,
    ByteWritePanics,
    LosesCause,
    NotANic,
    DropsSilently,
    SendsUncounted,
}

elnic_registers::register_file! {
    /// Registers of the small NIC.
    pub(crate) enum Tiny {
        CTRL = Register::new("CTRL", 0x00, 4, &[
            Field::new("EN", 0, 1, Mode::Rw, "enable"),
            Field::new("GO", 1, 1, Mode::Sc, "send"),
        ]).reset(1).about("control", "this test"),
        CAUSE = Register::new("CAUSE", 0x04, 4, &[
            Field::new("TX", 0, 1, Mode::Rc, "sent").volatile(),
            Field::new("RX", 1, 1, Mode::Rc, "received").volatile(),
        ]).about("interrupt causes", "this test"),
        MASK = Register::new("MASK", 0x08, 4, &[Field::new("CAUSES", 0, 2, Mode::Rw, "enabled causes")])
            .about("interrupt mask", "this test"),
        COUNT = Register::new("COUNT", 0x0c, 4, &[Field::new("N", 0, 32, Mode::Ro, "frames").volatile()])
            .about("frames", "this test"),
        BASE = Register::new("BASE", 0x10, 8, &[Field::new("ADDR", 0, 64, Mode::Rw, "descriptor")])
            .about("descriptor", "this test"),
        KEY = Register::new("KEY", 0x18, 4, &[Field::new("K", 0, 8, Mode::Wo, "storage")])
            .about("write only", "this test"),
    }
}

pub(crate) static MODEL: Model = Model {
    name: "tiny",
    aliases: &[],
    summary: "A small NIC",
    pci: Some(PciIdentity {
        vendor: 0x1234,
        device: 0x0001,
        revision: 0,
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0,
        subsystem: 0,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }),
    regions: &[RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: 64 }],
    registers: Tiny::TABLE,
    sources: &["this test"],
};

const SCENARIOS: &[&str] = &["
    ram 0x2000 = u64:0x3000 u16:60
    w32 bar0+MASK 3
    w64 bar0+BASE 0x2000
    w32 bar0+CTRL EN=1 GO=1
    expect no tx
    advance 1us
    expect tx 00*60
    expect irq 1
    r32 bar0+CAUSE -> TX=1 RX=0
    expect irq 0
"];

/// An entry whose instances have this flaw.
pub(crate) fn entry(flaw: Flaw) -> &'static Entry {
    macro_rules! build {
        ($($flaw:ident),+) => {
            match flaw {
                $(Flaw::$flaw => {
                    fn build(_: &Properties) -> Result<Box<dyn Device>, BuildError> {
                        Ok(Box::new(Small::new(Flaw::$flaw)))
                    }
                    build
                })+
            }
        };
    }
    let build: fn(&Properties) -> Result<Box<dyn Device>, BuildError> = build!(
        None,
        ResetValue,
        WriteMask,
        HoleAnswers,
        PeekLies,
        Unbounded,
        TimerNow,
        ForgetsWork,
        ColdKeeps,
        FaultPanics,
        TrustsState,
        HalfApplied,
        ByteWritePanics,
        LosesCause,
        NotANic,
        DropsSilently,
        SendsUncounted
    );
    const PROPERTIES: &[PropertySpec] = &[PropertySpec {
        name: "spare",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "does nothing",
    }];
    // Two flaws live in what is executed, not in what is described: their scenarios would trip over them first.
    let quiet = matches!(flaw, Flaw::TimerNow | Flaw::Unbounded);
    let scenarios = if quiet { &[] } else { SCENARIOS };
    Box::leak(Box::new(Entry {
        model: &MODEL,
        properties: PROPERTIES,
        build,
        is_nic: true,
        scenarios,
    }))
}

/// The small NIC.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    bank: Bank<Tiny>,
    /// A frame fetched and not yet sent.
    pending: Option<Vec<u8>>,
    /// Index into a table of four; only a hostile state makes it larger.
    slot: u8,
    counters: Counters,
    flaw: Flaw,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallStateV1 {
    registers: BankState,
    pending: Option<Vec<u8>>,
    slot: u8,
    counters: Counters,
}

const SEND: TimerId = TimerId(0);

impl Small {
    fn new(flaw: Flaw) -> Self {
        let counters = Counters::default();
        let mut small = Self { bank: Bank::new(), pending: None, slot: 0, counters, flaw };
        if flaw == Flaw::ResetValue {
            small.bank.set(Tiny::CTRL, 0);
        }
        small
    }

    fn fetch(&mut self, cx: &mut Cx<'_>) -> Option<Vec<u8>> {
        let at = Gpa(self.bank.get(Tiny::BASE));
        let mut descriptor = [0; 16];
        let fetched = cx.dma.read(at, &mut descriptor);
        if self.flaw == Flaw::FaultPanics {
            fetched.expect("no driver points into nothing");
        } else if fetched.is_err() {
            return None;
        }
        if self.flaw == Flaw::Unbounded {
            while cx.dma.read(at, &mut descriptor).is_ok() && descriptor[8] != 1 {
                if cx.now.as_nanos() == u64::MAX || descriptor[9] == 0xff {
                    break;
                }
                // An endless ring, cut off so that the test ends.
                self.slot = self.slot.wrapping_add(1);
                if self.slot == 0 {
                    for _ in 0..20_000 {
                        let _ = cx.dma.read(at, &mut descriptor);
                    }
                    break;
                }
            }
            self.slot = 0;
        }
        let buffer = u64::from_le_bytes(descriptor[..8].try_into().unwrap());
        let length = u16::from_le_bytes([descriptor[8], descriptor[9]]) % 2048;
        let mut bytes = vec![0; usize::from(length.max(1))];
        cx.dma.read(Gpa(buffer), &mut bytes).ok()?;
        Some(bytes)
    }

    fn count(&mut self) {
        let count = self.bank.get(Tiny::COUNT);
        self.bank.set(Tiny::COUNT, (count + 1) & 0xffff_ffff);
        let table = [0_u8, 1, 2, 3];
        self.slot = (table[usize::from(self.slot)] + 1) % 4;
    }
}

impl Behaviour<Tiny> for Small {
    fn bank(&self) -> &Bank<Tiny> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Tiny> {
        &mut self.bank
    }

    fn before_read(&mut self, _cx: &mut Cx<'_>, _register: Tiny, _element: u16) {}

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Tiny>) {
        match written.register {
            Tiny::CTRL if written.new & 2 != 0 => {
                self.bank.clear_bits(Tiny::CTRL, 2);
                if let Some(bytes) = self.fetch(cx) {
                    self.pending = Some(bytes);
                    let delay = if self.flaw == Flaw::TimerNow { 0 } else { 1_000 };
                    cx.outbox.arm(SEND, cx.now + VDuration::from_nanos(delay));
                }
            }
            Tiny::MASK if self.flaw == Flaw::WriteMask => {
                self.bank.set(Tiny::MASK, written.new | (written.raw & 1) << 1);
            }
            Tiny::KEY if self.flaw == Flaw::ByteWritePanics => {
                assert_eq!(written.lanes, 0xffff_ffff, "nobody writes bytes");
            }
            _ => {}
        }
    }
}

impl Device for Small {
    fn describe(&self) -> &'static Model {
        &MODEL
    }

    fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        let count = self.bank.get(Tiny::COUNT);
        let counters = self.counters.clone();
        *self = Self::new(self.flaw);
        cx.outbox.cancel(SEND);
        if kind != Reset::Cold {
            self.counters = counters;
        } else if self.flaw == Flaw::ColdKeeps {
            self.bank.set(Tiny::COUNT, count);
        }
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match elnic_registers::read(self, cx, access) {
            Err(_) if self.flaw == Flaw::HoleAnswers => Ok(0),
            other => other,
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        elnic_registers::write(self, cx, access, value)
    }

    fn peek(&self, access: Access) -> Option<u64> {
        let truth = elnic_registers::peek(&self.bank, access);
        if self.flaw == Flaw::PeekLies { truth.map(|value| value & !1) } else { truth }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, _timer: TimerId) {
        if let Some(bytes) = self.pending.take() {
            if self.flaw != Flaw::SendsUncounted {
                self.counters.sent(bytes.len());
            }
            self.count();
            self.bank.set_bits(Tiny::CAUSE, 1);
            cx.outbox.send(Frame::new(bytes, cx.now).unwrap());
        }
    }

    fn lines(&self) -> Lines {
        Lines::inta(self.bank.get(Tiny::CAUSE) & self.bank.get(Tiny::MASK) != 0)
    }

    fn save(&self) -> SavedState {
        let pending = self.pending.clone().filter(|_| self.flaw != Flaw::ForgetsWork);
        let (slot, counters) = (self.slot, self.counters.clone());
        let state = SmallStateV1 { registers: self.bank.save(), pending, slot, counters };
        SavedState::new(MODEL.name, 1, &state)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let impossible = |field, why| RestoreError::Impossible { kind: MODEL.name, field, why };
        let saved: SmallStateV1 = state.decode(MODEL.name, 1)?;
        if self.flaw == Flaw::HalfApplied {
            self.counters = saved.counters.clone();
        }
        let mut bank = self.bank.clone();
        bank.restore(&saved.registers).map_err(|e| impossible("registers", e.to_string()))?;
        if saved.slot > 3 && self.flaw != Flaw::TrustsState {
            return Err(impossible("slot", "it takes 0 to 3".to_owned()));
        }
        let lengths = 1..=Frame::MAX_LENGTH;
        if saved.pending.as_ref().is_some_and(|bytes| !lengths.contains(&bytes.len())) {
            return Err(impossible("pending", "it takes 1 to 69632 bytes".to_owned()));
        }
        if self.flaw == Flaw::LosesCause {
            bank.set(Tiny::CAUSE, 0);
        }
        self.bank = bank;
        self.pending = saved.pending;
        self.slot = saved.slot;
        self.counters = saved.counters;
        Ok(())
    }

    fn as_nic(&self) -> Option<&dyn Nic> {
        (self.flaw != Flaw::NotANic).then_some(self)
    }

    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        if self.flaw == Flaw::NotANic { None } else { Some(self) }
    }
}

impl Nic for Small {
    fn can_receive(&self) -> Readiness {
        if self.bank.get(Tiny::CTRL) & 1 != 0 {
            Readiness::Ready
        } else {
            Readiness::NotReady(NotReady::ReceiverOff)
        }
    }

    fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        let at = Gpa(self.bank.get(Tiny::BASE)).plus(0x1000);
        if self.flaw == Flaw::DropsSilently && frame.len() < 60 {
            return Verdict::Dropped(DropReason::Runt);
        }
        if cx.dma.write(at, frame.data()).is_err() {
            self.counters.drop_received(DropReason::DmaError);
            return Verdict::Dropped(DropReason::DmaError);
        }
        self.counters.received(frame.len());
        self.count();
        self.bank.set_bits(Tiny::CAUSE, 2);
        Verdict::Taken
    }

    fn link(&mut self, _cx: &mut Cx<'_>, _state: LinkState) {}

    fn rx_filter(&self) -> RxFilter {
        RxFilter {
            promiscuous: true,
            multicast: ReceiveMode::All,
            unicast: ReceiveMode::All,
            vlan: ReceiveMode::All,
            broadcast_allowed: true,
            multicast_overflow: false,
            unicast_overflow: false,
            main_mac: self.mac(),
            vlan_table: vec![],
            unicast_table: vec![],
            multicast_table: vec![],
        }
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn mac(&self) -> MacAddr {
        MacAddr([0x52, 0x54, 0, 0, 0, 1])
    }
}
