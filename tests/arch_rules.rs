//! The rules of `docs/architecture.md` that a compiler does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use elnic_tests::workspace_root;

/// Who may import whom. A crate may import what its row names, and nothing else of this workspace.
///
/// Read downwards: each row only names crates of rows above it, so the graph has no cycle.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Guest-visible hardware.
    ("elnic-contract", &[]),
    ("elnic-registers", &["elnic-contract"]),
    ("elnic-wire", &["elnic-contract"]),
    ("elnic-script", &["elnic-contract", "elnic-registers"]),
    ("elnic-pci", &["elnic-contract", "elnic-registers"]),
    ("elnic-microwire", &["elnic-contract"]),
    ("elnic-mac", &["elnic-contract", "elnic-wire"]),
    (
        "elnic-e1000",
        &["elnic-contract", "elnic-registers", "elnic-wire", "elnic-mac", "elnic-microwire"],
    ),
    (
        "elnic-rtl8139",
        &["elnic-contract", "elnic-registers", "elnic-wire", "elnic-mac", "elnic-microwire"],
    ),
    ("elnic-virtio", &["elnic-contract", "elnic-registers"]),
    (
        "elnic-virtio-net",
        &["elnic-contract", "elnic-registers", "elnic-wire", "elnic-mac", "elnic-virtio"],
    ),
    ("elnic-console", &["elnic-contract", "elnic-registers"]),
    ("elnic-exit", &["elnic-contract", "elnic-registers"]),
    (
        "elnic-catalogue",
        &[
            "elnic-contract",
            "elnic-e1000",
            "elnic-rtl8139",
            "elnic-virtio-net",
            "elnic-console",
            "elnic-exit",
        ],
    ),
    (
        "elnic-testbench",
        &[
            "elnic-contract",
            "elnic-registers",
            "elnic-wire",
            "elnic-pci",
            "elnic-script",
            "elnic-catalogue",
        ],
    ),
    // The host's side of the cable. It shares the vocabulary and the wire with the devices, and no device.
    ("elnic-netclient", &["elnic-contract", "elnic-wire"]),
    ("elnic-sockets", &["elnic-contract", "elnic-netclient"]),
    ("elnic-nettest", &["elnic-contract", "elnic-netclient"]),
    ("elnic-dgram", &["elnic-netclient", "elnic-sockets"]),
    ("elnic-stream", &["elnic-netclient", "elnic-sockets"]),
    ("elnic-socket", &["elnic-netclient", "elnic-sockets"]),
    ("elnic-l2tpv3", &["elnic-sockets"]),
    ("elnic-vde", &["elnic-sockets"]),
    ("elnic-tap", &["elnic-contract", "elnic-netclient", "elnic-sockets"]),
    ("elnic-vhost-user", &["elnic-contract", "elnic-netclient", "elnic-sockets"]),
    ("elnic-user", &["elnic-contract", "elnic-wire", "elnic-netclient"]),
    (
        "elnic-netdev",
        &[
            "elnic-contract",
            "elnic-netclient",
            "elnic-dgram",
            "elnic-sockets",
            "elnic-stream",
            "elnic-socket",
            "elnic-l2tpv3",
            "elnic-vde",
            "elnic-tap",
            "elnic-vhost-user",
            "elnic-user",
        ],
    ),
    // The board.
    ("elnic-qapi", &[]),
    ("elnic-isa", &[]),
    ("elnic-asm", &["elnic-isa"]),
    ("elnic-disasm", &["elnic-isa"]),
    ("elnic-cpu", &["elnic-contract", "elnic-isa", "elnic-disasm"]),
    ("elnic-clock", &["elnic-contract"]),
    ("elnic-memory", &["elnic-contract"]),
    ("elnic-bus", &["elnic-contract", "elnic-memory"]),
    ("elnic-pic", &["elnic-contract", "elnic-registers"]),
    (
        "elnic-soc",
        &[
            "elnic-contract",
            "elnic-registers",
            "elnic-pci",
            "elnic-console",
            "elnic-bus",
            "elnic-memory",
        ],
    ),
    (
        "elnic-board",
        &[
            "elnic-contract",
            "elnic-registers",
            "elnic-pci",
            "elnic-console",
            "elnic-mac",
            "elnic-catalogue",
            "elnic-netclient",
            "elnic-clock",
            "elnic-memory",
            "elnic-bus",
            "elnic-pic",
            "elnic-soc",
            "elnic-isa",
            "elnic-cpu",
            "elnic-disasm",
        ],
    ),
    (
        "elnic-monitor",
        &[
            "elnic-contract",
            "elnic-catalogue",
            "elnic-netclient",
            "elnic-netdev",
            "elnic-user",
            "elnic-board",
            "elnic-qapi",
        ],
    ),
    ("elnic-export", &["elnic-contract", "elnic-catalogue", "elnic-netclient", "elnic-sockets"]),
    ("elnic-qtest", &[]),
    ("elnic-firmware", &[]),
    (
        "elnic",
        &[
            "elnic-contract",
            "elnic-catalogue",
            "elnic-netclient",
            "elnic-netdev",
            "elnic-user",
            "elnic-isa",
            "elnic-asm",
            "elnic-disasm",
            "elnic-clock",
            "elnic-cpu",
            "elnic-board",
            "elnic-export",
            "elnic-monitor",
            "elnic-firmware",
        ],
    ),
    (
        "elnic-tests",
        &[
            "elnic-contract",
            "elnic-pci",
            "elnic-testbench",
            "elnic-netclient",
            "elnic-board",
            "elnic-monitor",
        ],
    ),
];

