/* Page tables of versions 2 to 5: addresses lead to themselves, in pages of 2 MiB that are the kernel's, but for the pages of
   the tasks' code, which lie among the kernel's own first 2 MiB in pages of 4 KiB, and for the tasks' memory. */

#define PAGE_PRESENT    0x10000000023   /* P, W, A, VALID */
#define PAGE_DIRTY      0x40
#define PAGE_LARGE      0x80
#define PAGE_KERNEL     0x20000000000   /* PV */
#define LARGE           0x200000
#define RAM_END         0x8000000       /* 128 MiB, what the board has at least */
#define USER_MEMORY     0x400000        /* 2 MiB for the tasks' stacks */

/* MMU_CR: translation on. */
#define MMU_ON          0x21

/* large(r0 = address, r1 = entry bits): enters one page of 2 MiB, and the table for it if there is none. */
func large
	/* the table of tables of 1 GiB each */
	{ shrd,0 %dr0, 30, %dr2 }
	{ shld,0 %dr2, 3, %dr2 }
	{ addd,0 %dr2, page_middle, %dr2 }
	{ ldd,0 [ %dr2 + 0 ], %dr3
	  nop 4 }
	brn cmpedb, %dr3, 0, 1f
	load page_next, %dr3
	{ addd,0 %dr3, 4096, %dr4 }
	store %dr4, page_next
	{ addd,0 %dr3, PAGE_PRESENT, %dr3 }
	{ std,2 %dr3, [ %dr2 + 0 ] }
1:	{ shrd,0 %dr3, 12, %dr3
	  shrd,1 %dr0, 21, %dr4 }
	{ shld,0 %dr3, 40, %dr3
	  andd,1 %dr4, 511, %dr4 }
	{ shrd,0 %dr3, 28, %dr3
	  shld,1 %dr4, 3, %dr4 }
	{ addd,0 %dr3, %dr4, %dr3
	  ord,1 %dr0, %dr1, %dr4 }
	{ std,2 %dr4, [ %dr3 + 0 ] }
	ret

/* paging_on(): makes the tables and switches translation on. */
func paging_on
	{ addd,0 0, page_root, %dr0
	  addd,1 0, (page_middle + PAGE_PRESENT), %dr1 }
	{ std,2 %dr1, [ %dr0 + 0 ] }
	/* RAM, and what lies in memory space: PCI memory, controllers, configuration space of bus 0 */
	li %dr0, 0
1:	{ addd,0 %dr0, 0, %dr16
	  addd,1 0, (PAGE_PRESENT | PAGE_DIRTY | PAGE_LARGE | PAGE_KERNEL), %dr17 }
	fcall large
	{ addd,0 %dr0, LARGE, %dr0 }
	brn cmpedb, %dr0, RAM_END, 1b
	li %dr1, page_devices
2:	{ ldd,0 [ %dr1 + 0 ], %dr16
	  addd,1 %dr1, 8, %dr1
	  nop 4 }
	br cmpedb, %dr16, 0, 3f
	li %dr17, (PAGE_PRESENT | PAGE_DIRTY | PAGE_LARGE | PAGE_KERNEL)
	fcall large
	{ ibranch 2b }
3:	li %dr16, USER_MEMORY
	li %dr17, (PAGE_PRESENT | PAGE_DIRTY | PAGE_LARGE)
	fcall large
	/* the first 2 MiB in small pages */
	li %dr0, 0
	li %dr1, page_small
4:	li %dr2, (PAGE_PRESENT | PAGE_DIRTY)
	br cmpbdb, %dr0, user_start, 5f
	br cmpbdb, %dr0, user_end, 6f
5:	{ ord,0 %dr2, PAGE_KERNEL, %dr2 }
6:	{ ord,0 %dr2, %dr0, %dr2
	  addd,1 %dr0, 4096, %dr0 }
	{ std,2 %dr2, [ %dr1 + 0 ]
	  addd,0 %dr1, 8, %dr1 }
	brn cmpedb, %dr0, LARGE, 4b
	{ addd,0 0, 0, %dr16
	  addd,1 0, 0, %dr17 }
	load (page_middle + 0), %dr3
	{ subd,0 %dr3, PAGE_PRESENT, %dr3
	  addd,1 0, (page_small + PAGE_PRESENT), %dr4 }
	{ std,2 %dr4, [ %dr3 + 0 ] }
	{ addd,0 0, page_root, %dr1
	  addd,1 0, MMU_ON, %dr2 }
	{ nop 2
	  mmurw,2 %dr1, %root_ptb }
	{ nop 2
	  mmurw,2 %dr2, %mmu_cr }
	ret

	.section .rodata
	.align 8
page_devices:
	.dword 0x80000000, 0x80200000, 0x80400000, 0x80600000
	.dword 0xfec00000, 0xfee00000, 0x200000000, 0
	.data
	.align 8
page_next:
	.dword page_more
	.bss
	.align 4096
page_root:
	.skip 4096
page_middle:
	.skip 4096
page_small:
	.skip 4096
page_more:
	.skip 4096 * 4
