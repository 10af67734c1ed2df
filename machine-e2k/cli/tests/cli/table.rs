//! Which test shows which option: at work, and refused.
//!
//! The table is checked against the program's own help and against the names of the tests.

use std::collections::BTreeSet;

use crate::common::line;

/// An option, the tests that show it at work, and the test that shows what it refuses (none for one that takes no value).
struct Row(&'static str, &'static [&'static str], Option<&'static str>);

const TABLE: &[Row] = &[
    Row(
        "machine",
        &[
            "every_machine_runs_with_the_processor_it_is_named_after",
            "a_legacy_board_has_its_functions_elsewhere",
        ],
        VALUES,
    ),
    Row(
        "cpu",
        &[
            "a_machine_runs_with_another_processor",
            "properties_of_the_processor_change_what_a_program_may_do",
        ],
        VALUES,
    ),
    Row("m", &["ram_ends_where_the_option_says"], VALUES),
    Row("smp", &["as_many_processors_run_as_are_asked_for"], VALUES),
    Row("bios", &["firmware_runs_from_its_own_memory", "firmware_reads_the_console"], IMAGES),
    Row("kernel", &["a_kernel_runs_and_its_exit_code_is_the_program_s"], IMAGES),
    Row(
        "append",
        &[
            "a_command_line_reaches_the_kernel_in_the_boot_block",
            "the_boot_block_names_mac_address_and_timer",
        ],
        IMAGES,
    ),
    Row("dtb", &["a_device_tree_lies_in_memory_where_the_boot_block_says"], IMAGES),
    Row("initrd", &["a_ram_disk_lies_in_memory_where_the_boot_block_says"], IMAGES),
    Row(
        "serial",
        &[
            "stdio_is_both_ways",
            "a_line_leads_into_a_file",
            "a_line_leads_nowhere",
            "a_line_connects_to_a_socket",
            "a_line_listens_on_a_socket_and_the_machine_waits_for_its_first_peer",
            "a_listening_line_need_not_wait",
            "the_second_option_is_the_second_line",
            "keys_reach_the_guest_one_by_one_and_are_not_shown_by_the_terminal",
        ],
        VALUES,
    ),
    Row(
        "device",
        &[
            "a_guest_converses_with_a_user_network",
            "a_device_stands_where_its_address_says",
            "several_functions_stand_in_one_slot",
            "a_device_stands_behind_the_bridge",
            "a_device_is_called_by_its_id",
            "an_expansion_rom_comes_from_its_file",
            "an_index_of_boot_order_may_say_that_nothing_starts_from_there",
            "models_and_their_properties_are_listed",
        ],
        Some("devices_and_their_properties"),
    ),
    Row(
        "netdev",
        &[
            "a_guest_converses_with_a_user_network",
            "frames_go_through_datagram_sockets",
            "hub_ports_connect_a_guest_with_a_network",
            "models_and_their_properties_are_listed",
        ],
        NETWORKS,
    ),
    Row("nic", &["one_option_makes_netdev_and_interface"], NETWORKS),
    Row("net", &["the_older_way_meets_on_a_hub", "a_hub_that_leads_nowhere_is_told_of"], NETWORKS),
    Row("object", &["a_dump_keeps_every_frame_of_a_netdev"], NETWORKS),
    Row("d", &["each_log_item_shows_what_it_says"], VALUES),
    Row("D", &["the_log_goes_to_standard_error_unless_a_file_is_given"], VALUES),
    Row("trace", &["the_same_run_leaves_the_same_trace"], VALUES),
    Row("pace", &["a_pace_does_not_change_what_a_guest_does"], VALUES),
    Row(
        "S",
        &[
            "a_machine_that_is_not_started_stands_still_until_it_is_ended",
            "a_guest_is_started_stopped_and_reset_by_its_monitor",
        ],
        None,
    ),
    Row("nodefaults", &["stdio_is_the_default_unless_there_are_no_defaults"], None),
    Row("nographic", &["control_a_x_ends_the_run"], None),
    Row("display", &["there_is_no_display_and_no_monitor"], VALUES),
    Row(
        "monitor",
        &["there_is_no_display_and_no_monitor", "several_monitors_see_the_same_events"],
        VALUES,
    ),
    Row("qmp", &["a_guest_is_started_stopped_and_reset_by_its_monitor"], VALUES),
    Row("qmp-pretty", &["answers_may_take_several_lines"], None),
    Row("mon", &["several_monitors_see_the_same_events"], VALUES),
    Row("chardev", &["several_monitors_see_the_same_events"], VALUES),
    Row("event-interval", &["a_flapping_peer_is_told_of_as_often_as_asked"], VALUES),
    Row("qtest", &["a_test_drives_the_machine_and_ends_the_program"], VALUES),
    Row("qtest-log", &["a_test_drives_the_machine_and_ends_the_program"], VALUES),
    Row("accel", &["a_test_drives_the_machine_and_ends_the_program"], VALUES),
    Row("audio", &["a_test_drives_the_machine_and_ends_the_program"], VALUES),
    Row("run-with", &["a_test_drives_the_machine_and_ends_the_program"], VALUES),
    Row("name", &["answers_may_take_several_lines"], VALUES),
    Row("version", &["version_is_the_package_s"], None),
    Row("help", &["help_lists_every_option_and_command"], None),
];

const VALUES: Option<&str> = Some("values_of_other_options");
const IMAGES: Option<&str> = Some("images");
const NETWORKS: Option<&str> = Some("netdevs_and_filters");

/// Sources of the tests.
const SOURCES: &[&str] = &[
    include_str!("control.rs"),
    include_str!("help.rs"),
    include_str!("images.rs"),
    include_str!("machine.rs"),
    include_str!("network.rs"),
    include_str!("observation.rs"),
    include_str!("refusals.rs"),
    include_str!("serial.rs"),
    include_str!("../monitor/clients.rs"),
    include_str!("../monitor/netdevs.rs"),
    include_str!("../monitor/runs.rs"),
];

/// The options of `-h`, each by its last name and without dashes.
fn options() -> BTreeSet<String> {
    let help = line("-h").console();
    let rows = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = rows.map(|row| row.split('<').next().unwrap_or(row));
    let last = names.map(|names| names.rsplit(", ").next().unwrap_or(names));
    last.map(|name| name.trim().trim_start_matches('-').to_owned()).collect()
}

#[test]
fn every_option_of_the_help_has_a_row_and_every_row_an_option() {
    let rows: BTreeSet<String> = TABLE.iter().map(|Row(option, ..)| (*option).to_owned()).collect();
    assert_eq!(rows, options());
}

#[test]
fn every_row_names_tests_there_are() {
    for Row(option, shown, refused) in TABLE {
        assert!(!shown.is_empty(), "-{option} is shown by nothing");
        for test in shown.iter().chain(refused) {
            let function = format!("#[test]\nfn {test}()");
            assert!(SOURCES.iter().any(|source| source.contains(&function)), "-{option}: {test}");
        }
    }
}
