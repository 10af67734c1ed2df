//! Which options go together, in the order and words of QEMU (`../shared/reference/backends.md` §1.3).

use crate::TapError;
use crate::options::{DEFAULT_BRIDGE, DEFAULT_DOWNSCRIPT, DEFAULT_SCRIPT, Options};

/// The most queues an interface has.
const MOST_QUEUES: u32 = 1024;
/// Bytes of an interface's name (netdevice(7), `IFNAMSIZ` without its end).
const LONGEST_NAME: usize = 15;

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// An interface by name.
    Named {
        name: Option<String>,
        script: Option<String>,
        downscript: Option<String>,
        vnet_hdr: Option<bool>,
        queues: u32,
    },
    /// An interface that is open.
    Descriptors { numbers: Vec<String> },
    /// An interface that a helper makes.
    Helper { helper: String, bridge: String },
}

pub(crate) fn plan(options: &Options) -> Result<Plan, TapError> {
    let Options { ifname, fd, fds, script, downscript, br, helper, vnet_hdr, queues, .. } = options;
    let Options { vhostfd, vhostfds, .. } = options;
    // What all three ways of not making an interface exclude.
    let makes = ifname.is_some()
        || script.is_some()
        || downscript.is_some()
        || vnet_hdr.is_some()
        || queues.is_some();
    let plan = if let Some(number) = fd {
        if makes || helper.is_some() || fds.is_some() || vhostfds.is_some() {
            let others =
                "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, fds=, and vhostfds=";
            return Err(TapError::Invalid(others, "fd"));
        }
        Plan::Descriptors { numbers: vec![number.clone()] }
    } else if let Some(fds) = fds {
        if makes || helper.is_some() || vhostfd.is_some() {
            let others = "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, and vhostfd=";
            return Err(TapError::Invalid(others, "fds"));
        }
        let numbers: Vec<String> = fds.split(':').map(str::to_owned).collect();
        let vhost = vhostfds.as_ref().map(|fds| fds.split(':').count());
        if vhost.is_some_and(|count| count != numbers.len()) {
            return Err(TapError::CountsDiffer);
        }
        Plan::Descriptors { numbers }
    } else if let Some(helper) = helper {
        if makes || vhostfds.is_some() {
            let others = "ifname=, script=, downscript=, vnet_hdr=, queues=, and vhostfds=";
            return Err(TapError::Invalid(others, "helper"));
        }
        let bridge = br.as_deref().unwrap_or(DEFAULT_BRIDGE).to_owned();
        Plan::Helper { helper: helper.clone(), bridge }
    } else {
        if vhostfds.is_some() {
            return Err(TapError::VhostFdsAlone);
        }
        let queues = queues.unwrap_or(1);
        if !(1..=MOST_QUEUES).contains(&queues) {
            return Err(TapError::Queues(queues));
        }
        if let Some(name) = ifname.as_ref().filter(|name| !is_name(name)) {
            return Err(TapError::Name(name.clone()));
        }
        let runs = |script: &Option<String>, usual: &str| {
            let script = script.clone().unwrap_or_else(|| usual.to_owned());
            Some(script).filter(|script| script != "no" && !script.is_empty())
        };
        Plan::Named {
            name: ifname.clone(),
            script: runs(script, DEFAULT_SCRIPT),
            downscript: runs(downscript, DEFAULT_DOWNSCRIPT),
            vnet_hdr: *vnet_hdr,
            queues,
        }
    };
    if br.is_some() && !matches!(plan, Plan::Helper { .. }) {
        return Err(TapError::BridgeAlone);
    }
    refuse_vhost(options).map(|()| plan)
}

/// A name may hold one `%d`, which stands for the next free number.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
        && ![".", ".."].contains(&name)
}

