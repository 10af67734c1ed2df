//! The suite that every device passes, on all three parts.

elnic_testbench::generic_suite!(&[
    &elnic_e1000::ENTRY,
    &elnic_e1000::ENTRY_82544GC,
    &elnic_e1000::ENTRY_82545EM,
]);
