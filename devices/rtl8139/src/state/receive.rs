//! The receiver as it is stored: frames on the line and in the FIFO.

use elnic_contract::RestoreError;
use elnic_mac::{Arrivals, SavedArrivals};
use serde::{Deserialize, Serialize};

use super::frame::{at_most, below_ring, impossible};
use crate::rx::{LONGEST_POSSIBLE, Parcel, Receiver};

/// Frames in the receive FIFO: a long one that entered an empty FIFO, or as many of the shortest as it holds.
const MAX_PARCELS: usize = 512;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiveV1 {
    fifo: Vec<ParcelV1>,
    arriving: SavedArrivals,
    index: u8,
    starved: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelV1 {
    bytes: Vec<u8>,
    written: usize,
    status: u16,
    checks: u32,
    tag: Option<u16>,
    length: u32,
    overlapped: bool,
}

impl ParcelV1 {
    fn of(parcel: &Parcel) -> Self {
        Self {
            bytes: parcel.bytes.clone(),
            written: parcel.written,
            status: parcel.status,
            checks: parcel.checks,
            tag: parcel.tag,
            length: parcel.length,
            overlapped: parcel.overlapped,
        }
    }

    fn revive(self) -> Result<Parcel, RestoreError> {
        at_most("receive.fifo.bytes", self.bytes.len(), LONGEST_POSSIBLE)?;
        if self.written >= self.bytes.len() || self.length as usize > self.bytes.len() {
            return Err(impossible("receive.fifo", "holds a frame with nothing left to deliver"));
        }
        Ok(Parcel {
            bytes: self.bytes,
            written: self.written,
            status: self.status,
            checks: self.checks,
            tag: self.tag,
            length: self.length,
            overlapped: self.overlapped,
        })
    }
}

impl ReceiveV1 {
    pub(super) fn of(rx: &Receiver) -> Self {
        Self {
            fifo: rx.fifo.iter().map(ParcelV1::of).collect(),
            arriving: rx.arriving.save(),
            index: rx.index,
            starved: rx.starved,
        }
    }

    pub(super) fn revive(self) -> Result<Receiver, RestoreError> {
        below_ring("receive.index", self.index)?;
        at_most("receive.fifo", self.fifo.len(), MAX_PARCELS)?;
        let fifo = self.fifo.into_iter().map(ParcelV1::revive);
        let arriving =
            Arrivals::restored(self.arriving).map_err(|why| impossible("receive.arriving", why))?;
        Ok(Receiver {
            fifo: fifo.collect::<Result<_, RestoreError>>()?,
            arriving,
            index: self.index,
            starved: self.starved,
        })
    }
}
