/* The serial console: Z85C30 channel A, polled. */

/* Enables the transmitter: WR5 = 8 bits, TX enable. */
leaf console_init
	{ addd,0 0, ESCC_A, %dr1
	  addd,1 0, 5, %dr2
	  addd,2 0, 0x68, %dr3 }
	{ stb,2 %r2, [ %dr1 + 0 ] }
	{ stb,2 %r3, [ %dr1 + 0 ] }
	ret

/* put_character(r0): waits until the transmit buffer is empty (RR0 bit 2). */
leaf put_character
	li %dr1, ESCC_A
1:	{ ldb,2 [ %dr1 + 0 ], %dr2
	  nop 4 }
	{ andd,0 %dr2, 4, %dr2 }
	br cmpedb, %dr2, 0, 1b
	{ stb,2 %r0, [ %dr1 + 1 ] }
	ret

/* put_string(r0 = address of a zero-terminated text) */
func put_string
1:	{ ldb,0 [ %dr0 + 0 ], %dr16
	  addd,1 %dr0, 1, %dr0
	  nop 4 }
	br cmpedb, %dr16, 0, 2f
	fcall put_character
	{ ibranch 1b }
2:	ret

/* put_hex(r0 = value, r1 = number of digits) */
func put_hex
1:	{ subd,0 %dr1, 1, %dr1 }
	{ shld,0 %dr1, 2, %dr2 }
	{ shrd,0 %dr0, %dr2, %dr3 }
	{ andd,0 %dr3, 0xf, %dr3 }
	{ cmplesb,0 %r3, 9, %pred0
	  addd,1 %dr3, 0x30, %dr4
	  addd,2 %dr3, 0x57, %dr5
	  nop 2 }
	{ merged,0 %dr5, %dr4, %dr16, %pred0 }
	fcall put_character
	brn cmpedb, %dr1, 0, 1b
	ret

/* put_decimal(r0 = unsigned value) */
func put_decimal
	{ addd,0 0, 10, %dr1
	  addd,1 0, (decimal_digits + 24), %dr2 }
1:	{ udivd,5 %dr0, %dr1, %dr3
	  nop 7 }
	{ muld,0 %dr3, %dr1, %dr4
	  nop 5 }
	{ subd,0 %dr0, %dr4, %dr4
	  subd,1 %dr2, 1, %dr2
	  addd,2 %dr3, 0, %dr0 }
	{ addd,0 %dr4, 0x30, %dr4 }
	{ stb,2 %r4, [ %dr2 + 0 ] }
	brn cmpedb, %dr0, 0, 1b
	move %dr2, %dr16
	fcall put_string
	ret

/* put_ip(r0 = IPv4 address in host order) */
func put_ip
	li %dr1, 24
1:	{ shrd,0 %dr0, %dr1, %dr16 }
	{ andd,0 %dr16, 0xff, %dr16 }
	fcall put_decimal
	br cmpedb, %dr1, 0, 2f
	{ addd,0 0, 0x2e, %dr16
	  subd,1 %dr1, 8, %dr1 }
	fcall put_character
	{ ibranch 1b }
2:	ret

/* put_mac(r0 = address of six bytes) */
func put_mac
	li %dr1, 0
1:	{ addd,0 %dr0, %dr1, %dr2 }
	{ ldb,0 [ %dr2 + 0 ], %dr16
	  addd,1 0, 2, %dr17
	  nop 4 }
	fcall put_hex
	br cmpedb, %dr1, 5, 2f
	{ addd,0 0, 0x3a, %dr16
	  addd,1 %dr1, 1, %dr1 }
	fcall put_character
	{ ibranch 1b }
2:	ret

	.bss
	.align 8
decimal_digits:
	.skip 32
