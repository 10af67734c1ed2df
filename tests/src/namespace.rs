//! A network namespace of its own, and threads that stand in it.

use std::fs::File;
use std::process::Command;

use nix::sched::{CloneFlags, setns};

use crate::process::{program, run, skip};

/// A namespace that goes with its value.
#[derive(Debug)]
pub struct Namespace(String);

impl Namespace {
    /// A fresh one with its loopback up; `None` where there can be none.
    pub fn new(purpose: &str) -> Option<Self> {
        program("ip")?;
        if !nix::unistd::geteuid().is_root() {
            skip("network namespaces take root");
            return None;
        }
        let name = format!("elnic-{purpose}-{}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).status();
        if !made.is_ok_and(|status| status.success()) {
            skip("this host has no network namespaces");
            return None;
        }
        let namespace = Self(name);
        namespace.ip("link set lo up");
        Some(namespace)
    }

    /// Runs `ip` in it.
    ///
    /// # Panics
    /// Where it fails.
    pub fn ip(&self, arguments: &str) {
        run("ip", &format!("-n {} {arguments}", self.0));
    }

    /// A command in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, program]);
        command
    }

    /// Does something on a thread that stands in it; descriptors stay there when the thread has gone.
    ///
    /// # Panics
    /// Where it cannot be entered, and where the work panics.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(format!("/run/netns/{}", self.0)).unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                setns(file, CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}
