//! What cannot be done is refused with one line that says what, and nothing is run.

use crate::common::{Ran, elnic, line, scratch};

/// Refused with this exit code, one line, and all of these words in it.
fn refused(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("elnic: "), "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is not in: {}", ran.stderr);
    }
}

/// Writes a good image.
fn good_image(folder: &std::path::Path) -> std::path::PathBuf {
    let image = folder.join("good.elf");
    std::fs::write(&image, elnic_firmware::NETPROBE).unwrap();
    image
}

/// Runs a good guest with further options.
fn with(options: &str) -> Ran {
    let folder = scratch();
    let image = good_image(folder.path());
    let kernel = format!("-nodefaults -serial stdio -kernel {}", image.display());
    line(&format!("{kernel} {options}"))
}

#[test]
fn malformed_command_lines() {
    refused(&line("-foo"), 2, &["unknown option '-foo'"]);
    refused(&line("-devise e1000"), 2, &["'-devise'", "did you mean '-device'"]);
    refused(&line("-m"), 2, &["-m", "needs a value"]);
    refused(&line("image.elf"), 2, &["unexpected 'image.elf'", "-kernel"]);
    refused(&line("-nodefaults"), 2, &["nothing to run", "-kernel", "-bios"]);
    refused(&line("-m 1 -m 2"), 2, &["-m", "twice"]);
    refused(&elnic(["-M", "a\nb"]), 1, &["unknown machine 'a\\nb'"]);
}

#[test]
fn devices_and_their_properties() {
    refused(&with("-device e100"), 1, &["'e100'"]);
    refused(&with("-device e1001"), 1, &["'e1001'", "did you mean 'e1000'"]);
    refused(&with("-device e1000,adr=3"), 1, &["'adr'", "did you mean 'addr'"]);
    refused(&with("-device e1000,timing=slow"), 1, &["'timing'", "'slow'", "off|wire|full"]);
    refused(&with("-device e1000,autoneg-ms=99999999"), 1, &["'99999999'", "0 to 60000"]);
    refused(&with("-device e1000,mac=52:54"), 1, &["'mac'", "'52:54'", "52:54:00:12:34:56"]);
    refused(&with("-device e1000,mac=01:00:5e:00:00:01"), 1, &["'mac'", "group"]);
    refused(&with("-device e1000,addr=20"), 1, &["'20'", "0 to 1f"]);
    refused(&with("-device e1000,addr=2.2"), 1, &["02.2", "multifunction"]);
    refused(&with("-device e1000,addr=1"), 1, &["01.0", "taken by 'host'"]);
    refused(&with("-device e1000,addr=4 -device pvpanic-pci,addr=4"), 1, &["04.0", "'e1000.0'"]);
    refused(&with("-device e1000,addr=4.1"), 1, &["04.1", "multifunction=on"]);
    refused(&with("-device e1000,bus=pci.1"), 1, &["'bus'", "'pci.1'", "did you mean 'pci.0'"]);
    refused(&with("-device e1000,id=a -device pvpanic-pci,id=a"), 1, &["Duplicate ID 'a'"]);
    refused(&with("-device e1000,id=1a"), 1, &["'1a'", "starts with a letter"]);
    refused(&with("-device e1000,netdev=n0"), 1, &["e1000.netdev", "'n0'"]);
    let misspelt = "-netdev user,id=net0 -device e1000,netdev=nte0";
    refused(&with(misspelt), 1, &["e1000.netdev", "'nte0'", "did you mean 'net0'"]);
    refused(&with("-device e1000,vectors=3"), 1, &["'e1000'", "'vectors'"]);
    refused(&with("-device e1000,bootindex=1"), 1, &["bootindex", "'1'", "-1"]);
    refused(&with("-device e1000,romfile=/nope"), 1, &["romfile '/nope'", "No such file"]);
    refused(&with("-device e1000,addr=3,addr=4"), 1, &["'addr'", "twice"]);
    refused(&with("-device e1000,addr"), 1, &["'addr'", "key=value"]);
    refused(&with("-device escc-pci"), 1, &["'escc-pci'", "soldered"]);
}

