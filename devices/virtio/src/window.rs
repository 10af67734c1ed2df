//! Register accesses: what the registers show, and what writes do (virtio 1.3 §4.1.4.3, §4.1.4.10).

use elnic_contract::{Access, Cx, LogEntry};
use elnic_registers::{Bank, Behaviour, Written};

use crate::feature;
use crate::interrupts::NO_VECTOR;
use crate::queue::Queue;
use crate::registers::Reg;
use crate::ring::Areas;
use crate::status;
use crate::strict::Broken;
use crate::transport::{Event, Transport};

/// The low bits of a register's value.
fn low16(value: u64) -> u16 {
    u16::try_from(value & 0xffff).unwrap_or(0)
}

fn low32(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or(0)
}

/// Word `select` of `features`.
fn word(features: u64, select: u32) -> u64 {
    match select {
        0 => features & 0xffff_ffff,
        1 => features >> 32,
        _ => 0,
    }
}

impl Transport {
    /// A guest's read in a window of the transport. What decodes nowhere reads zero.
    pub fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> u64 {
        // The engine has logged what stands in no table.
        elnic_registers::read(self, cx, access).unwrap_or(0)
    }

    /// A guest's write in a window of the transport; [`Transport::next_event`] is what it asks of the device.
    pub fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) {
        let _ = elnic_registers::write(self, cx, access, value);
    }

    /// What a read would show.
    pub fn peek(&self, access: Access) -> u64 {
        elnic_registers::peek(&self.bank, access).unwrap_or(0)
    }

    fn selected(&mut self) -> Option<&mut Queue> {
        self.state.queues.get_mut(usize::from(self.state.queue_select))
    }

    fn largest(&self) -> Option<u16> {
        self.sizes.get(usize::from(self.state.queue_select)).copied()
    }

    /// Brings ISR status in line with the state.
    pub(crate) fn show_interrupts(&mut self) {
        let isr = u64::from(self.state.interrupts.isr());
        self.bank.set(Reg::LEGACY_ISR_STATUS, isr);
        self.bank.set(Reg::ISR_STATUS_, isr);
    }

    /// Brings the registers in line with the state.
    pub(crate) fn show(&mut self) {
        self.show_interrupts();
        let state = &self.state;
        let queue = state.queues.get(usize::from(state.queue_select));
        let areas = queue.map(|queue| queue.areas).unwrap_or_default();
        let size = u64::from(queue.map_or(0, |queue| queue.size));
        let vector = u64::from(queue.map_or(NO_VECTOR, |queue| queue.vector));
        let select = u64::from(state.queue_select);
        let values = [
            (Reg::LEGACY_DEVICE_FEATURES, self.offered_legacy()),
            (Reg::LEGACY_DRIVER_FEATURES, word(self.negotiated(), 0)),
            (Reg::LEGACY_QUEUE_ADDRESS, u64::from(queue.map_or(0, Queue::legacy_page))),
            (Reg::LEGACY_QUEUE_SIZE, size),
            (Reg::LEGACY_QUEUE_SELECT, select),
            (Reg::LEGACY_DEVICE_STATUS, state.status.into()),
            (Reg::LEGACY_CONFIG_VECTOR, state.interrupts.vector.into()),
            (Reg::LEGACY_QUEUE_VECTOR, vector),
            (Reg::DEVICE_FEATURE_SELECT, state.device_feature_select.into()),
            (Reg::DEVICE_FEATURE, word(self.offered_standard(), state.device_feature_select)),
            (Reg::DRIVER_FEATURE_SELECT, state.driver_feature_select.into()),
            (Reg::DRIVER_FEATURE, word(state.driver_features, state.driver_feature_select)),
            (Reg::CONFIG_MSIX_VECTOR, state.interrupts.vector.into()),
            (Reg::NUM_QUEUES, state.queues.len() as u64),
            (Reg::DEVICE_STATUS, state.status.into()),
            (Reg::CONFIG_GENERATION, state.interrupts.generation.into()),
            (Reg::QUEUE_SELECT, select),
            (Reg::QUEUE_SIZE, size),
            (Reg::QUEUE_MSIX_VECTOR, vector),
            (Reg::QUEUE_ENABLE, queue.is_some_and(|queue| queue.enabled).into()),
            (Reg::QUEUE_NOTIFY_OFF, if queue.is_some() { select } else { 0 }),
            (Reg::QUEUE_DESC, areas.descriptors),
            (Reg::QUEUE_DRIVER, areas.driver),
            (Reg::QUEUE_DEVICE, areas.device),
            (Reg::QUEUE_RESET, 0),
        ];
        for (register, value) in values {
            self.bank.set(register, value);
        }
    }

    /// Changes the selected queue if it is not at work: its shape is fixed from then on (CVE-2026-5747).
    fn shape(&mut self, cx: &mut Cx<'_>, value: u64, change: impl FnOnce(&mut Areas)) {
        match self.selected() {
            Some(queue) if !queue.enabled => change(&mut queue.areas),
            _ => {
                let what = "queue address written while the queue is enabled or absent";
                cx.log.record(LogEntry::Guest { what, value });
                self.broke(cx, Broken::QueueShapedAtWork, "QUEUE_DESC", value);
            }
        }
    }

    /// A split ring has a power of two of descriptors, a packed one any number (§2.7, §2.8.10.1).
    fn size_written(&mut self, cx: &mut Cx<'_>, value: u16) {
        let largest = self.largest().unwrap_or(0);
        let fits = value.is_power_of_two() || value > 0 && self.has(feature::RING_PACKED);
        match self.selected() {
            Some(queue) if !queue.enabled && fits && value <= largest => {
                queue.size = value;
            }
            _ => {
                let what = "queue size no power of two, too large or of an enabled queue";
                cx.log.record(LogEntry::Guest { what, value: value.into() });
                self.broke(cx, Broken::QueueShapedAtWork, "QUEUE_SIZE", value.into());
            }
        }
    }

    fn enable_written(&mut self, cx: &mut Cx<'_>, value: u16) {
        let features = self.negotiated();
        match self.selected() {
            Some(queue) if value == 1 && !queue.enabled => {
                // The size may be one that only a packed ring can have.
                let packed = features & feature::RING_PACKED != 0;
                if packed || queue.size.is_power_of_two() {
                    queue.enable(features);
                }
                self.check_alignment(cx);
            }
            Some(queue) if value == 1 && queue.enabled => {}
            _ => {
                let what = "queue enable written with another value than 1 or of no queue";
                cx.log.record(LogEntry::Guest { what, value: value.into() });
                self.broke(cx, Broken::QueueEnableNotOne, "QUEUE_ENABLE", value.into());
            }
        }
    }

    fn check_alignment(&mut self, cx: &mut Cx<'_>) {
        if !self.strict.is_on() {
            return;
        }
        let Some(queue) = self.selected() else { return };
        let Areas { descriptors, driver, device } = queue.areas;
        let (driver_align, register) =
            if queue.is_packed() { (4, "QUEUE_DRIVER") } else { (2, "QUEUE_DESC") };
        let aligned = descriptors.is_multiple_of(16)
            && driver.is_multiple_of(driver_align)
            && device.is_multiple_of(4);
        if !aligned {
            self.broke(cx, Broken::AreaMisaligned, register, descriptors | driver | device);
        }
    }

    fn reset_written(&mut self, cx: &mut Cx<'_>, value: u16) {
        let allowed = self.has(feature::RING_RESET) && value == 1;
        let (select, largest) = (self.state.queue_select, self.largest());
        match (self.selected(), largest) {
            (Some(queue), Some(largest)) if allowed => {
                *queue = Queue::new(largest);
                self.events.push_back(Event::QueueReset(select));
            }
            _ => {
                let what = "queue reset not negotiated, of no queue or not written as 1";
                cx.log.record(LogEntry::Guest { what, value: value.into() });
            }
        }
    }

    fn legacy_page_written(&mut self, page: u32) {
        if page == 0 && self.setup.like_qemu {
            self.reset();
            self.events.push_back(Event::Reset);
            return;
        }
        let select = self.state.queue_select;
        if let Some(queue) = self.selected() {
            queue.place_legacy(page);
            self.events.push_back(Event::QueueReset(select));
        }
    }

    /// The vector as it is stored: one that is not there becomes none.
    fn vector(&self, value: u64) -> u16 {
        let vector = low16(value);
        if vector < self.setup.vectors { vector } else { NO_VECTOR }
    }

    fn notified(&mut self, cx: &mut Cx<'_>, queue: u16) {
        if self.strict.is_on() {
            if self.state.status & status::DRIVER_OK == 0 {
                self.broke(cx, Broken::NotifiedBeforeDriverOk, "QUEUE_NOTIFY", queue.into());
            } else if !self.queue(queue).is_some_and(Queue::enabled) {
                self.broke(cx, Broken::NotifiedNoQueue, "QUEUE_NOTIFY", queue.into());
            }
        }
        self.events.push_back(Event::Notified(queue));
    }
}

