/* Traps, interrupts, system calls and the switch between tasks.

   A trap's handler runs on the hardware stacks of what it interrupted, with a window behind the interrupted one. What no window
   holds, the target registers, it keeps in its own. The switch is an ordinary procedure that returns into the other task: it
   flushes both register files to the stacks' memory, and then the two stacks and the return frame in %cr0 and %cr1 are the task. */

#define TIMER_VECTOR    0xef
#define NIC_VECTOR      0x62
#define NIC_INPUT       18              /* INTA of slot 3 at the I/O controller */
#define EXC_INTERRUPT   32              /* bit of %tir.hi */

/* Local controller. */
#define APIC_EOI        0xb0
#define APIC_SPIV       0xf0
#define APIC_LVTT       0x320
#define APIC_TMICT      0x380
#define APIC_TDCR       0x3e0
#define APIC_VECT       0xff0

/* A task. */
#define TASK_NEXT       0
#define TASK_ROUNDS     8
#define TASK_CR0_LO     16
#define TASK_CR0_HI     24
#define TASK_CR1_LO     32
#define TASK_CR1_HI     40
#define TASK_PSP_LO     48
#define TASK_PSP_HI     56
#define TASK_PCSP_LO    64
#define TASK_PCSP_HI    72
#define TASK_ENTRY      80              /* where it starts in user mode */
#define TASK_SIZE       88

#define STATE_KERNEL    0x1             /* %psr of the kernel: privileged, all else off */
#define STATE_USER      0x6             /* %psr of a task: interrupts, checked stacks */

/* System calls: number in r0. */
#define SYS_ROUND       1               /* a round is done; r1 = 1 if its result was right */
#define SYS_TICKS       2               /* r0 = ticks so far */
#define SYS_YIELD       3               /* the other task goes on */
#define SYS_ENTRY       3               /* number of the gate */

.macro apic_write offset, value
	{ addd,0 0, (LOCAL_APIC + \offset), %dr1
	  addd,1 0, \value, %dr2 }
	{ stw,2 %r2, [ %dr1 + 0 ], mas=PCI_SPACE }
.endm

.macro keep register, offset
	{ rrd,0 \register, %dr7
	  nop 4 }
	{ std,2 %dr7, [ %dr6 + \offset ] }
.endm

.macro take offset, register
	{ ldd,0 [ %dr6 + \offset ], %dr7
	  nop 4 }
	{ rwd,0 %dr7, \register
	  nop 4 }
.endm

/* interrupts_on(): trap table, local controller, timer, interrupts of the network interface. */
func interrupts_on
	{ addd,0 0, trap_table, %dr1 }
	{ rwd,0 %dr1, %oscud.lo }
	{ addd,0 0, (0x10000 << 32), %dr1 }
	{ rwd,0 %dr1, %oscud.hi }
	apic_write APIC_SPIV, 0x1ff
	li %dr16, NIC_VECTOR
	fcall nic_listen
	brn cmpedb, %dr16, 0, 1f
	/* level, active low, to processor 0 */
	{ addd,0 0, IO_APIC, %dr3
	  addd,1 0, (0x11 + 2 * NIC_INPUT), %dr1
	  addd,2 0, 0, %dr2 }
	{ stw,2 %r1, [ %dr3 + 0 ], mas=PCI_SPACE }
	{ stw,2 %r2, [ %dr3 + 0x10 ], mas=PCI_SPACE }
	{ addd,0 0, (0x10 + 2 * NIC_INPUT), %dr1
	  addd,1 0, (0xa000 | NIC_VECTOR), %dr2 }
	{ stw,2 %r1, [ %dr3 + 0 ], mas=PCI_SPACE }
	{ stw,2 %r2, [ %dr3 + 0x10 ], mas=PCI_SPACE }
1:	apic_write APIC_TDCR, 0xb
	apic_write APIC_LVTT, (0x20000 | TIMER_VECTOR)
	apic_write APIC_TMICT, TICK
	ret

	.text
	.align 0x800
