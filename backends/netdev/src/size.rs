//! Numbers as QEMU's command line takes them.

/// A whole number as C's `strtol` with base 0 reads it: decimal, `0x…` or `0…` (octal), with a sign.
pub(crate) fn parse_integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    // `from_str_radix` would take another sign.
    let plain = digits.starts_with(|c: char| c.is_digit(radix));
    let number = plain.then(|| i128::from_str_radix(digits, radix).ok()).flatten()?;
    Some(if negative { -number } else { number })
}

/// A size in bytes: a whole number (`0x…` too), or a decimal one, with or without a fraction, and a suffix `B k M G T P E`
/// in either case. A fraction of a byte is no size.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return u64::try_from(parse_integer(text)?).ok();
    }
    let digits_end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits_end);
    let shift = match suffix {
        "" | "b" | "B" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        "t" | "T" => 40,
        "p" | "P" => 50,
        "e" | "E" => 60,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let sound = !whole.is_empty() && all_digits(whole) && all_digits(fraction);
    if !sound || fraction.len() > 18 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    let tenths = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? << shift };
    if shift == 0 && part != 0 {
        return None;
    }
    whole.checked_add(u64::try_from(part / tenths).ok()?)
}

/// A percentage from 0 to 100, with at most four digits behind the point, in millionths.
pub(crate) fn parse_percent(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let sound = !whole.is_empty() && whole.len() <= 3 && fraction.len() <= 4;
    if !(sound && all_digits(whole) && all_digits(fraction)) {
        return None;
    }
    let millionths = format!("{whole}{fraction:0<4}").parse().ok()?;
    (millionths <= 1_000_000).then_some(millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_c_reads_them() {
        for (text, number) in
            [("0", 0), ("-1", -1), ("+7", 7), ("0x10", 16), ("010", 8), ("-0X1f", -31)]
        {
            assert_eq!(parse_integer(text), Some(number), "{text}");
        }
        for text in ["", "-", "0x", "08", "1k", "--1", "0x-1", "1 ", "+-1", "1_0"] {
            assert_eq!(parse_integer(text), None, "{text:?}");
        }
    }

    #[test]
    fn sizes_take_suffixes_and_fractions() {
        for (text, bytes) in [
            ("0", 0),
            ("1500", 1500),
            ("0x10", 16),
            ("1k", 1024),
            ("1.5K", 1536),
            ("0.5M", 524_288),
            ("2G", 2 << 30),
            ("8B", 8),
            ("15E", 15 << 60),
            ("1.0", 1),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "k", "-1", "1.5", "1kk", "1.k.2", "16E", "1 k", ".5k", "1e3x"] {
            assert_eq!(parse_size(text), None, "{text:?}");
        }
    }

    #[test]
    fn percentages_become_millionths() {
        for (text, millionths) in
            [("0", 0), ("1", 10_000), ("0.5", 5_000), ("12.3456", 123_456), ("100", 1_000_000)]
        {
            assert_eq!(parse_percent(text), Some(millionths), "{text}");
        }
        for text in ["", "-1", "100.1", "101", "1.23456", ".5", "1e1", "1%", "1.", "0.5.1"] {
            let expected = if text == "1." { Some(10_000) } else { None };
            assert_eq!(parse_percent(text), expected, "{text:?}");
        }
    }
}
