//! The interface itself: `/dev/net/tun` and its ioctls (Linux, `Documentation/networking/tuntap.rst`).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use elnic_netclient::OffloadSupport;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;

use crate::TapError;
use crate::vnet::HEADER;

/// Functions that hand the kernel a pointer and check errno.
mod ioctl {
    use nix::libc;

    nix::ioctl_write_ptr_bad!(set_interface, libc::TUNSETIFF, libc::ifreq);
    nix::ioctl_read_bad!(get_interface, libc::TUNGETIFF, libc::ifreq);
    nix::ioctl_read_bad!(get_features, libc::TUNGETFEATURES, libc::c_uint);
    nix::ioctl_write_int_bad!(set_offload, libc::TUNSETOFFLOAD);
    nix::ioctl_write_ptr_bad!(set_send_buffer, libc::TUNSETSNDBUF, libc::c_int);
    nix::ioctl_write_ptr_bad!(set_header_length, libc::TUNSETVNETHDRSZ, libc::c_int);
}

/// Calls an ioctl; the pointers in it point to locals of the caller.
macro_rules! call {
    ($function:ident, $queue:expr, $argument:expr) => {{
        #[expect(unsafe_code, reason = "an ioctl")]
        // SAFETY: the descriptor is open for as long as it is borrowed here, and the argument is of the type this ioctl
        // reads or writes (if_tun.h), in memory of the caller's that outlives the call.
        let result = unsafe { ioctl::$function($queue.as_fd().as_raw_fd(), $argument) };
        result.map_err(io::Error::from)
    }};
}

/// One queue of an interface.
pub(crate) struct Queue {
    file: OwnedFd,
    vnet_header: bool,
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Queue {
    pub(crate) const fn new(file: OwnedFd, vnet_header: bool) -> Self {
        Self { file, vnet_header }
    }

    /// Bytes before each frame.
    pub(crate) const fn header_length(&self) -> usize {
        if self.vnet_header { HEADER } else { 0 }
    }

    pub(crate) fn try_clone(&self) -> io::Result<OwnedFd> {
        self.file.try_clone()
    }

    /// The same queue once more, to change the interface by while another thread moves its frames.
    pub(crate) fn handle(&self) -> io::Result<Self> {
        Ok(Self::new(self.try_clone()?, self.vnet_header))
    }

    /// Sets how many bytes the kernel takes before a writer has to wait; only what the user asked for may fail.
    pub(crate) fn set_send_buffer(&self, bytes: Option<u64>) -> Result<(), TapError> {
        let limit = bytes.filter(|bytes| *bytes > 0).unwrap_or(u64::MAX);
        let limit = libc::c_int::try_from(limit).unwrap_or(libc::c_int::MAX);
        match (call!(set_send_buffer, self, &raw const limit), bytes) {
            (Err(error), Some(bytes)) => Err(TapError::SendBuffer(bytes, error)),
            _ => Ok(()),
        }
    }

    /// Has the kernel leave us this work and no other. An old kernel does not know of UDP; then it finishes that itself.
    pub(crate) fn leave_us(&self, support: OffloadSupport) {
        if !self.vnet_header {
            return;
        }
        let wanted = flags(support);
        let udp = libc::TUN_F_UFO | libc::TUN_F_USO4 | libc::TUN_F_USO6;
        for flags in [wanted, wanted & !udp, 0] {
            if self.set_offload(flags).is_ok() {
                break;
            }
        }
    }

    fn set_offload(&self, flags: libc::c_uint) -> io::Result<libc::c_int> {
        call!(set_offload, self, flags.cast_signed())
    }

    /// What the kernel takes unfinished: whatever it knows to leave (Linux 6.2 learned to cut UDP).
    pub(crate) fn probe(&self) -> OffloadSupport {
        if !self.vnet_header {
            return OffloadSupport::NONE;
        }
        let knows = |udp| self.set_offload(libc::TUN_F_CSUM | udp).is_ok();
        let udp_fragment = knows(libc::TUN_F_UFO);
        let udp_segment = knows(libc::TUN_F_USO4 | libc::TUN_F_USO6);
        OffloadSupport { udp_fragment, udp_segment, ..OffloadSupport::ALL }
    }
}

/// The flags of `TUNSETOFFLOAD`: none without checksums, congestion only with TCP, UDP to be cut of both families.
fn flags(support: OffloadSupport) -> libc::c_uint {
    let OffloadSupport { checksum, tcp_v4, tcp_v6, ecn, udp_fragment, udp_segment } = support;
    let each = [
        (true, libc::TUN_F_CSUM),
        (tcp_v4, libc::TUN_F_TSO4),
        (tcp_v6, libc::TUN_F_TSO6),
        (ecn && (tcp_v4 || tcp_v6), libc::TUN_F_TSO_ECN),
        (udp_fragment, libc::TUN_F_UFO),
        (udp_segment, libc::TUN_F_USO4 | libc::TUN_F_USO6),
    ];
    let taken = each.into_iter().filter(|(takes, _)| checksum && *takes);
    taken.fold(0, |flags, (_, flag)| flags | flag)
}

fn device() -> Result<OwnedFd, TapError> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let opened =
        OpenOptions::new().read(true).write(true).custom_flags(flags.bits()).open("/dev/net/tun");
    opened.map(File::into).map_err(TapError::Device)
}

