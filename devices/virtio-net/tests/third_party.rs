//! The crate `virtio-drivers` as the driver: it knows this device by its registers and rings alone.

#![expect(
    unsafe_code,
    reason = "the driver's rings and buffers are host memory that the device reaches by address, as a real one does"
)]
#![expect(
    clippy::disallowed_types,
    reason = "the driver's transport and the test's cable share the machine; none of it is a device"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::Rc;

use elnic_contract::{Cx, Dma, DmaError, Effect, Frame, Gpa, Outbox, Silent, Size, VTime, Verdict};
use elnic_pci::{FunctionOptions, Hit, PciFunction, Window};
use elnic_virtio_net::ENTRY;
use virtio_drivers::device::net::{TxBuffer, VirtIONet};
use virtio_drivers::transport::{DeviceStatus, DeviceType, InterruptStatus, Transport};
use virtio_drivers::{BufferDirection, Error, Hal, PAGE_SIZE, PhysAddr};
use zerocopy::{FromBytes, Immutable, IntoBytes};

const FRAMES: u32 = 20_000;
const STANDARD: [(&str, &str); 1] = [("disable-legacy", "on")];

thread_local! {
    /// What the driver has shared with the device: first byte and length.
    static SHARED: RefCell<BTreeMap<u64, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// Whether the driver has shared all of a range.
fn is_shared(at: u64, length: usize) -> bool {
    SHARED.with_borrow(|shared| {
        let before = shared.range(..=at).next_back();
        before.is_some_and(|(start, size)| at + length as u64 <= start + *size as u64)
    })
}

struct HostMemory;

impl Dma for HostMemory {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        if !is_shared(at.0, into.len()) {
            return Err(DmaError::NotRam(at));
        }
        // SAFETY: the driver has shared these bytes and takes no reference to them while the device runs.
        unsafe { std::ptr::copy_nonoverlapping(at.0 as *const u8, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        if !is_shared(at.0, from.len()) {
            return Err(DmaError::NotRam(at));
        }
        // SAFETY: as for reading.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), at.0 as *mut u8, from.len()) };
        Ok(())
    }
}

struct HostHal;

fn pages_layout(pages: usize) -> Layout {
    Layout::from_size_align(pages * PAGE_SIZE, PAGE_SIZE).expect("a few pages")
}

// SAFETY: pages come from the global allocator, zeroed and aligned; addresses are pointers.
unsafe impl Hal for HostHal {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        // SAFETY: the layout is not empty.
        let pointer = NonNull::new(unsafe { alloc_zeroed(pages_layout(pages)) }).expect("memory");
        let at = pointer.as_ptr() as u64;
        SHARED.with_borrow_mut(|shared| shared.insert(at, pages * PAGE_SIZE));
        (at as PhysAddr, pointer)
    }

    unsafe fn dma_dealloc(at: PhysAddr, pointer: NonNull<u8>, pages: usize) -> i32 {
        SHARED.with_borrow_mut(|shared| shared.remove(&at));
        // SAFETY: it was allocated above with this layout.
        unsafe { dealloc(pointer.as_ptr(), pages_layout(pages)) };
        0
    }

    unsafe fn mmio_phys_to_virt(_at: PhysAddr, _size: usize) -> NonNull<u8> {
        unreachable!("registers are not memory here")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> PhysAddr {
        let at = buffer.cast::<u8>().as_ptr() as u64;
        SHARED.with_borrow_mut(|shared| shared.insert(at, buffer.len()));
        at as PhysAddr
    }

    unsafe fn unshare(at: PhysAddr, _buffer: NonNull<[u8]>, _direction: BufferDirection) {
        SHARED.with_borrow_mut(|shared| shared.remove(&at));
    }
}

/// The function, which both the driver's transport and the test's cable call.
struct Machine {
    function: PciFunction,
    sent: Vec<Frame>,
}

impl Machine {
    fn call<T>(&mut self, call: impl FnOnce(&mut PciFunction, &mut Cx<'_>) -> T) -> T {
        let (mut outbox, mut log) = (Outbox::new(), Silent);
        let mut memory = HostMemory;
        let mut cx = Cx::new(VTime::ZERO, &mut memory, &mut outbox, &mut log);
        let result = call(&mut self.function, &mut cx);
        self.sent.extend(outbox.drain().filter_map(|effect| match effect {
            Effect::Send(frame) => Some(frame),
            _ => None,
        }));
        result
    }
}

/// The registers of the standard interface, behind the function's only region.
#[derive(Clone)]
struct Registers(Rc<RefCell<Machine>>);

fn hit(offset: u64) -> Hit {
    Hit { window: Window::Region(0), offset }
}

impl Registers {
    fn read(&self, offset: u64, size: Size) -> u64 {
        let mut machine = self.0.borrow_mut();
        machine.call(|function, cx| function.read(cx, hit(offset), size)).expect("decoded")
    }

    fn write(&self, offset: u64, size: Size, value: u64) {
        let mut machine = self.0.borrow_mut();
        machine.call(|function, cx| function.write(cx, hit(offset), size, value)).expect("decoded");
    }
}

impl Transport for Registers {
    fn device_type(&self) -> DeviceType {
        DeviceType::Network
    }

    fn read_device_features(&mut self) -> u64 {
        let word = |select| {
            self.write(0, Size::Word, select);
            self.read(4, Size::Word)
        };
        word(0) | word(1) << 32
    }

    fn write_driver_features(&mut self, features: u64) {
        for word in 0..2 {
            self.write(8, Size::Word, word);
            self.write(0xc, Size::Word, features >> (32 * word) & 0xffff_ffff);
        }
    }

    fn max_queue_size(&mut self, queue: u16) -> u32 {
        self.write(0x16, Size::Half, queue.into());
        self.read(0x18, Size::Half) as u32
    }

    fn notify(&mut self, queue: u16) {
        self.write(0x3000 + u64::from(queue) * 4, Size::Half, queue.into());
    }

    fn get_status(&self) -> DeviceStatus {
        DeviceStatus::from_bits_truncate(self.read(0x14, Size::Byte) as u32)
    }

    fn set_status(&mut self, status: DeviceStatus) {
        self.write(0x14, Size::Byte, status.bits().into());
    }

    fn set_guest_page_size(&mut self, _guest_page_size: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        descriptors: PhysAddr,
        driver_area: PhysAddr,
        device_area: PhysAddr,
    ) {
        self.write(0x16, Size::Half, queue.into());
        self.write(0x18, Size::Half, size.into());
        for (offset, area) in [(0x20, descriptors), (0x28, driver_area), (0x30, device_area)] {
            self.write(offset, Size::Double, area);
        }
        self.write(0x1c, Size::Half, 1);
    }

    fn queue_unset(&mut self, queue: u16) {
        self.write(0x16, Size::Half, queue.into());
        self.write(0x3a, Size::Half, 1);
    }

    fn queue_used(&mut self, queue: u16) -> bool {
        self.write(0x16, Size::Half, queue.into());
        self.read(0x1c, Size::Half) == 1
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        InterruptStatus::from_bits_truncate(self.read(0x1000, Size::Byte) as u32)
    }

    fn read_config_generation(&self) -> u32 {
        self.read(0x15, Size::Byte) as u32
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T, Error> {
        let bytes: Vec<u8> = (0..size_of::<T>())
            .map(|byte| self.read(0x2000 + (offset + byte) as u64, Size::Byte) as u8)
            .collect();
        T::read_from_bytes(&bytes).map_err(|_| Error::ConfigSpaceTooSmall)
    }

    fn write_config_space<T: IntoBytes + Immutable>(
        &mut self,
        offset: usize,
        value: T,
    ) -> Result<(), Error> {
        for (byte, value) in value.as_bytes().iter().enumerate() {
            self.write(0x2000 + (offset + byte) as u64, Size::Byte, (*value).into());
        }
        Ok(())
    }
}

fn frame(number: u32) -> Vec<u8> {
    let length = 60 + (number as usize * 37) % 1455;
    let mut bytes =
        [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1, 0x88, 0xb5], &number.to_le_bytes()].concat();
    bytes.resize(length, number as u8);
    bytes
}

#[test]
fn virtio_drivers_sends_and_receives_twenty_thousand_frames() {
    let device = ENTRY.make(STANDARD).expect("the properties are right");
    let function = PciFunction::new(device, FunctionOptions::default()).expect("a PCI function");
    let machine = Rc::new(RefCell::new(Machine { function, sent: Vec::new() }));
    machine.borrow_mut().call(|function, cx| function.config_write(cx, 4, Size::Half, 6));
    let registers = Registers(machine.clone());
    let mut driver = VirtIONet::<HostHal, _, 16>::new(registers, 2048).expect("it comes up");
    assert_eq!(driver.mac_address(), [0x52, 0x54, 0, 0x12, 0x34, 0x56]);
    for number in 0..FRAMES {
        let bytes = frame(number);
        driver.send(TxBuffer::from(&bytes)).expect("it is sent");
        let sent = std::mem::take(&mut machine.borrow_mut().sent);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].data(), bytes, "frame {number} out");
        let arrived = Frame::new(bytes.clone(), VTime::ZERO).expect("it has a length");
        let verdict = machine.borrow_mut().call(|function, cx| function.receive(cx, &arrived));
        assert_eq!(verdict, Verdict::Taken);
        let buffer = driver.receive().expect("it is received");
        assert_eq!(buffer.packet(), bytes, "frame {number} in");
        driver.recycle_rx_buffer(buffer).expect("the buffer goes back");
        assert!(driver.ack_interrupt().contains(InterruptStatus::QUEUE_INTERRUPT));
    }
    let machine = machine.borrow();
    let counters = machine.function.nic().expect("it is a NIC").counters().clone();
    assert_eq!((counters.tx_frames, counters.rx_frames), (FRAMES.into(), FRAMES.into()));
}
