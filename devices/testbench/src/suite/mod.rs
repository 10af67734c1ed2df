//! The generic suite: what every model of the catalogue must pass, whatever it is.
//!
//! Each check is a function of a catalogue entry and panics with the operations that broke it. The checks know nothing
//! of a model but its table, its properties and its scenarios; that a bit means what the datasheet says is for the
//! model's own tests.

mod conformance;
mod dma_faults;
mod frames;
mod hostile_state;
mod mutation;
mod pulses;
mod resets;
mod strategies;
mod table;
mod touch;

use std::fmt::Debug;

use elnic_contract::Entry;
use elnic_script::{Op, Step, What, parse};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

pub use conformance::registers_behave_as_their_table_says;
pub use dma_faults::failing_bus_master_accesses_are_survived;
pub use frames::frames_are_taken_at_any_time_and_counted;
pub use hostile_state::hostile_saved_states_are_refused_or_harmless;
pub use pulses::{a_function_around_it_survives_and_saves, saving_and_restoring_is_invisible};
pub use resets::a_cold_reset_makes_a_device_like_new;
pub use strategies::{ARENA, Ops, op, ops};
pub use table::{properties_and_scenarios_are_sound, the_table_has_no_mistake};
pub use touch::{every_access_is_survived, peeking_shows_what_reading_gives, work_is_bounded};

use crate::Bench;

/// A check of the suite.
pub type Check = fn(&'static Entry);

/// All checks, by name.
pub const CHECKS: &[(&str, Check)] = &[
    ("the_table_has_no_mistake", the_table_has_no_mistake),
    ("properties_and_scenarios_are_sound", properties_and_scenarios_are_sound),
    ("registers_behave_as_their_table_says", registers_behave_as_their_table_says),
    ("every_access_is_survived", every_access_is_survived),
    ("peeking_shows_what_reading_gives", peeking_shows_what_reading_gives),
    ("work_is_bounded", work_is_bounded),
    ("a_cold_reset_makes_a_device_like_new", a_cold_reset_makes_a_device_like_new),
    ("saving_and_restoring_is_invisible", saving_and_restoring_is_invisible),
    ("a_function_around_it_survives_and_saves", a_function_around_it_survives_and_saves),
    ("hostile_saved_states_are_refused_or_harmless", hostile_saved_states_are_refused_or_harmless),
    ("failing_bus_master_accesses_are_survived", failing_bus_master_accesses_are_survived),
    ("frames_are_taken_at_any_time_and_counted", frames_are_taken_at_any_time_and_counted),
];

/// Runs every check on `entry`.
///
/// # Panics
/// A check fails.
pub fn run_all(entry: &'static Entry) {
    for (_, check) in CHECKS {
        check(entry);
    }
}

/// Makes a test of each check, over a list of entries: `generic_suite!(&[&my_model::ENTRY])`.
#[macro_export]
macro_rules! generic_suite {
    ($entries:expr) => {
        $crate::generic_suite!(@tests $entries;
            the_table_has_no_mistake,
            properties_and_scenarios_are_sound,
            registers_behave_as_their_table_says,
            every_access_is_survived,
            peeking_shows_what_reading_gives,
            work_is_bounded,
            a_cold_reset_makes_a_device_like_new,
            saving_and_restoring_is_invisible,
            a_function_around_it_survives_and_saves,
            hostile_saved_states_are_refused_or_harmless,
            failing_bus_master_accesses_are_survived,
            frames_are_taken_at_any_time_and_counted
        );

        #[test]
        fn the_suite_is_complete() {
            assert_eq!($crate::suite::CHECKS.len(), 12, "a check has no test of its own");
        }
    };
    (@tests $entries:expr; $($check:ident),+) => {
        $(
            #[test]
            fn $check() {
                let entries: &[&'static $crate::Entry] = $entries;
                for entry in entries {
                    println!("model {}", entry.model.name);
                    $crate::suite::$check(entry);
                }
            }
        )+
    };
}

/// Runs a property over `cases` random inputs. The seed is fixed, so that a failure of today fails tomorrow;
/// `PROPTEST_CASES` runs more.
pub(crate) fn property<S: Strategy>(
    cases: u32,
    strategy: S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: Debug,
{
    let defaults = Config::default();
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config {
        cases: if asked_for { defaults.cases } else { cases },
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..defaults
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, test);
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A device of default properties, powered on, after one of its scenarios or none.
pub(crate) fn bench_after(entry: &'static Entry, scenario: Option<usize>) -> Bench {
    let mut bench = Bench::with(entry, &[]);
    bench.run_steps(&scenario_steps(entry, scenario));
    bench
}

fn scenario_steps(entry: &'static Entry, scenario: Option<usize>) -> Vec<Step> {
    let text = scenario.and_then(|number| entry.scenarios.get(number)).unwrap_or(&"");
    parse(text, entry.model).expect("a scenario is a script")
}

/// What a scenario does, without what it expects.
pub(crate) fn scenario_ops(entry: &'static Entry, scenario: Option<usize>) -> Vec<Op> {
    let ops = scenario_steps(entry, scenario).into_iter().filter_map(|step| match step.what {
        What::Do(op) => Some(op),
        What::Expect(_) => None,
    });
    ops.collect()
}
