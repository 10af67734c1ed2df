//! The suite notices: a sound model passes every check, and each mistake is found by the check made for it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use elnic_contract::{Field, Mode, Model, RegionKind, RegionSpec, Register};
use elnic_testbench::suite::{self, Check};
use support::{Flaw, entry};

#[test]
fn a_sound_model_passes() {
    suite::run_all(entry(Flaw::None));
}

/// The message of the panic with which `check` finds `flaw`.
fn found(check: Check, flaw: Flaw) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| check(entry(flaw))));
    let panic = outcome.expect_err(&format!("{flaw:?} was not noticed"));
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().unwrap_or(&"").to_string(),
    }
}

#[test]
fn each_mistake_is_found_by_the_check_made_for_it() {
    let cases: [(Flaw, Check, &str); 16] = [
        (Flaw::ResetValue, suite::registers_behave_as_their_table_says, "CTRL[0] after reset"),
        (Flaw::WriteMask, suite::registers_behave_as_their_table_says, "MASK[0] after writing"),
        (
            Flaw::HoleAnswers,
            suite::registers_behave_as_their_table_says,
            "is read and written alike",
        ),
        (Flaw::PeekLies, suite::peeking_shows_what_reading_gives, "peeked"),
        (Flaw::Unbounded, suite::work_is_bounded, "bus-master accesses"),
        (Flaw::TimerNow, suite::work_is_bounded, "is armed for"),
        (Flaw::ForgetsWork, suite::saving_and_restoring_is_invisible, "left"),
        (Flaw::ColdKeeps, suite::a_cold_reset_makes_a_device_like_new, "after a cold reset"),
        (Flaw::FaultPanics, suite::failing_bus_master_accesses_are_survived, "NotRam"),
        (Flaw::TrustsState, suite::hostile_saved_states_are_refused_or_harmless, "out of bounds"),
        (Flaw::HalfApplied, suite::hostile_saved_states_are_refused_or_harmless, "refused"),
        (Flaw::ByteWritePanics, suite::every_access_is_survived, "nobody writes bytes"),
        (Flaw::LosesCause, suite::saving_and_restoring_is_invisible, "a restored device saves"),
        (Flaw::DropsSilently, suite::frames_are_taken_at_any_time_and_counted, "dropped: runt"),
        (Flaw::SendsUncounted, suite::frames_are_taken_at_any_time_and_counted, "counted, sent"),
        (Flaw::NotANic, suite::properties_and_scenarios_are_sound, "is_nic"),
    ];
    for (flaw, check, wanted) in cases {
        let text = found(check, flaw);
        assert!(text.contains(wanted), "{flaw:?} was found as: {text}");
    }
}

#[test]
fn a_mistake_in_the_table_is_found() {
    static MODEL: Model = Model {
        name: "unsound",
        aliases: &[],
        summary: "A table with a mistake",
        pci: None,
        regions: &[RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Fixed, size: 2 }],
        registers: &[Register::new("R", 0, 4, &[Field::new("F", 0, 1, Mode::Rw, "a bit")])
            .about("too wide", "this test")],
        sources: &["this test"],
    };
    let sound = entry(Flaw::None);
    let entry = Box::leak(Box::new(elnic_contract::Entry { model: &MODEL, ..*sound }));
    let outcome = catch_unwind(AssertUnwindSafe(|| suite::the_table_has_no_mistake(entry)));
    assert!(outcome.is_err(), "R reaches beyond its region");
}
