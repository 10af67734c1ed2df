//! Data rings that a back end outside works on (vhost-user): what the driver is offered then, and who does what.
//!
//! The control queue, the configuration and the link stay ours, as in QEMU. Counters, statistics, filters, timing and
//! moderation know nothing of frames that never pass here; what would need them is not offered.

use elnic_contract::{Cx, Effect, RingOwner, RingPosition, RingRefusal, Rings};
use elnic_virtio::feature;

use crate::VirtioNet;
use crate::features::{
    CTRL_GUEST_OFFLOADS, CTRL_MAC_ADDR, CTRL_RX, CTRL_RX_EXTRA, CTRL_VLAN, CTRL_VQ, DEVICE_STATS,
    HASH_REPORT, KIND, MAC, MQ, MTU, NOTF_COAL, RSC_EXT, RSS, SPEED_DUPLEX, STANDBY, STATUS,
    VQ_NOTF_COAL,
};

/// Features that do not concern data rings.
const OURS: u64 = MAC
    | STATUS
    | CTRL_VQ
    | CTRL_RX
    | CTRL_VLAN
    | CTRL_RX_EXTRA
    | CTRL_MAC_ADDR
    | SPEED_DUPLEX
    | STANDBY
    | feature::BAD_FEATURE
    | feature::RING_RESET;
/// Features that would take a word with the back end for which its protocol has none.
const NOBODYS: u64 = CTRL_GUEST_OFFLOADS
    | DEVICE_STATS
    | NOTF_COAL
    | VQ_NOTF_COAL
    | RSS
    | HASH_REPORT
    | RSC_EXT
    | feature::NOTIFICATION_DATA;

/// What is offered of `wanted` to the driver of a device whose back end has `theirs`.
pub(crate) fn offered(wanted: u64, theirs: u64) -> u64 {
    let mut offered = wanted & (OURS | theirs & !NOBODYS);
    // Nothing is offered without what it needs: no driver could take it.
    while let Some((feature, _)) =
        KIND.needs.iter().find(|(one, any)| offered & one != 0 && offered & any == 0)
    {
        offered &= !feature;
    }
    offered
}

impl VirtioNet {
    /// Whether somebody else works on this queue.
    pub(crate) fn is_lent(&self, queue: u16) -> bool {
        self.settings.lent && Some(queue) != self.control_queue()
    }

    /// The driver has notified a queue that is not ours: the word is passed on.
    pub(crate) fn pass_on(&self, cx: &mut Cx<'_>, queue: u16) {
        if self.transport.ready(queue) {
            cx.outbox.push(Effect::Kick(queue));
        }
    }
}

impl RingOwner for VirtioNet {
    fn give_rings_away(&mut self, features: u64, pairs: u16) -> Result<(), RingRefusal> {
        let own = self.settings.pairs;
        if own > pairs {
            return Err(RingRefusal::Pairs { pairs: own, served: pairs });
        }
        let offered = offered(self.settings.with_offloads, features);
        if offered & feature::VERSION_1 == 0 && !self.settings.interfaces.legacy() {
            return Err(RingRefusal::Lacks("VERSION_1, and the legacy interface is off"));
        }
        if own > 1 && offered & MQ == 0 {
            return Err(RingRefusal::Lacks("several queue pairs (MQ)"));
        }
        self.settings.lent = true;
        self.settings.features = offered;
        self.transport.offer(offered);
        self.moderation = self.fresh_moderation();
        self.statistics = self.fresh_statistics();
        self.show_settings();
        self.show();
        Ok(())
    }

    fn rings(&self) -> Option<Rings> {
        if !(self.link_up && self.transport.running()) {
            return None;
        }
        let queues = (0..self.settings.pairs.saturating_mul(2))
            .filter(|queue| Some(*queue) != self.control_queue());
        let list = queues.filter_map(|queue| {
            let ring = self.transport.lend(queue)?;
            Some(elnic_contract::Ring { enabled: queue >> 1 < self.active_pairs, ..ring })
        });
        let list: Vec<_> = list.collect();
        let features = self.transport.negotiated();
        let mtu = self.transport.has(MTU).then_some(self.settings.mtu);
        (!list.is_empty()).then_some(Rings { features, mtu, list })
    }

    fn ring_called(&mut self, cx: &mut Cx<'_>, queue: u16) {
        if self.is_lent(queue) {
            self.transport.called(cx, queue);
        }
    }

    fn ring_returned(&mut self, cx: &mut Cx<'_>, queue: u16, position: Option<RingPosition>) {
        if Some(queue) != self.control_queue() {
            self.transport.take_back(cx, queue, position);
        }
    }
}
