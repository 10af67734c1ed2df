/* Answers to what the network asks of the kernel: ARP requests for its address, and UDP datagrams, which go back as they came. */

#define OWN_IP          0x0a00020f      /* 10.0.2.15 */
#define STOP_PORT       9

#define ETH_TYPE        12
#define ARP_OPERATION   20
#define ARP_SENDER      22              /* MAC and IP, then those of the target */
#define ARP_TARGET      32
#define ARP_BYTES       42
#define IP_PROTOCOL     23
#define IP_SOURCE       26
#define IP_DESTINATION  30
#define UDP_SOURCE      34
#define UDP_DESTINATION 36

/* echo_all(): serves every frame that has come; r0 = 1 if one of them ends the kernel. */
func echo_all
	li %dr2, 0
1:	li %dr16, 0
	fcall nic_receive
	{ addd,0 %dr16, 0, %dr0
	  addd,1 %dr17, 0, %dr1 }
	br cmpedb, %dr0, 0, 2f
	{ addd,0 %dr0, 0, %dr16
	  addd,1 %dr1, 0, %dr17 }
	fcall echo_one
	{ ord,0 %dr2, %dr16, %dr2 }
	fcall nic_release
	{ ibranch 1b }
2:	move %dr2, %dr0
	ret

/* echo_ethernet(r0 = frame): addresses of the answer to it in `tx_frame` */
func echo_ethernet
	{ addd,0 0, tx_frame, %dr16
	  addd,1 %dr0, 6, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	{ addd,0 0, (tx_frame + 6), %dr16
	  addd,1 0, own_mac, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	ret

/* echo_one(r0 = bytes, r1 = frame): r0 = 1 if it ends the kernel */
func echo_one
	get16 %dr1, ETH_TYPE, %dr2
	br cmpedb, %dr2, 0x0806, arp
	brn cmpedb, %dr2, 0x0800, not_ours
	get32 %dr1, IP_DESTINATION, %dr2, %dr3
	brn cmpedb, %dr2, OWN_IP, not_ours
	{ ldb,0 [ %dr1 + IP_PROTOCOL ], %dr2
	  nop 4 }
	brn cmpedb, %dr2, 17, not_ours
	get16 %dr1, UDP_DESTINATION, %dr4
	/* the same frame with both ends exchanged: no checksum changes */
	{ addd,0 0, tx_frame, %dr16
	  addd,1 %dr1, 0, %dr17
	  addd,2 %dr0, 0, %dr18 }
	fcall copy
	move %dr1, %dr16
	fcall echo_ethernet
	li %dr5, tx_frame
	get32 %dr1, IP_SOURCE, %dr2, %dr3
	put32 %r2, %dr5, IP_DESTINATION, %dr6
	get32 %dr1, IP_DESTINATION, %dr2, %dr3
	put32 %r2, %dr5, IP_SOURCE, %dr6
	get16 %dr1, UDP_SOURCE, %dr2
	put16 %r2, %dr5, UDP_DESTINATION
	put16 %r4, %dr5, UDP_SOURCE
	move %dr0, %dr16
	fcall nic_send
	load echoes, %dr2
	{ addd,0 %dr2, 1, %dr2 }
	store %dr2, echoes
	{ addd,0 0, 0, %dr0
	  addd,1 0, 1, %dr1 }
	brn cmpedb, %dr4, STOP_PORT, 1f
	move %dr1, %dr0
1:	ret
arp:
	get16 %dr1, ARP_OPERATION, %dr2
	brn cmpedb, %dr2, 1, not_ours
	get32 %dr1, (ARP_TARGET + 6), %dr2, %dr3
	brn cmpedb, %dr2, OWN_IP, not_ours
	{ addd,0 0, tx_frame, %dr16
	  addd,1 %dr1, 0, %dr17
	  addd,2 0, ARP_BYTES, %dr18 }
	fcall copy
	move %dr1, %dr16
	fcall echo_ethernet
	li %dr5, tx_frame
	li %dr2, 2
	put16 %r2, %dr5, ARP_OPERATION
	{ addd,0 0, (tx_frame + ARP_TARGET), %dr16
	  addd,1 %dr1, ARP_SENDER, %dr17
	  addd,2 0, 10, %dr18 }
	fcall copy
	{ addd,0 0, (tx_frame + ARP_SENDER), %dr16
	  addd,1 0, own_mac, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	li %dr2, OWN_IP
	put32 %r2, %dr5, (ARP_SENDER + 6), %dr6
	li %dr16, ARP_BYTES
	fcall nic_send
	load resolved, %dr2
	{ addd,0 %dr2, 1, %dr2 }
	store %dr2, resolved
not_ours:
	li %dr0, 0
	ret

	.bss
	.align 8
echoes:
	.skip 8
resolved:
	.skip 8
