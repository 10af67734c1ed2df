//! The stream of lines: sources, macro expansions, repetitions.
//!
//! Why: gas's macros work on text, line by line, before anything is parsed.
//! Source: gas manual, `.macro`, `.rept`, `.irp`, `.irpc`. Left out: `.altmacro`, `LOCAL`.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::source::Line;

mod arguments;
mod substitute;

pub(crate) use arguments::{parse_arguments, parse_parameters, split_arguments};
pub(crate) use substitute::substitute;

/// Lines that macros and repetitions may produce in all.
const MAX_PRODUCED: usize = 1_000_000;
/// Deepest nesting of expansions.
pub(crate) const MAX_DEPTH: usize = 200;

/// A parameter of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Its value if none is given.
    pub(crate) default: Option<String>,
    /// `:req`: a value must be given.
    pub(crate) required: bool,
    /// `:vararg`: takes the rest of the line.
    pub(crate) variadic: bool,
}

/// A macro of the assembler.
#[derive(Clone, Debug)]
pub(crate) struct Macro {
    /// Its parameters.
    pub(crate) parameters: Vec<Parameter>,
    /// The lines between `.macro` and `.endm`.
    pub(crate) body: Vec<Line>,
}

/// Lines that are waiting, with the way they go on.
#[derive(Debug)]
struct Frame {
    lines: Rc<[Line]>,
    next: usize,
    /// How often the lines come again.
    again: u64,
    /// Whether `.exitm` ends it.
    expansion: bool,
    /// Open conditionals when it began.
    conditionals: usize,
}

/// What is read next.
#[derive(Debug)]
pub(crate) struct Input {
    frames: Vec<Frame>,
    /// The rest of a line in whose middle a macro was called, with the frame it continues below.
    rests: VecDeque<(usize, Line, usize)>,
    /// Macros by name.
    pub(crate) macros: HashMap<String, Rc<Macro>>,
    /// How many macros were expanded: the value of `\@`.
    pub(crate) count: u64,
    produced: usize,
    /// Set when repetitions were cut short because they produce too much.
    pub(crate) cut: bool,
}

impl Input {
    /// A stream of `lines`.
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        let frame =
            Frame { lines: lines.into(), next: 0, again: 0, expansion: false, conditionals: 0 };
        Self {
            frames: vec![frame],
            rests: VecDeque::new(),
            macros: HashMap::new(),
            count: 0,
            produced: 0,
            cut: false,
        }
    }

    /// The next line and the byte offset at which reading goes on in it.
    pub(crate) fn next(&mut self) -> Option<(Line, usize)> {
        loop {
            if self.rests.back().is_some_and(|(depth, ..)| *depth == self.frames.len()) {
                return self.rests.pop_back().map(|(_, line, from)| (line, from));
            }
            let frame = self.frames.last_mut()?;
            if let Some(line) = frame.lines.get(frame.next) {
                frame.next += 1;
                return Some((line.clone(), 0));
            }
            if frame.again > 0 {
                self.cut |= self.produced > MAX_PRODUCED;
                if !self.cut {
                    frame.again -= 1;
                    frame.next = 0;
                    self.produced += frame.lines.len().max(1);
                    continue;
                }
            }
            self.frames.pop();
        }
    }

    /// Comes back to the rest of a line once the frame on top has been read.
    pub(crate) fn resume_below(&mut self, line: Line, from: usize) {
        self.rests.push_back((self.frames.len().saturating_sub(1), line, from));
    }

    /// Puts lines in front of everything, `times` times.
    ///
    /// # Errors
    /// If macros produce too much.
    pub(crate) fn push(
        &mut self,
        lines: Vec<Line>,
        times: u64,
        expansion: bool,
        conditionals: usize,
    ) -> Result<(), String> {
        let weight = lines.len() + lines.iter().map(|line| line.text.len()).sum::<usize>() / 64;
        let count = usize::try_from(times).unwrap_or(usize::MAX).saturating_mul(lines.len());
        let count = count.max(weight);
        if self.produced.saturating_add(count.max(1)) > MAX_PRODUCED {
            return Err(too_much());
        }
        if self.frames.len() > MAX_DEPTH + 50 {
            return Err(format!("macros are nested more than {MAX_DEPTH} deep"));
        }
        self.produced += weight.max(1);
        // Also what comes zero times gets a frame, so that the rest of the line has one to stand below.
        let (next, again) = if times == 0 { (lines.len(), 0) } else { (0, times - 1) };
        self.frames.push(Frame { lines: lines.into(), next, again, expansion, conditionals });
        Ok(())
    }

    /// Leaves the innermost macro; returns how many conditionals were open when it began.
    pub(crate) fn exit_macro(&mut self) -> Option<usize> {
        let position = self.frames.iter().rposition(|frame| frame.expansion)?;
        let conditionals = self.frames.get(position).map(|frame| frame.conditionals);
        self.frames.truncate(position);
        let depth = self.frames.len();
        self.rests.retain(|(at, ..)| *at <= depth);
        conditionals
    }

    /// Collects the lines up to the one that closes what `opens` opens; `None` if none does.
    ///
    /// Nested pairs stay together. The closing line is taken and dropped.
    pub(crate) fn collect(&mut self, opens: &[&str], closes: &[&str]) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        let mut depth = 0usize;
        while let Some((line, from)) = self.next() {
            let text = line.text.get(from..).unwrap_or("");
            let word = first_word(text);
            if opens.contains(&word) {
                depth += 1;
            } else if closes.contains(&word) {
                if depth == 0 {
                    return Some(lines);
                }
                depth -= 1;
            }
            lines.push(if from == 0 { line } else { Line { text: text.into(), ..line } });
        }
        None
    }
}

