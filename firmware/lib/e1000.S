/* Intel 82540EM: one transmit buffer, sixteen receive buffers. Entries as in nic.S. */

#define E1000_ID     0x100e8086
#define CTRL         0x0000
#define STATUS       0x0008
#define ICR          0x00c0
#define IMS          0x00d0
#define IMC          0x00d8
#define RCTL         0x0100
#define TCTL         0x0400
#define TIPG         0x0410
#define RDBAL        0x2800
#define RDBAH        0x2804
#define RDLEN        0x2808
#define RDH          0x2810
#define RDT          0x2818
#define TDBAL        0x3800
#define TDBAH        0x3804
#define TDLEN        0x3808
#define TDH          0x3810
#define TDT          0x3818
#define RAL0         0x5400
#define RAH0         0x5404

#define E1000_RING   16                 /* descriptors in each ring */

	.text
/* Registers are in the first base address register. */
func e1000_place
	{ addd,0 %dr0, 0x10, %dr16
	  addd,1 0, NIC_WINDOW, %dr17
	  addd,2 0, STATUS, %dr18 }
	fcall pci_place
	move %dr16, %dr0
	ret

func e1000_open
	store %dr0, nic_base
	csr_write IMC, 0xffffffff
	csr_read CTRL, %dr2
	{ ord,0 %dr2, 0x04000000, %dr2 }        /* RST */
	{ stw,2 %r2, [ %dr1 + 0 ], mas=PCI_SPACE }
	li %dr16, 8000000                       /* the EEPROM is loaded anew: a few milliseconds */
	fcall pause
	csr_write IMC, 0xffffffff
	csr_read RAL0, %dr3
	csr_read RAH0, %dr4
	li %dr5, own_mac
	{ stw,2 %r3, [ %dr5 + 0 ] }
	{ sth,2 %r4, [ %dr5 + 4 ] }
	/* receive ring */
	{ addd,0 0, e1000_rx_ring, %dr4
	  addd,1 0, e1000_rx_buffers, %dr5 }
	{ addd,0 0, E1000_RING, %dr6
	  addd,1 0, 0, %dr7 }
1:	{ std,2 %dr5, [ %dr4 + 0 ]
	  subd,0 %dr6, 1, %dr6 }
	{ std,2 %dr7, [ %dr4 + 8 ]
	  addd,0 %dr4, 16, %dr4
	  addd,1 %dr5, BUFFER, %dr5 }
	brn cmpedb, %dr6, 0, 1b
	csr_write RDBAL, e1000_rx_ring
	csr_write RDBAH, 0
	csr_write RDLEN, (E1000_RING * 16)
	csr_write RDH, 0
	csr_write RDT, (E1000_RING - 1)
	csr_write TDBAL, e1000_tx_ring
	csr_write TDBAH, 0
	csr_write TDLEN, (E1000_RING * 16)
	csr_write TDH, 0
	csr_write TDT, 0
	csr_write TIPG, 0x00602008
	csr_write TCTL, 0x0004010a              /* EN, PSP, CT 16, COLD 64 */
	csr_write RCTL, 0x04008002              /* EN, BAM, SECRC, 2048-byte buffers */
	ret

func e1000_link
	move %dr0, %dr5
	load nic_base, %dr0
	csr_read CTRL, %dr2
	{ ord,0 %dr2, 0x61, %dr2 }              /* SLU, ASDE, FD */
	{ stw,2 %r2, [ %dr1 + 0 ], mas=PCI_SPACE }
	cycles %dr6
1:	csr_read STATUS, %dr3
	{ andd,0 %dr3, 2, %dr2 }
	brn cmpedb, %dr2, 0, 2f
	li %dr16, 1000000
	fcall pause
	until %dr6, %dr5, 1b
	li %dr3, 0
2:	move %dr3, %dr0
	ret

func e1000_send
	move %dr0, %dr8
	load nic_base, %dr0
	load e1000_tx_next, %dr9
	{ shld,0 %dr9, 4, %dr4
	  addd,1 0, e1000_tx_ring, %dr5
	  addd,2 0, tx_frame, %dr6 }
	{ addd,0 %dr5, %dr4, %dr5
	  ord,1 %dr8, 0x0b000000, %dr7 }        /* EOP, IFCS, RS */
	{ std,2 %dr6, [ %dr5 + 0 ] }
	{ std,2 %dr7, [ %dr5 + 8 ]
	  addd,0 %dr9, 1, %dr9 }
	{ andd,0 %dr9, (E1000_RING - 1), %dr9
	  addd,1 %dr0, TDT, %dr1 }
	{ stw,2 %r9, [ %dr1 + 0 ], mas=PCI_SPACE }
	store %dr9, e1000_tx_next
	cycles %dr6
1:	{ ldb,0 [ %dr5 + 12 ], %dr7
	  nop 4 }
	{ andd,0 %dr7, 1, %dr7 }
	brn cmpedb, %dr7, 0, 2f
	csr_read STATUS, %dr2
	li %dr7, 0
	until %dr6, TX_TIME, 1b
2:	move %dr7, %dr0
	ret

func e1000_receive
	move %dr0, %dr8
	load nic_base, %dr0
	load e1000_rx_next, %dr9
	{ shld,0 %dr9, 4, %dr4
	  addd,1 0, e1000_rx_ring, %dr5 }
	{ addd,0 %dr5, %dr4, %dr5 }
	cycles %dr6
1:	{ ldb,0 [ %dr5 + 12 ], %dr7
	  nop 4 }
	{ andd,0 %dr7, 1, %dr7 }
	brn cmpedb, %dr7, 0, 2f
	csr_read STATUS, %dr2
	until %dr6, %dr8, 1b
	li %dr0, 0
	ret
2:	{ ldh,0 [ %dr5 + 8 ], %dr0
	  ldd,2 [ %dr5 + 0 ], %dr1
	  nop 4 }
	ret

func e1000_release
	load nic_base, %dr0
	load e1000_rx_next, %dr9
	{ shld,0 %dr9, 4, %dr4
	  addd,1 0, e1000_rx_ring, %dr5
	  addd,2 0, 0, %dr7 }
	{ addd,0 %dr5, %dr4, %dr5
	  addd,1 %dr0, RDT, %dr1 }
	{ std,2 %dr7, [ %dr5 + 8 ] }
	{ stw,2 %r9, [ %dr1 + 0 ], mas=PCI_SPACE
	  addd,0 %dr9, 1, %dr9 }
	{ andd,0 %dr9, (E1000_RING - 1), %dr9 }
	store %dr9, e1000_rx_next
	ret

func e1000_listen
	load nic_base, %dr0
	csr_write IMS, 0xd0                     /* RXT0, RXO, RXDMT0 */
	li %dr0, 0
	ret

func e1000_heard
	load nic_base, %dr0
	csr_read ICR, %dr2
	ret

	.bss
	.align 4096
e1000_rx_ring:
	.skip E1000_RING * 16
e1000_tx_ring:
	.skip E1000_RING * 16
	.align 4096
e1000_rx_buffers:
	.skip E1000_RING * BUFFER
e1000_rx_next:
	.skip 8
e1000_tx_next:
	.skip 8
