//! The suite that every device passes.

elnic_testbench::generic_suite!(&[&elnic_e1000::ENTRY]);
