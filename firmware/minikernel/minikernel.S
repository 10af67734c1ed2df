/* minikernel: a small kernel with everything a processor needs to be one. It makes its own page tables, takes traps, is driven by
   a timer, switches between two tasks in user mode that never give way by themselves, serves their system calls, and answers
   UDP datagrams and ARP requests from within the interrupts of whichever network interface it finds. Other processors run a task
   each.

   A datagram to port 9 ends it; it then says what it did. Exit codes: 0 all went well, 1 no NIC, 2 no link, 3 a trap that nobody
   expected, 4 a task that miscalculated. */
#define PATIENCE     7000000000         /* cycles to wait for the link */
#define TICK         20000              /* cycles between two ticks */

#include "platform.inc"
#include "console.S"
#include "memory.S"
#include "pci.S"
#include "nic.S"
#include "paging.S"
#include "traps.S"
#include "echo.S"
#include "tasks.S"
#include "processors.S"

	.section .text.start
	.global _start
	.type _start, #function
	.align 8
_start:
	{ setwd wsz=16, nfx=1
	  setbn rsz=7, rbs=8, rcur=0
	  setbp psz=0 }
	fcall console_init
	print "minikernel\n"
	fcall nic_find
	move %dr16, %dr0
	br cmpedb, %dr0, 0, no_nic
	store %dr0, nic_function
	move %dr0, %dr16
	fcall nic_place
	fcall nic_open
	li %dr16, PATIENCE
	fcall nic_link
	br cmpedb, %dr16, 0, no_link
	fcall paging_on
	fcall interrupts_on
	fcall processors_start
	print "ready\n"
	fcall tasks_make
	fcall tasks_run

no_nic:
	print "no network interface\n"
	li %dr16, 1
	fcall leave
no_link:
	print "no link\n"
	li %dr16, 2
	fcall leave

/* farewell(r0 = exit code): says what was done and ends the machine. */
func farewell
	print "ticks "
	load ticks, %dr1
	print_decimal %dr1
	print " interrupts "
	load interrupts, %dr1
	print_decimal %dr1
	print " switches "
	load switches, %dr1
	print_decimal %dr1
	print " echoes "
	load echoes, %dr1
	print_decimal %dr1
	print " resolved "
	load resolved, %dr1
	print_decimal %dr1
	fcall processors_tell
	print "\nrounds "
	load (task_a + TASK_ROUNDS), %dr1
	print_decimal %dr1
	print " "
	load (task_b + TASK_ROUNDS), %dr1
	print_decimal %dr1
	print " exit "
	print_decimal %dr0
	print "\n"
	move %dr0, %dr16
	fcall leave

	.bss
	.align 8
nic_function:
	.skip 8
ticks:
	.skip 8
interrupts:
	.skip 8
switches:
	.skip 8
