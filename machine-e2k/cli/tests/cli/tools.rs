//! `elnic asm`, `elnic disasm`, `elnic demo`.

use std::path::Path;

use crate::common::{assemble, elnic, printer, scratch};

#[test]
fn a_listing_shows_what_was_assembled() {
    let folder = scratch();
    let image = printer(folder.path(), "x", 0);
    let ran = elnic([Path::new("disasm"), &image]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("setwd wsz = 0x10") && ran.stdout.contains("stb,2"));
}

#[test]
fn the_assembler_s_options_are_gas_s() {
    let folder = scratch();
    std::fs::write(folder.path().join("value.inc"), "#define VALUE 7\n").unwrap();
    let include = folder.path().display().to_string();
    let source = "#include \"value.inc\"\n.text\n{ addd,0 0, VALUE + EXTRA, %dr0 }\n{ addd,0 ONE, 0, %dr0 }\n";
    let options =
        ["-I", &include, "-D", "EXTRA=1", "-D", "ONE", "-mcpu=elbrus-8c2", "-T", "0x200000"];
    let image = assemble(folder.path(), "options", source, &options);
    let listing = elnic([Path::new("disasm"), &image]).console();
    assert!(listing.contains("0x8") && listing.contains("200000"), "{listing}");
}

#[test]
fn the_demonstration_holds_its_conversation_and_keeps_it() {
    let folder = scratch();
    let talk = |name: &str| {
        let file = folder.path().join(name);
        let console = elnic([Path::new("demo"), Path::new("--pcap"), &file]).console();
        (console, std::fs::read(file).unwrap())
    };
    let (console, pcap) = talk("first.pcap");
    for wanted in
        ["link up", "dhcp 10.0.2.15", "arp 10.0.2.2", "ping 10.0.2.2 seq 4", "bytes 10000"]
    {
        assert!(console.contains(wanted), "'{wanted}' is not in\n{console}");
    }
    assert_eq!(pcap.get(..4), Some(&0xa1b2_c3d4_u32.to_le_bytes()[..]));
    assert!(pcap.len() > 10_000, "{} bytes of pcap", pcap.len());
    assert_eq!((console, pcap), talk("second.pcap"), "two runs are the same");
}
