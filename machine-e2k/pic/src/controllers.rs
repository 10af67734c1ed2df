//! What a board asks of its interrupt controllers, whichever they are.

use elnic_contract::Device;

/// The interrupt controllers of a board, as one device.
pub trait Controllers: Device {
    /// From now on the local window shows the controller of this processor.
    fn view_from(&mut self, processor: u8);

    /// The vector that asks for the processor's attention: the level of its interrupt input.
    fn pending(&self, processor: u8) -> Option<u16>;

    /// The level of the processor's non-maskable input.
    fn non_maskable(&self, processor: u8) -> bool;

    /// Somebody asserts an input of the board, or nobody does any longer.
    fn assert(&mut self, input: u8, asserted: bool);

    /// A device writes a message; says whether the address is a doorbell.
    fn message(&mut self, address: u64, data: u32) -> bool;

    /// Where a processor is told to start, once it was: what firmware that waits for STARTUP takes from the controller.
    /// INIT is taken too.
    fn take_startup(&mut self, processor: u8) -> Option<u64>;
}
