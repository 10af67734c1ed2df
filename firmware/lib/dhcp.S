/* DHCP client (RFC 2131), as far as a lease: DISCOVER, OFFER, REQUEST, ACK. */

#define BOOTP        UDP_PAYLOAD
#define DHCP_OPTIONS 240                /* behind the fixed part and the magic cookie */
#define DHCP_PORTS   0x00440043
#define DHCP_XID     0xe2e20001

/* dhcp_send(r0 = message type): the rest comes from `offered_ip` and `dhcp_server` when they are known */
func dhcp_send
	{ addd,0 0, (tx_frame + BOOTP), %dr16
	  addd,1 0, 0, %dr17
	  addd,2 0, 300, %dr18 }
	fcall fill
	{ addd,0 0, (tx_frame + BOOTP), %dr3
	  addd,1 0, 0x01010600, %dr4 }
	put32 %r4, %dr3, 0, %dr5
	li %dr4, DHCP_XID
	put32 %r4, %dr3, 4, %dr5
	li %dr4, 0x8000                         /* answer by broadcast */
	put16 %r4, %dr3, 10
	{ addd,0 %dr3, 28, %dr16
	  addd,1 0, own_mac, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	li %dr4, 0x63825363
	put32 %r4, %dr3, 236, %dr5
	/* message type; parameter list: mask, router, DNS, lease, bootfile */
	li %dr4, 0x3501
	put16 %r4, %dr3, 240
	{ stb,2 %r0, [ %dr3 + 242 ] }
	{ addd,0 %dr3, 243, %dr16
	  addd,1 0, parameter_list, %dr17
	  addd,2 0, 7, %dr18 }
	fcall copy
	{ addd,0 %dr3, 250, %dr7 }
	brn cmpedb, %dr0, 3, 1f
	/* requested address and server */
	li %dr4, 0x3204
	put16 %r4, %dr7, 0
	load offered_ip, %dr4
	put32 %r4, %dr7, 2, %dr5
	li %dr4, 0x3604
	put16 %r4, %dr7, 6
	load dhcp_server, %dr4
	put32 %r4, %dr7, 8, %dr5
	{ addd,0 %dr7, 12, %dr7 }
1:	li %dr4, 0xff
	{ stb,2 %r4, [ %dr7 + 0 ] }
	{ addd,0 0, 0xffffffff, %dr16
	  addd,1 0, DHCP_PORTS, %dr17
	  addd,2 0, 300, %dr18 }
	fcall udp_send
	ret

/* dhcp_option(r0 = BOOTP message, r1 = its length, r2 = option): r0 = address of the option's data, r1 = its length; r0 = 0 if
   it is not there */
leaf dhcp_option
	{ addd,0 %dr0, %dr1, %dr1
	  addd,1 %dr0, DHCP_OPTIONS, %dr0 }
1:	{ addd,0 %dr0, 2, %dr3 }
	br cmpbdb, %dr1, %dr3, 8f
	{ ldb,0 [ %dr0 + 0 ], %dr4
	  ldb,2 [ %dr0 + 1 ], %dr5
	  nop 4 }
	br cmpedb, %dr4, 0xff, 8f
	brn cmpedb, %dr4, 0, 2f
	{ addd,0 %dr0, 1, %dr0
	  ibranch 1b }
2:	{ addd,0 %dr3, %dr5, %dr6 }
	br cmpbdb, %dr1, %dr6, 8f
	br cmpedb, %dr4, %dr2, 3f
	{ addd,0 %dr6, 0, %dr0
	  ibranch 1b }
3:	{ addd,0 %dr3, 0, %dr0
	  addd,1 %dr5, 0, %dr1 }
	ret
8:	li %dr0, 0
	ret

/* dhcp_option32(r0, r1, r2 as dhcp_option): r0 = the option's first four bytes as a number, or 0 */
func dhcp_option32
	{ addd,0 %dr0, 0, %dr16
	  addd,1 %dr1, 0, %dr17
	  addd,2 %dr2, 0, %dr18 }
	fcall dhcp_option
	{ addd,0 %dr16, 0, %dr3
	  addd,1 0, 0, %dr0 }
	br cmpedb, %dr3, 0, 1f
	br cmpbdb, %dr17, 4, 1f
	{ ldb,0 [ %dr3 + 0 ], %dr4
	  ldb,2 [ %dr3 + 1 ], %dr5 }
	{ ldb,0 [ %dr3 + 2 ], %dr6
	  ldb,2 [ %dr3 + 3 ], %dr7
	  nop 4 }
	{ shld,0 %dr4, 24, %dr4
	  shld,1 %dr5, 16, %dr5
	  shld,2 %dr6, 8, %dr6 }
	{ ord,0 %dr4, %dr5, %dr4
	  ord,1 %dr6, %dr7, %dr6 }
	{ ord,0 %dr4, %dr6, %dr0 }
1:	ret

/* dhcp_answer(r0 = wanted message type, r1 = cycles to wait): r0 = length of the BOOTP message, r1 = its address; r0 = 0 if none
   came. The frame is still held. */
func dhcp_answer
	cycles %dr8
1:	cycles %dr9
	{ subd,0 %dr9, %dr8, %dr9 }
	brn cmpbdb, %dr9, %dr1, 8f
	{ addd,0 0, 68, %dr16
	  subd,1 %dr1, %dr9, %dr17 }
	fcall udp_receive
	br cmpedb, %dr16, 0, 8f
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	br cmpbdb, %dr10, (DHCP_OPTIONS + 4), 7f
	get32 %dr11, 4, %dr3, %dr4
	brn cmpedb, %dr3, DHCP_XID, 7f
	{ addd,0 %dr11, 0, %dr16
	  addd,1 %dr10, 0, %dr17
	  addd,2 0, 53, %dr18 }
	fcall dhcp_option
	br cmpedb, %dr16, 0, 7f
	{ ldb,0 [ %dr16 + 0 ], %dr3
	  nop 4 }
	brn cmpedb, %dr3, %dr0, 7f
	{ addd,0 %dr10, 0, %dr0
	  addd,1 %dr11, 0, %dr1 }
	ret
7:	fcall nic_release
	{ ibranch 1b }
8:	li %dr0, 0
	ret

/* In dhcp_lease: an option of the message at %dr11 into a variable. */
.macro dhcp_take option, variable
	{ addd,0 %dr11, 0, %dr16
	  addd,1 %dr10, 0, %dr17
	  addd,2 0, \option, %dr18 }
	fcall dhcp_option32
	store %dr16, \variable
.endm

/* dhcp_lease(r0 = cycles to wait for each answer): r0 = 1 if a lease was got. Sets own_ip, netmask, router, dns_server,
   lease_seconds, boot_server, boot_file. Tries three times. */
func dhcp_lease
	{ addd,0 %dr0, 0, %dr8
	  addd,1 0, 3, %dr7 }
1:	br cmpedb, %dr7, 0, 8f
	{ subd,0 %dr7, 1, %dr7
	  addd,1 0, 1, %dr16 }
	fcall dhcp_send
	{ addd,0 0, 2, %dr16
	  addd,1 %dr8, 0, %dr17 }
	fcall dhcp_answer
	br cmpedb, %dr16, 0, 1b
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	get32 %dr11, 16, %dr3, %dr4
	store %dr3, offered_ip
	{ addd,0 %dr11, 0, %dr16
	  addd,1 %dr10, 0, %dr17
	  addd,2 0, 54, %dr18 }
	fcall dhcp_option32
	store %dr16, dhcp_server
	fcall nic_release
	li %dr16, 3
	fcall dhcp_send
	{ addd,0 0, 5, %dr16
	  addd,1 %dr8, 0, %dr17 }
	fcall dhcp_answer
	br cmpedb, %dr16, 0, 1b
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	dhcp_take 1, netmask
	dhcp_take 3, router
	dhcp_take 6, dns_server
	dhcp_take 51, lease_seconds
	get32 %dr11, 16, %dr3, %dr4
	store %dr3, own_ip
	get32 %dr11, 20, %dr3, %dr4
	store %dr3, boot_server
	/* the boot file: option 67, else the fixed field */
	{ addd,0 0, boot_file, %dr16
	  addd,1 %dr11, 108, %dr17
	  addd,2 0, 127, %dr18 }
	fcall copy
	{ addd,0 %dr11, 0, %dr16
	  addd,1 %dr10, 0, %dr17
	  addd,2 0, 67, %dr18 }
	fcall dhcp_option
	br cmpedb, %dr16, 0, 2f
	br cmpedb, %dr17, 0, 2f
	{ addd,0 %dr16, 0, %dr3
	  addd,1 %dr17, 0, %dr4 }
	{ addd,0 0, boot_file, %dr16
	  addd,1 0, 0, %dr17
	  addd,2 0, 128, %dr18 }
	fcall fill
	br cmpbdb, %dr4, 127, 3f
	li %dr4, 127
3:	{ addd,0 0, boot_file, %dr16
	  addd,1 %dr3, 0, %dr17
	  addd,2 %dr4, 0, %dr18 }
	fcall copy
2:	fcall nic_release
	li %dr0, 1
	ret
8:	li %dr0, 0
	ret

	.data
parameter_list:
	.byte 55, 5, 1, 3, 6, 51, 67
	.bss
	.align 8
offered_ip:
	.skip 8
dhcp_server:
	.skip 8
netmask:
	.skip 8
router:
	.skip 8
dns_server:
	.skip 8
lease_seconds:
	.skip 8
boot_server:
	.skip 8
boot_file:
	.skip 128
