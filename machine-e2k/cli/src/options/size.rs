//! Sizes: a whole number with a unit.

/// Why a text is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a size is a whole number, in MiB unless followed by B, K, M, G or T")]
pub(crate) struct SizeError;

/// Bytes of `text`, in MiB unless a unit follows: `128`, `64M`, `2G`.
pub(crate) fn parse_size(text: &str) -> Result<u64, SizeError> {
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "B" => 0,
        "K" => 10,
        "" | "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(SizeError),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain).ok_or(SizeError)?;
    number.checked_mul(1 << shift).ok_or(SizeError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_mebibytes_unless_a_unit_says_otherwise() {
        assert_eq!(parse_size("128"), Ok(128 << 20));
        assert_eq!(parse_size("4096K"), Ok(4 << 20));
        assert_eq!(parse_size("3g"), Ok(3 << 30));
        assert_eq!(parse_size("0"), Ok(0));
        assert_eq!(parse_size("1T"), Ok(1 << 40));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "M", "-1", "+1", "1.5G", "12X", "1KB", "18446744073709551615", "1 M"] {
            assert_eq!(parse_size(text), Err(SizeError), "{text}");
        }
    }
}