fn request(name: &str, flags: libc::c_int) -> libc::ifreq {
    let mut ifr_name = [0; libc::IFNAMSIZ];
    // The last byte stays zero; names were checked for their length.
    let letters = name.bytes().take(libc::IFNAMSIZ - 1);
    ifr_name.iter_mut().zip(letters).for_each(|(to, from)| *to = from.cast_signed());
    // The kernel reads the low half: all flags of TUNSETIFF fit 16 bits.
    let ifr_ifru = libc::__c_anonymous_ifr_ifru { ifru_flags: flags as libc::c_short };
    libc::ifreq { ifr_name, ifr_ifru }
}

fn name_of(request: &libc::ifreq) -> String {
    let letters = request.ifr_name.iter().map(|letter| letter.cast_unsigned());
    let letters: Vec<u8> = letters.take_while(|letter| *letter != 0).collect();
    String::from_utf8_lossy(&letters).into_owned()
}

/// Makes an interface, or takes over a persistent one of that name. Returns its name and its queues.
pub(crate) fn create(
    name: Option<&str>,
    vnet_header: Option<bool>,
    queues: u32,
) -> Result<(String, Vec<Queue>), TapError> {
    let first = device()?;
    let mut features = 0;
    let has = match call!(get_features, first, &raw mut features) {
        Ok(_) => features.cast_signed(),
        Err(_) => 0,
    };
    let mut flags = libc::IFF_TAP | libc::IFF_NO_PI;
    let vnet_header = match (vnet_header, has & libc::IFF_VNET_HDR != 0) {
        (Some(true), false) => return Err(TapError::NoVnetHeader),
        (wanted, possible) => possible && wanted != Some(false),
    };
    if vnet_header {
        flags |= libc::IFF_VNET_HDR;
    }
    if queues > 1 {
        if has & libc::IFF_MULTI_QUEUE == 0 {
            return Err(TapError::NoMultiQueue);
        }
        flags |= libc::IFF_MULTI_QUEUE;
    }
    let mut name = name.unwrap_or("tap%d").to_owned();
    let mut opened = Vec::new();
    let mut next = Some(first);
    for _ in 0..queues {
        let file = match next.take() {
            Some(first) => first,
            None => device()?,
        };
        let wanted = request(&name, flags);
        call!(set_interface, file, &raw const wanted).map_err(|error| {
            let options = format!("queues={queues}, vnet_hdr={}", i32::from(vnet_header));
            TapError::Configure { name: name.clone(), options, error }
        })?;
        if opened.is_empty() {
            let made = query(&file).map_err(|error| TapError::NotTap(name.clone(), error))?;
            name = name_of(&made);
        }
        opened.push(prepared(file, vnet_header)?);
    }
    Ok((name, opened))
}

/// Takes over open queues, called by their numbers in refusals.
pub(crate) fn adopt(files: Vec<OwnedFd>, numbers: &[String]) -> Result<Vec<Queue>, TapError> {
    let mut queues: Vec<Queue> = Vec::with_capacity(files.len());
    for (file, number) in files.into_iter().zip(numbers) {
        let found = query(&file).map_err(|error| TapError::NotTap(number.clone(), error))?;
        #[expect(unsafe_code, reason = "the request is a union of what ioctls return")]
        // SAFETY: TUNGETIFF has written the flags, which are plain numbers.
        let flags = libc::c_int::from(unsafe { found.ifr_ifru.ifru_flags });
        if flags & libc::IFF_TAP == 0 {
            return Err(TapError::Tun(number.clone()));
        }
        let set = fcntl(&file, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK));
        set.map_err(|errno| TapError::os("can't make the interface non-blocking")(errno.into()))?;
        let vnet_header = flags & libc::IFF_VNET_HDR != 0;
        if queues.first().is_some_and(|first| first.vnet_header != vnet_header) {
            return Err(TapError::VnetHeaderDiffers);
        }
        queues.push(prepared(file, vnet_header)?);
    }
    Ok(queues)
}

fn query(file: &OwnedFd) -> io::Result<libc::ifreq> {
    let mut found = request("", 0);
    call!(get_interface, file, &raw mut found)?;
    Ok(found)
}

/// A persistent interface may remember a longer header of its last user's.
fn prepared(file: OwnedFd, vnet_header: bool) -> Result<Queue, TapError> {
    if vnet_header {
        let length = libc::c_int::try_from(HEADER).unwrap_or(0);
        call!(set_header_length, file, &raw const length)
            .map_err(TapError::os("can't set the length of the vnet header"))?;
    }
    Ok(Queue::new(file, vnet_header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_for_what_goes_together_only() {
        let none = OffloadSupport::NONE;
        let checksum = OffloadSupport { checksum: true, ..none };
        for (support, expected) in [
            (none, 0),
            (OffloadSupport { checksum: false, ..OffloadSupport::ALL }, 0),
            (checksum, libc::TUN_F_CSUM),
            (OffloadSupport { ecn: true, ..checksum }, libc::TUN_F_CSUM),
            (OffloadSupport { tcp_v6: true, ..checksum }, libc::TUN_F_CSUM | libc::TUN_F_TSO6),
            (OffloadSupport::ALL, 0x7f),
        ] {
            assert_eq!(flags(support), expected, "{support:?}");
        }
    }
}
