/* The other processors, if there are any: each runs a task of its own, in physical memory and without interrupts, that checks what
   it computes and counts its rounds. They have no stacks of their own, so they call nothing. */

#define APIC_ID         0x20
#define APIC_ICR        0x300
#define APIC_ICR2       0x310
#define ICR_INIT        0xc4500         /* to all but the sender */
#define ICR_STARTUP     0xc4600         /* | page at which they start */
#define STARTS_AT       0x8000          /* a page of the first megabyte */
#define MOST_PROCESSORS 16
#define MULTIPLIER      6364136223846793005
#define INVERSE         0xc097ef87329e28a5   /* of it, modulo 2^64 */

/* processors_start(): the others begin where STARTUP can send them, and go on at `secondary`. */
func processors_start
	{ addd,0 0, STARTS_AT, %dr16
	  addd,1 0, way_in, %dr17 }
	{ addd,0 0, (way_in_end - way_in), %dr18 }
	fcall copy
	apic_write APIC_ICR2, 0
	apic_write APIC_ICR, ICR_INIT
	apic_write APIC_ICR, (ICR_STARTUP | STARTS_AT >> 12)
	ret

	.text
	.align 8
	/* copied: no branch leads out of it */
way_in:
	{ setwd wsz=16, nfx=1 }
	li %dr1, secondary
	{ movtd,0 %dr1, %ctpr1
	  nop 5 }
	{ ct %ctpr1 }
way_in_end:
	.align 8
secondary:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
	/* %dr0: this processor's word in `rounds_of` */
	{ addd,0 0, (LOCAL_APIC + APIC_ID), %dr1
	  addd,1 0, rounds_of, %dr0 }
	{ ldw,2 [ %dr1 + 0 ], %dr2, mas=PCI_SPACE
	  nop 4 }
	{ shrd,0 %dr2, 24, %dr2 }
	{ andd,0 %dr2, (MOST_PROCESSORS - 1), %dr2 }
	{ shld,0 %dr2, 3, %dr3 }
	{ addd,0 %dr0, %dr3, %dr0
	  addd,1 0, processors, %dr4 }
	/* one more, though others may say so at the same time */
1:	{ ldd,0 [ %dr4 + 0 ], %dr5, mas=7
	  nop 4 }
	{ addd,0 %dr5, 1, %dr5 }
	{ std,2 %dr5, [ %dr4 + 0 ], mas=2
	  nop 3 }
	{ ibranch 1b ? %MLOCK }
	/* 64 steps of a sequence, and the same way back */
2:	{ addd,0 %dr2, 1, %dr6
	  addd,1 0, 64, %dr7 }
	move %dr6, %dr8
3:	{ muld,0 %dr8, MULTIPLIER, %dr8
	  subd,1 %dr7, 1, %dr7
	  nop 5 }
	brn cmpedb, %dr7, 0, 3b
	li %dr7, 64
4:	{ muld,0 %dr8, INVERSE, %dr8
	  subd,1 %dr7, 1, %dr7
	  nop 5 }
	brn cmpedb, %dr7, 0, 4b
	brn cmpedb, %dr8, %dr6, 5f
	{ ldd,0 [ %dr0 + 0 ], %dr9
	  nop 4 }
	{ addd,0 %dr9, 1, %dr9 }
	{ std,2 %dr9, [ %dr0 + 0 ] }
	{ ibranch 2b }
5:	li %dr9, 0
	{ std,2 %dr9, [ %dr0 + 0 ] }
6:	{ ibranch 6b }

/* processors_tell(): how many there are, and the rounds of each but the first. */
func processors_tell
	print "\nprocessors "
	load processors, %dr1
	print_decimal %dr1
	br cmpedb, %dr1, 1, 3f
	print " of the others"
	{ addd,0 0, (rounds_of + 8), %dr0
	  addd,1 0, (MOST_PROCESSORS - 1), %dr2 }
1:	{ ldd,0 [ %dr0 + 0 ], %dr3
	  addd,1 %dr0, 8, %dr0
	  subd,3 %dr2, 1, %dr2
	  nop 4 }
	br cmpedb, %dr3, 0, 2f
	print " "
	print_decimal %dr3
2:	brn cmpedb, %dr2, 0, 1b
3:	ret

	.data
	.align 8
processors:
	.dword 1
	.bss
	.align 8
rounds_of:
	.skip 8 * MOST_PROCESSORS
