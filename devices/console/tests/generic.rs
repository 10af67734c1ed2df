//! The generic suite over this model.

elnic_testbench::generic_suite!(&[&elnic_console::ENTRY]);
