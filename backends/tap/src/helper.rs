//! The bridge helper: a program that may make interfaces, and hands one over through a socket.
//!
//! It is run as `HELPER --use-vnet --fd=N --br=BRIDGE`, or by the shell if it has arguments of its own, and sends one byte
//! with the interface's descriptor beside it. N is its standard input here: a descriptor every child has.

use std::io::{IoSliceMut, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

use crate::TapError;

/// Has the helper make an interface on `bridge`.
pub(crate) fn ask(helper: &str, bridge: &str) -> Result<OwnedFd, TapError> {
    let (ours, theirs) =
        UnixStream::pair().map_err(TapError::os("can't make a socket for the bridge helper"))?;
    let mut command = command(helper, bridge);
    command.stdin(OwnedFd::from(theirs)).stderr(Stdio::piped());
    let child = command.spawn();
    // With the command goes our copy of its socket: its end is heard then.
    drop(command);
    let child = child.map_err(|error| TapError::NoHelper(helper.to_owned(), error))?;
    let received = receive(&ours);
    conclude(helper, child, received)
}

fn command(helper: &str, bridge: &str) -> Command {
    if !helper.contains([' ', '\t']) {
        let mut command = Command::new(helper);
        command.args(["--use-vnet", "--fd=0", &format!("--br={bridge}")]);
        return command;
    }
    let named = if helper.contains("--br=") { String::new() } else { format!(" --br={bridge}") };
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{helper} --use-vnet --fd=0{named}"));
    command
}

/// Waits for the helper's end and says what became of it.
fn conclude(
    helper: &str,
    mut child: Child,
    received: Option<OwnedFd>,
) -> Result<OwnedFd, TapError> {
    let mut said = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        // What cannot be read is not said.
        let _ = pipe.read_to_string(&mut said);
    }
    let status = child.wait().map_err(TapError::os("can't wait for the bridge helper"))?;
    if !status.success() {
        let said = said.trim().replace('\n', "; ");
        let said = if said.is_empty() { "it said nothing".to_owned() } else { said };
        return Err(TapError::Helper { said, status });
    }
    received.ok_or_else(|| TapError::NoDescriptor(helper.to_owned()))
}

/// The descriptor that comes with the first byte, if one does.
fn receive(socket: &UnixStream) -> Option<OwnedFd> {
    let mut byte = [0];
    let mut space = nix::cmsg_space!([i32; 1]);
    loop {
        let mut buffers = [IoSliceMut::new(&mut byte)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let message = match recvmsg::<()>(socket.as_raw_fd(), &mut buffers, Some(&mut space), flags)
        {
            Err(Errno::EINTR) => continue,
            other => other.ok()?,
        };
        let passed = message.cmsgs().ok()?.find_map(|message| match message {
            ControlMessageOwned::ScmRights(passed) => passed.first().copied(),
            _ => None,
        })?;
        #[expect(unsafe_code, reason = "the kernel hands a passed descriptor over as a number")]
        // SAFETY: the descriptor was made for this process by the call above, and nobody else knows its number. The space
        // holds one, so there is no second.
        return Some(unsafe { OwnedFd::from_raw_fd(passed) });
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{IoSlice, Write};

    use nix::sys::socket::{ControlMessage, sendmsg};

    use super::*;

    #[test]
    fn a_descriptor_comes_with_a_byte() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (passed, mut other) = UnixStream::pair().unwrap();
        let passed = [passed.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&passed)];
        sendmsg::<()>(theirs.as_raw_fd(), &[IoSlice::new(&[0])], &rights, MsgFlags::empty(), None)
            .unwrap();
        let received = receive(&ours).unwrap();
        other.write_all(b"hello").unwrap();
        let mut text = [0; 5];
        File::from(received).read_exact(&mut text).unwrap();
        assert_eq!(&text, b"hello");
        (&theirs).write_all(&[0]).unwrap();
        assert!(receive(&ours).is_none(), "a byte alone is none");
        drop(theirs);
        assert!(receive(&ours).is_none(), "nor is the end");
    }

    #[test]
    fn the_helper_is_run_as_qemu_runs_it() {
        let words = |command: Command| {
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            words.map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(words(command("/h", "b")), ["/h", "--use-vnet", "--fd=0", "--br=b"]);
        assert_eq!(
            words(command("/h -x", "b")),
            ["/bin/sh", "-c", "/h -x --use-vnet --fd=0 --br=b"]
        );
        assert_eq!(
            words(command("/h --br=c", "b")),
            ["/bin/sh", "-c", "/h --br=c --use-vnet --fd=0"]
        );
    }

    #[test]
    fn a_helper_that_fails_is_quoted() {
        let refusal = |helper: &str| ask(helper, "br0").unwrap_err().to_string();
        assert_eq!(
            refusal("echo 'access denied by acl file' >&2; exit 1;:"),
            "bridge helper failed: access denied by acl file (exit status: 1)"
        );
        assert_eq!(refusal("exit 3 #"), "bridge helper failed: it said nothing (exit status: 3)");
        assert_eq!(
            refusal("true "),
            "failed to recv file descriptor: bridge helper 'true ' ended without sending one"
        );
        assert!(
            refusal("/nonexistent")
                .starts_with("could not launch bridge helper '/nonexistent': No such file")
        );
    }
}
