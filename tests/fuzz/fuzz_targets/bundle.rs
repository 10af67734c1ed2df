//! [`elnic_fuzz::bundle`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| elnic_fuzz::bundle(data));
