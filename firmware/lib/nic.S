/* A network interface of any kind: the driver that fits what is on PCI, behind one set of entries.

   nic_find()                  r0 = configuration address of the first NIC that a driver here fits, or 0
   nic_place(r0 = that)        r0 = CPU address of its registers
   nic_open(r0 = registers)    resets it, reads its address into `own_mac`, lets it send and receive
   nic_link(r0 = cycles)       r0 = its link status, not 0, once the link is up; 0 if it is not up by then
   nic_send(r0 = bytes)        sends `tx_frame`: r0 = 1 when that is done, 0 if it never is
   nic_receive(r0 = cycles)    r0 = length of the next frame, r1 = its even address; r0 = 0 if none came
   nic_release()               gives the buffer of that frame back
   nic_listen(r0 = vector)     interrupts for received frames from now on: r0 = 1 if by messages of that vector, 0 by INTA
   nic_heard()                 takes the cause of an interrupt away

   One frame under way in each direction; until `nic_listen` all is polled. A driver is a table of these entries, `nic_find` aside, behind the ID it
   fits; what it keeps for itself it names after itself. */

#define NIC_WINDOW   0x200000           /* where its registers go in the window of PCI memory */
#define BUFFER       2048               /* bytes of one frame */
#define TX_TIME      4000000000         /* cycles after which a frame is not sent any more */

#define DRIVER_ID       0               /* device ID << 16 | vendor ID, 0 behind the last driver */
#define DRIVER_PLACE    8
#define DRIVER_OPEN     16
#define DRIVER_LINK     24
#define DRIVER_SEND     32
#define DRIVER_RECEIVE  40
#define DRIVER_RELEASE  48
#define DRIVER_LISTEN   56
#define DRIVER_HEARD    64
#define DRIVER_SIZE     72

/* Registers of the device at %dr0: `csr_write` and its like change %dr1 and %dr2, `csr_read` and its like %dr1. */
.macro csr_store operation, offset, value
	{ addd,0 %dr0, \offset, %dr1
	  addd,1 0, \value, %dr2 }
	{ \operation,2 %r2, [ %dr1 + 0 ], mas=PCI_SPACE }
.endm
.macro csr_load operation, offset, register
	{ addd,0 %dr0, \offset, %dr1 }
	{ \operation,2 [ %dr1 + 0 ], \register, mas=PCI_SPACE
	  nop 4 }
.endm
.macro csr_write offset, value
	csr_store stw, \offset, \value
.endm
.macro csr_write16 offset, value
	csr_store sth, \offset, \value
.endm
.macro csr_write8 offset, value
	csr_store stb, \offset, \value
.endm
.macro csr_read offset, register
	csr_load ldw, \offset, \register
.endm
.macro csr_read16 offset, register
	csr_load ldh, \offset, \register
.endm
.macro csr_read8 offset, register
	csr_load ldb, \offset, \register
.endm

/* Stays until `limit` cycles have passed since `begin`, then goes on below; before that it branches back to `label`. */
.macro until begin, limit, label
	cycles %dr14
	{ subd,0 %dr14, \begin, %dr14 }
	br cmpbdb, %dr14, \limit, \label
.endm

/* pause(r0 = cycles): waits, reading the first register so that little code runs meanwhile. */
leaf pause
	move %dr0, %dr3
	load nic_base, %dr0
	cycles %dr4
1:	csr_read 0, %dr2
	until %dr4, %dr3, 1b
	ret

/* The function's identity lives in `nic_driver`. */
func nic_find
	li %dr1, drivers
1:	{ ldd,0 [ %dr1 + DRIVER_ID ], %dr16
	  addd,1 0, 0, %dr0
	  nop 4 }
	br cmpedb, %dr16, 0, 2f
	fcall pci_find
	move %dr16, %dr0
	brn cmpedb, %dr0, 0, 2f
	{ addd,0 %dr1, DRIVER_SIZE, %dr1
	  ibranch 1b }
2:	store %dr1, nic_driver
	ret

/* An entry that goes to the driver's own, with the arguments and the way back as they are. */
.macro driver_entry name, place
leaf \name
	load nic_driver, %dr14
	{ ldd,0 [ %dr14 + \place ], %dr14
	  nop 4 }
	{ movtd,0 %dr14, %ctpr2
	  nop 5 }
	{ ct %ctpr2 }
.endm
driver_entry nic_place, DRIVER_PLACE
driver_entry nic_open, DRIVER_OPEN
driver_entry nic_link, DRIVER_LINK
driver_entry nic_send, DRIVER_SEND
driver_entry nic_receive, DRIVER_RECEIVE
driver_entry nic_release, DRIVER_RELEASE
driver_entry nic_listen, DRIVER_LISTEN
driver_entry nic_heard, DRIVER_HEARD

#include "e1000.S"
#include "rtl8139.S"
#include "virtio.S"

	.section .rodata
	.align 8
drivers:
	.dword E1000_ID, e1000_place, e1000_open, e1000_link, e1000_send, e1000_receive, e1000_release, e1000_listen, e1000_heard
	.dword RTL8139_ID, rtl8139_place, rtl8139_open, rtl8139_link, rtl8139_send, rtl8139_receive, rtl8139_release, rtl8139_listen, rtl8139_heard
	.dword VIRTIO_ID, virtio_place, virtio_open, virtio_link, virtio_send, virtio_receive, virtio_release, virtio_listen, virtio_heard
	.dword VIRTIO_ONLY_ID, virtio_place, virtio_open, virtio_link, virtio_send, virtio_receive, virtio_release, virtio_listen, virtio_heard
	.dword 0

	.bss
	.align 4096
	.skip 16                        /* what a NIC wants in front of a frame */
tx_frame:
	.skip BUFFER
nic_base:
	.skip 8
nic_driver:
	.skip 8
own_mac:
	.skip 8
