/* Copies, fills and sums over memory. */

/* copy(r0 = to, r1 = from, r2 = number of bytes) */
leaf copy
	br cmpedb, %dr2, 0, 2f
1:	{ ldb,0 [ %dr1 + 0 ], %dr3
	  addd,1 %dr1, 1, %dr1
	  subd,3 %dr2, 1, %dr2
	  nop 4 }
	{ stb,2 %r3, [ %dr0 + 0 ]
	  addd,0 %dr0, 1, %dr0
	  cmpedb,1 %dr2, 0, %pred0
	  nop 2 }
	{ ibranch 1b ? ~%pred0 }
2:	ret

/* fill(r0 = to, r1 = byte, r2 = number of bytes) */
leaf fill
	br cmpedb, %dr2, 0, 2f
1:	{ stb,2 %r1, [ %dr0 + 0 ]
	  addd,0 %dr0, 1, %dr0
	  subd,1 %dr2, 1, %dr2 }
	brn cmpedb, %dr2, 0, 1b
2:	ret

/* equal(r0, r1 = addresses, r2 = number of bytes): r0 = 1 if all bytes agree, else 0 */
leaf equal
1:	br cmpedb, %dr2, 0, 2f
	{ ldb,0 [ %dr0 + 0 ], %dr3
	  ldb,2 [ %dr1 + 0 ], %dr4
	  subd,1 %dr2, 1, %dr2
	  nop 4 }
	{ addd,0 %dr0, 1, %dr0
	  addd,1 %dr1, 1, %dr1 }
	br cmpedb, %dr3, %dr4, 1b
	li %dr0, 0
	ret
2:	li %dr0, 1
	ret

/* sum16(r0 = even address, r1 = number of bytes, r2 = sum so far): r0 = the Internet sum of RFC 1071, folded to 16 bits */
leaf sum16
1:	br cmpbdb, %dr1, 2, 2f
	{ ldh,0 [ %dr0 + 0 ], %dr3, mas=BIG_ENDIAN
	  addd,1 %dr0, 2, %dr0
	  subd,3 %dr1, 2, %dr1
	  nop 4 }
	{ addd,0 %dr2, %dr3, %dr2
	  ibranch 1b }
2:	br cmpedb, %dr1, 0, 3f
	{ ldb,0 [ %dr0 + 0 ], %dr3
	  nop 4 }
	{ shld,0 %dr3, 8, %dr3 }
	{ addd,0 %dr2, %dr3, %dr2 }
3:	{ shrd,0 %dr2, 16, %dr3
	  andd,1 %dr2, 0xffff, %dr2 }
	{ addd,0 %dr2, %dr3, %dr2 }
	brn cmpbdb, %dr2, 0x10000, 3b
	move %dr2, %dr0
	ret

/* crc32(r0 = address, r1 = number of bytes, r2 = checksum so far, 0 at first): r0 = CRC-32 of IEEE 802.3 */
leaf crc32
	{ xord,0 %dr2, 0xffffffff, %dr2
	  addd,1 0, 0xedb88320, %dr5 }
1:	br cmpedb, %dr1, 0, 2f
	{ ldb,0 [ %dr0 + 0 ], %dr3
	  addd,1 %dr0, 1, %dr0
	  subd,3 %dr1, 1, %dr1
	  nop 4 }
	{ xord,0 %dr2, %dr3, %dr2 }
	.rept 8
	{ andd,0 %dr2, 1, %dr3
	  shrd,1 %dr2, 1, %dr2 }
	{ subd,0 0, %dr3, %dr3 }
	{ andd,0 %dr3, %dr5, %dr3 }
	{ xord,0 %dr2, %dr3, %dr2 }
	.endr
	{ ibranch 1b }
2:	{ xord,0 %dr2, 0xffffffff, %dr0 }
	ret
