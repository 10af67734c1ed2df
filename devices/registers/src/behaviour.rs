//! Runs an access through a bank and the model's hooks.

use elnic_contract::{Access, Cx, Fault, LogEntry};

use crate::{Bank, Lanes, RegisterFile, Written};

/// What a model adds to its table: where the values are and what an access does beyond them.
pub trait Behaviour<R: RegisterFile> {
    /// The registers.
    fn bank(&self) -> &Bank<R>;

    /// The registers.
    fn bank_mut(&mut self) -> &mut Bank<R>;

    /// A guest is about to read `register`. Only called for rows marked [`elnic_contract::Register::read_hook`].
    fn before_read(&mut self, cx: &mut Cx<'_>, register: R, element: u16);

    /// A guest has read `register`; what a read clears is cleared. Only called for rows marked
    /// [`elnic_contract::Register::read_hook`].
    fn after_read(&mut self, cx: &mut Cx<'_>, register: R, element: u16) {
        let _ = (cx, register, element);
    }

    /// A guest has written a register.
    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<R>);
}

/// A guest's read.
///
/// # Errors
/// No register decodes any byte of the access.
pub fn read<R, D>(device: &mut D, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault>
where
    R: RegisterFile,
    D: Behaviour<R> + ?Sized,
{
    let mut value = None;
    for lane in Lanes::<R>::new(access) {
        let hooked = lane.register.spec().read_hook;
        if hooked {
            device.before_read(cx, lane.register, lane.element);
        }
        let shown = device.bank_mut().guest_read(lane);
        if hooked {
            device.after_read(cx, lane.register, lane.element);
        }
        value = Some(value.unwrap_or(0) | shown);
    }
    value.ok_or_else(|| refuse(cx, access))
}

/// A guest's write.
///
/// # Errors
/// No register decodes any byte of the access.
pub fn write<R, D>(device: &mut D, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault>
where
    R: RegisterFile,
    D: Behaviour<R> + ?Sized,
{
    let mut decoded = false;
    for lane in Lanes::<R>::new(access) {
        let written = device.bank_mut().guest_write(lane, value, cx.log);
        device.after_write(cx, written);
        decoded = true;
    }
    if decoded { Ok(()) } else { Err(refuse(cx, access)) }
}

/// What a guest's read would show, without hooks and side effects.
pub fn peek<R: RegisterFile>(bank: &Bank<R>, access: Access) -> Option<u64> {
    Lanes::<R>::new(access).fold(None, |value, lane| Some(value.unwrap_or(0) | bank.peek(lane)))
}

fn refuse(cx: &mut Cx<'_>, access: Access) -> Fault {
    cx.log.record(LogEntry::Refused { access, fault: Fault::NoRegister });
    Fault::NoRegister
}