/// The message about macros that produce too much.
pub(crate) fn too_much() -> String {
    format!("macros and repetitions produce more than {MAX_PRODUCED} lines")
}

/// The first word of a line, in lower case spelling as directives are, behind labels.
fn first_word(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let end = rest.find(|c: char| !crate::scan::is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match after.strip_prefix(':') {
            Some(behind) if !word.is_empty() => rest = behind.trim_start(),
            _ => return word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Origin, SourceMap};

    fn lines(text: &str) -> Vec<Line> {
        let file = SourceMap::default().file("t.s");
        let line = |(text, line): (&str, u32)| Line {
            text: text.into(),
            origin: Origin { file, line, expansion: None },
        };
        text.lines().zip(1..).map(line).collect()
    }

    fn read(input: &mut Input) -> Vec<String> {
        std::iter::from_fn(|| input.next().map(|(line, from)| line.text[from..].to_owned()))
            .collect()
    }

    #[test]
    fn pushed_lines_come_first_and_as_often_as_asked() {
        let mut input = Input::new(lines("a\nb"));
        input.next();
        input.push(lines("x\ny"), 2, false, 0).expect("few lines");
        assert_eq!(read(&mut input), ["x", "y", "x", "y", "b"]);
    }

    #[test]
    fn the_rest_of_a_line_follows_the_expansion() {
        let mut input = Input::new(lines("m ; c\nd"));
        let (line, _) = input.next().expect("a line");
        input.push(lines("x"), 1, true, 0).expect("few lines");
        input.resume_below(line, 3);
        assert_eq!(read(&mut input), ["x", " c", "d"]);
    }

    #[test]
    fn nested_pairs_are_collected_together() {
        let mut input = Input::new(lines("a\nl: .rept 2\nb\n.endr\n.endr\nc"));
        let body = input.collect(&[".rept"], &[".endr"]).expect("closed");
        assert_eq!(body.len(), 4);
        assert_eq!(read(&mut input), ["c"]);
    }

    #[test]
    fn endless_repetition_is_refused() {
        let mut input = Input::new(Vec::new());
        assert!(input.push(lines("x"), u64::MAX, false, 0).is_err());
        assert!(input.push(Vec::new(), 5, false, 0).is_ok());
    }
}
