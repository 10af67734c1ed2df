/* A virtio network interface of version 1 on PCI: one split ring in each direction. Entries as in nic.S. */

#define VIRTIO_ID       0x10001af4      /* transitional */
#define VIRTIO_ONLY_ID  0x10411af4

/* Capabilities, virtio 1.2 §4.1.4. */
#define CAP_POINTER     0x34
#define CAP_VENDOR      9
#define CAP_COMMON      1
#define CAP_NOTIFY      2
#define CAP_ISR         3
#define CAP_DEVICE      4

/* Common configuration, §4.1.4.3. */
#define DEVICE_FEATURE_SELECT   0
#define DEVICE_FEATURE          4
#define DRIVER_FEATURE_SELECT   8
#define DRIVER_FEATURE          12
#define NUM_QUEUES              16      /* msix_config and num_queues together */
#define DEVICE_STATUS           20
#define QUEUE_SELECT            22
#define QUEUE_SIZE              24
#define QUEUE_MSIX_VECTOR       26
#define QUEUE_ENABLE            28
#define QUEUE_NOTIFY_OFF        30
#define QUEUE_DESC              32
#define QUEUE_DRIVER            40
#define QUEUE_DEVICE            48

/* The MSI-X capability and its table, PCI 3.0 §6.8.2. */
#define CAP_MSIX        0x11
#define MSIX_WINDOW     0x300000
#define MSIX_ENABLE     0x8000

#define F_MAC           0x20            /* in features 0 to 31 */
#define F_STATUS        0x10000
#define F_VERSION_1     1               /* in features 32 to 63 */

#define VIRTIO_RING     16              /* descriptors in each ring */
#define VIRTIO_HEADER   12              /* struct virtio_net_hdr, §5.1.6 */

	.text
/* virtio_capability(r0 = configuration address, r1 = capability ID | type << 24, r2 = the bits of these that count): r0 =
   configuration address of the capability, or 0 */
leaf virtio_capability
	{ addd,0 %dr0, CAP_POINTER, %dr4 }
	{ ldb,2 [ %dr4 + 0 ], %dr3, mas=PCI_SPACE
	  nop 4 }
1:	br cmpedb, %dr3, 0, 3f
	{ addd,0 %dr0, %dr3, %dr4 }
	{ ldw,2 [ %dr4 + 0 ], %dr5, mas=PCI_SPACE
	  nop 4 }
	{ shrd,0 %dr5, 8, %dr3
	  andd,1 %dr5, %dr2, %dr6 }
	{ andd,0 %dr3, 0xff, %dr3 }
	brn cmpedb, %dr6, %dr1, 1b
	move %dr4, %dr0
	ret
3:	li %dr0, 0
	ret

/* virtio_structure(r0 = configuration address, r1 = type): r0 = offset of the structure in the base address register that
   holds them all, r1 = number of that register, r2 = configuration address of the capability; r2 = 0 if there is none */
func virtio_structure
	{ shld,0 %dr1, 24, %dr17
	  addd,1 %dr0, 0, %dr16
	  addd,2 0, 0xff0000ff, %dr18 }
	{ ord,0 %dr17, CAP_VENDOR, %dr17 }
	fcall virtio_capability
	move %dr16, %dr2
	br cmpedb, %dr2, 0, 1f
	{ addd,0 %dr2, 4, %dr3
	  addd,1 %dr2, 8, %dr4 }
	{ ldb,2 [ %dr3 + 0 ], %dr1, mas=PCI_SPACE }
	{ ldw,2 [ %dr4 + 0 ], %dr0, mas=PCI_SPACE
	  nop 4 }
1:	ret

