//! A window in configuration space onto the function's regions (virtio 1.3 §4.1.4.9).
//!
//! A guest's access to the window's data is an access to a region and has its side effects; so it is made where a guest's
//! access is ([`PciFunction::guest_config_read`], [`PciFunction::config_write`]) and never by a debugger's look, which
//! sees what a peek at the region shows.

use elnic_contract::{AccessWindow, Cx, LogEntry, Severity, Size};

use crate::bar::Bar;
use crate::config::ConfigSpace;
use crate::{Hit, PciFunction};

/// Offsets in the capability.
const STRUCTURE: u8 = 3;
const BAR: u8 = 4;
const OFFSET: u8 = 8;
const LENGTH: u8 = 12;
const DATA: u8 = 16;

/// Where the window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegionWindow {
    offset: u8,
}

impl RegionWindow {
    /// Bytes of the capability.
    pub(crate) const LENGTH: usize = 20;

    pub(crate) fn define(offset: u8, spec: AccessWindow, config: &mut ConfigSpace) -> Self {
        let window = Self { offset };
        config.define8(offset.saturating_add(2), 20, 0);
        config.define8(window.at(STRUCTURE), spec.structure, 0);
        config.define8(window.at(BAR), 0, 0xff);
        for word in [OFFSET, LENGTH, DATA] {
            config.define32(window.at(word), 0, u32::MAX);
        }
        window
    }

    const fn at(self, field: u8) -> u8 {
        self.offset.saturating_add(field)
    }

    /// Whether an access to configuration space touches the data.
    fn touched(self, offset: u8, size: Size) -> bool {
        let (start, end) =
            (u16::from(offset), u16::from(offset).saturating_add(size.bytes().into()));
        let data = u16::from(self.at(DATA));
        start < data.saturating_add(4) && end > data
    }

    /// What the window is set to, if there is such a place.
    fn target(self, config: &ConfigSpace, bars: &[Bar]) -> Option<(Hit, Size)> {
        let slot = config.get8(self.at(BAR));
        let size = match config.get32(self.at(LENGTH)) {
            1 => Size::Byte,
            2 => Size::Half,
            4 => Size::Word,
            _ => return None,
        };
        let offset = u64::from(config.get32(self.at(OFFSET)));
        let bar = bars.iter().find(|bar| bar.slot == slot)?;
        let inside = offset.saturating_add(u64::from(size.bytes())) <= bar.size;
        inside.then_some((Hit { window: bar.window, offset }, size))
    }
}

impl PciFunction {
    /// Reads configuration space as a guest does: an access to a window's data reads the region behind it.
    pub fn guest_config_read(&mut self, cx: &mut Cx<'_>, offset: u8, size: Size) -> u64 {
        if let Some(window) = self.capabilities.window.filter(|window| window.touched(offset, size))
        {
            let result = match window.target(&self.config, &self.bars) {
                Some((hit, width)) => self.read(cx, hit, width).ok(),
                None => None,
            };
            if result.is_none() {
                self.refuse_window(cx, window);
            }
            let value = result.unwrap_or(0);
            self.config.set32(window.at(DATA), u32::try_from(value).unwrap_or(0));
        }
        self.config_read(offset, size)
    }

    /// After a guest's write of configuration space: one that touched a window's data goes on to the region.
    pub(crate) fn write_through_window(&mut self, cx: &mut Cx<'_>, offset: u8, size: Size) {
        let Some(window) = self.capabilities.window.filter(|window| window.touched(offset, size))
        else {
            return;
        };
        let value = u64::from(self.config.get32(window.at(DATA)));
        let done = window
            .target(&self.config, &self.bars)
            .is_some_and(|(hit, width)| self.write(cx, hit, width, value).is_ok());
        if !done {
            self.refuse_window(cx, window);
        }
    }

    /// The data of a window as a look without side effects shows it.
    pub(crate) fn window_shown(&self, offset: u8, size: Size) -> Option<u64> {
        let window = self.capabilities.window.filter(|window| window.touched(offset, size))?;
        let (hit, width) = window.target(&self.config, &self.bars)?;
        let value = self.peek(hit, width)?;
        let mut shown = self.config.clone();
        shown.set32(window.at(DATA), u32::try_from(value).unwrap_or(0));
        Some(shown.read(offset, size))
    }

    fn refuse_window(&self, cx: &mut Cx<'_>, window: RegionWindow) {
        if cx.log.wants(Severity::GuestError) {
            let what = "configuration access window set to a place that is not there";
            let value = self.config.get32(window.at(OFFSET)).into();
            cx.log.record(LogEntry::Guest { what, value });
        }
    }
}
