//! The generic suite over every model there is.

elnic_testbench::generic_suite!(elnic_catalogue::MODELS);
