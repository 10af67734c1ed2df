//! A unix stream that carries frames behind their length.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use crate::ends::End;

pub(crate) struct Stream {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// What of it is not taken yet.
    held: std::ops::Range<usize>,
}

impl Stream {
    /// The stream of whoever connects.
    pub(crate) fn accept(listener: &UnixListener) -> Self {
        let (stream, _) = listener.accept().expect("the relay connects");
        Self { stream, buffer: vec![0; 1 << 20], held: 0..0 }
    }

    /// Takes whole frames out of what is held.
    fn take(&mut self, count: usize) -> usize {
        let mut taken = 0;
        while taken < count {
            let held = &self.buffer[self.held.clone()];
            let Some(prefix) = held.first_chunk() else { break };
            let whole = 4 + u32::from_be_bytes(*prefix) as usize;
            if held.len() < whole {
                break;
            }
            self.held.start += whole;
            taken += 1;
        }
        taken
    }
}

impl End for Stream {
    fn send(&mut self, frame: &[u8], count: usize) {
        let length = u32::try_from(frame.len()).expect("short").to_be_bytes();
        let bytes = [&length, frame].concat().repeat(count);
        self.stream.write_all(&bytes).expect("the relay takes them");
    }

    fn receive(&mut self, count: usize, patience: Duration) -> usize {
        self.stream.set_read_timeout(Some(patience)).expect("a timeout");
        let mut taken = self.take(count);
        while taken < count {
            self.buffer.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
            let Ok(read) = self.stream.read(&mut self.buffer[self.held.end..]) else { break };
            self.held.end += read;
            taken += self.take(count - taken);
        }
        taken
    }
}
