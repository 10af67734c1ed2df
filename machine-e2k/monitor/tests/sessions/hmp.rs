//! The human monitor: lines, texts, keys.

use serde_json::json;

use crate::bench::Bench;

/// Texts recorded from QEMU 7.2.22.
#[test]
fn mistakes_are_told_in_qemu_s_words() {
    let mut bench = Bench::ready("none", &[]);
    let again = |name: &str| format!("Try \"help {name}\" for more information\r\n");
    for (line, wanted) in [
        ("bogus", "unknown command: 'bogus'\r\n".to_owned()),
        ("info bogus", "unknown command: 'info bogus'\r\n".to_owned()),
        ("set_link", format!("set_link: string expected\r\n{}", again("set_link"))),
        ("set_link a", format!("Expected 'on' or 'off'\r\n{}", again("set_link"))),
        ("set_link a maybe", format!("Expected 'on' or 'off'\r\n{}", again("set_link"))),
        (
            "set_link a on x",
            format!("set_link: extraneous characters at the end of line\r\n{}", again("set_link")),
        ),
        ("set_link a on", "Error: Device 'a' not found\r\n".to_owned()),
        ("netdev_del zz", "Error: Device 'zz' not found\r\n".to_owned()),
        ("hostfwd_add tcp::5555-:22", "user mode network stack not in use\r\n".to_owned()),
        ("x /4x 0", "Can not dump without CPU\r\n".to_owned()),
        ("xp /s 0", format!("invalid char in format: 's'\r\n{}", again("xp"))),
        ("info usernet", String::new()),
        ("info status", "VM status: running\r\n".to_owned()),
    ] {
        assert_eq!(bench.human(line), wanted, "{line}");
    }
}

#[test]
fn a_network_is_made_forwarded_and_shown() {
    let mut bench = Bench::ready("pc", &[]);
    assert_eq!(bench.human("netdev_add user,id=u0"), "");
    assert_eq!(bench.human("device_add e1000,id=e0,netdev=u0,mac=52:54:00:12:34:56"), "");
    let network = bench.human("info network");
    let wanted = "n0: index=0,type=recorder,\r\ne0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56\r\n \\ u0: index=0,type=user,net=10.0.2.0,restrict=off\r\n";
    assert_eq!(network, wanted);
    assert_eq!(bench.human("hostfwd_add u0 tcp:127.0.0.1:0-:22"), "");
    assert!(bench.human("info usernet").starts_with("Hub -1 (u0):\r\n  Protocol[State]"));
    let missing = "host forwarding rule for tcp:127.0.0.1:1 not found\r\n";
    assert_eq!(bench.human("hostfwd_remove u0 tcp:127.0.0.1:1"), missing);
    assert_eq!(
        bench.human("hostfwd_add n0 tcp::1-:22"),
        "netdev 'n0' is not a user mode network\r\n"
    );
    assert!(bench.human("info counters").contains("e0: rx 0 frames"));
    assert!(bench.human("info qtree").contains("dev: e1000, id \"e0\""));
    assert!(bench.human("info pci").contains("Ethernet controller: PCI device 8086:100e"));
    assert!(bench.human("info mtree").contains("pci-conf-idx"));
    assert!(bench.human("info qom-tree").contains("/e0 (e1000)"));
}

#[test]
fn memory_is_shown_as_numbers_and_characters() {
    let mut bench = Bench::ready("pc", &[]);
    bench.test("write 0x1000 16 0xea5be000f03036322f32332f393900fc");
    assert_eq!(bench.human("xp /2xw 0x1000"), "0000000000001000: 0x00e05bea 0x323630f0\r\n");
    assert_eq!(bench.human("xp /3xb 0x1000"), "0000000000001000: 0xea 0x5b 0xe0\r\n");
    assert_eq!(bench.human("xp /1c 0x1001"), "0000000000001001: '['\r\n");
    assert_eq!(bench.human("xp /1xg 0xffffffffffff"), "0000ffffffffffff: Cannot access memory\r\n");
    let mut board = Bench::ready("e8c", &[]);
    assert!(board.human("info registers").contains("ctpr1"));
    assert!(board.human("x /1xw 0").starts_with("0000000000000000: 0x00000000"));
}

#[test]
fn keys_are_echoed_edited_completed_and_remembered() {
    let mut bench = Bench::new("none", &[]);
    let greeting = bench.keys("");
    assert!(
        greeting.starts_with("QEMU 8.0.0 monitor") && greeting.ends_with("(qemu) "),
        "{greeting}"
    );
    assert_eq!(bench.keys("info nam\x08\x08ame"), "info nam\x1b[1D\x1b[K\x1b[1D\x1b[Kame");
    assert_eq!(bench.keys("\r"), "\r\n(qemu) ");
    assert_eq!(bench.keys("set_l\t"), "set_link ", "the only candidate and a blank");
    assert_eq!(bench.keys("\t"), "n0 ");
    assert_eq!(bench.keys("o\t"), "o\r\non off\r\n(qemu) set_link n0 o", "all candidates");
    assert_eq!(bench.keys("ff\r"), "ff\r\n(qemu) ");
    assert!(bench.human_link_is_down());
    assert!(bench.keys("\x1b[A").ends_with("set_link n0 off"), "the line before");
    assert!(bench.keys("\x15").ends_with("\x1b[K"));
}

impl Bench {
    fn human_link_is_down(&mut self) -> bool {
        let net = self.machine.net_core();
        let port = net.ports().next().unwrap();
        net.link_state(port) == Some(elnic_contract::LinkState::Down)
    }
}

#[test]
fn a_processor_is_named_by_its_number() {
    let mut bench = Bench::ready("e8c", &[]);
    let line = |index: i64| json!({"command-line": "info cpus", "cpu-index": index});
    assert!(bench.run("human-monitor-command", line(0)).as_str().unwrap().starts_with("* CPU #0"));
    let refused = bench.refused("human-monitor-command", line(1)).1;
    assert_eq!(refused, "Parameter 'cpu-index' expects a CPU number");
}

#[test]
fn one_of_several_processors_is_chosen() {
    let mut board = Bench::with_processors(3);
    let cpus = board.human("info cpus");
    let marks: Vec<&str> = cpus.lines().map(|line| &line[..8]).collect();
    assert_eq!(marks, ["* CPU #0", "  CPU #1", "  CPU #2"]);
    assert_eq!(board.human("cpu 3"), "invalid CPU index\r\n");
    let on = |line: &str| json!({"command-line": line, "cpu-index": 2});
    let registers = board.run("human-monitor-command", on("info registers"));
    assert!(registers.as_str().unwrap().starts_with("\r\nCPU#2\r\n"));
    let screen = board.keys("cpu 1\rinfo cpus\r");
    assert!(screen.contains("* CPU #1"), "{screen}");
    assert!(board.human("info registers 1").starts_with("\r\nCPU#1\r\n"));
    assert_eq!(board.human("info registers 3"), "CPU not found\r\n");
    assert_eq!(board.human("info registers -a").matches("CPU#").count(), 3);
    let said = board.run("query-cpus-fast", json!({}));
    let cores = said.as_array().unwrap().iter().map(|cpu| cpu["props"]["core-id"].clone());
    assert_eq!(cores.collect::<Vec<_>>(), [0, 1, 2]);
}
