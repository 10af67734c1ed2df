/* ELF images of 64 bits: whether one can be started, and its start. */

#define E_MACHINE    18
#define E_ENTRY      24
#define E_PHOFF      32
#define E_PHENTSIZE  54
#define E_PHNUM      56
#define P_OFFSET     8
#define P_PADDR      24
#define P_FILESZ     32
#define P_MEMSZ      40
#define PT_LOAD      1

/* elf_check(r0 = the file, r1 = its bytes, r2 = end of the RAM it may take): r0 = 1 if every segment lies inside the file and
   below that end, and the first bundle in one of them; else 0. */
leaf elf_check
	br cmpbdb, %dr1, 64, 8f
	{ ldw,0 [ %dr0 + 0 ], %dr3
	  ldw,2 [ %dr0 + 4 ], %dr4
	  ldh,3 [ %dr0 + E_MACHINE ], %dr5
	  ldh,5 [ %dr0 + E_PHENTSIZE ], %dr6
	  nop 4 }
	{ shld,0 %dr4, 32, %dr4 }
	{ ord,0 %dr3, %dr4, %dr3
	  addd,1 0, (E2K_IMAGE & 0xffffffffffffff), %dr4 }
	/* the byte behind the version names an operating system */
	{ andd,0 %dr3, (0xffffffffffffff), %dr3 }
	brn cmpedb, %dr3, %dr4, 8f
	brn cmpedb, %dr5, EM_E2K, 8f
	brn cmpedb, %dr6, 56, 8f
	{ ldd,0 [ %dr0 + E_PHOFF ], %dr3
	  ldh,2 [ %dr0 + E_PHNUM ], %dr4
	  ldd,3 [ %dr0 + E_ENTRY ], %dr5
	  addd,1 0, 0, %dr13
	  nop 4 }
	{ muld,0 %dr4, %dr6, %dr7
	  nop 5 }
	br cmpbdb, %dr1, %dr3, 8f
	{ subd,0 %dr1, %dr3, %dr8 }
	br cmpbdb, %dr8, %dr7, 8f
	{ addd,0 %dr0, %dr3, %dr3 }
1:	br cmpedb, %dr4, 0, 7f
	{ ldw,0 [ %dr3 + 0 ], %dr7
	  ldd,2 [ %dr3 + P_OFFSET ], %dr8
	  ldd,3 [ %dr3 + P_PADDR ], %dr9
	  ldd,5 [ %dr3 + P_FILESZ ], %dr10
	  nop 4 }
	{ ldd,0 [ %dr3 + P_MEMSZ ], %dr11
	  subd,1 %dr4, 1, %dr4
	  addd,2 %dr3, 56, %dr3
	  nop 4 }
	brn cmpedb, %dr7, PT_LOAD, 1b
	br cmpbdb, %dr11, %dr10, 8f
	br cmpbdb, %dr1, %dr8, 8f
	{ subd,0 %dr1, %dr8, %dr8 }
	br cmpbdb, %dr8, %dr10, 8f
	br cmpbdb, %dr2, %dr9, 8f
	{ subd,0 %dr2, %dr9, %dr8 }
	br cmpbdb, %dr8, %dr11, 8f
	br cmpbdb, %dr5, %dr9, 1b
	{ subd,0 %dr5, %dr9, %dr8 }
	brn cmpbdb, %dr8, %dr11, 1b
	{ addd,0 0, 1, %dr13
	  ibranch 1b }
7:	{ andd,0 %dr5, 7, %dr8 }
	brn cmpedb, %dr8, 0, 8f
	move %dr13, %dr0
	ret
8:	li %dr0, 0
	ret

/* Moves the segments of the file at %dr10 into place and goes to %dr8, the first bundle. Runs anywhere, on registers alone;
   the window is that of `_start`. */
	.align 8
elf_start:
	{ ldd,0 [ %dr10 + E_PHOFF ], %dr0
	  ldh,2 [ %dr10 + E_PHNUM ], %dr1
	  nop 4 }
	{ addd,0 %dr10, %dr0, %dr0 }
1:	br cmpedb, %dr1, 0, 9f
	{ ldw,0 [ %dr0 + 0 ], %dr2
	  ldd,2 [ %dr0 + P_OFFSET ], %dr3
	  ldd,3 [ %dr0 + P_PADDR ], %dr4
	  ldd,5 [ %dr0 + P_FILESZ ], %dr5
	  nop 4 }
	{ ldd,0 [ %dr0 + P_MEMSZ ], %dr6
	  subd,1 %dr1, 1, %dr1
	  addd,2 %dr0, 56, %dr0
	  addd,3 %dr3, %dr10, %dr3
	  nop 4 }
	brn cmpedb, %dr2, PT_LOAD, 1b
2:	br cmpedb, %dr6, 0, 1b
	/* from the file while it lasts, then zeros */
	{ addd,0 0, 0, %dr7 }
	br cmpedb, %dr5, 0, 3f
	{ ldb,0 [ %dr3 + 0 ], %dr7
	  subd,1 %dr5, 1, %dr5
	  addd,2 %dr3, 1, %dr3
	  nop 4 }
3:	{ stb,2 %r7, [ %dr4 + 0 ]
	  addd,0 %dr4, 1, %dr4
	  subd,1 %dr6, 1, %dr6 }
	{ ibranch 2b }
9:	{ movtd,0 %dr8, %ctpr1
	  nop 5 }
	{ addd,0 0, 0, %dr0 ; addd,1 0, 0, %dr1 }
	{ ct %ctpr1 }
