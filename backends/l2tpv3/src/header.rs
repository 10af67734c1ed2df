//! What stands before a frame (RFC 3931 §4.1, §4.6):
//!
//! ```text
//! [UDP only: 0x00030000]  session  [cookie, 32 or 64 bits]  [counter]  [offset bytes]  frame
//! ```
//!
//! All numbers are big-endian. The counter is Linux's and QEMU's: four bytes that count from 1, not the sublayer of
//! RFC 3931 §4.6. Like QEMU, a receiver looks at session and cookie and at nothing else, for counters may be reordered.

use byteorder::{BigEndian, ByteOrder, WriteBytesExt};
use elnic_sockets::{Encapsulation, Malformed};

/// Version 3 and a data message, in the first word of L2TP over UDP.
const DATA_VERSION_3: u32 = 0x0003_0000;
/// T bit: a control message (RFC 3931 §3.2.1).
const CONTROL: u8 = 0x80;

/// The cookies, by their width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cookies {
    /// There are none.
    #[default]
    None,
    /// 32 bits.
    Narrow {
        /// The one we send.
        transmit: u32,
        /// The one we take.
        receive: u32,
    },
    /// 64 bits.
    Wide {
        /// The one we send.
        transmit: u64,
        /// The one we take.
        receive: u64,
    },
}

/// The sequence counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counter {
    /// There is none.
    #[default]
    None,
    /// The number of the last frame sent.
    Running(u32),
    /// Always zero.
    Pinned,
}

/// The header of a session, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The version word of L2TP over UDP goes before.
    pub udp: bool,
    /// Datagrams come with the IPv4 header before them: what raw sockets give (raw(7)).
    pub ip_header: bool,
    /// The session we send.
    pub transmit_session: u32,
    /// The session we take.
    pub receive_session: u32,
    /// The cookies.
    pub cookies: Cookies,
    /// The counter.
    pub counter: Counter,
    /// Bytes before the frame.
    pub offset: u8,
}

impl Header {
    fn read<'a>(&self, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = datagram;
        if self.ip_header {
            let words = usize::from(rest.first()? & 0xf);
            rest = rest.get(words * 4..)?;
        }
        if self.udp {
            let (version, after) = rest.split_at_checked(4)?;
            if version.first()? & CONTROL != 0 {
                return None;
            }
            rest = after;
        }
        let (session, mut rest) = rest.split_at_checked(4)?;
        if BigEndian::read_u32(session) != self.receive_session {
            return None;
        }
        let cookie_fits = match self.cookies {
            Cookies::None => true,
            Cookies::Narrow { receive, .. } => {
                let (cookie, after) = rest.split_at_checked(4)?;
                rest = after;
                BigEndian::read_u32(cookie) == receive
            }
            Cookies::Wide { receive, .. } => {
                let (cookie, after) = rest.split_at_checked(8)?;
                rest = after;
                BigEndian::read_u64(cookie) == receive
            }
        };
        let counter = if self.counter == Counter::None { 0 } else { 4 };
        let frame = rest.get(counter + usize::from(self.offset)..)?;
        cookie_fits.then_some(frame)
    }
}

impl Encapsulation for Header {
    fn header(&mut self, header: &mut Vec<u8>) {
        let mut word = |word: u32| {
            // A vector takes all that is written to it.
            let _ = header.write_u32::<BigEndian>(word);
        };
        if self.udp {
            word(DATA_VERSION_3);
        }
        word(self.transmit_session);
        match self.cookies {
            Cookies::None => {}
            Cookies::Narrow { transmit, .. } => word(transmit),
            Cookies::Wide { transmit, .. } => {
                word((transmit >> 32) as u32);
                word(transmit as u32);
            }
        }
        match &mut self.counter {
            Counter::None => {}
            Counter::Pinned => word(0),
            Counter::Running(last) => {
                *last = last.wrapping_add(1);
                word(*last);
            }
        }
        header.resize(header.len() + usize::from(self.offset), 0);
    }

    fn payload<'a>(&mut self, datagram: &'a [u8]) -> Result<&'a [u8], Malformed> {
        self.read(datagram).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(header: &mut Header) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.header(&mut bytes);
        bytes
    }

    #[test]
    fn the_words_stand_in_the_order_of_the_capture() {
        let mut header = Header {
            udp: true,
            transmit_session: 1,
            cookies: Cookies::Wide { transmit: 0x1122_3344_5566_7788, receive: 1 },
            counter: Counter::Running(0),
            offset: 3,
            ..Header::default()
        };
        assert_eq!(
            sent(&mut header),
            [
                0, 3, 0, 0, 0, 0, 0, 1, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0, 1,
                0, 0, 0
            ]
        );
        assert_eq!(sent(&mut header)[16..20], [0, 0, 0, 2]);
        let mut bare = Header { transmit_session: 0xaabb_ccdd, ..Header::default() };
        assert_eq!(sent(&mut bare), [0xaa, 0xbb, 0xcc, 0xdd]);
        let cookies = Cookies::Narrow { transmit: 7, receive: 8 };
        let mut narrow = Header { cookies, counter: Counter::Pinned, ..Header::default() };
        assert_eq!(sent(&mut narrow), [0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0]);
        assert_eq!(sent(&mut narrow), sent(&mut narrow));
        let mut last = Header { counter: Counter::Running(u32::MAX), ..Header::default() };
        assert_eq!(sent(&mut last)[4..], [0; 4]);
    }

    #[test]
    fn another_session_another_cookie_and_control_messages_are_not_ours() {
        let mut header = Header {
            udp: true,
            receive_session: 2,
            cookies: Cookies::Narrow { transmit: 0, receive: 5 },
            ..Header::default()
        };
        let good = [0, 3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5, 9];
        assert_eq!(header.payload(&good), Ok(&[9][..]));
        for (at, byte) in [(0, 0x80), (7, 3), (11, 6)] {
            let mut bad = good;
            bad[at] = byte;
            assert_eq!(header.payload(&bad), Err(Malformed), "{at}");
        }
        assert_eq!(header.payload(&good[..11]), Err(Malformed));
        assert_eq!(header.payload(&good[..12]), Ok(&[][..]));
    }

    #[test]
    fn the_ipv4_header_is_passed_over_with_its_options() {
        let mut header = Header { ip_header: true, ..Header::default() };
        let mut datagram = vec![0x46; 24];
        datagram.extend([0, 0, 0, 0, 7]);
        assert_eq!(header.payload(&datagram), Ok(&[7][..]));
        assert_eq!(header.payload(&[]), Err(Malformed));
        assert_eq!(header.payload(&[0x4f; 20]), Err(Malformed));
    }

    fn cookies() -> impl Strategy<Value = Cookies> {
        prop_oneof![
            Just(Cookies::None),
            any::<u32>().prop_map(|cookie| Cookies::Narrow { transmit: cookie, receive: cookie }),
            any::<u64>().prop_map(|cookie| Cookies::Wide { transmit: cookie, receive: cookie }),
        ]
    }

    proptest! {
        #[test]
        fn what_one_end_sends_the_other_reads(
            udp: bool, session: u32, cookies in cookies(), counted in 0_usize..3, offset: u8, frame: Vec<u8>,
        ) {
            let counter = [Counter::None, Counter::Running(session), Counter::Pinned][counted];
            let mut header = Header {
                udp, ip_header: false, transmit_session: session, receive_session: session,
                cookies, counter, offset,
            };
            let mut datagram = sent(&mut header);
            datagram.extend(&frame);
            prop_assert_eq!(header.payload(&datagram), Ok(&frame[..]));
        }

        #[test]
        fn no_datagram_panics(udp: bool, ip_header: bool, cookies in cookies(), offset: u8, datagram: Vec<u8>) {
            let mut header = Header { udp, ip_header, cookies, offset, ..Header::default() };
            let _ = header.payload(&datagram);
        }
    }
}
