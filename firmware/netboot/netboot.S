/* netboot: a boot ROM. Finds the first 82540EM, RTL8139 or virtio network interface, takes a lease by DHCP, fetches the boot
   file by TFTP and starts it: an ELF image at its physical addresses, as the board starts what -kernel names.

   It lies in firmware RAM and copies itself to RUNS_AT, because an RTL8139 reaches 32 bits. The file is collected in the
   upper half of RAM. What moves its segments into place runs in firmware RAM again, on registers alone, so an image may lie
   where netboot ran. It leaves through the exit device if there is nothing to start: 1 no NIC, 2 no link, 3 no lease, 4 the
   server refuses or does not answer, 5 the file is no image that can be started, 6 too little RAM. */
#include "platform.inc"

#define RUNS_AT      0x700000           /* what this image is linked for */
#define PATIENCE     7000000000         /* cycles to wait for an answer: a few seconds */
#define APIC_BOOTS   (LOCAL_APIC + 0x10) /* bit 8: this processor boots */
#define EPIC_BOOTS   LOCAL_APIC         /* the same, of a processor with EPIC: from this model on */
#define FIRST_EPIC   10
#define APIC_CAUSES  (LOCAL_APIC + 0xfe0) /* what is not maskable: bit 12 STARTUP at page 7:0 */
#define EPIC_CAUSES  (LOCAL_APIC + 0x1e0)
#define STARTUP      0x1000
#define LEAST_RAM    0x1000000          /* 16 MiB: below it there is no room beside ourselves */
#define MOST_RAM     0x80000000
#define E2K_IMAGE    0x00010102464c457f /* ELF, 64 bits, little-endian, version 1 */
#define EM_E2K       175

	.bss
	.align 8
zeroed:
	.section .text.start
	.global _start
	.type _start, #function
	.align 8
	/* Anywhere: only differences of addresses and branches are used until everything is where it was linked. */
_start:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
	/* every processor starts here; all but the one that boots wait until what is booted starts them */
	{ rrd,0 %idr, %dr1
	  nop 4 }
	{ andd,0 %dr1, 0xff, %dr1
	  addd,1 0, APIC_BOOTS, %dr2 }
	li %dr4, APIC_CAUSES
	br cmpbdb, %dr1, FIRST_EPIC, 3f
	li %dr2, EPIC_BOOTS
	li %dr4, EPIC_CAUSES
3:	{ ldw,2 [ %dr2 + 0 ], %dr3, mas=PCI_SPACE
	  nop 4 }
	{ andd,0 %dr3, 0x100, %dr3 }
	brn cmpedb, %dr3, 0, 5f
4:	{ wait trap=1 }
	{ ldw,2 [ %dr4 + 0 ], %dr3, mas=PCI_SPACE
	  nop 4 }
	{ stw,2 %r3, [ %dr4 + 0 ], mas=PCI_SPACE
	  andd,0 %dr3, STARTUP, %dr2
	  andd,1 %dr3, 0xff, %dr3 }
	br cmpedb, %dr2, 0, 4b
	{ shld,0 %dr3, 12, %dr3 }
	{ movtd,0 %dr3, %ctpr1
	  nop 5 }
	{ ct %ctpr1 }
5:	{ rrd,0 %ip, %dr0
	  nop 4 }
	{ andnd,0 %dr0, 0xfff, %dr0
	  addd,1 0, RUNS_AT, %dr1
	  addd,2 0, (loaded_end - _start), %dr2 }
	{ addd,0 %dr0, 0, %dr12
	  addd,1 0, 0, %dr3 }
1:	{ addd,0 %dr12, %dr3, %dr4
	  addd,1 %dr1, %dr3, %dr5 }
	{ ldd,0 [ %dr4 + 0 ], %dr6
	  nop 4 }
	{ std,2 %dr6, [ %dr5 + 0 ]
	  addd,0 %dr3, 8, %dr3 }
	br cmpbdb, %dr3, %dr2, 1b
	/* variables without a value begin with zero */
	{ addd,0 0, zeroed, %dr4
	  addd,1 0, zeroed_end, %dr5 }
	{ addd,0 0, 0, %dr6 }
2:	{ std,2 %dr6, [ %dr4 + 0 ]
	  addd,0 %dr4, 8, %dr4 }
	br cmpbdb, %dr4, %dr5, 2b
	li %dr4, here
	{ movtd,0 %dr4, %ctpr1
	  nop 5 }
	{ ct %ctpr1 }

	.text
	.align 8
	/* %dr12: where the image lies in firmware RAM */
here:
	fcall console_init
	print "netboot\n"
	fcall memory_end
	{ addd,0 %dr16, 0, %dr11
	  addd,1 0, 6, %dr13 }
	br cmpedb, %dr11, 0, no_memory

	li %dr13, 1
	fcall nic_find
	move %dr16, %dr0
	br cmpedb, %dr0, 0, no_nic
	store %dr0, nic_header
	fcall nic_place
	fcall nic_open
	print "mac "
	li %dr16, own_mac
	fcall put_mac
	print "\n"

	li %dr13, 2
	li %dr16, PATIENCE
	fcall nic_link
	br cmpedb, %dr16, 0, no_link

	li %dr13, 3
	li %dr16, PATIENCE
	fcall dhcp_lease
	br cmpedb, %dr16, 0, no_lease
	print "ip "
	load own_ip, %dr16
	fcall put_ip
	print " router "
	load router, %dr16
	fcall put_ip
	print "\n"

	li %dr13, 4
	load boot_server, %dr0
	brn cmpedb, %dr0, 0, 3f
	load router, %dr0
	store %dr0, boot_server
