//! What the program says about itself.

use crate::common::line;

fn text(arguments: &str) -> String {
    let ran = line(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stderr, "", "{arguments}");
    ran.stdout
}

#[test]
fn version_is_the_package_s() {
    let wanted = concat!("elnic ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(text("-version"), wanted);
    assert_eq!(text("--version"), wanted);
}

#[test]
fn help_lists_every_option_and_command() {
    let help = text("-help");
    assert_eq!(help, text("-h"));
    for word in ["machine", "cpu", "-m ", "bios", "kernel", "append", "initrd", "serial", "device"]
        .into_iter()
        .chain(["netdev", "nic", "object", "-d ", "-D ", "trace", "asm", "disasm", "pace"])
    {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
}

#[test]
fn models_and_their_properties_are_listed() {
    let devices = text("-device help");
    assert!(devices.contains("e1000") && devices.contains("pvpanic-pci"), "{devices}");
    let e1000 = text("-device e1000,help");
    for property in ["mac", "timing", "autoneg-ms", "addr", "netdev", "romfile", "8086:100e"] {
        assert!(e1000.contains(property), "{property} is not in\n{e1000}");
    }
    let netdevs = text("-netdev help");
    assert!(netdevs.contains("user") && netdevs.contains("dgram"), "{netdevs}");
    assert!(text("-netdev user,help").contains("restrict"));
    assert!(text("-object filter-dump,help").contains("file"));
    let machines = text("-M help");
    assert!(
        ["e2s", "e8c", "e8c2", "e1c+"].iter().all(|name| machines.contains(name)),
        "{machines}"
    );
    assert!(text("-cpu help").contains("e16c"));
    assert!(text("-d help").contains("guest_errors"));
}
