//! What the socket netdevs share: addresses, descriptors, the datagram loop and the stream loop.
//!
//! A netdev type checks its options, opens what they say and hands it over: a [`DatagramClient`] carries one frame a
//! datagram, a [`StreamClient`] carries frames behind their length and looks after its connection. Both are
//! [`elnic_netclient::NetClient`]s with an I/O thread behind a bounded mailbox.
#![deny(unsafe_code)]

mod address;
mod bound_path;
mod datagram;
mod descriptor;
mod framing;
mod multicast;
mod stream;

pub use address::{AddressError, LONGEST_PATH, checked_path, ipv4_host, port_number, resolve};
pub use bound_path::{BoundPath, PathError, gives_way};
pub use datagram::{
    Bare, DatagramClient, DatagramLine, DatagramPeer, Encapsulation, Malformed, Reopen,
};
pub use descriptor::{DescriptorError, descriptor, duplicate, socket_family, socket_type};
pub use framing::{Deframer, Oversized};
pub use multicast::join_group;
pub use stream::{
    Connector, Dial, Listener, NoConnection, Opener, StreamClient, StreamPlan, StreamState,
    Wording, endpoint, stream_listener,
};