/// What only build scripts and tests may import besides.
const BUILD_MAY_IMPORT: &[(&str, &[&str])] = &[("elnic-firmware", &["elnic-asm"])];

/// Third-party crates that may stand behind a device's registers: types and arithmetic, no host.
const BEHIND_DEVICES: &[&str] = &[
    "bitfield",
    "byteorder",
    "bytes",
    "crc32fast",
    "pci_types",
    "serde",
    "serde_json",
    "strsim",
    "thiserror",
];

/// Names of the host that no file under `devices/` may utter.
const HOST_WORDS: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "std::thread",
    "std::sync",
    "std::net",
    "std::fs",
    "std::env",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(workspace_root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata describes the workspace")
}

fn ours(metadata: &Metadata) -> BTreeMap<String, &Package> {
    metadata.packages.iter().map(|package| (package.name.to_string(), package)).collect()
}

fn folder(package: &Package) -> PathBuf {
    let root = workspace_root().canonicalize().expect("the workspace root exists");
    let manifest = package.manifest_path.as_std_path();
    let folder = manifest.parent().expect("a manifest stands in a folder");
    folder.strip_prefix(root).expect("a member stands in the workspace").to_path_buf()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).expect("a source folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_crate_imports_only_what_its_room_allows() {
    let metadata = metadata();
    let packages = ours(&metadata);
    let rules: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let build_rules: BTreeMap<_, _> = BUILD_MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, package) in &packages {
        let Some(allowed) = rules.get(name.as_str()) else {
            wrong.push(format!("{name} has no row in MAY_IMPORT"));
            continue;
        };
        for dependency in
            package.dependencies.iter().filter(|dependency| packages.contains_key(&dependency.name))
        {
            let imported = dependency.name.as_str();
            let fine = match dependency.kind {
                DependencyKind::Normal => allowed.contains(&imported),
                DependencyKind::Build => {
                    build_rules.get(name.as_str()).is_some_and(|row| row.contains(&imported))
                }
                // Tests may look sideways, but a device's tests never see a backend or the machine.
                _ => {
                    !folder(package).starts_with("devices")
                        || folder(packages[imported]).starts_with("devices")
                }
            };
            if !fine {
                wrong.push(format!("{name} imports {imported} ({:?})", dependency.kind));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rules_themselves_point_one_way() {
    let mut above = BTreeSet::new();
    for (name, imports) in MAY_IMPORT {
        for import in *imports {
            assert!(above.contains(import), "{name} may import {import}, which stands below it");
        }
        above.insert(name);
    }
}

#[test]
fn no_device_sees_a_backend_nor_a_backend_a_device_nor_either_the_machine() {
    const SHARED: [&str; 2] = ["elnic-contract", "elnic-wire"];
    let metadata = metadata();
    let packages = ours(&metadata);
    for (name, package) in &packages {
        let room = folder(package);
        for dependency in &package.dependencies {
            let Some(other) = packages.get(&dependency.name).map(|other| folder(other)) else {
                continue;
            };
            if dependency.kind != DependencyKind::Normal
                || SHARED.contains(&dependency.name.as_str())
            {
                continue;
            }
            let forbidden = (room.starts_with("devices") && !other.starts_with("devices"))
                || (room.starts_with("backends") && !other.starts_with("backends"));
            assert!(!forbidden, "{name} imports {}", dependency.name);
        }
    }
}

#[test]
fn devices_stand_on_types_and_arithmetic_only() {
    let metadata = metadata();
    let packages = ours(&metadata);
    for (name, package) in packages.iter().filter(|(name, package)| {
        folder(package).starts_with("devices") && name.as_str() != "elnic-testbench"
    }) {
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let known = packages.contains_key(&dependency.name)
                || BEHIND_DEVICES.contains(&dependency.name.as_str());
            assert!(
                known,
                "{name} imports {}, which is not on the list of crates behind a device",
                dependency.name
            );
        }
    }
}

#[test]
fn every_device_crate_denies_what_could_panic() {
    const DENIED: [&str; 7] = [
        "#![forbid(unsafe_code)]",
        "clippy::unwrap_used",
        "clippy::expect_used",
        "clippy::panic",
        "clippy::indexing_slicing",
        "clippy::arithmetic_side_effects",
        "clippy::cast_possible_truncation",
    ];
    let metadata = metadata();
    for package in metadata.packages.iter().filter(|package| {
        folder(package).starts_with("devices") && package.name.as_str() != "elnic-testbench"
    }) {
        let root = workspace_root().join(folder(package)).join("src/lib.rs");
        let text = fs::read_to_string(&root).expect("a crate has a root");
        for lint in DENIED {
            assert!(text.contains(lint), "{} does not deny {lint}", root.display());
        }
    }
}

#[test]
fn no_device_utters_the_host() {
    for path in sources(&workspace_root().join("devices")) {
        let in_tests = path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches");
        if in_tests || path.starts_with(workspace_root().join("devices/testbench")) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source can be read");
        for word in HOST_WORDS {
            assert!(!text.contains(word), "{} says {word}", path.display());
        }
    }
}

#[test]
fn no_file_outgrows_a_reader() {
    /// Tables are exempt: they are read by looking a row up.
    const TABLES: &[&str] = &["spec", "spec.rs", "table.rs", "tables"];
    const DEFECT: usize = 800;
    for room in ["devices", "backends", "machine-e2k", "firmware", "tests"] {
        for path in sources(&workspace_root().join(room)) {
            if path.components().any(|part| TABLES.iter().any(|table| part.as_os_str() == *table)) {
                continue;
            }
            let lines = fs::read_to_string(&path).expect("a source can be read").lines().count();
            assert!(lines <= DEFECT, "{} has {lines} lines", path.display());
        }
    }
}
