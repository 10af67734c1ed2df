//! `docs/acceptance.md` names tests, and each of them exists.
//!
//! A test is named `path/of/file.rs::name`, or `::name` for one of the file named before it on the line; the page is a list of claims, and a
//! claim whose test was renamed or dropped fails here.

use std::fs;

use elnic_tests::workspace_root;

/// The tests `line` names: file and function.
fn named(line: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut file = "";
    for code in line.split('`').skip(1).step_by(2) {
        let (of, name) = code.split_once("::").unwrap_or((code, ""));
        if of.ends_with(".rs") {
            file = of;
        }
        if !name.is_empty() && (of.is_empty() || of == file) {
            found.push((file.to_owned(), name.to_owned()));
        }
    }
    found
}

/// What keeps `name` in `file` from being a test, if anything does.
fn trouble(file: &str, name: &str) -> Option<String> {
    let Ok(text) = fs::read_to_string(workspace_root().join(file)) else {
        return Some(format!("{file} cannot be read"));
    };
    // In a file of modules the last part is the function.
    let function = name.rsplit("::").next().unwrap_or(name);
    let Some(at) = text.find(&format!("fn {function}(")) else {
        return Some(format!("{file} has no {function}"));
    };
    // The attribute stands before it, behind the end of whatever comes first.
    let before = &text[..at];
    let start = before.rfind("\n}").max(before.rfind("\n    }")).unwrap_or(0);
    let is_test = before[start..].contains("#[test]") || before.contains("macro_rules!");
    (!is_test).then(|| format!("{file}::{function} is no test"))
}

#[test]
fn every_test_the_acceptance_list_names_exists() {
    let page = workspace_root().join("docs/acceptance.md");
    let text = fs::read_to_string(&page).expect("docs/acceptance.md");
    let tests: Vec<_> = text.lines().flat_map(named).collect();
    assert!(tests.len() > 50, "{} tests are named", tests.len());
    let troubles: Vec<_> = tests.iter().filter_map(|(file, name)| trouble(file, name)).collect();
    assert!(troubles.is_empty(), "{troubles:#?}");
}

#[test]
fn names_of_tests_are_found_in_a_line() {
    let line =
        "| 1 | what | `a/b.rs::one`, `::two`, `no test`, `Type::function`, `c.rs::three::four` |";
    let expected = [("a/b.rs", "one"), ("a/b.rs", "two"), ("c.rs", "three::four")];
    assert_eq!(named(line), expected.map(|(file, name)| (file.to_owned(), name.to_owned())));
    assert!(trouble("tests/acceptance.rs", "named").is_some_and(|why| why.ends_with("is no test")));
    assert!(trouble("tests/acceptance.rs", "nothing").is_some_and(|why| why.contains("has no")));
}
