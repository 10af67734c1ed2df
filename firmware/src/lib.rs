//! Guest programs in e2k assembly, assembled at build time.
//!
//! Each is for an e8c machine with 128 MiB of RAM: an ELF image, or a raw one for firmware RAM. The sources stand beside this crate,
//! one folder an image.
#![forbid(unsafe_code)]

/// `netprobe`: drives the first e1000, rtl8139 or virtio network interface on bus 0 by its registers and rings and holds a
/// conversation (DHCP, ARP, ping, TFTP); ends through the exit device with 0 if all went well.
pub const NETPROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/netprobe.elf"));

/// `minikernel`: page tables, trap handlers, a timer, two preempted tasks in user mode, system calls, and answers to ARP and UDP
/// from within the interrupts of the first network interface, which stands in slot 3. A datagram to port 9 ends it through the
/// exit device, with 0 if all went well.
pub const MINIKERNEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/minikernel.elf"));

/// `netboot`: a boot ROM as a raw image for firmware RAM. Takes a lease over the first e1000, rtl8139 or virtio network interface,
/// fetches the boot file the lease names by TFTP, and starts it: an e2k ELF image of 64 bits.
pub const NETBOOT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/netboot.bin"));

/// Raw images for firmware RAM, by the name that `-bios` knows them by.
pub const FIRMWARE: &[(&str, &[u8])] = &[("netboot", NETBOOT)];

#[cfg(test)]
mod tests {
    use super::{MINIKERNEL, NETBOOT, NETPROBE};

    #[test]
    fn a_boot_rom_is_code_from_its_first_byte() {
        // A bundle header: no ELF image, and not the zeros of a program that begins elsewhere.
        assert_eq!(NETBOOT.len() % 8, 0);
        assert!(NETBOOT.len() > 0x1000 && NETBOOT.get(..4) != Some(&b"\x7fELF"[..]));
        assert!(NETBOOT.iter().take(8).any(|byte| *byte != 0));
    }

    #[test]
    fn images_are_elf_files_of_an_e2k() {
        for image in [NETPROBE, MINIKERNEL] {
            assert_eq!(image.get(..4), Some(&b"\x7fELF"[..]));
            assert_eq!(image.get(18..20), Some(&175_u16.to_le_bytes()[..]));
        }
    }
}
