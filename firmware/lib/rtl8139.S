/* Realtek RTL8139, rings of the C mode: four transmit descriptors, a receive buffer of 8 KiB. Entries as in nic.S. */

#define RTL8139_ID   0x813910ec
#define IDR0         0x00
#define IDR4         0x04
#define TSD0         0x10
#define TSAD0        0x20
#define RBSTART      0x30
#define CR           0x37
#define CAPR         0x38
#define IMR          0x3c
#define ISR          0x3e
#define TCR          0x40
#define RCR          0x44
#define MSR          0x58
#define BMSR         0x64

#define RTL8139_RX   8192               /* bytes of the receive buffer; a frame may go on beyond its end (RCR.WRAP) */

	.text
/* Registers are in the second base address register; the first is for I/O ports. */
func rtl8139_place
	{ addd,0 %dr0, 0x14, %dr16
	  addd,1 0, NIC_WINDOW, %dr17
	  addd,2 0, IDR0, %dr18 }
	fcall pci_place
	move %dr16, %dr0
	ret

func rtl8139_open
	store %dr0, nic_base
	csr_write8 CR, 0x10                     /* RST */
1:	csr_read8 CR, %dr2
	{ andd,0 %dr2, 0x10, %dr2 }
	brn cmpedb, %dr2, 0, 1b
	csr_read IDR0, %dr3
	csr_read IDR4, %dr4
	li %dr5, own_mac
	{ stw,2 %r3, [ %dr5 + 0 ] }
	{ sth,2 %r4, [ %dr5 + 4 ] }
	csr_write16 IMR, 0
	csr_write RBSTART, rtl8139_rx
	csr_write8 CR, 0x0c                     /* RE, TE */
	csr_write TCR, 0x03000700               /* gap of 802.3, bursts without limit */
	csr_write RCR, 0xe78a                   /* AB, APM, WRAP, bursts without limit, 8 KiB, whole frames */
	ret

func rtl8139_link
	move %dr0, %dr5
	load nic_base, %dr0
	cycles %dr6
1:	csr_read8 MSR, %dr3
	{ andd,0 %dr3, 4, %dr2 }                /* LINKB: no link */
	br cmpedb, %dr2, 0, 2f
	li %dr16, 1000000
	fcall pause
	until %dr6, %dr5, 1b
	li %dr0, 0
	ret
2:	csr_read16 BMSR, %dr0
	ret

/* The chip adds no padding: a short frame gets it here. */
func rtl8139_send
	move %dr0, %dr8
	load nic_base, %dr0
	brn cmpbdb, %dr8, 60, 1f
	{ addd,0 %dr8, tx_frame, %dr16
	  addd,1 0, 0, %dr17
	  subd,2 0, %dr8, %dr18 }
	{ addd,0 %dr18, 60, %dr18 }
	fcall fill
	li %dr8, 60
1:	load rtl8139_tx_next, %dr9
	{ shld,0 %dr9, 2, %dr4
	  addd,1 %dr9, 1, %dr9
	  addd,2 0, tx_frame, %dr6 }
	{ addd,0 %dr0, %dr4, %dr5
	  andd,1 %dr9, 3, %dr9 }
	{ stw,2 %r6, [ %dr5 + TSAD0 ], mas=PCI_SPACE }
	{ stw,2 %r8, [ %dr5 + TSD0 ], mas=PCI_SPACE }
	store %dr9, rtl8139_tx_next
	cycles %dr6
2:	{ ldw,2 [ %dr5 + TSD0 ], %dr7, mas=PCI_SPACE
	  nop 4 }
	{ andd,0 %dr7, 0x8000, %dr7 }           /* TOK */
	brn cmpedb, %dr7, 0, 3f
	until %dr6, TX_TIME, 2b
	li %dr0, 0
	ret
3:	li %dr0, 1
	ret

/* Each frame has its status and its length, FCS included, before it. */
func rtl8139_receive
	move %dr0, %dr8
	load nic_base, %dr0
	load rtl8139_rx_next, %dr9
	cycles %dr6
1:	csr_read8 CR, %dr2
	{ andd,0 %dr2, 1, %dr2 }                /* BUFE */
	br cmpedb, %dr2, 0, 2f
	until %dr6, %dr8, 1b
	li %dr0, 0
	ret
2:	{ addd,0 %dr9, rtl8139_rx, %dr1 }
	{ ldh,0 [ %dr1 + 2 ], %dr0
	  nop 4 }
	{ subd,0 %dr0, 4, %dr0
	  addd,1 %dr1, 4, %dr1 }
	ret

/* The next frame starts at a multiple of four bytes. CAPR lags 16 bytes behind. */
func rtl8139_release
	load nic_base, %dr0
	load rtl8139_rx_next, %dr9
	{ addd,0 %dr9, rtl8139_rx, %dr4 }
	{ ldh,0 [ %dr4 + 2 ], %dr5
	  nop 4 }
	{ addd,0 %dr9, %dr5, %dr9 }
	{ addd,0 %dr9, 7, %dr9 }
	{ andd,0 %dr9, (RTL8139_RX - 4), %dr9 }
	store %dr9, rtl8139_rx_next
	{ subd,0 %dr9, 16, %dr9
	  addd,1 %dr0, CAPR, %dr1 }
	{ sth,2 %r9, [ %dr1 + 0 ], mas=PCI_SPACE }
	ret

func rtl8139_listen
	load nic_base, %dr0
	csr_write16 IMR, 0x51                   /* FOVW, RXOVW, ROK */
	li %dr0, 0
	ret

func rtl8139_heard
	load nic_base, %dr0
	csr_read16 ISR, %dr3
	csr_write16 ISR, %dr3
	ret

	.bss
	.align 4096
rtl8139_rx:
	.skip RTL8139_RX + 16 + BUFFER
	.align 8
rtl8139_rx_next:
	.skip 8
rtl8139_tx_next:
	.skip 8