#[test]
fn netdevs_and_filters() {
    refused(&with("-netdev usr,id=n0"), 1, &["-netdev 'usr,id=n0'", "user"]);
    refused(&with("-netdev user"), 1, &["-netdev 'user'", "'id'"]);
    refused(&with("-netdev user,id=n0,restrct=on"), 1, &["'restrct'", "restrict"]);
    refused(&with("-netdev user,id=n0 -netdev user,id=n0"), 1, &["Duplicate ID 'n0'"]);
    refused(&with("-netdev vmnet-host,id=n0"), 1, &["vmnet-host", "not compiled into this binary"]);
    let taken = "-netdev user,id=n0 -device e1000,netdev=n0 -device e1000,netdev=n0";
    refused(&with(taken), 1, &["e1000.netdev", "'n0'", "in use"]);
    refused(&with("-nic user,model=e100"), 1, &["'e100'"]);
    refused(&with("-nic user,mac=01:00:5e:00:00:01"), 1, &["-nic", "multicast"]);
    refused(&with("-object filter-dmp,id=f0"), 1, &["'filter-dmp'", "filters"]);
    let dump = "-object filter-dump,id=f0,netdev=n1,file=/nope/x.pcap";
    refused(&with(&format!("-netdev user,id=n0 {dump}")), 1, &["-object", "'n1'", "'n0'"]);
    let dump = "-object filter-dump,id=f0,netdev=n0,file=/nope/x.pcap";
    refused(&with(&format!("-netdev user,id=n0 {dump}")), 1, &["-object", "/nope/x.pcap"]);
}

#[test]
fn images() {
    let folder = scratch();
    let good = good_image(folder.path());
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let run = |options: &str| line(&format!("-nodefaults {options}"));
    refused(&run("-kernel /nope"), 1, &["-kernel", "'/nope'", "No such file"]);
    let garbage = file("garbage", b"not an image");
    refused(&run(&format!("-kernel {garbage}")), 1, &["no 64-bit little-endian ELF"]);
    let mut other = std::fs::read(&good).unwrap();
    other[18] = 62;
    let other = file("other", &other);
    refused(&run(&format!("-kernel {other}")), 1, &["ELF machine 62", "175"]);
    let large = format!("-m 1 -kernel {}", good.display());
    refused(&run(&large), 1, &["not RAM", "low RAM ends at 0x100000"]);
    let empty = file("empty", b"");
    refused(&run(&format!("-bios {empty}")), 1, &["0 bytes", "1 to 16777216"]);
    let both = format!("-bios {empty} -kernel {}", good.display());
    refused(&run(&both), 1, &["-bios", "-kernel"]);
    refused(&run("-bios /nope"), 1, &["-bios", "'/nope'", "No such file"]);
    refused(&run(&format!("-bios {empty} -append x")), 1, &["-append 'x'", "-kernel"]);
    refused(&run(&format!("-bios {empty} -initrd /nope")), 1, &["-initrd '/nope'", "-kernel"]);
    let initrd = |file: &str| format!("-m 1 -kernel {} -initrd {file}", good.display());
    refused(&run(&initrd("/nope")), 1, &["-initrd", "'/nope'", "No such file"]);
    refused(&run(&format!("-bios {empty} -dtb /nope")), 1, &["-dtb '/nope'", "-kernel"]);
    let dtb = |file: &str| format!("-kernel {} -dtb {file}", good.display());
    refused(&run(&dtb("/nope")), 1, &["-dtb", "'/nope'", "No such file"]);
    refused(&run(&dtb(&garbage)), 1, &["device tree", "d00dfeed"]);
    let disk = file("disk", &vec![0; 2 << 20]);
    let too_large = format!("-m 2 -kernel {} -initrd {disk}", good.display());
    refused(&run(&too_large), 1, &["RAM disk of 2097152 bytes", "0x200000"]);
    let cut = file("cut", &std::fs::read(&good).unwrap()[..200]);
    refused(&run(&format!("-kernel {cut}")), 1, &["segment", "outside the file"]);
    let long = "x".repeat(600);
    let append = format!("-append {long} -kernel {}", good.display());
    refused(&run(&append), 1, &["600 bytes", "at most 511"]);
}

