/* netprobe: drives an 82540EM, an RTL8139 or a virtio network interface by its registers and rings and holds a real
   conversation: DHCP, ARP, ping, TFTP.

   Polling only, so one image runs on any e2k board with the e8c memory map. Exit codes: 0 all went well, 1 no NIC, 2 no
   link, 3 no lease, 4 gateway not resolved, 5 no echo, 6 no file. */
#include "platform.inc"
#include "console.S"
#include "memory.S"
#include "pci.S"
#include "nic.S"
#include "ip.S"
#include "dhcp.S"
#include "tftp.S"

#define PATIENCE     7000000000         /* cycles to wait for an answer: a few seconds */
#define ROUNDS       4                  /* echo requests */

	.section .text.start
	.global _start
	.type _start, #function
	.align 8
_start:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
	fcall console_init
	print "netprobe\n"

	fcall nic_find
	{ addd,0 %dr16, 0, %dr0
	  addd,1 0, 1, %dr13 }
	br cmpedb, %dr0, 0, no_nic
	print "pci 00:"
	{ shrd,0 %dr0, 15, %dr1 }
	{ andd,0 %dr1, 31, %dr1 }
	print_hex %dr1, 2
	print " "
	{ ldw,2 [ %dr0 + 0 ], %dr2, mas=PCI_SPACE
	  nop 4 }
	{ andd,0 %dr2, 0xffff, %dr3
	  shrd,1 %dr2, 16, %dr2 }
	print_hex %dr3, 4
	print ":"
	print_hex %dr2, 4
	print " registers at "
	move %dr0, %dr16
	fcall nic_place
	move %dr16, %dr0
	print_hex %dr0, 8
	move %dr0, %dr16
	fcall nic_open
	print "\nmac "
	{ addd,0 0, own_mac, %dr16 }
	fcall put_mac

	cycles %dr2
	li %dr16, PATIENCE
	fcall nic_link
	{ addd,0 %dr16, 0, %dr0
	  addd,1 0, 2, %dr13 }
	cycles %dr3
	br cmpedb, %dr0, 0, no_link
	print "\nlink up, status "
	print_hex %dr0, 8
	print ", "
	{ subd,0 %dr3, %dr2, %dr3 }
	print_decimal %dr3
	print " cycles\n"

	li %dr13, 3
	cycles %dr2
	li %dr16, PATIENCE
	fcall dhcp_lease
	cycles %dr3
	br cmpedb, %dr16, 0, no_lease
	print "dhcp "
	load own_ip, %dr16
	fcall put_ip
	print " mask "
	load netmask, %dr16
	fcall put_ip
	print " router "
	load router, %dr16
	fcall put_ip
	print " dns "
	load dns_server, %dr16
	fcall put_ip
	print " lease "
	load lease_seconds, %dr0
	print_decimal %dr0
	print " s, "
	{ subd,0 %dr3, %dr2, %dr3 }
	print_decimal %dr3
	print " cycles\n"

	li %dr13, 4
	cycles %dr2
	load router, %dr16
	li %dr17, PATIENCE
	fcall arp_resolve
	cycles %dr3
	br cmpedb, %dr16, 0, no_gateway
	print "arp "
	load router, %dr16
	fcall put_ip
	print " is "
	li %dr16, next_hop_mac
	fcall put_mac
	print ", "
	{ subd,0 %dr3, %dr2, %dr3 }
	print_decimal %dr3
	print " cycles\n"

	{ addd,0 0, 5, %dr13
	  addd,1 0, 1, %dr4 }
1:	load router, %dr16
	{ addd,0 %dr4, 0, %dr17
	  addd,1 0, PATIENCE, %dr18 }
	fcall ping
	{ addd,0 %dr16, 0, %dr3
	  addd,1 %dr17, 0, %dr5 }
	br cmpedb, %dr3, 0, no_echo
	print "ping "
	load router, %dr16
	fcall put_ip
	print " seq "
	print_decimal %dr4
	print " bytes "
	print_decimal %dr5
	print " rtt "
	print_decimal %dr3
	print " cycles\n"
	{ addd,0 %dr4, 1, %dr4 }
	brn cmpedb, %dr4, (ROUNDS + 1), 1b

	li %dr13, 6
	/* a server outside the lease's answer is the router */
	load boot_server, %dr0
	brn cmpedb, %dr0, 0, 2f
	load router, %dr0
	store %dr0, boot_server
2:	li %dr0, boot_file
	{ ldb,0 [ %dr0 + 0 ], %dr1
	  nop 4 }
	br cmpedb, %dr1, 0, no_file_name
	cycles %dr2
	li %dr16, PATIENCE
	fcall tftp_read
	cycles %dr3
	move %dr16, %dr0
	br cmpedb, %dr0, 2, refused
	br cmpedb, %dr0, 0, no_file
	print "tftp "
	li %dr16, boot_file
	fcall put_string
	print " bytes "
	load tftp_bytes, %dr0
	print_decimal %dr0
	print " blocks "
	load tftp_blocks, %dr0
	print_decimal %dr0
	print " crc32 "
	load tftp_crc, %dr0
	print_hex %dr0, 8
	print ", "
	{ subd,0 %dr3, %dr2, %dr3 }
	print_decimal %dr3
	print " cycles\n"
	li %dr13, 0
	{ ibranch done }

no_nic:
	print "no network interface on bus 0 that a driver here fits\n"
	{ ibranch done }
no_link:
	print "\nthe link does not come up\n"
	{ ibranch done }
no_lease:
	print "no DHCP lease\n"
	{ ibranch done }
no_gateway:
	print "the router does not answer ARP\n"
	{ ibranch done }
no_echo:
	print "the router does not answer echo requests\n"
	{ ibranch done }
no_file_name:
	print "the lease names no boot file\n"
	{ ibranch done }
refused:
	print "the server refuses the boot file\n"
	{ ibranch done }
no_file:
	print "the boot server fell silent\n"
done:
	print "exit "
	print_decimal %dr13
	print "\n"
	move %dr13, %dr16
	fcall leave
