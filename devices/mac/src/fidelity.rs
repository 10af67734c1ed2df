//! What of the hardware's time an instance keeps: the properties `timing` and `autoneg-ms`.

use elnic_contract::{Properties, Timing, VDuration};

/// How much time an instance keeps, with the latencies `L` of its model.
#[derive(Clone, Copy, Debug)]
pub struct Fidelity<L> {
    timing: Timing,
    /// How long the PHY negotiates.
    pub negotiation: VDuration,
    /// What counts with `timing=full` only.
    pub latencies: L,
}

impl<L> Fidelity<L> {
    /// As the properties say.
    pub fn of(properties: &Properties, latencies: L) -> Self {
        let timing = match properties.choice("timing") {
            Some("off") => Timing::Off,
            Some("full") => Timing::Full,
            _ => Timing::Wire,
        };
        let negotiation = VDuration::from_millis(properties.number("autoneg-ms").unwrap_or(2000));
        Self { timing, negotiation, latencies }
    }

    /// Frames take time on the cable, and what moderates interrupts counts.
    #[inline]
    pub fn wire(&self) -> bool {
        self.timing != Timing::Off
    }

    /// Everything takes time.
    #[inline]
    pub fn full(&self) -> bool {
        self.timing == Timing::Full
    }
}