#[test]
fn values_of_other_options() {
    refused(&with("-M e9c"), 1, &["machine 'e9c'", "did you mean 'e8c'"]);
    refused(&with("-cpu e8d"), 1, &["CPU 'e8d'", "did you mean"]);
    refused(&with("-cpu e8c,tag=on"), 1, &["'tag'", "did you mean 'tags'"]);
    refused(&with("-m 1.5G"), 1, &["-m '1.5G'", "MiB"]);
    refused(&with("-m 0"), 1, &["0 bytes", "1048576"]);
    refused(&with("-smp 9"), 1, &["9 processors", "'e8c' has 1 to 8"]);
    refused(&with("-M e1c+ -smp 2"), 1, &["2 processors", "'e1c+' has 1 to 1"]);
    refused(&with("-smp 4,threads=2"), 1, &["-smp '4,threads=2'", "threads is 1"]);
    refused(&with("-M e8c,entry=scall21"), 1, &["'entry'", "did you mean 'scall12'"]);
    refused(&with("-M e8c,quantum=1"), 1, &["'quantum'", "64 to 1000000"]);
    refused(&with("-display gtk"), 1, &["-display 'gtk'", "none"]);
    refused(&with("-monitor pty"), 1, &["-monitor 'pty'", "socket"]);
    refused(&with("-qmp unix:/nope/socket"), 1, &["-qmp", "/nope/socket", "connect"]);
    refused(&with("-mon nope"), 1, &["-mon 'nope'", "not found"]);
    refused(&with("-mon nope,mode=tty"), 1, &["mode is readline or control"]);
    refused(&with("-chardev socket,id=c0,path=/x,sever=on"), 1, &["did you mean 'server'"]);
    refused(&with("-accel kvm"), 1, &["-accel 'kvm'", "tcg", "qtest"]);
    refused(&with("-run-with chroot=/"), 1, &["-run-with", "exit-with-parent"]);
    refused(&with("-event-interval often"), 2, &["event-interval"]);
    refused(&with("-qtest pty"), 1, &["-qtest 'pty'"]);
    refused(&with("-qtest null -qtest-log /nope/log"), 1, &["-qtest-log", "/nope/log"]);
    refused(&with("-name x,debug=on,=y"), 1, &["-name"]);
    refused(&with("-audio pa"), 1, &["-audio 'pa'", "no sound"]);
    refused(&with("-M e8c,kernel-irqchip=on"), 1, &["'kernel-irqchip'"]);
    refused(&with("-net hubport,hubid=1"), 1, &["-net 'hubport,hubid=1'", "-netdev/-nic"]);
    refused(&with(&"-net nic ".repeat(9)), 1, &["too many NICs"]);
    refused(&with("-pace slow"), 1, &["-pace 'slow'", "realtime"]);
    refused(&with("-d guest_error"), 1, &["'guest_error'", "did you mean 'guest_errors'"]);
    refused(&with("-D /nope/log"), 1, &["-D", "'/nope/log'"]);
    refused(&with("-trace /nope/trace"), 1, &["-trace", "'/nope/trace'"]);
    refused(&with("-serial stdio"), 1, &["-serial 'stdio'", "taken"]);
    refused(&with("-serial null -serial null"), 1, &["3 times", "2 lines"]);
    refused(&with("-serial pty"), 1, &["'pty' is not supported", "file:PATH"]);
    refused(&with("-serial file:"), 1, &["-serial 'file:'", "file:PATH"]);
    refused(&with("-serial unix:/nope/socket"), 1, &["'/nope/socket'", "connect"]);
}

#[test]
fn tools() {
    let folder = scratch();
    let bad = folder.path().join("bad.S");
    std::fs::write(&bad, "{ nonsense,0 %r1 }\n").unwrap();
    let output = folder.path().join("bad.elf");
    let ran = elnic([std::path::Path::new("asm"), &bad, std::path::Path::new("-o"), &output]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("bad.S:1:") && ran.stderr.contains("nonsense"), "{}", ran.stderr);
    assert!(!output.exists());
    refused(&line("asm x.S -o x.elf -mcpu=elbrus-9c"), 1, &["'elbrus-9c'", "elbrus-8c"]);
    refused(&line("asm x.S -o x.elf -T 12"), 1, &["-T '12'", "multiple of 8"]);
    refused(&line("asm x.S"), 2, &["missing"]);
    refused(&line("disasm /nope"), 1, &["'/nope'"]);
}
