//! `smb=DIRECTORY`: Samba's server behind an address of the guest's network, one process for each connection.
//!
//! It runs as the user who runs this program, with a configuration and state of its own in a folder that goes with the
//! netdev; nothing listens on the host. The share is called `qemu`, as QEMU's users expect.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::{GuestForward, GuestTarget, Ipv4Settings, OptionsError};

/// Where Debian's package has the server, as QEMU's build for Debian.
const SMBD: &str = "/usr/sbin/smbd";
/// NetBIOS sessions, and SMB by itself.
const PORTS: [u16; 2] = [139, 445];

/// The share, as long as it lives.
#[derive(Debug)]
pub(crate) struct SmbShare {
    folder: TempDir,
    smbd: String,
}

impl SmbShare {
    /// Prepares to share `directory`.
    pub(super) fn new(directory: &str) -> Result<Self, OptionsError> {
        Self::by(SMBD, directory)
    }

    fn by(smbd: &str, directory: &str) -> Result<Self, OptionsError> {
        let bad =
            |reason: String| OptionsError::SmbDirectory { path: directory.to_owned(), reason };
        let whole = fs::canonicalize(directory).map_err(|error| bad(error.to_string()))?;
        fs::read_dir(&whole).map_err(|error| bad(error.to_string()))?;
        let shared = whole.to_str().filter(|path| !path.contains(['\n', '\r']));
        let shared = shared.ok_or_else(|| bad("its name is no text of one line".to_owned()))?;
        if !Path::new(smbd).exists() {
            return Err(OptionsError::SmbMissing(smbd.to_owned()));
        }
        let prepare = || {
            let folder = tempfile::Builder::new().prefix("elnic-smb.").tempdir()?;
            let user = nix::unistd::User::from_uid(nix::unistd::geteuid())?;
            let user = user.map_or_else(|| "nobody".to_owned(), |user| user.name);
            let mut file = fs::File::create(folder.path().join("smb.conf"))?;
            file.write_all(configuration(folder.path(), shared, &user).as_bytes())?;
            Ok(folder)
        };
        let folder = prepare()
            .map_err(|error: std::io::Error| OptionsError::SmbFolder(error.to_string()))?;
        Ok(Self { folder, smbd: smbd.to_owned() })
    }

    /// What leads a guest there.
    pub(super) fn rules(&self, server: Ipv4Addr) -> Vec<GuestForward> {
        let folder = self.folder.path().display();
        let command: Arc<str> =
            format!("exec '{}' -l '{folder}' -s '{folder}/smb.conf'", self.smbd).into();
        let rule = |port| GuestForward {
            server: SocketAddr::new(IpAddr::V4(server), port),
            target: GuestTarget::Server(Arc::clone(&command)),
        };
        PORTS.map(rule).to_vec()
    }
}

/// The address of the server; without `smbserver` the fourth of the network.
pub(super) fn address(given: Option<&str>, v4: &Ipv4Settings) -> Result<Ipv4Addr, OptionsError> {
    let Some(text) = given else { return Ok(v4.fourth()) };
    let refuse = || OptionsError::SmbAddress(text.to_owned());
    let address = super::parse_ipv4(text).ok_or_else(refuse)?;
    let free = v4.contains(address) && address != v4.host && address != v4.dns;
    if free { Ok(address) } else { Err(OptionsError::SmbOutside(address)) }
}

/// smb.conf(5): all state in `folder`, guests are `user`.
fn configuration(folder: &Path, shared: &str, user: &str) -> String {
    let mut text = "[global]\n".to_owned();
    let places = [
        "private dir",
        "pid directory",
        "lock directory",
        "state directory",
        "cache directory",
        "ncalrpc dir",
    ];
    for place in places {
        text.push_str(&format!("{place} = {}\n", folder.display()));
    }
    text.push_str(&format!(
        "log file = {0}/log.smbd\nsmb passwd file = {0}/smbpasswd\n",
        folder.display()
    ));
    text.push_str(
        "interfaces = 127.0.0.1\nbind interfaces only = yes\nsecurity = user\nmap to guest = Bad User\n\
         load printers = no\nprinting = bsd\ndisable spoolss = yes\nusershare max shares = 0\n",
    );
    text.push_str(&format!(
        "[qemu]\npath = {shared}\nread only = no\nguest ok = yes\nforce user = {user}\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_a_folder_and_two_ports() {
        let shared = tempfile::tempdir().unwrap();
        let share = SmbShare::by("/bin/sh", shared.path().to_str().unwrap()).unwrap();
        let text = fs::read_to_string(share.folder.path().join("smb.conf")).unwrap();
        let path = fs::canonicalize(shared.path()).unwrap();
        assert!(text.contains(&format!("[qemu]\npath = {}\n", path.display())), "{text}");
        let folder = share.folder.path().display();
        assert!(text.contains(&format!("private dir = {folder}\n")), "{text}");
        let rules = share.rules(Ipv4Addr::new(10, 0, 2, 4));
        let ends: Vec<_> = rules.iter().map(|rule| rule.server.to_string()).collect();
        assert_eq!(ends, ["10.0.2.4:139", "10.0.2.4:445"]);
        let folder = share.folder.path().to_owned();
        drop(share);
        assert!(!folder.exists());
    }

    #[test]
    fn what_cannot_be_shared_is_refused_in_qemus_words() {
        let error = |smbd, directory| SmbShare::by(smbd, directory).unwrap_err().to_string();
        assert_eq!(
            error("/nowhere/smbd", "/tmp"),
            "Could not find '/nowhere/smbd', please install it"
        );
        let said = error("/bin/sh", "/nowhere/at/all");
        assert!(said.starts_with("Error accessing shared directory '/nowhere/at/all': "), "{said}");
    }
}
