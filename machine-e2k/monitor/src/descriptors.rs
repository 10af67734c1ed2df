//! File descriptors that clients pass: `getfd`'s by name, `add-fd`'s in sets.
//!
//! Names belong to one monitor, as in QEMU; sets to the machine. A descriptor that a netdev takes by name is its own from
//! then on: the name is used up.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

use elnic_qapi::types::{AddfdInfo, FdsetFdInfo, FdsetInfo};
use serde_json::{Map, Value};

use crate::error::CommandError;

/// Descriptors that wait for the command that names them, at most.
const MOST_PASSED: usize = 64;

/// The descriptors of one monitor.
#[derive(Debug, Default)]
pub struct Descriptors {
    passed: VecDeque<OwnedFd>,
    named: BTreeMap<String, OwnedFd>,
}

impl Descriptors {
    /// Descriptors have come with bytes; too many are closed again.
    pub fn pass(&mut self, descriptors: impl IntoIterator<Item = OwnedFd>) {
        self.passed.extend(descriptors);
        self.passed.truncate(MOST_PASSED);
    }

    /// The descriptor that came with the present command.
    pub(crate) fn take_passed(&mut self) -> Result<OwnedFd, CommandError> {
        let none = || CommandError::generic("No file descriptor supplied via SCM_RIGHTS");
        self.passed.pop_front().ok_or_else(none)
    }

