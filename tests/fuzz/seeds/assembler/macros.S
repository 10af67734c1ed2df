#define VALUE 7
#if VALUE > 3 && defined(VALUE)
.macro li register, value
	{ addd,0 0, \value, \register }
.endm
#endif
	.text
	.global _start
_start:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0 }
	li %dr0, VALUE
1:	{ subd,0 %dr0, 1, %dr0
	  cmpedb,1 %dr0, 0, %pred0
	  nop 2 }
	{ ibranch 1b ? ~%pred0 }
	{ ldd,0 [ %dr0 + text ], %dr1, mas=0x60 }
	.rept 3
	{ stb,2 %r1, [ %dr0 + 0 ] ? %pred0 }
	.endr
	.data
text:	.asciz "x\n\052"
	.long 1, 2 + 3 * (4 << 1)
	.align 16
