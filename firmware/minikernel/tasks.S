/* The two tasks: user mode, stacks of their own, no word of each other. */

#define STACK_A         (USER_MEMORY + 0x00000)
#define CHAIN_A         (USER_MEMORY + 0x20000)
#define STACK_B         (USER_MEMORY + 0x40000)
#define CHAIN_B         (USER_MEMORY + 0x60000)
#define STACK_SIZE      0x20000
#define CHAIN_SIZE      0x8000
#define STACK_RIGHTS    (3 << 59)       /* read and write */
/* What `task_switch` returns into at first: a window of START_WINDOW pairs, and two empty frames. */
#define START_WINDOW    8
#define STACK_START     (START_WINDOW * 32)
#define CHAIN_START     64

#define DEPTH           300             /* calls deep: far more than the register file holds */

/* task_make(r0 = task, r1 = entry, r2 = procedure stack, r3 = chain stack, r4 = the next task) */
leaf task_make
	{ addd,0 0, (STATE_KERNEL << 57 | START_WINDOW << 33 | 1 << 25), %dr5
	  addd,1 0, task_start, %dr6 }
	{ std,2 %dr6, [ %dr0 + TASK_CR0_HI ]
	  std,5 %dr5, [ %dr0 + TASK_CR1_LO ]
	  addd,0 0, STACK_RIGHTS, %dr6 }
	{ std,2 %dr1, [ %dr0 + TASK_ENTRY ]
	  ord,0 %dr2, %dr6, %dr2
	  ord,1 %dr3, %dr6, %dr3 }
	{ std,2 %dr2, [ %dr0 + TASK_PSP_LO ]
	  std,5 %dr3, [ %dr0 + TASK_PCSP_LO ] }
	{ addd,0 0, (STACK_SIZE << 32 | STACK_START), %dr5
	  addd,1 0, (CHAIN_SIZE << 32 | CHAIN_START), %dr6 }
	{ std,2 %dr5, [ %dr0 + TASK_PSP_HI ]
	  std,5 %dr6, [ %dr0 + TASK_PCSP_HI ] }
	{ std,2 %dr4, [ %dr0 + TASK_NEXT ] }
	ret

func tasks_make
	{ addd,0 0, task_a, %dr16
	  addd,1 0, user_a, %dr17 }
	{ addd,0 0, STACK_A, %dr18
	  addd,1 0, CHAIN_A, %dr19 }
	{ addd,0 0, task_b, %dr20 }
	fcall task_make
	{ addd,0 0, task_b, %dr16
	  addd,1 0, user_b, %dr17 }
	{ addd,0 0, STACK_B, %dr18
	  addd,1 0, CHAIN_B, %dr19 }
	{ addd,0 0, task_a, %dr20 }
	fcall task_make
	ret

	.bss
	.align 8
task_a:
	.skip TASK_SIZE
task_b:
	.skip TASK_SIZE

.macro user_func name
	.align 8
\name:
	{ setwd wsz=16, nfx=1 }
.endm

.macro system number
	{ sdisp %ctpr1, SYS_ENTRY
	  addd,0 0, \number, %dr16
	  nop 4 }
	{ call %ctpr1, wbs=8 }
.endm

/* What follows is all that the tasks see of the kernel's image. */
	.section .user, "ax"
	.align 4096
user_start:
/* Sums by recursion: each level has a window and a return frame of its own, so the stacks spill and fill all the time. */
user_func user_a
	{ setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
1:	li %dr16, DEPTH
	fcall user_sum
	{ cmpedb,0 %dr16, (DEPTH * (DEPTH + 1) / 2), %pred0
	  addd,1 0, 1, %dr1
	  nop 2 }
	{ merged,0 0, %dr1, %dr17, %pred0 }
	system SYS_ROUND
	{ ibranch 1b }

/* user_sum(r0 = n): r0 = 1 + … + n */
user_func user_sum
	br cmpedb, %dr0, 0, 1f
	{ subd,0 %dr0, 1, %dr16 }
	fcall user_sum
	{ addd,0 %dr0, %dr16, %dr0 }
1:	ret

/* Counts with everything that a window does not hold: predicates, target registers, a loop over memory. */
user_func user_b
	{ setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
1:	{ addd,0 0, USER_MEMORY + 0x80000, %dr0
	  addd,1 0, 256, %dr1
	  addd,2 0, 1, %dr2 }
2:	{ std,2 %dr2, [ %dr0 + 0 ]
	  addd,0 %dr0, 8, %dr0
	  subd,1 %dr1, 1, %dr1
	  muld,3 %dr2, 6364136223846793005, %dr2
	  nop 5 }
	brn cmpedb, %dr1, 0, 2b
	{ addd,0 0, USER_MEMORY + 0x80000, %dr0
	  addd,1 0, 256, %dr1
	  addd,2 0, 1, %dr2 }
	li %dr4, 1
3:	{ ldd,0 [ %dr0 + 0 ], %dr3
	  addd,1 %dr0, 8, %dr0
	  subd,3 %dr1, 1, %dr1
	  nop 4 }
	{ cmpedb,0 %dr3, %dr2, %pred1
	  muld,3 %dr2, 6364136223846793005, %dr2
	  nop 5 }
	{ merged,0 0, %dr4, %dr4, %pred1 }
	brn cmpedb, %dr1, 0, 3b
	move %dr4, %dr17
	system SYS_ROUND
	system SYS_TICKS
	/* now and then it gives way of its own will */
	{ andd,0 %dr16, 7, %dr16 }
	brn cmpedb, %dr16, 7, 1b
	system SYS_YIELD
	{ ibranch 1b }
	.align 4096
user_end:
