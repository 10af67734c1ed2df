//! Frames in a byte stream: a length of four bytes, big-endian, then the frame.
//!
//! QEMU's `stream` and `socket` netdevs and passt write this. A length of zero is legal and no frame; a length above
//! [`Frame::MAX_LENGTH`] cannot be QEMU's and ends the connection, since nothing after it can be trusted.

use byteorder::{BigEndian, ByteOrder};
use bytes::Bytes;
use elnic_contract::Frame;

/// Bytes of the length.
pub(crate) const PREFIX: usize = 4;

/// A peer announced a frame longer than any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes was announced, {max} is the most", max = Frame::MAX_LENGTH)]
pub struct Oversized(pub u32);

/// Takes frames out of a byte stream however it is cut.
#[derive(Debug)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// What was read and not yet taken: `buffer[start..end]`.
    start: usize,
    end: usize,
    empty: u64,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new(4 * (PREFIX + Frame::MAX_LENGTH))
    }
}

impl Deframer {
    /// Takes a frame of any length; `capacity` bytes are read at once at most.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(PREFIX + Frame::MAX_LENGTH);
        Self { buffer: vec![0; capacity], start: 0, end: 0, empty: 0 }
    }

    /// Where the next bytes go: never empty once [`Deframer::next_frame`] said `None`.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// `count` bytes were put into [`Deframer::space`].
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// Its length is impossible; the stream is of no use any more.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, Oversized> {
        loop {
            let read = self.buffer.get(self.start..self.end).unwrap_or_default();
            let Some((prefix, rest)) = read.split_at_checked(PREFIX) else { return Ok(None) };
            let announced = BigEndian::read_u32(prefix);
            let length = announced as usize;
            if length > Frame::MAX_LENGTH {
                return Err(Oversized(announced));
            }
            let Some(frame) = rest.get(..length) else { return Ok(None) };
            let frame = Bytes::copy_from_slice(frame);
            self.start += PREFIX + length;
            if length > 0 {
                return Ok(Some(frame));
            }
            self.empty += 1;
        }
    }

    /// Whether a whole frame, or an impossible length, waits to be taken.
    pub fn has_more(&self) -> bool {
        let read = self.buffer.get(self.start..self.end).unwrap_or_default();
        read.split_at_checked(PREFIX).is_some_and(|(prefix, rest)| {
            let length = BigEndian::read_u32(prefix) as usize;
            length > Frame::MAX_LENGTH || rest.len() >= length
        })
    }

    /// Lengths of zero that were passed over since the last call.
    pub fn take_empty(&mut self) -> u64 {
        std::mem::take(&mut self.empty)
    }

    /// Forgets half a frame: a new connection begins with a length.
    pub fn reset(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

/// The length that goes before a frame.
pub(crate) fn prefix(frame: &Frame) -> [u8; PREFIX] {
    let mut prefix = [0; PREFIX];
    BigEndian::write_u32(&mut prefix, u32::try_from(frame.len()).unwrap_or(u32::MAX));
    prefix
}

#[cfg(test)]
mod tests {
    use elnic_contract::VTime;
    use proptest::prelude::*;

    use super::*;

    fn feed(deframer: &mut Deframer, mut bytes: &[u8]) -> Result<Vec<Bytes>, Oversized> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let space = deframer.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            deframer.filled(count);
            bytes = &bytes[count..];
            while let Some(frame) = deframer.next_frame()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    fn stream(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        for frame in frames {
            stream.extend(u32::try_from(frame.len()).unwrap().to_be_bytes());
            stream.extend(frame);
        }
        stream
    }

    #[test]
    fn the_length_is_big_endian() {
        let frame = Frame::new(vec![7; 0x0102], VTime::ZERO).unwrap();
        assert_eq!(prefix(&frame), [0, 0, 1, 2]);
    }

    #[test]
    fn the_longest_frame_passes_and_a_longer_one_ends_the_stream() {
        let longest = vec![1; Frame::MAX_LENGTH];
        let mut deframer = Deframer::default();
        assert_eq!(
            feed(&mut deframer, &stream(std::slice::from_ref(&longest))),
            Ok(vec![longest.into()])
        );
        assert_eq!(feed(&mut deframer, &[0, 1, 0x10, 1]), Err(Oversized(69_633)));
        assert!(deframer.has_more());
        deframer.reset();
        assert_eq!(feed(&mut deframer, &[0, 0, 0, 1, 9]), Ok(vec![Bytes::from_static(&[9])]));
    }

    #[test]
    fn a_length_of_zero_is_counted_and_passed_over() {
        let mut deframer = Deframer::default();
        let frames = feed(&mut deframer, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5]);
        assert_eq!(frames, Ok(vec![Bytes::from_static(&[5])]));
        assert_eq!((deframer.take_empty(), deframer.take_empty()), (2, 0));
    }

    proptest! {
        #[test]
        fn frames_come_back_however_the_stream_is_cut(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..40),
            cuts in proptest::collection::vec(1_usize..500, 1..40),
        ) {
            let stream = stream(&frames);
            let (mut rest, mut read) = (&stream[..], Vec::new());
            let mut deframer = Deframer::new(0);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                read.extend(feed(&mut deframer, now).unwrap());
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn no_stream_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = feed(&mut Deframer::default(), &bytes);
        }
    }
}
