//! Terminals that only listen.

use std::io::{BufWriter, Write};

use elnic_board::Terminal;

/// Characters go nowhere.
#[derive(Debug)]
pub(crate) struct Null;

impl Terminal for Null {
    fn put(&mut self, _byte: u8) {}
}

/// Characters go into something that takes bytes. When that fails once, they go nowhere.
pub(crate) struct Output<W: Write> {
    name: String,
    writer: Option<BufWriter<W>>,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(name: String, writer: W) -> Self {
        Self { name, writer: Some(BufWriter::new(writer)) }
    }

    fn check(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result {
            tracing::warn!("serial output to '{}' ends here: {error}", self.name);
            // What is still buffered cannot be written either; dropping the buffer would try again.
            if let Some(writer) = self.writer.take() {
                let _ = writer.into_parts();
            }
        }
    }
}

impl<W: Write + Send> Terminal for Output<W> {
    fn put(&mut self, byte: u8) {
        if let Some(writer) = &mut self.writer {
            let result = writer.write_all(&[byte]);
            self.check(result);
        }
    }

    fn flush(&mut self) {
        if let Some(writer) = &mut self.writer {
            let result = writer.flush();
            self.check(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_silences_the_line_and_no_more() {
        let mut output = Output::new("x".to_owned(), Full);
        output.put(b'a');
        output.flush();
        assert!(output.writer.is_none());
        output.put(b'b');
        output.flush();
    }
}