3:	li %dr0, boot_file
	{ ldb,0 [ %dr0 + 0 ], %dr1
	  nop 4 }
	br cmpedb, %dr1, 0, no_file_name
	fcall next_hop
	br cmpedb, %dr16, 0, no_server
	print "tftp "
	load boot_server, %dr16
	fcall put_ip
	print " "
	li %dr16, boot_file
	fcall put_string
	/* into the upper half of RAM */
	{ shrd,0 %dr11, 1, %dr10 }
	store %dr10, tftp_place
	store %dr10, tftp_room
	li %dr16, PATIENCE
	fcall tftp_read
	{ addd,0 %dr16, 0, %dr0
	  addd,1 0, 4, %dr13 }
	br cmpedb, %dr0, 0, silence
	br cmpedb, %dr0, 2, refused
	br cmpedb, %dr0, 3, too_long
	load tftp_bytes, %dr9
	print " bytes "
	print_decimal %dr9
	print "\n"
	fcall nic_quiet

	{ addd,0 0, 5, %dr13
	  addd,1 %dr10, 0, %dr16 }
	{ addd,1 %dr9, 0, %dr17
	  addd,2 %dr10, 0, %dr18 }
	fcall elf_check
	br cmpedb, %dr16, 0, no_image
	{ ldd,0 [ %dr10 + 24 ], %dr8
	  nop 4 }
	print "start "
	print_hex %dr8, 8
	print "\n"
	/* on in firmware RAM */
	{ addd,0 0, (elf_start - _start), %dr0 }
	{ addd,0 %dr0, %dr12, %dr0 }
	{ movtd,0 %dr0, %ctpr1
	  nop 5 }
	{ ct %ctpr1 }

no_memory:
	print "less than 16 MiB of RAM\n"
	{ ibranch give_up }
no_nic:
	print "no network interface on bus 0 that a driver here fits\n"
	{ ibranch give_up }
no_link:
	print "the link does not come up\n"
	{ ibranch give_up }
no_lease:
	print "no DHCP lease\n"
	{ ibranch give_up }
no_file_name:
	print "the lease names no boot file\n"
	{ ibranch give_up }
no_server:
	print "nobody answers ARP for the boot server\n"
	{ ibranch give_up }
refused:
	print "\nthe server refuses the file\n"
	{ ibranch give_up }
too_long:
	print "\nthe file is longer than half of the RAM\n"
	{ ibranch give_up }
silence:
	print "\nthe server fell silent\n"
	{ ibranch give_up }
no_image:
	print "no e2k ELF image that fits below the file\n"
give_up:
	move %dr13, %dr16
	fcall leave

/* memory_end(): r0 = the largest power of two such that RAM ends there or beyond, or 0 if that is below LEAST_RAM. What is no
   RAM does not keep what is written. */
leaf memory_end
	{ addd,0 0, MOST_RAM, %dr0
	  addd,1 0, 0x4e45544c4f4f54, %dr4 }
1:	{ subd,0 %dr0, 8, %dr1 }
	{ ldd,0 [ %dr1 + 0 ], %dr2
	  nop 4 }
	{ std,2 %dr4, [ %dr1 + 0 ] }
	{ nop 2 }
	{ ldd,0 [ %dr1 + 0 ], %dr3
	  nop 4 }
	{ std,2 %dr2, [ %dr1 + 0 ] }
	br cmpedb, %dr3, %dr4, 2f
	{ shrd,0 %dr0, 1, %dr0 }
	brn cmpbdb, %dr0, LEAST_RAM, 1b
	li %dr0, 0
2:	ret

/* next_hop(): r0 = 1 if somebody answers for the boot server, or for the router if that is on another network */
func next_hop
	load boot_server, %dr2
	load own_ip, %dr3
	load netmask, %dr4
	{ xord,0 %dr2, %dr3, %dr5
	  addd,1 %dr2, 0, %dr16 }
	{ andd,0 %dr5, %dr4, %dr5 }
	br cmpedb, %dr5, 0, 1f
	load router, %dr16
1:	li %dr17, PATIENCE
	fcall arp_resolve
	move %dr16, %dr0
	ret

/* nic_quiet(): the interface masters the bus no more; RAM belongs to what is started. */
leaf nic_quiet
	load nic_header, %dr1
	{ ldh,2 [ %dr1 + 4 ], %dr2, mas=PCI_SPACE
	  nop 4 }
	{ andnd,0 %dr2, 4, %dr2 }
	{ sth,2 %dr2, [ %dr1 + 4 ], mas=PCI_SPACE }
	ret

#include "elf.S"
#include "console.S"
#include "memory.S"
#include "pci.S"
#include "nic.S"
#include "ip.S"
#include "dhcp.S"
#include "tftp.S"

	.bss
	.align 8
nic_header:
	.skip 8
	/* behind all that was included */
	.align 8
zeroed_end:
	.data
	.align 8
loaded_end:
