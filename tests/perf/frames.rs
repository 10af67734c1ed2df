//! The frames that cross a relay.

/// The guest's station, and the gateway of `user`.
const GUEST: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const GATEWAY: [u8; 6] = [0x52, 0x55, 10, 0, 2, 2];

/// A frame of `length` bytes to nobody in particular.
pub(crate) fn plain(length: usize) -> Vec<u8> {
    let mut frame = vec![0; length];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&GUEST);
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    frame
}

/// A frame of `length` bytes from the guest to `port` of the host: a UDP datagram to the gateway.
pub(crate) fn to_host(length: usize, port: u16) -> Vec<u8> {
    let builder = etherparse::PacketBuilder::ethernet2(GUEST, GATEWAY)
        .ipv4([10, 0, 2, 15], [10, 0, 2, 2], 64)
        .udp(4000, port);
    let payload = vec![0x5a; length - builder.size(0)];
    let mut frame = Vec::new();
    builder.write(&mut frame, &payload).expect("a frame");
    frame
}

/// Tells the gateway where the guest is.
pub(crate) fn introduction() -> Vec<u8> {
    let mut frame = vec![0; 60];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&GUEST);
    frame[12..22].copy_from_slice(&[0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame[22..28].copy_from_slice(&GUEST);
    frame[28..32].copy_from_slice(&[10, 0, 2, 15]);
    frame[38..42].copy_from_slice(&[10, 0, 2, 2]);
    frame
}