    pub(crate) fn keep(&mut self, name: &str) -> Result<(), CommandError> {
        let descriptor = self.take_passed()?;
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let text = "Parameter 'fdname' expects a name not starting with a digit";
            return Err(CommandError::generic(text));
        }
        // The one that had the name before is closed.
        self.named.insert(name.to_owned(), descriptor);
        Ok(())
    }

    pub(crate) fn close(&mut self, name: &str) -> Result<(), CommandError> {
        let missing = || CommandError::generic(format!("File descriptor named '{name}' not found"));
        self.named.remove(name).map(drop).ok_or_else(missing)
    }

    /// The number of a descriptor given by name or number, which is the caller's now.
    pub(crate) fn resolve(&mut self, name: &str) -> Result<String, CommandError> {
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(name.to_owned());
        }
        let missing =
            || CommandError::generic(format!("File descriptor named '{name}' has not been found"));
        Ok(self.named.remove(name).ok_or_else(missing)?.into_raw_fd().to_string())
    }

    /// Puts numbers in the place of names in a netdev's arguments.
    pub(crate) fn resolve_all(
        &mut self,
        arguments: &mut Map<String, Value>,
    ) -> Result<(), CommandError> {
        let is_descriptor = arguments.get("type").and_then(Value::as_str) == Some("fd")
            && arguments.contains_key("str");
        for (key, value) in arguments.iter_mut() {
            match (key.as_str(), value) {
                ("fd" | "vhostfd", Value::String(name)) => *name = self.resolve(name)?,
                ("str", Value::String(name)) if is_descriptor => *name = self.resolve(name)?,
                ("fds" | "vhostfds", Value::String(names)) => {
                    let numbers: Result<Vec<String>, _> =
                        names.split(':').map(|name| self.resolve(name)).collect();
                    *names = numbers?.join(":");
                }
                (_, Value::Object(members)) => self.resolve_all(members)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A set of descriptors that mean the same file.
#[derive(Debug, Default)]
struct Set {
    members: Vec<(OwnedFd, Option<String>)>,
}

/// All sets of a machine.
#[derive(Debug, Default)]
pub struct DescriptorSets(BTreeMap<i64, Set>);

impl DescriptorSets {
    pub(crate) fn add(
        &mut self,
        descriptor: OwnedFd,
        set: Option<i64>,
        opaque: Option<String>,
    ) -> Result<AddfdInfo, CommandError> {
        if set.is_some_and(|set| set < 0) {
            let text = "Parameter 'fdset-id' expects a non-negative value";
            return Err(CommandError::generic(text));
        }
        let free = || (0..).find(|number| !self.0.contains_key(number)).unwrap_or(i64::MAX);
        let fdset_id = set.unwrap_or_else(free);
        let fd = descriptor.as_raw_fd().into();
        self.0.entry(fdset_id).or_default().members.push((descriptor, opaque));
        Ok(AddfdInfo { fdset_id, fd })
    }

    pub(crate) fn remove(&mut self, set: i64, fd: Option<i64>) -> Result<(), CommandError> {
        let name =
            fd.map_or_else(|| format!("fdset-id:{set}"), |fd| format!("fdset-id:{set}, fd:{fd}"));
        let missing = || CommandError::generic(format!("File descriptor named '{name}' not found"));
        let found = self.0.get_mut(&set).ok_or_else(missing)?;
        let before = found.members.len();
        found
            .members
            .retain(|(descriptor, _)| fd.is_some_and(|fd| i64::from(descriptor.as_raw_fd()) != fd));
        if found.members.len() == before {
            return Err(missing());
        }
        if found.members.is_empty() {
            self.0.remove(&set);
        }
        Ok(())
    }

    pub(crate) fn list(&self) -> Vec<FdsetInfo> {
        let member = |(descriptor, opaque): &(OwnedFd, Option<String>)| FdsetFdInfo {
            fd: descriptor.as_raw_fd().into(),
            opaque: opaque.clone(),
        };
        let set = |(number, set): (&i64, &Set)| FdsetInfo {
            fdset_id: *number,
            fds: set.members.iter().map(member).collect(),
        };
        self.0.iter().map(set).collect()
    }

    /// A path as it can be opened: `/dev/fdset/N` means a descriptor of set N.
    pub(crate) fn path(&self, path: &str) -> String {
        let number = path.strip_prefix("/dev/fdset/").and_then(|text| text.parse::<i64>().ok());
        let member =
            number.and_then(|number| self.0.get(&number)).and_then(|set| set.members.first());
        match member {
            Some((descriptor, _)) => format!("/proc/self/fd/{}", descriptor.as_raw_fd()),
            None => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use serde_json::json;

    use super::*;

    fn descriptor() -> OwnedFd {
        std::io::stderr().as_fd().try_clone_to_owned().unwrap()
    }

    #[test]
    fn a_name_is_used_up_by_the_netdev_that_takes_it() {
        let mut descriptors = Descriptors::default();
        let text = |error: CommandError| error.text;
        assert_eq!(
            text(descriptors.keep("a").unwrap_err()),
            "No file descriptor supplied via SCM_RIGHTS"
        );
        descriptors.pass([descriptor(), descriptor()]);
        descriptors.keep("a").unwrap();
        let Value::Object(mut arguments) =
            json!({"type": "stream", "addr": {"type": "fd", "str": "a"}, "fd": "7"})
        else {
            unreachable!()
        };
        descriptors.resolve_all(&mut arguments).unwrap();
        assert_eq!(arguments["fd"], "7");
        assert!(arguments["addr"]["str"].as_str().unwrap().parse::<i32>().is_ok());
        let again = descriptors.resolve("a").unwrap_err();
        assert_eq!(text(again), "File descriptor named 'a' has not been found");
        let closed = descriptors.close("a").unwrap_err();
        assert_eq!(text(closed), "File descriptor named 'a' not found");
        assert!(descriptors.keep("1a").is_err());
    }

    #[test]
    fn sets_are_numbered_listed_and_emptied() {
        let mut sets = DescriptorSets::default();
        let first = sets.add(descriptor(), None, Some("x".to_owned())).unwrap();
        assert_eq!(first.fdset_id, 0);
        assert_eq!(sets.add(descriptor(), None, None).unwrap().fdset_id, 1);
        assert_eq!(sets.list().len(), 2);
        assert_eq!(sets.path("/dev/fdset/0"), format!("/proc/self/fd/{}", first.fd));
        assert!(sets.remove(0, Some(first.fd + 1000)).is_err());
        sets.remove(0, Some(first.fd)).unwrap();
        sets.remove(1, None).unwrap();
        let gone = sets.remove(1, None).unwrap_err().text;
        assert_eq!(gone, "File descriptor named 'fdset-id:1' not found");
    }
}
