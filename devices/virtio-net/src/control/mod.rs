//! The control queue (virtio 1.3 §5.1.6.5): one command to a chain, however it is cut into descriptors.

mod filter;
mod moderation;
mod statistics;
mod steering;

use elnic_contract::{Cx, LogEntry};
use elnic_virtio::{Chain, Cursor, QueueError};

use crate::VirtioNet;
use crate::features::{CTRL_GUEST_OFFLOADS, CTRL_VQ, GUEST_ANNOUNCE, GUEST_OFFLOADS, MQ, RSS};
use crate::statistics::add;
use crate::strict::Broken;
use crate::transmit::BUDGET_DESCRIPTORS;

const OK: u8 = 0;
const ERR: u8 = 1;

const CLASS_RX: u8 = 0;
const CLASS_MAC: u8 = 1;
const CLASS_VLAN: u8 = 2;
const CLASS_ANNOUNCE: u8 = 3;
const CLASS_MQ: u8 = 4;
const CLASS_OFFLOADS: u8 = 5;
const CLASS_NOTF_COAL: u8 = 6;
const CLASS_STATS: u8 = 8;

/// Commands that one entry carries out before it gives way.
const BUDGET_COMMANDS: u32 = 64;

/// A command that was carried out.
pub(crate) enum Done {
    /// The filter has changed.
    Filter,
    /// Something else has.
    Other,
    /// Nothing has; this is the answer.
    Answer(Vec<u8>),
}

/// Why one was not.
pub(crate) enum Refusal {
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

/// What came of a command: an error is as good as an answer, but for the bytes that cannot be read.
pub(crate) type Outcome = Result<Done, Refusal>;

impl VirtioNet {
    /// The number of the control queue: behind the pairs that were negotiated (§5.1.2).
    pub(crate) fn control_queue(&self) -> Option<u16> {
        let last = self.transport.queues().checked_sub(1)?;
        (self.settings.features & CTRL_VQ != 0).then_some(last)
    }

    /// Works on the control queue as far as it can.
    pub(crate) fn control(&mut self, cx: &mut Cx<'_>) {
        let Some(queue) = self.control_queue().filter(|queue| self.transport.ready(*queue)) else {
            return;
        };
        let (mut commands, mut descriptors) = (0_u32, 0_usize);
        loop {
            if commands >= BUDGET_COMMANDS || descriptors >= BUDGET_DESCRIPTORS {
                self.resume_later(cx);
                break;
            }
            let Some(taken) = self.control_step(cx, queue) else { break };
            commands = commands.saturating_add(1);
            descriptors = descriptors.saturating_add(taken);
        }
        if commands > 0 {
            self.completed(cx, queue, commands);
            self.show();
        }
    }

    /// Carries out one command; says how many descriptors it had.
    fn control_step(&mut self, cx: &mut Cx<'_>, queue: u16) -> Option<usize> {
        let Some(chain) = self.transport.take(cx, queue) else {
            self.transport.await_more(cx, queue);
            return None;
        };
        if chain.writable_bytes() < 1 || chain.readable_bytes() < 2 {
            self.broke(cx, Broken::CommandLayout, "descriptor", chain.id.into());
            let error = QueueError::rule("control command without room for its parts", chain.id);
            self.transport.fail(cx, error);
            return None;
        }
        let outcome = self.command(cx, &chain);
        let (answer, result) = match outcome {
            Ok(Done::Filter) => {
                cx.outbox.rx_filter_changed();
                (OK, Vec::new())
            }
            Ok(Done::Other) => (OK, Vec::new()),
            Ok(Done::Answer(bytes)) if chain.writable_bytes() > bytes.len() as u64 => (OK, bytes),
            Ok(Done::Answer(_)) | Err(Refusal::Error) => {
                let what = "control command refused";
                cx.log.record(LogEntry::Guest { what, value: chain.id.into() });
                (ERR, Vec::new())
            }
            Err(Refusal::Queue(error)) => {
                self.transport.put_back(queue, std::slice::from_ref(&chain));
                self.transport.fail(cx, error);
                return None;
            }
        };
        if self.settings.features & crate::features::DEVICE_STATS != 0 {
            add(&mut self.statistics.commands, 1);
            add(&mut self.statistics.commands_ok, usize::from(answer == OK));
        }
        let bytes = [&[answer][..], &result].concat();
        let written = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if let Err(error) = Cursor::new(chain.writable()).write(cx.dma, &bytes) {
            self.transport.fail(cx, error.into());
            return None;
        }
        let given = self.transport.give_back(cx, queue, &[chain.used(written)]);
        given.then(|| chain.descriptors())
    }

    /// Whether a command that needs one of `features` is taken; some are taken without, as in QEMU.
    fn allowed(&mut self, cx: &mut Cx<'_>, features: u64, leniently: bool) -> Result<(), Refusal> {
        if self.transport.negotiated() & features != 0 {
            return Ok(());
        }
        self.broke(cx, Broken::CommandWithoutFeature, "virtio_net_ctrl_hdr", features);
        if leniently && !self.settings.strict_control { Ok(()) } else { Err(Refusal::Error) }
    }

    fn command(&mut self, cx: &mut Cx<'_>, chain: &Chain) -> Outcome {
        let mut payload = Cursor::new(chain.readable());
        let [class, command] = payload.array(cx.dma)?.ok_or(Refusal::Error)?;
        let payload = &mut payload;
        match (class, command) {
            (CLASS_RX, _) => self.receive_mode(cx, command, payload),
            (CLASS_MAC, 0) => self.table_set(cx, payload),
            (CLASS_MAC, 1) => self.address_set(cx, payload),
            (CLASS_VLAN, 0 | 1) => self.vlan(cx, command == 0, payload),
            (CLASS_ANNOUNCE, 0) => {
                self.allowed(cx, GUEST_ANNOUNCE, true)?;
                if std::mem::take(&mut self.announcing) {
                    Ok(Done::Other)
                } else {
                    Err(Refusal::Error)
                }
            }
            (CLASS_MQ, 0) => {
                self.allowed(cx, MQ | RSS, false)?;
                self.pairs_set(u16::from_le_bytes(exactly(cx, payload)?))
            }
            (CLASS_MQ, 1) => self.redirection_set(cx, payload),
            (CLASS_MQ, 2) => self.hash_set(cx, payload),
            (CLASS_OFFLOADS, 0) => {
                self.allowed(cx, CTRL_GUEST_OFFLOADS, false)?;
                let wanted = u64::from_le_bytes(exactly(cx, payload)?);
                if wanted & !(GUEST_OFFLOADS & self.transport.negotiated()) != 0 {
                    return Err(Refusal::Error);
                }
                self.guest_offloads = wanted;
                Ok(Done::Other)
            }
            (CLASS_NOTF_COAL, _) => self.moderation_command(cx, command, payload),
            (CLASS_STATS, _) => self.statistics_command(cx, command, payload),
            _ => Err(Refusal::Error),
        }
    }
}

/// The next `N` bytes of a payload; QEMU does not mind more behind them.
fn exactly<const N: usize>(cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<[u8; N], Refusal> {
    payload.array(cx.dma)?.ok_or(Refusal::Error)
}

/// The next two bytes of a payload as a number.
fn number16(cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<u16, Refusal> {
    exactly(cx, payload).map(u16::from_le_bytes)
}

/// The next four bytes of a payload as a number.
fn number32(cx: &mut Cx<'_>, payload: &mut Cursor<'_>) -> Result<u32, Refusal> {
    exactly(cx, payload).map(u32::from_le_bytes)
}
