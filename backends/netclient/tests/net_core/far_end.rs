//! Cores, frames and NICs of these tests.

use elnic_contract::{Frame, VTime};
use elnic_netclient::{Doorbell, NetConfig, NetCore, NicOptions, OffloadSupport, PortId};

pub(crate) use elnic_nettest::{FakeClient, FarEnd};

pub(crate) fn core() -> NetCore {
    NetCore::new(NetConfig::default(), Doorbell::silent())
}

pub(crate) fn at(microseconds: u64) -> VTime {
    VTime::from_nanos(microseconds * 1_000)
}

/// A frame of 60 bytes that starts with `tag`.
pub(crate) fn frame(tag: u8) -> Frame {
    let mut data = vec![0; 60];
    data[0] = tag;
    Frame::new(data, VTime::ZERO).unwrap()
}

pub(crate) fn frames(tags: impl IntoIterator<Item = u8>) -> Vec<Frame> {
    tags.into_iter().map(frame).collect()
}

pub(crate) fn tag(frame: &Frame) -> u8 {
    frame.data()[0]
}

pub(crate) fn nic(netdev: Option<&str>) -> NicOptions {
    NicOptions {
        id: None,
        model: "e1000".to_owned(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        netdev: netdev.map(str::to_owned),
        pad_short: true,
        offload: OffloadSupport::NONE,
    }
}

/// Everything that waits for a NIC.
pub(crate) fn take_all(core: &mut NetCore, nic: PortId) -> Vec<u8> {
    std::iter::from_fn(|| core.take(nic)).map(|frame| tag(&frame)).collect()
}