trap_table:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
	{ rrd,0 %ctpr1, %dr8
	  nop 4 }
	{ rrd,0 %ctpr2, %dr9
	  nop 4 }
	{ rrd,0 %ctpr3, %dr10
	  nop 4 }
	{ rrd,0 %tir.hi, %dr0
	  nop 4 }
	{ rrd,0 %tir.lo, %dr1
	  nop 4 }
	{ shrd,0 %dr0, EXC_INTERRUPT, %dr2 }
	{ andd,0 %dr2, 1, %dr2 }
	br cmpedb, %dr2, 0, unexpected
	{ addd,0 0, (LOCAL_APIC + APIC_VECT), %dr3 }
	{ ldw,2 [ %dr3 + 0 ], %dr4, mas=PCI_SPACE
	  nop 4 }
	{ andd,0 %dr4, 0xff, %dr4 }
	br cmpedb, %dr4, TIMER_VECTOR, tick
	brn cmpedb, %dr4, NIC_VECTOR, resume
	load interrupts, %dr5
	{ addd,0 %dr5, 1, %dr5 }
	store %dr5, interrupts
	fcall nic_heard
	fcall echo_all
	br cmpedb, %dr16, 0, resume
	li %dr16, 0
	fcall farewell

/* Back to what was interrupted; %dr8 to %dr10 hold its %ctpr. */
resume:
	apic_write APIC_EOI, 0
leave_trap:
	{ rwd,0 %dr8, %ctpr1 }
	{ rwd,0 %dr9, %ctpr2 }
	{ rwd,0 %dr10, %ctpr3 }
	{ rwd,0 0, %tir.lo }
	{ nop 3 }
	{ done }

tick:
	load ticks, %dr5
	{ addd,0 %dr5, 1, %dr5 }
	store %dr5, ticks
	/* before the switch: another task may go on elsewhere than here */
	apic_write APIC_EOI, 0
	fcall task_switch
	{ ibranch leave_trap }
unexpected:
	print "trap "
	print_hex %dr0, 11
	print " at "
	print_hex %dr1, 12
	print "\n"
	li %dr16, 3
	fcall farewell

	.align 0x800
	.if . - trap_table < SYS_ENTRY * 0x800
	.skip SYS_ENTRY * 0x800 - (. - trap_table)
	.endif
system_call:
	{ setwd wsz=16, nfx=1
	  setbp psz=0 }
	br cmpedb, %dr0, SYS_ROUND, 1f
	br cmpedb, %dr0, SYS_TICKS, 2f
	brn cmpedb, %dr0, SYS_YIELD, 3f
	fcall task_switch
	li %dr0, 0
	ret
1:	br cmpedb, %dr1, 0, 4f
	load current, %dr2
	{ ldd,0 [ %dr2 + TASK_ROUNDS ], %dr3
	  nop 4 }
	{ addd,0 %dr3, 1, %dr3 }
	{ std,2 %dr3, [ %dr2 + TASK_ROUNDS ] }
	li %dr0, 0
	ret
2:	load ticks, %dr0
	ret
3:	{ subd,0 0, 1, %dr0 }
	ret
4:	print "a task miscalculated\n"
	li %dr16, 4
	fcall farewell

/* task_switch(): the next task goes on where it was; returns when it is this one's turn again. */
func task_switch
	load switches, %dr5
	{ addd,0 %dr5, 1, %dr5 }
	store %dr5, switches
	{ flushr }
	{ flushc
	  nop 3 }
	load current, %dr6
	keep %cr0.lo, TASK_CR0_LO
	keep %cr0.hi, TASK_CR0_HI
	keep %cr1.lo, TASK_CR1_LO
	keep %cr1.hi, TASK_CR1_HI
	keep %psp.lo, TASK_PSP_LO
	keep %psp.hi, TASK_PSP_HI
	keep %pcsp.lo, TASK_PCSP_LO
	keep %pcsp.hi, TASK_PCSP_HI
	{ ldd,0 [ %dr6 + TASK_NEXT ], %dr6
	  nop 4 }
go_on:
	store %dr6, current
	take TASK_CR0_LO, %cr0.lo
	take TASK_CR0_HI, %cr0.hi
	take TASK_CR1_LO, %cr1.lo
	take TASK_CR1_HI, %cr1.hi
	take TASK_PSP_LO, %psp.lo
	take TASK_PSP_HI, %psp.hi
	take TASK_PCSP_LO, %pcsp.lo
	take TASK_PCSP_HI, %pcsp.hi
	ret

/* tasks_run(): leaves the boot procedure for the first task; does not return. */
func tasks_run
	{ flushr }
	{ flushc
	  nop 3 }
	{ addd,0 0, task_a, %dr6 }
	{ ibranch go_on }

/* The first return of `task_switch` into a task comes here; from here into user mode. */
func task_start
	load current, %dr6
	take TASK_ENTRY, %cr0.hi
	{ addd,0 0, (STATE_USER << 57 | 1 << 25), %dr7 }
	{ rwd,0 %dr7, %cr1.lo }
	{ rwd,0 0, %tir.lo }
	{ nop 3 }
	{ done }

	.bss
	.align 8
current:
	.skip 8
