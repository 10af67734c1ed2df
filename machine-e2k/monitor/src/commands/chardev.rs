//! Character devices made at run time, and their connections cut.

use std::path::PathBuf;

use elnic_qapi::commands::ChardevAdd;
use elnic_qapi::types::{
    ChardevBackend, ChardevBackendInfo, ChardevReturn, ChardevSocket, SocketAddressLegacy,
    YankInstance, YankInstanceChardev,
};

use super::{Answer, Context};
use crate::chardev::{Address, Kind, Socket, families};
use crate::error::CommandError;

/// The types there are.
pub(super) fn backends() -> Vec<ChardevBackendInfo> {
    let info = |name: &str| ChardevBackendInfo { name: name.to_owned() };
    ["file", "null", "socket", "stdio"].map(info).into()
}

impl Context<'_> {
    pub(super) fn add_chardev(&mut self, arguments: ChardevAdd) -> Answer<ChardevReturn> {
        let ChardevAdd { id, backend } = arguments;
        let kind = match backend {
            ChardevBackend::Null(_) => Kind::Null,
            ChardevBackend::Stdio(_) => Kind::Stdio,
            ChardevBackend::File(file) => Kind::File {
                path: PathBuf::from(self.state.sets.path(&file.data.out)),
                append: file.data.append.unwrap_or(false),
            },
            ChardevBackend::Socket(socket) => Kind::Socket(self.socket(socket.data)?),
        };
        let failed = |error: CommandError| match error.text.starts_with("Failed") {
            true => CommandError {
                text: format!("Failed to add chardev '{id}': {}", error.text),
                ..error
            },
            false => error,
        };
        self.state.chardevs.add(&id, kind).map_err(failed)?;
        Ok(ChardevReturn { pty: None })
    }

    fn socket(&mut self, socket: ChardevSocket) -> Answer<Socket> {
        let ChardevSocket { addr, server, wait, nodelay, reconnect } = socket;
        let server = server.unwrap_or(true);
        let address = match addr {
            SocketAddressLegacy::Unix(unix) => Address::Unix {
                path: unix.data.path.into(),
                is_abstract: unix.data.r#abstract.unwrap_or(false),
            },
            SocketAddressLegacy::Inet(inet) => {
                let (ipv4, ipv6) = families(inet.data.ipv4, inet.data.ipv6);
                Address::Inet { host: inet.data.host, port: inet.data.port, ipv4, ipv6 }
            }
            SocketAddressLegacy::Fd(fd) => {
                Address::Descriptor(self.descriptors.resolve(&fd.data.str)?)
            }
            SocketAddressLegacy::Vsock(_) => {
                return Err(CommandError::generic("socket type vsock is not supported"));
            }
        };
        let reconnect = reconnect.unwrap_or(0);
        let reconnect = u32::try_from(reconnect)
            .map_err(|_| CommandError::generic("Parameter 'reconnect' expects 0 to 4294967295"))?;
        let socket = Socket {
            address,
            server,
            wait: wait.unwrap_or(false),
            no_delay: nodelay.unwrap_or(false),
            reconnect,
        };
        socket.check().map_err(CommandError::generic)?;
        Ok(socket)
    }

    /// `yank`: all of them, or none if one is not there.
    pub(super) fn cut(&mut self, instances: &[YankInstance]) -> Answer<()> {
        for YankInstance::Chardev(YankInstanceChardev { id }) in instances {
            if !self.state.chardevs.is_socket(id) {
                return Err(CommandError::no_device(id)).map_err(|error| CommandError {
                    text: "Instance not found".to_owned(),
                    ..error
                });
            }
        }
        for YankInstance::Chardev(YankInstanceChardev { id }) in instances {
            self.state.chardevs.cut(id);
        }
        Ok(())
    }

    pub(super) fn what_can_be_cut(&self) -> Vec<YankInstance> {
        let labels = self.state.chardevs.list().into_iter().map(|info| info.label);
        let sockets = labels.filter(|label| self.state.chardevs.is_socket(label));
        sockets.map(|id| YankInstance::Chardev(YankInstanceChardev { id })).collect()
    }
}
