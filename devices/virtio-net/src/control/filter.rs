//! Commands that set the receive filter (§5.1.6.5.1 to §5.1.6.5.3).

use elnic_contract::{Cx, MacAddr};
use elnic_virtio::Cursor;

use super::{Done, Outcome, Refusal, exactly, number16, number32};
use crate::VirtioNet;
use crate::features::{CTRL_MAC_ADDR, CTRL_RX, CTRL_RX_EXTRA, CTRL_VLAN};
use crate::filter::{MAX_ADDRESSES, Table, VLANS};

impl VirtioNet {
    pub(super) fn receive_mode(
        &mut self,
        cx: &mut Cx<'_>,
        command: u8,
        payload: &mut Cursor<'_>,
    ) -> Outcome {
        let extra = command >= 2;
        self.allowed(cx, if extra { CTRL_RX_EXTRA } else { CTRL_RX }, true)?;
        let [on] = exactly(cx, payload)?;
        let modes = &mut self.filter.modes;
        let mode = match command {
            0 => &mut modes.promiscuous,
            1 => &mut modes.all_multicast,
            2 => &mut modes.all_unicast,
            3 => &mut modes.no_multicast,
            4 => &mut modes.no_unicast,
            5 => &mut modes.no_broadcast,
            _ => return Err(Refusal::Error),
        };
        *mode = on != 0;
        Ok(Done::Filter)
    }

    pub(super) fn address_set(&mut self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Outcome {
        self.allowed(cx, CTRL_MAC_ADDR, true)?;
        self.filter.mac = MacAddr(exactly(cx, payload)?);
        Ok(Done::Filter)
    }

    pub(super) fn vlan(
        &mut self,
        cx: &mut Cx<'_>,
        pass: bool,
        payload: &mut Cursor<'_>,
    ) -> Outcome {
        self.allowed(cx, CTRL_VLAN, true)?;
        let identifier = number16(cx, payload)?;
        if identifier >= VLANS {
            return Err(Refusal::Error);
        }
        self.filter.set_vlan(identifier, pass);
        Ok(Done::Filter)
    }

    /// Replaces both tables, or neither.
    pub(super) fn table_set(&mut self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Outcome {
        self.allowed(cx, CTRL_RX, true)?;
        let unicast = table(cx, payload, MAX_ADDRESSES)?;
        let room = MAX_ADDRESSES.saturating_sub(unicast.addresses.len());
        let multicast = table(cx, payload, room)?;
        if payload.left() != 0 {
            return Err(Refusal::Error);
        }
        (self.filter.unicast, self.filter.multicast) = (unicast, multicast);
        Ok(Done::Filter)
    }
}

/// A list of addresses behind its length. The length is checked in 64 bits before anything else (CVE-2014-0150).
fn table(cx: &mut Cx<'_>, payload: &mut Cursor<'_>, room: usize) -> Result<Table, Refusal> {
    let entries = number32(cx, payload)?;
    let bytes = u64::from(entries).saturating_mul(6);
    if bytes > payload.left() {
        return Err(Refusal::Error);
    }
    let count = usize::try_from(entries).unwrap_or(usize::MAX);
    if count > room {
        payload.skip(bytes);
        return Ok(Table { addresses: Vec::new(), overflow: true });
    }
    let mut addresses = Vec::with_capacity(count);
    for _ in 0..count {
        addresses.push(MacAddr(exactly(cx, payload)?));
    }
    Ok(Table { addresses, overflow: false })
}
