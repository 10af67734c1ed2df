//! Control and data accesses: the pointer, the write and read registers, characters in and out.

use elnic_contract::{Cx, LogEntry};

use crate::channel::Channel;
use crate::registers::*;
use crate::{Escc, Side};

/// Which of a channel's two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Control,
    Data,
}

impl Escc {
    pub(crate) fn channel(&self, side: Side) -> &Channel {
        let [b, a] = &self.channels;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    pub(crate) fn channel_mut(&mut self, side: Side) -> &mut Channel {
        let [b, a] = &mut self.channels;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    /// What a read register shows.
    pub(crate) fn show(&self, side: Side, register: u8) -> u8 {
        let channel = self.channel(side);
        let extended = channel.wr7_prime & WR7P_EXTENDED_READ != 0;
        match register {
            4 if extended => channel.get(4),
            5 if extended => channel.get(5),
            9 if extended => channel.get(3),
            11 if extended => channel.get(10),
            14 if extended => channel.wr7_prime,
            // Without the extended registers, images of others (UM0109 table 5-2).
            0 | 4 => channel.rr0(),
            1 | 5 => channel.rr1(),
            2 | 6 => match side {
                Side::A => self.vector,
                Side::B => self.modified_vector(),
            },
            3 | 7 => match side {
                Side::A => self.pending(),
                Side::B => 0,
            },
            8 => channel.top(),
            12 => channel.get(12),
            9 | 13 => channel.get(13),
            11 | 15 => channel.get(15) & !0b0000_0101,
            // RR10 is about synchronous modes; RR14 is its image.
            _ => 0,
        }
    }

    pub(crate) fn read_control(&mut self, side: Side) -> u8 {
        let register = std::mem::take(&mut self.channel_mut(side).pointer);
        let shown = self.show(side, register);
        match register {
            2 | 6 => self.acknowledge(),
            8 => {
                self.channel_mut(side).pop();
            }
            _ => {}
        }
        shown
    }

    pub(crate) fn write_control(&mut self, cx: &mut Cx<'_>, side: Side, value: u8) {
        match std::mem::take(&mut self.channel_mut(side).pointer) {
            0 => self.command(cx, side, value),
            2 => self.vector = value,
            7 if self.channel(side).wr7_is_prime() => self.channel_mut(side).wr7_prime = value,
            8 => self.transmit(cx, side, value),
            9 => self.master_control(value),
            register => {
                self.channel_mut(side).set(register.into(), value);
                self.report(cx, side, register, value);
            }
        }
    }

    fn command(&mut self, cx: &mut Cx<'_>, side: Side, value: u8) {
        let channel = self.channel_mut(side);
        channel.pointer = value & WR0_POINTER;
        match Command::of(value) {
            Command::PointHigh => channel.pointer |= 8,
            Command::InterruptOnNextCharacter => channel.first_armed = true,
            Command::ResetTransmitPending => channel.transmit_pending = false,
            Command::ErrorReset => channel.reset_errors(),
            Command::ResetHighestUnderService => self.end_of_service(),
            Command::SendAbort => {
                let bits = WR0_COMMAND.into();
                cx.log.record(LogEntry::NotModelled { register: "WR0", field: "SEND_ABORT", bits });
            }
            // No external/status condition is ever latched.
            Command::Null | Command::ResetExternal => {}
        }
    }

    /// WR9, common to both channels; its upper bits reset.
    fn master_control(&mut self, value: u8) {
        self.master = value & 0b0011_1111;
        match value >> 6 {
            0b01 => self.channel_mut(Side::B).reset(),
            0b10 => self.channel_mut(Side::A).reset(),
            0b11 => *self = Self { master: value & 0b11, ..Self::new() },
            _ => {}
        }
    }

    /// Says what of a write has no effect.
    fn report(&self, cx: &mut Cx<'_>, side: Side, register: u8, value: u8) {
        let mut not_modelled = |register, field, bits: u8| {
            cx.log.record(LogEntry::NotModelled { register, field, bits: bits.into() });
        };
        let channel = self.channel(side);
        match register {
            1 if value & WR1_WAIT_REQUEST & 0x80 != 0 => {
                not_modelled("WR1", "WAIT_REQUEST", value & WR1_WAIT_REQUEST);
            }
            1 if value & WR1_EXTERNAL_ENABLE != 0 => {
                not_modelled("WR1", "EXT_INT_ENABLE", WR1_EXTERNAL_ENABLE);
            }
            3..=5
                if channel.synchronous() && (channel.receiver_on() || channel.transmitter_on()) =>
            {
                not_modelled("WR4", "SYNC_MODES", WR4_STOP_BITS);
            }
            _ => {}
        }
    }

    /// A character was written to the transmit buffer: it leaves at once.
    pub(crate) fn transmit(&mut self, cx: &mut Cx<'_>, side: Side, byte: u8) {
        let channel = self.channel_mut(side);
        if !channel.transmitter_on() {
            let what = "character written while the transmitter is off";
            cx.log.record(LogEntry::Guest { what, value: byte.into() });
            return;
        }
        channel.transmitted();
        if !channel.echoes() {
            cx.outbox.character(side.line(), byte);
        }
        if channel.loops_back() && channel.receiver_on() {
            self.store(cx, side, byte);
        }
    }

    /// A character came in from the line.
    pub(crate) fn receive(&mut self, cx: &mut Cx<'_>, side: Side, byte: u8) {
        let channel = self.channel(side);
        if channel.echoes() {
            cx.outbox.character(side.line(), byte);
        }
        if channel.receiver_on() && !channel.loops_back() {
            self.store(cx, side, byte);
        }
    }

    fn store(&mut self, cx: &mut Cx<'_>, side: Side, byte: u8) {
        if !self.channel_mut(side).push(byte) {
            cx.log.record(LogEntry::Guest { what: "receive overrun", value: byte.into() });
        }
    }
}
