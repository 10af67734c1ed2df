//! The frame check sequence: CRC-32 of IEEE 802.3-2022 §3.2.9.

/// Length of the frame check sequence, in bytes.
pub const LENGTH: usize = 4;

/// The frame check sequence of a frame (destination address to end of payload), as a number whose little-endian bytes
/// go onto the cable in order.
pub fn of(frame: &[u8]) -> u32 {
    crc32fast::hash(frame)
}

/// The four bytes that follow `frame` on the cable.
pub fn bytes(frame: &[u8]) -> [u8; LENGTH] {
    of(frame).to_le_bytes()
}

/// Splits a frame that ends with its own frame check sequence; says whether that is right. `None` if it is shorter
/// than that.
pub fn split(frame: &[u8]) -> Option<(&[u8], bool)> {
    let (data, check) = frame.split_last_chunk::<LENGTH>()?;
    Some((data, *check == bytes(data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_crc_catalogue() {
        assert_eq!(of(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_frame_with_its_check_sequence_leaves_the_magic_residue() {
        let mut frame = vec![7; 60];
        frame.extend(bytes(&frame));
        assert_eq!(of(&frame), 0x2144_df1c);
        assert_eq!(split(&frame), Some((&[7_u8; 60][..], true)));
        frame[3] ^= 1;
        assert_eq!(split(&frame).map(|(_, good)| good), Some(false));
        assert_eq!(split(&frame[..3]), None);
    }
}