fn refuse_vhost(options: &Options) -> Result<(), TapError> {
    let Options { vhost, vhostfd, vhostfds, vhostforce, .. } = options;
    let descriptors = vhostfd.is_some() || vhostfds.is_some();
    match (vhost, vhostforce) {
        (Some(true), _) => Err(TapError::Vhost("vhost=on")),
        (Some(false), _) if descriptors => Err(TapError::VhostFdWithoutVhost),
        (None, Some(true)) => Err(TapError::Vhost("vhostforce=on")),
        (None, _) if descriptors => Err(TapError::Vhost("vhostfd(s)=")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn refusal(options: &Options) -> String {
        plan(options).unwrap_err().to_string()
    }

    /// What each of the options that make an interface looks like.
    fn making() -> Vec<Options> {
        let none = Options::default;
        vec![
            Options { ifname: some("t"), ..none() },
            Options { script: some("no"), ..none() },
            Options { downscript: some("no"), ..none() },
            Options { vnet_hdr: Some(false), ..none() },
            Options { queues: Some(1), ..none() },
        ]
    }

    #[test]
    fn each_row_of_the_conflict_table_has_qemus_text() {
        let none = Options::default;
        let with_fd = "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, fds=, and vhostfds= are invalid with fd=";
        let with_fds = "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, and vhostfd= are invalid with fds=";
        let with_helper = "ifname=, script=, downscript=, vnet_hdr=, queues=, and vhostfds= are invalid with helper=";
        for options in making() {
            assert_eq!(refusal(&Options { fd: some("3"), ..options.clone() }), with_fd);
            assert_eq!(refusal(&Options { fds: some("3:4"), ..options.clone() }), with_fds);
            assert_eq!(refusal(&Options { helper: some("h"), ..options }), with_helper);
        }
        for (options, why) in [
            (Options { fd: some("3"), helper: some("h"), ..none() }, with_fd),
            (Options { fd: some("3"), fds: some("4"), ..none() }, with_fd),
            (Options { fd: some("3"), vhostfds: some("4"), ..none() }, with_fd),
            (Options { fds: some("3"), helper: some("h"), ..none() }, with_fds),
            (Options { fds: some("3"), vhostfd: some("4"), ..none() }, with_fds),
            (Options { helper: some("h"), vhostfds: some("4"), ..none() }, with_helper),
            (
                Options { fds: some("3:4"), vhostfds: some("5"), ..none() },
                "The number of fds passed does not match the number of vhostfds passed",
            ),
            (
                Options { vhostfds: some("5"), ..none() },
                "vhostfds= is invalid if fds= wasn't specified",
            ),
            (
                Options { vhost: Some(false), vhostfd: some("5"), ..none() },
                "vhostfd(s)= is not valid without vhost",
            ),
            (
                Options { queues: Some(0), ..none() },
                "'queues=0' is out of range: it takes 1 to 1024",
            ),
            (
                Options { queues: Some(1025), ..none() },
                "'queues=1025' is out of range: it takes 1 to 1024",
            ),
        ] {
            assert_eq!(refusal(&options), why);
        }
        for options in [
            Options { br: some("br0"), ..none() },
            Options { br: some("br0"), fd: some("3"), ..none() },
        ] {
            assert!(refusal(&options).starts_with("'br' names the bridge for helper="));
        }
    }

    #[test]
    fn vhost_is_refused_in_every_form_and_off_is_fine() {
        let none = Options::default;
        for options in [
            Options { vhost: Some(true), ..none() },
            Options { vhostforce: Some(true), ..none() },
            Options { vhostfd: some("5"), ..none() },
            Options { fds: some("3:4"), vhostfds: some("5:6"), ..none() },
            Options { vhost: Some(true), vhostforce: Some(false), vhostfd: some("5"), ..none() },
        ] {
            assert!(refusal(&options).contains("this version has no vhost-net"), "{options:?}");
        }
        let off = Options { vhost: Some(false), vhostforce: Some(true), ..none() };
        assert!(plan(&off).is_ok(), "as in QEMU, vhost=off stands above vhostforce");
    }

    #[test]
    fn names_fit_the_kernel_and_are_not_cut() {
        for name in ["a23456789012345x", "", "a b", "a/b", ".", "..", "täp"] {
            let said = refusal(&Options { ifname: some(name), ..Options::default() });
            assert!(
                said.starts_with(&format!("'ifname={name}' is no name of an interface")),
                "{said}"
            );
        }
        let fits = Options { ifname: some("a23456789012345"), ..Options::default() };
        assert!(plan(&fits).is_ok());
    }

    #[test]
    fn scripts_are_qemus_unless_named_or_waved_off() {
        let scripts = |script: Option<&str>| {
            let script = script.map(str::to_owned);
            let options = Options { downscript: script.clone(), script, ..Options::default() };
            match plan(&options) {
                Ok(Plan::Named { script, downscript, .. }) => (script, downscript),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(scripts(None), (some("/etc/qemu-ifup"), some("/etc/qemu-ifdown")));
        assert_eq!(scripts(Some("no")), (None, None));
        assert_eq!(scripts(Some("")), (None, None));
        assert_eq!(scripts(Some("/x")), (some("/x"), some("/x")));
    }

    #[test]
    fn descriptors_and_helpers_become_plans() {
        let none = Options::default;
        let numbers = |list: &[&str]| list.iter().map(|number| (*number).to_owned()).collect();
        let fds = plan(&Options { fds: some("3:4"), ..none() }).unwrap();
        assert_eq!(fds, Plan::Descriptors { numbers: numbers(&["3", "4"]) });
        let helper = plan(&Options { helper: some("h"), br: some("b"), ..none() }).unwrap();
        assert_eq!(helper, Plan::Helper { helper: "h".to_owned(), bridge: "b".to_owned() });
        let helper = plan(&Options { helper: some("h"), ..none() }).unwrap();
        assert_eq!(helper, Plan::Helper { helper: "h".to_owned(), bridge: "br0".to_owned() });
    }
}