/* The registers of nic.S are here those of the common configuration. */
func virtio_place
	move %dr0, %dr4
	store %dr4, virtio_config
	{ addd,0 %dr4, 0, %dr16
	  addd,1 0, CAP_ISR, %dr17 }
	fcall virtio_structure
	move %dr16, %dr9
	{ addd,0 %dr4, 0, %dr16
	  addd,1 0, CAP_DEVICE, %dr17 }
	fcall virtio_structure
	move %dr16, %dr5
	{ addd,0 %dr4, 0, %dr16
	  addd,1 0, CAP_NOTIFY, %dr17 }
	fcall virtio_structure
	{ addd,0 %dr16, 0, %dr6
	  addd,1 %dr18, 16, %dr7 }
	{ ldw,2 [ %dr7 + 0 ], %dr7, mas=PCI_SPACE
	  nop 4 }
	store %dr7, virtio_notify_unit
	{ addd,0 %dr4, 0, %dr16
	  addd,1 0, CAP_COMMON, %dr17 }
	fcall virtio_structure
	{ addd,0 %dr16, 0, %dr8
	  shld,1 %dr17, 2, %dr17
	  addd,2 %dr16, NUM_QUEUES, %dr18 }
	{ addd,0 %dr4, %dr17, %dr16 }
	{ addd,0 %dr16, 0x10, %dr16
	  addd,1 0, NIC_WINDOW, %dr17 }
	fcall pci_place
	{ addd,0 %dr16, %dr5, %dr5
	  addd,1 %dr16, %dr6, %dr6
	  addd,2 %dr16, %dr8, %dr0
	  addd,3 %dr16, %dr9, %dr9 }
	store %dr5, virtio_device
	store %dr9, virtio_isr
	store %dr6, virtio_notify
	ret

/* virtio_queue(r0 = common configuration, r1 = descriptors, r2 = number, r3 = driver area, r4 = device area) */
leaf virtio_queue
	{ addd,0 %dr1, 0, %dr5
	  addd,1 %dr2, 0, %dr6 }
	csr_write16 QUEUE_SELECT, %dr6
	csr_write16 QUEUE_SIZE, VIRTIO_RING
	csr_write QUEUE_DESC, %dr5
	csr_write (QUEUE_DESC + 4), 0
	csr_write QUEUE_DRIVER, %dr3
	csr_write (QUEUE_DRIVER + 4), 0
	csr_write QUEUE_DEVICE, %dr4
	csr_write (QUEUE_DEVICE + 4), 0
	csr_write16 QUEUE_ENABLE, 1
	/* polled: no interrupt for what is used */
	li %dr2, 1
	{ sth,2 %r2, [ %dr3 + 0 ] }
	/* where to knock */
	csr_read16 QUEUE_NOTIFY_OFF, %dr2
	load virtio_notify_unit, %dr3
	{ muld,0 %dr2, %dr3, %dr2
	  nop 5 }
	load virtio_notify, %dr3
	{ addd,0 %dr3, %dr2, %dr3
	  shld,1 %dr6, 3, %dr4 }
	{ addd,0 %dr4, virtio_doorbells, %dr4 }
	{ std,2 %dr3, [ %dr4 + 0 ] }
	ret

func virtio_open
	store %dr0, nic_base
	csr_write8 DEVICE_STATUS, 0
1:	csr_read8 DEVICE_STATUS, %dr2
	brn cmpedb, %dr2, 0, 1b
	csr_write8 DEVICE_STATUS, 1             /* ACKNOWLEDGE */
	csr_write8 DEVICE_STATUS, 3             /* DRIVER */
	csr_write DEVICE_FEATURE_SELECT, 0
	csr_read DEVICE_FEATURE, %dr3
	{ andd,0 %dr3, (F_MAC | F_STATUS), %dr3 }
	csr_write DRIVER_FEATURE_SELECT, 0
	csr_write DRIVER_FEATURE, %dr3
	store %dr3, virtio_features
	csr_write DRIVER_FEATURE_SELECT, 1
	csr_write DRIVER_FEATURE, F_VERSION_1
	csr_write8 DEVICE_STATUS, 11            /* FEATURES_OK */
	{ addd,0 %dr0, 0, %dr16
	  addd,1 0, virtio_rx_descriptors, %dr17
	  addd,2 0, 0, %dr18 }
	{ addd,0 0, virtio_rx_available, %dr19
	  addd,1 0, virtio_rx_used, %dr20 }
	fcall virtio_queue
	{ addd,0 %dr0, 0, %dr16
	  addd,1 0, virtio_tx_descriptors, %dr17
	  addd,2 0, 1, %dr18 }
	{ addd,0 0, virtio_tx_available, %dr19
	  addd,1 0, virtio_tx_used, %dr20 }
	fcall virtio_queue
	/* every receive buffer is the device's at first */
	{ addd,0 0, virtio_rx_descriptors, %dr4
	  addd,1 0, virtio_rx_buffers, %dr5
	  addd,2 0, 0, %dr6 }
	{ addd,0 0, virtio_rx_available, %dr7
	  addd,1 0, (2 << 32 | BUFFER), %dr8 }  /* WRITE */
