/* TFTP client (RFC 1350, option blksize of RFC 2348): reads one file and sums it. */

#define TFTP_PORT    0x3039             /* our port, 12345 */
#define TFTP_BLOCK   1024               /* the block size asked for */
#define TFTP_OPTIONS 19                 /* bytes of tftp_mode */

/* tftp_reply(r0 = opcode, r1 = block): sends an ACK (4) to the server's port in `tftp_peer`. */
func tftp_reply
	li %dr3, (tx_frame + UDP_PAYLOAD)
	put16 %r0, %dr3, 0
	put16 %r1, %dr3, 2
	load tftp_peer, %dr4
	load boot_server, %dr16
	{ ord,0 %dr4, (TFTP_PORT << 16), %dr17
	  addd,1 0, 4, %dr18 }
	fcall udp_send
	ret

/* tftp_request(): asks for `boot_file` in blocks of TFTP_BLOCK bytes. */
func tftp_request
	{ addd,0 0, (tx_frame + UDP_PAYLOAD), %dr3
	  addd,1 0, boot_file, %dr4
	  addd,2 0, 1, %dr5 }
	put16 %r5, %dr3, 0
	{ addd,0 %dr3, 2, %dr6 }
1:	{ ldb,0 [ %dr4 + 0 ], %dr5
	  addd,1 %dr4, 1, %dr4
	  nop 4 }
	{ stb,2 %r5, [ %dr6 + 0 ]
	  addd,0 %dr6, 1, %dr6 }
	brn cmpedb, %dr5, 0, 1b
	{ addd,0 %dr6, 0, %dr16
	  addd,1 0, tftp_mode, %dr17
	  addd,2 0, TFTP_OPTIONS, %dr18 }
	fcall copy
	{ addd,0 %dr6, TFTP_OPTIONS, %dr6 }
	load boot_server, %dr16
	{ addd,0 0, ((TFTP_PORT << 16) | 69), %dr17
	  subd,1 %dr6, %dr3, %dr18 }
	fcall udp_send
	ret

/* tftp_read(r0 = cycles to wait for each block): r0 = 1 if the whole file came, 2 if the server refused, 3 if there is no room
   for it, 0 if it fell silent. Sets tftp_bytes, tftp_blocks, tftp_crc. The file goes to `tftp_place`, where `tftp_room` bytes
   are free, unless that is 0. */
func tftp_read
	{ addd,0 %dr0, 0, %dr8
	  addd,1 0, 0, %dr9 }                   /* %dr9: last block acknowledged */
	store %dr9, tftp_bytes
	store %dr9, tftp_crc
	li %dr7, 512                            /* until the server agrees to more */
	store %dr7, tftp_size
	fcall tftp_request
1:	{ addd,0 0, TFTP_PORT, %dr16
	  addd,1 %dr8, 0, %dr17 }
	fcall udp_receive
	{ addd,0 %dr16, 0, %dr10
	  addd,1 %dr17, 0, %dr11
	  addd,2 %dr18, 0, %dr12 }
	br cmpedb, %dr10, 0, 8f
	br cmpbdb, %dr10, 4, 7f
	get16 %dr11, 0, %dr3
	store %dr12, tftp_peer
	br cmpedb, %dr3, 6, 4f
	br cmpedb, %dr3, 5, 5f
	brn cmpedb, %dr3, 3, 7f
	/* DATA: the next block, or the last one again */
	get16 %dr11, 2, %dr3
	{ addd,0 %dr9, 1, %dr4 }
	{ andd,0 %dr4, 0xffff, %dr5 }
	brn cmpedb, %dr3, %dr5, 6f
	move %dr4, %dr9
	{ subd,0 %dr10, 4, %dr10
	  addd,1 %dr11, 4, %dr16 }
	load tftp_crc, %dr18
	move %dr10, %dr17
	fcall crc32
	store %dr16, tftp_crc
	load tftp_bytes, %dr4
	load tftp_place, %dr5
	br cmpedb, %dr5, 0, 3f
	{ addd,0 %dr4, %dr10, %dr6 }
	load tftp_room, %dr3
	br cmpbdb, %dr3, %dr6, 9f
	{ addd,0 %dr5, %dr4, %dr16
	  addd,1 %dr11, 4, %dr17
	  addd,2 %dr10, 0, %dr18 }
	fcall copy
	load tftp_bytes, %dr4
3:
	{ addd,0 %dr4, %dr10, %dr4 }
	store %dr4, tftp_bytes
	store %dr9, tftp_blocks
	fcall nic_release
	{ addd,0 0, 4, %dr16
	  andd,1 %dr9, 0xffff, %dr17 }
	fcall tftp_reply
	load tftp_size, %dr7
	brn cmpbdb, %dr10, %dr7, 1b
	li %dr0, 1
	ret
	/* OACK: the only option we ask for is blksize */
4:	brn cmpedb, %dr9, 0, 7f
	li %dr7, TFTP_BLOCK
	store %dr7, tftp_size
	fcall nic_release
	{ addd,0 0, 4, %dr16
	  addd,1 0, 0, %dr17 }
	fcall tftp_reply
	{ ibranch 1b }
5:	fcall nic_release
	li %dr0, 2
	ret
6:	fcall nic_release
	{ addd,0 0, 4, %dr16
	  andd,1 %dr9, 0xffff, %dr17 }
	fcall tftp_reply
	{ ibranch 1b }
7:	fcall nic_release
	{ ibranch 1b }
8:	li %dr0, 0
	ret
9:	fcall nic_release
	li %dr0, 3
	ret

	.data
tftp_mode:
	.asciz "octet"
	.asciz "blksize"
	.asciz "1024"
	.bss
	.align 8
tftp_place:
	.skip 8
tftp_room:
	.skip 8
tftp_peer:
	.skip 8
tftp_size:
	.skip 8
tftp_bytes:
	.skip 8
tftp_blocks:
	.skip 8
tftp_crc:
	.skip 8
