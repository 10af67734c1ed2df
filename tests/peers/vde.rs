//! vde against vde_switch and QEMU on another of its ports.

use std::path::Path;
use std::process::{Command, Stdio};

use elnic_contract::LinkState;
use elnic_nettest::lengths;

use crate::relay::Relay;
use crate::support::{Process, bench, program, wait_for};

/// vde_switch cuts what is longer.
const LONGEST: usize = 1_514;

fn switch(program: &Path, directory: &Path) -> Process {
    let mut command = Command::new(program);
    // Without -d it stays in front and ends with its input.
    command.arg("-s").arg(directory);
    command.stderr(Stdio::null());
    let process = Process::start_with_input(&mut command);
    wait_for("the switch", || directory.join("ctl").exists());
    process
}

#[test]
fn a_switch_carries_frames_between_us_and_qemu_and_is_found_when_it_comes_back() {
    let Some(vde_switch) = program("vde_switch") else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("switch");
    let first = switch(&vde_switch, &path);
    let mut netdev = bench(&format!("vde,id=n,sock={},port=5,mode=0600", path.display()));
    let relay = format!("vde,id=x,sock={}", path.display());
    let Some(qemu) = Relay::start(&relay) else { return };
    qemu.await_path(&mut netdev);
    qemu.exchange(&mut netdev, &lengths(LONGEST));
    qemu.kill();
    first.kill();
    netdev.await_carrier(LinkState::Down);
    // A killed switch leaves its sockets behind.
    std::fs::remove_dir_all(&path).unwrap();
    let _second = switch(&vde_switch, &path);
    netdev.await_carrier(LinkState::Up);
    let qemu = Relay::start(&relay).unwrap();
    qemu.await_path(&mut netdev);
    qemu.exchange(&mut netdev, &lengths(LONGEST));
}
