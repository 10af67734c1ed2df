//! Bundles: what stands between braces, and instructions outside them.
//!
//! Source: gas's e2k port.

use super::{Assembler, Content, Fixup};
use crate::diagnostic::Problem;
use crate::expression::Scope;
use crate::instruction::{Context, Draft, Reader, encode};
use crate::scan::Cursor;
use crate::section::Location;
use crate::source::Line;

/// A bundle that is open.
pub(super) struct OpenBundle {
    draft: Draft,
    /// The line of the brace.
    pub(super) line: Line,
    /// Byte offset of the brace.
    pub(super) offset: usize,
    /// Whether an instruction of it was wrong.
    failed: bool,
    at: Location,
}

impl Assembler<'_> {
    /// Reads an instruction into the open bundle, or encodes it as a bundle of its own.
    pub(super) fn instruction(&mut self, line: &Line, cursor: Cursor<'_>) -> Result<(), Problem> {
        let context = self.context();
        let offset = cursor.offset();
        let here = self.sections.here();
        let mut lone = Draft::default();
        let draft = match &mut self.open {
            Some(open) => &mut open.draft,
            None => &mut lone,
        };
        let scope = Scope::new(&mut self.symbols, here);
        let mut reader = Reader { line: &line.text, cursor, scope, draft, context };
        let result = reader.instruction();
        let (warnings, uses) = reader.scope.finish();
        self.note(line, warnings, uses);
        if let Some(open) = &mut self.open {
            open.failed |= result.is_err();
            return result;
        }
        result?;
        self.emit(line, offset, lone, true)
    }

    fn context(&self) -> Context {
        Context { version: self.options.cpu.version, modes: self.modes }
    }

    /// Opens a bundle.
    pub(super) fn open(&mut self, line: &Line, offset: usize) -> Result<(), Problem> {
        if self.open.is_some() {
            return Err(Problem::at(offset, "'{' inside a bundle: the one before is not closed"));
        }
        let at = self.sections.here();
        let (draft, line) = (Draft::default(), line.clone());
        self.open = Some(OpenBundle { draft, line, offset, failed: false, at });
        Ok(())
    }

    /// Closes the open bundle and encodes it.
    pub(super) fn close(&mut self, offset: usize) -> Result<(), Problem> {
        let Some(open) = self.open.take() else {
            return Err(Problem::at(offset, "'}' without '{'"));
        };
        if open.failed {
            return Ok(());
        }
        if self.sections.here() != open.at {
            let message = "the place of assembly has changed inside this bundle";
            return Err(Problem::at(offset, message)
                .help("directives that make bytes or change the section belong outside braces"));
        }
        // What is wrong with the bundle as a whole is reported where it begins.
        if let Err(problem) = self.emit(&open.line, open.offset, open.draft, false) {
            self.reporter.error(self.map, &open.line, problem);
        }
        Ok(())
    }

    /// Encodes a bundle and puts it here.
    fn emit(
        &mut self,
        line: &Line,
        offset: usize,
        draft: Draft,
        lone: bool,
    ) -> Result<(), Problem> {
        let encoded =
            encode(draft, lone, &self.context()).map_err(|message| Problem::at(offset, message))?;
        let location = self.sections.here();
        if !location.offset.is_multiple_of(8) {
            let message = "a bundle must stand at a multiple of 8 bytes";
            return Err(Problem::at(offset, message).help("put .align 8 in front of it"));
        }
        let section = self.sections.current();
        section.demand(8);
        if section.flags.nobits {
            let message = format!("section '{}' cannot hold instructions", section.name);
            return Err(Problem::at(offset, message));
        }
        section.append(&encoded.bytes).map_err(|message| Problem::at(offset, message))?;
        if let Some(pending) = encoded.pending {
            let content = Content::Bundle(pending);
            self.fixups.push(Fixup { location, content, line: line.clone(), offset });
        }
        Ok(())
    }
}
