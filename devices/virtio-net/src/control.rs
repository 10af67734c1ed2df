//! The control queue (virtio 1.3 §5.1.6.5): one command to a chain, however it is cut into descriptors.

use elnic_contract::{Cx, LogEntry, MacAddr};
use elnic_virtio::{Chain, Cursor, QueueError};

use crate::VirtioNet;
use crate::features::{self, CONTROL};
use crate::filter::{MAX_ADDRESSES, Table, VLANS};

const OK: u8 = 0;
const ERR: u8 = 1;

const CLASS_RX: u8 = 0;
const CLASS_MAC: u8 = 1;
const CLASS_VLAN: u8 = 2;
const CLASS_ANNOUNCE: u8 = 3;
const CLASS_OFFLOADS: u8 = 5;

/// A command that was carried out.
enum Done {
    /// The filter has changed.
    Filter,
    /// Something else has.
    Other,
}

/// Why one was not.
enum Refusal {
    /// It is answered with an error.
    Error,
    /// Its bytes cannot be read.
    Queue(QueueError),
}

impl<E: Into<QueueError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Queue(error.into())
    }
}

impl VirtioNet {
    /// Carries out one command; says whether there was one.
    pub(crate) fn control_step(&mut self, cx: &mut Cx<'_>) -> Option<usize> {
        if self.transport.look(cx, CONTROL)? == 0 {
            self.transport.await_more(cx, CONTROL);
            return None;
        }
        let chain = self.transport.chain(cx, CONTROL, 0)?;
        if chain.writable_bytes() < 1 || chain.readable_bytes() < 2 {
            let error = QueueError::rule("control command without room for its parts", chain.head);
            self.transport.fail(cx, error);
            return None;
        }
        let answer = match self.command(cx, &chain) {
            Ok(done) => {
                if matches!(done, Done::Filter) {
                    cx.outbox.rx_filter_changed();
                }
                OK
            }
            Err(Refusal::Error) => {
                let what = "control command refused";
                cx.log.record(LogEntry::Guest { what, value: chain.head.into() });
                ERR
            }
            Err(Refusal::Queue(error)) => {
                self.transport.fail(cx, error);
                return None;
            }
        };
        if let Err(error) = Cursor::new(&chain.writable).write(cx.dma, &[answer]) {
            self.transport.fail(cx, error.into());
            return None;
        }
        self.transport.give_back(cx, CONTROL, &[(chain.head, 1)]).then(|| chain.descriptors())
    }

    /// Whether a command that needs `feature` is taken.
    fn allowed(&self, feature: u64) -> Result<(), Refusal> {
        if !self.strict_control || self.transport.has(feature) {
            Ok(())
        } else {
            Err(Refusal::Error)
        }
    }

    fn command(&mut self, cx: &mut Cx<'_>, chain: &Chain) -> Result<Done, Refusal> {
        let mut payload = Cursor::new(&chain.readable);
        let [class, command] = payload.array(cx.dma)?.ok_or(Refusal::Error)?;
        match (class, command) {
            (CLASS_RX, _) => self.receive_mode(cx, command, &mut payload),
            (CLASS_MAC, 0) => self.table_set(cx, &mut payload),
            (CLASS_MAC, 1) => {
                self.allowed(features::CTRL_MAC_ADDR)?;
                let address = exactly(cx, &mut payload)?;
                self.filter.mac = MacAddr(address);
                Ok(Done::Filter)
            }
            (CLASS_VLAN, 0 | 1) => {
                self.allowed(features::CTRL_VLAN)?;
                let identifier = u16::from_le_bytes(exactly(cx, &mut payload)?);
                if identifier >= VLANS {
                    return Err(Refusal::Error);
                }
                self.filter.set_vlan(identifier, command == 0);
                Ok(Done::Filter)
            }
            (CLASS_ANNOUNCE, 0) if self.announcing => {
                self.announcing = false;
                Ok(Done::Other)
            }
            (CLASS_OFFLOADS, 0) => {
                // There is none to be switched on.
                let wanted = u64::from_le_bytes(exactly(cx, &mut payload)?);
                let available = self.transport.has(features::CTRL_GUEST_OFFLOADS);
                if available && wanted == 0 { Ok(Done::Other) } else { Err(Refusal::Error) }
            }
            _ => Err(Refusal::Error),
        }
    }

    fn receive_mode(
        &mut self,
        cx: &mut Cx<'_>,
        command: u8,
        payload: &mut Cursor<'_>,
    ) -> Result<Done, Refusal> {
        let extra = command >= 2;
        self.allowed(if extra { features::CTRL_RX_EXTRA } else { features::CTRL_RX })?;
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

    /// Replaces both tables, or neither.
    fn table_set(&mut self, cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<Done, Refusal> {
        self.allowed(features::CTRL_RX)?;
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

/// The rest of a payload, which has to have `N` bytes at least; QEMU does not mind more.
fn exactly<const N: usize>(cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<[u8; N], Refusal> {
    payload.array(cx.dma)?.ok_or(Refusal::Error)
}

/// A list of addresses behind its length. The length is checked in 64 bits before anything else (CVE-2014-0150).
fn table(cx: &mut Cx<'_>, payload: &mut Cursor<'_>, room: usize) -> Result<Table, Refusal> {
    let entries = u32::from_le_bytes(exactly(cx, payload)?);
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
