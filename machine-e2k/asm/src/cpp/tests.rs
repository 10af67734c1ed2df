//! The preprocessor over several files.

use std::collections::HashMap;
use std::io;

use super::*;

struct Memory(HashMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).map(|text| text.clone().into_bytes());
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }
}

fn run(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let memory = files.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned()));
    let memory = Memory(memory.collect());
    let (mut map, mut reporter) = (SourceMap::default(), Reporter::default());
    let options = Options { include_dirs: vec![PathBuf::from("inc")], ..Options::default() };
    let (name, text) = files[0];
    let lines = preprocess(Path::new(name), text, &options, &memory, &mut map, &mut reporter);
    let texts = lines.iter().map(|line| line.text.to_string()).filter(|text| !text.is_empty());
    let messages = reporter.finish().iter().map(ToString::to_string).collect();
    (texts.collect(), messages)
}

#[test]
fn includes_are_searched_beside_the_file_and_then_in_folders() {
    let (lines, messages) = run(&[
        ("src/a.S", "#include \"b.inc\"\n#include <c.inc>\nX"),
        ("src/b.inc", "#define X 1\nb"),
        ("inc/c.inc", "c X"),
    ]);
    assert_eq!(lines, ["b", "c 1", "1"]);
    assert!(messages.is_empty(), "{messages:?}");
}

#[test]
fn conditionals_choose_lines() {
    let text = "#define A 2\n#if A > 1 && defined(A) && !defined B\na\n#elif 1\nb\n#else\nc\n#endif\n\
                #ifndef A\nd\n#else\ne\n#endif\n#if 0\n#error no\n#if 1\nf\n#endif\n#endif";
    assert_eq!(run(&[("a.S", text)]), (vec!["a".into(), "e".into()], vec![]));
}

#[test]
fn unknown_hash_lines_pass_through() {
    assert_eq!(run(&[("a.S", "# a comment\n#foo")]).0, ["# a comment", "#foo"]);
}

#[test]
fn calls_may_span_lines() {
    assert_eq!(run(&[("a.S", "#define f(a, b) a + b\nf(1,\n 2) x")]).0, ["1 + 2 x"]);
}

#[test]
fn errors_name_the_way_to_them() {
    let (_, messages) = run(&[("a.S", "\n#include \"b.inc\""), ("b.inc", "#error bad\n#if 1")]);
    assert_eq!(
        messages,
        [
            "b.inc:1:1: error: #error bad\n    #error bad\n    ^\na.S:2: note: included from here",
            "b.inc:2:1: error: this conditional has no #endif\n    #if 1\n    ^\na.S:2: note: included from here"
        ]
    );
}

#[test]
fn endless_inclusion_is_refused() {
    let (_, messages) = run(&[("a.S", "#include \"a.S\"")]);
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("include each other"), "{}", messages[0]);
}
