//! `docs/registers/` is generated from the tables and must be current.
//!
//! `UPDATE_DOCS=1 cargo nextest run -p elnic-tests register_pages` writes the pages anew.

use std::{env, fs};

use elnic_catalogue::MODELS;
use elnic_registers::markdown;
use elnic_tests::workspace_root;

#[test]
fn register_pages_are_current() {
    let folder = workspace_root().join("docs/registers");
    let update = env::var_os("UPDATE_DOCS").is_some();
    let mut expected = Vec::new();
    for entry in MODELS {
        let name = format!("{}.md", entry.model.name);
        let page = markdown(entry.model);
        if update {
            fs::write(folder.join(&name), &page).expect("a page can be written");
        }
        let found = fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert!(found == page, "docs/registers/{name} is stale: run this test with UPDATE_DOCS=1");
        expected.push(name);
    }
    for entry in fs::read_dir(&folder).expect("docs/registers exists") {
        let name = entry.expect("an entry can be read").file_name().to_string_lossy().into_owned();
        assert!(
            name == "README.md" || expected.contains(&name),
            "docs/registers/{name} has no model"
        );
    }
}
