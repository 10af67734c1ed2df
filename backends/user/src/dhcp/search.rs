//! The domain search list, DHCP option 119 (RFC 3397): names in DNS notation, compressed (RFC 1035 §4.1.4).

use std::collections::BTreeMap;

use crate::OptionsError;

/// The longest encoded search list, in bytes: what fits a DHCP message beside the other options.
pub(crate) const LONGEST_SEARCH_LIST: usize = 1000;
const LONGEST_LABEL: usize = 63;
const LONGEST_DOMAIN: usize = 253;

/// Checks `dnssearch`.
///
/// # Errors
/// An entry that is no domain name, or a list that is too long.
pub(crate) fn check_search_list(domains: &[String]) -> Result<(), OptionsError> {
    let is_label = |label: &str| (1..=LONGEST_LABEL).contains(&label.len());
    for domain in domains {
        let name = domain.strip_suffix('.').unwrap_or(domain);
        if name.len() > LONGEST_DOMAIN || !name.split('.').all(is_label) {
            return Err(OptionsError::SearchDomain(domain.clone()));
        }
    }
    match encode(domains).len() {
        0..=LONGEST_SEARCH_LIST => Ok(()),
        length => Err(OptionsError::SearchListTooLong(length)),
    }
}

/// The checked list as the option carries it.
pub(super) fn encode(domains: &[String]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let mut suffixes: BTreeMap<String, u16> = BTreeMap::new();
    for domain in domains {
        let mut rest = domain.strip_suffix('.').unwrap_or(domain);
        loop {
            if let Some(&offset) = suffixes.get(rest) {
                encoded.extend_from_slice(&(0xc000 | offset).to_be_bytes());
                break;
            }
            if let Ok(offset @ 0..=0x3fff) = u16::try_from(encoded.len()) {
                suffixes.insert(rest.to_owned(), offset);
            }
            let (label, tail) = rest.split_once('.').unwrap_or((rest, ""));
            encoded.push(u8::try_from(label.len()).unwrap_or(0));
            encoded.extend_from_slice(label.as_bytes());
            if tail.is_empty() {
                encoded.push(0);
                break;
            }
            rest = tail;
        }
    }
    encoded
}

/// The checked list without compression, as DHCPv6 carries it (RFC 8415 §10).
pub(crate) fn plain_search_list(domains: &[String]) -> Vec<u8> {
    domains.iter().flat_map(|domain| encode(std::slice::from_ref(domain))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(domains: &[&str]) -> Vec<String> {
        domains.iter().map(|&domain| domain.to_owned()).collect()
    }

    #[test]
    fn common_tails_are_written_once() {
        // The example of RFC 3397 §2.
        let encoded = encode(&list(&["eng.apple.com", "marketing.apple.com."]));
        assert_eq!(encoded, b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04");
    }

    #[test]
    fn names_no_resolver_takes_are_refused() {
        let long_label = "l".repeat(64);
        let long_name = vec!["l".repeat(60); 5].join(".");
        for domain in ["", ".", "a..b", &long_label, &long_name] {
            let error = check_search_list(&list(&[domain])).unwrap_err();
            assert_eq!(error, OptionsError::SearchDomain(domain.to_owned()));
        }
        assert_eq!(check_search_list(&list(&["a.b", "c"])), Ok(()));
    }

    #[test]
    fn a_list_that_fits_no_message_is_refused() {
        let domains: Vec<String> = (0..100).map(|i| format!("domain-{i}.test{i}")).collect();
        assert!(matches!(check_search_list(&domains), Err(OptionsError::SearchListTooLong(_))));
    }
}
