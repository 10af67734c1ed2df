//! The suite that every device passes: all of it on the 82540EM; on the other parts, which share every engine, what their
//! own table and name could break.

use elnic_e1000::{ENTRY_82544GC, ENTRY_82545EM};
use elnic_testbench::suite;

elnic_testbench::generic_suite!(&[&elnic_e1000::ENTRY]);

#[test]
fn the_other_parts_behave_as_their_tables_say() {
    for entry in [&ENTRY_82544GC, &ENTRY_82545EM] {
        suite::the_table_has_no_mistake(entry);
        suite::properties_and_scenarios_are_sound(entry);
        suite::registers_behave_as_their_table_says(entry);
    }
}

#[test]
fn the_other_parts_save_themselves_wholly() {
    for entry in [&ENTRY_82544GC, &ENTRY_82545EM] {
        suite::a_cold_reset_makes_a_device_like_new(entry);
        suite::saving_and_restoring_is_invisible(entry);
        suite::a_function_around_it_survives_and_saves(entry);
    }
}
