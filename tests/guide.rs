//! The examples of the guide are true: each script of `docs/guide/examples` runs.

use std::fs;

use elnic_catalogue::find;
use elnic_testbench::Bench;
use elnic_tests::workspace_root;

#[test]
fn every_example_script_runs() {
    let folder = workspace_root().join("docs/guide/examples");
    let mut scripts = 0;
    for entry in fs::read_dir(&folder).expect("the guide has examples") {
        let path = entry.expect("an entry can be read").path();
        let text = fs::read_to_string(&path).expect("an example can be read");
        let first = text.lines().next().unwrap_or_default();
        let mut words =
            first.strip_prefix("# model ").expect("an example names its model").split(' ');
        let model = words.next().expect("a model has a name");
        let properties: Vec<(&str, &str)> =
            words.map(|word| word.split_once('=').expect("a property is name=value")).collect();
        let entry = find(model).expect("the model is in the catalogue");
        Bench::with(entry, &properties).run(&text);
        scripts += 1;
    }
    assert!(scripts > 0, "{} is empty", folder.display());
}
