//! [`elnic_fuzz::assembler`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| elnic_fuzz::assembler(data));
