//! The far end of a network interface's cable.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, PATIENCE};

/// Bytes of the longest frame a netdev sends.
const LONGEST: usize = 128 << 10;

/// The far end of a cable: what is sent here arrives at the network interface, what it sends arrives here. A datagram is a
/// frame, from destination address to the end of its payload.
#[derive(Debug)]
pub struct Cable {
    socket: UnixDatagram,
    machine: PathBuf,
}

impl Cable {
    pub(crate) fn new(path: &Path, machine: PathBuf) -> Result<Self, Error> {
        let socket = UnixDatagram::bind(path).map_err(Error::io("make a socket"))?;
        Ok(Self { socket, machine })
    }

    /// Sends a frame to the network interface.
    ///
    /// # Errors
    /// The machine has gone, or does not take frames.
    pub fn send(&self, frame: &[u8]) -> Result<(), Error> {
        let limit = self.socket.set_write_timeout(Some(PATIENCE));
        let sent = limit.and_then(|()| self.socket.send_to(frame, &self.machine));
        sent.map(drop).map_err(Error::io("send a frame"))
    }

    /// The next frame of the network interface, waiting for it.
    ///
    /// # Errors
    /// None comes in time.
    pub fn receive(&self) -> Result<Vec<u8>, Error> {
        self.take(PATIENCE)?.ok_or(Error::Late("frame"))
    }

    /// The next frame of the network interface, if one has come.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn try_receive(&self) -> Result<Option<Vec<u8>>, Error> {
        self.take(Duration::from_millis(1))
    }

    fn take(&self, patience: Duration) -> Result<Option<Vec<u8>>, Error> {
        self.socket.set_read_timeout(Some(patience)).map_err(Error::io("use the socket"))?;
        let mut frame = vec![0; LONGEST];
        match self.socket.recv(&mut frame) {
            Ok(length) => {
                frame.truncate(length);
                Ok(Some(frame))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Error::io("receive a frame")(error)),
        }
    }
}

/// A frame of the EtherType for experiments (IEEE 802, 0x88b5), filled up to the shortest length.
pub fn frame(destination: [u8; 6], source: [u8; 6], payload: &[u8]) -> Vec<u8> {
    let mut frame = [&destination[..], &source, &[0x88, 0xb5], payload].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cross_in_both_directions() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("a"), folder.path().join("b"));
        let machine = UnixDatagram::bind(&theirs).unwrap();
        let cable = Cable::new(&ours, theirs).unwrap();
        assert_eq!(cable.try_receive().unwrap(), None);
        let short = frame([0xff; 6], [2; 6], b"x");
        machine.send_to(&short, &ours).unwrap();
        assert_eq!(cable.receive().unwrap(), short);
        let long = frame([0xff; 6], [2; 6], &[7; 1500]);
        cable.send(&long).unwrap();
        let mut arrived = vec![0; 2000];
        assert_eq!((machine.recv(&mut arrived).unwrap(), short.len()), (1514, 60));
    }
}
