/* PCI: finding functions, placing base address registers, leaving the emulator. */

/* pci_find(r0 = device ID << 16 | vendor ID): r0 = address of its configuration header on bus 0, or 0 */
leaf pci_find
	{ addd,0 0, PCI_CONFIG, %dr1
	  addd,1 0, 256, %dr2 }
1:	{ ldw,2 [ %dr1 + 0 ], %dr3, mas=PCI_SPACE
	  subd,0 %dr2, 1, %dr2
	  nop 4 }
	br cmpedb, %dr3, %dr0, 2f
	{ addd,0 %dr1, 0x1000, %dr1 }
	brn cmpedb, %dr2, 0, 1b
	li %dr1, 0
2:	move %dr1, %dr0
	ret

/* pci_place(r0 = configuration address of the base address register, r1 = offset in the memory window, r2 = offset of a
   register that reads neither 0 nor all ones): r0 = CPU address of the region. Turns on decoding and bus mastering.
   A base address register holds CPU addresses on real boards; on some emulators it holds offsets into the window. */
leaf pci_place
	{ addd,0 %dr1, PCI_MEMORY, %dr3
	  andnd,1 %dr0, 0xff, %dr4
	  addd,2 0, 7, %dr5 }
	{ stw,2 %r3, [ %dr0 + 0 ], mas=PCI_SPACE }
	{ sth,2 %r5, [ %dr4 + 4 ], mas=PCI_SPACE }
	{ ldw,2 [ %dr3 + %dr2 ], %dr6
	  nop 4 }
	{ adds,0 %r6, 1, %r6 }
	{ cmpbsb,0 %r6, 2, %pred0
	  nop 2 }
	{ stw,2 %r1, [ %dr0 + 0 ] ? %pred0 }
	move %dr3, %dr0
	ret

/* leave(r0 = exit code, 0 to 255): does not return. The exit device is pvpanic on PCI (1b36:0011): bit 0 of its first byte
   ends the emulation, and our machine takes the second byte for the exit code. */
func leave
	{ addd,0 0, 0x00111b36, %dr16 }
	fcall pci_find
	br cmpedb, %dr16, 0, 2f
	{ addd,0 %dr16, 0x10, %dr16
	  addd,1 0, 0x700000, %dr17
	  addd,2 0, 0, %dr18 }
	fcall pci_place_byte
	{ shld,0 %dr0, 8, %dr1 }
	{ ord,0 %dr1, 1, %dr1 }
	{ sth,2 %r1, [ %dr16 + 0 ] }
2:	{ ibranch 2b }

/* As pci_place for a region of bytes. */
leaf pci_place_byte
	{ addd,0 %dr1, PCI_MEMORY, %dr3
	  andnd,1 %dr0, 0xff, %dr4
	  addd,2 0, 7, %dr5 }
	{ stw,2 %r3, [ %dr0 + 0 ], mas=PCI_SPACE }
	{ sth,2 %r5, [ %dr4 + 4 ], mas=PCI_SPACE }
	{ ldb,2 [ %dr3 + %dr2 ], %dr6
	  nop 4 }
	{ addd,0 %dr6, 1, %dr6 }
	{ andd,0 %dr6, 0xff, %dr6 }
	{ cmpbsb,0 %r6, 2, %pred0
	  nop 2 }
	{ stw,2 %r1, [ %dr0 + 0 ] ? %pred0 }
	move %dr3, %dr0
	ret
