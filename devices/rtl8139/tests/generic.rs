//! The suite that every device passes.

elnic_testbench::generic_suite!(&[&elnic_rtl8139::ENTRY]);
