//! The crate `e1000-driver` drives our e1000.
//!
//! It sets no IFCS, so the hardware takes the last four bytes of what it is given for the FCS: the frames here bring theirs.

use std::cell::RefCell;
use std::rc::Rc;

use e1000_driver::e1000::{E1000Device, KernelFunc};
use elnic_drivers::Rig;
use volatile::Window;

const FRAMES: u32 = 20_000;
const REGISTERS: usize = 0x2_0000;

struct Kernel(Rc<RefCell<Rig>>);

impl KernelFunc for Kernel {
    fn dma_alloc_coherent(&mut self, pages: usize) -> (usize, usize) {
        self.0.borrow_mut().memory.allocate(pages)
    }

    fn dma_free_coherent(&mut self, _vaddr: usize, _pages: usize) {}
}

/// A frame of every length there is, in turn, that says which it is.
fn frame(number: u32) -> Vec<u8> {
    let length = 60 + (number as usize * 7) % 1455;
    let mut bytes = vec![0xff; 6];
    bytes.extend([0x52, 0x54, 0, 0, 0, 1, 0x88, 0xb5]);
    bytes.extend(number.to_be_bytes());
    bytes.extend((18..length).map(|at| (at as u32 ^ number.wrapping_mul(0x9e37_79b9)) as u8));
    bytes
}

fn with_fcs(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// A driver that has brought its NIC up; its registers last as long as the window.
fn opened(rig: &Rc<RefCell<Rig>>) -> (Window, E1000Device<'static, Kernel>) {
    let window = Window::open(REGISTERS, Rc::clone(rig) as Rc<RefCell<dyn volatile::Registers>>);
    let driver = E1000Device::new(Kernel(Rc::clone(rig)), window.address());
    (window, driver.expect("the driver starts"))
}

#[test]
fn it_sends_twenty_thousand_frames() {
    let rig = Rc::new(RefCell::new(Rig::new("e1000", &[("timing", "off")])));
    let (_window, mut driver) = opened(&rig);
    for number in 0..FRAMES {
        let packet = with_fcs(frame(number));
        assert_eq!(driver.e1000_transmit(&packet), packet.len() as i32, "frame {number}");
        assert_eq!(
            rig.borrow_mut().sent.pop_front().as_deref(),
            Some(&*frame(number)),
            "frame {number}"
        );
    }
    assert_eq!(rig.borrow().counted(), (0, FRAMES.into()));
}

#[test]
fn it_receives_twenty_thousand_frames_and_is_interrupted_for_them() {
    let rig = Rc::new(RefCell::new(Rig::new("e1000", &[("timing", "off")])));
    let (_window, mut driver) = opened(&rig);
    let mut next = 0;
    while next < FRAMES {
        // Bursts around the size of the ring: some frames have to wait for a buffer.
        let burst = 1 + next % 300;
        let end = FRAMES.min(next + burst);
        for number in next..end {
            rig.borrow_mut().arrive(&frame(number));
        }
        while next < end {
            assert_ne!(driver.e1000_intr() & 0x80, 0, "RXT0 before frame {next}");
            for received in driver.e1000_recv().expect("what interrupts has frames") {
                assert_eq!(received, frame(next), "frame {next}");
                next += 1;
            }
        }
        assert_eq!(rig.borrow().waiting(), 0);
    }
    assert_eq!(rig.borrow().counted(), (FRAMES.into(), 0));
    assert!(rig.borrow().interrupts > 0);
}
