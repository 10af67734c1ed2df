//! The suite that every device passes.

elnic_testbench::generic_suite!(&[&elnic_virtio_net::ENTRY]);
