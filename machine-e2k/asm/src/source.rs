//! Where a line of assembly comes from: files, macro expansions, inclusions.
//!
//! Why: after the preprocessor and the macro processor a line of text has little to do with the bytes of a file, yet
//! every message must name the file, line and column the author wrote and the way that led there.
//! Source: the house's rule for diagnostics (compiler style, with a backtrace).

use std::rc::Rc;

/// Index of a file name in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId(u32);

/// Index of a macro expansion, repetition or inclusion in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExpansionId(u32);

/// The place of a line: file, 1-based line number, and what brought it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The file the text was written in.
    pub(crate) file: FileId,
    /// Line number, from 1.
    pub(crate) line: u32,
    /// The expansion this line is a product of, if any.
    pub(crate) expansion: Option<ExpansionId>,
}

/// What brought a line into the input apart from standing in the main file.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    /// "in expansion of macro 'x'", "included from here", "in repetition".
    pub(crate) what: String,
    /// Where it happened.
    pub(crate) at: Origin,
    /// How many expansions lie below this one, this one included.
    pub(crate) depth: usize,
}

/// One line of input after preprocessing (or macro substitution).
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The text; comments of C have become blanks, so that columns stay true where no macro was replaced.
    pub(crate) text: Rc<str>,
    /// Where it was written.
    pub(crate) origin: Origin,
}

/// Names of files and chains of expansions.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    files: Vec<String>,
    expansions: Vec<Expansion>,
}

impl SourceMap {
    /// The id of file `name`, the same for the same name.
    pub(crate) fn file(&mut self, name: &str) -> FileId {
        let found = self.files.iter().position(|known| known == name);
        let index = found.unwrap_or_else(|| {
            self.files.push(name.to_owned());
            self.files.len() - 1
        });
        FileId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The name of a file.
    pub(crate) fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("?", String::as_str)
    }

    /// Notes an expansion that happened at `at`.
    pub(crate) fn expansion(&mut self, what: String, at: Origin) -> ExpansionId {
        let depth = self.depth(at.expansion) + 1;
        self.expansions.push(Expansion { what, at, depth });
        ExpansionId(u32::try_from(self.expansions.len() - 1).unwrap_or(u32::MAX))
    }

    /// How deep the chain of expansions behind `id` is.
    pub(crate) fn depth(&self, id: Option<ExpansionId>) -> usize {
        id.and_then(|id| self.expansions.get(id.0 as usize)).map_or(0, |expansion| expansion.depth)
    }

    /// The chain of expansions behind `origin`, innermost first.
    pub(crate) fn backtrace(&self, origin: Origin) -> impl Iterator<Item = &Expansion> {
        let find = |id: ExpansionId| self.expansions.get(id.0 as usize);
        std::iter::successors(origin.expansion.and_then(find), move |expansion| {
            expansion.at.expansion.and_then(find)
        })
    }
}
