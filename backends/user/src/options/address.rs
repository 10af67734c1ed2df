//! IPv4 addresses as `inet_aton` reads them, which is what QEMU's options have always taken.
//!
//! Source: inet_aton(3): one to four parts, each decimal, octal (`0…`) or hexadecimal (`0x…`); the last part fills the
//! bytes that remain.

use std::net::Ipv4Addr;

/// Reads an address in `inet_aton` notation.
pub(crate) fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(part).collect::<Option<_>>()?;
    let (&last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|&part| part > 0xff) {
        return None;
    }
    let remaining_bits = 32 - 8 * u32::try_from(leading.len()).ok()?;
    if u64::from(last) >= 1 << remaining_bits {
        return None;
    }
    let mut address = last;
    for (&part, shift) in leading.iter().zip([24, 16, 8]) {
        address |= part << shift;
    }
    Some(Ipv4Addr::from(address))
}

fn part(text: &str) -> Option<u32> {
    let (digits, radix) = if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        (hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (text, 8)
    } else {
        (text, 10)
    };
    // `from_str_radix` takes a sign, `inet_aton` does not.
    digits.starts_with(|c: char| c.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_inet_aton_is_read() {
        for (text, address) in [
            ("10.0.2.15", [10, 0, 2, 15]),
            ("10.2", [10, 0, 0, 2]),
            ("10.1.2", [10, 1, 0, 2]),
            ("0x0a000202", [10, 0, 2, 2]),
            ("012.0.2.2", [10, 0, 2, 2]),
            ("255.255.255.255", [255; 4]),
            ("0", [0; 4]),
        ] {
            assert_eq!(parse_ipv4(text), Some(address.into()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "10.0.2.", "10.0.2.256", "1.2.3.4.5", "256.1", "+1.2.3.4", "08", "0x", "a.b", "1 "]
        {
            assert_eq!(parse_ipv4(text), None, "{text}");
        }
    }
}
