//! [`elnic_fuzz::user`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| elnic_fuzz::user(data));
