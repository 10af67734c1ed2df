//! An instance's properties, read once.

use elnic_contract::{BuildError, ClockHz, MacAddr, Properties, Timing, VDuration};
use elnic_virtio::{Interfaces, Setup, feature};

use crate::DEFAULT_MAC;
use crate::features::{self, CTRL_VQ, KIND, MQ, OFFLOAD_SWITCHES, RSS, SWITCHES};
use crate::model::NAME;

/// Descriptors of the control queue, as in QEMU.
const CONTROL_SIZE: u16 = 64;

/// Duplex mode as the configuration shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplex {
    Half = 0,
    Full = 1,
    Unknown = 0xff,
}

/// What of time an instance keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fidelity {
    /// Bits on the cable; `None` if they take no time.
    pub(crate) line: Option<ClockHz>,
    /// Both directions share the cable.
    pub(crate) half_duplex: bool,
    /// Transfers on the bus; `None` if they take no time.
    pub(crate) bus: Option<Bus>,
}

/// Times of `timing=full`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bus {
    /// From a notification to the first fetch.
    pub(crate) doorbell: VDuration,
    /// Until a read comes back.
    pub(crate) latency: VDuration,
    /// Bytes.
    pub(crate) bytes: ClockHz,
}

/// How an instance was made.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mac: MacAddr,
    pub(crate) interfaces: Interfaces,
    pub(crate) features: u64,
    pub(crate) vectors: u16,
    pub(crate) pairs: u16,
    pub(crate) receive_size: u16,
    pub(crate) transmit_size: u16,
    pub(crate) mtu: u16,
    pub(crate) speed: Option<u32>,
    pub(crate) duplex: Duplex,
    pub(crate) fidelity: Fidelity,
    pub(crate) rsc_interval: VDuration,
    pub(crate) rx_drop: bool,
    pub(crate) rx_backlog: usize,
    /// The peer has a header for work that is left in frames.
    pub(crate) vnet_hdr: bool,
    /// Transmission begins so long after a notification.
    pub(crate) transmit_delay: Option<VDuration>,
    pub(crate) transmit_burst: u32,
    pub(crate) strict_control: bool,
    pub(crate) strict: bool,
    pub(crate) like_qemu: bool,
    pub(crate) qemu_filter: bool,
}

impl Settings {
    /// Reads properties that [`Properties::parse`] has checked.
    ///
    /// # Errors
    /// Properties that fit by themselves do not fit together.
    pub(crate) fn new(properties: &Properties) -> Result<Self, BuildError> {
        let number = |name| properties.number(name).unwrap_or(0);
        let nanoseconds = |name| VDuration::from_nanos(number(name));
        let small = |name| u16::try_from(number(name)).unwrap_or(u16::MAX);
        let size = |name| properties.choice(name).and_then(|word| word.parse().ok()).unwrap_or(256);
        let speed = properties.number("speed").and_then(|speed| u32::try_from(speed).ok());
        let duplex = match properties.choice("duplex") {
            Some("half") => Duplex::Half,
            Some("full") => Duplex::Full,
            _ => Duplex::Unknown,
        };
        let interfaces = interfaces(properties)?;
        let features =
            offered(properties, interfaces, speed.is_some() || duplex != Duplex::Unknown);
        let several = features & (MQ | RSS) != 0;
        let pairs = if several { small("queue-pairs") } else { 1 };
        if !several && number("queue-pairs") > 1 {
            let why = format!(
                "queue-pairs={} takes mq=on or rss=on, with ctrl_vq=on, or queue-pairs=1",
                number("queue-pairs")
            );
            return Err(BuildError::Together { model: NAME, why });
        }
        // One for each queue, the control queue and the configuration.
        let every = pairs.saturating_mul(2).saturating_add(2);
        let vectors = properties.number("vectors").map_or(every, |_| small("vectors"));
        let timing = match properties.choice("timing") {
            Some("off") => Timing::Off,
            Some("full") => Timing::Full,
            _ => Timing::Wire,
        };
        Ok(Self {
            mac: properties.mac("mac").unwrap_or(DEFAULT_MAC),
            interfaces,
            features,
            vectors,
            pairs,
            receive_size: size("rx_queue_size"),
            transmit_size: size("tx_queue_size"),
            mtu: small("host_mtu"),
            speed,
            duplex,
            fidelity: Fidelity {
                line: speed.filter(|_| timing != Timing::Off).map(|speed| megahertz(speed.into())),
                half_duplex: duplex == Duplex::Half,
                bus: (timing == Timing::Full).then(|| Bus {
                    doorbell: nanoseconds("doorbell-ns"),
                    latency: nanoseconds("dma-latency-ns"),
                    bytes: megahertz(number("dma-mbytes")),
                }),
            },
            rsc_interval: nanoseconds("rsc_interval"),
            rx_drop: properties.switch("rx-drop"),
            rx_backlog: usize::from(small("rx-backlog")),
            vnet_hdr: properties.switch("vnet-hdr"),
            transmit_delay: (properties.choice("tx") == Some("timer"))
                .then(|| nanoseconds("x-txtimer")),
            transmit_burst: u32::from(small("x-txburst")).max(1),
            strict_control: properties.switch("strict-ctrl"),
            strict: properties.switch("strict"),
            like_qemu: properties.choice("compat") == Some("qemu"),
            qemu_filter: properties.switch("x-qemu-rx-filter-compat"),
        })
    }

