//! Cutting and putting together are inverse; what does not fit together goes no further.

use super::*;
use proptest::prelude::*;

fn packet(length: usize) -> Vec<u8> {
    let repr = Ipv4Repr {
        src_addr: Ipv4Addr::new(10, 0, 2, 15),
        dst_addr: Ipv4Addr::new(10, 0, 2, 2),
        next_header: IpProtocol::Udp,
        payload_len: length,
        hop_limit: 64,
    };
    let mut packet: Vec<u8> = vec![0; IPV4_HEADER_LEN];
    packet.extend((0..length).map(|i| (i % 251) as u8));
    repr.emit(&mut Ipv4Packet::new_unchecked(&mut packet[..]), &Default::default());
    let mut view = Ipv4Packet::new_unchecked(&mut packet[..]);
    view.set_dont_frag(false);
    view.fill_checksum();
    packet
}

fn feed(reassembly: &mut Reassembly, fragment: &[u8]) -> Outcome {
    let view = Ipv4Packet::new_checked(fragment).unwrap();
    assert!(view.verify_checksum());
    reassembly.input(VTime::ZERO, &view)
}

proptest! {
    #[test]
    fn fragments_in_any_order_make_the_packet(
        length in 1_usize..65_500, mtu in 576_usize..1501, seed in any::<u64>(),
    ) {
        let whole = packet(length);
        let mut fragments = cut(whole.clone(), mtu);
        prop_assert!(fragments.iter().all(|fragment| fragment.len() <= mtu));
        let count = fragments.len();
        if count == 1 {
            prop_assert_eq!(&fragments[0], &whole);
            return Ok(());
        }
        for i in (1..count).rev() {
            let other = (seed.wrapping_mul(i as u64 + 7) >> 16) as usize % (i + 1);
            fragments.swap(i, other);
        }
        let mut reassembly = Reassembly::default();
        for fragment in &fragments[1..] {
            prop_assert_eq!(feed(&mut reassembly, fragment), Outcome::Kept);
        }
        let Outcome::Whole(joined) = feed(&mut reassembly, &fragments[0]) else {
            return Err(TestCaseError::fail("not whole"));
        };
        prop_assert_eq!(&joined[IPV4_HEADER_LEN..], &whole[IPV4_HEADER_LEN..]);
        prop_assert!(reassembly.packets.is_empty());
    }
}

#[test]
fn an_overlap_ends_the_packet() {
    let fragments = cut(packet(3000), 1500);
    let mut reassembly = Reassembly::default();
    assert_eq!(feed(&mut reassembly, &fragments[0]), Outcome::Kept);
    assert_eq!(feed(&mut reassembly, &fragments[0]), Outcome::Refused);
    assert!(reassembly.packets.is_empty());
}

#[test]
fn a_fragment_beyond_the_end_ends_the_packet() {
    let long = cut(packet(4000), 1500);
    let short = cut(packet(1600), 1500);
    let mut reassembly = Reassembly::default();
    assert_eq!(feed(&mut reassembly, &long[2]), Outcome::Kept);
    assert_eq!(feed(&mut reassembly, &short[1]), Outcome::Refused);
}

#[test]
fn the_table_is_bounded_and_empties_with_time() {
    let mut reassembly = Reassembly::default();
    for identification in 0..40 {
        let mut fragment = cut(packet(3000), 1500).swap_remove(0);
        let mut view = Ipv4Packet::new_unchecked(&mut fragment[..]);
        view.set_ident(identification);
        view.fill_checksum();
        let expected = if identification < 16 { Outcome::Kept } else { Outcome::Refused };
        assert_eq!(feed(&mut reassembly, &fragment), expected);
    }
    assert_eq!(reassembly.next_event(), Some(VTime::ZERO + PATIENCE));
    assert_eq!(reassembly.expire(VTime::ZERO + PATIENCE), 16);
    assert_eq!(reassembly.next_event(), None);
}
