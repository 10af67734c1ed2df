//! bridge, and tap with a helper, against QEMU's bridge helper and the kernel's bridge.

use std::os::unix::fs::PermissionsExt;

use crate::support::{client, program};
use crate::tap::{talk, with_user_network};
use elnic_tests::namespace::Namespace;

#[test]
fn the_helper_puts_us_on_a_bridge_where_the_kernel_is_heard() {
    let Some(helper) = program("qemu-bridge-helper") else { return };
    let Some(namespace) = Namespace::new("bridge") else { return };
    let directory = tempfile::tempdir().unwrap();
    // The helper reads its permissions from /etc/qemu: it gets an /etc of its own, in a mount namespace of its own.
    let allowed = |rule: &str| {
        let script = directory.path().join("helper");
        let etc = directory.path().join("etc");
        std::fs::create_dir_all(etc.join("qemu")).unwrap();
        std::fs::write(etc.join("qemu/bridge.conf"), format!("{rule}\n")).unwrap();
        let text = format!(
            "#!/bin/sh\nexec unshare -m sh -c 'mount --bind {} /etc && exec \"$@\"' sh {} \"$@\"\n",
            etc.display(),
            helper.display()
        );
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        script.display().to_string()
    };
    namespace.ip("link add brt type bridge");
    namespace.ip("link set brt up");
    let script = allowed("allow brt");
    for text in [
        format!("bridge,id=b,br=brt,helper={script}"),
        format!("tap,id=b,br=brt,helper={script}"),
        format!("tap,id=b,helper={script} --br=brt"),
    ] {
        let tap = namespace.enter(|| client(&text));
        assert!(tap.info().starts_with(&format!("helper={script}")), "{}", tap.info());
        with_user_network(tap, || {
            namespace.ip("addr flush dev brt");
            talk(&namespace, "brt");
        });
    }
    let script = allowed("deny all");
    let said = namespace.enter(|| {
        match elnic_netdev::parse(&format!("bridge,id=b,br=brt,helper={script}")).unwrap() {
            elnic_netdev::Request::Make(netdev) => {
                elnic_netdev::create(&netdev).err().unwrap().to_string()
            }
            elnic_netdev::Request::Help(help) => panic!("{help}"),
        }
    });
    assert!(said.starts_with("bridge helper failed: access denied by acl file"), "{said}");
}