2:	{ std,2 %dr5, [ %dr4 + 0 ]
	  addd,0 %dr5, BUFFER, %dr5 }
	{ std,2 %dr8, [ %dr4 + 8 ]
	  addd,0 %dr4, 16, %dr4 }
	{ sth,2 %r6, [ %dr7 + 4 ]
	  addd,0 %dr7, 2, %dr7
	  addd,1 %dr6, 1, %dr6 }
	brn cmpedb, %dr6, VIRTIO_RING, 2b
	{ addd,0 0, virtio_rx_available, %dr7 }
	{ sth,2 %r6, [ %dr7 + 2 ] }
	store %dr6, virtio_rx_offered
	csr_write8 DEVICE_STATUS, 15            /* DRIVER_OK */
	li %dr16, 0
	fcall virtio_kick
	load virtio_device, %dr0
	csr_read 0, %dr3
	csr_read16 4, %dr4
	li %dr5, own_mac
	{ stw,2 %r3, [ %dr5 + 0 ] }
	{ sth,2 %r4, [ %dr5 + 4 ] }
	ret

/* virtio_kick(r0 = number of the queue) */
leaf virtio_kick
	{ shld,0 %dr0, 3, %dr1
	  addd,1 0, virtio_doorbells, %dr2 }
	{ ldd,0 [ %dr2 + %dr1 ], %dr2
	  nop 4 }
	{ sth,2 %r0, [ %dr2 + 0 ], mas=PCI_SPACE }
	ret

/* A device that does not offer STATUS has its link up. */
func virtio_link
	move %dr0, %dr5
	load virtio_features, %dr3
	{ andd,0 %dr3, F_STATUS, %dr3 }
	{ addd,0 0, 1, %dr0
	  addd,1 %dr3, 0, %dr3 }
	br cmpedb, %dr3, 0, 2f
	load virtio_device, %dr0
	cycles %dr6
1:	csr_read16 6, %dr3
	{ andd,0 %dr3, 1, %dr2 }
	brn cmpedb, %dr2, 0, 3f
	li %dr16, 1000000
	fcall pause
	until %dr6, %dr5, 1b
	li %dr3, 0
3:	move %dr3, %dr0
2:	ret

/* The header of zeros stands before the frame. */
func virtio_send
	{ addd,0 0, virtio_tx_descriptors, %dr4
	  addd,1 0, (tx_frame - VIRTIO_HEADER), %dr5
	  addd,2 %dr0, VIRTIO_HEADER, %dr6 }
	{ std,2 %dr5, [ %dr4 + 0 ] }
	{ std,2 %dr6, [ %dr4 + 8 ] }
	load virtio_tx_offered, %dr9
	{ addd,0 %dr9, 1, %dr9
	  addd,1 0, virtio_tx_available, %dr4 }
	{ sth,2 %r9, [ %dr4 + 2 ]
	  andd,0 %dr9, 0xffff, %dr9 }
	store %dr9, virtio_tx_offered
	li %dr16, 1
	fcall virtio_kick
	load nic_base, %dr0
	{ addd,0 0, virtio_tx_used, %dr5 }
	cycles %dr6
1:	{ ldh,0 [ %dr5 + 2 ], %dr7
	  nop 4 }
	br cmpedb, %dr7, %dr9, 2f
	csr_read8 DEVICE_STATUS, %dr2
	until %dr6, TX_TIME, 1b
	li %dr0, 0
	ret
2:	li %dr0, 1
	ret

func virtio_receive
	move %dr0, %dr8
	load nic_base, %dr0
	load virtio_rx_taken, %dr9
	{ addd,0 0, virtio_rx_used, %dr5 }
	cycles %dr6
1:	{ ldh,0 [ %dr5 + 2 ], %dr7
	  nop 4 }
	brn cmpedb, %dr7, %dr9, 2f
	csr_read8 DEVICE_STATUS, %dr2
	until %dr6, %dr8, 1b
	li %dr0, 0
	ret
