/* Ethernet, ARP, IPv4, ICMP echo and UDP, as much as a boot program needs. The frame being made stands in `tx_frame`, the
   payload of a UDP datagram at `tx_frame` + UDP_PAYLOAD. Addresses and ports are held in host order. */

#define ETHERNET     14
#define IP           ETHERNET
#define L4           (IP + 20)
#define UDP_PAYLOAD  (L4 + 8)

/* ethernet(r0 = address of the destination's MAC, r1 = EtherType) */
func ethernet
	{ addd,0 %dr0, 0, %dr17
	  addd,1 0, tx_frame, %dr16
	  addd,2 0, 6, %dr18 }
	fcall copy
	{ addd,0 0, (tx_frame + 6), %dr16
	  addd,1 0, own_mac, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	li %dr2, tx_frame
	put16 %r1, %dr2, 12
	ret

/* ip_send(r0 = destination, r1 = protocol, r2 = number of bytes behind the IP header): r0 = 1 if sent */
func ip_send
	{ addd,0 0, next_hop_mac, %dr16
	  addd,1 0, 0x0800, %dr17 }
	fcall ethernet
	{ addd,0 0, tx_frame, %dr3
	  addd,1 %dr2, 20, %dr4
	  addd,2 0, 0x4500, %dr5 }
	put16 %r5, %dr3, IP
	put16 %r4, %dr3, (IP + 2)
	load ip_identification, %dr6
	{ addd,0 %dr6, 1, %dr6 }
	store %dr6, ip_identification
	put16 %r6, %dr3, (IP + 4)
	li %dr5, 0x4000                         /* do not fragment */
	put16 %r5, %dr3, (IP + 6)
	{ ord,0 %dr1, 0x4000, %dr5 }            /* time to live 64 */
	put16 %r5, %dr3, (IP + 8)
	li %dr5, 0
	put16 %r5, %dr3, (IP + 10)
	load own_ip, %dr5
	put32 %r5, %dr3, (IP + 12), %dr6
	put32 %r0, %dr3, (IP + 16), %dr6
	{ addd,0 %dr3, IP, %dr16
	  addd,1 0, 20, %dr17
	  addd,2 0, 0, %dr18 }
	fcall sum16
	{ xord,0 %dr16, 0xffff, %dr5 }
	put16 %r5, %dr3, (IP + 10)
	{ addd,0 %dr2, L4, %dr16 }
	fcall nic_send
	move %dr16, %dr0
	ret

/* udp_send(r0 = destination, r1 = source port << 16 | destination port, r2 = number of payload bytes): r0 = 1 if sent */
func udp_send
	{ addd,0 0, tx_frame, %dr3
	  addd,1 %dr2, 8, %dr4 }
	put32 %r1, %dr3, L4, %dr5
	put16 %r4, %dr3, (L4 + 4)
	li %dr5, 0
	put16 %r5, %dr3, (L4 + 6)
	/* pseudo header: both addresses, protocol, length */
	load own_ip, %dr5
	{ shrd,0 %dr5, 16, %dr6
	  andd,1 %dr5, 0xffff, %dr5
	  shrd,2 %dr0, 16, %dr7
	  andd,3 %dr0, 0xffff, %dr8 }
	{ addd,0 %dr5, %dr6, %dr5
	  addd,1 %dr7, %dr8, %dr7 }
	{ addd,0 %dr5, %dr7, %dr5
	  addd,1 %dr4, 17, %dr6 }
	{ addd,0 %dr5, %dr6, %dr18
	  addd,1 %dr3, L4, %dr16
	  addd,2 %dr4, 0, %dr17 }
	fcall sum16
	{ xord,0 %dr16, 0xffff, %dr5 }
	brn cmpedb, %dr5, 0, 1f
	li %dr5, 0xffff                         /* 0 would mean: no checksum */
1:	put16 %r5, %dr3, (L4 + 6)
	{ addd,0 %dr0, 0, %dr16
	  addd,1 0, 17, %dr17
	  addd,2 %dr4, 0, %dr18 }
	fcall ip_send
	move %dr16, %dr0
	ret

/* udp_receive(r0 = own port, r1 = cycles to wait): r0 = number of payload bytes, r1 = their address, r2 = sender's port;
   r0 = 0 if none came. Answers ARP meanwhile. */
func udp_receive
	cycles %dr8
1:	cycles %dr9
	{ subd,0 %dr9, %dr8, %dr9 }
	brn cmpbdb, %dr9, %dr1, 8f
	{ subd,0 %dr1, %dr9, %dr16 }
	fcall nic_receive
	br cmpedb, %dr16, 0, 8f
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	get16 %dr11, 12, %dr3
	br cmpedb, %dr3, 0x0806, 6f
	brn cmpedb, %dr3, 0x0800, 7f
	br cmpbdb, %dr10, UDP_PAYLOAD, 7f
	{ ldb,0 [ %dr11 + (IP + 9) ], %dr3
	  nop 4 }
	brn cmpedb, %dr3, 17, 7f
	get16 %dr11, (L4 + 2), %dr3
	brn cmpedb, %dr3, %dr0, 7f
	get16 %dr11, (L4 + 4), %dr3
	br cmpbdb, %dr3, 9, 7f
	{ addd,0 %dr3, L4, %dr4 }
	br cmpbdb, %dr10, %dr4, 7f
	get16 %dr11, L4, %dr2
	{ subd,0 %dr3, 8, %dr0
	  addd,1 %dr11, UDP_PAYLOAD, %dr1 }
	ret
6:	{ addd,0 %dr11, 0, %dr16
	  addd,1 %dr10, 0, %dr17 }
	fcall arp_answer
7:	fcall nic_release
	{ ibranch 1b }
8:	li %dr0, 0
	ret

/* arp_send(r0 = operation, r1 = wanted address, r2 = address of the destination's MAC) */
func arp_send
	{ addd,0 %dr2, 0, %dr16
	  addd,1 0, 0x0806, %dr17 }
	fcall ethernet
	{ addd,0 0, tx_frame, %dr3
	  addd,1 0, 0x00010800, %dr4
	  addd,2 0, 0x0604, %dr5 }
	put32 %r4, %dr3, ETHERNET, %dr6
	put16 %r5, %dr3, (ETHERNET + 4)
	put16 %r0, %dr3, (ETHERNET + 6)
	{ addd,0 %dr3, (ETHERNET + 8), %dr16
	  addd,1 0, own_mac, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	load own_ip, %dr4
	put32 %r4, %dr3, (ETHERNET + 14), %dr6
	{ addd,0 %dr3, (ETHERNET + 18), %dr16
	  addd,1 %dr2, 0, %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	put32 %r1, %dr3, (ETHERNET + 24), %dr6
	{ addd,0 %dr3, 42, %dr16
	  addd,1 0, 0, %dr17
	  addd,2 0, 18, %dr18 }
	fcall fill
	li %dr16, 60
	fcall nic_send
	ret

/* arp_answer(r0 = address of a received frame, r1 = its length): answers a request for our address. */
func arp_answer
	br cmpbdb, %dr1, 42, 1f
	get16 %dr0, (ETHERNET + 6), %dr3
	brn cmpedb, %dr3, 1, 1f
	get32 %dr0, (ETHERNET + 24), %dr3, %dr4
	load own_ip, %dr4
	brn cmpedb, %dr3, %dr4, 1f
	get32 %dr0, (ETHERNET + 14), %dr3, %dr4
	{ addd,0 0, 2, %dr16
	  addd,1 %dr3, 0, %dr17
	  addd,2 %dr0, (ETHERNET + 8), %dr18 }
	fcall arp_send
1:	ret

/* arp_resolve(r0 = address, r1 = cycles to wait): r0 = 1 and `next_hop_mac` set, or 0 */
func arp_resolve
	cycles %dr8
	{ addd,0 0, 1, %dr16
	  addd,1 %dr0, 0, %dr17
	  addd,2 0, broadcast_mac, %dr18 }
	fcall arp_send
1:	cycles %dr9
	{ subd,0 %dr9, %dr8, %dr9 }
	brn cmpbdb, %dr9, %dr1, 8f
	{ subd,0 %dr1, %dr9, %dr16 }
	fcall nic_receive
	br cmpedb, %dr16, 0, 8f
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	br cmpbdb, %dr10, 42, 7f
	get16 %dr11, 12, %dr3
	brn cmpedb, %dr3, 0x0806, 7f
	get16 %dr11, (ETHERNET + 6), %dr3
	brn cmpedb, %dr3, 2, 7f
	get32 %dr11, (ETHERNET + 14), %dr3, %dr4
	brn cmpedb, %dr3, %dr0, 7f
	{ addd,0 0, next_hop_mac, %dr16
	  addd,1 %dr11, (ETHERNET + 8), %dr17
	  addd,2 0, 6, %dr18 }
	fcall copy
	fcall nic_release
	li %dr0, 1
	ret
7:	fcall nic_release
	{ ibranch 1b }
8:	li %dr0, 0
	ret

/* ping(r0 = address, r1 = sequence number, r2 = cycles to wait): r0 = round-trip time in cycles, r1 = number of ICMP bytes;
   r0 = 0 if no answer came */
func ping
	/* echo request: identifier 0xe2e2, 56 bytes of data */
	{ addd,0 0, tx_frame, %dr3
	  addd,1 0, 0x0800, %dr4
	  addd,2 0, 0, %dr5 }
	put16 %r4, %dr3, L4
	put16 %r5, %dr3, (L4 + 2)
	li %dr4, 0xe2e2
	put16 %r4, %dr3, (L4 + 4)
	put16 %r1, %dr3, (L4 + 6)
	{ addd,0 %dr3, (L4 + 8), %dr6 }
1:	{ stb,2 %r5, [ %dr6 + 0 ]
	  addd,0 %dr6, 1, %dr6
	  addd,1 %dr5, 1, %dr5 }
	brn cmpedb, %dr5, 56, 1b
	{ addd,0 %dr3, L4, %dr16
	  addd,1 0, 64, %dr17
	  addd,2 0, 0, %dr18 }
	fcall sum16
	{ xord,0 %dr16, 0xffff, %dr4 }
	put16 %r4, %dr3, (L4 + 2)
	cycles %dr8
	{ addd,0 %dr0, 0, %dr16
	  addd,1 0, 1, %dr17
	  addd,2 0, 64, %dr18 }
	fcall ip_send
2:	cycles %dr9
	{ subd,0 %dr9, %dr8, %dr9 }
	brn cmpbdb, %dr9, %dr2, 8f
	{ subd,0 %dr2, %dr9, %dr16 }
	fcall nic_receive
	br cmpedb, %dr16, 0, 8f
	cycles %dr12
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11 }
	br cmpbdb, %dr10, (L4 + 8), 7f
	get16 %dr11, 12, %dr3
	brn cmpedb, %dr3, 0x0800, 7f
	{ ldb,0 [ %dr11 + (IP + 9) ], %dr3
	  nop 4 }
	brn cmpedb, %dr3, 1, 7f
	get16 %dr11, L4, %dr3                   /* echo reply: type 0, code 0 */
	brn cmpedb, %dr3, 0, 7f
	get16 %dr11, (L4 + 4), %dr3
	brn cmpedb, %dr3, 0xe2e2, 7f
	get16 %dr11, (L4 + 6), %dr3
	brn cmpedb, %dr3, %dr1, 7f
	/* the answer's checksum must be right and its data ours */
	get16 %dr11, (IP + 2), %dr4
	{ subd,0 %dr4, 20, %dr4
	  addd,1 %dr11, L4, %dr16
	  addd,2 0, 0, %dr18 }
	{ addd,0 %dr4, L4, %dr5 }
	br cmpbdb, %dr10, %dr5, 7f
	move %dr4, %dr17
	fcall sum16
	brn cmpedb, %dr16, 0xffff, 7f
	{ addd,0 %dr11, (L4 + 8), %dr16
	  addd,1 0, (tx_frame + L4 + 8), %dr17
	  addd,2 0, 56, %dr18 }
	fcall equal
	br cmpedb, %dr16, 0, 7f
	fcall nic_release
	{ subd,0 %dr12, %dr8, %dr0
	  addd,1 %dr4, 0, %dr1 }
	ret
7:	fcall nic_release
	{ ibranch 2b }
8:	li %dr0, 0
	ret

	.data
	.align 8
broadcast_mac:
	.byte 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	.align 8
next_hop_mac:
	.byte 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	.align 8
own_ip:
	.dword 0
ip_identification:
	.dword 0
