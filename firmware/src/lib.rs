//! Guest programs in e2k assembly, assembled at build time.
//!
//! Each is an ELF image for an e8c machine with 128 MiB of RAM; the sources stand beside this crate, one folder an image.
#![forbid(unsafe_code)]

/// `netprobe`: drives the first e1000, rtl8139 or virtio network interface on bus 0 by its registers and rings and holds a
/// conversation (DHCP, ARP, ping, TFTP); ends through the exit device with 0 if all went well.
pub const NETPROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/netprobe.elf"));

#[cfg(test)]
mod tests {
    use super::NETPROBE;

    #[test]
    fn images_are_elf_files_of_an_e2k() {
        assert_eq!(NETPROBE.get(..4), Some(&b"\x7fELF"[..]));
        assert_eq!(NETPROBE.get(18..20), Some(&175_u16.to_le_bytes()[..]));
    }
}
