//! When a change of the receive filter is news.

use elnic_contract::{Cx, RxFilter};

/// The report of the receive filter as it was announced last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced(RxFilter);

impl Announced {
    /// This is known already.
    pub const fn new(report: RxFilter) -> Self {
        Self(report)
    }

    /// Says so if `report` is not what was announced last: writes that change nothing are no news.
    pub fn announce(&mut self, cx: &mut Cx<'_>, report: RxFilter) {
        if report != self.0 {
            self.0 = report;
            cx.outbox.rx_filter_changed();
        }
    }
}
