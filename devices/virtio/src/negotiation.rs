//! Device status and features (virtio 1.3 §2.1, §2.2, §3.1).

use elnic_contract::{Cx, LogEntry};

use crate::feature::{self, VERSION_1};
use crate::status;
use crate::strict::Broken;
use crate::transport::{Event, Transport};

impl Transport {
    /// The driver wrote the device status.
    pub(crate) fn status_written(&mut self, cx: &mut Cx<'_>, value: u8) {
        if value == 0 {
            self.reset();
            self.events.push_back(Event::Reset);
            return;
        }
        let old = self.state.status;
        if old & status::WRITABLE & !value != 0 {
            self.broke(cx, Broken::StatusBitCleared, "DEVICE_STATUS", value.into());
        }
        let mut new = value & !status::NEEDS_RESET | old & status::NEEDS_RESET;
        if new & !old & status::FEATURES_OK != 0 && !self.features_are_possible(cx) {
            new &= !status::FEATURES_OK;
        }
        self.state.status = new;
        if new & !old & status::DRIVER_OK != 0 {
            if new & (status::ACKNOWLEDGE | status::DRIVER) != status::ACKNOWLEDGE | status::DRIVER
            {
                self.broke(cx, Broken::StatusOutOfOrder, "DEVICE_STATUS", value.into());
            }
            if self.is_standard() && new & status::FEATURES_OK == 0 {
                self.broke(cx, Broken::DriverOkWithoutFeatures, "DEVICE_STATUS", value.into());
            }
            self.events.push_back(Event::Started);
        }
    }

    /// QEMU looks only for features that are not offered, not for those that lack what they need.
    fn features_are_possible(&mut self, cx: &mut Cx<'_>) -> bool {
        let features = self.state.driver_features;
        let standard = features & VERSION_1 != 0;
        let known = if standard { self.offered_standard() } else { self.setup.offered };
        let unknown = features & !known;
        if unknown != 0 {
            let what = "features accepted that are not offered";
            cx.log.record(LogEntry::Guest { what, value: unknown });
            self.broke(cx, Broken::FeatureNotOffered, "DRIVER_FEATURE", unknown);
        }
        let needs = self.kind.needs;
        let lonely =
            needs.iter().find(|(feature, needs)| features & feature != 0 && features & needs == 0);
        if let Some((feature, _)) = lonely {
            let what = "feature accepted without what it needs";
            cx.log.record(LogEntry::Guest { what, value: *feature });
            self.broke(cx, Broken::FeatureWithoutItsNeed, "DRIVER_FEATURE", *feature);
        }
        let interface = standard || self.setup.interfaces.legacy();
        unknown == 0 && interface && (lonely.is_none() || self.setup.like_qemu)
    }

    /// The driver accepts features; only before it has said that it is done.
    pub(crate) fn accept(&mut self, cx: &mut Cx<'_>, features: u64) {
        if self.state.status & (status::FEATURES_OK | status::DRIVER_OK) != 0 {
            let what = "features written after they were agreed";
            cx.log.record(LogEntry::Guest { what, value: features });
            self.broke(cx, Broken::FeaturesAfterAgreement, "DRIVER_FEATURE", features);
            return;
        }
        let bad = features & feature::BAD_FEATURE & self.setup.offered != 0;
        self.state.driver_features =
            if bad && features & VERSION_1 == 0 { self.kind.fallback } else { features };
        self.events.push_back(Event::Features);
    }
}