2:	{ andd,0 %dr9, (VIRTIO_RING - 1), %dr4 }
	{ shld,0 %dr4, 3, %dr4 }
	{ addd,0 %dr5, %dr4, %dr5 }
	{ ldw,0 [ %dr5 + 4 ], %dr1
	  ldw,2 [ %dr5 + 8 ], %dr0
	  nop 4 }
	{ muld,0 %dr1, BUFFER, %dr1
	  subd,1 %dr0, VIRTIO_HEADER, %dr0
	  nop 5 }
	{ addd,0 %dr1, (virtio_rx_buffers + VIRTIO_HEADER), %dr1 }
	ret

func virtio_release
	load virtio_rx_taken, %dr9
	{ andd,0 %dr9, (VIRTIO_RING - 1), %dr4
	  addd,1 0, virtio_rx_used, %dr5
	  addd,2 %dr9, 1, %dr9 }
	{ shld,0 %dr4, 3, %dr4
	  andd,1 %dr9, 0xffff, %dr9 }
	{ addd,0 %dr5, %dr4, %dr5 }
	{ ldw,0 [ %dr5 + 4 ], %dr6
	  nop 4 }
	store %dr9, virtio_rx_taken
	load virtio_rx_offered, %dr9
	{ andd,0 %dr9, (VIRTIO_RING - 1), %dr4
	  addd,1 0, virtio_rx_available, %dr5
	  addd,2 %dr9, 1, %dr9 }
	{ shld,0 %dr4, 1, %dr4
	  andd,1 %dr9, 0xffff, %dr9 }
	{ addd,0 %dr5, %dr4, %dr4 }
	{ sth,2 %r6, [ %dr4 + 4 ] }
	{ sth,2 %r9, [ %dr5 + 2 ] }
	store %dr9, virtio_rx_offered
	li %dr16, 0
	fcall virtio_kick
	ret

/* By MSI-X if there is a table for it, which the kernel's own doorbell then stands in. */
func virtio_listen
	move %dr0, %dr8
	load virtio_config, %dr4
	{ addd,0 0, virtio_rx_available, %dr5
	  addd,1 0, 0, %dr6 }
	{ sth,2 %r6, [ %dr5 + 0 ] }
	{ addd,0 %dr4, 0, %dr16
	  addd,1 0, CAP_MSIX, %dr17
	  addd,2 0, 0xff, %dr18 }
	fcall virtio_capability
	move %dr16, %dr5
	li %dr0, 0
	br cmpedb, %dr5, 0, 1f
	/* the table is at the start of its base address register */
	{ addd,0 %dr5, 4, %dr6 }
	{ ldw,2 [ %dr6 + 0 ], %dr6, mas=PCI_SPACE
	  nop 4 }
	{ andd,0 %dr6, 7, %dr6 }
	{ shld,0 %dr6, 2, %dr6 }
	{ addd,0 %dr4, %dr6, %dr16 }
	{ addd,0 %dr16, 0x10, %dr16
	  addd,1 0, MSIX_WINDOW, %dr17
	  addd,2 0, 12, %dr18 }
	fcall pci_place
	move %dr16, %dr0
	csr_write 0, MSI_DOORBELL
	csr_write 4, 0
	csr_write 8, %dr8
	csr_write 12, 0
	{ addd,0 %dr5, 2, %dr6
	  addd,1 0, MSIX_ENABLE, %dr7 }
	{ sth,2 %r7, [ %dr6 + 0 ], mas=PCI_SPACE }
	load nic_base, %dr0
	csr_write16 QUEUE_SELECT, 0
	csr_write16 QUEUE_MSIX_VECTOR, 0
	li %dr0, 1
1:	ret

func virtio_heard
	load virtio_isr, %dr0
	csr_read8 0, %dr2
	ret

	.bss
	.align 4096
virtio_rx_descriptors:
	.skip VIRTIO_RING * 16
virtio_tx_descriptors:
	.skip VIRTIO_RING * 16
virtio_rx_available:
	.skip 64
virtio_tx_available:
	.skip 64
virtio_rx_used:
	.skip 192
virtio_tx_used:
	.skip 192
virtio_rx_buffers:
	.skip VIRTIO_RING * BUFFER
virtio_notify:
	.skip 8
virtio_notify_unit:
	.skip 8
virtio_device:
	.skip 8
virtio_isr:
	.skip 8
virtio_config:
	.skip 8
virtio_doorbells:
	.skip 16
virtio_features:
	.skip 8
virtio_rx_offered:
	.skip 8
virtio_rx_taken:
	.skip 8
virtio_tx_offered:
	.skip 8
