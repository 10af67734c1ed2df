//! Other people's clients, unmodified: the `qemu.qmp` package of PyPI.

use std::path::PathBuf;
use std::process::Command;

use crate::program::Program;

/// A session of the package's asyncio client, with what it asserts about answers, ids, errors and events.
const SESSION: &str = r#"
import asyncio, sys
from qemu.qmp import QMPClient, ExecuteError, EventListener

async def main():
    qmp = QMPClient("test")
    await qmp.connect(sys.argv[1])
    assert qmp.greeting.QMP.version["qemu"]["major"] == 8
    status = await qmp.execute("query-status")
    assert status["status"] == "running", status
    answers = await asyncio.gather(*(qmp.execute("query-version") for _ in range(20)))
    assert all(answer["package"].startswith("elnic") for answer in answers)
    try:
        await qmp.execute("set_link", {"name": "nope", "up": True})
        raise SystemExit("no error")
    except ExecuteError as error:
        assert error.error_class == "DeviceNotFound", error
    with qmp.listener(("STOP", "RESUME")) as listener:
        await qmp.execute("stop")
        assert (await listener.get())["event"] == "STOP"
        await qmp.execute("cont")
        assert (await listener.get())["event"] == "RESUME"
    await qmp.execute("netdev_add", {"type": "user", "id": "u0"})
    text = await qmp.execute("human-monitor-command", {"command-line": "info network"})
    assert text == "u0: index=0,type=user,net=10.0.2.0,restrict=off\r\n", text
    await qmp.execute("quit")
    await qmp.disconnect()

asyncio.run(main())
"#;

/// The Python that has the package: made by `.ci/setup`. Absence is a failure where CI says so, else a remark.
fn python() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin/python3");
    let python =
        std::env::var_os("ELNIC_PYTHON").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import qemu.qmp"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} has no qemu.qmp: run .ci/setup",
        python.display()
    );
    eprintln!("skipped: {} has no qemu.qmp; .ci/setup installs it", python.display());
    None
}

#[test]
fn the_asyncio_client_of_pypi_drives_the_machine() {
    let Some(python) = python() else { return };
    let program = Program::start("-M none");
    drop(program.client());
    let output = Command::new(python).args(["-c", SESSION]).arg(program.socket()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(program.end().code(), Some(0));
}

#[test]
fn the_shell_of_pypi_gets_its_completions_and_answers() {
    let Some(python) = python() else { return };
    let program = Program::start("-M none");
    drop(program.client());
    let shell = python.with_file_name("qmp-shell");
    let mut child = Command::new(shell)
        .arg(program.socket())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let input = "query-status\nnetdev_add type=user id=u0\nquery-name\n";
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("\"status\": \"running\"") || text.contains("'status': 'running'"),
        "{text}"
    );
    assert_eq!(text.matches("return").count(), 3, "{text}");
}