    /// What the transport is told.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            interfaces: self.interfaces,
            offered: self.features,
            vectors: self.vectors,
            sizes: self.queues(self.pairs),
            like_qemu: self.like_qemu,
            strict: self.strict,
        }
    }

    /// Largest sizes of the queues there are when both sides have `negotiated`: without MQ and RSS one pair, whatever is
    /// offered (§5.1.2).
    pub(crate) fn queues_with(&self, negotiated: u64) -> Vec<u16> {
        let several = negotiated & (MQ | RSS) != 0 || negotiated == 0;
        self.queues(if several { self.pairs } else { 1 })
    }

    fn queues(&self, pairs: u16) -> Vec<u16> {
        let pair = [self.receive_size, self.transmit_size];
        let data = pair.into_iter().cycle().take(usize::from(pairs).saturating_mul(2));
        let control = (self.features & CTRL_VQ != 0).then_some(CONTROL_SIZE);
        data.chain(control).collect()
    }

    /// Length of the device configuration in bytes: to the end of the last field that a feature offers, as in QEMU.
    pub(crate) fn configuration_length(&self) -> u64 {
        let has = |feature: u64| self.features & feature != 0;
        if has(RSS | features::HASH_REPORT) {
            24
        } else if has(features::SPEED_DUPLEX) {
            17
        } else if has(features::MTU) {
            12
        } else if has(MQ) {
            10
        } else if has(features::STATUS) {
            8
        } else {
            6
        }
    }
}

/// A clock of so many million a second; 1 to 100 000 of them.
fn megahertz(millions: u64) -> ClockHz {
    ClockHz::ratio(millions.saturating_mul(1_000_000), 1)
        .unwrap_or(const { ClockHz::hz(100_000_000_000) })
}

fn interfaces(properties: &Properties) -> Result<Interfaces, BuildError> {
    let no_legacy = properties.choice("disable-legacy") == Some("on");
    match (no_legacy, properties.switch("disable-modern")) {
        (false, false) => Ok(Interfaces::Transitional),
        (true, false) => Ok(Interfaces::Modern),
        (false, true) => Ok(Interfaces::Legacy),
        (true, true) => {
            let why =
                "disable-legacy=on and disable-modern=on leave no interface; one has to be off";
            Err(BuildError::Together { model: NAME, why: why.to_owned() })
        }
    }
}

/// The features an instance offers.
fn offered(properties: &Properties, interfaces: Interfaces, speed_known: bool) -> u64 {
    let chosen = |switches: &[features::Switch]| {
        let chosen = switches.iter().filter(|(name, ..)| properties.switch(name));
        chosen.fold(0, |features, (_, feature, ..)| features | feature)
    };
    let mut offered = features::MAC | feature::BAD_FEATURE | feature::VERSION_1 | chosen(&SWITCHES);
    if properties.choice("offloads") == Some("on") || properties.switch("vnet-hdr") {
        offered |= chosen(&OFFLOAD_SWITCHES);
    }
    if properties.number("host_mtu").is_some_and(|mtu| mtu > 0) {
        offered |= features::MTU;
    }
    if speed_known {
        offered |= features::SPEED_DUPLEX;
    }
    // Nothing is offered without what it needs: no driver could take it.
    loop {
        let lonely = KIND.needs.iter().find(|(one, any)| offered & one != 0 && offered & any == 0);
        let Some((feature, _)) = lonely else { break };
        offered &= !feature;
    }
    match interfaces {
        Interfaces::Legacy => offered & !feature::STANDARD_ONLY,
        Interfaces::Transitional | Interfaces::Modern => offered,
    }
}
