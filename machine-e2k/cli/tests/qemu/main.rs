//! QEMU's own test programs, unmodified, against this program under the name `qemu-system-x86_64`.
//!
//! `.ci/qemu-tests` builds them out of Debian's source package into the machine's cache; what they print is TAP. Where they are
//! not there each test says so and is left out.
//!
//! Left out for good: what needs more of a PC than its bus (`virtio-net-failover`: PCI Express ports and migration), block
//! devices (`qmp-test` oob), or a start without a machine (`qmp-test` preconfig), and memory objects (`qmp-cmd-test`
//! object-add).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// Where `.ci/qemu-tests` puts the programs; `ELNIC_QEMU_TESTS` names another folder.
fn programs() -> Option<PathBuf> {
    let cache = || {
        let own = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        Some(own.map(PathBuf::from).or_else(home)?.join("elnic/qemu-tests"))
    };
    let folder = std::env::var_os("ELNIC_QEMU_TESTS").map(PathBuf::from).or_else(cache);
    let found = folder.clone().filter(|folder| folder.join("stamp").exists());
    if found.is_none() {
        eprintln!(
            "SKIPPED: QEMU's own test programs are not in {}; .ci/qemu-tests builds them",
            folder.unwrap_or_default().display()
        );
    }
    found
}

/// Runs the tests of a program whose paths begin with `root`; what passes must be exactly `wanted`.
fn run(program: &str, root: &str, wanted: &[&str]) {
    let Some(programs) = programs() else { return };
    // Paths of sockets are relative in some: each program has a folder of its own.
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("qemu-system-x86_64");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_elnic"), &link).unwrap();
    let mut command = Command::new(programs.join(program));
    command.current_dir(folder.path()).env("QTEST_QEMU_BINARY", link).arg("--tap");
    for path in wanted {
        command.args(["-p", &format!("{root}{path}")]);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let passed: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.contains("# SKIP"))
        .filter_map(|line| line.strip_prefix("ok ")?.split_once(' '))
        .map(|(_, path)| path.strip_prefix(root).unwrap_or(path))
        .collect();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let report = format!("{text}\n{complaints}");
    assert_eq!(passed, wanted.iter().copied().collect(), "{report}");
    assert!(output.status.success(), "{report}");
}

#[test]
fn netdev_socket() {
    run(
        "netdev-socket",
        "/x86_64/netdev/",
        &[
            "stream/fd",
            "stream/inet/ipv4",
            "stream/inet/ipv6",
            "stream/unix/oneshot",
            "stream/unix/reconnect",
            "stream/unix/abstract",
            "dgram/inet",
            "dgram/mcast",
            "dgram/unix",
            "dgram/fd",
        ],
    );
}

#[test]
fn rtl8139() {
    run("rtl8139-test", "/x86_64/rtl8139/", &["nop", "timer"]);
}

/// Where the graph of `qos-test` has the devices.
const BUS: &str = "/x86_64/pc/i440FX-pcihost/pci-bus-pc/pci-bus/";

#[test]
fn qos_e1000() {
    let wanted = ["e1000", "e1000-82544gc", "e1000-82545em"];
    let wanted = wanted.map(|model| format!("{model}/pci-device/pci-device-tests/nop"));
    run("qos-test", BUS, &wanted.each_ref().map(String::as_str));
}

#[test]
fn qos_virtio_net() {
    let wanted =
        ["basic", "rx_stop_cont", "announce-self", "large_tx/uint_max", "large_tx/net_bufsize"];
    let mut wanted: Vec<String> =
        wanted.map(|test| format!("virtio-net-pci/virtio-net/virtio-net-tests/{test}")).to_vec();
    wanted.push("virtio-net-pci/virtio-net-pci-tests/hotplug".to_owned());
    run("qos-test", BUS, &wanted.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn filters() {
    run("test-filter-mirror", "/x86_64/netfilter/", &["mirror"]);
    run("test-filter-redirector", "/x86_64/netfilter/", &["redirector_tx", "redirector_rx"]);
    let changes = ["addremove_one", "remove_netdev_one", "addremove_multi", "remove_netdev_multi"];
    run("test-netfilter", "/x86_64/netfilter/", &changes);
}

#[test]
fn qmp() {
    run("qmp-test", "/x86_64/qmp/", &["protocol", "missing-any-arg"]);
    let queries = [
        "query-version",
        "query-commands",
        "query-qmp-schema",
        "query-status",
        "query-name",
        "query-uuid",
        "query-kvm",
        "query-iothreads",
        "query-block",
        "query-named-block-nodes",
        "query-fdsets",
        "query-yank",
        "query-rx-filter",
        "query-machines",
        "query-cpus-fast",
        "query-memory-size-summary",
        "query-target",
        "qom-list-types",
        "query-chardev",
        "query-chardev-backends",
    ];
    run("qmp-cmd-test", "/x86_64/qmp/", &queries);
}
