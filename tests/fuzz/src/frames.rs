//! Frames into the stack of a user network.

use std::collections::{BTreeMap, VecDeque};

use elnic_contract::{Frame, VDuration, VTime};
use elnic_netclient::NetClient;
use elnic_user::{Options, TftpRoot, UserNet};

use super::bytes::Bytes;

/// Frames of one input, and answers to one of them.
const MOST: usize = 200;

/// Any bytes as frames with pauses between them. The network is closed: nothing reaches the host.
pub fn user(data: &[u8]) {
    let file = bytes::Bytes::from_static(b"a file to fetch");
    let options = Options {
        restrict: true,
        tftp: Some(TftpRoot::Memory(BTreeMap::from([("file".to_owned(), file)]))),
        bootfile: Some("file".to_owned()),
        ..Options::default()
    };
    let mut network = UserNet::new(&options).expect("the options are right");
    let mut bytes = Bytes(data);
    let mut now = VTime::ZERO;
    let mut answers = Vec::new();
    for _ in 0..MOST {
        if bytes.is_empty() {
            break;
        }
        now += VDuration::from_micros(bytes.number(2) << (bytes.byte() % 16));
        let length = bytes.number(2) as usize;
        if let Ok(frame) = Frame::new(bytes.take(length).to_vec(), now) {
            network.deliver(now, &mut VecDeque::from([frame]));
        }
        answers.clear();
        network.poll(now, MOST, &mut answers);
        assert!(answers.len() <= MOST, "a budget is kept");
    }
}