impl Behaviour<Reg> for Transport {
    fn bank(&self) -> &Bank<Reg> {
        &self.bank
    }

    fn bank_mut(&mut self) -> &mut Bank<Reg> {
        &mut self.bank
    }

    fn before_read(&mut self, cx: &mut Cx<'_>, _register: Reg, _element: u16) {
        if self.state.msix_enabled {
            self.broke(cx, Broken::IsrReadWithMsix, "ISR_STATUS", 0);
        }
    }

    fn after_read(&mut self, _cx: &mut Cx<'_>, _register: Reg, _element: u16) {
        // Only the two images of the ISR status are hooked.
        self.state.interrupts.acknowledge();
        self.show_interrupts();
    }

    fn after_write(&mut self, cx: &mut Cx<'_>, written: Written<Reg>) {
        let new = written.new;
        match written.register {
            // Nothing of the state shows a notification.
            Reg::LEGACY_QUEUE_NOTIFY => {
                self.bank.set(Reg::LEGACY_QUEUE_NOTIFY, 0);
                self.notified(cx, low16(written.raw));
                return;
            }
            Reg::QUEUE_NOTIFY => {
                self.bank.set_at(Reg::QUEUE_NOTIFY, written.element, 0);
                self.notified(cx, written.element);
                return;
            }
            Reg::LEGACY_DRIVER_FEATURES => self.accept(cx, new),
            Reg::LEGACY_QUEUE_ADDRESS => self.legacy_page_written(low32(new)),
            Reg::LEGACY_QUEUE_SELECT | Reg::QUEUE_SELECT => self.state.queue_select = low16(new),
            Reg::LEGACY_DEVICE_STATUS | Reg::DEVICE_STATUS => {
                let [value, ..] = written.raw.to_le_bytes();
                // A value of unknown bits only is no reset.
                if value == 0 || value & status::WRITABLE != 0 {
                    self.status_written(cx, value & status::WRITABLE);
                }
            }
            Reg::DEVICE_FEATURE_SELECT => self.state.device_feature_select = low32(new),
            Reg::DRIVER_FEATURE_SELECT => self.state.driver_feature_select = low32(new),
            Reg::DRIVER_FEATURE => {
                let old = self.state.driver_features;
                match self.state.driver_feature_select {
                    0 => self.accept(cx, old & feature::STANDARD_ONLY | new),
                    1 => self.accept(cx, old & !feature::STANDARD_ONLY | new << 32),
                    _ if new == 0 => {}
                    _ => {
                        let what = "features beyond bit 63 accepted";
                        cx.log.record(LogEntry::Guest { what, value: new });
                    }
                }
            }
            Reg::CONFIG_MSIX_VECTOR | Reg::LEGACY_CONFIG_VECTOR => {
                self.state.interrupts.vector = self.vector(new);
            }
            Reg::QUEUE_MSIX_VECTOR | Reg::LEGACY_QUEUE_VECTOR => {
                let vector = self.vector(new);
                if let Some(queue) = self.selected() {
                    queue.vector = vector;
                }
            }
            Reg::QUEUE_SIZE => self.size_written(cx, low16(new)),
            Reg::QUEUE_ENABLE => self.enable_written(cx, low16(new)),
            Reg::QUEUE_RESET => self.reset_written(cx, low16(new)),
            Reg::QUEUE_DESC => self.shape(cx, new, |areas| areas.descriptors = new),
            Reg::QUEUE_DRIVER => self.shape(cx, new, |areas| areas.driver = new),
            Reg::QUEUE_DEVICE => self.shape(cx, new, |areas| areas.device = new),
            Reg::LEGACY_DEVICE_FEATURES
            | Reg::LEGACY_QUEUE_SIZE
            | Reg::LEGACY_ISR_STATUS
            | Reg::DEVICE_FEATURE
            | Reg::NUM_QUEUES
            | Reg::CONFIG_GENERATION
            | Reg::QUEUE_NOTIFY_OFF
            | Reg::ISR_STATUS_ => {}
        }
        // The next lane of the same access sees what this one did.
        self.show();
    }
}
